"""A policy put on a router, a mount or an app in it decides for all inside, except where a nearer one does."""

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

# The older FastAPI copies the routes of an included router, and what is put on it later stays behind.
COPIES = not hasattr(fastapi.routing, "_IncludedRouter")
Made = Callable[[], Any]


def router(prefix: str = "", *, own: bool = False) -> APIRouter:
    """Return a router with a route, which may have a policy."""
    made = APIRouter(prefix=prefix)
    made.add_api_route("/x", by("route")(answers()) if own else answers())
    return made


def including(*included: tuple[APIRouter, str]) -> FastAPI:
    """Return an app that includes these."""
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
    """Wherever it is included, and however deep."""
    made, path, name = ROUTERS[case]
    # A route that comes later is served by the newest FastAPI alone.
    if case == "its routes come when it is included" and not COPIES:
        name = "router"
    assert await deciders(made(), "GET", path) == name


async def test_a_router_that_is_included_twice_decides_for_both() -> None:
    """And what is included beside it is the app's."""
    app = including((one := by("router")(router()), "/a"), (one, "/b"), (router(), "/c"))
    assert [await deciders(app, "GET", f"/{prefix}/x") for prefix in "abc"] == ["router", "router", "app"]


async def test_where_routes_are_copied_the_policy_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a dependency that does nothing: of the routes that are there, and of those that come."""
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
    """The policy goes with the routes, and asks nothing of a page."""
    shared = by("router")(router("/in"))
    for _ in range(2):
        app = including((shared, ""))
        assert await deciders(app, "GET", "/in/x") == "router"
        assert "parameters" not in app.openapi()["paths"]["/in/x"]["get"]


class Hiding:
    """Does not tell what it holds."""

    def __init__(self, app: Any) -> None:
        self.held = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on."""
        await self.held(scope, receive, send)


class Raw:
    """An app of nobody's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await PlainTextResponse("raw")(scope, receive, send)


class Foreign(Raw):
    """Of another framework, whose routes are no routes here."""

    routes = [object()]  # as there


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
    """The nearest one decides; what is beside it is the app's."""
    made, name = MOUNTS[case]
    app = with_layer(parent(routes=[made(), Route("/x", answers()), Route("/subs", answers())]))
    assert await deciders(app, "GET", "/sub/x") == name
    assert await deciders(app, "GET", "/x") == "app"
    assert await deciders(app, "GET", "/subs") == "app"


async def test_what_a_mount_does_not_serve_is_still_its_own() -> None:
    """A 404 in there, a 405, and the redirect for a slash."""
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
    """FastAPI's own root_path replaces that of the mount, here as there."""
    app = with_layer(Starlette(routes=[Mount("/sub", by("mount")(sub(own=True, root_path="/sub")))]))
    assert await deciders(app, "GET", "/sub/x") == "route"
    app = with_layer(Starlette(routes=[Mount("/sub", by("mount")(sub(own=True, root_path="/else")))]))
    assert await deciders(app, "GET", "/sub/x") == "mount"


async def test_an_included_router_may_hold_mounts_and_hosts() -> None:
    """The newest FastAPI serves them; the older one drops them, and then the app's policy decides."""
    inner = by("router")(
        APIRouter(routes=[by("mount")(Mount("/sub", sub())), Mount("/two", sub(own=True)), Mount("/three", sub())])
    )
    app = including((inner, "/in"))
    told = [await deciders(app, "GET", f"/in/{path}/x") for path in ("sub", "two", "three")]
    assert told == (["app"] * 3 if COPIES else ["mount", "route", "router"])


async def test_inside_a_parent_the_child_s_layer_decides_by_the_child_s_routes() -> None:
    """Under the same names the parent may have others."""
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
    """Around an app, a router, a mount; added to an app, moved or not."""
    served = WRAPPED[case]([Route("/x", by("route")(answers())), Mount("/sub", by("mount")(sub()))])
    app = served if not isinstance(served, Mount) else Starlette(routes=[served])
    told = [await deciders(app, "GET", path) for path in ("/x", "/sub/x", "/y")]
    # A 404 is answered around a mount.
    assert told == ["route", "mount", "app and then " if "mount" in case else "app"]


class Rewriting:
    """Calls the app by another path: in the scope that came, or in one of its own."""

    def __init__(self, app: Any, *, copies: bool) -> None:
        self.app = app
        self.copies = copies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite it."""
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
    """Then the path that came is looked up."""
    told = await _told("/own", "/else", "/sub/x", "/group/x", copies=True)
    assert told == ["route", "app", "route", "outer"]


async def test_a_middleware_may_rewrite_the_path() -> None:
    """A response is decided by what served it; the preflight, which it never saw, by the path that came."""
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
    """Nothing tells then what served, so the path that came is looked up: what is nearer than the app decides."""
    inner = FastAPI(routes=[Route("/x", by("route")(answers())), Route("/y", answers())])
    if not layer:
        inner.add_middleware(Rewriting, copies=True)
    made = by("mount")(Rewriting(inner, copies=True) if layer else inner)
    app = with_layer(Starlette(routes=[Mount("/sub", made)]))
    assert [await deciders(app, "GET", path) for path in ("/sub/x", "/sub/y", "/sub/z")] == ["route", "mount", "mount"]


async def test_a_function_may_be_mounted() -> None:
    """It decides for the app that it hands a request to, whose routes nobody knows; what served there is nearer."""
    inner = Starlette(routes=[Route("/x", answers()), Route("/own", by("route")(answers()))])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)

    serving = with_layer(Starlette(routes=[Mount("/sub", by("mount")(app))]))
    assert await deciders(serving, "GET", "/sub/x") == "mount"
    assert await deciders(serving, "GET", "/sub/own") == "mount and then route"


async def test_a_middleware_may_change_the_method() -> None:
    """A response is decided by what served it."""

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
    """That leads nowhere else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = "/x"
        await PlainTextResponse("raw")(scope, receive, send)

    routes = [Route("/x", by("route")(answers())), by("mount")(Mount("/sub", app))]
    assert await deciders(with_layer(Starlette(routes=routes)), "GET", "/sub/y") == "mount"


async def test_two_layers_agree() -> None:
    """The outer one decides, by the routes inside both."""
    app = with_layer(FastAPI(routes=[Route("/x", by("route")(answers()))]))
    outer = CORSMiddleware(app, policy=POLICIES["outer"])
    assert [await deciders(outer, "GET", path) for path in ("/x", "/y")] == ["route", "outer"]


async def test_what_comes_later_is_found() -> None:
    """Routes and policies that come when the app serves already; the short way is left for good."""

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
    """An endpoint's policy decides in both, and each app's own for the rest."""
    shared = by("route")(answers())
    first, second = (FastAPI(routes=[Route("/x", shared)]) for _ in range(2))
    first.add_middleware(CORSMiddleware, policy=POLICIES["app"])
    second.add_middleware(CORSMiddleware, policy=POLICIES["outer"])
    for app, name in ((first, "app"), (second, "outer")):
        assert [await deciders(app, "GET", path) for path in ("/x", "/y")] == ["route", name]
