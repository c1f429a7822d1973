"""The way of a path through the routes of Starlette: a mount or a route, and the middleware on it. Nothing is imported.

Starlette wraps the app of a route, of a mount and of a router in their middleware when they are created.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import isclass, isroutine
from typing import TYPE_CHECKING, Any

from crossorigin.policy.literals import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One route on the way: `on` is how a report writes it, `outside` its app with the middleware around it.

    `app` serves `path`, the rest of the path, or is None if the way ends here. `methods` are those of the route, or
    None if it has all.
    """

    on: str
    outside: Any
    app: Any = None
    path: str = "/"
    methods: tuple[str, ...] | None = None


def is_router(app: object) -> bool:
    """Return whether an app is a router of Starlette or FastAPI."""
    return any((base.__module__, base.__qualname__) == ("starlette.routing", "Router") for base in type(app).__mro__)


def step_of(router: Any, path: str, method: str) -> Step | None:
    """Return the route of a router that serves a path, or None. One for the method comes first."""
    steps = [step for route in getattr(router, "routes", ()) if (step := _step(route, path)) is not None]
    fitting = (step for step in steps if step.methods is None or method in step.methods)
    return next(fitting, next(iter(steps), None))


def wrappers(outside: Any, inside: Any = None) -> Iterator[Any]:
    """Yield the middleware around an app, the outermost first."""
    for _ in range(_MOST):
        # The innermost app of a router is its own method.
        if outside is inside or (inside is not None and getattr(outside, "__self__", None) is inside):
            return
        within = getattr(outside, "app", None)
        if not callable(within):
            return
        yield outside
        outside = within


def _step(route: Any, path: str) -> Step | None:
    written, outside = getattr(route, "path", None), getattr(route, "app", None)
    if not isinstance(written, str) or outside is None:
        return None
    if hasattr(route, "routes"):
        is_below = bool(written) and f"{path}/".startswith(f"{written}/")
        if not is_below:
            return None
        inside = getattr(route, "_base_app", outside)
        return Step(on=f"Mount({literal(written)})", outside=outside, app=inside, path=path[len(written) :] or "/")
    pattern: Any = getattr(route, "path_regex", None)
    if pattern is None or not hasattr(route, "methods") or pattern.match(path) is None:
        return None
    methods = None if route.methods is None else tuple(sorted(route.methods))
    endpoint = getattr(route, "endpoint", None)
    # An endpoint that is an object is an app with its own layers.
    app = None if isroutine(endpoint) or isclass(endpoint) else endpoint
    return Step(on=f"Route({literal(written)})", outside=outside, app=app, path=path, methods=methods)
