"""`on_refused="block"` and `check_websockets`: what they refuse never reaches the app."""

import copy
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from crossorigin import CORSMiddleware, InvalidPolicyError, IssueCode, Policy, Reason
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.decisions import ActualDecision
from crossorigin.starlette import cors
from tests.unit.adapters.asgi.scopes import (
    ORIGIN,
    OTHER,
    UNTRUSTED,
    Message,
    Witness,
    exchange,
    http_scope,
    preflight_scope,
    receive,
)

Lines = tuple[tuple[str | bytes, str | bytes], ...]

_DENIAL = "websocket.http.response"
_ENFORCING = {"on_refused": "block", "check_websockets": True}
_KINDS = ["GET", "POST", "OPTIONS", _DENIAL, "websocket.close"]


def scope_of(kind: str, *lines: tuple[str | bytes, str | bytes]) -> dict[str, Any]:
    """Return the scope of a request by its method, or of a handshake by the extensions that the server supports."""
    if not kind.startswith("websocket"):
        return http_scope(kind, *lines)
    scope = http_scope("GET", *lines)
    del scope["method"]
    return {**scope, "type": "websocket", "scheme": "ws", "extensions": {_DENIAL: {}} if kind == _DENIAL else {}}


def enforcing(app: Any, **options: Any) -> CORSMiddleware:
    """Return a middleware that refuses, by default with one allowed origin."""
    return CORSMiddleware(app, **{"allow_origins": [ORIGIN], **_ENFORCING, **options})


async def reaches(middleware: Any, witness: Witness, scope: dict[str, Any]) -> bool:
    """Send one request. Return whether it reached the app, and check that it was refused if it did not."""
    sent = await exchange(middleware, scope)
    if witness.calls:
        return True
    first = sent[0]
    assert first.get("status", first.get("code")) in {403, 1008}
    return False


@dataclass(frozen=True, kw_only=True)
class Case:
    """The headers of one request, and the reason why it is refused; None if it reaches the app."""

    name: str
    lines: Lines
    refused: Reason | None = None


class Answer(HTTPEndpoint):
    """An endpoint that answers."""

    async def post(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse("hello")


def host(value: str) -> tuple[str, str]:
    """Return the line that names the server."""
    return "host", value


def site(value: str) -> tuple[str, str]:
    """Return the line in which a browser says whether the page is of the same site."""
    return "sec-fetch-site", value


_STRANGER = ("origin", UNTRUSTED)
_OWN = ("origin", "https://api.example.com")
_API = host("api.example.com")
_CASES = [
    # Requests that reach the app.
    Case(name="no Origin", lines=(_API,)),
    Case(name="listed", lines=(("origin", ORIGIN), _API)),
    Case(name="listed, another site", lines=(("origin", ORIGIN), _API, site("cross-site"))),
    Case(name="own host", lines=(_OWN, _API)),
    Case(name="own host, its default port written", lines=(_OWN, host("api.example.com:443"))),
    Case(name="own host, upper case", lines=(_OWN, host("API.example.com"))),
    Case(name="own port", lines=(("origin", "http://localhost:8000"), host("localhost:8000"))),
    Case(name="same origin, the host changed on the way", lines=(_OWN, host("10.0.0.7:8000"), site("same-origin"))),
    Case(name="own host, among others", lines=(("from", "evil.example"), ("content-length", "0"), _OWN, _API)),
    Case(name="same origin, and null", lines=(("origin", "null"), _API, site("same-origin"))),
    # Requests that are refused.
    Case(name="not listed", lines=(_STRANGER, _API), refused=Reason.ORIGIN_NOT_LISTED),
    Case(name="not listed, no host", lines=(_STRANGER,), refused=Reason.ORIGIN_NOT_LISTED),
    Case(name="below the own host", lines=(("origin", "https://evil.api.example.com"), _API),
         refused=Reason.ORIGIN_NOT_LISTED),
    Case(name="own host, another port", lines=(("origin", "https://api.example.com:8443"), _API),
         refused=Reason.ORIGIN_NOT_LISTED),
    Case(name="own host, two hosts", lines=(_OWN, _API, _API), refused=Reason.ORIGIN_NOT_LISTED),
    Case(name="own host, the host changed on the way", lines=(_OWN, host("10.0.0.7:8000")),
         refused=Reason.ORIGIN_NOT_LISTED),
    *(Case(name=f"own host, but {told!r}", lines=(_OWN, _API, site(told)), refused=Reason.ORIGIN_NOT_LISTED)
      for told in ("cross-site", "same-site", "none", "", "Same-Origin")),
    Case(name="own host, told twice", lines=(_OWN, _API, site("same-origin"), site("same-origin")),
         refused=Reason.ORIGIN_NOT_LISTED),
    Case(name="null", lines=(("origin", "null"), _API), refused=Reason.ORIGIN_NULL),
    Case(name="null, and so the host", lines=(("origin", "null"), host("null")), refused=Reason.ORIGIN_NULL),
    Case(name="empty", lines=(("origin", ""), host("")), refused=Reason.ORIGIN_MALFORMED),
    Case(name="with a path", lines=(("origin", ORIGIN + "/"), _API), refused=Reason.ORIGIN_MALFORMED),
    Case(name="bytes", lines=(("origin", b"\xff\x00"), _API), refused=Reason.ORIGIN_MALFORMED),
    Case(name="too long", lines=(("origin", "https://" + "a" * MAX_ORIGIN), _API), refused=Reason.ORIGIN_TOO_LONG),
    Case(name="listed, twice", lines=(("origin", ORIGIN), ("origin", ORIGIN), _API), refused=Reason.ORIGIN_REPEATED),
    Case(name="own host, twice", lines=(_OWN, _OWN, _API), refused=Reason.ORIGIN_REPEATED),
]  # fmt: skip


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
async def test_the_app_is_reached_unless_a_page_of_another_origin_asks(case: Case, kind: str) -> None:
    """A request without an origin, or with an allowed one or the server's own, reaches the app.

    Others get the reason.
    """
    witness = Witness()
    sent = await exchange(enforcing(witness), scope_of(kind, *case.lines))
    if case.refused is None:
        assert len(witness.calls) == 1
        return
    assert witness.calls == []
    if kind == "websocket.close":
        assert sent == [{"type": "websocket.close", "code": 1008, "reason": case.refused.value}]
        return
    prefix = kind if kind == _DENIAL else "http.response"
    body = f"Disallowed CORS origin: {case.refused}".encode()
    assert sent == [
        {
            "type": f"{prefix}.start",
            "status": 403,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"vary", b"Origin"),
            ],
        },
        {"type": f"{prefix}.body", "body": body},
    ]


@pytest.mark.parametrize(
    "policy",
    [Policy(allow_origins=[ORIGIN]), Policy(allow_origins=[ORIGIN], constant_allow_origin=True)],
    ids=["listed", "constant"],
)
@pytest.mark.parametrize("is_inside", [False, True], ids=["alone", "inside another one"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "get", "BREW"])
@pytest.mark.parametrize("sites", [["cross-site"], ["same-origin", "cross-site"], ["same-site"], ["none"], [""], []])
async def test_a_request_that_lost_its_origin_on_the_way_is_refused_if_it_says_that_it_is_cross_site(
    method: str, sites: list[str], policy: Policy, *, is_inside: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Browsers send `Origin` with every method but GET and HEAD, and no page can set or remove `Sec-Fetch-Site`."""
    told: list[Any] = []
    witness = Witness()
    app: Any = CORSMiddleware(
        witness, policy=policy, on_refused="block", on_decision=lambda decision, _: told.append(decision.origin)
    )
    if is_inside:
        app = CORSMiddleware(app, policy=Policy())
    caplog.clear()
    sent = await exchange(app, http_scope(method, _API, *map(site, sites)))
    is_refused = "cross-site" in sites and method not in {"GET", "HEAD", "OPTIONS"}
    assert bool(witness.calls) != is_refused
    lines = [record.getMessage() for record in caplog.records if "refused (" in record.getMessage()]
    if is_refused:
        assert (sent[0]["status"], sent[1]["body"]) == (403, b"Disallowed CORS origin: origin-absent-cross-site")
        assert told == [Reason.ORIGIN_ABSENT_CROSS_SITE]
        [line] = lines
        assert "refused (origin-absent-cross-site)" in line
        assert "from no origin. Sec-Fetch-Site says that a page of another site sent the request" in line
    else:
        assert lines == []


@pytest.mark.parametrize("options", [{}, {"on_refused": "pass"}, {"check_websockets": True}])
async def test_without_blocking_a_request_without_origin_reaches_the_app(options: dict[str, Any]) -> None:
    """CORS does not apply to requests without `Origin`."""
    witness = Witness()
    await exchange(CORSMiddleware(witness, **options), http_scope("POST", _API, site("cross-site")))
    assert witness.calls


async def test_a_route_for_everyone_is_reached_from_every_site() -> None:
    """A policy with `*` on an endpoint allows the request without `Origin` too."""
    app = Starlette(routes=[Route("/", cors(allow_origins=["*"], allow_methods=["POST"])(Answer), methods=["POST"])])
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], on_refused="block")
    sent = await exchange(app, http_scope("POST", _API, site("cross-site")))
    assert sent[0]["status"] == 200


@pytest.mark.parametrize("extensions", [{}, {"extensions": None}, {"extensions": {}}, {"extensions": {"tls": {}}}])
async def test_a_server_that_cannot_answer_a_handshake_closes_it(extensions: dict[str, Any]) -> None:
    """Without the extension for responses, the handshake is closed, and servers turn that into their own 403."""
    scope = scope_of("websocket", _STRANGER)
    del scope["extensions"]
    witness = Witness()
    [sent] = await exchange(enforcing(witness), {**scope, **extensions})
    assert (sent["type"], sent["code"], witness.calls) == ("websocket.close", 1008, [])


@pytest.mark.parametrize("kind", _KINDS)
async def test_a_refusal_waits_for_nothing(kind: str) -> None:
    """The body of a refused request is not read, so its size does not delay the response."""

    async def never() -> Message:
        raise AssertionError("something was read")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await enforcing(Witness())(scope_of(kind, _STRANGER), never, send)
    assert sent


# What each option does not affect.


@pytest.mark.parametrize(
    ("options", "passing"),
    [
        ({}, _KINDS),
        ({"on_refused": "pass"}, _KINDS),
        ({"on_refused": "block"}, [_DENIAL, "websocket.close"]),
        ({"check_websockets": True}, ["GET", "POST", "OPTIONS"]),
    ],
    ids=["default", "pass", "block", "check_websockets"],
)
async def test_each_is_asked_for_by_itself(options: dict[str, Any], passing: list[str]) -> None:
    """By default every request and handshake reaches the app. Each option refuses only its own kind."""
    for kind in _KINDS:
        witness = Witness()
        middleware = CORSMiddleware(witness, allow_origins=[ORIGIN], **options)
        assert await reaches(middleware, witness, scope_of(kind, _STRANGER)) == (kind in passing), kind


@pytest.mark.parametrize("option", [{"check_websockets": True}, {"on_refused": "block"}], ids=repr)
def test_who_allows_everybody_cannot_ask_for_a_check(option: dict[str, Any]) -> None:
    """With `"*"` the checks would never refuse anything, so they are an error."""
    with pytest.raises(InvalidPolicyError, match="would have no effect"):
        CORSMiddleware(Witness(), allow_origins=["*"], **option)
    with pytest.raises(InvalidPolicyError, match="would have no effect"):
        CORSMiddleware(Witness(), policy=Policy(allow_origins=["*"]), **option)


@pytest.mark.parametrize(
    ("lines", "passes"), [((), True), ((("origin", ORIGIN),), True), ((_STRANGER,), False), ((_OWN, _API), True)]
)
@pytest.mark.parametrize("kind", _KINDS)
async def test_a_constant_answer_lets_no_stranger_in(lines: Lines, kind: str, *, passes: bool) -> None:
    """With `constant_allow_origin`, the request is still checked."""
    witness = Witness()
    middleware = enforcing(witness, constant_allow_origin=True)
    assert await reaches(middleware, witness, scope_of(kind, *lines)) == passes


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED, "null"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_preflights_are_answered_as_ever(origin: str, method: str, *, debug: bool) -> None:
    """These options do not change the responses to preflights."""
    scope = preflight_scope(origin, method)
    plain = await exchange(CORSMiddleware(Witness(), allow_origins=[ORIGIN], debug=debug), scope)
    assert await exchange(enforcing(Witness(), debug=debug), scope) == plain


@pytest.mark.parametrize("lines", [case.lines for case in _CASES if not case.refused], ids=repr)
async def test_whoever_passes_is_answered_as_ever(lines: Lines) -> None:
    """A request that is not refused gets the same headers as before.

    One of the server's own origin is not allowed by CORS.
    """
    scope = http_scope("POST", *lines)
    plain = await exchange(CORSMiddleware(Witness(), allow_origins=[ORIGIN]), scope)
    assert await exchange(enforcing(Witness()), scope) == plain


@pytest.mark.parametrize(
    "scope",
    [{"type": "lifespan"}, scope_of(_DENIAL), scope_of(_DENIAL, ("origin", ORIGIN)), scope_of(_DENIAL, _OWN, _API)],
)
async def test_what_passes_that_is_no_request_passes_untouched(scope: dict[str, Any]) -> None:
    """A lifespan, and a handshake that is not refused, reach the app as the objects that the server passed."""
    witness = Witness()
    before = copy.deepcopy(scope)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await enforcing(witness)(scope, receive, send)
    [call] = witness.calls
    assert all(got is given for got, given in zip(call, (scope, receive, send), strict=True))
    assert scope == before


# Several layers, and layers inside a framework.


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("origin", [UNTRUSTED, OTHER])
async def test_standing_down_weakens_no_check(kind: str, origin: str) -> None:
    """An inner layer refuses by its own policy, although the outer layer allows more and checks nothing."""
    witness = Witness()
    layers = CORSMiddleware(enforcing(witness), allow_origins=[ORIGIN, OTHER])
    assert not await reaches(layers, witness, scope_of(kind, ("origin", origin)))
    assert await reaches(layers, witness, scope_of(kind, ("origin", ORIGIN)))


@pytest.mark.parametrize("kind", _KINDS)
async def test_a_layer_inside_lets_nobody_in(kind: str) -> None:
    """The outer layer refuses by its policy, whatever the inner layer allows."""
    witness = Witness()
    layers = enforcing(CORSMiddleware(witness, allow_origins=[ORIGIN, UNTRUSTED]))
    assert not await reaches(layers, witness, scope_of(kind, _STRANGER))


async def test_a_refusal_of_a_layer_inside_gets_the_headers_of_the_one_outside() -> None:
    """Only the outer layer sets CORS headers, so a page that it allows can read the refusal of the inner one."""
    layers = CORSMiddleware(enforcing(Witness()), allow_origins=[OTHER])
    start, body = await exchange(layers, http_scope("GET", ("origin", OTHER)))
    assert (start["status"], body["body"]) == (403, b"Disallowed CORS origin: origin-not-listed")
    assert (b"access-control-allow-origin", OTHER.encode()) in start["headers"]


def chat(entered: list[str], **options: Any) -> FastAPI:
    """Return an app with the middleware, whose WebSocket records the origins that connect."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], **_ENFORCING, **options)

    @app.websocket("/")
    async def talk(websocket: WebSocket) -> None:
        entered.append(websocket.headers["origin"])
        await websocket.close()

    return app


async def start(app: Any) -> None:
    """Send the lifespan's start and end."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def next_message() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        assert message["type"].endswith(".complete")

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, next_message, send)


@pytest.mark.parametrize("mounted", [False, True])
@pytest.mark.parametrize("outermost", [False, True])
@pytest.mark.parametrize("starts", [False, True])
async def test_an_app_that_it_was_added_to_is_guarded_from_its_first_handshake_on(
    *, starts: bool, outermost: bool, mounted: bool
) -> None:
    """With and without a lifespan, whether the app is mounted or not, no untrusted origin reaches the app."""
    entered: list[str] = []
    app = chat(entered, outermost=outermost)
    served: Any = Starlette(routes=[Mount("/sub", app)]) if mounted else app
    path = {"path": "/sub/" if mounted else "/"}
    if starts:
        await start(served)
    for _ in range(2):
        [refused, _] = await exchange(served, {**scope_of(_DENIAL, _STRANGER), **path})
        assert (refused["type"], refused["status"], entered) == (f"{_DENIAL}.start", 403, [])
    await exchange(served, {**scope_of(_DENIAL, ("origin", ORIGIN)), **path})
    assert entered == [ORIGIN]


# Who gets the decisions.


@pytest.mark.parametrize("kind", ["GET", _DENIAL])
@pytest.mark.parametrize(
    ("lines", "reason", "reaches_app"),
    [
        ((), Reason.ORIGIN_ABSENT, True),
        ((("origin", ORIGIN),), Reason.ORIGIN_LISTED, True),
        ((_OWN, _API), Reason.ORIGIN_NOT_LISTED, True),
        ((_STRANGER,), Reason.ORIGIN_NOT_LISTED, False),
    ],
    ids=["none", "allowed", "own", "stranger"],
)
async def test_each_decision_is_reported_once_and_is_in_the_scope(
    kind: str, lines: Lines, reason: Reason, *, reaches_app: bool
) -> None:
    """The hook gets the decision of each request and handshake, and so does the app if it runs."""
    told: list[tuple[Any, Any]] = []
    witness = Witness()
    middleware = enforcing(witness, on_decision=lambda decision, scope: told.append((decision, scope)))
    scope = scope_of(kind, *lines)
    assert await reaches(middleware, witness, scope) == reaches_app
    [(decision, told_of)] = told
    assert isinstance(decision, ActualDecision)
    assert (decision.origin, told_of) == (reason, scope)
    assert scope["crossorigin"] is decision
    assert not witness.calls or witness.calls[0][0]["crossorigin"] is decision


@pytest.mark.parametrize("kind", ["GET", _DENIAL])
async def test_a_scope_gains_nothing_that_nobody_asked_for(kind: str) -> None:
    """Without `on_decision`, the scope contains no decision."""
    witness = Witness()
    scope = scope_of(kind, ("origin", ORIGIN))
    assert await reaches(enforcing(witness), witness, scope)
    assert "crossorigin" not in scope


async def test_a_decision_of_a_refusing_layer_inside_is_reported_too() -> None:
    """A nested layer that sets no headers reports what it refuses, but not what the outer one decided."""
    told: list[Reason] = []
    inner = enforcing(Witness(), on_decision=lambda decision, _: told.append(decision.origin))
    layers = CORSMiddleware(inner, allow_origins=[ORIGIN, OTHER])
    await exchange(layers, http_scope("GET", ("origin", ORIGIN)))
    await exchange(layers, http_scope("GET", ("origin", OTHER)))
    assert told == [Reason.ORIGIN_NOT_LISTED]


# Which values the options accept.


@pytest.mark.parametrize("value", ["Block", "blocked", "", True, None, 403, ["block"]], ids=repr)
def test_on_refused_is_one_of_two_words(value: Any) -> None:
    """Any other value is an error at once, because a misspelled word would disable the check."""
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(Witness(), on_refused=value)
    assert [(issue.code, issue.field) for issue in caught.value.issues] == [(IssueCode.INVALID_CHOICE, "on_refused")]


@pytest.mark.parametrize("value", ["yes", "false", 1, 0, None], ids=repr)
def test_check_websockets_is_true_or_false(value: Any) -> None:
    """Any other type is an error: `"false"` would be true, and None would disable the check."""
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(Witness(), check_websockets=value)
    assert [(issue.code, issue.field) for issue in caught.value.issues] == [(IssueCode.NOT_A_BOOL, "check_websockets")]


@pytest.mark.parametrize("kind", ["GET", _DENIAL])
async def test_a_refusal_is_no_constant_answer(kind: str) -> None:
    """With `constant_allow_origin`, a refusal names no origin, and has `Vary: Origin`."""
    start, _ = await exchange(enforcing(Witness(), constant_allow_origin=True), scope_of(kind, _STRANGER))
    assert start["headers"][2:] == [(b"vary", b"Origin")]
