"""A fetch from its start to its verdict: modes, credentials, and requests that are never sent."""

import pytest

from crossorigin.browser import BrowserReason, browse
from tests.unit.browser.scripted_fetch import API, GRANT, OTHER, PAGE, answer, asked, fetch, redirect

ALLOWED = answer(**GRANT)


@pytest.mark.parametrize("method", ["CONNECT", "trace", "TrAcK"])
def test_a_forbidden_method_is_never_sent(method: str) -> None:
    """The browser raises an error, whatever the server allows."""
    verdict = fetch(method=method)
    assert (verdict.reason, verdict.culprit, verdict.url) == (BrowserReason.FORBIDDEN_METHOD, None, f"{API}/")


def test_without_cors_only_safelisted_methods_are_sent() -> None:
    """GET, HEAD and POST are sent, and another method is an error, also for the page's own server."""
    assert fetch(ALLOWED, mode="no-cors", method="post").type == "opaque"
    for origin in (PAGE, API):
        verdict = fetch(mode="no-cors", method="PUT", origin=origin)
        assert (verdict.reason, verdict.culprit) == (BrowserReason.NO_CORS_METHOD, None)


def test_another_scheme_is_not_asked() -> None:
    """CORS is only for http and https."""
    assert fetch(url="file:///etc/hosts").reason is BrowserReason.CORS_DISABLED_SCHEME


def test_same_origin_means_same_origin() -> None:
    """No request to another origin is sent, also after a redirect."""
    assert fetch(mode="same-origin").reason is BrowserReason.DISALLOWED_BY_MODE
    assert fetch(mode="same-origin", url="localhost:8000/").reason is BrowserReason.DISALLOWED_BY_MODE
    assert fetch(answer(), mode="same-origin", url=f"{PAGE}/").type == "basic"
    left = fetch(redirect(f"{API}/"), mode="same-origin", url=f"{PAGE}/")
    assert (left.reason, left.url, left.culprit) == (BrowserReason.DISALLOWED_BY_MODE, f"{API}/", None)


@pytest.mark.parametrize("mode", ["error", "manual"])
def test_without_cors_redirects_can_only_be_followed(mode: str) -> None:
    """This applies to other origins. For the page's own server, redirects can be refused."""
    verdict = fetch(mode="no-cors", redirect=mode)
    assert (verdict.reason, verdict.culprit) == (BrowserReason.NO_CORS_REDIRECT_MODE_NOT_FOLLOW, None)
    assert fetch(answer(), mode="no-cors", redirect=mode, url=f"{PAGE}/").type == "basic"


def test_without_cors_nothing_is_checked_and_nothing_read() -> None:
    """This includes a redirect back to the page's own server."""
    verdict = fetch(redirect(f"{PAGE}/"), answer(200, {"Content-Type": "a/b"}), mode="no-cors")
    assert (verdict.type, verdict.exposed) == ("opaque", ())
    assert fetch(answer(302, {"Location": f"{OTHER}/"}), answer(), mode="no-cors").type == "opaque"


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
    """`same-origin` sends them to the page's own server only."""
    granted = answer(allow_origin=PAGE, allow_credentials="true")
    verdict = fetch(granted, credentials=credentials, url=f"{url}/", mode=mode)
    assert verdict.exchanges[0].request.credentials is go_along


def test_credentials_stay_behind_on_the_way_out() -> None:
    """`same-origin` applies to each redirect.

    After another origin, the page's own server gets no credentials either.
    """
    verdict = fetch(redirect(f"{API}/"), redirect(f"{PAGE}/"), ALLOWED, url=f"{PAGE}/")
    assert [exchange.request.credentials for exchange in verdict.exchanges] == [True, False, False]


def test_a_network_that_fails_ends_it() -> None:
    """The last exchange has no response."""
    verdict = fetch(ALLOWED, None, method="PUT")
    assert verdict.reason is BrowserReason.NETWORK_ERROR
    assert verdict.exchanges[1].response is None
    assert verdict.culprit is not None
    told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
    assert told == (1, ":status", (), f"{API}/")


def test_the_core_waits_for_nobody() -> None:
    """The core is a generator, which can be abandoned at any point."""
    fetching = browse(asked(method="PUT"))
    assert next(fetching).preflight
    assert not fetching.send(ALLOWED).preflight
    with pytest.raises(StopIteration) as done:
        fetching.send(ALLOWED)
    assert done.value.value.readable
