"""The differences between the engines: each is shown with the engines that have it, and with those that do not."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from crossorigin.browser import ENGINES, BrowserReason, Engine, EngineName, HttpRequest, HttpResponse, browse, run
from tests.unit.browser.scripted_fetch import API, GRANT, OTHER, PAGE, answer, asked, fetch, methods, redirect, sent
from tests.unit.browser.test_cache import LISTS, PUT, Visit, granting, kept_for, names

ALLOWED = answer(**GRANT)
CREDENTIALED = {"allow_origin": PAGE, "allow_credentials": "true"}
NAMES: list[EngineName] = ["standard", "chromium", "firefox", "webkit"]

HINTS = {"DPR": "1.5", "Device-Memory": "8", "Downlink": "0.4", "ECT": "slow-2g", "RTT": "50", "Save-Data": "On",
         "Viewport-Width": "320", "Width": "32"}  # fmt: skip

SHOWN: dict[str, Callable[[EngineName], Any]] = {}
EXPECTED: dict[str, dict[EngineName, Any]] = {}


def difference(*, standard: Any, **others: Any) -> Callable[[Callable[[EngineName], Any]], Callable[[EngineName], Any]]:
    """Register a function that shows a difference. Its name is that of the field."""

    def add(show: Callable[[EngineName], Any]) -> Callable[[EngineName], Any]:
        name = show.__name__.removeprefix("_")
        SHOWN[name] = show
        EXPECTED[name] = {engine: others.get(engine, standard) for engine in NAMES}
        return show

    return add


def asking(engine: EngineName, *headers: tuple[str, str], **more: Any) -> str | None:
    """Return the names in a preflight: None without a preflight, an empty string without names."""
    given = {"headers": headers, **more}

    def first(**options: Any) -> str | None:
        verdict = fetch(ALLOWED, ALLOWED, engine=engine, **options)
        return sent(verdict)[0][1].get("Access-Control-Request-Headers", "")

    try:
        return first(**given)
    except AssertionError:
        return None


@difference(standard="user-agent", chromium=None)
def _ignored_headers(engine: EngineName) -> Any:
    return asking(engine, ("User-Agent", "x"))


@difference(standard=[None, None], chromium=["accept", None], webkit=["accept", None], firefox=[None, None])
def _joins_headers(engine: EngineName) -> Any:
    twice = (("Accept", "a" * 128), ("accept", "b"))
    return [asking(engine, *twice), asking(engine, ("Accept", "a" * 100), ("accept", "b"))]


@difference(
    standard="device-memory,downlink,dpr,ect,rtt,save-data,viewport-width,width",
    chromium=None,
)
def _extra_safelisted(engine: EngineName) -> Any:
    return asking(engine, *HINTS.items())


@difference(
    standard=[None, None],
    chromium=["range", None],
    firefox=["range", "accept"],
    webkit=["range", None],
)
def _never_safelisted(engine: EngineName) -> Any:
    return [asking(engine, ("Range", "bytes=0-99999999999999999999")), asking(engine, ("Accept", "a\xe9"))]


@difference(standard=["range"] * 3, webkit=[None, None, "range"])
def _lenient_ranges(engine: EngineName) -> Any:
    return [asking(engine, ("Range", value)) for value in ("BYTES=0-", "bytes=+1-+2", "Bytes=2-1")]


@difference(standard="null", chromium=PAGE)
def _referrer_policy_hides_origin(engine: EngineName) -> Any:
    verdict = fetch(answer(), engine=engine, mode="no-cors", method="POST", referrer_policy="no-referrer")
    return sent(verdict)[0][1]["Origin"]


@difference(
    standard=[None] * 5,
    chromium=[None, PAGE, PAGE, PAGE, PAGE],
    webkit=[None, PAGE, PAGE, PAGE, None],
)
def _initiators_always_sending_origin(engine: EngineName) -> Any:
    elements = ["fetch", "script", "image", "stylesheet", "font"]
    home = {"engine": engine, "url": f"{PAGE}/"}
    assert "Origin" not in sent(fetch(answer(), initiator="script", mode="no-cors", **home))[0][1]
    return [sent(fetch(answer(), initiator=initiator, **home))[0][1].get("Origin") for initiator in elements]


@difference(standard=["OPTIONS", "Access-Control-Request-Method"], webkit=["OPTIONS", "Origin"])
def _preflight_origin_first(engine: EngineName) -> Any:
    verdict = fetch(ALLOWED, ALLOWED, engine=engine, method="PUT")
    method, headers = sent(verdict)[0]
    assert next(iter(headers)) == "Accept"
    assert set(headers) == {"Accept", "Origin", "Access-Control-Request-Method"}
    return [method, list(headers)[1]]


@difference(standard=["", ""], chromium=[None, ""])
def _upload_preflight_needs_body(engine: EngineName) -> Any:
    upload = {"method": "POST", "upload_listener": True}
    return [asking(engine, **upload), asking(engine, **upload, body=b"x")]


@difference(standard=["x-a", "x-a"], firefox=["x-a,x-a", "x-a"])
def _preflight_repeats_names(engine: EngineName) -> Any:
    return [asking(engine, ("X-A", "1"), ("x-a", "2"), ("Accept", "a"), initiator=who) for who in ("fetch", "xhr")]


NO_HEADER = BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE


@difference(standard=NO_HEADER, chromium=None, firefox=None, webkit=None)
def _wildcard_covers_authorization(engine: EngineName) -> Any:
    wild = {"engine": engine, "headers": (("Authorization", "x"),)}
    return fetch_first(granting(allow_headers="*"), **wild)


def fetch_first(preflight: Any, **given: Any) -> BrowserReason | None:
    """Return the reason for which a preflight is refused, or None."""
    verdict = fetch(preflight, **given) if refuses(preflight, **given) else fetch(preflight, ALLOWED, **given)
    return verdict.reason


def refuses(preflight: Any, **given: Any) -> bool:
    """Return whether the request is never sent."""
    try:
        fetch(preflight, **given)
    except AssertionError:
        return False
    return True


NO_METHOD = BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE


@difference(standard=None, chromium=NO_METHOD, firefox=NO_METHOD, webkit=NO_METHOD)
def _absent_methods_allow_forced(engine: EngineName) -> Any:
    return fetch_first(answer(allow_origin="*"), engine=engine, method="PUT", upload_listener=True, body=b"x")


REDIRECTED = BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT
NO_ORIGIN = BrowserReason.PREFLIGHT_MISSING_ALLOW_ORIGIN_HEADER


@difference(standard=[REDIRECTED, REDIRECTED], firefox=[NO_ORIGIN, REDIRECTED])
def _cors_check_before_redirect(engine: EngineName) -> Any:
    redirects = answer(302, {"Location": "/x"}), redirect("/x")
    return [fetch(given, engine=engine, method="PUT").reason for given in redirects]


@difference(standard=NO_ORIGIN, webkit=BrowserReason.PREFLIGHT_INVALID_STATUS)
def _status_before_cors_check(engine: EngineName) -> Any:
    assert fetch(answer(), engine=engine, method="PUT").reason is NO_ORIGIN
    return fetch(answer(400), engine=engine, method="PUT").reason


@difference(standard=BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE, firefox=NO_METHOD)
def _method_before_header_list(engine: EngineName) -> Any:
    both = fetch(answer(allow_origin="*", allow_methods="()", allow_headers="()"), engine=engine, method="PUT")
    assert both.reason is BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE
    asks = {"engine": engine, "headers": (("X-A", "1"),)}
    bad = fetch(answer(allow_origin="*", allow_headers="(), x-b"), **asks)
    assert bad.reason is BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE
    return fetch(answer(allow_origin="*", allow_headers="()"), engine=engine, method="PUT").reason


@difference(standard=BrowserReason.TOO_MANY_REDIRECTS, chromium=None, webkit=BrowserReason.REDIRECT_INVALID)
def _empty_location(engine: EngineName) -> Any:
    count = {"chromium": 1, "webkit": 1}.get(engine, 21)
    return fetch(*[redirect("")] * count, engine=engine).reason


SEVERAL = BrowserReason.REDIRECT_INVALID


@difference(
    standard=[SEVERAL, SEVERAL, "opaqueredirect"],
    chromium=[f"{API}/b", SEVERAL, "error"],
    firefox=[f"{API}/b", SEVERAL, "error"],
    webkit=[f"{API}/b,%20/b", f"{API}/b,%20/c", "opaqueredirect"],
)
def _multiple_locations(engine: EngineName) -> Any:
    found: list[Any] = []
    for second, follows in (("/b", engine != "standard"), ("/c", engine == "webkit")):
        lines = [("Location", "/b"), ("Location", second), ("Access-Control-Allow-Origin", "*")]
        verdict = fetch(answer(302, lines), *[ALLOWED] * follows, engine=engine)
        found.append(verdict.url if follows else verdict.reason)
    return [*found, fetch(answer(302, lines), engine=engine, redirect="manual").type]


@difference(standard="error", chromium="cors", webkit="cors")
def _redirect_error_needs_location(engine: EngineName) -> Any:
    return fetch(answer(302, allow_origin="*"), engine=engine, redirect="error").type


USERINFO = BrowserReason.REDIRECT_CONTAINS_CREDENTIALS


@difference(standard=[None, None], chromium=[USERINFO, USERINFO])
def _always_refuses_userinfo(engine: EngineName) -> Any:
    home, away = "https://me@app.example/", "https://me@other.example/"
    rest = [] if engine == "chromium" else [ALLOWED]
    return [
        fetch(redirect(home), *rest, engine=engine, url=f"{PAGE}/").reason,
        fetch(redirect(away), *rest, engine=engine, mode="no-cors").reason,
    ]


TYPED = {"body": b"x", "content_type": "a/b"}


@difference(standard="DELETE", webkit="GET")
def _cross_origin_delete_becomes_get(engine: EngineName) -> Any:
    here = fetch(ALLOWED, redirect("/b"), ALLOWED, ALLOWED, engine=engine, method="DELETE")
    assert methods(here)[-1] == "DELETE"
    put = fetch(ALLOWED, redirect(f"{OTHER}/"), ALLOWED, ALLOWED, engine=engine, method="PUT")
    assert methods(put)[-1] == "PUT"
    there = fetch(ALLOWED, redirect(f"{OTHER}/"), ALLOWED, ALLOWED, engine=engine, method="DELETE", **TYPED)
    assert there.exchanges[-1].request.body == (None if engine == "webkit" else b"x")
    assert sent(there)[-1][1]["Content-Type"] == "a/b"
    return methods(there)[-1]


@difference(standard=[PAGE, PAGE, "null"], chromium=[PAGE, "null", "null"])
def _cross_origin_redirect_hides_origin(engine: EngineName) -> Any:
    home = {"engine": engine, "url": f"{PAGE}/", "method": "POST", "mode": "no-cors"}
    places = ["/b"], [f"{API}/"], [f"{API}/", f"{PAGE}/"]
    chains = [fetch(*map(redirect, chain), answer(), **home) for chain in places]
    return [sent(verdict)[-1][1]["Origin"] for verdict in chains]


@difference(standard=[PAGE, None, None, None], webkit=[PAGE, PAGE, PAGE, None])
def _keeps_origin_after_post(engine: EngineName) -> Any:
    home = {"engine": engine, "url": f"{PAGE}/", "mode": "same-origin"}
    assert "Origin" not in sent(fetch(redirect("/b"), answer(), **home))[1][1]
    verdict = fetch(redirect("/b", 302), answer(), method="POST", **home)
    away = {"engine": engine, "method": "POST", "mode": "no-cors"}
    others = [fetch(redirect(place, 302), answer(), **away) for place in ("/b", f"{OTHER}/")]
    return [headers.get("Origin") for _, headers in [*sent(verdict), *(sent(other)[1] for other in others)]]


AUTH = (("Authorization", "x"), ("X-A", "1"))


@difference(standard=["x-a", False], webkit=["authorization,x-a", False])
def _preflight_lists_dropped_headers(engine: EngineName) -> Any:
    verdict = fetch(ALLOWED, redirect(f"{OTHER}/"), ALLOWED, ALLOWED, engine=engine, headers=AUTH)
    return [sent(verdict)[2][1]["Access-Control-Request-Headers"], "Authorization" in sent(verdict)[3][1]]


@difference(
    standard=[["X-A"], ["X-A"]],
    firefox=[["X-A"], ["Authorization", "Content-Type", "X-A"]],
    webkit=[["X-A"], ["Content-Type", "X-A"]],
)
def _restored_headers(engine: EngineName) -> Any:
    hops = [ALLOWED, redirect(f"{OTHER}/", 302), ALLOWED, redirect("/b"), ALLOWED, ALLOWED]
    verdict = fetch(*hops, engine=engine, method="POST", headers=AUTH, content_type="a/b")
    return [sorted(set(sent(verdict)[index][1]) - {"Origin"}) for index in (3, 5)]


@difference(standard=[8, [*HINTS], [*HINTS]], chromium=[8, ["Save-Data"], [*HINTS]])
def _dropped_cross_origin(engine: EngineName) -> Any:
    asks = [] if engine == "chromium" else [ALLOWED]
    headers = tuple(HINTS.items())
    home = fetch(redirect("/b"), answer(), engine=engine, url=f"{PAGE}/", headers=headers)
    away = fetch(*asks, redirect("/b"), *asks, ALLOWED, engine=engine, headers=headers)
    back = fetch(*asks, redirect(f"{PAGE}/"), *asks, ALLOWED, engine=engine, headers=headers)
    left = [[name for name in sent(verdict)[-1][1] if name != "Origin"] for verdict in (away, back)]
    return [len(sent(home)[-1][1]), *left]


@difference(
    standard=[["OPTIONS", "PUT", "GET"], ["GET", "GET"], ["GET", "GET"]],
    firefox=[["OPTIONS", "PUT", "OPTIONS", "GET"], ["GET", "OPTIONS", "GET"], ["GET", "GET"]],
    webkit=[["OPTIONS", "PUT", "OPTIONS", "GET"], ["GET", "OPTIONS", "GET"], ["GET", "GET"]],
)
def _preflights_each_redirect(engine: EngineName) -> Any:
    again = [ALLOWED] if engine in {"firefox", "webkit"} else []
    changed = fetch(ALLOWED, redirect("/b", 303), *again, ALLOWED, engine=engine, method="PUT")
    left = {"engine": engine, "url": f"{PAGE}/", "headers": (("Authorization", "x"),)}
    leaving = fetch(redirect(f"{API}/"), *again, ALLOWED, **left)
    return [methods(changed), methods(leaving), methods(fetch(redirect("/b"), ALLOWED, engine=engine))]


@difference(standard=["null", "null", False], firefox=[PAGE, "null", True])
def _preflight_keeps_page_origin(engine: EngineName) -> Any:
    verdict = fetch(ALLOWED, redirect(f"{OTHER}/"), ALLOWED, ALLOWED, engine=engine, method="PUT")
    origins = [headers["Origin"] for _, headers in sent(verdict)]
    # The preflight to the page's own server needs no CORS headers, but the request does.
    unasked = answer(allow_methods="PUT")
    home = {"engine": engine, "method": "PUT"}
    free = not refuses_last(ALLOWED, redirect(f"{PAGE}/"), unasked, **home)
    return [*origins[2:], free]


def refuses_last(*answers: Any, **given: Any) -> bool:
    """Return whether the last response is refused."""
    try:
        return not fetch(*answers, **given).allowed
    except AssertionError:
        return False


@difference(standard=[(), ()], firefox=[("access-control-allow-origin", "access-control-expose-headers", "etag"), ()])
def _wildcard_exposes_despite_invalid(engine: EngineName) -> Any:
    given = answer(200, {"ETag": "e"}, allow_origin="*", expose_headers="*, @")
    assert fetch(answer(200, {"ETag": "e"}, allow_origin="*", expose_headers="etag, @"), engine=engine).exposed == ()
    return [fetch(given, engine=engine, initiator=who).exposed for who in ("fetch", "xhr")]


@difference(standard=[False, False], firefox=[True, False])
def _ignores_empty_credentials_lines(engine: EngineName) -> Any:
    lines = [[("Access-Control-Allow-Credentials", value) for value in values] for values in (("", "true"), ("", ""))]
    return [
        fetch(answer(200, given, allow_origin=PAGE), engine=engine, credentials="include").allowed for given in lines
    ]


@difference(
    standard=[[None, None, False], [None, None, False]],
    firefox=[["", "content-type", False], ["", "content-type", True]],
    webkit=[["content-type", "content-type", True], ["content-type", "content-type", True]],
)
def _drops_body_headers_again(engine: EngineName) -> Any:
    found: list[list[str | bool | None]] = []
    for last in (302, 307):
        hops = [redirect("/b", 302), redirect("/c", last), ALLOWED]

        def transport(request: HttpRequest, hops: list[HttpResponse] = hops) -> HttpResponse:
            return ALLOWED if request.preflight else hops.pop(0)

        verdict = run(asked(method="POST", content_type="a/b"), transport, engine=engine)
        asking: dict[str, str] = {}
        for exchange, (_, headers) in zip(verdict.exchanges, sent(verdict), strict=True):
            if exchange.request.preflight:
                asking[exchange.request.url] = headers.get("Access-Control-Request-Headers", "")
        names = [asking.get(f"{API}/{path}") for path in "bc"]
        found.append([*names, "Content-Type" in sent(verdict)[-1][1]])
    return found


@difference(standard=True, chromium=False)
def _caches_opaque_origins(engine: EngineName) -> Any:
    visit = Visit(engine)
    visit.asks(LISTS, **PUT, origin="null")
    return not visit.asks(LISTS, **PUT, origin="null")


@difference(standard=False, chromium=True, firefox=True)
def _caches_credentialed_wildcards(engine: EngineName) -> Any:
    visit = Visit(engine)
    then = answer(**CREDENTIALED)
    visit.asks(granting(allow_methods="PUT, *", **CREDENTIALED), **PUT, then=then, credentials="include")
    return visit.asks(granting(allow_methods="DELETE"), method="DELETE")


@difference(standard=[False, False, False], firefox=[True, False, False])
def _head_needs_cached_method(engine: EngineName) -> Any:
    found: list[bool] = []
    for method, listed in (("HEAD", {}), ("HEAD", {"allow_methods": "HEAD"}), ("POST", {})):
        visit = Visit(engine)
        grants = granting(allow_headers="x-a", **listed)
        visit.asks(grants, method=method, **names("x-a"))
        found.append(visit.asks(grants, method=method, **names("x-a")))
    return found


WILDCARD = BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED


@difference(standard=[None, None, None], webkit=[WILDCARD, None, None])
def _redirect_checked_with_credentials(engine: EngineName) -> Any:
    home = {"engine": engine, "url": f"{PAGE}/"}
    leaves = redirect(f"{API}/")
    return [
        fetch(leaves, redirect("/b"), *([] if engine == "webkit" else [ALLOWED]), **home).reason,
        fetch(leaves, ALLOWED, **home).reason,
        fetch(leaves, redirect("/b"), ALLOWED, credentials="omit", **home).reason,
    ]


@difference(standard=[5, 5], chromium=[60, 0], webkit=[60, 0], firefox=[0, 0])
def _max_age_pattern(engine: EngineName) -> Any:
    return [kept_for(engine, value) for value in ("+60", "-1")]


@difference(standard=[5, 5, 5, 60, 0], firefox=[0, 0, 5, 60, 0])
def _max_age_if_invalid(engine: EngineName) -> Any:
    return [kept_for(engine, value) for value in ("1.5", "60, 60", None, "060", "0")]


@difference(standard=100_000, chromium=7200, firefox=86_400, webkit=600)
def _max_age_cap(engine: EngineName) -> Any:
    assert kept_for(engine, "600") == 600
    return kept_for(engine, "100000")


@difference(standard=[1e9, 1e9], chromium=[7200, 5], webkit=[600, 5], firefox=[86_400, 86_400])
def _max_age_max_bits(engine: EngineName) -> Any:
    return [min(kept_for(engine, str(seconds)), 1e9) for seconds in (2**63 - 1, 2**63)]


@difference(standard=[False] * 3, chromium=[True] * 3, webkit=[True] * 3)
def _caches_one_result(engine: EngineName) -> Any:
    replaced = Visit(engine)
    replaced.asks(granting(allow_methods="PUT"), **PUT)
    assert replaced.asks(granting(allow_methods="DELETE"), method="DELETE")
    dropped = Visit(engine)
    dropped.asks(granting(allow_methods="PUT"), **PUT)
    # There is no response yet.
    assert next(browse(asked(method="DELETE"), engine=engine, cache=dropped.cache)).preflight
    # Of two concurrent requests, this one is answered last.
    shared = Visit(engine)
    fetching = {method: browse(asked(method=method), engine=engine, cache=shared.cache) for method in ("PUT", "DELETE")}
    assert all(next(fetch_).preflight for fetch_ in fetching.values())
    for method, fetch_ in fetching.items():
        assert not fetch_.send(granting(allow_methods=method)).preflight
    return [visit.asks(granting(allow_methods="PUT"), **PUT) for visit in (replaced, dropped, shared)]


@difference(standard=[True] * 4, webkit=[False, False, True, True])
def _caches_refusals(engine: EngineName) -> Any:
    listed, named, unlisted = Visit(engine), Visit(engine), Visit(engine)
    assert not fetch(granting(allow_methods="PUT"), engine=engine, cache=listed.cache, method="DELETE").allowed
    assert not fetch(granting(allow_methods="PUT"), engine=engine, cache=named.cache, **names("x-a")).allowed
    assert not fetch(
        answer(500, allow_origin="*", allow_methods="PUT"), engine=engine, cache=unlisted.cache, method="PUT"
    ).allowed
    unread = Visit(engine)
    assert not fetch(granting(allow_methods="PUT, ()"), engine=engine, cache=unread.cache, method="PUT").allowed
    return [visit.asks(granting(allow_methods="PUT"), **PUT) for visit in (listed, named, unlisted, unread)]


@difference(standard=False, firefox=True)
def _caches_by_credentials(engine: EngineName) -> Any:
    visit = Visit(engine)
    then = answer(**CREDENTIALED)
    granted = granting(allow_methods="PUT", **CREDENTIALED)
    visit.asks(granted, **PUT, then=then, credentials="include")
    assert not visit.asks(granted, **PUT, then=then, credentials="include")
    return visit.asks(granted, **PUT, then=then)


@difference(standard=[False, False], firefox=[True, True])
def _caches_wildcards(engine: EngineName) -> Any:
    visit = Visit(engine)
    visit.asks(granting(allow_methods="*", allow_headers="*"), **PUT, **names("x-a"))
    assert not visit.asks(granting(), **names("Accept"))
    return [visit.asks(granting(allow_methods="*"), **PUT), visit.asks(granting(allow_headers="*"), **names("x-a"))]


@difference(standard=[True, False, True], chromium=[False] * 3, firefox=[False] * 3, webkit=[False] * 3)
def _any_cached_result_covers_forced(engine: EngineName) -> Any:
    upload = {"method": "POST", "upload_listener": True, "body": b"x"}
    listing, result, wild = Visit(engine), Visit(engine), Visit(engine)
    listing.asks(granting(allow_methods="PUT"), **PUT)
    result.asks(granting(), **upload)
    wild.asks(granting(allow_headers="*"), **names("x-a"))
    return [visit.asks(granting(), **upload) for visit in (listing, result, wild)]


@difference(standard=True, webkit=False)
def _cached_wildcard_covers_authorization(engine: EngineName) -> Any:
    visit = Visit(engine)
    visit.asks(granting(allow_methods="*", allow_headers="*"), **PUT, **names("x-a"))
    return visit.asks(granting(allow_methods="*", allow_headers="*"), **PUT, **names("Authorization"))


@difference(
    standard=[True, True, False, True],
    chromium=[False] * 4,
    firefox=[True, True, True, False],
    webkit=[False] * 4,
)
def _clears_cache_after_failure(engine: EngineName) -> Any:
    found: list[bool] = []
    nowhere, away = redirect("ftp://api.example/"), redirect("/b")
    unwanted = {**PUT, "redirect": "error"}
    for then, blocked in ((answer(), PUT), (nowhere, PUT), (answer(), {}), (away, unwanted)):
        visit = Visit(engine)
        visit.asks(LISTS, **PUT)
        visit.asks(LISTS, then=then, **blocked)
        found.append(visit.asks(LISTS, **PUT))
    return found


@difference(standard=[False, False], chromium=[False, True])
def _max_cached_url(engine: EngineName) -> Any:
    asks: list[bool] = []
    for length in (1023, 1024):
        visit = Visit(engine)
        url = f"{API}/".ljust(length, "a")
        visit.asks(LISTS, **PUT, url=url)
        asks.append(visit.asks(LISTS, **PUT, url=url))
    return asks


@pytest.mark.parametrize("name", [field.name for field in fields(Engine) if field.name != "name"])
def test_every_difference_is_shown(name: str) -> None:
    """Each difference is shown with each engine, and the default is the standard's behavior."""
    assert {engine: SHOWN[name](engine) for engine in NAMES} == EXPECTED[name]
    (field,) = (field for field in fields(Engine) if field.name == name)
    default = field.default_factory() if callable(field.default_factory) else field.default
    assert getattr(ENGINES["standard"], name) == default


def test_the_engines_are_these_four() -> None:
    """Each difference is set in at least one engine."""
    assert [*ENGINES] == NAMES
    assert [engine.name for engine in ENGINES.values()] == NAMES
    assert set(SHOWN) == {field.name for field in fields(Engine)} - {"name"}
    for field in fields(Engine):
        assert len({repr(getattr(engine, field.name)) for engine in ENGINES.values()}) > 1, field.name
