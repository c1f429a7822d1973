"""The preflight cache: which later requests need no preflight, for which page, and for how long."""

from typing import Any

import pytest

from crossorigin.browser import (
    BrowserReason,
    EngineName,
    HttpRequest,
    HttpResponse,
    PreflightCache,
    browse,
    run,
    run_async,
)
from tests.unit.browser.scripted_fetch import API, GRANT, PAGE, answer, asked, fetch, methods, redirect

ALLOWED = answer(**GRANT)
CREDENTIALED = {"allow_origin": PAGE, "allow_credentials": "true"}


def granting(max_age: str | None = "60", **lists: str) -> HttpResponse:
    """Return the response to a preflight."""
    age = {} if max_age is None else {"max_age": max_age}
    return answer(**{"allow_origin": "*", **lists, **age})


class Visit:
    """One page and the cache of its browser. Each fetch reports whether there was a preflight."""

    def __init__(self, engine: EngineName = "standard") -> None:
        self.cache = PreflightCache()
        self.engine: EngineName = engine

    def asks(self, preflight: HttpResponse, now: float = 0.0, then: HttpResponse = ALLOWED, **fields: Any) -> bool:
        """Fetch, and answer the preflight if there is one."""

        def transport(request: HttpRequest) -> HttpResponse:
            return preflight if request.preflight else then

        verdict = run(asked(**fields), transport, engine=self.engine, cache=self.cache, now=now)
        return "OPTIONS" in methods(verdict)


@pytest.fixture
def visit() -> Visit:
    """A page with an empty cache."""
    return Visit()


PUT = {"method": "PUT"}
DELETE = {"method": "DELETE"}
LISTS = granting(allow_methods="PUT, DELETE", allow_headers="x-a, x-b")


def names(*headers: str) -> dict[str, Any]:
    """Return the headers of a request."""
    return {"headers": tuple((name, "1") for name in headers)}


def test_what_is_granted_is_not_asked_again(visit: Visit) -> None:
    """This holds for every listed method and name, also for those that were not requested, and for no other one."""
    assert visit.asks(LISTS, **PUT)
    assert not visit.asks(LISTS, **PUT)
    assert not visit.asks(LISTS, **DELETE, **names("X-B"))
    assert visit.asks(granting(allow_methods="PATCH"), method="PATCH")
    assert visit.asks(granting(allow_headers="x-c"), **names("x-c"))
    # Earlier entries stay.
    assert not visit.asks(LISTS, **DELETE, **names("X-A", "x-c"))
    assert not visit.asks(LISTS, method="PATCH")


@pytest.mark.parametrize(
    "fields",
    [{"url": f"{API}/b"}, {"url": f"{API}/?q"}, {"url": f"{API}/#f"}, {"origin": "https://b.example"}],
)
def test_another_url_or_page_asks_for_itself(visit: Visit, fields: dict[str, Any]) -> None:
    """The key of an entry is the whole URL, with query and fragment, and the origin of the page."""
    assert visit.asks(LISTS, **PUT)
    assert visit.asks(LISTS, **PUT, **fields)
    assert not visit.asks(LISTS, **PUT, **fields)


def test_what_is_granted_with_credentials_serves_without(visit: Visit) -> None:
    """An entry without credentials does not apply to requests with credentials."""
    granted = granting(allow_methods="PUT", **CREDENTIALED)
    then = answer(**CREDENTIALED)
    assert visit.asks(granted, **PUT, then=then, credentials="include")
    assert not visit.asks(granted, **PUT, then=then)
    assert not visit.asks(granted, **PUT, then=then, credentials="include")
    other = Visit()
    assert other.asks(granted, **PUT, then=then)
    assert other.asks(granted, **PUT, then=then, credentials="include")


def test_a_wildcard_is_remembered(visit: Visit) -> None:
    """It applies to every method and every name except Authorization, in requests without credentials."""
    wild = granting(allow_methods="*", allow_headers="*")
    assert visit.asks(wild, **PUT, **names("x-a"))
    assert not visit.asks(wild, **DELETE, **names("x-b"))
    assert visit.asks(granting(allow_methods="*", allow_headers="authorization"), **PUT, **names("Authorization"))
    assert not visit.asks(wild, method="PATCH", **names("Authorization", "x-z"))
    then = answer(**CREDENTIALED)
    exact = granting(allow_methods="PUT, *", allow_headers="x-a, *", **CREDENTIALED)
    assert visit.asks(exact, **PUT, **names("x-a"), then=then, credentials="include")
    other = Visit()
    assert other.asks(exact, **PUT, **names("x-a"), then=then, credentials="include")
    assert not other.asks(exact, **PUT, **names("x-a"), then=then, credentials="include")
    assert other.asks(granting(allow_methods="DELETE", **CREDENTIALED), **DELETE, then=then, credentials="include")
    assert not other.asks(granting(), method="PATCH", **names("x-q"))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, 5),
        ("", 5),
        ("0", 0),
        ("60", 60),
        ("060", 60),
        (" 60 ", 60),
        ("-1", 5),
        ("+60", 5),
        ("abc", 5),
        ("1.5", 5),
        ("60s", 5),
        ("60, 60", 5),
        ("6\n", 5),
        ("99999999999999999999", 1e20),
        ("9" * 100, 1e100),
        ("9" * 101, 1 << 64),
    ],
)
def test_the_standard_keeps_what_is_a_number(value: str | None, kept: int) -> None:
    """Digits are seconds. Any other value, and a missing one, means five seconds."""
    assert kept_for("standard", value) == kept


def kept_for(engine: EngineName, value: str | None) -> float:
    """Return for how long a permission is cached."""
    visit = Visit(engine)
    assert visit.asks(granting(value, allow_methods="PUT"), now=1000.0, **PUT)
    expires = set(visit.cache._expires.values())
    assert len(expires) == 1
    kept = expires.pop() - 1000
    for now, asks in ((1000 + kept, True), (999.5 + kept, False)):
        if 0 < kept < 10**6 or asks:
            again = Visit(engine)
            again.asks(granting(value, allow_methods="PUT"), now=1000.0, **PUT)
            assert again.asks(granting(value, allow_methods="PUT"), now=now, **PUT) is asks
    return kept


def test_a_later_preflight_replaces_the_time(visit: Visit) -> None:
    """It applies to what the response lists, even if the time is shorter."""
    assert visit.asks(granting("60", allow_methods="PUT, DELETE"), **PUT)
    assert visit.asks(granting("5", allow_methods="PUT", allow_headers="x-a"), **PUT, **names("x-a"))
    assert not visit.asks(ALLOWED, now=10, **DELETE)
    assert visit.asks(granting(allow_methods="PUT"), now=10, **PUT)


@pytest.mark.parametrize("engine", ["standard", "firefox"])
def test_each_name_is_known_for_its_own_time(engine: EngineName) -> None:
    """Each name has its own time, whatever else of the URL was removed."""
    visit = Visit(engine)
    assert visit.asks(granting("60", allow_headers="x-a"), **names("x-a"))
    assert visit.asks(granting("5", allow_headers="x-b"), **names("x-b"))
    assert not visit.asks(ALLOWED, now=10, **names("x-a"))
    assert visit.asks(ALLOWED, now=10, **names("x-b"))


async def test_without_a_time_it_is_zero() -> None:
    """This holds for the core and for both transports."""

    async def transport(_: HttpRequest) -> HttpResponse:
        return LISTS

    by_hand, driven, driven_async = PreflightCache(), PreflightCache(), PreflightCache()
    fetching = browse(asked(**PUT), cache=by_hand)
    assert next(fetching).preflight
    assert not fetching.send(LISTS).preflight
    run(asked(**PUT), lambda _: LISTS, cache=driven)
    await run_async(asked(**PUT), transport, cache=driven_async)
    for cache in (by_hand, driven, driven_async):
        for now, asks in ((59.5, False), (60, True)):
            assert next(browse(asked(**PUT), cache=cache, now=now)).preflight is asks


def test_without_a_cache_nothing_is_remembered() -> None:
    """Each fetch needs its preflight."""
    for _ in range(2):
        assert methods(fetch(LISTS, ALLOWED, **PUT)) == ["OPTIONS", "PUT"]


@pytest.mark.parametrize("failing", [answer(500), granting(allow_methods="GET"), None], ids=["500", "method", "lost"])
def test_a_preflight_that_fails_makes_its_url_forgotten(visit: Visit, failing: HttpResponse | None) -> None:
    """All entries of its URL are removed, with and without credentials, and those of other URLs stay."""
    assert visit.asks(LISTS, **PUT)
    assert visit.asks(LISTS, **PUT, url=f"{API}/b")
    assert not fetch(failing, cache=visit.cache, method="PATCH").allowed
    assert visit.asks(LISTS, **PUT)
    assert not visit.asks(LISTS, **PUT, url=f"{API}/b")


def test_a_response_that_is_blocked_makes_its_url_forgotten(visit: Visit) -> None:
    """This holds for requests with a preflight only."""
    assert visit.asks(LISTS, **PUT)
    assert fetch(answer(), cache=visit.cache).reason is BrowserReason.MISSING_ALLOW_ORIGIN_HEADER
    assert not visit.asks(LISTS, **PUT)
    assert fetch(answer(), cache=visit.cache, **PUT).reason is BrowserReason.MISSING_ALLOW_ORIGIN_HEADER
    assert visit.asks(LISTS, **PUT)


@pytest.mark.parametrize("failing", [None, redirect("ftp://api.example/")], ids=["lost", "nowhere"])
def test_what_fails_after_its_preflight_makes_its_url_forgotten(visit: Visit, failing: HttpResponse | None) -> None:
    """This holds for any failure, even if no preflight was needed. Requests that never need one change nothing."""
    assert visit.asks(LISTS, **PUT)
    assert not fetch(failing, cache=visit.cache).allowed
    assert not visit.asks(LISTS, **PUT)
    assert not fetch(failing, cache=visit.cache, **PUT).allowed
    assert visit.asks(LISTS, **PUT)


def test_what_is_refused_is_not_remembered(visit: Visit) -> None:
    """A failed preflight adds no entries."""
    assert not fetch(LISTS, cache=visit.cache, method="PATCH").allowed
    assert len(visit.cache) == 0
    assert visit.asks(LISTS, **PUT)
    assert len(visit.cache) == 4


def test_an_upload_asks_for_its_own_method(visit: Visit) -> None:
    """An entry for the method, or a missing list, makes the preflight unnecessary."""
    upload = {"method": "POST", "upload_listener": True}
    assert visit.asks(granting(allow_methods="PUT"), **upload)
    assert visit.asks(granting(), **upload)
    assert not visit.asks(granting(), **upload)
    assert not visit.asks(granting(), **PUT)
    assert not visit.asks(granting(), method="POST")


def test_a_redirect_asks_for_where_it_leads(visit: Visit) -> None:
    """Each URL has its own entries, and another page if the origin has become `null`."""
    elsewhere = redirect("https://other.example/")
    first = fetch(LISTS, elsewhere, LISTS, ALLOWED, cache=visit.cache, **PUT)
    assert methods(first) == ["OPTIONS", "PUT", "OPTIONS", "PUT"]
    assert methods(fetch(elsewhere, ALLOWED, cache=visit.cache, **PUT)) == ["PUT", "PUT"]
    assert visit.asks(LISTS, url="https://other.example/", **PUT)
