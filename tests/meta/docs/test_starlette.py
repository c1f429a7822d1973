"""The tables about Starlette: each difference and each common feature is shown with both classes."""

import inspect
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette as StarletteApp
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from crossorigin import CORSMiddleware as Ours
from crossorigin import InvalidPolicyError
from crossorigin.starlette import cors
from tests.meta.docs.documents import MIGRATION, names_of, rows_of
from tests.meta.docs.exchange import Answer, App, Header, send

PAGE = "https://app.example.com"
UNTRUSTED = "https://evil.example"
ASK = "access-control-request-method"
ASK_HEADERS = "access-control-request-headers"
ALLOW_ORIGIN = "access-control-allow-origin"
ALLOW_CREDENTIALS = "access-control-allow-credentials"
ALLOW_METHODS = "access-control-allow-methods"
ALLOW_HEADERS = "access-control-allow-headers"
EXPOSE = "access-control-expose-headers"
MAX_AGE = "access-control-max-age"

DIFFERENCES: dict[str, Callable[[], None]] = {}


def difference(row: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the function that shows a row."""

    def add(show: Callable[[], None]) -> Callable[[], None]:
        DIFFERENCES[row] = show
        return show

    return add


def answering(*headers: Header) -> App:
    """An app that answers every request with these headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        own = [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b""})

    return app


def both(method: str, request: list[Header], *, app: App | None = None, **options: Any) -> tuple[Answer, Answer]:
    """The responses of Starlette's class and of ours to one request, with the same options."""
    inner = app or answering()
    theirs, ours = (send(wrap(inner, **options), method, request) for wrap in (Starlette, Ours))
    return theirs, ours


def preflight(origin: str, method: str, names: str | None = None, **options: Any) -> tuple[Answer, Answer]:
    """The responses of both to a preflight."""
    asked = [] if names is None else [(ASK_HEADERS, names)]
    return both("OPTIONS", [("origin", origin), (ASK, method), *asked], **options)


@difference("An error in the options")
def _() -> None:
    mistake: dict[str, Any] = {"allow_origins": [f"{PAGE}/"]}
    assert not send(Starlette(answering(), **mistake), "GET", [("origin", PAGE)]).granted()
    with pytest.raises(InvalidPolicyError):
        Ours(answering(), **mistake)


@difference("One string for `allow_origins`")
def _() -> None:
    mistake: Any = PAGE
    part = PAGE.removesuffix(".com")
    answer = send(Starlette(answering(), allow_origins=mistake), "GET", [("origin", part)])
    assert answer.lines(ALLOW_ORIGIN) == [part]
    with pytest.raises(InvalidPolicyError):
        Ours(answering(), allow_origins=mistake)


@difference('`"*"` with credentials')
def _() -> None:
    options: dict[str, Any] = {"allow_origins": ["*"], "allow_credentials": True}
    answer = send(Starlette(answering(), **options), "GET", [("origin", UNTRUSTED)])
    assert answer.lines(ALLOW_ORIGIN) == [UNTRUSTED]
    assert answer.lines(ALLOW_CREDENTIALS) == ["true"]
    with pytest.raises(InvalidPolicyError):
        Ours(answering(), **options)


@difference('`"null"` with credentials')
def _() -> None:
    options: dict[str, Any] = {"allow_origins": ["null"], "allow_credentials": True}
    answer = send(Starlette(answering(), **options), "GET", [("origin", "null")])
    assert answer.lines(ALLOW_ORIGIN) == ["null"]
    assert answer.lines(ALLOW_CREDENTIALS) == ["true"]
    with pytest.raises(InvalidPolicyError):
        Ours(answering(), **options)


@difference("A regular expression that one long `Origin` keeps busy")
def _() -> None:
    options: dict[str, Any] = {"allow_origin_regex": r"https://([a-z0-9-]+\.?)+example\.com"}
    assert send(Starlette(answering(), **options), "GET", [("origin", PAGE)]).lines(ALLOW_ORIGIN) == [PAGE]
    assert send(Ours(answering(), **options), "GET", [("origin", PAGE)]).lines(ALLOW_ORIGIN) == [PAGE]
    # Starlette's class would need hours for this one.
    assert send(Ours(answering(), **options), "GET", [("origin", f"https://{'a' * 300}")]).lines(ALLOW_ORIGIN) == []


@difference("A regular expression with a back-reference, or a conditional, atomic or possessive part")
def _() -> None:
    for text in (
        r"https://(app)\.\1\.example\.com",
        r"(https)?(?(1)://|x)app\.example\.com",
        r"https://(?>app)\.example\.com",
        r"https://[a-z]++\.example\.com",
    ):
        Starlette(answering(), allow_origin_regex=text)
        with pytest.raises(InvalidPolicyError, match="regex-unsupported"):
            Ours(answering(), allow_origin_regex=text)


@difference("A regular expression that allows untrusted origins, with credentials")
def _() -> None:
    options: dict[str, Any] = {"allow_origin_regex": r"https://.*example\.com", "allow_credentials": True}
    untrusted = "https://evilexample.com"
    answer = send(Starlette(answering(), **options), "GET", [("origin", untrusted)])
    assert answer.lines(ALLOW_ORIGIN) == [untrusted]
    with pytest.raises(InvalidPolicyError, match="regex-allows-untrusted-origins"):
        Ours(answering(), **options)


@difference("`is_allowed_origin` and the like in a subclass")
def _() -> None:
    def nobody(self: object, origin: str) -> bool:
        return False

    body = {"is_allowed_origin": nobody}
    theirs: Any = type("Theirs", (Starlette,), body)
    assert not send(theirs(answering(), allow_origins=[PAGE]), "GET", [("origin", PAGE)]).granted()
    with pytest.raises(TypeError, match="is_allowed_origin"):
        type("Mine", (Ours,), body)


@difference("Patterns in `allow_origins`")
def _() -> None:
    theirs, ours = both("GET", [("origin", PAGE)], allow_origins=["https://*.example.com"])
    assert not theirs.granted()
    assert ours.lines(ALLOW_ORIGIN) == [PAGE]


@difference("A list that changes later")
def _() -> None:
    origins = [PAGE]
    theirs, ours = (wrap(answering(), allow_origins=origins) for wrap in (Starlette, Ours))
    origins.append(UNTRUSTED)
    assert send(theirs, "GET", [("origin", UNTRUSTED)]).lines(ALLOW_ORIGIN) == [UNTRUSTED]
    assert not send(ours, "GET", [("origin", UNTRUSTED)]).granted()


@difference("A route's own `Access-Control-Allow-Origin`, origin refused")
def _() -> None:
    for request in ([("origin", UNTRUSTED)], []):
        theirs, ours = both("GET", request, app=answering((ALLOW_ORIGIN, "*")), allow_origins=[PAGE])
        assert theirs.lines(ALLOW_ORIGIN) == ["*"]
        assert not ours.granted()


@difference("A route's own `Access-Control-Allow-Credentials`, `-Methods`, `-Headers`, `-Max-Age`")
def _() -> None:
    own = [(ALLOW_CREDENTIALS, "true"), (ALLOW_METHODS, "PUT"), (ALLOW_HEADERS, "x-token"), (MAX_AGE, "60")]
    theirs, ours = both("GET", [("origin", PAGE)], app=answering(*own), allow_origins=[PAGE])
    assert theirs.granted() == {ALLOW_ORIGIN, *(name for name, _ in own)}
    assert ours.granted() == {ALLOW_ORIGIN}


@difference("A route's own `Access-Control-Expose-Headers`")
def _() -> None:
    app = answering((EXPOSE, "X-Page"))
    theirs, ours = both("GET", [("origin", PAGE)], app=app, allow_origins=[PAGE], expose_headers=["X-Total"])
    assert theirs.lines(EXPOSE) == ["X-Total"]
    assert ours.lines(EXPOSE) == ["X-Total, X-Page"]


@difference("A response to a refused origin")
def _() -> None:
    options: dict[str, Any] = {"allow_origins": [PAGE], "allow_credentials": True, "expose_headers": ["X-Total"]}
    theirs, ours = both("GET", [("origin", UNTRUSTED)], **options)
    assert theirs.granted() == {ALLOW_CREDENTIALS, EXPOSE}
    assert not ours.granted()


@difference("A refused preflight")
def _() -> None:
    options: dict[str, Any] = {"allow_origins": [PAGE], "allow_credentials": True}
    theirs, ours = preflight(UNTRUSTED, "GET", **options)
    assert theirs.granted() == {ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, MAX_AGE}
    assert not ours.granted()
    theirs, ours = preflight(PAGE, "PUT", **options)
    assert theirs.granted() == {ALLOW_ORIGIN, ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, MAX_AGE}
    assert ours.granted() == {ALLOW_ORIGIN, ALLOW_CREDENTIALS}
    assert theirs.status == ours.status == 400
    assert theirs.body == ours.body == "Disallowed CORS method"


@difference('`"*"`, and a request without `Origin`')
def _() -> None:
    theirs, ours = both("GET", [], allow_origins=["*"])
    assert not theirs.granted()
    assert theirs.lines("vary") == ["Origin"]
    assert ours.lines(ALLOW_ORIGIN) == ["*"]
    assert ours.lines("vary") == []


@difference("A response that has `Vary` already")
def _() -> None:
    for own, kept in (("Origin", ["Origin"]), ("*", ["*"]), ("origin, Accept", ["origin, Accept"])):
        theirs, ours = both("GET", [("origin", PAGE)], app=answering(("vary", own)), allow_origins=[PAGE])
        assert theirs.lines("vary") == [f"{own}, Origin"]
        assert ours.lines("vary") == kept


@difference('`expose_headers=["*"]` with credentials')
def _() -> None:
    app = answering(("etag", '"1"'), ("x-total", "42"), ("content-type", "text/plain"))
    options: dict[str, Any] = {"allow_origins": [PAGE], "allow_credentials": True, "expose_headers": ["*"]}
    theirs, ours = both("GET", [("origin", PAGE)], app=app, **options)
    assert theirs.lines(EXPOSE) == ["*"]
    assert ours.lines(EXPOSE) == ["etag, x-total"]


@difference("`Access-Control-Request-Private-Network`")
def _() -> None:
    request = [("origin", PAGE), (ASK, "GET"), ("access-control-request-private-network", "true")]
    theirs, ours = both("OPTIONS", request, allow_origins=[PAGE])
    assert (theirs.status, theirs.body) == (400, "Disallowed CORS private-network")
    assert (ours.status, ours.body) == (200, "OK")


@difference("Several `Origin` lines")
def _() -> None:
    theirs, ours = both("GET", [("origin", PAGE), ("origin", UNTRUSTED)], allow_origins=[PAGE])
    assert theirs.lines(ALLOW_ORIGIN) == [PAGE]
    assert not ours.granted()


@difference("What `allow_origin_regex` is matched with")
def _() -> None:
    for sent in ("null", "https://app.example.com:443"):
        theirs, ours = both("GET", [("origin", sent)], allow_origin_regex=".*")
        assert theirs.lines(ALLOW_ORIGIN) == [sent]
        assert not ours.granted()


@difference('Requested headers, `allow_headers=["*"]`')
def _() -> None:
    for sent, answered in (("x-a,x-b,x-a", "x-a, x-b"), ("x-a, not a name", None)):
        theirs, ours = preflight(PAGE, "GET", sent, allow_origins=[PAGE], allow_headers=["*"])
        assert theirs.status == 200
        assert theirs.lines(ALLOW_HEADERS) == [sent]
        assert ours.lines(ALLOW_HEADERS) == ([] if answered is None else [answered])
        assert ours.status == (400 if answered is None else 200)


@difference("Requested headers with empty elements, or on several lines")
def _() -> None:
    options: dict[str, Any] = {"allow_origins": [PAGE], "allow_headers": ["x-a"]}
    theirs, ours = preflight(PAGE, "GET", "x-a, ,x-a", **options)
    assert (theirs.status, ours.status) == (400, 200)
    request = [("origin", PAGE), (ASK, "GET"), (ASK_HEADERS, "x-a"), (ASK_HEADERS, "x-other")]
    theirs, ours = both("OPTIONS", request, **options)
    assert (theirs.status, ours.status) == (200, 400)


@difference("`Access-Control-Allow-Headers`")
def _() -> None:
    options: dict[str, Any] = {"allow_origins": [PAGE], "allow_headers": ["x-b", "X-A", "content-type"]}
    theirs, ours = preflight(PAGE, "GET", **options)
    [sent] = theirs.lines(ALLOW_HEADERS)
    assert sent == "Accept, Accept-Language, Content-Language, Content-Type, X-A, content-type, x-b"
    assert ours.lines(ALLOW_HEADERS) == ["Accept, Accept-Language, Content-Language, Content-Type, X-A, x-b"]


@difference('Methods next to `"*"`')
def _() -> None:
    theirs, ours = preflight(PAGE, "PURGE", allow_origins=[PAGE], allow_methods=["*", "PURGE"])
    assert (theirs.status, ours.status) == (400, 200)


@difference('`allow_methods=["put"]`')
def _() -> None:
    theirs, ours = preflight(PAGE, "PUT", allow_origins=[PAGE], allow_methods=["put"])
    assert (theirs.status, ours.status) == (400, 200)


@difference("`max_age=None`")
def _() -> None:
    theirs, ours = preflight(PAGE, "GET", allow_origins=[PAGE], max_age=None)
    assert theirs.lines(MAX_AGE) == ["None"]
    assert ours.lines(MAX_AGE) == []


@difference("The app's message")
def _() -> None:
    for wrap, growing in ((Starlette, "Accept, Origin, Origin"), (Ours, "Accept, Origin")):
        start = {"type": "http.response.start", "status": 200, "headers": [(b"vary", b"Accept")]}
        wrapped = wrap(sending_again(start), allow_origins=[PAGE])
        send(wrapped, "GET", [("origin", PAGE)])
        assert send(wrapped, "GET", [("origin", PAGE)]).lines("vary") == [growing]


def sending_again(start: dict[str, Any]) -> App:
    """An app that always sends the same message object."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    return app


@difference("A crash that nobody handles")
def _() -> None:
    with started(added(Starlette)) as theirs, started(added(Ours)) as ours:
        for client, granted in ((theirs, []), (ours, [PAGE])):
            answer = client.get("/crash", headers={"Origin": PAGE})
            assert (answer.status_code, answer.text) == (500, "Internal Server Error")
            assert answer.headers.get_list(ALLOW_ORIGIN) == granted


@difference("A middleware that is added after it")
def _() -> None:
    with started(added(Starlette, RequireToken)) as theirs, started(added(Ours, RequireToken)) as ours:
        for client, preflight, granted in ((theirs, 401, []), (ours, 200, [PAGE])):
            answer = client.get("/", headers={"Origin": PAGE})
            assert (answer.status_code, answer.headers.get_list(ALLOW_ORIGIN)) == (401, granted)
            answer = client.options("/", headers={"Origin": PAGE, ASK: "GET"})
            assert (answer.status_code, answer.headers.get_list(ALLOW_ORIGIN)) == (preflight, granted)


@difference("What such a middleware answers itself, for example /metrics or a token")
def _() -> None:
    for wrap, options, granted in ((Starlette, {}, []), (Ours, {}, [PAGE]), (Ours, {"outermost": False}, [])):
        with logged(logging.INFO) as told, started(added(wrap, Metrics, **options)) as client:
            answer = client.get("/metrics", headers={"Origin": PAGE})
        assert (answer.text, answer.headers.get_list(ALLOW_ORIGIN)) == ("requests 1", granted)
        assert ["Metrics" in line and "outermost=False" in line for line in told] == [True] * len(granted)


@difference("Two of them, around an app and an app mounted in it")
def _() -> None:
    for wrap, exposed, warnings in ((Starlette, ["X-Total"], 0), (Ours, [], 1)):
        outer = added(wrap)
        outer.mount("/inner", added(wrap, expose_headers=["X-Total"]))
        with logged() as told, started(outer) as client:
            # The mounted app builds its stack when the first request reaches it.
            for _ in range(2):
                answer = client.get("/inner/", headers={"Origin": PAGE})
        assert answer.headers.get_list(ALLOW_ORIGIN) == [PAGE]
        assert answer.headers.get_list(EXPOSE) == exposed
        assert len(told) == warnings


@difference("`Route(middleware=...)` and `Mount(middleware=...)`, for a per-route policy")
def _() -> None:
    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    inside = [Middleware(Starlette, allow_origins=[PAGE])]
    theirs = StarletteApp(
        routes=[Route("/route", hello, middleware=inside), Mount("/mount", routes=[], middleware=inside)]
    )
    policy = cors(allow_origins=[PAGE])
    ours = StarletteApp(routes=[Route("/route", policy(hello)), policy(Mount("/mount", routes=[]))])
    ours.add_middleware(Ours)
    for app, preflight, granted in ((theirs, 405, []), (ours, 200, [PAGE])):
        with started(app) as client:
            assert client.options("/route", headers={"Origin": PAGE, ASK: "GET"}).status_code == preflight
            answer = client.get("/mount/nowhere", headers={"Origin": PAGE})
            assert (answer.status_code, answer.headers.get_list(ALLOW_ORIGIN)) == (404, granted)


@difference("A refused request")
def _() -> None:
    for wrap, warnings in ((Starlette, 0), (Ours, 1)):
        with logged() as told, started(added(wrap)) as client:
            assert client.get("/", headers={"Origin": UNTRUSTED}).status_code == 200
        assert [UNTRUSTED in message for message in told] == [True] * warnings


def started(app: Any) -> TestClient:
    """A client of a started app, for which a 500 is a response."""
    return TestClient(app, raise_server_exceptions=False)


class Metrics:
    """A middleware that answers one path itself."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer the metrics."""
        app = PlainTextResponse("requests 1") if scope.get("path") == "/metrics" else self.app
        await app(scope, receive, send)


class RequireToken:
    """A middleware that answers every request itself."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse every request."""
        refuses = scope["type"] == "http"
        await (PlainTextResponse("no token", 401) if refuses else self.app)(scope, receive, send)


def added(wrap: Any, *later: Any, **options: Any) -> StarletteApp:
    """An app with the middleware, and with another one that was added later."""

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    async def crash(request: Request) -> PlainTextResponse:
        raise RuntimeError

    app = StarletteApp(routes=[Route("/", hello), Route("/crash", crash)])
    app.add_middleware(wrap, allow_origins=[PAGE], **options)
    for middleware in later:
        app.add_middleware(middleware)
    return app


@contextmanager
def logged(level: int = logging.WARNING) -> Generator[list[str]]:
    """Keep what is logged at a level or above."""
    told: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    logger, keeper = logging.getLogger("crossorigin"), Keeper(level)
    logger.addHandler(keeper)
    before = logger.level
    logger.setLevel(level)
    try:
        yield told
    finally:
        logger.removeHandler(keeper)
        logger.setLevel(before)


@pytest.mark.parametrize("row", DIFFERENCES)
def test_a_difference_is_one(row: str) -> None:
    """Both classes behave as their columns say."""
    DIFFERENCES[row]()


def test_every_difference_in_the_tables_is_shown() -> None:
    """The tables have exactly the rows that are shown here, in order."""
    assert names_of(rows_of(MIGRATION, "What")) == [row.replace("`", "") for row in DIFFERENCES]


def test_the_options_have_starlettes_names_order_and_defaults() -> None:
    """Every call of Starlette's class is a valid call of ours."""
    ours = inspect.signature(Ours).parameters
    for name, parameter in inspect.signature(Starlette).parameters.items():
        assert list(ours).index(name) == list(inspect.signature(Starlette).parameters).index(name)
        assert ours[name].default == parameter.default
        assert ours[name].kind == parameter.kind


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY", "PURGE"])
@pytest.mark.parametrize("allowed", [["*"], ["PUT"], ["GET"]])
@pytest.mark.parametrize("names", [None, "x-token", "X-Other"])
def test_a_preflight_has_starlettes_status_and_body(method: str, allowed: list[str], names: str | None) -> None:
    """The responses are those of Starlette. A list also applies to GET, HEAD and POST."""
    options: dict[str, Any] = {"allow_origins": [PAGE], "allow_methods": allowed, "allow_headers": ["X-Token"]}
    theirs, ours = preflight(PAGE, method, names, **options)
    assert (theirs.status, theirs.body) == (ours.status, ours.body)
    assert theirs.lines("vary") == ours.lines("vary")
    if ours.status == 200:
        assert sorted(theirs.headers) == sorted(ours.headers)


def test_a_regular_expression_must_match_the_whole_origin() -> None:
    """Text after a match does not match, as in Starlette."""
    for origin, granted in ((PAGE, [PAGE]), (f"{PAGE}.evil.example", [])):
        theirs, ours = both("GET", [("origin", origin)], allow_origin_regex=r"https://app\.example\.com")
        assert theirs.lines(ALLOW_ORIGIN) == ours.lines(ALLOW_ORIGIN) == granted
