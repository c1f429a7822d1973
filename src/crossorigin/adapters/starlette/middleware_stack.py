"""The middleware stack of a Starlette or FastAPI app: its outermost position, and the layers around a middleware.

Starlette builds the stack for the first scope and keeps it in `app.middleware_stack`. This attribute and the `.app` of
its middleware classes are not documented, but have existed since version 0.13. Two kinds of layers are outside an added
middleware: the app's own outermost layer, which answers unhandled exceptions with a bare 500, and all middleware that
is added later.

A middleware may move only if it was added to this app and is found in its stack by identity. Inside a mount or a route,
`scope["app"]` is the app around it, and the middleware must not affect the other routes of that app. Layers that others
put around the stack, such as tracers, stay outside.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.adapters.common.asgi_types import Scope

# Far more layers than any app has. The limit stops the walk if the layers form a cycle.
_MAX_DEPTH = 1000
_OUTERMOST = ("starlette.middleware.errors", "ServerErrorMiddleware")
_FRAMEWORKS = frozenset({"starlette", "fastapi"})
# In the classes of these modules, user code decides whether an exception is passed on.
_USER_CODE_MODULES = frozenset({"starlette.middleware.base", "starlette.middleware.exceptions"})


def layers_around(layer: object, app: Any, stack: object) -> list[Any]:
    """Return the layers of an app's stack that are around `layer`, the outermost first.

    The list is empty if `layer` was not added to this app.
    """
    found = chain(stack)
    # An added middleware may wrap another layer of the same class, which was not added to the app. Comparing from the
    # inside out, in the order in which they were added, distinguishes the two.
    nodes = found[::-1]
    for added in reversed(getattr(app, "user_middleware", ())):
        place = next((place for place, node in enumerate(nodes) if _class_of(added) is type(node)), None)
        if place is None:
            continue
        if nodes[place] is layer:
            return nodes[:place:-1]
        nodes = nodes[place + 1 :]
    return []


def chain(stack: object) -> list[Any]:
    """Return a stack and the layers in it, the outermost first."""
    found: list[Any] = []
    node = stack
    while node is not None and len(found) < _MAX_DEPTH:
        found.append(node)
        node = _inner(node)
    return found


def root_of(layer: object, inner: object, scope: Scope) -> object:
    """Return the app whose routes a layer serves: the app of the scope if the layer is in its stack, or `inner`."""
    app = scope.get("app")
    is_inside = app is not None and any(node is layer for node in chain(getattr(app, "middleware_stack", None)))
    return app if is_inside else inner


def holder_of_own_stack(app: Any, stack: object) -> Any | None:
    """Return the layer just outside the outermost one of the app's own layers, or None if there is none."""
    given = sum(is_outermost_entry(_class_of(added)) for added in getattr(app, "user_middleware", ()))
    # There can be several ServerErrorMiddleware: tracers add one outside, users may add their own inside.
    found = chain(stack)
    kinds: list[object] = [*map(type, found)]
    holders = [outside for outside, kind in zip([None, *found], kinds, strict=False) if is_outermost_entry(kind)]
    return next(iter(holders[: len(holders) - given][::-1]), None)


def holder_outside(kind: type[Any], holder: Any, stack: object) -> Any | None:
    """Return a layer of a stack, or the nearest one outside it that is not of this class. None if there is none."""
    found = chain(stack)
    # A user's class may be equal to anything, so identities are compared.
    place = next(place for place, node in enumerate(found) if node is holder)
    return next((node for node in found[place::-1] if not isinstance(node, kind)), None)


def passes_exceptions_on(found: list[Any]) -> bool:
    """Return whether all of these layers except the outermost one pass exceptions on without answering them."""
    modules = {type(node).__module__ for node in found}
    return not modules & _USER_CODE_MODULES and {module.partition(".")[0] for module in modules} <= _FRAMEWORKS


def is_outermost_entry(made: object) -> bool:
    """Return whether a class is the one that apps put around all of their middleware."""
    return _qualified_name(made) == _OUTERMOST


def names_of_added(app: Any, nodes: list[Any]) -> list[str]:
    """Return the names of those layers that were added to an app."""
    added: Any = getattr(app, "user_middleware", ())
    kinds = [*map(_class_of, added)]
    return [_name(node, kind) for node, kind in zip(nodes, map(type, nodes), strict=True) if kind in kinds]


def names_before(app: Any, kind: type[Any]) -> list[str]:
    """Return the names of the middlewares that an app puts around the first one of a class."""
    added = [*app.user_middleware]
    kinds = [*map(_class_of, added)]
    return [_name(entry, _class_of(entry)) for entry in added[: kinds.index(kind) if kind in kinds else None]]


def link(outer: Any, inner: object) -> bool:
    """Set `inner` as the app inside `outer`, and return whether that worked."""
    try:
        outer.app = inner
    except Exception:  # noqa: BLE001  # a user's class may raise anything
        return False
    return _inner(outer) is inner


def _inner(node: Any) -> Any | None:
    try:
        return node.app
    except Exception:  # noqa: BLE001  # a user's class may raise anything
        return None


def _qualified_name(made: object) -> tuple[object, object]:
    return (getattr(made, "__module__", None), getattr(made, "__name__", None))


def _name(made: Any, kind: Any) -> str:
    """Return the name that users know a layer or an entry by: that of its function if it only calls one."""
    dispatch = getattr(made, "dispatch_func", None) or getattr(made, "kwargs", {}).get("dispatch")
    return str(getattr(dispatch, "__name__", None) or getattr(kind, "__name__", kind))


def _class_of(added: Any) -> object:
    made = getattr(added, "cls", None)
    # For a `functools.partial`, the class that it calls.
    return getattr(made, "func", made)
