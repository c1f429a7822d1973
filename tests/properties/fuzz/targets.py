"""The fuzz targets: functions that take bytes and assert what must be true for every input.

Each takes the tested functions as arguments, so that a test can pass faulty ones. None needs a fuzzer: the tests run
them with the corpus and with inputs of Hypothesis, and `python -m tests.properties.fuzz` with atheris.
"""

import pickle
import re
import socket
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, Policy, PreflightDecision, Reason
from crossorigin.fetch.fields import list_size, merge_vary, split_list, unique_names
from crossorigin.fetch.methods import is_token_bytes
from crossorigin.fetch.origin import Origin, parse_origin, parse_origin_bytes
from crossorigin.policy.pattern import OriginPattern, parse_pattern, patterns_of
from tests.properties import reference
from tests.properties.fuzz.reading import Given, Line, Measured, read_exchange, read_lines, read_options

# Status, headers and the body of the last message.
Answer = tuple[int, list[Line], bytes]

MOST_ORIGIN = 326
MOST_METHOD = 256


# The origin parser, and that of patterns.


def check_origin(
    data: bytes,
    parse: Callable[[bytes], Origin | None] = parse_origin_bytes,
    pattern: Callable[[str], OriginPattern | None] = parse_pattern,
) -> None:
    """Check that a parsed origin is in a browser's form, survives a round trip, and matches itself as a pattern."""
    text = data.decode("latin-1")
    origin = parse(data)
    assert origin == parse_origin(text), "bytes and text are read alike"
    if origin is not None:
        assert str(origin).encode("ascii") == data, "what parses comes back"
        assert len(data) <= MOST_ORIGIN
        assert origin_by_hand(text) == (origin.scheme, origin.host, "" if origin.port is None else str(origin.port))
    elif "xn--" not in text:
        assert origin_by_hand(text) is None, "what a browser writes parses"
    parsed = pattern(text)
    assert parsed is None or str(parsed) == text, "a pattern comes back"
    if "*" not in text:
        assert (parsed is None) == (origin is None), "an origin is its own pattern"
    elif parsed is not None:
        smallest = parse_origin(text.removesuffix(":*").replace("://*.", "://a."))
        assert smallest is not None, "a pattern matches an origin"
        assert text in patterns_of(smallest), "a pattern is found from the origin it matches"


def origin_by_hand(text: str) -> tuple[str, str, str] | None:
    """Parse an origin by its delimiters, without decoding Punycode."""
    if len(text) > MOST_ORIGIN or not text.isascii():
        return None
    scheme, host, port = reference.split_text(text)
    if not host.startswith("["):
        return reference.split_origin(text)
    ending = f":{port}" if port else ""
    if f"{scheme}://{host}{ending}" != text or reference.split_origin(f"{scheme}://a{ending}") is None:
        return None
    return (scheme, host, port) if ipv6_by_hand(host[1:-1]) == host[1:-1] else None


def ipv6_by_hand(text: str) -> str | None:
    """Write an IPv6 address as browsers do: the first of the longest runs of zeros is omitted."""
    try:
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
    pieces = [f"{int.from_bytes(packed[place : place + 2]):x}" for place in range(0, 16, 2)]
    for length in range(8, 1, -1):
        for start in range(9 - length):
            if pieces[start : start + length] == ["0"] * length:
                return f"{':'.join(pieces[:start])}::{':'.join(pieces[start + length :])}"
    return ":".join(pieces)


# The fields.


def check_fields(
    data: bytes,
    *,
    split: Callable[[Sequence[bytes]], tuple[list[bytes], int]] = split_list,
    merge: Callable[[Sequence[bytes], bytes], bytes | None] = merge_vary,
    unique: Callable[[Iterable[bytes]], list[bytes]] = unique_names,
    is_token: Callable[[bytes], bool] = is_token_bytes,
    decide: Callable[..., Any] = Policy.decide,
) -> None:
    """Check that lists are split at commas, that `Vary` keeps its elements, and that each name is checked."""
    lines = read_lines(data)
    elements = [element.encode("latin-1") for element in reference.elements(lines)]
    commas = sum(line.count(b",") for line in lines)
    assert split(lines) == (elements, len(lines) + commas - len(elements))
    assert list_size(lines) == len(b"".join(lines))
    named = b"*" in elements or b"origin" in [element.lower() for element in elements]
    assert merge(lines, b"Origin") == (None if named else b", ".join([*elements, b"Origin"]))
    once = unique(elements)
    assert [name.lower() for name in once] == list(dict.fromkeys(element.lower() for element in elements))
    assert all(elements.index(name) == _first(elements, name) for name in once), "in the first spelling"
    for element in [*lines, *elements]:
        assert is_token(element) == reference.is_token(element.decode("latin-1"))
    for options, policy in map(policy_of, [LISTING, REPEATING]):
        judged = decide(policy, "OPTIONS", origin=[b"x"], request_method=lines[:2], request_headers=lines)
        asked = [line.decode("latin-1") for line in lines[:2]]
        assert judged.method.allows == (len(asked) == 1 and asked[0] in reference.methods_allowed(options))
        assert judged.headers.allows == reference.names_are_allowed(options, lines)
        beyond = judged.headers in {Reason.HEADERS_TOO_LONG, Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS}
        assert beyond != reference.within_limits(options, lines)


def _first(elements: list[bytes], name: bytes) -> int:
    return [element.lower() for element in elements].index(name.lower())


# The middleware.

_DEFAULTS = Policy().to_dict()
_LISTED = ["https://app.example.com", "http://localhost:3000", "http://[::1]:8000"]
POLICIES: tuple[Mapping[str, Any], ...] = (
    {"allow_origins": _LISTED, "allow_methods": ["GET", "PUT", "x-get"], "allow_headers": ["X-Token"], "max_age": 60},
    {
        "allow_origins": ["https://*.example.com", "http://localhost:*", "https://*.example.net:*"],
        "allow_credentials": True,
        "allow_headers": ["Authorization", "X-B", "Content-Type"],
        "expose_headers": ["X-Id"],
    },
    {"allow_origin_regex": r"https?://(a|b)\.example\.org(:[0-9]+)?", "expose_headers": ["*"], "max_age": None},
    {"allow_origins": ["*"], "allow_methods": ["*"], "expose_headers": ["X-Id", "ETag"]},
    {
        "allow_origins": ["https://app.example.com"],
        "allow_credentials": True,
        "allow_methods": ["*", "LOCK"],
        "allow_headers": ["*"],
        "expose_headers": ["*", "X-Id"],
        "allow_private_network": True,
    },
    {"allow_origins": ["null"], "allow_methods": [], "allow_headers": ["*", "X-Token"], "max_age": 0},
    {"allow_origins": ["*"], "allow_headers": ["*"], "expose_headers": ["*"], "allow_private_network": True},
    {"allow_origins": _LISTED, "allow_headers": [f"X-Long-Header-Name-{number:04}" for number in range(150)]},
    {
        "allow_origins": ["https://app.example.com"],
        "allow_credentials": True,
        "expose_headers": ["*"],
        "constant_allow_origin": True,
    },
)


# One lists the allowed header names, and one allows all and repeats the requested ones.
LISTING, REPEATING = 0, 4


@cache
def policy_of(number: int) -> tuple[dict[str, Any], Policy]:
    """Return the options and the policy with a number. Any number is valid."""
    options = _DEFAULTS | dict(POLICIES[number % len(POLICIES)])
    return options, Policy(**options)


class App:
    """Answer as the flags of an input say, and note whether it ran.

    d: the middleware debugs; l: headers as tuple of lists; g: as a generator; m: none, and no key for them; s: a
    stream, with hints before and trailers behind; n: status 304; e: status
    500; r: raises in the middle; w: a WebSocket.
    """

    def __init__(self, given: Given) -> None:
        self.given = given
        self.ran = False
        self.status = 304 if "n" in given.flags else 500 if "e" in given.flags else 200
        self.own: list[Line] = [] if "m" in given.flags else list(given.own)
        headers: Any = list(self.own)
        if "l" in given.flags:
            headers = tuple(map(list, self.own))
        elif "g" in given.flags:
            headers = iter(headers)
        start = {"type": "http.response.start", "status": self.status, "headers": headers, "trailers": True}
        if "m" in given.flags:
            del start["headers"]
        body = {"type": "http.response.body", "body": b"", "more_body": False}
        self.messages = [start, body]
        if "s" in given.flags:
            hint = {"type": "http.response.early_hint", "links": [b"</a>"]}
            chunk = {"type": "http.response.body", "body": b"a", "more_body": True}
            trailers = {"type": "http.response.trailers", "headers": [(b"Vary", b"a")]}
            self.messages = [hint, start, chunk, body, trailers]
        if "r" in given.flags:
            self.messages = self.messages[:-1]
        self.start = start
        self.held = {**start}
        self.listed = headers
        self.copied = None if "g" in given.flags else _copy(headers)

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        """Send the messages."""
        self.ran = True
        for message in self.messages:
            await send(message)
        if "r" in self.given.flags:
            raise self.Failure

    class Failure(Exception):  # The exception of the app does not matter here.
        """An exception that the app may raise."""

    def is_untouched(self) -> bool:
        """Return whether the message and its headers are unchanged."""
        same = list(self.start) == list(self.held) and all(self.start[name] is self.held[name] for name in self.held)
        return same and (self.copied is None or _copy(self.listed) == self.copied)


def _copy(headers: Iterable[Sequence[bytes]]) -> list[tuple[bytes, ...]]:
    return [tuple(header) for header in headers]


def check_exchange(data: bytes, middleware: Callable[..., Any] = CORSMiddleware) -> None:
    """Check that the middleware sends what the policy decides, nothing unvalidated, and reads no more than it must."""
    given = read_exchange(data)
    options, policy = policy_of(given.policy)
    app = App(given)
    wrapped = middleware(app, policy=policy, debug="d" in given.flags)
    if "w" in given.flags:
        assert _serve(wrapped, app, given, "websocket") == app.messages, "what is not a request passes through"
        return
    Measured.read = 0
    sent = _serve(wrapped, app, given)
    assert Measured.read <= most_read(options), f"{Measured.read} bytes of the request were read"
    assert app.is_untouched(), "the app's message and list are its own"
    _check_decided(given, policy, app, sent)
    _check_clean(given, options, app, _answer_of(sent))
    if not _is_beyond_reference(given):
        _check_reference(given, options, app, _answer_of(sent))
    if "g" not in given.flags:
        for other in (replace(given, request=()), given):
            _check_decided(other, policy, app, _serve(wrapped, app, other))


def most_read(options: Mapping[str, Any]) -> int:
    """Return how many bytes of a request may be read: a small multiple of the limits, whatever its length is."""
    names = max(4096, 2 * len(", ".join(reference.names_listed(options))))
    return 8 * (MOST_ORIGIN + MOST_METHOD + names)


def _serve(wrapped: Any, app: App, given: Given, kind: str = "http") -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app.ran = False
    scope = {"type": kind, "method": given.method, "path": "/", "headers": list(given.request)}
    held = {**scope, "headers": list(given.request)}
    serving = wrapped(scope, None, send)
    try:
        serving.send(None)
    except StopIteration:
        assert not (app.ran and "r" in given.flags), "the app's exception is not lost"
    except App.Failure:
        pass
    else:
        raise AssertionError("it waits for what no server sends")
    assert scope == held, "the scope is not changed"
    return sent


def _check_decided(given: Given, policy: Policy, app: App, sent: list[Any]) -> None:
    decision = policy.decide(
        given.method,
        origin=given.lines(b"origin"),
        request_method=given.lines(b"access-control-request-method"),
        request_headers=given.lines(b"access-control-request-headers"),
        request_private_network=given.lines(b"access-control-request-private-network"),
        debug="d" in given.flags,
    )
    assert isinstance(decision, PreflightDecision) != app.ran, "only a preflight is kept from the app"
    if isinstance(decision, PreflightDecision):
        answer = decision.response
        start = {"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)}
        assert sent == [start, {"type": "http.response.body", "body": answer.body}]
        return
    assert len(sent) == len(app.messages)
    for message, own in zip(sent, app.messages, strict=True):
        if own is app.start:
            headers = decision.response.apply(app.own)
            assert _copy(message["headers"]) == _copy(headers)
            assert {**message, "headers": None} == {**own, "headers": None}
        else:
            assert message is own, "every other message is the app's own"


def _answer_of(sent: list[Any]) -> Answer:
    start = next(message for message in sent if message["type"] == "http.response.start")
    headers = [(bytes(name), bytes(value)) for name, value in start["headers"]]
    return start["status"], headers, sent[-1].get("body", b"")


_ORIGIN = re.compile(rb"[a-z][a-z0-9+.-]{0,63}://[a-z0-9:._\[\]-]{1,260}\Z|null\Z")
_REFUSED = re.compile(rb"Disallowed CORS (origin(, method)?(, headers)?|method(, headers)?|headers)\Z")


def _check_clean(given: Given, options: Mapping[str, Any], app: App, answer: Answer) -> None:
    """Check that the response contains only constants of the policy, the validated origin and tokens."""
    status, headers, body = answer
    cors: dict[str, bytes] = {}
    for name, value in headers:
        short = name.lower().decode("latin-1").removeprefix("access-control-")
        if short in reference.OWNED and name.lower() == f"access-control-{short}".encode():
            assert short not in cors, f"{name!r} is there twice"
            assert re.fullmatch(rb"[!-~]+(, [!-~]+)*", value), f"{name!r} has unclean bytes"
            cors[short] = value
    origins = given.lines(b"origin")
    if "allow-origin" not in cors:
        assert not cors, "a refused origin gets no CORS header at all"
    elif cors["allow-origin"] == b"*":
        assert "*" in options["allow_origins"]
    elif options["constant_allow_origin"] and app.ran:
        assert cors["allow-origin"] == options["allow_origins"][0].encode()
    else:
        assert [cors["allow-origin"]] == origins, "one Origin line, byte for byte"
        assert _ORIGIN.match(origins[0])
    assert cors.get("allow-credentials", b"true") == b"true"
    assert ("allow-credentials" in cors) == (options["allow_credentials"] and "allow-origin" in cors)
    if app.ran:
        assert not cors.keys() & {"allow-methods", "allow-headers", "max-age"}
        exposed = {*options["expose_headers"], *_own_names(app.own)}
        assert {*_elements(cors, "expose-headers")} <= exposed
        assert [line for line in headers if not _is_ours(line)] == [line for line in app.own if not _is_ours(line)]
    else:
        assert (status, body) == (200, b"OK") or (_REFUSED.match(body) and (status == 400 or "d" in given.flags))
        assert cors.get("allow-methods", b"") in {b"", ", ".join(reference.methods_allowed(options)).encode()}
        assert cors.get("max-age", b"") in {b"", str(options["max_age"]).encode()}
        listed = reference.names_listed(options)
        if "*" in options["allow_headers"]:
            listed = reference.elements(given.lines(b"access-control-request-headers"))
        assert {*_elements(cors, "allow-headers")} <= {name for name in listed if reference.is_token(name)}
        assert "expose-headers" not in cors
    _check_vary(options, app, headers)


def _check_vary(options: Mapping[str, Any], app: App, headers: list[Line]) -> None:
    after = reference.elements(reference.lines_of(headers, "vary"))
    if not app.ran:
        asked = [f"Access-Control-Request-{name}" for name in ("Method", "Headers", "Private-Network")]
        assert after == ["Origin", *asked]
        return
    before = reference.elements(reference.lines_of(app.own, "vary"))
    assert after[: len(before)] == before, "Vary loses nothing"
    assert after[len(before) :] in ([], ["Origin"]), "Vary gains nothing but Origin"
    constant = "*" in options["allow_origins"] or options["constant_allow_origin"]
    assert constant or {"*", "origin"} & {element.lower() for element in after}


def _elements(cors: Mapping[str, bytes], name: str) -> list[str]:
    return reference.elements([cors[name]] if name in cors else [])


def _own_names(own: Sequence[Line]) -> list[str]:
    by_the_app = reference.elements(reference.lines_of(own, "access-control-expose-headers"))
    return [*by_the_app, *(name.decode("latin-1") for name, _ in own)]


def _is_ours(line: Line) -> bool:
    return line[0].lower() == b"vary" or line[0].lower() in {f"access-control-{n}".encode() for n in reference.OWNED}


def _is_beyond_reference(given: Given) -> bool:
    # The reference does not decode Punycode, and its result for this address depends on the release of Python.
    return any(b"xn--" in value or b"[::ffff:" in value for value in given.lines(b"origin"))


def _check_reference(given: Given, options: Mapping[str, Any], app: App, answer: Answer) -> None:
    """Check that the reference implementation has the same result."""
    status, headers, body = answer
    expected = reference.answer(options, given.method, given.request, app.status, app.own, debug="d" in given.flags)
    assert (expected.by == "app") == app.ran
    assert (status, b"" if app.ran else body) == (expected.status, expected.body)
    names = {f"access-control-{name}" for name in reference.OWNED}
    if not app.ran:
        names.add("access-control-allow-private-network")
    cors = sorted((name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    assert [line for line in cors if line[0] in names] == sorted(expected.cors.items())
    assert reference.elements(reference.lines_of(headers, "vary")) == expected.vary


# The options.


def check_policy(data: bytes, build: Callable[[Mapping[str, Any]], Policy] = Policy.from_dict) -> None:
    """Check that options make a policy or raise InvalidPolicyError. A policy survives a round trip and serves."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            policy = build(read_options(data))
        except InvalidPolicyError as refused:
            _check_error(refused)
            assert not caught, "an error comes alone"
            return
    assert [warning.category for warning in caught] in ([], [CrossOriginWarning])
    assert all(_is_clean(warning.message) for warning in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        assert build(policy.to_dict()) == policy
        assert eval(repr(policy), {"Policy": Policy}) == policy  # The test checks that the repr can be evaluated.
    if policy.allow_credentials and "canary" not in repr(policy) and not policy.dangerously_allow_public_suffixes:
        for origin in [b"null", b"https://canary.invalid", b"http://canary.invalid:8000"]:
            assert not policy.decide("GET", origin=[origin]).allowed, "no untrusted origin is allowed"
    for label in [b"a-", b"aa", b"a.", b"1.", b"x-a."]:
        policy.decide("GET", origin=[(b"https://" + label * 159)[:320]])


def _is_clean(message: Warning | Exception) -> bool:
    return all(line.isprintable() for line in str(message).split("\n"))


def _check_error(error: InvalidPolicyError) -> None:
    assert error.issues
    assert str(error).count("\n  Fix: ") >= len(error.issues)
    assert _is_clean(error), "a message can be written anywhere"
    assert pickle.loads(pickle.dumps(error)).issues == error.issues  # The bytes come from this test.


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "origin": check_origin,
    "fields": check_fields,
    "exchange": check_exchange,
    "policy": check_policy,
}
