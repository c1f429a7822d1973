"""Redirects: the browser checks each response, and a redirect through another host makes the origin `null`."""

from typing import Any

import pytest

from tests.real.browser.api import starlette_api
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.servers import Visitor

_REDIRECTS_PREFLIGHTS = "PreflightDisallowedRedirect"
_NO_ORIGIN = "MissingAllowOriginHeader"
_METHODS = {"allow_methods": ["GET", "POST", "PUT"], "allow_headers": ["X-Token"]}
_PUT = {"method": "PUT", "body": "x"}
_TOKEN = {"headers": {"X-Token": "t"}}


@pytest.fixture
async def page(visit: Visit) -> Visitor:
    """The page whose origin the policies list."""
    return await visit("app.localhost")


@pytest.mark.parametrize(
    ("code", "fetch", "arrives", "body"),
    [
        (302, {}, ["GET", "GET"], ""),
        (307, {}, ["GET", "GET"], ""),
        (308, {"method": "POST", "body": "x"}, ["POST", "POST"], "x"),
        (307, _PUT, ["OPTIONS", "PUT", "OPTIONS", "PUT"], "x"),
        (308, _PUT, ["OPTIONS", "PUT", "OPTIONS", "PUT"], "x"),
        (303, _PUT, ["OPTIONS", "PUT", "GET"], ""),
        (303, {**_PUT, **_TOKEN}, ["OPTIONS", "PUT", "OPTIONS", "GET"], ""),
        (301, {"method": "POST", "body": "x"}, ["POST", "GET"], ""),
        (307, {"credentials": "include", **_PUT}, ["OPTIONS", "PUT", "OPTIONS", "PUT"], "x"),
    ],
    ids=["302", "307", "308 POST", "307 PUT", "308 PUT", "303 PUT", "303 with a header", "301 POST", "credentials"],
)
async def test_every_hop_on_the_same_host_is_granted(
    page: Visitor, serve: Serve, origin: str, *, code: int, fetch: dict[str, Any], arrives: list[str], body: str
) -> None:
    """The redirect, the final response and both preflights are allowed, and the origin remains that of the page."""
    place = serve(starlette_api(allow_origins=[origin], allow_credentials=True, **_METHODS))
    answer = await page.fetch(place.url(f"/redirect/{code}?to=../echo"), **fetch)
    assert f'"method":"{arrives[-1]}","body":"{body}"' in answer["body"]
    assert place.arrived == arrives
    assert set(place.origins) == {origin}
    granted = {"access-control-allow-origin": origin, "access-control-allow-credentials": "true", "vary": "Origin"}
    for exchange in place.exchanges:
        assert granted.items() <= {**exchange.cors, "vary": exchange.cors["vary"].split(",")[0]}.items()


@pytest.mark.parametrize(
    ("origins", "blocked"),
    [(["{origin}"], _NO_ORIGIN), (["{origin}", "null"], None), (["*"], None)],
    ids=["listed", "listed next to null", "any"],
)
@pytest.mark.parametrize(("fetch", "arrives"), [({}, ["GET"]), (_PUT, ["OPTIONS", "PUT"])], ids=["GET", "PUT"])
async def test_a_second_host_sees_null(
    page: Visitor,
    serve: Serve,
    origin: str,
    *,
    origins: list[str],
    blocked: str | None,
    fetch: dict[str, Any],
    arrives: list[str],
) -> None:
    """After a redirect to another host the origin is `null`, which must be listed, or `*`."""
    allowed = [listed.replace("{origin}", origin) for listed in origins]
    place = serve(starlette_api(allow_origins=allowed, **_METHODS))
    elsewhere = place.url("/echo", host="other.localhost")
    answer = await page.fetch(place.url(f"/redirect/307?to={elsewhere}"), **fetch)
    preflighted = len(arrives) == 2
    assert answer.get("reason") == (f"Preflight{blocked}" if blocked and preflighted else blocked)
    second = arrives[:1] if blocked else arrives
    assert place.arrived == arrives + second
    assert place.origins == [origin] * len(arrives) + ["null"] * len(second)


@pytest.mark.parametrize(
    ("more", "blocked"), [([], _NO_ORIGIN), (["null"], None)], ids=["listed", "listed next to null"]
)
async def test_the_way_back_to_the_first_host_is_null(
    page: Visitor, serve: Serve, origin: str, more: list[str], blocked: str | None
) -> None:
    """If an API redirects to another host, which redirects back to the API, the API gets `null` as the origin."""
    place = serve(starlette_api(allow_origins=[origin, *more]))
    back = place.url("/echo")
    away = place.url(f"/redirect/307?to={back}", host="other.localhost")
    answer = await page.fetch(place.url(f"/redirect/307?to={away}"))
    assert answer.get("reason") == blocked
    assert place.origins == [origin, "null"] + ([] if blocked else ["null"])


@pytest.mark.parametrize(
    ("allows_null", "blocked"), [(False, _NO_ORIGIN), (True, None)], ids=["listed", "listed next to null"]
)
async def test_the_way_back_to_the_page_itself_is_null(
    visit_alone: Visit, serve: Serve, *, allows_null: bool, blocked: str | None
) -> None:
    """If a page's own server redirects to another host and back, the page's own server gets `null` as the origin."""
    place = serve(starlette_api(allow_origins=["http://app.localhost:*", *(["null"] if allows_null else [])]))
    back = place.url("/echo", host="app.localhost")
    page = await visit_alone("app.localhost")
    await page.go(back)
    away = place.url(f"/redirect/307?to={back}")
    answer = await page.fetch(place.url(f"/redirect/307?to={away}", host="app.localhost"))
    assert answer.get("reason") == blocked
    # The page itself, its own redirect, the other host's redirect, and the final request.
    assert place.origins == [None, None, await page.run("self.origin"), "null"]


@pytest.mark.parametrize("redirects", ["the route", "a server before it"])
async def test_a_preflight_is_never_redirected(page: Visitor, serve: Serve, origin: str, redirects: str) -> None:
    """The middleware answers the preflight of a route that redirects.

    If a server in front redirects it, the browser blocks it.
    """
    app = starlette_api(allow_origins=[origin], **_METHODS)

    async def redirecting(scope: Any, receive: Any, send: Any) -> None:
        headers = [
            (b"location", place.url("/echo").encode()),
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-methods", b"PUT"),
        ]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body"})

    place = serve(app if redirects == "the route" else redirecting)
    answer = await page.fetch(place.url("/redirect/307?to=../echo"), method="PUT")
    if redirects == "the route":
        assert answer["status"] == 200
        assert [exchange.status for exchange in place.exchanges] == [200, 307, 200, 200]
    else:
        assert answer["reason"] == _REDIRECTS_PREFLIGHTS
        assert place.arrived == ["OPTIONS"]


@pytest.mark.parametrize(
    ("host", "blocked", "arrives"),
    [
        ("app.localhost", None, ["OPTIONS", "PUT", "OPTIONS", "PUT"]),
        ("evil.localhost", f"Preflight{_NO_ORIGIN}", ["OPTIONS"]),
    ],
    ids=["listed", "not listed"],
)
async def test_a_routers_trailing_slash_is_granted_too(
    visit: Visit, serve: Serve, origin: str, *, host: str, blocked: str | None, arrives: list[str]
) -> None:
    """The browser can follow the redirect of Starlette's router from an address without a slash to the one with it."""
    place = serve(starlette_api(allow_origins=[origin], **_METHODS))
    answer = await (await visit(host)).fetch(place.url("/slash"), **_PUT)
    assert answer.get("reason") == blocked
    assert place.arrived == arrives
    if blocked is None:
        assert place.exchanges[1].status == 307
