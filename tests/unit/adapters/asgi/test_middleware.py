"""The middleware adds CORS headers and changes nothing else: not the scope, not other messages or connections."""

import asyncio
import copy
import gc
import logging
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import pytest

from crossorigin import CORSMiddleware
from crossorigin.policy.decide.memory import MAX_PREFLIGHT_BYTES
from tests.unit.adapters.asgi.scopes import (
    ORIGIN,
    OTHER,
    PREFLIGHT_VARY,
    UNTRUSTED,
    Message,
    Witness,
    answering,
    cors_of,
    exchange,
    headers_of,
    http_scope,
    preflight_scope,
    receive,
    saying,
)

_GRANTED = [
    (b"access-control-allow-origin", ORIGIN.encode()),
    (b"vary", b"Origin"),
]
_WITHHELD = [(b"vary", b"Origin")]
_SCOPES = {
    "allowed": http_scope("GET", ("origin", ORIGIN)),
    "refused": http_scope("GET", ("origin", UNTRUSTED)),
    "none": http_scope("GET"),
}


def middleware_around(app: Any, **options: Any) -> CORSMiddleware:
    """Return the middleware with one allowed origin around an app."""
    return CORSMiddleware(app, **{"allow_origins": [ORIGIN, OTHER], **options})


# Objects that are passed on unchanged.


@pytest.mark.parametrize("kind", ["lifespan", "websocket", "something-new"])
@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED])
async def test_what_is_not_http_passes_through_untouched(kind: str, origin: str) -> None:
    """The app is called with the objects that the server passed, whatever the origin is."""
    witness = Witness()
    scope: dict[str, Any] = {"type": kind, "headers": [(b"origin", origin.encode())]}
    before = copy.deepcopy(scope)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await middleware_around(witness)(scope, receive, send)
    [call] = witness.calls
    assert call[0] is scope
    assert call[1] is receive
    assert call[2] is send
    assert scope == before


async def test_the_answer_to_a_websocket_is_left_alone() -> None:
    """A handshake gets no CORS headers, accepted or denied, because browsers make no CORS check for it."""
    messages: list[Message] = [
        {"type": "websocket.accept", "headers": []},
        {"type": "websocket.http.response.start", "status": 403, "headers": []},
    ]
    sent = await exchange(
        middleware_around(saying(*messages)), {"type": "websocket", "headers": [(b"origin", ORIGIN.encode())]}
    )
    assert all(got is said for got, said in zip(sent, messages, strict=True))


@pytest.mark.parametrize("scope", _SCOPES.values(), ids=_SCOPES.keys())
async def test_the_app_is_called_with_the_request_as_it_came(scope: dict[str, Any]) -> None:
    """Scope and receive reach the app as the same objects, unchanged."""
    witness = Witness()
    before = copy.deepcopy(scope)
    await exchange(middleware_around(witness), scope)
    [call] = witness.calls
    assert call[0] is scope
    assert call[1] is receive
    assert scope == before


@pytest.mark.parametrize("origins", [(), (UNTRUSTED,), ("\xff\x00",), (ORIGIN, ORIGIN), ("null",)], ids=repr)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
async def test_every_request_that_is_no_preflight_reaches_the_app(method: str, origins: tuple[str, ...]) -> None:
    """CORS is not access control, so the requests of every origin reach the app."""
    witness = Witness()
    sent = await exchange(middleware_around(witness), http_scope(method, *(("origin", origin) for origin in origins)))
    assert len(witness.calls) == 1
    assert sent[0]["status"] == 204


# Preflights.


async def test_a_preflight_is_answered_whole() -> None:
    """An allowed preflight gets two messages, with the documented body and the full lists."""
    middleware = middleware_around(Witness(), allow_methods=["GET", "PUT"], allow_headers=["X-Token"], max_age=5)
    scope = preflight_scope(ORIGIN, "PUT", ("access-control-request-headers", "x-token"))
    assert await exchange(middleware, scope) == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"2"),
                (b"access-control-allow-origin", ORIGIN.encode()),
                (b"access-control-allow-methods", b"GET, PUT"),
                (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Language, Content-Type, X-Token"),
                (b"access-control-max-age", b"5"),
                (b"vary", PREFLIGHT_VARY.encode()),
            ],
        },
        {"type": "http.response.body", "body": b"OK"},
    ]


@pytest.mark.parametrize(
    ("origin", "method", "status"),
    [
        (ORIGIN, "GET", 200),
        (ORIGIN, "DELETE", 400),
        (UNTRUSTED, "GET", 400),
        (UNTRUSTED, "", 400),
        ("", "GET", 400),
        (b"\xff\xfe", "\xff", 400),
    ],
)
async def test_the_app_never_runs_for_a_preflight(origin: str | bytes, method: str, status: int) -> None:
    """An allowed, refused or malformed preflight gets a complete response from the middleware."""
    witness = Witness()
    sent = await exchange(middleware_around(witness), preflight_scope(origin, method))
    assert witness.calls == []
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == status
    assert dict(sent[0]["headers"])[b"content-length"] == b"%d" % len(sent[1]["body"])


@pytest.mark.parametrize(
    "scope",
    [
        http_scope("OPTIONS", ("origin", ORIGIN)),
        http_scope("OPTIONS", ("access-control-request-method", "PUT")),
        http_scope("OPTIONS", ("origin", ORIGIN), ("access-control-request-headers", "x-token")),
        http_scope("GET", ("origin", ORIGIN), ("access-control-request-method", "PUT")),
        http_scope("options", ("origin", ORIGIN), ("access-control-request-method", "PUT")),
    ],
    ids=["no-method", "no-origin", "headers-alone", "get", "lower-case"],
)
async def test_what_only_looks_like_a_preflight_belongs_to_the_app(scope: dict[str, Any]) -> None:
    """Only OPTIONS with both Origin and Access-Control-Request-Method is a preflight."""
    witness = Witness()
    await exchange(middleware_around(witness), scope)
    assert len(witness.calls) == 1


async def test_all_four_fields_of_a_preflight_are_read() -> None:
    """All lines of each field are read."""
    middleware = middleware_around(Witness(), allow_private_network=True, allow_headers=["x-a", "x-b"])
    fields = [
        ("access-control-request-headers", "x-a"),
        ("access-control-request-headers", "x-b"),
        ("access-control-request-private-network", "true"),
    ]
    sent = await exchange(middleware, preflight_scope(ORIGIN, "GET", *fields))
    assert sent[0]["status"] == 200
    assert (b"access-control-allow-private-network", b"true") in sent[0]["headers"]
    fields[1] = ("access-control-request-headers", "x-c")
    sent = await exchange(middleware, preflight_scope(ORIGIN, "GET", *fields))
    assert sent[1]["body"] == b"Disallowed CORS headers"
    sent = await exchange(middleware, preflight_scope(ORIGIN, "GET", ("access-control-request-method", "GET")))
    assert sent[1]["body"] == b"Disallowed CORS method"
    sent = await exchange(middleware, preflight_scope(ORIGIN, "GET", ("origin", ORIGIN)))
    assert sent[1]["body"] == b"Disallowed CORS origin"


@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED])
async def test_what_an_outer_middleware_adds_to_a_preflight_stays_there(origin: str) -> None:
    """Each response has a new header list, so a line that is appended to one does not appear in the next."""
    middleware = middleware_around(Witness())

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        async def stamping(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-outer", b"1"))
            await send(message)

        await middleware(scope, receive, stamping)

    first = await headers_of(outer, preflight_scope(origin))
    second = await headers_of(outer, preflight_scope(origin))
    assert first == second
    assert [name for name, _ in second].count(b"x-outer") == 1


# One response for every origin.


class Unread:
    """Headers that must not be read."""

    def __iter__(self) -> Any:
        """Fail."""
        raise AssertionError("the request was looked at")


async def test_a_constant_answer_is_given_without_a_look_at_the_request() -> None:
    """Every response names the one origin, without `Vary`. Headers of the app are replaced, but its `Vary` stays."""
    own = [(b"vary", b"Accept"), (b"access-control-allow-origin", b"*")]
    middleware = middleware_around(answering(own), allow_origins=[ORIGIN], constant_allow_origin=True)
    scope = {**http_scope("GET"), "headers": Unread()}
    assert await headers_of(middleware, scope) == [
        (b"vary", b"Accept"),
        (b"access-control-allow-origin", ORIGIN.encode()),
    ]


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), (UNTRUSTED, 400)])
async def test_a_constant_answer_is_none_to_a_preflight(origin: str, status: int) -> None:
    """The preflight of another origin is refused, and the response names no origin."""
    middleware = middleware_around(Witness(), allow_origins=[ORIGIN], constant_allow_origin=True)
    sent = await exchange(middleware, preflight_scope(origin))
    assert sent[0]["status"] == status
    assert (b"access-control-allow-origin" in dict(sent[0]["headers"])) == (origin == ORIGIN)


# The app's messages.


def start(headers: Any) -> Message:
    """Return the first message of a response."""
    return {"type": "http.response.start", "status": 200, "headers": headers}


_SHAPES: dict[str, Callable[[list[tuple[bytes, bytes]]], Iterable[Sequence[bytes]]]] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda lines: (line for line in lines),
    "list of lists": lambda lines: [list(line) for line in lines],
    "tuple of lists": lambda lines: tuple(list(line) for line in lines),
    "dict view": lambda lines: dict(lines).items(),
}


@pytest.mark.parametrize("shape", _SHAPES.values(), ids=_SHAPES.keys())
@pytest.mark.parametrize(
    ("scope", "expected"),
    [(_SCOPES["allowed"], _GRANTED), (_SCOPES["refused"], _WITHHELD), (_SCOPES["none"], _WITHHELD)],
    ids=_SCOPES.keys(),
)
@pytest.mark.parametrize(
    "own",
    [[], [(b"x-own", b"1")], [(b"x-own", b"1"), (b"access-control-allow-origin", b"*")]],
    ids=["none", "own", "CORS"],
)
async def test_headers_come_in_any_iterable(
    shape: Callable[[list[tuple[bytes, bytes]]], Iterable[Sequence[bytes]]],
    scope: dict[str, Any],
    expected: list[tuple[bytes, bytes]],
    own: list[tuple[bytes, bytes]],
) -> None:
    """Headers in a list, a tuple or an iterator are read once, and passed on as a list."""
    [message, _] = await exchange(middleware_around(answering(shape(own))), scope)
    assert isinstance(message["headers"], list)
    lines = [(name, value) for name, value in message["headers"]]
    assert cors_of(lines) == expected
    assert [line for line in lines if line[0] == b"x-own"] == [line for line in own if line[0] == b"x-own"]


async def test_headers_may_be_missing() -> None:
    """`headers` is optional in ASGI. A message without it gets the headers of the middleware."""
    message: Message = {"type": "http.response.start", "status": 200}
    assert await headers_of(middleware_around(saying(message)), _SCOPES["allowed"]) == _GRANTED
    assert message == {"type": "http.response.start", "status": 200}


async def test_names_come_in_any_case() -> None:
    """Field names of the app such as `VARY` are compared without case."""
    own = [
        (b"X-Own", b"1"),
        (b"VARY", b"Accept"),
        (b"Access-Control-Allow-Origin", b"https://inner.example"),
        (b"ACCESS-CONTROL-EXPOSE-HEADERS", b"ETag"),
    ]
    assert sorted(await headers_of(middleware_around(answering(own)), _SCOPES["allowed"])) == [
        (b"X-Own", b"1"),
        (b"access-control-allow-origin", ORIGIN.encode()),
        (b"access-control-expose-headers", b"ETag"),
        (b"vary", b"Accept, Origin"),
    ]


@pytest.mark.parametrize("scope", _SCOPES.values(), ids=_SCOPES.keys())
@pytest.mark.parametrize("own", [[], [(b"vary", b"Accept")], [[b"Access-Control-Allow-Origin", b"*"]]], ids=repr)
async def test_the_message_and_its_list_are_never_mutated(scope: dict[str, Any], own: list[Any]) -> None:
    """If an app sends the same message for each response, the message is not changed and the responses are equal."""
    message = start(own)
    before = copy.deepcopy(message)
    middleware = middleware_around(saying(message))
    first = await exchange(middleware, scope)
    second = await exchange(middleware, scope)
    assert message == before
    assert message["headers"] is own
    assert first == second
    assert first[0] is not message
    assert first[0]["headers"] is not own


async def test_one_list_for_all_messages_serves_every_origin_alike() -> None:
    """If all responses share one header list, it never contains the origin of another request."""
    middleware = middleware_around(answering([(b"x-own", b"1")]))
    for origin in (ORIGIN, UNTRUSTED, OTHER, ORIGIN):
        headers = await headers_of(middleware, http_scope("GET", ("origin", origin)))
        granted = [] if origin == UNTRUSTED else [(b"access-control-allow-origin", origin.encode())]
        assert cors_of(headers) == [*granted, (b"vary", b"Origin")]


@pytest.mark.parametrize("own", [[(b"x-own", b"1")], [(b"x-own", b"1"), (b"vary", b"Accept")]], ids=["plain", "vary"])
async def test_a_list_edited_after_sending_changes_nothing_that_was_sent(own: list[tuple[bytes, bytes]]) -> None:
    """The server does not get the app's own list."""
    shared = list(own)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(shared))
        shared.clear()
        await send({"type": "http.response.body", "body": b""})

    await middleware_around(app)(_SCOPES["allowed"], receive, send)
    assert (b"x-own", b"1") in sent[0]["headers"]


async def test_what_the_server_does_to_a_message_stays_with_the_server() -> None:
    """If a server changes the message and its list, the app's list and the next response do not change."""
    message = start([(b"x-own", b"1")])
    middleware = middleware_around(saying(message))

    async def destructive(message: Message) -> None:
        message["headers"].clear()
        message.clear()

    await middleware(_SCOPES["allowed"], receive, destructive)
    assert message == start([(b"x-own", b"1")])
    assert cors_of(await headers_of(middleware, _SCOPES["allowed"])) == _GRANTED


_OTHERS: list[Message] = [
    {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]},
    {"type": "http.response.push", "path": "/style.css", "headers": []},
    {"type": "http.response.debug", "info": {}},
    {"type": "http.response.body", "body": b"a", "more_body": True},
    {"type": "http.response.body", "body": b"b", "more_body": True},
    {"type": "http.response.pathsend", "path": "/file"},
    {"type": "http.response.zerocopysend", "file": 3, "offset": 0, "count": 5, "more_body": False},
    {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False},
    {"type": "http.response.not-yet-invented", "headers": [(b"vary", b"Accept")]},
]


@pytest.mark.parametrize("scope", _SCOPES.values(), ids=_SCOPES.keys())
async def test_every_other_message_is_handed_on_as_it_is(scope: dict[str, Any]) -> None:
    """Early hints, streamed parts, files, trailers and unknown messages are passed on as the same objects, in order."""
    before = copy.deepcopy(_OTHERS)
    messages = [*_OTHERS[:3], start([]), *_OTHERS[3:]]
    sent = await exchange(middleware_around(saying(*messages)), scope)
    assert [message["type"] for message in sent] == [message["type"] for message in messages]
    assert [got is said for got, said in zip(sent, messages, strict=True)] == [True] * 3 + [False] + [True] * 6
    assert before == _OTHERS


async def test_what_the_start_says_besides_headers_is_kept() -> None:
    """`trailers` and keys of extensions reach the server."""
    message = {**start([]), "status": 418, "trailers": True, "x-extension": 5}
    [sent] = await exchange(middleware_around(saying(message)), _SCOPES["allowed"])
    assert {**sent, "headers": []} == message


async def test_a_message_of_any_mapping_is_read() -> None:
    """A message need not be a dict."""

    class Odd(MutableMapping[str, Any]):
        def __init__(self, items: dict[str, Any]) -> None:
            self.items_of = items

        def __getitem__(self, key: str) -> Any:
            return self.items_of[key]

        def __setitem__(self, key: str, value: Any) -> None:
            raise AssertionError(key)

        def __delitem__(self, key: str) -> None:
            raise AssertionError(key)

        def __iter__(self) -> Any:
            return iter(self.items_of)

        def __len__(self) -> int:
            return len(self.items_of)

    message = Odd({"type": "http.response.start", "status": 200, "headers": [(b"vary", b"Accept")]})
    headers = await headers_of(middleware_around(saying(message)), _SCOPES["allowed"])
    assert (b"vary", b"Accept, Origin") in headers


async def test_each_part_of_a_stream_is_sent_before_the_next_is_made() -> None:
    """No part is collected: the server has each part before the app continues."""
    sent: list[Message] = []
    seen: list[int] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (start([]), *({"type": "http.response.body", "body": b"x", "more_body": True},) * 3):
            await send(message)
            seen.append(len(sent))

    await middleware_around(app)(_SCOPES["allowed"], receive, send)
    assert seen == [1, 2, 3, 4]


# Exceptions.


class AppError(Exception):
    """An exception of the app."""


@pytest.mark.parametrize("after_start", [True, False])
@pytest.mark.parametrize("scope", _SCOPES.values(), ids=_SCOPES.keys())
async def test_an_exception_of_the_app_passes_unchanged(scope: dict[str, Any], *, after_start: bool) -> None:
    """The server gets the exception of the app, before and after the response has started."""
    error = AppError()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if after_start:
            await send(start([]))
        raise error

    with pytest.raises(AppError) as caught:
        await exchange(middleware_around(app), scope)
    assert caught.value is error


@pytest.mark.parametrize("scope", [*_SCOPES.values(), preflight_scope(ORIGIN)], ids=[*_SCOPES, "preflight"])
async def test_an_exception_of_the_server_passes_unchanged(scope: dict[str, Any]) -> None:
    """The server reports that a client has disconnected, also during the response to a preflight."""
    error = OSError("gone")

    async def send(message: Message) -> None:
        raise error

    with pytest.raises(OSError, match="gone") as caught:
        await middleware_around(answering())(scope, receive, send)
    assert caught.value is error


# One instance, many requests.

_HOSTILE = [
    b"",
    b"null",
    b"*",
    b"\x00",
    b"\xff\xfe",
    b"https://",
    b"https://evil.example",
    b"https://deep.sub.example.org",
    b"https://regex-7.example.net",
    b"https://app.example.com\r\nSet-Cookie: a=b",
    b"https://app.example.com ",
    b"https://APP.example.com",
    b"https://" + b"a" * 65536,
    b"a," * 32768,
]


def hostile_scopes() -> Iterable[dict[str, Any]]:
    """Return requests with each hostile value in each field."""
    for value in _HOSTILE:
        yield http_scope("GET", ("origin", value))
        yield http_scope("GET", ("origin", value), ("origin", value))
        yield http_scope("OPTIONS", ("origin", value), ("access-control-request-method", value))
        for field in ("method", "headers", "private-network"):
            lines = [("access-control-request-method", b"PUT"), (f"access-control-request-{field}", value)]
            yield http_scope("OPTIONS", ("origin", ORIGIN), *lines)


def strings_within(root: object) -> list[bytes | str]:
    """Return every string that is reachable from an object, except through code, classes and modules."""
    stack, seen, strings = [root], set[int](), []
    while stack:
        current = stack.pop()
        if id(current) in seen or isinstance(
            current, type | ModuleType | FunctionType | BuiltinFunctionType | MethodType
        ):
            continue
        seen.add(id(current))
        if isinstance(current, bytes | str):
            strings.append(current)
        stack.extend(gc.get_referents(current))
    return strings


@pytest.mark.parametrize("debug", [True, False])
async def test_hostile_traffic_leaves_only_short_values_in_the_memory(
    caplog: pytest.LogCaptureFixture, *, debug: bool
) -> None:
    """The instance keeps its state, and of a request only values within the limits of the memory.

    The log is silent here. It keeps the start of a bounded number of origins.
    """
    caplog.set_level(logging.CRITICAL, logger="crossorigin")
    middleware = CORSMiddleware(
        answering([(b"vary", b"Accept")]),
        allow_origins=[ORIGIN, "https://*.example.org"],
        allow_origin_regex=r"https://regex-\d\.example\.net",
        allow_methods=["PUT"],
        allow_headers=["*"],
        allow_private_network=True,
        debug=debug,
    )
    # The memory of decisions may contain the one origin, so it is requested first, too.
    await exchange(middleware, http_scope("GET", ("origin", ORIGIN)))
    attributes, strings = dict(vars(middleware)), strings_within(middleware)
    for scope in hostile_scopes():
        sent = await exchange(middleware, scope)
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert vars(middleware) == attributes
    kept = {*strings_within(middleware)}.difference(strings)
    assert kept
    assert max(map(len, kept)) <= MAX_PREFLIGHT_BYTES
    assert not {value for value in _HOSTILE if len(value) > MAX_PREFLIGHT_BYTES}.intersection(kept)


@pytest.mark.parametrize("policy", [{"allow_origins": [ORIGIN]}, {"allow_origins": ["*"]}], ids=["listed", "any"])
async def test_no_hostile_request_raises_or_echoes(policy: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """Every request gets a response, few appear in the log, and no response contains unvalidated bytes."""
    middleware = CORSMiddleware(answering(), allow_methods=["PUT"], **policy)
    for scope in hostile_scopes():
        for name, value in await headers_of(middleware, scope):
            if name == b"access-control-allow-origin":
                assert value in {b"*", ORIGIN.encode()}
            assert not any(byte < 0x20 or byte > 0x7E for byte in name + value)
            assert b"evil" not in value
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 10
    assert all(map(str.isprintable, told))


async def test_two_origins_at_once_get_their_own_answers() -> None:
    """Concurrent requests that alternate at every step of the app never get each other's headers."""
    turn = asyncio.Barrier(2)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await turn.wait()
        await send(start([(b"x-path", scope["path"].encode())]))
        await turn.wait()
        await send({"type": "http.response.body", "body": b""})

    middleware = middleware_around(app, allow_origins=[ORIGIN, "https://*.example.com"])
    for first, second in [(ORIGIN, OTHER), (ORIGIN, UNTRUSTED), (UNTRUSTED, OTHER), (OTHER, ORIGIN)]:
        answers = await asyncio.gather(
            *(
                headers_of(middleware, {**http_scope("GET", ("origin", origin)), "path": origin})
                for origin in (first, second)
            )
        )
        for origin, answer in zip((first, second), answers, strict=True):
            assert (b"x-path", origin.encode()) in answer
            assert dict(answer).get(b"access-control-allow-origin") == (
                None if origin == UNTRUSTED else origin.encode()
            )
            assert (b"vary", b"Origin") in answer


async def test_one_middleware_inside_another_leaves_one_owner() -> None:
    """With two middlewares, a response has each CORS header once, and the outer one sets it."""
    inner = CORSMiddleware(answering(), allow_origins=[OTHER], allow_credentials=True, expose_headers=["x-inner"])
    outer = CORSMiddleware(inner, allow_origins=[ORIGIN], expose_headers=["x-outer"])
    assert cors_of(await headers_of(outer, http_scope("GET", ("origin", ORIGIN)))) == [
        (b"access-control-allow-origin", ORIGIN.encode()),
        (b"access-control-expose-headers", b"x-outer"),
        (b"vary", b"Origin"),
    ]
    assert cors_of(await headers_of(outer, http_scope("GET", ("origin", OTHER)))) == _WITHHELD
