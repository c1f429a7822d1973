"""Redirects: their target, what they remove, and when the origin becomes `null`."""

from typing import Any

import pytest

from crossorigin.browser import BrowserReason, EngineName, HttpResponse, Verdict
from tests.unit.browser.scripted_fetch import API, GRANT, OTHER, PAGE, answer, fetch, methods, redirect, sent

ALLOWED = answer(**GRANT)
AUTH = (("Authorization", "Bearer t"), ("X-A", "1"))


def origins(verdict: Verdict) -> list[str | None]:
    """Return the origin of each request."""
    return [headers.get("Origin") for _, headers in sent(verdict)]


@pytest.mark.parametrize(
    ("chain", "arrives"),
    [
        ([API, API], [PAGE, PAGE]),
        ([API, OTHER], [PAGE, "null"]),
        ([API, OTHER, API], [PAGE, "null", "null"]),
        ([API, PAGE], [PAGE, "null"]),
        ([API, API, OTHER, OTHER], [PAGE, PAGE, "null", "null"]),
        ([API, "http://api.example"], [PAGE, "null"]),
        ([API, "https://api.example:8443"], [PAGE, "null"]),
        ([PAGE, API], [None, PAGE]),
        ([PAGE, PAGE, API], [None, None, PAGE]),
        ([PAGE, API, PAGE], [None, PAGE, "null"]),
        ([PAGE, PAGE], [None, None]),
    ],
)
def test_a_redirect_through_another_origin_makes_the_origin_null(chain: list[str], arrives: list[str | None]) -> None:
    """After a redirect from another origin to a different one, the origin is `null`."""
    first, *rest = chain
    verdict = fetch(*(redirect(f"{place}/") for place in rest), answer(allow_origin="*"), url=f"{first}/")
    assert origins(verdict) == arrives
    assert verdict.allowed
    assert verdict.url == f"{chain[-1]}/"
    assert verdict.type == ("basic" if set(chain) == {PAGE} else "cors")


def test_an_opaque_page_stays_one() -> None:
    """Every request of the chain has the origin `null`."""
    assert origins(fetch(redirect(f"{OTHER}/"), ALLOWED, origin="null")) == ["null", "null"]


def test_every_hop_is_checked_with_its_own_origin() -> None:
    """The redirect must allow the page's origin, and later responses must allow `null`."""
    blocked = fetch(redirect("/b", allow_origin="https://b.example"))
    assert blocked.reason is BrowserReason.ALLOW_ORIGIN_MISMATCH
    strange = fetch(redirect(f"{OTHER}/"), answer(allow_origin=PAGE))
    assert strange.reason is BrowserReason.ALLOW_ORIGIN_MISMATCH
    assert strange.culprit is not None
    assert (strange.culprit.exchange, strange.culprit.subject) == (1, "null")
    assert fetch(redirect(f"{OTHER}/"), answer(allow_origin="null")).allowed
    preflight = fetch(ALLOWED, redirect(f"{OTHER}/"), answer(allow_origin=PAGE), method="PUT")
    assert preflight.reason is BrowserReason.PREFLIGHT_ALLOW_ORIGIN_MISMATCH
    assert origins(preflight) == [PAGE, PAGE, "null"]


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "HEAD", "HEAD"),
        (303, "GET", "GET"),
    ],
)
def test_a_redirect_may_change_the_method(status: int, method: str, becomes: str) -> None:
    """Then the body, its headers and its type are removed, and no preflight lists them."""
    body: dict[str, Any] = {} if method in {"GET", "HEAD"} else {"body": b"x", "content_type": "a/b"}
    headers = (("Content-Encoding", "x"), ("content-language", "de"), ("Content-Location", "/"), ("X-A", "1"))
    before = [ALLOWED, redirect("/b", status)]
    verdict = fetch(*before, ALLOWED, ALLOWED, method=method, headers=headers, **body)
    assert methods(verdict) == ["OPTIONS", method, "OPTIONS", becomes]
    asking, last = verdict.exchanges[2].request, verdict.exchanges[3].request
    kept = {"X-A": "1", "Origin": PAGE}
    if becomes != method:
        assert dict(sent(verdict)[3][1]) == kept
        assert last.body is None
        assert (b"Access-Control-Request-Headers", b"x-a") in asking.headers
    else:
        assert {**dict(sent(verdict)[3][1]), **kept} == dict(sent(verdict)[3][1])
        assert len(last.headers) == (5 if not body else 6)
        assert last.body == body.get("body")


def test_authorization_stays_with_its_origin() -> None:
    """It is removed before a redirect to another origin, so a preflight does not list it. Other headers stay."""
    away = fetch(ALLOWED, redirect(f"{OTHER}/"), ALLOWED, ALLOWED, headers=AUTH)
    assert sent(away)[2][1]["Access-Control-Request-Headers"] == "x-a"
    assert sent(away)[3][1] == {"X-A": "1", "Origin": "null"}
    here = fetch(ALLOWED, redirect("/b"), ALLOWED, ALLOWED, headers=AUTH)
    assert sent(here)[3][1]["Authorization"] == "Bearer t"


def test_each_hop_decides_again_whether_it_asks() -> None:
    """A request that has become a plain GET needs no preflight.

    One that leaves the page's server may need its first one.
    """
    assert methods(fetch(ALLOWED, redirect("/b", 303), ALLOWED, method="PUT")) == ["OPTIONS", "PUT", "GET"]
    leaving = fetch(redirect(f"{API}/"), ALLOWED, ALLOWED, url=f"{PAGE}/", method="PUT")
    assert methods(leaving) == ["PUT", "OPTIONS", "PUT"]
    uploading = fetch(ALLOWED, redirect("/b", 303), ALLOWED, ALLOWED, method="POST", upload_listener=True)
    assert methods(uploading) == ["OPTIONS", "POST", "OPTIONS", "GET"]


@pytest.mark.parametrize(
    ("first", "location", "mode", "blocked"),
    [
        (API, "https://me:pw@other.example/", "cors", True),
        (API, "https://me@api.example/", "cors", True),
        (API, "https://:@api.example/", "cors", False),
        (API, "https://me@app.example/", "cors", True),
        (PAGE, "https://me@api.example/", "cors", True),
        (PAGE, "https://me@app.example/", "cors", False),
        (API, "https://me@other.example/", "no-cors", False),
        (PAGE, "https://me@app.example/", "same-origin", False),
    ],
)
def test_a_location_has_no_user_name_across_origins(first: str, location: str, mode: str, *, blocked: bool) -> None:
    """With CORS, only a redirect of the page's own server to itself may contain one."""
    rest = [] if blocked else [ALLOWED]
    verdict = fetch(redirect(location), *rest, url=f"{first}/", mode=mode)
    assert verdict.reason == (BrowserReason.REDIRECT_CONTAINS_CREDENTIALS if blocked else None)
    if blocked:
        assert verdict.culprit is not None
        told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
        assert told == (0, "Location", (location,), f"{first}/")


@pytest.mark.parametrize(
    ("location", "mode", "reason"),
    [
        ("ftp://api.example/", "cors", BrowserReason.CORS_DISABLED_SCHEME),
        ("data:,x", "cors", BrowserReason.REDIRECT_INVALID),
        ("about:blank", "cors", BrowserReason.REDIRECT_INVALID),
        ("javascript:x", "cors", BrowserReason.CORS_DISABLED_SCHEME),
        ("ftp://api.example/", "no-cors", BrowserReason.REDIRECT_INVALID),
        ("https://", "cors", BrowserReason.REDIRECT_INVALID),
        ("//", "cors", BrowserReason.REDIRECT_INVALID),
    ],
)
def test_a_redirect_leads_to_http(location: str, mode: str, reason: BrowserReason) -> None:
    """Another target is an error."""
    verdict = fetch(redirect(location), mode=mode)
    assert verdict.reason is reason
    assert verdict.culprit is not None
    assert verdict.culprit.lines == (location,)


def test_twenty_redirects_are_followed() -> None:
    """And not one more."""
    assert fetch(*[redirect("/b")] * 20, ALLOWED).allowed
    verdict = fetch(*[redirect("/b")] * 21)
    assert verdict.reason is BrowserReason.TOO_MANY_REDIRECTS
    assert verdict.culprit is not None
    assert verdict.culprit.exchange == 20


@pytest.mark.parametrize(("status", "goes_on"), [(303, True), (301, False), (302, False), (307, False), (308, False)])
def test_a_stream_is_sent_once(status: int, *, goes_on: bool) -> None:
    """Only a redirect that always removes the body can be followed."""
    rest = [ALLOWED, ALLOWED] if goes_on else []
    verdict = fetch(ALLOWED, redirect("/b", status), *rest, method="POST", stream=True)
    assert verdict.reason == (None if goes_on else BrowserReason.REDIRECT_OF_STREAM)
    if goes_on:
        assert fetch(
            ALLOWED, redirect("/b", 303), ALLOWED, redirect("/c"), ALLOWED, ALLOWED, method="POST", stream=True
        )


@pytest.mark.parametrize(
    ("answer_", "mode", "kind"),
    [
        (redirect("/b"), "error", "error"),
        (redirect("/b"), "manual", "opaqueredirect"),
        (answer(302, **GRANT), "manual", "opaqueredirect"),
        (answer(302, **GRANT), "follow", "cors"),
        (answer(304, **GRANT), "error", "cors"),
        (answer(304, **GRANT), "manual", "cors"),
        (ALLOWED, "error", "cors"),
    ],
)
def test_a_page_may_refuse_redirects(answer_: HttpResponse, mode: str, kind: str) -> None:
    """`error` makes a redirect an error, and `manual` returns a response without content."""
    verdict = fetch(answer_, redirect=mode)
    assert verdict.type == kind
    assert verdict.exposed == ()
    if kind == "error":
        assert verdict.reason is BrowserReason.REDIRECT_NOT_FOLLOWED
        assert verdict.culprit is not None
        told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
        assert told == (0, "Location", ("/b",), f"{API}/")


def test_a_redirect_that_is_not_followed_is_checked_all_the_same() -> None:
    """The CORS check comes first."""
    for mode in ("error", "manual"):
        assert fetch(answer(302, {"Location": "/b"}), redirect=mode).reason is BrowserReason.MISSING_ALLOW_ORIGIN_HEADER


def test_a_status_alone_makes_a_redirect_that_is_refused() -> None:
    """A page with `error` refuses the status, even without a `Location`."""
    verdict = fetch(answer(302, **GRANT), redirect="error")
    assert verdict.reason is BrowserReason.REDIRECT_NOT_FOLLOWED
    assert verdict.culprit is not None
    assert verdict.culprit.lines == ()


def test_several_locations_lead_nowhere() -> None:
    """This holds even if they are equal."""
    verdict = fetch(answer(302, [("Location", "/b"), ("Location", "/b")], allow_origin="*"))
    assert verdict.reason is BrowserReason.REDIRECT_INVALID
    assert verdict.culprit is not None
    assert (verdict.culprit.header, verdict.culprit.lines) == ("Location", ("/b", "/b"))


@pytest.mark.parametrize("engine", ["standard", "chromium", "firefox"])
def test_locations_that_differ_are_reported(engine: EngineName) -> None:
    """The verdict has all of them, the response, and the URL of the request."""
    differing = answer(302, [("Location", "/b"), ("Location", "/c")], allow_origin="*")
    verdict = fetch(ALLOWED, differing, engine=engine, method="PUT")
    assert verdict.reason is BrowserReason.REDIRECT_INVALID
    assert verdict.culprit is not None
    told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
    assert told == (1, "Location", ("/b", "/c"), f"{API}/")


def test_the_fragment_travels_along() -> None:
    """It is never sent, and is added to the target of the redirect if that has no fragment."""
    assert fetch(redirect("/b"), ALLOWED, url=f"{API}/a#f").url == f"{API}/b#f"
    assert fetch(redirect("/b#g"), ALLOWED, url=f"{API}/a#f").url == f"{API}/b#g"
