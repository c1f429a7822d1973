"""The policy of a router, a mount or a mounted app decides for all routes inside that have no nearer policy."""

from collections.abc import Callable
from typing import Any

import fastapi.routing
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from crossorigin import CORSMiddleware
from crossorigin.adapters.starlette.route_policy import PolicyCarrier
from tests.unit.adapters.starlette.routed_apps import POLICIES, answers, by, deciders, with_layer

# The oldest FastAPI copies the routes of an included router, so a later policy of the router has no effect.
COPIES = not hasattr(fastapi.routing, "_IncludedRouter")
Made = Callable[[], Any]


def router(prefix: str = "", *, own: bool = False) -> APIRouter:
    """Return a router with a route, which may have a policy."""
    made = APIRouter(prefix=prefix)
    made.add_api_route("/x", by("route")(answers()) if own else answers())
    return made


def including(*included: tuple[APIRouter, str]) -> FastAPI:
    """Return an app that includes these routers."""
    app = FastAPI()
    for inner, prefix in included:
        app.include_router(inner, prefix=prefix)
    return with_layer(app)


def _before_its_routes() -> Any:
    made = by("router")(APIRouter(prefix="/in"))
    made.add_api_route("/x", answers())
    return including((made, ""))


def _routes_come_last() -> Any:
    made = by("router")(APIRouter(prefix="/in"))
    app = including((made, ""))
    made.add_api_route("/x", answers())
    return app


def _put_on_last() -> Any:
    made = router("/in")
    app = including((made, ""))
    by("router")(made)
    return app


def _nested(*, inner: bool, outer: bool, own: bool = False) -> Any:
    third = router("/x", own=own)
    second, first = APIRouter(prefix="/b"), APIRouter(prefix="/a")
    if inner:
        by("router")(second)
    if outer:
        by("outer")(first)
    second.include_router(third)
    first.include_router(second)
    return including((first, "/v1"))


def _plain_route(framework: Any = APIRouter) -> Any:
    made = by("router")(framework(routes=[Route("/in/x", answers())]))
    return including((made, ""))


ROUTERS: dict[str, tuple[Made, str, str]] = {
    "after its routes": (lambda: including((by("router")(router("/in")), "")), "/in/x", "router"),
    "before its routes": (_before_its_routes, "/in/x", "router"),
    "put on when it is included": (_put_on_last, "/in/x", "app" if COPIES else "router"),
    "its routes come when it is included": (_routes_come_last, "/in/x", "app"),
    "a nearer one": (lambda: including((by("router")(router("/in", own=True)), "")), "/in/x", "route"),
    "included twice, once": (lambda: including(*[(by("router")(router()), "/a")] * 2), "/a/x", "router"),
    "three deep": (lambda: _nested(inner=False, outer=True), "/v1/a/b/x/x", "outer"),
    "three deep, the inner one": (lambda: _nested(inner=True, outer=False), "/v1/a/b/x/x", "router"),
    "three deep, both": (lambda: _nested(inner=True, outer=True), "/v1/a/b/x/x", "router"),
    "three deep, a nearer one": (lambda: _nested(inner=True, outer=True, own=True), "/v1/a/b/x/x", "route"),
    "nothing there": (lambda: including((by("router")(router("/in")), "")), "/in/y", "app"),
    "a plain route": (_plain_route, "/in/x", "app" if COPIES else "router"),
}


@pytest.mark.parametrize("case", ROUTERS)
async def test_a_router_decides_for_its_routes(case: str) -> None:
    """Its policy applies wherever the router is included, and at any depth."""
    made, path, name = ROUTERS[case]
    # Only the newest FastAPI serves a route that is added later.
    if case == "its routes come when it is included" and not COPIES:
        name = "router"
    assert await deciders(made(), "GET", path) == name


async def test_a_router_that_is_included_twice_decides_for_both() -> None:
    """Other included routers have the policy of the app."""
    app = including((one := by("router")(router()), "/a"), (one, "/b"), (router(), "/c"))
    assert [await deciders(app, "GET", f"/{prefix}/x") for prefix in "abc"] == ["router", "router", "app"]


async def test_where_routes_are_copied_the_policy_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy is copied as a dependency that does nothing, for existing routes and for later ones."""
    made = APIRouter(prefix="/in", routes=[Route("/plain", answers())])
    made.add_api_route("/x", answers())
    with monkeypatch.context() as patch:
        patch.delattr(fastapi.routing, "_IncludedRouter", raising=False)
        by("router")(made)
    made.add_api_route("/y", answers())
    for holder in (made, *made.routes[1:]):
        [dependency] = holder.dependencies
        assert isinstance(dependency.dependency, PolicyCarrier)
        assert await dependency.dependency() is None
    app = including((made, ""))
    assert [await deciders(app, "GET", path) for path in ("/in/x", "/in/y")] == ["router"] * 2


async def test_a_router_may_be_the_app_s_own_in_another_app() -> None:
    """The router can be included in several apps, and adds no parameters to the schema."""
    shared = by("router")(router("/in"))
    for _ in range(2):
        app = including((shared, ""))
        assert await deciders(app, "GET", "/in/x") == "router"
        assert "parameters" not in app.openapi()["paths"]["/in/x"]["get"]


class Hiding:
    """A wrapper that hides its app."""

    def __init__(self, app: Any) -> None:
        self.held = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        await self.held(scope, receive, send)


class Raw:
    """An ASGI app without a framework."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await PlainTextResponse("raw")(scope, receive, send)


class Foreign(Raw):
    """An app of another framework, whose routes are of other types."""

    routes = [object()]  # The attribute of that framework.


def raw() -> Any:
    """Return an app that is a function."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("raw")(scope, receive, send)

    return app


def sub(framework: Any = FastAPI, *, own: bool = False, **options: Any) -> Any:
    """Return an app to mount."""
    return framework(routes=[Route("/x", by("route")(answers()) if own else answers())], **options)


def _inner_router() -> Any:
    made = sub()
    by("mount")(made.router)
    return Mount("/sub", made)


def _subclass() -> Any:
    return Mount("/sub", sub(by("mount")(type("Own", (FastAPI,), {}))))


HIDING, GZIP = Middleware(Hiding), Middleware(GZipMiddleware)
MOUNTS: dict[str, tuple[Made, str]] = {
    "FastAPI": (lambda: Mount("/sub", by("mount")(sub())), "mount"),
    "Starlette": (lambda: Mount("/sub", by("mount")(sub(Starlette))), "mount"),
    "a router": (lambda: Mount("/sub", by("mount")(sub(Router))), "mount"),
    "the router in it": (_inner_router, "mount"),
    "a class of apps": (_subclass, "mount"),
    "a nearer one": (lambda: Mount("/sub", by("mount")(sub(own=True))), "route"),
    "only in it": (lambda: Mount("/sub", sub(own=True)), "route"),
    "the mount": (lambda: by("mount")(Mount("/sub", sub())), "mount"),
    "the mount, of routes": (lambda: by("mount")(Mount("/sub", routes=[Route("/x", answers())])), "mount"),
    "both": (lambda: by("outer")(Mount("/sub", by("mount")(sub()))), "mount"),
    "two deep": (lambda: Mount("/sub", routes=[by("mount")(Mount("/", sub()))]), "mount"),
    "two deep, both": (lambda: by("outer")(Mount("/sub", routes=[by("mount")(Mount("/", sub()))])), "mount"),
    "an app that is an object": (lambda: Mount("/sub", by("mount")(Raw())), "mount"),
    "an app of a class": (lambda: Mount("/sub", by("mount")(type("Own", (Raw,), {}))()), "mount"),
    "an app of a class, compressed": (
        lambda: Mount("/sub", by("mount")(type("Own", (Raw,), {}))(), middleware=[GZIP]),
        "mount",
    ),
    "a function": (lambda: Mount("/sub", by("mount")(raw())), "mount"),
    "a function, compressed": (lambda: Mount("/sub", by("mount")(raw()), middleware=[GZIP]), "mount"),
    "files": (lambda: Mount("/sub", by("mount")(StaticFiles(directory="."))), "mount"),
    "another framework": (lambda: by("mount")(Mount("/sub", Foreign())), "mount"),
    "compressed": (lambda: Mount("/sub", GZipMiddleware(by("mount")(sub()))), "mount"),
    "compressed, a nearer one": (lambda: Mount("/sub", GZipMiddleware(sub(own=True))), "route"),
    "middleware": (lambda: Mount("/sub", by("mount")(sub()), middleware=[GZIP]), "mount"),
    "hidden, a nearer one": (lambda: Mount("/sub", sub(own=True), middleware=[HIDING]), "route"),
    "hidden, the mount": (lambda: by("mount")(Mount("/sub", sub(), middleware=[HIDING])), "mount"),
    "a route's": (lambda: Route("/sub/x", by("route")(answers()), middleware=[HIDING]), "route"),
    "the route": (lambda: by("route")(Route("/sub/x", answers())), "route"),
    "none": (lambda: Mount("/sub", sub()), "app"),
}


@pytest.mark.parametrize("case", MOUNTS)
@pytest.mark.parametrize("parent", [Starlette, FastAPI])
async def test_what_is_mounted_may_have_a_policy(parent: Any, case: str) -> None:
    """The nearest policy decides. Routes outside the mount have the policy of the app."""
    made, name = MOUNTS[case]
    app = with_layer(parent(routes=[made(), Route("/x", answers()), Route("/subs", answers())]))
    assert await deciders(app, "GET", "/sub/x") == name
    assert await deciders(app, "GET", "/x") == "app"
    assert await deciders(app, "GET", "/subs") == "app"


async def test_what_a_mount_does_not_serve_is_still_its_own() -> None:
    """This includes a 404, a 405, and the redirect for a slash inside the mount."""
    app = with_layer(FastAPI(routes=[Mount("/sub", by("mount")(sub())), Route("/sub/later", answers())]))
    for method, path in [
        ("GET", "/sub/y"),
        ("PUT", "/sub/x"),
        ("GET", "/sub"),
        ("GET", "/sub/x/"),
        ("GET", "/sub/later"),
    ]:
        assert await deciders(app, method, path) == "mount", (method, path)


@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
async def test_a_mounted_app_may_say_where_it_stands() -> None:
    """FastAPI's own root_path replaces that of the mount, also in the look-up."""
    app = with_layer(Starlette(routes=[Mount("/sub", by("mount")(sub(own=True, root_path="/sub")))]))
    assert await deciders(app, "GET", "/sub/x") == "route"
    app = with_layer(Starlette(routes=[Mount("/sub", by("mount")(sub(own=True, root_path="/else")))]))
    assert await deciders(app, "GET", "/sub/x") == "mount"


async def test_an_included_router_may_hold_mounts_and_hosts() -> None:
    """The newest FastAPI serves them. The oldest one drops them, so the app's policy decides."""
    inner = by("router")(
        APIRouter(routes=[by("mount")(Mount("/sub", sub())), Mount("/two", sub(own=True)), Mount("/three", sub())])
    )
    app = including((inner, "/in"))
    told = [await deciders(app, "GET", f"/in/{path}/x") for path in ("sub", "two", "three")]
    assert told == (["app"] * 3 if COPIES else ["mount", "route", "router"])


async def test_inside_a_parent_the_child_s_layer_decides_by_the_child_s_routes() -> None:
    """The parent may have other routes with the same paths."""
    child = with_layer(sub(own=True))
    parent = Starlette(routes=[Mount("/sub", child), Route("/x", by("outer")(answers()))])
    assert await deciders(parent, "GET", "/sub/x") == "route"
    assert await deciders(parent, "GET", "/sub/y") == "app"


WRAPPED: dict[str, Callable[[Any], Any]] = {
    "an app": lambda routes: CORSMiddleware(FastAPI(routes=routes), policy=POLICIES["app"]),
    "a router": lambda routes: CORSMiddleware(Router(routes), policy=POLICIES["app"]),
    "a compressed app": lambda routes: CORSMiddleware(GZipMiddleware(Starlette(routes=routes)), policy=POLICIES["app"]),
    "a mount": lambda routes: Mount(
        "", routes=routes, middleware=[Middleware(CORSMiddleware, policy=POLICIES["app"], outermost=False)]
    ),
    "a mounted layer": lambda routes: Starlette(
        routes=[Mount("/", CORSMiddleware(Router(routes), policy=POLICIES["app"], outermost=False))]
    ),
    "added, and staying": lambda routes: with_layer(FastAPI(routes=routes), outermost=False),
    "behind what hides it": lambda routes: _behind(with_layer(FastAPI(routes=routes)), Hiding),
    "in front of what hides": lambda routes: with_layer(_behind(FastAPI(routes=routes), Hiding)),
}


def _behind(app: Any, middleware: Any) -> Any:
    app.add_middleware(middleware)
    return app


@pytest.mark.parametrize("case", WRAPPED)
async def test_wherever_the_layer_stands_the_routes_inside_are_found(case: str) -> None:
    """This holds around an app, a router or a mount, and for a middleware that moved or not."""
    served = WRAPPED[case]([Route("/x", by("route")(answers())), Mount("/sub", by("mount")(sub()))])
    app = served if not isinstance(served, Mount) else Starlette(routes=[served])
    told = [await deciders(app, "GET", path) for path in ("/x", "/sub/x", "/y")]
    # Around a mount, a 404 is answered outside the middleware.
    assert told == ["route", "mount", "app and then " if "mount" in case else "app"]


class Rewriting:
    """A middleware that calls the app with another path, in the same scope or in a copy."""

    def __init__(self, app: Any, *, copies: bool) -> None:
        self.app = app
        self.copies = copies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change the path."""
        inner = dict(scope) if self.copies else scope
        inner["path"] = inner["path"].removeprefix("/v2")
        await self.app(inner, receive, send)


async def _told(*paths: str, copies: bool) -> list[str]:
    routes = [
        Route("/own", by("route")(answers())),
        Route("/else", answers()),
        Mount("/sub", by("mount")(sub(own=True))),
        Mount("/group", by("outer")(sub())),
    ]
    app: Any = FastAPI(routes=routes)
    app.add_middleware(Rewriting, copies=copies)
    with_layer(app)
    return [await deciders(app, "GET", path) for path in paths]


async def test_a_middleware_may_copy_the_scope() -> None:
    """Then the original path is looked up."""
    told = await _told("/own", "/else", "/sub/x", "/group/x", copies=True)
    assert told == ["route", "app", "route", "outer"]


async def test_a_middleware_may_rewrite_the_path() -> None:
    """The response has the policy of the route that served. The preflight is decided by the original path."""
    told = await _told("/v2/own", "/v2/else", "/v2/sub/x", "/v2/group/x", "/own", "/v2/group/y", copies=False)
    assert told == [
        "app and then route",
        "app",
        "app and then route",
        "app and then outer",
        "route",
        "app and then outer",
    ]


@pytest.mark.parametrize("layer", [False, True], ids=["the app", "a layer around it"])
async def test_a_mounted_app_may_copy_the_scope(*, layer: bool) -> None:
    """The middleware cannot see which route served, so the original path decides between the policies."""
    inner = FastAPI(routes=[Route("/x", by("route")(answers())), Route("/y", answers())])
    if not layer:
        inner.add_middleware(Rewriting, copies=True)
    made = by("mount")(Rewriting(inner, copies=True) if layer else inner)
    app = with_layer(Starlette(routes=[Mount("/sub", made)]))
    assert [await deciders(app, "GET", path) for path in ("/sub/x", "/sub/y", "/sub/z")] == ["route", "mount", "mount"]


async def test_a_function_may_be_mounted() -> None:
    """Its policy decides for an app that it calls, whose routes are unknown. A policy of the endpoint is nearer."""
    inner = Starlette(routes=[Route("/x", answers()), Route("/own", by("route")(answers()))])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)

    serving = with_layer(Starlette(routes=[Mount("/sub", by("mount")(app))]))
    assert await deciders(serving, "GET", "/sub/x") == "mount"
    assert await deciders(serving, "GET", "/sub/own") == "mount and then route"


async def test_a_middleware_may_change_the_method() -> None:
    """The response has the policy of the route that served."""

    async def overriding(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "POST":
            scope["method"] = "DELETE"
        await inner(scope, receive, send)

    first, second = by("router")(APIRouter()), by("outer")(APIRouter())
    first.post("/x")(answers())
    second.delete("/x")(answers())
    inner = FastAPI()
    inner.include_router(first)
    inner.include_router(second)
    overriding.app = inner  # type: ignore[attr-defined]
    app = CORSMiddleware(overriding, policy=POLICIES["app"])
    assert (await deciders(app, "POST", "/x")).endswith("and then outer")


async def test_what_is_mounted_may_change_the_path_for_its_own_use() -> None:
    """The look-up is not affected."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = "/x"
        await PlainTextResponse("raw")(scope, receive, send)

    routes = [Route("/x", by("route")(answers())), by("mount")(Mount("/sub", app))]
    assert await deciders(with_layer(Starlette(routes=routes)), "GET", "/sub/y") == "mount"


async def test_two_layers_agree() -> None:
    """The outer middleware decides, by the policies of the routes."""
    app = with_layer(FastAPI(routes=[Route("/x", by("route")(answers()))]))
    outer = CORSMiddleware(app, policy=POLICIES["outer"])
    assert [await deciders(outer, "GET", path) for path in ("/x", "/y")] == ["route", "outer"]


async def test_what_comes_later_is_found() -> None:
    """Routes and policies may be added while the app serves, and then the fast path is not used again."""

    async def late(request: Request) -> PlainTextResponse:
        return PlainTextResponse("late")

    app = with_layer(FastAPI())
    assert await deciders(app, "GET", "/late") == "app"
    app.router.routes.append(Route("/late", late))
    assert await deciders(app, "GET", "/late") == "app"
    by("route")(late)
    assert await deciders(app, "GET", "/late") == "route"
    app.mount("/sub", by("mount")(sub()))
    assert await deciders(app, "GET", "/sub/x") == "mount"


async def test_apps_share_nothing_but_what_they_both_serve() -> None:
    """A shared endpoint keeps its own policy in both apps. Otherwise the policy of each app decides."""
    shared = by("route")(answers())
    first, second = (FastAPI(routes=[Route("/x", shared)]) for _ in range(2))
    first.add_middleware(CORSMiddleware, policy=POLICIES["app"])
    second.add_middleware(CORSMiddleware, policy=POLICIES["outer"])
    for app, name in ((first, "app"), (second, "outer")):
        assert [await deciders(app, "GET", path) for path in ("/x", "/y")] == ["route", name]
