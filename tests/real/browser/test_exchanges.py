"""The headers, bodies, cookies and errors that a page can send and read if the policy allows it."""

from contextlib import suppress
from typing import Any

import pytest

from tests.real.browser.api import starlette_api, wrapped_api
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.servers import Visitor

_OWN = ["etag", "x-one", "x-two"]
_INCLUDE = {"credentials": "include"}


@pytest.fixture
async def page(visit: Visit) -> Visitor:
    """The page whose origin the policies list."""
    return await visit("app.localhost")


@pytest.mark.parametrize(
    ("policy", "readable"),
    [
        ({}, []),
        ({"expose_headers": ["X-One"]}, ["x-one"]),
        ({"expose_headers": ["x-one", "ETAG"]}, ["etag", "x-one"]),
        ({"expose_headers": ["*"]}, _OWN),
        ({"expose_headers": ["X-One"], "allow_credentials": True}, ["x-one"]),
        ({"expose_headers": ["*"], "allow_credentials": True}, _OWN),
    ],
    ids=["none", "one", "two", "all", "one, credentials", "all, credentials"],
)
async def test_exposed_headers_are_readable_and_no_others(
    page: Visitor, serve: Serve, origin: str, policy: dict[str, Any], readable: list[str]
) -> None:
    """The page reads the names that the policy exposes. `*` also works with credentials."""
    place = serve(starlette_api(allow_origins=[origin], **policy))
    options = _INCLUDE if policy.get("allow_credentials") else {}
    answer = await page.fetch(place.url("/echo"), **options)
    assert answer["status"] == 200
    assert sorted(name for name in answer["headers"] if name in _OWN) == readable


@pytest.mark.parametrize("policy", [{"expose_headers": ["*"]}, {"expose_headers": ["X-Two"]}], ids=["all", "one"])
async def test_any_origin_may_read_exposed_headers(visit: Visit, serve: Serve, policy: dict[str, Any]) -> None:
    """With `*`, pages that are not listed can read the exposed headers."""
    place = serve(starlette_api(allow_origins=["*"], **policy))
    answer = await (await visit("evil.localhost")).fetch(place.url("/echo"))
    assert answer["headers"]["x-two"] == "2"
    assert ("x-one" in answer["headers"]) == (policy["expose_headers"] == ["*"])


async def test_what_a_route_exposes_is_readable_next_to_the_policys(page: Visitor, serve: Serve, origin: str) -> None:
    """The middleware keeps a route's own Access-Control-Expose-Headers and replaces its Access-Control-Allow-Origin."""
    place = serve(starlette_api(allow_origins=[origin], expose_headers=["ETag"]))
    answer = await page.fetch(place.url("/own-cors"))
    assert sorted(name for name in answer["headers"] if name in _OWN) == ["etag", "x-one"]


async def test_the_request_arrives_whole(page: Visitor, serve: Serve, origin: str) -> None:
    """The method, the body and the headers reach the app unchanged, and the page reads the response."""
    place = serve(starlette_api(allow_origins=[origin], allow_methods=["PUT"], allow_headers=["*"]))
    headers = {"X-Token": "t", "Authorization": "Bearer x", "Content-Type": "application/json"}
    answer = await page.fetch(place.url("/echo"), method="PUT", headers=headers, body="[1]")
    assert answer["type"] == "cors"
    assert answer["body"] == '{"method":"PUT","body":"[1]","cookie":null,"authorization":"Bearer x","x-token":"t"}'


@pytest.mark.parametrize("credentials", ["include", "omit", "same-origin"])
async def test_cookies_go_along_with_credentials_only(
    visit_alone: Visit, serve: Serve, origin: str, credentials: str
) -> None:
    """A page of the same site that includes credentials sends the cookie of the API."""
    page = await visit_alone("app.localhost")
    place = serve(starlette_api(allow_origins=[origin], allow_credentials=True))
    host = "app.localhost"
    assert (await page.fetch(place.url("/cookie", host), **_INCLUDE))["body"] == "set"
    answer = await page.fetch(place.url("/echo", host), credentials=credentials)
    assert ('"cookie":"session=secret"' in answer["body"]) == (credentials == "include")


@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("readable", [True, False])
async def test_an_unhandled_exception_may_be_read_from_a_wrapped_app(
    visit: Visit, serve: Serve, origin: str, status: int, *, readable: bool
) -> None:
    """If the middleware wraps the whole app, only the listed page can read the framework's own errors."""
    app = wrapped_api(allow_origins=[origin])

    async def quiet(scope: Any, receive: Any, send: Any) -> None:
        # The framework sends a response, and then raises the app's exception again.
        with suppress(RuntimeError):
            await app(scope, receive, send)

    place = serve(quiet)
    page = await visit("app.localhost" if readable else "evil.localhost")
    answer = await page.fetch(place.url("/fail" if status == 500 else "/nowhere"))
    assert answer.get("status") == (status if readable else None)
    assert answer.get("reason") == (None if readable else "MissingAllowOriginHeader")


async def test_a_request_to_ones_own_origin_is_never_judged(visit_alone: Visit, serve: Serve) -> None:
    """A page that the API itself serves can call it with any method, regardless of the policy."""
    place = serve(starlette_api())
    page = await visit_alone("app.localhost")
    await page.go(place.url("/echo"))
    answer = await page.fetch(place.url("/echo"), method="DELETE", headers={"X-Token": "t"})
    assert (answer["status"], answer["type"]) == (200, "basic")
    assert place.arrived == ["GET", "DELETE"]
