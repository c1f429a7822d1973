"""A fetch from its start to its verdict: modes, credentials, `Origin`, and what is never sent."""

from typing import Any

import pytest
from tests.browser_model.talk import API, GRANT, OTHER, PAGE, answer, asked, fetch, redirect, sent

from crossorigin.browser import BrowserReason, browse

ALLOWED = answer(**GRANT)


@pytest.mark.parametrize("method", ["CONNECT", "trace", "TrAcK"])
def test_a_forbidden_method_is_never_sent(method: str) -> None:
    """The browser throws, whatever the server would say."""
    verdict = fetch(method=method)
    assert (verdict.reason, verdict.culprit) == (BrowserReason.FORBIDDEN_METHOD, None)


def test_without_cors_only_safelisted_methods_are_sent() -> None:
    """GET, HEAD and POST go, anything else is thrown back; at home too."""
    assert fetch(ALLOWED, mode="no-cors", method="post").type == "opaque"
    for origin in (PAGE, API):
        verdict = fetch(mode="no-cors", method="PUT", origin=origin)
        assert (verdict.reason, verdict.culprit) == (BrowserReason.NO_CORS_METHOD, None)


def test_another_scheme_is_not_asked() -> None:
    """CORS is for http and https."""
    assert fetch(url="file:///etc/hosts").reason is BrowserReason.CORS_DISABLED_SCHEME


def test_same_origin_means_same_origin() -> None:
    """Another origin is not asked, nor followed to."""
    assert fetch(mode="same-origin").reason is BrowserReason.DISALLOWED_BY_MODE
    assert fetch(answer(), mode="same-origin", url=f"{PAGE}/").type == "basic"
    left = fetch(redirect(f"{API}/"), mode="same-origin", url=f"{PAGE}/")
    assert (left.reason, left.url, left.culprit) == (BrowserReason.DISALLOWED_BY_MODE, f"{API}/", None)


@pytest.mark.parametrize("mode", ["error", "manual"])
def test_without_cors_redirects_can_only_be_followed(mode: str) -> None:
    """Elsewhere; at home they can be refused."""
    verdict = fetch(mode="no-cors", redirect=mode)
    assert (verdict.reason, verdict.culprit) == (BrowserReason.NO_CORS_REDIRECT_MODE_NOT_FOLLOW, None)
    assert fetch(answer(), mode="no-cors", redirect=mode, url=f"{PAGE}/").type == "basic"


def test_without_cors_nothing_is_checked_and_nothing_read() -> None:
    """Also after a way back home."""
    verdict = fetch(redirect(f"{PAGE}/"), answer(200, {"Content-Type": "a/b"}), mode="no-cors")
    assert (verdict.type, verdict.exposed) == ("opaque", ())
    assert fetch(answer(302, {"Location": f"{OTHER}/"}), answer(), mode="no-cors").type == "opaque"


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"headers": (("X-A", "1"), ("accept", "text/html"), ("Range", "bytes=0-1"))}, {"accept": "text/html"}),
        ({"headers": (("Accept", "a"), ("accept", "b"))}, {"Accept": "a, b"}),
        ({"headers": (("Accept", "a" * 128), ("accept", "b"))}, {"Accept": "a" * 128}),
        ({"headers": (("Accept", "a" * 120), ("X-A", ""), ("accept", "b" * 7))}, {"Accept": "a" * 120}),
        ({"method": "POST", "content_type": "a/b"}, {"Origin": PAGE}),
        (
            {"method": "POST", "content_type": "text/plain", "headers": (("Content-Type", "a/b"),)},
            {"Content-Type": "text/plain", "Origin": PAGE},
        ),
    ],
)
def test_without_cors_a_page_sets_few_headers(fields: dict[str, Any], headers: dict[str, str]) -> None:
    """What has to be asked for is left out, each value judged with those before it."""
    assert sent(fetch(answer(), mode="no-cors", **fields))[0][1] == headers


def test_forbidden_headers_are_left_out() -> None:
    """As if the page had not set them."""
    verdict = fetch(ALLOWED, headers=(("Cookie", "a=b"), ("sec-x", "1"), ("X-HTTP-Method", "TRACE"), ("Origin", "x")))
    assert sent(verdict) == [("GET", {"Origin": PAGE})]


def test_headers_of_one_name_go_as_one() -> None:
    """In the first spelling and place."""
    verdict = fetch(ALLOWED, ALLOWED, headers=(("X-A", "1"), ("X-B", "2"), ("x-a", "3")))
    assert list(sent(verdict)[1][1].items()) == [("X-A", "1, 3"), ("X-B", "2"), ("Origin", PAGE)]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, PAGE),
        ({"url": f"{PAGE}/"}, None),
        ({"url": f"{PAGE}/", "method": "HEAD"}, None),
        ({"url": f"{PAGE}/", "method": "POST"}, PAGE),
        ({"url": f"{PAGE}/", "method": "PUT", "referrer_policy": "no-referrer"}, PAGE),
        ({"mode": "no-cors"}, None),
        ({"mode": "no-cors", "method": "HEAD"}, None),
        ({"mode": "no-cors", "method": "POST"}, PAGE),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "no-referrer"}, "null"),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "same-origin"}, "null"),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "origin"}, PAGE),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "unsafe-url", "url": "http://api.example/"}, PAGE),
        *(
            ({"mode": "no-cors", "method": "POST", "referrer_policy": policy, "url": "http://api.example/"}, "null")
            for policy in ("no-referrer-when-downgrade", "strict-origin", "strict-origin-when-cross-origin")
        ),
        ({"mode": "no-cors", "method": "POST", "url": "http://api.example/", "origin": "http://a.example"},
         "http://a.example"),
        ({"mode": "same-origin", "method": "POST", "url": f"{PAGE}/", "referrer_policy": "same-origin"}, PAGE),
        ({"mode": "same-origin", "method": "POST", "url": f"{PAGE}/", "referrer_policy": "no-referrer"}, "null"),
        ({"mode": "same-origin", "method": "POST", "url": f"{PAGE}/", "referrer_policy": "strict-origin"}, PAGE),
        ({"referrer_policy": "no-referrer", "method": "POST"}, PAGE),
    ],
)  # fmt: skip
def test_origin_is_named_with_cors_and_with_what_changes_something(fields: dict[str, Any], named: str | None) -> None:
    """Outside CORS the referrer policy can hide it."""
    assert sent(fetch(ALLOWED, **fields))[-1][1].get("Origin") == named


def test_without_cors_a_tainted_origin_is_null() -> None:
    """A POST that comes by another origin does not say from where."""
    verdict = fetch(redirect(f"{OTHER}/"), answer(), mode="no-cors", method="POST")
    assert [headers["Origin"] for _, headers in sent(verdict)] == [PAGE, "null"]


@pytest.mark.parametrize(
    ("credentials", "url", "mode", "go_along"),
    [
        ("omit", PAGE, "cors", False),
        ("omit", API, "cors", False),
        ("same-origin", PAGE, "cors", True),
        ("same-origin", API, "cors", False),
        ("same-origin", API, "no-cors", False),
        ("include", API, "cors", True),
        ("include", PAGE, "same-origin", True),
        ("include", API, "no-cors", True),
    ],
)
def test_credentials_go_where_the_page_wants(credentials: str, url: str, mode: str, *, go_along: bool) -> None:
    """With `same-origin` only to the page's own server."""
    granted = answer(allow_origin=PAGE, allow_credentials="true")
    verdict = fetch(granted, credentials=credentials, url=f"{url}/", mode=mode)
    assert verdict.exchanges[0].request.credentials is go_along


def test_credentials_stay_behind_on_the_way_out() -> None:
    """`same-origin` is judged anew after a redirect, and never again home once it has left."""
    verdict = fetch(redirect(f"{API}/"), redirect(f"{PAGE}/"), ALLOWED, url=f"{PAGE}/")
    assert [exchange.request.credentials for exchange in verdict.exchanges] == [True, False, False]


def test_a_network_that_fails_ends_it() -> None:
    """With the exchange that had no response."""
    verdict = fetch(ALLOWED, None, method="PUT")
    assert verdict.reason is BrowserReason.NETWORK_ERROR
    assert verdict.exchanges[1].response is None
    assert verdict.culprit is not None
    told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
    assert told == (1, ":status", (), f"{API}/")


def test_the_core_waits_for_nobody() -> None:
    """It is a generator, which can be left alone at any point."""
    fetching = browse(asked(method="PUT"))
    assert next(fetching).preflight
    assert not fetching.send(ALLOWED).preflight
    with pytest.raises(StopIteration) as done:
        fetching.send(ALLOWED)
    assert done.value.value.readable
