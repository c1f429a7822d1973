"""Per-route policies in Chromium: which policy decides, which reason Chromium reports, and what it caches."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket

from crossorigin.fastapi import CORSMiddleware, cors
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.servers import Site

# All requests run in one script. They do not bypass the cache, because Chromium would not cache their preflights.
_FETCH_ALL = """
async ([url, requests]) => {
    const told = [];
    for (const options of requests)
        told.push(await fetch(url, options).then(answer => answer.status, error => error.name));
    return told;
}
"""
_OPEN = """
url => new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onmessage = event => resolve(event.data);
    socket.onclose = event => resolve(event.code);
})
"""
# The page's event after a failed handshake: https://websockets.spec.whatwg.org/#eventdef-websocket-close
_FAILED = 1006
_TOKEN = {"X-Token": "1"}

APP, PARTNER, UNTRUSTED = "app.localhost", "partner.localhost", "stranger.localhost"


def at(host: str, page_port: int) -> str:
    """Return the origin of the pages of a host."""
    return f"http://{host}:{page_port}"


def shop(page_port: int, **options: Any) -> FastAPI:
    """Return an app with a policy, a router with another policy, and routes with their own policies."""
    app = FastAPI()
    methods, names = ["GET", "PUT", "DELETE"], ["X-Token"]
    app.add_middleware(
        CORSMiddleware, allow_origins=[at(APP, page_port)], allow_methods=methods, allow_headers=names, **options
    )
    partners = cors(allow_origins=[at(PARTNER, page_port)])(APIRouter(prefix="/partners"))

    @app.get("/private/{item}")
    @partners.get("/orders/{item}")
    def private(item: int) -> int:
        return item

    @app.get("/public/{item}")
    @partners.get("/public/{item}")
    @cors(allow_origins=["*"], allow_headers=names)
    def public(item: int) -> int:
        return item

    @app.get("/closed")
    @cors(None)
    def closed() -> None:
        """Serve a route that no page can read."""

    @app.put("/mixed")
    @app.get("/mixed")
    @cors(allow_origins=["*"], allow_methods=["GET", "PUT", "POST", "DELETE"], allow_headers=names)
    def open_to_all() -> None:
        """Serve a route that every page can read."""

    @app.delete("/mixed")
    @app.post("/mixed")
    def of_the_app() -> None:
        """Serve a route with the policy of the app."""

    app.include_router(partners)
    return app


# The result of a GET, and of a request with a preflight: the status, or Chromium's reason.
_ABSENT, _UNASKED = "MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"


@pytest.mark.parametrize(
    ("path", "readers", "status"),
    [
        ("/public/1", {APP, PARTNER, UNTRUSTED}, 200),
        ("/public/none", {APP, PARTNER, UNTRUSTED}, 422),
        ("/private/1", {APP}, 200),
        ("/closed", set[str](), 200),
        ("/partners/orders/1", {PARTNER}, 200),
        ("/partners/orders/none", {PARTNER}, 422),
        ("/partners/public/1", {APP, PARTNER, UNTRUSTED}, 200),
        ("/nowhere", {APP}, 404),
        ("/partners/nowhere", {APP}, 404),
    ],
)
async def test_the_policy_nearest_to_the_endpoint_decides_who_reads(
    visit: Visit, serve: Serve, page_port: int, *, path: str, readers: set[str], status: int
) -> None:
    """A public route works next to a private one, also in a router. The policy of the app decides about a 404."""
    place = serve(shop(page_port))
    for host in (APP, PARTNER, UNTRUSTED):
        answer = await (await visit(host)).fetch(place.url(path))
        told = answer.get("reason", answer.get("status"))
        assert told == (status if host in readers else _ABSENT), host


@pytest.mark.parametrize(
    ("path", "readers"),
    [("/public/1", {APP, PARTNER, UNTRUSTED}), ("/private/1", {APP}), ("/closed", set[str]())],
)
async def test_a_preflight_is_answered_by_the_policy_of_the_route(
    visit: Visit, serve: Serve, page_port: int, *, path: str, readers: set[str]
) -> None:
    """Exposed headers are sent only to pages that can read the response."""
    place = serve(shop(page_port))
    for host in (APP, PARTNER, UNTRUSTED):
        arrived = len(place.arrived)
        answer = await (await visit(host)).fetch(place.url(path), headers=_TOKEN)
        told = answer.get("reason", answer.get("status"))
        assert told == (200 if host in readers else _UNASKED), host
        assert place.arrived[arrived:] == (["OPTIONS", "GET"] if host in readers else ["OPTIONS"])


async def test_a_routers_page_gets_nothing_of_the_apps_policy(visit: Visit, serve: Serve, page_port: int) -> None:
    """Policies are not merged: a page of the router gets neither the methods nor the header names of the app."""
    place = serve(shop(page_port))
    page = await visit(PARTNER)
    answer = await page.fetch(place.url("/partners/orders/1"), method="PUT")
    # No route serves PUT there, so the app's policy decides, which does not list the page.
    assert answer["reason"] == _UNASKED
    answer = await page.fetch(place.url("/partners/orders/1"), headers=_TOKEN)
    assert answer["reason"] == "PreflightInvalidStatus"


_PUT, _DELETE = {"method": "PUT"}, {"method": "DELETE"}
_GET, _POST = {"headers": _TOKEN}, {"method": "POST", "headers": _TOKEN}
two_methods = pytest.mark.parametrize(
    ("first", "second", "name"), [(_PUT, _DELETE, "PUT"), (_GET, _POST, "GET")], ids=["by method", "by header name"]
)


@two_methods
async def test_a_kept_preflight_lets_no_other_method_through(
    visit: Visit, serve: Serve, page_port: int, *, first: dict[str, Any], second: dict[str, Any], name: str
) -> None:
    """If the methods of a path have two policies, one policy never allows a method of the other."""
    place = serve(shop(page_port))
    told = await (await visit(UNTRUSTED)).run(_FETCH_ALL, [place.url("/mixed"), [first, second, first]])
    assert told == [200, "TypeError", 200]
    assert place.arrived == ["OPTIONS", name, "OPTIONS", "OPTIONS", name]


@two_methods
async def test_kept_it_would(
    visit: Visit, serve: Serve, page_port: int, *, first: dict[str, Any], second: dict[str, Any], name: str
) -> None:
    """Chromium caches preflights by address, so the list of all methods of a policy covers later requests."""

    async def keeping(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "OPTIONS":
                lines = {**dict(message["headers"]), b"access-control-max-age": b"600"}
                if b"access-control-allow-methods" in lines:
                    lines[b"access-control-allow-methods"] = b"GET, PUT, POST, DELETE"
                message = {**message, "headers": [*lines.items()]}
            await send(message)

        await app(scope, receive, sending)

    app = shop(page_port)
    place = serve(keeping)
    told = await (await visit(UNTRUSTED)).run(_FETCH_ALL, [place.url("/mixed"), [first, second]])
    # The page cannot read the response, but the request was executed.
    assert told == [200, "TypeError"]
    assert place.arrived == ["OPTIONS", name, second["method"]]


async def test_where_one_policy_decides_a_path_its_preflight_is_kept(
    visit: Visit, serve: Serve, page_port: int
) -> None:
    """If two methods have equal policies, the second one needs no preflight."""
    app = shop(page_port)
    open_to_all = cors(allow_origins=["*"], allow_methods=["PUT", "DELETE"])

    @app.put("/both")
    @open_to_all
    def put() -> None:
        """Serve one method."""

    @app.delete("/both")
    @open_to_all
    def delete() -> None:
        """Serve the other method."""

    place = serve(app)
    told = await (await visit(UNTRUSTED)).run(_FETCH_ALL, [place.url("/both"), [_PUT, _DELETE, _PUT]])
    assert told == [200] * 3
    assert place.arrived == ["OPTIONS", "PUT", "DELETE", "PUT"]


async def test_a_method_that_no_route_of_the_path_takes_is_named_by_the_console(
    visit: Visit, serve: Serve, page_port: int
) -> None:
    """With `served_methods_only`, the preflight of a DELETE is refused. With `debug`, the console names the method."""
    page = await visit(APP)
    served = {"served_methods_only": True}
    for options, reason, arrived in (
        ({}, None, ["OPTIONS", "DELETE"]),
        (served, "PreflightInvalidStatus", ["OPTIONS"]),
        ({**served, "debug": True}, "MethodDisallowedByPreflightResponse", ["OPTIONS"]),
    ):
        place = serve(shop(page_port, **options))
        answer = await page.fetch(place.url("/private/1"), method="DELETE")
        assert answer.get("reason") == reason
        assert place.arrived == arrived


async def test_a_blocked_request_is_judged_by_the_policy_of_its_route(
    visit: Visit, serve: Serve, page_port: int
) -> None:
    """A page that is not listed can read the public route, and the private one never runs for it."""
    place = serve(shop(page_port, on_refused="block"))
    page = await visit(UNTRUSTED)
    assert (await page.fetch(place.url("/public/1")))["status"] == 200
    assert (await page.fetch(place.url("/private/1")))["reason"] == _ABSENT
    assert [exchange.status for exchange in place.exchanges] == [200, 403]


@pytest.mark.parametrize("checks", [False, True])
async def test_a_socket_with_a_policy_of_its_own_opens_for_its_pages(
    visit: Visit, page_port: int, *, checks: bool
) -> None:
    """The policy of a route protects it whatever the middleware checks. Without one, `check_websockets` protects it."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[at(APP, page_port)], check_websockets=checks)

    @app.websocket("/partner")
    @cors(allow_origins=[at(PARTNER, page_port)])
    async def partner(socket: WebSocket) -> None:
        await greet(socket)

    @app.websocket("/any")
    async def anyone(socket: WebSocket) -> None:
        await greet(socket)

    with Site(app) as site:
        opened = {
            (path, host): await (await visit(host)).run(_OPEN, f"ws://api.localhost:{site.port}{path}")
            for path in ("/partner", "/any")
            for host in (APP, PARTNER, UNTRUSTED)
        }
    others = _FAILED if checks else "hello"
    assert opened == {
        ("/partner", APP): _FAILED,
        ("/partner", PARTNER): "hello",
        ("/partner", UNTRUSTED): _FAILED,
        ("/any", APP): "hello",
        ("/any", PARTNER): others,
        ("/any", UNTRUSTED): others,
    }


async def greet(socket: WebSocket) -> None:
    """Accept the connection and send a greeting."""
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()
