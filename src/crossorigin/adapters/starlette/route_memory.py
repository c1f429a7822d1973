"""What was selected for the routes of an app, remembered so that most requests need no look-up.

A preflight is remembered by the routes whose paths match, and a response by the route that served the request. Either
determines what a look-up finds, as long as the routes are the frameworks' own. Everything else is looked up. A new scan
of the routes starts with an empty memory.
"""

from __future__ import annotations

from contextlib import suppress

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.routes import router_in
from crossorigin.fetch.methods import STANDARD_METHODS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from crossorigin.adapters.starlette.route_state import RouteState

    # The method, and for a preflight the numbers of all routes whose path matches, or for a response the number of the
    # route that served the request.
    Key = tuple[str, tuple[int | None, ...] | int]

# Far more combinations of methods and routes than an app has, unless thousands of its paths overlap.
MAX_ENTRIES = 4096
# The convertor for integers raises an exception for more than 4,300 digits, so longer paths are looked up.
_LONGEST_PATH = 4096
_METHODS = frozenset(STANDARD_METHODS)
# The classes whose routes match by a regular expression for the path and a set of methods.
_HTTP_ROUTES = frozenset({("starlette.routing", "Route"), ("fastapi.routing", "APIRoute")})
_WEBSOCKET_ROUTES = frozenset({("starlette.routing", "WebSocketRoute"), ("fastapi.routing", "APIWebSocketRoute")})
_MOUNT = ("starlette.routing", "Mount")
# The names that are private to FastAPI: see `routes`.
_INCLUDED_ROUTER = ("fastapi.routing", "_IncludedRouter")
_ROUTER = ("fastapi.routing", "APIRouter")
_CONTEXT = ("fastapi.routing", "_EffectiveRouteContext")
_CONVERTORS = "starlette.convertors"


class RouteMemory:
    """The memory for one scan of the routes, which is `routes`.

    Its keys consist of a method and of numbers of routes, so nothing that a client chose is kept.
    """

    __slots__ = ("_known", "_table", "routes")

    def __init__(self, routes: RouteState) -> None:
        """Start empty."""
        self.routes = routes
        self._table: RouteTable | None = None
        self._known: dict[Key, Any] = {}

    def key_of_fitting(self, scope: Mapping[str, Any], method: str) -> Key | None:
        """Return the key for a request to the path of a scope with any method, or None if it must be looked up."""
        if method not in _METHODS:
            return None
        fitting = self._read_table().fitting(scope)
        return None if fitting is None else (method, fitting)

    def key_of_served(self, scope: Mapping[str, Any], endpoint: object) -> Key | None:
        """Return the key for a request that FastAPI has served, or None if it must be looked up.

        `scope` is as FastAPI has left it, and `endpoint` is the endpoint in it.
        """
        method = scope["method"]
        of_fastapi: Any = scope.get("fastapi")
        context = of_fastapi.get("effective_route_context") if hasattr(of_fastapi, "get") else None
        number = self._read_table().number_of(context or scope.get("route"), endpoint)
        return None if number is None or method not in _METHODS else (method, number)

    def get(self, key: Key | None) -> Any:
        """Return what is remembered for a key, or None."""
        return self._known.get(key) if key is not None else None

    def keep(self, key: Key | None, selected: object) -> None:
        """Remember what was selected for a key."""
        if key is not None:
            if len(self._known) >= MAX_ENTRIES:
                self._known.clear()
            self._known[key] = selected

    def _read_table(self) -> RouteTable:
        if self._table is None:
            self._table = RouteTable(self.routes.root)
        return self._table


class RouteTable:
    """The HTTP routes of the outermost router in one list, with those of included routers in their places."""

    __slots__ = ("_entries", "_is_complete", "_numbers", "_root_path", "_routes")

    def __init__(self, root: object) -> None:
        """Read the routes of the router in an app."""
        # Each route with its endpoint. Routes cannot be hashed, so they have numbers. The list keeps them alive, so
        # that no identity is used again.
        self._routes: list[tuple[object, object]] = []
        self._numbers: dict[int, int] = {}
        # For each route, what matches its path, and its number, or None if a match says too little.
        self._entries: list[tuple[Callable[[str], object], int | None]] = []
        self._is_complete = False
        self._root_path = next(filter(None, (getattr(node, "root_path", "") for node in chain(root))), "")
        router = router_in(root)
        # Routes can be of any class, and may raise anything.
        with suppress(Exception):
            self._is_complete = router is not None and self._add(router.routes)

    def number_of(self, route: object, endpoint: object) -> int | None:
        """Return the number of a route with an endpoint, or None if the outermost router has no such route."""
        number = self._numbers.get(id(route))
        return None if number is None or self._routes[number][1] is not endpoint else number

    def fitting(self, scope: Mapping[str, Any]) -> tuple[int | None, ...] | None:
        """Return the numbers of all routes whose path matches, or None if they do not determine the look-up."""
        path: str = scope["path"]
        root_path = self._root_path or scope.get("root_path", "")
        if not self._is_complete or len(path) > _LONGEST_PATH or (root_path and path.startswith(root_path)):
            return None
        fitting = tuple([number for match, number in self._entries if match(path)])
        # Without a route, the router may redirect.
        return None if not fitting or None in fitting else fitting

    def _add(self, routes: Iterable[Any]) -> bool:
        """Add routes, and return whether all of them are the frameworks' own."""
        is_complete = True
        for route in routes:
            kind = _name(route)
            if kind == _INCLUDED_ROUTER and _name(route.original_router) == _ROUTER:
                is_complete = self._add(route.effective_candidates()) and is_complete
            elif kind in _HTTP_ROUTES or (kind == _CONTEXT and _name(route.original_route) in _HTTP_ROUTES):
                self._add_route(route)
            elif kind == _MOUNT:
                self._entries.append((route.path_regex.match, None))
            elif kind not in _WEBSOCKET_ROUTES and not (
                kind == _CONTEXT and _name(route.original_route) in _WEBSOCKET_ROUTES
            ):
                is_complete = False
        return is_complete

    def _add_route(self, route: Any) -> None:
        # The context of a route from Starlette has the rebuilt route. That of one from FastAPI is like a route itself.
        rebuilt = getattr(route, "starlette_route", None) or route
        number = len(self._routes)
        self._routes.append((route, rebuilt.endpoint))
        self._numbers[id(route)] = number
        # A convertor that a user wrote may raise an exception.
        is_plain = all(type(convertor).__module__ == _CONVERTORS for convertor in rebuilt.param_convertors.values())
        is_plain = is_plain and "matches" not in vars(rebuilt)
        self._entries.append((rebuilt.path_regex.match, number if is_plain else None))


def _name(thing: object) -> tuple[str, str]:
    return type(thing).__module__, type(thing).__name__
