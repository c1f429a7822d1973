"""The framework's own routing finds the policy of a route, whatever kind of route it is."""

import functools
from typing import Any

import fastapi.routing
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.convertors import CONVERTOR_TYPES, Convertor, StringConvertor
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from crossorigin import CORSMiddleware
from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.routes import find
from crossorigin.fastapi import cors
from tests.unit.adapters.starlette.routed_apps import (
    POLICIES,
    answers,
    by,
    deciders,
    preflight,
    request,
    values,
    with_layer,
)


def function(request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("function")


async def with_more(request: Request, more: int = 0) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse(f"{more}")


class Class(HTTPEndpoint):
    """An endpoint that is a class with one method."""

    async def get(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse(request.method)


class Instance:
    """An endpoint that is an ASGI app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await PlainTextResponse("instance")(scope, receive, send)


def _fresh(endpoint: Any) -> Any:
    # Decorated objects keep their policy, so each test creates new ones.
    @functools.wraps(endpoint, updated=())
    def fresh(*args: Any, **options: Any) -> Any:
        return endpoint(*args, **options)

    return fresh


def _wraps(endpoint: Any) -> Any:
    @functools.wraps(endpoint)
    async def wrapped(*args: Any, **options: Any) -> Any:
        return await endpoint(*args, **options)

    return wrapped


class WithMethod:
    """A class with a method that serves."""

    async def serve(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse(request.method)


def _method() -> Any:
    kind = type("Own", (WithMethod,), {"serve": by("route")(_wraps(WithMethod.serve))})
    return kind().serve


def _instance() -> Any:
    return by("route")(type("Own", (Instance,), {}))()


ENDPOINTS: dict[str, Any] = {
    "a function": lambda: by("route")(_fresh(function)),
    "an async function": lambda: by("route")(answers()),
    "a partial": lambda: by("route")(functools.partial(with_more, more=1)),
    "a partial of what has one": lambda: functools.partial(by("route")(_wraps(with_more)), more=1),
    "wrapped, above": lambda: by("route")(_wraps(answers())),
    "wrapped, below": lambda: _wraps(by("route")(answers())),
    "a method": _method,
}
CLASSES: dict[str, Any] = {
    "a class": lambda: by("route")(type("Own", (Class,), {})),
    "a class that inherits": lambda: type("Derived", (by("route")(type("Own", (Class,), {})),), {}),
    "a class that has another": lambda: by("route")(type("Derived", (by("mount")(type("Own", (Class,), {})),), {})),
    "a method of a class": lambda: type("Own", (Class,), {"get": by("route")(_wraps(Class.get))}),
    "a method, nearer than its class": lambda: by("mount")(
        type("Own", (Class,), {"get": by("route")(_wraps(Class.get))})
    ),
    "an instance": lambda: by("route")(Instance()),
    "an instance of a class": _instance,
}


@pytest.mark.parametrize("kind", ENDPOINTS)
async def test_an_endpoint_of_fastapi_has_its_own_policy(kind: str) -> None:
    """Functions, partial functions, wrapped functions and methods are supported."""
    app = with_layer(FastAPI())
    app.add_api_route("/items", ENDPOINTS[kind]())
    app.add_api_route("/others", answers())
    assert await deciders(app, "GET", "/items") == "route"
    assert await deciders(app, "GET", "/others") == "app"


@pytest.mark.parametrize("kind", [*ENDPOINTS, *CLASSES])
@pytest.mark.parametrize("framework", [Starlette, FastAPI])
async def test_an_endpoint_of_starlette_has_its_own_policy(framework: Any, kind: str) -> None:
    """Classes and their methods are supported too."""
    endpoint = {**ENDPOINTS, **CLASSES}[kind]()
    app = with_layer(framework(routes=[Route("/items", endpoint), Route("/others", answers())]))
    assert await deciders(app, "GET", "/items") == "route"
    assert await deciders(app, "GET", "/others") == "app"


async def test_a_class_decides_for_the_methods_that_it_lacks() -> None:
    """The class answers 405. A method with its own policy uses that."""

    class Two(Class):
        @by("route")
        async def put(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse(request.method)

    app = with_layer(Starlette(routes=[Route("/items", by("mount")(Two))]))
    told = {method: await deciders(app, method, "/items") for method in ("GET", "HEAD", "PUT", "DELETE")}
    assert told == {"GET": "mount", "HEAD": "mount", "PUT": "route", "DELETE": "mount"}


class Raising(Convertor[str]):
    """A convertor that raises."""

    regex = ".*"

    def convert(self, value: str) -> str:
        """Raise an unusual exception."""
        raise ZeroDivisionError(value)

    def to_string(self, value: str) -> str:
        """Return the value."""
        return value


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a convertor that raises."""
    monkeypatch.setitem(CONVERTOR_TYPES, "raising", Raising())


PATHS = {
    "/int/1": "route",
    "/int/x": "app",
    "/int/-1": "app",
    "/int/1/": "route",
    "/uuid/3f2b9a70-6a0e-4b5a-9d7e-0c1f6a1b2c3d": "route",
    "/uuid/3f2b9a70": "app",
    "/path/a/b//c": "route",
    "/path/": "route",
    "/free/x": "route",
    "/free/x/y": "app",
    "/slash": "route",
    "/slash/": "route",
    "/": "app",
    "": "app",
    "/raising/x": "app",
    "/raising": "app",
}


@pytest.mark.usefixtures("raising")
@pytest.mark.parametrize("path", PATHS)
async def test_a_path_is_matched_by_the_router(path: str) -> None:
    """The router handles parameters, convertors, and the slash that it adds or removes."""
    app = with_layer(FastAPI(redirect_slashes=True))
    for pattern in ("/int/{n:int}", "/uuid/{u:uuid}", "/path/{p:path}", "/free/{f}", "/slash/", "/raising/{r:raising}"):
        app.router.routes.append(Route(pattern, by("route")(answers())))
    assert await deciders(app, "GET", path) == PATHS[path]


@pytest.mark.parametrize("path", ["/slash", "/bare/"])
async def test_without_redirects_a_slash_more_or_less_is_another_path(path: str) -> None:
    """Without `redirect_slashes`, such a path is a 404."""
    routes = [Route("/slash/", by("route")(answers())), Route("/bare", by("route")(answers()))]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    assert await deciders(with_layer(app), "GET", path) == "app"


async def test_the_methods_of_one_path_have_policies_of_their_own() -> None:
    """The order of the routes does not matter. A method without a route has the policy of the app."""
    app = with_layer(FastAPI())
    app.get("/items/{n}")(by("route")(answers()))
    app.put("/items/{n}")(answers())
    app.delete("/items/{n}")(by("mount")(answers()))
    told = {method: await deciders(app, method, "/items/1") for method in ("GET", "PUT", "DELETE", "POST")}
    assert told == {"GET": "route", "PUT": "app", "DELETE": "mount", "POST": "app"}


# Deprecated, and still in use.
@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
@pytest.mark.parametrize(
    ("app", "root", "path", "name"),
    [
        (FastAPI, "/api", "/api/items", "route"),
        (FastAPI, "/api", "/items", "route"),
        (FastAPI, "/api", "/apiitems", "app"),
        (Starlette, "/api", "/api/items", "route"),
        (functools.partial(FastAPI, root_path="/api"), "", "/api/items", "route"),
        (functools.partial(FastAPI, root_path="/api"), "", "/items", "route"),
        (functools.partial(FastAPI, root_path="/api"), "/else", "/else/items", "app"),
        (functools.partial(FastAPI, root_path="/api"), "/else", "/api/items", "route"),
    ],
)
@pytest.mark.parametrize("by_hand", [True, False], ids=["wrapped", "added"])
async def test_the_root_path_is_the_frameworks_to_read(
    app: Any, root: str, path: str, name: str, *, by_hand: bool
) -> None:
    """This includes the root path of the server, and FastAPI's own, which replaces it."""
    made = app()
    made.router.routes.append(Route("/items", by("route")(answers())))
    layered = CORSMiddleware(made, policy=POLICIES["app"], outermost=False) if by_hand else with_layer(made)
    assert await deciders(layered, "GET", path, root_path=root) == name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.example.org", "route"),
        ("api.example.org:8000", "route"),
        ("one.users.example.org", "mount"),
        ("users.example.org", "app"),
        ("api.example.org.evil.example", "app"),
        ("", "app"),
        ("api.example.org/", "app"),
    ],
)
async def test_hosts_are_matched_by_the_router(host: str, name: str) -> None:
    """Only the first `Host` header is used, as in the router."""
    routes: list[BaseRoute] = [
        Host("api.example.org", Router([Route("/", by("route")(answers()))])),
        by("mount")(Host("{user}.users.example.org", Router([Route("/", answers())]))),
        Route("/", answers()),
    ]
    app = with_layer(Starlette(routes=routes))
    assert await deciders(app, "GET", "/", ("host", host)) == name
    assert await deciders(app, "GET", "/", ("host", host), ("host", "api.example.org")) == name


HOSTILE_PATHS = [
    *("/private", "/private/", "//private", "/./private", "/x/../private", "/%70rivate", "/private%2f", "/private%00"),
    *("/private\x00", "/private ", " /private", "/PRIVATE", "/private;x=1", "/private?x", "/private#x", "private", "*"),
    *("/items/1", "/items/1/", "/items//1", "/items/1%2f2", "/items/\u0661", "/items/1\n", "/items/" + "9" * 5000),
    *("/files/../private", "/files/%2e%2e/private", "/files//private", "/files/a\\..\\b", "/" * 4000, "/files/" * 3000),
    *(
        "/sub/private",
        "/sub//private",
        "/sub/../private",
        "/sub",
        "/sub/",
        "/sub/private/",
        "http://evil.example/private",
    ),
    *("/private\r\n", "/priv\u0430te", "/private\ud800", ""),
]
HOSTILE_METHODS = [
    "GET",
    "PUT",
    "DELETE",
    "get",
    "Get",
    "GET ",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "X" * 9000,
    "\xff",
    "__class__",
]


@pytest.mark.parametrize("method", HOSTILE_METHODS, ids=ascii)
async def test_a_preflight_is_decided_by_what_the_request_would_reach(method: str) -> None:
    """For any path and method, the policy is that of the route that serves the request, or the app's."""
    served: list[str] = []

    def serving(name: str) -> Any:
        async def endpoint(request: Request) -> PlainTextResponse:
            served.append(name)
            return PlainTextResponse("")

        return by(name)(endpoint) if name != "app" else endpoint

    inner = Starlette(routes=[Route("/private", serving("route"), methods=["GET", "PUT"])])
    routes = [
        Route("/private", serving("router"), methods=["PUT"]),
        Route("/private", serving("route"), methods=["GET"]),
        Route("/items/{n:int}", serving("outer")),
        Route("/files/{path:path}", serving("mount"), methods=["GET", "PUT", "get"]),
        Mount("/sub", inner),
        Route("/{rest:path}", serving("app"), methods=["GET", "DELETE"]),
    ]
    app = with_layer(Starlette(routes=routes))
    reached = 0
    for path in HOSTILE_PATHS:
        served.clear()
        [start, *_] = await request(app, method, path)
        if start["status"] == 307:
            await request(app, method, path.rstrip("/") if path.endswith("/") else f"{path}/")
        name = served[-1] if served else "app"
        reached += bool(served)
        for asked in POLICIES:
            granted = values(await preflight(app, method, path, asked), b"access-control-allow-origin")
            assert bool(granted) == (asked == name), (path, asked)
    assert reached > 20 or method not in {"GET", "DELETE"}


async def test_a_method_that_is_asked_twice_is_refused_whatever_the_first_was() -> None:
    """A second line with another method never changes the decision."""
    app = with_layer(Starlette(routes=[Route("/", by("route")(answers()), methods=["PUT"])]))
    for second in ("GET", "PUT"):
        [start, _] = await preflight(app, "PUT", "/", "route", ("access-control-request-method", second))
        assert start["status"] == 400


async def test_nothing_that_a_client_requests_is_kept() -> None:
    """Neither methods nor paths are kept, however many there are."""
    app = with_layer(
        FastAPI(routes=[Route("/items/{n}", by("route")(answers())), Route("/items/{n}", answers(), methods=["PUT"])]),
        served_methods_only=True,
    )
    await preflight(app, "GET", "/items/0")
    layer: Any = next(node for node in chain(app.middleware_stack) if isinstance(node, CORSMiddleware))
    by_route = layer._handler.by_route()  # Where it would be stored.
    for number in range(300):
        for method in ("GET", "PUT", f"X{number}"):
            await preflight(app, method, f"/items/{number}", "route")
    assert len(by_route._narrowed) <= 4
    assert len(by_route._by_owner) == 1


class Counting(StringConvertor):
    """A convertor that counts its matches."""

    matched = 0

    def convert(self, value: str) -> str:
        """Count the match."""
        Counting.matched += 1
        return value


async def test_an_app_without_policies_by_route_looks_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is routed once and a preflight is not routed, whatever policies exist elsewhere in the process."""
    monkeypatch.setitem(CONVERTOR_TYPES, "counting", Counting())
    app = with_layer(Starlette(routes=[Route("/{name:counting}", answers())]))
    for _ in range(2):
        Counting.matched = 0
        assert await deciders(app, "GET", "/x") == "app"
        assert Counting.matched == len(POLICIES)
        await preflight(app, "GET", "/x")
        assert Counting.matched == len(POLICIES)
        by("route")(answers())
        by("router")(APIRouter())
    app.router.routes.append(Route("/{name:counting}/y", by("route")(answers())))
    await preflight(app, "GET", "/x")
    assert Counting.matched > len(POLICIES)


class Odd(BaseRoute):
    """A route that serves in its own way and has no endpoint."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match one path."""
        return (Match.FULL, {}) if scope["path"].endswith("/odd") else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await PlainTextResponse("odd")(scope, receive, send)


async def test_a_route_that_somebody_wrote_may_have_one() -> None:
    """A custom route may have a policy, also without an endpoint."""
    app = with_layer(Starlette(routes=[by("route")(Odd()), Route("/", answers())]))
    assert await deciders(app, "GET", "/odd") == "route"
    assert await deciders(app, "GET", "/") == "app"
    app = with_layer(Starlette(routes=[Mount("/sub", routes=[Odd()])]))
    by("mount")(app.routes[0])
    assert await deciders(app, "GET", "/sub/odd") == "mount"


def test_what_is_no_router_leads_nowhere() -> None:
    """The routes are unknown, so the app's policy decides."""
    assert find(answers(), {"type": "http", "method": "GET", "path": "/"}) is None


@cors(allow_origins=["https://route.example"])
def _held() -> None: ...


def test_fastapi_still_has_what_is_private_to_it() -> None:
    """These are the names that the look-up uses. If this test fails, check `routes._inside` again."""
    from fastapi import APIRouter

    inner = APIRouter(prefix="/in")
    inner.add_api_route("/{n}", _held)
    app = FastAPI()
    app.include_router(inner, prefix="/out")
    route: Any = app.routes[-1]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/out/in/1", "root_path": "", "headers": []}
    if hasattr(fastapi.routing, "_IncludedRouter"):
        assert type(route).__name__ == "_IncludedRouter", "FastAPI includes routers in another way"
        assert route.original_router is inner, "_IncludedRouter.original_router is not the router"
        match, added, found, context = route._match(scope)  # The comment above lists these names.
        assert (match, added["endpoint"]) == (Match.FULL, _held), "_IncludedRouter._match answers in another way"
        assert found is context.original_route is inner.routes[0], "a context no longer holds the original route"
        assert context.path_format == "/out/in/{n}", "a context no longer holds the whole path"
    else:
        assert isinstance(route, fastapi.routing.APIRoute), "FastAPI no longer copies the routes"
        assert route.endpoint is _held, "a copied route has another endpoint"
        assert isinstance(route.dependencies, list), "a route no longer holds its dependencies"
        assert isinstance(inner.dependencies, list), "a router no longer holds its dependencies"
    found = find(app, scope)
    assert found is not None
    assert (found.endpoint, found.is_endpoint_policy) == (_held, True)
