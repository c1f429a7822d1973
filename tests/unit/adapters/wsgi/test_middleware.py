"""The WSGI middleware: its fast path, logs and blocking, and how it handles the rarer features of WSGI."""

import copy
import io
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest

from crossorigin import Policy, PreflightDecision, Reason
from crossorigin.wsgi import CORSMiddleware
from tests.cases.wsgi import environ_of, serve

ORIGIN = "https://app.example.com"
OTHER = "https://other.example"
POLICY = Policy(allow_origins=[ORIGIN], allow_credentials=True)
SHARED = [("Content-Type", "text/plain")]
PREFLIGHT = {"Access-Control-Request-Method": "GET"}


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with a header list that all requests share."""
    environ["app.ran"] = True
    start_response("200 OK", SHARED)
    return [b"hello"]


def get(middleware: Any, origin: str | None = ORIGIN, method: str = "GET", **fields: str) -> dict[str, str]:
    """Send a request; return the status, the body and the headers, in lower case."""
    sent = {"Origin": origin} if origin is not None else {}
    environ = environ_of(method, {**sent, **{name.replace("_", "-"): value for name, value in fields.items()}})
    status, headers, body = serve(middleware, environ)
    return {
        "status": status,
        "body": body.decode(),
        "ran": str("app.ran" in environ),
        **{name.lower(): value for name, value in headers},
    }


def test_a_listed_origin_may_read() -> None:
    """The response has the headers of its decision, and the app's list is not changed."""
    answer = get(CORSMiddleware(app, policy=POLICY))
    assert answer["access-control-allow-origin"] == ORIGIN
    assert answer["vary"] == "Origin"
    assert answer["body"] == "hello"
    assert SHARED == [("Content-Type", "text/plain")]


def test_a_preflight_does_not_reach_the_app() -> None:
    """It is answered before the app, whatever the path."""
    answer = get(CORSMiddleware(app, policy=POLICY), method="OPTIONS", **PREFLIGHT)
    assert (answer["status"], answer["body"], answer["ran"]) == ("200 OK", "OK", "False")


@pytest.mark.parametrize(
    ("origin", "method", "fields"),
    [(ORIGIN, "OPTIONS", {}), (None, "OPTIONS", PREFLIGHT), (ORIGIN, "options", PREFLIGHT), (ORIGIN, "GET", PREFLIGHT)],
)
def test_anything_else_reaches_the_app(origin: str | None, method: str, fields: dict[str, str]) -> None:
    """Only an OPTIONS request with both headers is a preflight."""
    assert get(CORSMiddleware(app, policy=POLICY), origin, method, **fields)["ran"] == "True"


def test_refusals_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Both kinds of requests are logged with their path, which WSGI gives in two parts."""
    middleware = CORSMiddleware(app, policy=POLICY)
    for _ in range(2):
        environ = {**environ_of("GET", {"Origin": OTHER}, path="/caf\xc3\xa9"), "SCRIPT_NAME": "/api"}
        serve(middleware, environ)
        get(middleware, "null", "OPTIONS", **PREFLIGHT)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert r"GET '/api/caf\xe9' from 'https://other.example'" in caplog.text
    assert "preflight for GET '/' from 'null'" in caplog.text


@pytest.mark.parametrize(
    ("policy", "origin", "logged"),
    [
        (POLICY, None, False),
        (POLICY, ORIGIN, False),
        (POLICY, "http://testserver", False),
        (POLICY, f"{ORIGIN}, {ORIGIN}", True),
        (Policy(allow_origins=["*"]), OTHER, False),
        (Policy(allow_origins=[ORIGIN], constant_allow_origin=True), OTHER, False),
    ],
)
def test_only_refused_pages_are_logged(
    policy: Policy, origin: str | None, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's own pages and requests without an origin need no permission."""
    get(CORSMiddleware(app, policy=policy), origin)
    assert bool(caplog.records) == logged


@pytest.mark.parametrize(
    ("origin", "fields", "blocked"),
    [
        (OTHER, {}, True),
        ("null", {}, True),
        (f"{ORIGIN}, {ORIGIN}", {}, True),
        (ORIGIN, {}, False),
        (None, {}, False),
        ("http://testserver", {}, False),
        (OTHER, {"Sec-Fetch-Site": "same-origin"}, False),
        (OTHER, {"Sec-Fetch-Site": "same-origin, same-origin"}, True),
        ("http://testserver", {"Host": "testserver, testserver"}, True),
        (None, {"Sec-Fetch-Site": "cross-site"}, True),
        (None, {"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_blocking_refuses_other_origins_only(origin: str | None, fields: dict[str, str], blocked: bool) -> None:
    """The app never runs for a page of another origin, and no page can read the refusal."""
    answer = get(CORSMiddleware(app, policy=POLICY, on_refused="block"), origin, "POST", **fields)
    assert answer["ran"] == str(not blocked)
    if blocked:
        assert answer["status"] == "403 Forbidden"
        assert answer["body"].startswith("Disallowed CORS origin: origin-")
        assert answer["content-length"] == str(len(answer["body"]))
        assert answer["vary"] == "Origin"
        assert "access-control-allow-origin" not in answer


def test_a_hook_sees_every_decision() -> None:
    """It gets the environ, which has the decision too."""
    seen: list[tuple[Any, Any]] = []
    middleware = CORSMiddleware(
        app, policy=POLICY, on_decision=lambda decision, environ: seen.append((decision, environ["PATH_INFO"]))
    )
    get(middleware)
    get(middleware, method="OPTIONS", **PREFLIGHT)
    get(middleware, None)
    assert [decision.origin for decision, _ in seen] == [
        Reason.ORIGIN_LISTED,
        Reason.ORIGIN_LISTED,
        Reason.ORIGIN_ABSENT,
    ]
    assert isinstance(seen[1][0], PreflightDecision)
    environ = environ_of("GET", {"Origin": ORIGIN})
    serve(middleware, environ)
    assert environ["crossorigin"] == seen[0][0]


def test_a_hook_can_take_the_facts() -> None:
    """The hook for OpenTelemetry works with every framework."""
    from crossorigin.telemetry.hook import takes_request_facts

    seen: list[Any] = []

    @takes_request_facts
    def hook(decision: Any, request: Any) -> None:
        seen.append(request)

    get(CORSMiddleware(app, policy=POLICY, on_decision=hook), method="POST")
    (facts,) = seen
    assert (facts.kind, facts.method, facts.path) == ("http", "POST", "/")
    assert facts.origin == (ORIGIN.encode(),)
    assert facts.host == (b"testserver",)


def test_debug_logs_what_is_allowed(caplog: pytest.LogCaptureFixture) -> None:
    """A preflight that is refused by its lists is answered so that the console names the list."""
    middleware = CORSMiddleware(app, policy=POLICY, debug=True)
    with caplog.at_level(logging.DEBUG, "crossorigin"):
        get(middleware)
    assert "allowed (origin-listed): GET '/'" in caplog.text
    answer = get(middleware, method="OPTIONS", Access_Control_Request_Method="PUT")
    assert (answer["status"], answer["access-control-allow-methods"]) == ("200 OK", "GET")


# Features of WSGI for apps and servers.


def test_a_restart_with_exc_info_has_the_headers() -> None:
    """An error handler may start the response again, with the exception that caused it."""

    def failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "yes")])
        try:
            int("x")
        except ValueError:
            start_response("500 Oops", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"sorry"]

    for options in ({}, {"debug": True}):
        answer = get(CORSMiddleware(failing, policy=POLICY, **options))  # type: ignore[arg-type]
        assert answer["status"] == "500 Oops"
        assert answer["access-control-allow-origin"] == ORIGIN
        assert "x-first" not in answer


def test_a_restart_after_the_headers_were_sent_raises_in_the_app() -> None:
    """The server gets the app's exception."""

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        if exc_info:
            raise exc_info[1]

    def failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        try:
            int("mine")
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())
        return []

    with pytest.raises(ValueError, match="mine"):
        CORSMiddleware(failing, policy=POLICY)(environ_of("GET", {}), start_response)


def test_a_generator_may_start_late() -> None:
    """The response may start when the body is first read."""

    def late(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"late"

    answer = get(CORSMiddleware(late, policy=POLICY))
    assert (answer["body"], answer["access-control-allow-origin"]) == ("late", ORIGIN)


def test_write_works() -> None:
    """The legacy `write` of the server is passed on."""

    def writing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write: Callable[[bytes], object] = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one ")
        return [b"two"]

    assert get(CORSMiddleware(writing, policy=POLICY))["body"] == "one two"


def test_the_body_is_handed_on_as_the_same_object() -> None:
    """A server sends a file by the kernel only if it gets its own wrapper back, and must close the body."""
    body = FileWrapper(io.BytesIO(b"file"))

    def files(environ: dict[str, Any], start_response: Any) -> FileWrapper:
        start_response("200 OK", [])
        return body

    for options in ({}, {"on_refused": "block"}):
        middleware = CORSMiddleware(files, policy=POLICY, **options)  # type: ignore[arg-type]
        assert middleware(environ_of("GET", {"Origin": ORIGIN}), lambda *_: print) is body


def test_an_exception_leaves_the_middleware() -> None:
    """The server answers it; the middleware neither hides nor logs it."""

    def crashing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        get(CORSMiddleware(crashing, policy=POLICY))


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.filterwarnings("error")
def test_the_standard_is_kept_on_both_sides(method: str, origin: str) -> None:
    """The validator of the standard library finds nothing wrong in what the server and the app see."""

    def validated(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Vary", "Cookie")])
        return [b""]

    checked = validator(CORSMiddleware(validator(validated), policy=POLICY))  # type: ignore[arg-type]
    for fields in ({}, PREFLIGHT):
        environ = environ_of(method, {"Origin": origin, **fields})
        environ["wsgi.input"], environ["wsgi.errors"] = io.BytesIO(), io.StringIO()
        serve(checked, environ)


# Nested middlewares.


def test_the_outer_middleware_decides(caplog: pytest.LogCaptureFixture) -> None:
    """One origin, one `Vary`, and one warning that the inner one has no effect."""
    inner = CORSMiddleware(app, allow_origins=["*"])
    outer = CORSMiddleware(inner, policy=POLICY)
    for _ in range(2):
        status, headers, _ = serve(outer, environ_of("GET", {"Origin": ORIGIN}))
        assert status == "200 OK"
        assert [value for name, value in headers if name == "Access-Control-Allow-Origin"] == [ORIGIN]
    assert "access-control-allow-origin" not in get(outer, OTHER)
    warnings = [record for record in caplog.records if "inside another one" in record.message]
    assert len(warnings) == 1


def test_a_filter_that_raises_does_not_fail_the_request(caplog: pytest.LogCaptureFixture) -> None:
    """A filter of the user may raise."""

    def failing(record: Any) -> bool:
        raise ValueError

    logger = logging.getLogger("crossorigin")
    logger.addFilter(failing)
    try:
        outer = CORSMiddleware(CORSMiddleware(app, policy=POLICY), policy=POLICY)
        assert get(outer)["status"] == "200 OK"
    finally:
        logger.removeFilter(failing)


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_blocking_applies_inside_another_middleware(origin: str) -> None:
    """It can only refuse more requests."""
    inner = CORSMiddleware(app, policy=POLICY, on_refused="block")
    answer = get(CORSMiddleware(inner, allow_origins=["*"]), origin, "POST")
    assert answer["status"] == ("200 OK" if origin == ORIGIN else "403 Forbidden")
    assert answer["access-control-allow-origin"] == "*"


def test_a_request_that_lost_its_origin_is_logged_when_it_is_blocked(caplog: pytest.LogCaptureFixture) -> None:
    """A proxy that removes `Origin` is the cause, so its operator has to hear of it."""
    get(CORSMiddleware(app, policy=POLICY, on_refused="block"), None, "POST", Sec_Fetch_Site="cross-site")
    assert "origin-absent-cross-site" in caplog.text


def test_a_copied_environ_is_a_new_request() -> None:
    """An app that serves another request with a copy of its environ gets the headers for it, too."""

    def forwarding(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/":
            environ = {**environ, "PATH_INFO": "/inner"}
            status, headers, body = serve(middleware, environ)
            start_response(status, headers)
            return [body, str(dict(headers).get("Access-Control-Allow-Origin")).encode()]
        return app(environ, start_response)

    middleware = CORSMiddleware(forwarding, policy=POLICY)
    answer = get(middleware)
    assert answer["body"] == f"hello{ORIGIN}"
    assert answer["access-control-allow-origin"] == ORIGIN


def test_a_middleware_can_be_copied() -> None:
    """Some frameworks copy their apps deeply; the copy serves on its own."""
    middleware = copy.deepcopy(CORSMiddleware(app, policy=POLICY))
    assert get(middleware, OTHER)["ran"] == "True"
    assert get(copy.deepcopy(middleware))["access-control-allow-origin"] == ORIGIN
    assert middleware.app is app


def test_threads_share_a_middleware() -> None:
    """If many threads fill the memory at the same time, each request gets the response for its own origin."""
    origins = [f"https://a{number}.example.com" for number in range(40)]
    patterns = ["https://*.example.com", *origins[:20]]
    middleware = CORSMiddleware(app, allow_origins=patterns, allow_headers=["X-Token"])

    def ask(number: int) -> bool:
        origin = origins[number % len(origins)] if number % 3 else OTHER
        method, fields = ("OPTIONS", PREFLIGHT) if number % 2 else ("GET", {})
        answer = get(middleware, origin, method, **fields)
        return answer.get("access-control-allow-origin") == (None if origin == OTHER else origin)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(2000)))


# How servers change header fields.


def test_a_repeated_origin_is_refused() -> None:
    """Servers join repeated lines by commas; no page may read such a response."""
    answer = get(CORSMiddleware(app, policy=POLICY), f"{ORIGIN},{ORIGIN}")
    assert "access-control-allow-origin" not in answer


def test_a_header_with_underscores_does_not_help() -> None:
    """Some servers join `Access_Control_Request_Method` with the real header; the preflight is refused."""
    answer = get(CORSMiddleware(app, policy=POLICY), method="OPTIONS", Access_Control_Request_Method="GET,PUT")
    assert answer["status"] == "400 Bad Request"
    assert answer["body"] == "Disallowed CORS method"


def test_a_path_without_a_slash_is_served() -> None:
    """The standard allows an empty path, and some servers pass one without a leading slash."""
    for path in ("", "items"):
        _, headers, _ = serve(CORSMiddleware(app, policy=POLICY), environ_of("GET", {"Origin": OTHER}, path=path))
        assert ("Vary", "Origin") in headers
