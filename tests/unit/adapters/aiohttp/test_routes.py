"""Policies of handlers, view classes and sub-apps."""

import logging
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import Domain, MatchedSubAppResource

import crossorigin.starlette
from crossorigin import InvalidPolicyError, Policy
from crossorigin.aiohttp import cors, setup
from tests.unit.adapters.aiohttp.apps import ORIGIN, OTHER, PARTNER, create, ok, running
from tests.unit.adapters.aiohttp.test_setup import websocket


def answering() -> Handler:
    """Return a new handler. One that is decorated here is reported in every app that serves it undecorated."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    return answer


@cors(allow_origins=[PARTNER], allow_methods=["GET", "PUT"])
async def partner(request: web.Request) -> web.StreamResponse:
    """Answer pages of a partner."""
    return web.Response(text="partner")


@cors(None)
async def internal(request: web.Request) -> web.StreamResponse:
    """Answer pages of no other origin."""
    return web.Response(text="internal")


@cors(allow_origins=[PARTNER])
class View(web.View):
    """A view with a policy, and a method with another."""

    async def get(self) -> web.StreamResponse:
        return web.Response(text="get")

    @cors(allow_origins=["*"])
    async def put(self) -> web.StreamResponse:
        return web.Response(text="put")


class Controller:
    """An object whose methods are handlers."""

    @cors(allow_origins=[PARTNER])
    async def get(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="get")


@cors(allow_origins=[PARTNER])
def plain(request: web.Request) -> web.StreamResponse:
    """Answer without a coroutine, which aiohttp only warns about."""
    return web.Response(text="plain")


async def test_the_policy_nearest_to_the_handler_applies() -> None:
    """That of a handler, of a method of a view, of its class, or of the app. Errors belong to the app."""
    app = create(
        web.get("/partner", partner),
        web.get("/internal", internal),
        web.view("/view", View),
        web.get("/controller", Controller().get),
    )
    async with running(app) as client:
        assert await client.readers("/") == {ORIGIN}
        assert await client.readers("/partner") == {PARTNER}
        assert await client.readers("/internal") == set()
        assert await client.readers("/view") == {PARTNER}
        assert await client.readers("/view", "PUT") == {ORIGIN, PARTNER, OTHER}
        assert await client.readers("/controller") == {PARTNER}
        assert await client.readers("/none") == {ORIGIN}


async def test_methods_with_different_policies_share_no_preflight() -> None:
    """A browser caches a preflight by its URL, so the response names only the methods of its policy, uncached."""
    both = Policy(allow_origins=[PARTNER], allow_methods=["GET", "PUT"])
    app = create(web.get("/items", partner), web.put("/items", ok), allow_methods=["GET", "PUT"])
    async with running(app) as client:
        response = await client.preflight("/items", PARTNER)
        assert (response.headers["Access-Control-Allow-Methods"], response.headers["Access-Control-Max-Age"]) == (
            "GET",
            "0",
        )
        response = await client.preflight("/items", ORIGIN, "PUT")
        assert response.headers["Access-Control-Allow-Methods"] == "PUT"
        assert (await client.preflight("/items", PARTNER, "PUT")).status == 400
    app = create(web.get("/items", cors(both)(answering())), web.put("/items", cors(both)(answering())))
    async with running(app) as client:
        assert (await client.preflight("/items", PARTNER)).headers["Access-Control-Allow-Methods"] == "GET, PUT"


async def test_a_list_of_policies_on_a_handler() -> None:
    """The first whose origins match decides, for this handler only."""
    policies = [Policy(allow_origins=[PARTNER], allow_credentials=True), Policy(allow_origins=["*"])]
    async with running(create(web.get("/list", cors(policies)(answering())))) as client:
        assert await client.readers("/list") == {ORIGIN, PARTNER, OTHER}
        assert (await client.get("/list", PARTNER)).headers["Access-Control-Allow-Credentials"] == "true"
        assert (await client.get("/list", OTHER)).headers["Vary"] == "Origin"
        assert await client.readers("/") == {ORIGIN}


async def test_a_policy_of_a_sub_app() -> None:
    """It applies to everything below its prefix, errors included, but not to handlers with their own."""
    mounted, deeper = web.Application(), web.Application()
    for app in (mounted, deeper):
        app.add_routes([web.get("/ok", ok), web.get("/internal", internal)])
    mounted.add_subapp("/deeper", deeper)
    assert cors(allow_origins=[PARTNER])(mounted) is mounted
    app = create()
    app.add_subapp("/mounted", mounted)
    async with running(app) as client:
        for path in ("/mounted/ok", "/mounted/none", "/mounted/deeper/ok", "/mounted/deeper/none"):
            assert await client.readers(path) == {PARTNER}
        assert await client.readers("/mounted/internal") == set()
        assert await client.readers("/") == {ORIGIN}


async def test_setup_of_a_sub_app_covers_what_is_below_its_prefix() -> None:
    """The app around it has no CORS."""
    mounted, app = create(web.get("/partner", partner)), web.Application()
    app.router.add_get("/", ok)
    app.add_subapp("/mounted", mounted)
    async with running(app) as client:
        assert await client.readers("/mounted/") == {ORIGIN}
        assert await client.readers("/mounted/none") == {ORIGIN}
        assert await client.readers("/mounted/partner") == {PARTNER}
        assert await client.readers("/") == set()


async def test_the_outer_setup_owns_the_headers(caplog: pytest.LogCaptureFixture) -> None:
    """An inner one can only refuse more requests, and the log says so once."""
    mounted = web.Application()
    mounted.router.add_get("/ok", ok)
    setup(mounted, allow_origins=[PARTNER], on_refused="block")
    quiet = create()
    app = create()
    app.add_subapp("/mounted", mounted)
    app.add_subapp("/quiet", quiet)
    async with running(app) as client:
        assert await client.readers("/quiet/") == {ORIGIN}
        response = await client.get("/mounted/ok", ORIGIN)
        assert (response.status, response.headers.get("Access-Control-Allow-Origin")) == (403, None)
        assert (await client.get("/mounted/ok", PARTNER)).status == 200
        assert (await client.get("/mounted/ok", None)).status == 200
        assert (await client.preflight("/mounted/ok", ORIGIN)).status == 200
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len([record for record in warned if "setup(...) on a sub-app" in record.getMessage()]) == 2


@pytest.mark.parametrize("served", ["handler", "app"])
async def test_a_policy_without_setup_is_an_error(served: str) -> None:
    """It would silently do nothing."""
    app, mounted = web.Application(), web.Application()
    if served == "handler":
        mounted.router.add_get("/x", partner)
    else:
        mounted.router.add_get("/x", ok)
        cors(allow_origins=[PARTNER])(mounted)
    app.add_subapp("/mounted", mounted)
    async with running(app) as client:
        assert (await client.get("/mounted/x")).status == 500


async def test_the_message_of_a_policy_without_setup_says_what_to_do() -> None:
    """The exception reaches the server's log."""
    app = web.Application()
    app.router.add_get("/x", partner)
    async with TestClient(TestServer(app)) as client:
        logged: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: logged.append(str(record.exc_info and record.exc_info[1]))  # type: ignore[method-assign]
        logging.getLogger("aiohttp.server").addHandler(handler)
        assert (await client.get("/x")).status == 500
        logging.getLogger("aiohttp.server").removeHandler(handler)
    (message,) = logged
    assert message.startswith("cors(...) on tests.unit.adapters.aiohttp.test_routes.partner has no effect")
    assert message.endswith("Call setup(app, ...) of crossorigin.aiohttp where the app is created.")


async def test_a_policy_on_a_websocket_refuses_handshakes() -> None:
    """The check is the only purpose of such a policy."""
    app = create(web.get("/ws", cors(allow_origins=[PARTNER])(websocket)))
    async with TestClient(TestServer(app)) as client:
        async with client.ws_connect("/ws", origin=PARTNER):
            pass
        with pytest.raises(WSServerHandshakeError):
            await client.ws_connect("/ws", origin=ORIGIN)


async def test_a_function_that_is_no_coroutine() -> None:
    """Aiohttp takes it with a warning, and the decorated form is one."""
    async with running(create(web.get("/plain", plain))) as client:
        assert await client.readers("/plain") == {PARTNER}


async def test_a_rule_that_fails_belongs_to_no_handler() -> None:
    """The policy of the app answers the preflight."""

    class Failing(Domain):
        async def match(self, request: web.Request) -> bool:
            raise ZeroDivisionError

    app = web.Application()
    app.router.register_resource(MatchedSubAppResource(Failing("x.example"), web.Application()))
    app.router.add_get("/partner", partner)
    setup(app, allow_origins=[ORIGIN])
    async with running(app) as client:
        assert (await client.preflight("/partner", ORIGIN)).status == 200


# Wrong calls.


def test_an_app_factory_can_decorate_a_handler_for_each_app() -> None:
    """A function is never changed."""
    handler = answering()
    first, second = cors(allow_origins=[ORIGIN])(handler), cors(allow_origins=[PARTNER])(handler)
    assert first is not second
    assert first is not handler


@pytest.mark.parametrize(
    ("decorate", "message"),
    [
        (lambda: cors(ok), "Write @cors\\(allow_origins=\\[...\\]\\) instead of @cors"),  # type: ignore[arg-type]
        (lambda: cors(allow_origins=[])(5), "needs a handler, a view class or an app, got int"),
        (lambda: cors(allow_origins=[])(partner), "partner already has a policy"),
        (lambda: cors()(cors()(web.Application())), "This app already has a policy"),
        (lambda: cors()(mounted()), "Call cors\\(...\\) on it before add_subapp"),
    ],
)
def test_a_wrong_use_is_an_error(decorate: Any, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(TypeError, match=message):
        decorate()


def mounted() -> web.Application:
    """Return an app that is part of another."""
    app, sub = web.Application(), web.Application()
    app.add_subapp("/mounted", sub)
    return sub


def test_an_invalid_policy_is_reported_where_it_is_written() -> None:
    """For options and for lists."""
    with pytest.raises(InvalidPolicyError):
        cors(allow_origins=["https://app.example.com/"])
    with pytest.raises(InvalidPolicyError):
        cors([5])  # type: ignore[list-item]
    with pytest.raises(InvalidPolicyError):
        cors(Policy(), max_age=5)


async def test_a_decorator_above_that_of_the_route_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The route serves the handler without the policy, and nothing else would tell."""
    routes = web.RouteTableDef()

    @cors(allow_origins=[PARTNER])
    @routes.get("/wrong")
    async def wrong(request: web.Request) -> web.StreamResponse:
        return web.Response()

    app = create()
    app.add_routes(routes)
    async with running(app) as client:
        assert await client.readers("/wrong") == {ORIGIN}
    messages = [record.getMessage() for record in caplog.records]
    (message,) = (message for message in messages if wrong.__qualname__ in message)
    assert "has no effect in this app" in message


async def test_a_policy_of_another_adapter_stops_the_start() -> None:
    """`cors` exists in several modules."""

    @crossorigin.starlette.cors(allow_origins=[PARTNER])
    async def wrong(request: web.Request) -> web.StreamResponse:
        return web.Response()

    app = create(web.get("/wrong", wrong))
    with pytest.raises(TypeError, match=r"Import cors from crossorigin\.aiohttp instead"):
        await web.AppRunner(app).setup()
