"""One app does not slow down another app in the same process, because requests use no process-wide state."""

import copy
import logging
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from crossorigin import CORSMiddleware, Policy, cors
from tests.properties.counting import counting
from tests.unit.adapters.asgi.scopes import ORIGIN, OTHER, answering, exchange, headers_of, http_scope, preflight_scope

POLICY = Policy(allow_origins=[ORIGIN])
# The additional cost of one GET because of something unrelated in the process. If the middleware cannot see the routes
# of an app, it reads the endpoint at each response. This costs about fifty instructions, a thirtieth of the cost of the
# smallest app and server.
TOLERANCE = 0.05
OF_A_HIDDEN_ENDPOINT = 50


async def hello(request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("hello")


def raw() -> Any:
    """An ASGI app that is one function, wrapped directly."""
    return CORSMiddleware(answering(), policy=POLICY)


def starlette() -> Any:
    """An app of Starlette with the middleware added."""
    app = Starlette(routes=[Route("/", hello), Mount("/sub", Router([Route("/x", hello)]))])
    app.add_middleware(CORSMiddleware, policy=POLICY)
    return app


def fastapi() -> Any:
    """An app of FastAPI with an included router."""
    router = APIRouter(prefix="/v1")
    router.get("/x")(hello)
    app = FastAPI()
    app.get("/")(hello)
    app.include_router(router)
    app.add_middleware(CORSMiddleware, policy=POLICY)
    return app


def files() -> Any:
    """An app that also serves static files, behind a middleware that exposes them."""
    app = Starlette(routes=[Route("/", hello), Mount("/files", GZipMiddleware(StaticFiles(check_dir=False)))])
    app.add_middleware(CORSMiddleware, policy=POLICY)
    return app


async def instructions_of(app: Any, scope: Any = None) -> int:
    """Return the number of instructions of one request, a GET by default."""
    scope = scope or http_scope("GET", ("origin", ORIGIN))
    with counting() as counted:
        await exchange(app, scope)
    return counted[0]


async def another_app() -> Any:
    """A second app with its own middleware, which has served a request."""
    other = starlette()
    await exchange(other, http_scope("GET", ("origin", ORIGIN)))
    return other


async def a_policy_elsewhere() -> Any:
    """An app whose endpoint has a policy."""
    other = Starlette(routes=[Route("/", cors(allow_origins=[OTHER])(HTTPEndpoint))])
    del HTTPEndpoint.__crossorigin__  # type: ignore[attr-defined]
    other.routes.append(Route("/x", cors(allow_origins=[OTHER])(answering())))
    other.add_middleware(CORSMiddleware, policy=POLICY)
    await exchange(other, http_scope("GET", ("origin", ORIGIN)))
    return other


async def a_router_that_nobody_includes() -> Any:
    """A router with a policy that no app includes."""
    return cors(allow_origins=[OTHER])(APIRouter())


@pytest.mark.parametrize("made", [raw, starlette, fastapi, files])
@pytest.mark.parametrize("unrelated", [another_app, a_policy_elsewhere, a_router_that_nobody_includes])
async def test_an_app_costs_the_same_whatever_else_the_process_has(
    made: Callable[[], Any], unrelated: Callable[[], Any]
) -> None:
    """One GET costs at most a twentieth more."""
    allowance = OF_A_HIDDEN_ENDPOINT if made is raw else 0
    app = made()
    for _ in range(2):
        await exchange(app, http_scope("GET", ("origin", ORIGIN)))
    alone = await instructions_of(app)
    kept = await unrelated()
    # The first request reads the routes of the app again.
    await exchange(app, http_scope("GET", ("origin", ORIGIN)))
    assert await instructions_of(app) <= (1 + TOLERANCE) * alone + allowance
    del kept


async def test_a_preflight_costs_the_same_whatever_methods_other_apps_allow() -> None:
    """A preflight looks for policies only in the routes of its own app."""
    own = cors(allow_origins=[ORIGIN], allow_methods=["BREW"])(hello_again())
    app = Starlette(routes=[Route("/", own, methods=["BREW"])])
    app.add_middleware(CORSMiddleware, policy=POLICY)
    costs: list[int] = []
    for _ in range(2):
        for _ in range(2):
            messages = await exchange(app, preflight_scope(ORIGIN, "BREW"))
            assert (b"access-control-allow-methods", b"BREW") in messages[0]["headers"]
        costs.append(await instructions_of(app, preflight_scope(ORIGIN, "BREW")))
        cors(allow_origins=[OTHER], allow_methods=[f"M{number}" for number in range(100)])(hello_again())
    assert costs[1] == costs[0]


def test_making_a_middleware_costs_the_same_however_many_there_are() -> None:
    """Nothing counts the others."""
    app = answering()

    def steps_of_making() -> int:
        with counting() as counted:
            CORSMiddleware(app, policy=POLICY)
        return counted[0]

    # The first one also imports what all of them use.
    steps_of_making()
    first = steps_of_making()
    kept = [CORSMiddleware(app, policy=POLICY) for _ in range(200)]
    assert steps_of_making() == first
    del kept


class Hiding:
    """A layer that hides the app that it wraps."""

    def __init__(self, app: Any) -> None:
        self._hidden = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._hidden(scope, receive, send)


async def allowed_by(app: Any, path: str, origin: str) -> bool:
    """Return whether a page of an origin can read the response of an app."""
    headers = await headers_of(app, {**http_scope("GET", ("origin", origin)), "path": path})
    return dict(headers).get(b"access-control-allow-origin") == origin.encode()


async def test_a_hidden_endpoint_has_its_policy_from_the_first_response_on() -> None:
    """The routes are hidden, but a response shows its endpoint, whose policy decides every request."""

    @cors(allow_origins=[OTHER])
    async def own(request: Request) -> PlainTextResponse:
        return PlainTextResponse("own")

    app = CORSMiddleware(Hiding(Starlette(routes=[Route("/own", own), Route("/", hello)])), policy=POLICY)
    for _ in range(2):
        assert await allowed_by(app, "/own", OTHER)
        assert not await allowed_by(app, "/own", ORIGIN)
        assert await allowed_by(app, "/", ORIGIN)
        assert not await allowed_by(app, "/", OTHER)


async def test_a_middleware_inside_a_route_is_not_misled_by_the_endpoint_around_it() -> None:
    """An endpoint that was selected outside of the middleware does not serve inside it."""
    inner = cors(allow_origins=[OTHER])(CORSMiddleware(answering(), policy=POLICY, outermost=False))
    app = Starlette(routes=[Mount("/", inner)])
    for _ in range(2):
        assert await allowed_by(app, "/", ORIGIN)
        assert not await allowed_by(app, "/", OTHER)


def nested() -> tuple[Any, Any]:
    """An app with a router in a mount, and that router."""
    router = Router([Route("/first", hello)])
    return Starlette(routes=[Mount("/in", router)]), router


def included() -> tuple[Any, Any]:
    """An app with an included router, and the object that has its routes while the app serves."""
    router, app = APIRouter(), FastAPI()
    router.add_route("/first", hello)
    app.include_router(router, prefix="/in")
    # The oldest FastAPI copies routes when they are included.
    return app, router if hasattr(app.routes[-1], "original_router") else app.router


def mounted() -> tuple[Any, Any]:
    """An app with another one mounted, and the router of that one."""
    inner = Starlette(routes=[Route("/first", hello)])
    return Starlette(routes=[Mount("/in", inner)]), inner.router


@pytest.mark.parametrize("made", [nested, included, mounted])
async def test_a_route_that_is_added_while_serving_has_its_policy(made: Callable[[], tuple[Any, Any]]) -> None:
    """This includes a policy that was attached long before, and preflights."""
    own = cors(allow_origins=[OTHER])(hello_again())
    app, router = made()
    app.add_middleware(CORSMiddleware, policy=POLICY)
    for _ in range(2):
        assert await allowed_by(app, "/in/first", ORIGIN)
    router.add_route("/in/own" if router is app.router else "/own", own)
    for _ in range(2):
        assert await allowed_by(app, "/in/own", OTHER)
        assert not await allowed_by(app, "/in/own", ORIGIN)
        assert await allowed_by(app, "/in/first", ORIGIN)
        preflight = {**preflight_scope(OTHER, "GET"), "path": "/in/own"}
        assert (await exchange(app, preflight))[0]["status"] == 200


def hello_again() -> Callable[[Request], Any]:
    """Return another endpoint."""

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse("again")

    return endpoint


async def test_a_route_that_replaces_another_one_is_looked_at_again() -> None:
    """The new list has the same length and another route."""
    app = Starlette(routes=[Route("/", hello)])
    app.add_middleware(CORSMiddleware, policy=POLICY)
    own = cors(allow_origins=[OTHER])(hello_again())
    for _ in range(2):
        assert await allowed_by(app, "/", ORIGIN)
    app.router.routes[0] = Route("/", own)
    assert await allowed_by(app, "/", OTHER)


# FastAPI counts the changes of an included router itself, and does not serve such a route.
@pytest.mark.parametrize("made", [nested, mounted])
async def test_a_router_that_is_given_another_list_is_looked_at_again(made: Callable[[], tuple[Any, Any]]) -> None:
    """Users filter the routes of a router, and assign the result."""
    own = cors(allow_origins=[OTHER])(hello_again())
    app, router = made()
    app.add_middleware(CORSMiddleware, policy=POLICY)
    for _ in range(2):
        assert await allowed_by(app, "/in/first", ORIGIN)
    path = "/in/own" if router is app.router else "/own"
    router.routes = [*router.routes, Route(path, own)]
    for _ in range(2):
        assert await allowed_by(app, "/in/own", OTHER)
        assert not await allowed_by(app, "/in/own", ORIGIN)


async def test_a_route_that_is_added_during_the_scan_has_its_policy() -> None:
    """Another thread may add a route to a list that was already walked."""
    own = cors(allow_origins=[OTHER])(hello_again())
    inner = Router([Route("/first", hello)])

    class Adding(Route):
        @property
        def dependencies(self) -> tuple[()]:
            """Add a route when the scan reads this for the first time, as another thread could."""
            if len(inner.routes) == 1:
                inner.routes.append(Route("/own", own))
            return ()

    app = CORSMiddleware(Starlette(routes=[Mount("/in", inner), Adding("/x", hello)]), policy=POLICY)
    assert await allowed_by(app, "/in/first", ORIGIN)
    assert await allowed_by(app, "/in/own", OTHER)
    assert not await allowed_by(app, "/in/own", ORIGIN)


async def test_a_deep_copy_finds_what_is_attached_later() -> None:
    """A copy of a middleware that has served notices later policies, like the middleware itself."""
    layer = CORSMiddleware(Router([Route("/", hello)]), policy=POLICY)
    assert await allowed_by(layer, "/", ORIGIN)
    twin = copy.deepcopy(layer)
    assert await allowed_by(twin, "/", ORIGIN)
    twin.app.routes.append(Route("/own", cors(allow_origins=[OTHER])(hello_again())))  # type: ignore[attr-defined]
    assert await allowed_by(twin, "/own", OTHER)
    assert not await allowed_by(twin, "/own", ORIGIN)


async def test_an_endpoint_that_the_app_removes_from_the_scope_is_no_error() -> None:
    """A middleware inside a route may serve an app that removes the keys of the outer router."""
    cors(allow_origins=[OTHER])(hello_again())

    async def removing(scope: Any, receive: Any, send: Any) -> None:
        del scope["endpoint"]
        await answering()(scope, receive, send)

    layer = CORSMiddleware(removing, policy=POLICY)
    headers = await headers_of(layer, {**http_scope("GET", ("origin", ORIGIN)), "endpoint": hello})
    assert dict(headers)[b"access-control-allow-origin"] == ORIGIN.encode()


async def test_a_policy_of_a_mounted_app_has_its_effect_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The mounted app's own middleware does nothing, and the outer one uses that policy."""
    inner = cors(allow_origins=[OTHER])(Starlette(routes=[Route("/", hello)]))
    inner.add_middleware(CORSMiddleware, policy=POLICY)
    app = Starlette(routes=[Mount("/in", inner)])
    app.add_middleware(CORSMiddleware, policy=POLICY)
    with caplog.at_level(logging.WARNING, "crossorigin"):
        assert await allowed_by(app, "/in/", OTHER)
    assert "CORSMiddleware in Starlette at '/in'" in caplog.text
    assert "cors(...)" not in caplog.text


async def test_what_one_thread_found_is_not_forgotten_by_another() -> None:
    """The fast path is not used if another thread found a policy between a scan and its end."""
    own = cors(allow_origins=[OTHER])(hello_again())
    router = Router([Route("/", hello)])
    scope = http_scope("GET", ("origin", ORIGIN))

    class Raced(CORSMiddleware):
        def __setattr__(self, name: str, value: object) -> None:
            """Do what a request in another thread does, just before the fast path is selected."""
            if name == "_fast_plan" and value is not None and len(router.routes) == 1:
                router.routes.append(Route("/own", own))
                self._prepare(scope)
            super().__setattr__(name, value)

    layer = Raced(router, policy=POLICY)
    assert await allowed_by(layer, "/", ORIGIN)
    assert len(router.routes) == 2
    assert await allowed_by(layer, "/own", OTHER)
    assert not await allowed_by(layer, "/own", ORIGIN)


async def test_a_hidden_endpoint_that_allows_an_origin_is_not_logged_as_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The app's policy refuses the origin but does not decide. If it decides, the refusal is logged."""

    @cors(allow_origins=[OTHER])
    async def own(request: Request) -> PlainTextResponse:
        return PlainTextResponse("own")

    app = CORSMiddleware(Hiding(Starlette(routes=[Route("/own", own), Route("/", hello)])), policy=POLICY)
    assert await allowed_by(app, "/own", OTHER)
    assert caplog.records == []
    app = CORSMiddleware(Hiding(Starlette(routes=[Route("/", hello)])), policy=POLICY)
    assert not await allowed_by(app, "/", OTHER)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["refused (origin-not-listed)"]


async def test_a_copy_of_a_scope_that_is_served_again_is_decided_like_any_request() -> None:
    """An app that keeps a copy of the scope and serves it again gets the same headers and checks."""
    kept: list[dict[str, Any]] = []

    async def keeping(scope: Any, receive: Any, send: Any) -> None:
        kept.append(copy.deepcopy({key: value for key, value in scope.items() if key != "extensions"}))
        await answering()(scope, receive, send)

    app = CORSMiddleware(keeping, policy=POLICY, on_refused="block")
    assert await allowed_by(app, "/", ORIGIN)
    assert dict(await headers_of(app, kept[0]))[b"access-control-allow-origin"] == ORIGIN.encode()
    kept[0]["headers"] = [(b"origin", OTHER.encode())]
    assert (await exchange(app, kept[0]))[0]["status"] == 403


async def test_an_endpoint_that_was_taken_out_of_the_scope_changes_nothing() -> None:
    """An app without routes, inside a route, may remove what the outer app has put into the scope."""

    async def removing(scope: Any, receive: Any, send: Any) -> None:
        scope.pop("endpoint", None)
        await answering()(scope, receive, send)

    cors(allow_origins=[OTHER])(hello_again())
    app = Starlette(routes=[Mount("/", CORSMiddleware(removing, policy=POLICY, outermost=False))])
    assert await allowed_by(app, "/", ORIGIN)
    assert not await allowed_by(app, "/", OTHER)


async def test_a_middleware_that_is_the_outermost_already_stays(caplog: pytest.LogCaptureFixture) -> None:
    """A stack that was built directly needs no move and no warning."""
    app = Starlette(routes=[Route("/", hello)])
    app.middleware_stack = CORSMiddleware(app.build_middleware_stack(), policy=POLICY)
    assert await allowed_by(app, "/", ORIGIN)
    assert caplog.records == []


def test_a_refusal_without_an_origin_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No request causes this, but any caller may use the log."""
    layer = CORSMiddleware(answering(), policy=POLICY)
    layer._handler.log_refusal(POLICY.decide("GET", origin=[OTHER.encode()]), http_scope("GET"))
    assert caplog.records == []
