"""The browser's caches: responses to preflights, and responses that need `Vary` to be cached correctly.

The expiry of a cached preflight is not tested: Chromium measures its age in another process, by a clock that virtual
time does not reach, and tests do not wait. Therefore the tests only distinguish an age of 5 or the default from 0.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from crossorigin import CORSMiddleware
from tests.real.browser.api import starlette_api
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.servers import App, Visitor

# All requests run in one script, so that none is later than the age of five seconds.
_FETCH_ALL = """
async ([url, requests]) => {
    const told = [];
    for (const {query = "", ...options} of requests)
        told.push(await fetch(url + query, options).then(answer => answer.status, error => error.name));
    return told;
}
"""
_IMAGE = """
url => new Promise(resolve => {
    const image = new Image();
    image.onload = image.onerror = () => resolve();
    image.src = url;
})
"""
_PUT = {"method": "PUT"}
_DELETE = {"method": "DELETE"}
_INCLUDE = {"method": "PUT", "credentials": "include"}


def put(*names: str) -> dict[str, Any]:
    """Return a PUT with these headers."""
    return {**_PUT, "headers": dict.fromkeys(names, "1")}


@pytest.fixture
async def page(visit: Visit) -> Visitor:
    """The page whose origin the policies list."""
    return await visit("app.localhost")


@pytest.mark.parametrize(("max_age", "preflights"), [(0, 3), (5, 1), (60, 1), (600, 1), (None, 1)])
async def test_a_preflight_is_kept_as_long_as_the_policy_says(
    page: Visitor, serve: Serve, origin: str, max_age: int | None, preflights: int
) -> None:
    """Three consecutive requests need one preflight, or three if caching is disabled."""
    place = serve(starlette_api(allow_origins=[origin], allow_methods=["PUT"], max_age=max_age))
    assert await page.run(_FETCH_ALL, [place.url("/echo"), [_PUT] * 3]) == [200] * 3
    assert place.arrived.count("PUT") == 3
    assert place.arrived.count("OPTIONS") == preflights


@pytest.mark.parametrize(
    ("policy", "requests", "arrives"),
    [
        ({"allow_methods": ["PUT", "DELETE"]}, [_PUT, _DELETE], ["OPTIONS", "PUT", "DELETE"]),
        ({"allow_methods": ["*"]}, [_PUT, _DELETE], ["OPTIONS", "PUT", "DELETE"]),
        ({"allow_headers": ["X-A", "X-B"]}, [put("X-A"), put("X-B")], ["OPTIONS", "PUT", "PUT"]),
        ({"allow_headers": ["X-A"]}, [put("X-A"), _PUT, put("x-a", "Content-Type")], ["OPTIONS", "PUT", "PUT", "PUT"]),
        # A policy that allows every header lists the requested ones.
        ({"allow_headers": ["*"]}, [put("X-A"), put("X-A"), put("X-B")], ["OPTIONS", "PUT", "PUT", "OPTIONS", "PUT"]),
        ({}, [_PUT, {**_PUT, "query": "?1"}], ["OPTIONS", "PUT", "OPTIONS", "PUT"]),
        ({}, [_PUT, _INCLUDE, _INCLUDE], ["OPTIONS", "PUT", "OPTIONS", "PUT", "PUT"]),
        ({}, [_INCLUDE, _PUT], ["OPTIONS", "PUT", "PUT"]),
    ],
    ids=["methods", "all methods", "headers", "fewer headers", "any header", "another address",
         "without credentials first", "with credentials first"],
)  # fmt: skip
async def test_what_is_kept_is_the_whole_policy(
    page: Visitor,
    serve: Serve,
    origin: str,
    *,
    policy: dict[str, Any],
    requests: list[dict[str, Any]],
    arrives: list[str],
) -> None:
    """The lists of a cached preflight cover later requests. The cache key is the address and the credentials."""
    options = {"allow_methods": ["PUT"], "allow_credentials": True, **policy}
    place = serve(starlette_api(allow_origins=[origin], **options))
    assert await page.run(_FETCH_ALL, [place.url("/echo"), requests]) == [200] * len(requests)
    assert place.arrived == arrives


async def test_a_narrow_answer_would_be_asked_for_again(page: Visitor, serve: Serve) -> None:
    """A server that allows only the requested method gets a preflight for each new method.

    The full list avoids that.
    """

    def narrow(request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        asked = request.get(b"access-control-request-method", b"")
        return [(b"access-control-allow-origin", b"*"), (b"access-control-allow-methods", asked)]

    place = serve(answering(narrow))
    assert await page.run(_FETCH_ALL, [place.url("/"), [_PUT, _PUT, _DELETE, _PUT]]) == [200] * 4
    # Chromium caches only the last response of an address.
    assert place.arrived == ["OPTIONS", "PUT", "PUT", "OPTIONS", "DELETE", "OPTIONS", "PUT"]


async def test_a_refusal_is_not_kept(page: Visitor, serve: Serve, origin: str) -> None:
    """A refused preflight is not cached, so a corrected policy applies immediately."""
    place = serve(starlette_api(allow_origins=[origin]))
    assert await page.run(_FETCH_ALL, [place.url("/echo"), [_PUT, _PUT]]) == ["TypeError", "TypeError"]
    assert place.arrived == ["OPTIONS", "OPTIONS"]


async def test_a_grant_to_one_page_is_none_to_another(visit: Visit, serve: Serve, origin: str) -> None:
    """Another page of the same site sends its own preflight, and is refused."""
    place = serve(starlette_api(allow_origins=[origin], allow_methods=["PUT"]))
    assert (await (await visit("app.localhost")).fetch(place.url("/echo"), **_PUT, cache="default"))["status"] == 200
    answer = await (await visit("x.app.localhost")).fetch(place.url("/echo"), **_PUT, cache="default")
    assert answer["reason"] == "PreflightMissingAllowOriginHeader"
    assert place.arrived == ["OPTIONS", "PUT", "OPTIONS"]


def answering(headers: Any) -> App:
    """Return an app whose response headers depend on the request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers(dict(scope["headers"]))})
        await send({"type": "http.response.body", "body": b"x"})

    return app


def cacheable(request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return a cacheable response without CORS headers."""
    return [(b"cache-control", b"max-age=1000"), (b"content-type", b"text/plain")]


def without_vary(request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Reflect the origin, but omit `Vary`."""
    origin = request.get(b"origin")
    return [*cacheable(request), *([(b"access-control-allow-origin", origin)] if origin else [])]


async def test_an_image_in_the_cache_does_not_spoil_the_fetch_of_it(page: Visitor, serve: Serve, origin: str) -> None:
    """A cached response to a load without an origin is not used for a fetch, because of `Vary: Origin`."""
    place = serve(CORSMiddleware(answering(cacheable), allow_origins=[origin]))
    await page.run(_IMAGE, place.url("/"))
    assert (await page.fetch(place.url("/"), cache="default"))["status"] == 200
    assert place.origins == [None, origin]


async def test_without_vary_it_would(page: Visitor, serve: Serve) -> None:
    """If a server omits `Vary`, the page that it lists gets the cached response without CORS headers."""
    place = serve(answering(without_vary))
    await page.run(_IMAGE, place.url("/"))
    assert (await page.fetch(place.url("/"), cache="default"))["reason"] == "MissingAllowOriginHeader"
    assert place.origins == [None]


async def test_one_copy_of_a_constant_answer_serves_everyone(visit: Visit, serve: Serve, origin: str) -> None:
    """With `constant_allow_origin`, a response cached by a load without an origin allows only the listed page."""
    place = serve(CORSMiddleware(answering(cacheable), allow_origins=[origin], constant_allow_origin=True))
    page = await visit("app.localhost")
    await page.run(_IMAGE, place.url("/"))
    assert (await page.fetch(place.url("/"), cache="default"))["status"] == 200
    stranger = await (await visit("x.app.localhost")).fetch(place.url("/"), cache="default")
    assert stranger["reason"] == "AllowOriginMismatch"
    assert place.origins == [None]


@pytest.mark.parametrize("kind", ["listed", "any", "without vary"])
async def test_two_origins_of_a_site_share_what_is_constant(visit: Visit, serve: Serve, origin: str, kind: str) -> None:
    """Two pages share one cached response with `*`. With an origin and `Vary`, each page loads its own response."""
    other = origin.replace("app", "x.app")
    app = {
        "listed": CORSMiddleware(answering(cacheable), allow_origins=[origin, other]),
        "any": CORSMiddleware(answering(cacheable), allow_origins=["*"]),
        "without vary": answering(without_vary),
    }[kind]
    place = serve(app)
    answers = [
        await (await visit(host)).fetch(place.url("/"), cache="default")
        for host in ("app.localhost", "x.app.localhost")
    ]
    assert [answer.get("reason") for answer in answers] == [
        None,
        "AllowOriginMismatch" if kind == "without vary" else None,
    ]
    assert place.origins == ([origin, other] if kind == "listed" else [origin])


@pytest.mark.parametrize("origins", ["listed", "any"])
async def test_what_is_revalidated_stays_readable(page: Visitor, serve: Serve, origin: str, origins: str) -> None:
    """A 304 has the same CORS headers as the 200, and the page reads the cached body with the exposed headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        known = dict(scope["headers"]).get(b"if-none-match") == b'"e"'
        headers = [(b"cache-control", b"no-cache"), (b"etag", b'"e"'), (b"x-one", b"1"), (b"vary", b"Accept")]
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else b"kept"})

    allowed = [origin] if origins == "listed" else ["*"]
    place = serve(CORSMiddleware(app, allow_origins=allowed, expose_headers=["X-One"]))
    for _ in range(2):
        answer = await page.fetch(place.url("/"), cache="default")
        assert (answer["status"], answer["body"], answer["headers"]["x-one"]) == (200, "kept", "1")
    first, second = place.exchanges
    assert (first.status, second.status) == (200, 304)
    assert first.cors == second.cors
    assert first.cors["access-control-allow-origin"] == allowed[0]


async def test_a_kept_answer_is_revalidated_for_each_origin(visit: Visit, serve: Serve, origin: str) -> None:
    """A 304 allows the origin of its request, whichever origin the cached response was for."""
    other = origin.replace("app", "x.app")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        known = b"if-none-match" in dict(scope["headers"])
        headers = [(b"cache-control", b"no-cache"), (b"etag", b'"e"')]
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else b"kept"})

    place = serve(CORSMiddleware(app, allow_origins=[origin, other]))
    for host in ("app.localhost", "x.app.localhost", "app.localhost"):
        assert (await (await visit(host)).fetch(place.url("/"), cache="default"))["body"] == "kept"
    assert place.origins == [origin, other, origin]
    assert [exchange.status for exchange in place.exchanges] == [200, 304, 304]
