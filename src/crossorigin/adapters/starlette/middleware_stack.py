"""Find the outermost place of an app's own middleware stack, and what stands around a layer in it.

Starlette builds the stack on the first scope and keeps it in `app.middleware_stack`, an attribute that it documents
nowhere and has had since 0.13, as its middleware classes have had `.app`. Its own outermost layer, which answers what
nobody caught with a bare 500, and all middleware added later stand outside a middleware that was added.

Only a layer that the app itself was given may leave its place, and only one that is found in the stack by identity:
inside a mount or a route, `scope["app"]` is the app around, and its other routes are none of that layer's business.
What others have put around the stack, such as a tracer, stays outside.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.adapters.common.asgi_types import Scope

# Far more than anyone stacks; and a ring has an end.
_DEEPEST = 1000
_OUTERMOST = ("starlette.middleware.errors", "ServerErrorMiddleware")
_FRAMEWORKS = frozenset({"starlette", "fastapi"})
# Of these, what users write decides whether an exception goes on.
_USERS = frozenset({"starlette.middleware.base", "starlette.middleware.exceptions"})


def around(layer: object, app: Any) -> list[Any]:
    """Return what of an app's stack stands around a layer that was added to it, from outside; empty if it was not."""
    found = chain(app.middleware_stack)
    # Outward and in their order, for what was added may hold a layer that was not: that is of no added class further
    # in, but of one further out.
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
    """Return a stack and what it holds, from outside."""
    found: list[Any] = []
    node = stack
    while node is not None and len(found) < _DEEPEST:
        found.append(node)
        node = _inner(node)
    return found


def root_of(layer: object, inner: object, scope: Scope) -> object:
    """Return the app whose routes a layer stands around: the scope's, if it is among its layers, or what it calls."""
    app = scope.get("app")
    stands_in = app is not None and any(node is layer for node in chain(getattr(app, "middleware_stack", None)))
    return app if stands_in else inner


def holder_of_own(app: Any, stack: object) -> Any | None:
    """Return what holds the outermost of the app's own layers; None if nothing stands outside it."""
    given = sum(_named(_class_of(added)) == _OUTERMOST for added in getattr(app, "user_middleware", ()))
    # Of its class, a tracer puts another one around itself, and users put theirs inside.
    found = chain(stack)
    kinds: list[object] = [*map(type, found)]
    holders = [outside for outside, kind in zip([None, *found], kinds, strict=False) if _named(kind) == _OUTERMOST]
    return next(iter(holders[: len(holders) - given][::-1]), None)


def passes_exceptions_on(found: list[Any]) -> bool:
    """Tell whether no layer among them may answer an exception in its own way, but for the outermost."""
    modules = {type(node).__module__ for node in found}
    return not modules & _USERS and {module.partition(".")[0] for module in modules} <= _FRAMEWORKS


def link(outer: Any, inner: object) -> bool:
    """Let `outer` hold `inner`; tell whether it does."""
    try:
        outer.app = inner
    except Exception:  # noqa: BLE001  # a foreign class may refuse in any way
        return False
    return _inner(outer) is inner


def _inner(node: Any) -> Any | None:
    try:
        return node.app
    except Exception:  # noqa: BLE001  # likewise
        return None


def _named(made: object) -> tuple[object, object]:
    return (getattr(made, "__module__", None), getattr(made, "__name__", None))


def _class_of(added: Any) -> object:
    made = getattr(added, "cls", None)
    # Of a `functools.partial`, what it calls.
    return getattr(made, "func", made)
