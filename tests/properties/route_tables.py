"""Route tables that Hypothesis draws, and the two apps that are built from each.

The app has the policies, and shares what the table shares. Its twin has no policy, no middleware and nothing shared,
and each of its endpoints reports its own place in the table. The twin's own routing decides where a request goes;
nothing here matches a path.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any

import fastapi.routing
from fastapi import APIRouter, FastAPI, Request, WebSocket
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

from crossorigin import Policy
from crossorigin.starlette import cors

# If `include_router` copies routes, the copies of Starlette's routes have no link to the router or the original.
KEEPS_ROUTERS = hasattr(fastapi.routing, "_IncludedRouter")

ALPHA, BETA, UNTRUSTED = "https://alpha.example", "https://beta.example", "https://evil.example"
API, OTHER_API = "http://api.example", "http://eu.api.example"
METHODS = ("GET", "PUT", "DELETE", "POST", "HEAD", "OPTIONS", "PATCH", "COPY", "MOVE")
NAMES = ("X-Token", "X-Other")
POLICIES = (
    Policy(),
    Policy(allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["X-One"]),
    Policy(allow_origins=["*"], allow_methods=["GET", "PATCH"], expose_headers=["X-Two"], max_age=None),
    Policy(
        allow_origins=[ALPHA],
        allow_methods=["GET", "PUT", "DELETE", "COPY"],
        allow_headers=["X-Token"],
        allow_credentials=True,
        expose_headers=["X-One"],
    ),
    Policy(
        allow_origins=[ALPHA, BETA],
        allow_methods=["GET", "PUT", "POST", "MOVE"],
        allow_headers=["X-Other"],
        expose_headers=["X-Two"],
    ),
    Policy(
        allow_origins=[BETA],
        allow_methods=["*"],
        allow_headers=["X-Other", "X-Token"],
        allow_credentials=True,
        max_age=None,
    ),
    Policy(
        allow_origins=[ALPHA],
        allow_methods=["DELETE", "POST", "PUT"],
        allow_headers=["*"],
        allow_credentials=True,
        expose_headers=["*"],
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Something that serves, on one route or on several. A class serves these methods."""

    kind: str
    methods: tuple[str, ...]
    policy: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A route. `plain` is one of Starlette's also if FastAPI has its own class, and a socket has no methods."""

    path: str
    methods: tuple[str, ...]
    endpoint: int
    plain: bool
    policy: int | None

    @property
    def is_socket(self) -> bool:
        """Return whether it serves WebSockets."""
        return not self.methods


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A way into another group: it is included, mounted at a prefix, or served for a host."""

    kind: str
    prefix: str
    group: int
    policy: int | None
    wrapped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An app or a router. `early` means that it gets its policy before its routes."""

    kind: str
    prefix: str
    policy: int | None
    early: bool
    redirects: bool
    items: tuple[Leaf | Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Groups, of which the first is the whole app. Each leads only to later ones."""

    groups: tuple[Group, ...]
    endpoints: tuple[Endpoint, ...]
    sockets: tuple[Endpoint, ...] = ()
    policies: tuple[Policy, ...] = POLICIES


@dataclass(frozen=True, slots=True)
class Level:
    """One level between the app and an endpoint, with its policy."""

    kind: str
    policy: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The destination of a request, by the twin. `endpoint` is None if no endpoint was reached."""

    levels: tuple[Level, ...] = ()
    endpoint: int | None = None
    served: bool = False
    location: str = ""

    @property
    def nearest(self) -> Level | None:
        """Return the level whose policy decides, or None for the app's."""
        return next((level for level in reversed(self.levels) if level.policy is not None), None)


class Through:
    """An ASGI app around another one. It calls `seen`, which may raise, and adds two headers to each response."""

    def __init__(self, app: Any, seen: Callable[[Any], None] = lambda _: None) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a connection."""
        self.seen(scope)

        async def send_more(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = [line for line in message["headers"] if line[0] not in {b"x-one", b"x-two"}]
                message = {**message, "headers": [*own, (b"x-one", b"1"), (b"x-two", b"2")]}
            await send(message)

        await self.app(scope, receive, send_more)


def _crash(query: bytes, scope: Any) -> None:
    if scope.get("query_string") == query:
        raise ZeroDivisionError


_MAKE: dict[str, Callable[[str], Any]] = {
    "fastapi": lambda _: FastAPI(openapi_url=None),
    "starlette": lambda _: Starlette(),
    "router": lambda _: Router(),
    "apirouter": lambda prefix: APIRouter(prefix=prefix),
}


@dataclass(slots=True)
class Builder:
    """Build a table; `notes` records each mount that is entered and each endpoint that is called."""

    table: Table
    is_twin: bool
    notes: list[Place] = field(default_factory=list)
    attached: set[int] = field(default_factory=set)
    _groups: dict[int, Any] = field(default_factory=dict)
    _endpoints: dict[tuple[bool, int], Any] = field(default_factory=dict)

    def build(self) -> Any:
        """Return the app. A policy on the app itself has no effect, because the middleware's policy decides."""
        app = self._group(0, ())
        if not self.is_twin:
            app.add_middleware(Through, seen=partial(_crash, b"early"))
        return app

    def _attach(self, policy: int | None, thing: Any, *, has_effect: bool = True) -> Any:
        if policy is None or self.is_twin:
            return thing
        if has_effect:
            self.attached.add(policy)
        return cors(self.table.policies[policy] if policy else None)(thing)

    def _group(self, index: int, levels: tuple[Level, ...]) -> Any:
        if index in self._groups:
            return self._groups[index]
        group = self.table.groups[index]
        thing = _MAKE[group.kind](group.prefix)
        getattr(thing, "router", thing).redirect_slashes = group.redirects
        if group.early:
            self._attach(group.policy, thing, has_effect=index > 0)
        for item in group.items:
            if isinstance(item, Leaf):
                self._add_leaf(thing, item, levels)
            else:
                self._add_branch(thing, item, levels)
        if not group.early:
            self._attach(group.policy, thing, has_effect=index > 0)
        if not self.is_twin:
            self._groups[index] = thing
        return thing

    def _add_branch(self, thing: Any, branch: Branch, levels: tuple[Level, ...]) -> None:
        group = self.table.groups[branch.group]
        if branch.kind == "include":
            levels = (*levels, Level("included", group.policy))
            thing.include_router(self._group(branch.group, levels), prefix=branch.prefix)
            return
        levels = (*levels, Level(branch.kind, branch.policy), Level(f"{branch.kind}ed {group.kind}", group.policy))
        app = self._group(branch.group, levels)
        if self.is_twin:
            app = Through(app, lambda _: self.notes.append(Place(levels=levels)))
        if branch.kind == "mount":
            middleware = [Middleware(Through, seen=partial(_crash, b"inside"))] if branch.wrapped else None
            route: Any = Mount(branch.prefix, app=app, middleware=middleware)
        else:
            route = Host(branch.prefix, app=app)
        self._attach(branch.policy, route)
        thing.routes.append(route)

    def _add_leaf(self, thing: Any, leaf: Leaf, levels: tuple[Level, ...]) -> None:
        is_plain = leaf.plain or not hasattr(thing, "include_router")
        on_route = leaf.policy
        if not KEEPS_ROUTERS and levels and levels[-1].kind == "included":
            on_route = None
            while is_plain and levels and levels[-1].kind == "included":
                levels = levels[:-1]
        endpoint = self._endpoint(leaf, (*levels, Level("route", on_route)))
        if leaf.is_socket:
            if is_plain:
                thing.routes.append(WebSocketRoute(leaf.path, endpoint))
            else:
                thing.add_api_websocket_route(leaf.path, endpoint)
        elif is_plain:
            is_class = self.table.endpoints[leaf.endpoint].kind == "class"
            thing.routes.append(Route(leaf.path, endpoint, methods=None if is_class else leaf.methods))
        else:
            thing.add_api_route(leaf.path, endpoint, methods=list(leaf.methods), response_model=None)
        self._attach(leaf.policy, thing.routes[-1])

    def _endpoint(self, leaf: Leaf, levels: tuple[Level, ...]) -> Any:
        spec = (self.table.sockets if leaf.is_socket else self.table.endpoints)[leaf.endpoint]
        place = Place(levels=(*levels, Level("endpoint", spec.policy)), endpoint=leaf.endpoint)
        key = leaf.is_socket, leaf.endpoint
        if self.is_twin:
            return self._made(spec, place, is_socket=leaf.is_socket)
        if key not in self._endpoints:
            self._endpoints[key] = self._made(spec, place, is_socket=leaf.is_socket)
        return self._endpoints[key]

    def _made(self, spec: Endpoint, place: Place, *, is_socket: bool) -> Any:
        async def socket(websocket: WebSocket) -> None:
            self.notes.append(replace(place, served=True))
            await websocket.accept()
            await websocket.close()

        async def taking_all(request: Request) -> PlainTextResponse:
            self.notes.append(replace(place, served=True))
            return PlainTextResponse("served")

        async def answering(request: Request, size: int = 0) -> PlainTextResponse:
            if request.url.query == "crash":
                raise ZeroDivisionError
            return await taking_all(request)

        if is_socket:
            return self._attach(spec.policy, socket)
        function = taking_all if self.is_twin else answering
        if spec.kind == "class":
            return self._attach(spec.policy, self._class(spec, place, function))
        self._attach(spec.policy, function)
        if spec.kind == "partial":
            return partial(function)

        @wraps(function)
        async def around(*given: Any, **named: Any) -> Any:
            return await function(*given, **named)

        return around if spec.kind == "wrapped" else function

    def _class(self, spec: Endpoint, place: Place, function: Any) -> type:
        async def dispatch(itself: Any) -> None:
            if self.is_twin:
                self.notes.append(place)
            await HTTPEndpoint.dispatch(itself)

        async def method(_: Any, request: Request) -> Any:
            return await function(request)

        return type("Served", (HTTPEndpoint,), {"dispatch": dispatch} | {name.lower(): method for name in spec.methods})


PATHS = ("/a", "/a/", "/a", "/", "/b", "/{p}", "/{p:int}", "/b/{p}", "/{p:path}")
_OWN = st.sampled_from([None, *range(len(POLICIES))])
_SELDOM = st.one_of(st.none(), st.none(), _OWN)
_METHODS = st.lists(st.sampled_from(METHODS), min_size=1, max_size=2, unique=True).map(tuple)
# The oldest HTTPEndpoint calls the method for any non-standard method, and the newest answers 405.
_OF_CLASSES = st.lists(st.sampled_from(METHODS[:7]), min_size=1, max_size=2, unique=True).map(tuple)
_BIT = st.booleans()


@st.composite
def _leaves(draw: st.DrawFn, kinds: tuple[str, ...], count: int) -> Leaf:
    """Draw a route of one of the endpoints. Only a route of Starlette has a class."""
    methods = () if draw(st.integers(0, 6)) == 0 else draw(_METHODS)
    endpoint = draw(st.integers(0, count - 1))
    is_class = bool(methods) and kinds[endpoint] == "class"
    return Leaf(
        path=draw(st.sampled_from(PATHS)),
        methods=methods,
        endpoint=endpoint,
        plain=is_class or draw(st.integers(0, 5)) == 0,
        policy=None if not methods else draw(_SELDOM),
    )


@st.composite
def _branches(draw: st.DrawFn, index: int, kinds: tuple[str, ...]) -> Branch:
    """Draw a way to one of the later groups."""
    group = draw(st.integers(index + 1, len(kinds) - 1))
    ways = ["mount"]
    if kinds[group] == "apirouter" and kinds[index] in {"apirouter", "fastapi"}:
        ways = [*["include"] * 5, "mount"]
    # In a router that is included with a prefix, FastAPI builds another host, which the twin cannot identify.
    if kinds[index] != "apirouter":
        ways.append("host")
    kind = draw(st.sampled_from(ways))
    # A path may contain the name of a parameter only once.
    prefixes = ["/v", "/a", f"/{{to{index}_{group}}}", "/w"]
    # FastAPI includes no mount without a prefix.
    prefixes += [] if kind == "mount" and kinds[index] == "apirouter" else [""]
    prefix = draw(st.sampled_from(["api.example", "{sub}.api.example"] if kind == "host" else prefixes))
    return Branch(kind=kind, prefix=prefix, group=group, policy=draw(_SELDOM), wrapped=draw(_BIT))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table."""
    shapes = ("function", "function", "function", "class", "partial", "wrapped")
    endpoints = tuple(
        Endpoint(kind=draw(st.sampled_from(shapes)), methods=draw(_OF_CLASSES), policy=draw(_SELDOM))
        for _ in range(draw(st.integers(2, 5)))
    )
    sockets = tuple(Endpoint(kind="function", methods=(), policy=draw(st.none() | _OWN)) for _ in range(len(endpoints)))
    root = draw(st.sampled_from(["fastapi", "fastapi", "fastapi", "starlette"]))
    # Only an app of FastAPI serves FastAPI's own routes.
    inner = [*["apirouter"] * 6, *_MAKE] if root == "fastapi" else ["fastapi", "starlette", "router"]
    kinds = (root, *draw(st.lists(st.sampled_from(inner), min_size=1, max_size=3)))
    shapes_of = tuple(endpoint.kind for endpoint in endpoints)
    groups: list[Group] = []
    for index, kind in enumerate(kinds):
        items: list[Leaf | Branch] = draw(
            st.lists(_leaves(shapes_of, len(endpoints)), min_size=1, max_size=5)  # type: ignore[arg-type]
        )
        if index < len(kinds) - 1:
            branches = draw(st.lists(_branches(index, kinds), min_size=1, max_size=3))
            places = draw(st.lists(st.integers(0, len(items)), min_size=len(branches), max_size=len(branches)))
            for place, branch in zip(places, branches, strict=True):
                # Nothing after it would be reached.
                takes_all = branch.prefix == "api.example" or (branch.kind == "mount" and not branch.prefix)
                items.insert(len(items) if takes_all else place, branch)
        groups.append(
            Group(
                kind=kind,
                prefix=draw(st.sampled_from(["", "", "/r", f"/{{in{index}}}"])),
                policy=draw(_OWN),
                early=draw(_BIT),
                redirects=draw(st.sampled_from([True, True, True, False])),
                items=tuple(items),
            )
        )
    return Table(groups=tuple(groups), endpoints=endpoints, sockets=sockets)


@st.composite
def crowded(draw: st.DrawFn) -> Table:
    """Draw a table of one path, whose methods have endpoints with their own policies for the pages of one origin."""
    methods = draw(st.permutations(["PUT", "DELETE", "COPY", "MOVE"]))[: draw(st.integers(2, 3))]
    methods += draw(st.sampled_from([[], [], ["GET"]]))
    policies, leaves, endpoints = [Policy()], list[Leaf](), list[Endpoint]()
    # A look-up is remembered only if one policy decides all methods.
    is_shared = draw(st.integers(0, 3)) == 0
    for index, method in enumerate(methods):
        also = methods if is_shared else draw(st.lists(st.sampled_from(METHODS), max_size=1))
        policies.append(
            Policy(
                allow_origins=[ALPHA],
                allow_methods=list(dict.fromkeys([method, *also])),
                allow_headers=draw(st.sampled_from([NAMES[:1], NAMES[1:], NAMES[:1], NAMES[1:], NAMES, ["*"]])),
                allow_credentials=draw(_BIT),
                max_age=draw(st.sampled_from([600, 600, None])),
            )
        )
        own = draw(st.sampled_from([*[len(policies) - 1] * 4, *range(1, len(policies)), None]))
        policy = 1 if is_shared else own
        endpoints.append(Endpoint(kind="function", methods=(), policy=policy))
        leaves.append(Leaf(path="/a", methods=(method,), endpoint=index, plain=draw(_BIT), policy=None))
    app = Group(
        kind=draw(st.sampled_from(["fastapi", "starlette"])),
        prefix="",
        policy=None,
        early=True,
        redirects=True,
        items=tuple(leaves),
    )
    return Table(groups=(app,), endpoints=tuple(endpoints), policies=tuple(policies))


def addresses(table: Table, index: int = 0, host: str = API, before: str = "") -> Iterator[tuple[str, str, Leaf]]:
    """Yield what a table appears to serve: the host, the path with its parameters, and the route."""
    group = table.groups[index]
    for item in group.items:
        if isinstance(item, Leaf):
            yield host, before + ("" if item.plain else group.prefix) + item.path, item
            continue
        there = (API if item.prefix == "api.example" else OTHER_API) if item.kind == "host" else host
        further = list(addresses(table, item.group, there, before + item.prefix * (item.kind != "host")))
        # An app that has few routes gets more requests for other paths.
        yield from further * (3 if item.kind == "include" else 1)
