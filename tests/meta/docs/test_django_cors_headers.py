"""The page on django-cors-headers: each difference is shown with both packages, and each setting exists there."""

import logging
from collections.abc import Callable
from typing import Any

import corsheaders.conf
import corsheaders.signals
import pytest
from django.http import HttpResponse
from django.test import Client

import crossorigin.django
from crossorigin import InvalidPolicyError
from crossorigin.adapters.django.options import read_options
from crossorigin.adapters.django.setting_names import KNOWN, OLD_NAMES
from tests.cases.django_project import OURS, project
from tests.meta.docs.documents import ROOT, rows_of

PAGE_PATH = ROOT / "docs" / "migrate-from-django-cors-headers.md"
PAGE, OTHER = "https://app.example.com", "https://other.example"
THEIRS = "corsheaders.middleware.CorsMiddleware"
BOTH = (THEIRS, OURS)
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
DIFFERENCES: dict[str, Callable[[], None]] = {}


def difference(row: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the function that shows a row."""

    def add(show: Callable[[], None]) -> Callable[[], None]:
        DIFFERENCES[row] = show
        return show

    return add


def ok(request: Any) -> HttpResponse:
    """Answer something."""
    return HttpResponse("ok", headers={"Allow": "GET"})


def own(request: Any) -> HttpResponse:
    """Answer with a header of the view."""
    return HttpResponse("own", headers={ALLOW_ORIGIN: "*"})


def crash(request: Any) -> HttpResponse:
    """Raise."""
    raise ZeroDivisionError


def ask(middleware: str, path: str = "/", origin: str = PAGE, method: str = "GET", **given: Any) -> Any:
    """Return the response of one of the packages with these settings; `fields` are more header fields."""
    fields = {"Origin": origin, **given.pop("fields", {})}
    settings = {"CORS_ALLOWED_ORIGINS": [PAGE], **given}
    with project({"": ok, "own": own, "crash": crash}, MIDDLEWARE=[middleware], **settings):
        sent = {name: value for name, value in fields.items() if value}
        return Client(raise_request_exception=False).generic(method, path, headers=sent)


def preflight(middleware: str, method: str = "GET", names: str = "", origin: str = PAGE, **given: Any) -> Any:
    """Return the response to a preflight."""
    fields = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": names}
    return ask(middleware, origin=origin, method="OPTIONS", fields=fields, **given)


def allowed(response: Any) -> str | None:
    """Return the origin that a response allows."""
    value: str | None = response.headers.get(ALLOW_ORIGIN)
    return value


@difference("An error in an origin, such as an upper-case letter")
def _() -> None:
    wrong = {"CORS_ALLOWED_ORIGINS": ["https://App.example.com"]}
    assert allowed(ask(THEIRS, **wrong)) is None
    with pytest.raises(InvalidPolicyError, match="origin-uppercase"):
        ask(OURS, **wrong)


@difference("A misspelled setting")
def _() -> None:
    wrong = {"CORS_ALLOWED_ORIGIN": [OTHER]}
    assert allowed(ask(THEIRS, origin=OTHER, **wrong)) is None
    with pytest.raises(InvalidPolicyError, match="rename it to CORS_ALLOWED_ORIGINS"):
        ask(OURS, **wrong)


@difference("All origins with credentials")
def _() -> None:
    everyone = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}
    response = ask(THEIRS, origin=OTHER, **everyone)
    assert (allowed(response), response.headers["Access-Control-Allow-Credentials"]) == (OTHER, "true")
    with pytest.raises(InvalidPolicyError, match="wildcard-with-credentials"):
        ask(OURS, **everyone)


@difference("A regular expression for origins")
def _() -> None:
    regexes = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\.example\.com"], "CORS_ALLOWED_ORIGINS": []}
    untrusted = f"{PAGE}.evil.example"
    assert [allowed(ask(middleware, origin=untrusted, **regexes)) for middleware in BOTH] == [untrusted, None]
    assert [allowed(ask(middleware, **regexes)) for middleware in BOTH] == [PAGE, PAGE]


@difference("A view's own Access-Control-Allow-Origin")
def _() -> None:
    assert [allowed(ask(middleware, "/own", OTHER)) for middleware in BOTH] == ["*", None]
    assert [allowed(ask(middleware, "/own")) for middleware in BOTH] == [PAGE, PAGE]


@difference("A preflight of an origin that is not allowed")
def _() -> None:
    theirs, ours = (preflight(middleware, origin=OTHER) for middleware in BOTH)
    assert (theirs.status_code, allowed(theirs)) == (200, None)
    assert (ours.status_code, ours.content, allowed(ours)) == (400, b"Disallowed CORS origin", None)


@difference("A preflight for a method or header that is not allowed")
def _() -> None:
    for method, names, refused in (("QUERY", "", b"method"), ("GET", "x-other", b"headers")):
        theirs, ours = (preflight(middleware, method, names) for middleware in BOTH)
        assert (theirs.status_code, ours.status_code) == (200, 400)
        assert ours.content == b"Disallowed CORS " + refused


@difference("An OPTIONS request without Origin")
def _() -> None:
    fields = {"Access-Control-Request-Method": "GET"}
    theirs, ours = (ask(middleware, origin="", method="OPTIONS", fields=fields) for middleware in BOTH)
    assert (theirs.content, ours.content) == (b"", b"ok")


@difference("The response to an actual OPTIONS request")
def _() -> None:
    theirs, ours = (ask(middleware, method="OPTIONS") for middleware in BOTH)
    assert theirs.content == ours.content == b"ok"
    assert ["Access-Control-Allow-Methods" in answer.headers for answer in (theirs, ours)] == [True, False]


@difference("Access-Control-Allow-Headers")
def _() -> None:
    theirs, ours = (
        {name.strip().lower() for name in preflight(middleware).headers["Access-Control-Allow-Headers"].split(",")}
        for middleware in BOTH
    )
    assert ours - theirs == {"accept-language", "content-language"}
    assert theirs < ours


@difference("The signal for one request of another origin")
def _() -> None:
    sent: list[str] = []

    def receiver(sender: Any, request: Any, **_: Any) -> bool:
        sent.append(request.headers["Origin"])
        return True

    for (signal, middleware), expected in zip(_signals(), ([OTHER, OTHER, "null", "null"], [OTHER]), strict=True):
        signal.connect(receiver)
        sent.clear()
        assert allowed(ask(middleware, origin=OTHER, CORS_URLS_REGEX="^/api/")) == OTHER
        assert allowed(ask(middleware, origin="null", CORS_URLS_REGEX="^/api/")) == (
            "null" if middleware == THEIRS else None
        )
        signal.disconnect(receiver)
        assert sent == expected


def _signals() -> list[tuple[Any, str]]:
    return [(corsheaders.signals.check_request_enabled, THEIRS), (crossorigin.django.check_request_enabled, OURS)]


@difference("A receiver of the signal that raises")
def _() -> None:
    def receiver(sender: Any, request: Any, **_: Any) -> bool:
        raise ZeroDivisionError

    for (signal, middleware), status in zip(_signals(), (500, 200), strict=True):
        signal.connect(receiver)
        response = ask(middleware, origin=OTHER)
        signal.disconnect(receiver)
        assert (response.status_code, allowed(response)) == (status, None)


@difference("A refused request")
def _() -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("crossorigin")
    logger.addHandler(handler)
    for middleware, count in zip(BOTH, (0, 1), strict=True):
        lines.clear()
        ask(middleware, origin=OTHER)
        assert len(lines) == count
    logger.removeHandler(handler)


@pytest.mark.parametrize("row", rows_of(PAGE_PATH, "What"), ids=lambda row: str(row["What"]))
def test_each_difference_is_as_the_page_says(row: dict[str, str]) -> None:
    """The same request is sent with both packages."""
    DIFFERENCES.pop(row["What"].replace("`", ""))()


def test_every_difference_is_on_the_page() -> None:
    """Each tested difference has a row."""
    rows = {row["What"].replace("`", "") for row in rows_of(PAGE_PATH, "What")}
    assert rows >= {*DIFFERENCES}


def test_the_table_has_every_setting_of_django_cors_headers() -> None:
    """The table has all settings that the package reads, and the old names."""
    theirs = {name for name in dir(corsheaders.conf.Settings) if name.startswith("CORS_")}
    rows = {row["Setting"] for row in rows_of(PAGE_PATH, "Setting")} - {"any other CORS_ name"}
    assert rows == theirs | {*OLD_NAMES}
    assert rows <= KNOWN | {*OLD_NAMES}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"CORS_ALLOW_CREDENTIALS": True, "CORS_EXPOSE_HEADERS": ["X-Total"]},
        {"CORS_ALLOW_METHODS": ["GET", "PUT"], "CORS_PREFLIGHT_MAX_AGE": 60},
        {"CORS_PREFLIGHT_MAX_AGE": 0},
        {"CORS_ALLOW_ALL_ORIGINS": True},
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://\w+\.example$"]},
        {"CORS_ALLOW_HEADERS": (*crossorigin.django.default_headers, "x-token")},
    ],
    ids=str,
)
def test_all_else_is_answered_alike(given: dict[str, Any]) -> None:
    """The same settings give the same origins the same access."""
    for origin in (PAGE, OTHER, "null", "https://elsewhere.test"):
        for path in ("/", "/none", "/crash"):
            theirs, ours = (ask(middleware, path, origin, **given) for middleware in BOTH)
            assert theirs.status_code == ours.status_code
            assert _cors(theirs) == _cors(ours)
        theirs, ours = (preflight(middleware, "PUT", "content-type", origin, **given) for middleware in BOTH)
        assert allowed(theirs) == allowed(ours)
        if allowed(ours):
            names = ("Access-Control-Allow-Methods", "Access-Control-Max-Age", "Access-Control-Allow-Credentials")
            assert [theirs.headers.get(name) for name in names] == [ours.headers.get(name) for name in names]


def _cors(response: Any) -> dict[str, str]:
    return {
        name.lower(): value.lower() for name, value in response.headers.items() if name.lower().startswith("access-")
    }


def test_paths_outside_the_setting_get_nothing() -> None:
    """`CORS_URLS_REGEX` decides in the same way."""
    for path, expected in (("/", None), ("/none", PAGE)):
        assert [allowed(ask(middleware, path, CORS_URLS_REGEX="^/no")) for middleware in BOTH] == [expected, expected]


def test_old_names_are_read() -> None:
    """They cause the warning on the page."""
    with project({}, CORS_ORIGIN_WHITELIST=[PAGE]):
        options = read_options()
    assert (options.policy.allow_origins, [*options.old_names]) == ((PAGE,), ["CORS_ORIGIN_WHITELIST"])
