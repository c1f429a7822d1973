"""Validation of the middlewares of mounted apps when the app around them starts.

A mounted app receives no lifespan, so it constructs its middleware for its first request. Without this check, an error
in the arguments would be found then, and not when the server starts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.routes import router_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.adapters.common.asgi_types import ASGIApp


def check_mounts(root: object, kind: type[Any]) -> ASGIApp | None:
    """Return an app that answers a lifespan with the errors of mounted apps, or None if there are no errors.

    The middlewares in the `user_middleware` of every app below `root` are validated, and the stacks of these apps are
    not built. Not validated are a subclass with its own constructor and arguments that can be read only once.

    `kind` is the class of the middleware.
    """
    failed: list[tuple[str, Exception]] = []
    for app, path in _mounted_apps(root):
        for added in app.user_middleware:
            error = _error_of(added, kind)
            if error is not None:
                failed.append((_describe(app, path), error))
    if not failed:
        return None
    from crossorigin.adapters.asgi.failed_startup import FailedStartup, describe_error

    for place, error in failed:
        error.add_note(place)
    message = "\n\n".join(f"{place}\n{describe_error(error)}" for place, error in failed)
    return FailedStartup(failed[0][1], message)


def _mounted_apps(root: object) -> Iterator[tuple[Any, str]]:
    """Yield the apps below `root` that have not built their middleware yet, each with the path of its mount."""
    seen: set[int] = set()
    waiting = [(router_in(root), "")]
    while waiting:
        router, path = waiting.pop()
        # An app may be mounted inside itself.
        if id(router) in seen:
            continue
        seen.add(id(router))
        for route in getattr(router, "routes", ()):
            inner = getattr(route, "app", None)
            below = path + str(getattr(route, "path", None) or getattr(route, "host", None) or "")
            for app in chain(inner):
                # Several mounts may serve one app.
                if isinstance(getattr(app, "user_middleware", None), list) and id(app) not in seen:
                    seen.add(id(app))
                    if getattr(app, "middleware_stack", None) is None:
                        yield app, below
            waiting.append((router_in(inner) or getattr(route, "original_router", None) or route, below))


def _error_of(added: Any, kind: type[Any]) -> Exception | None:
    """Return the error that constructing an added middleware would raise, or None."""
    made: Any = added.cls
    args, kwargs = added.args, added.kwargs
    while isinstance(made, partial):
        made, args, kwargs = made.func, (*made.args, *args), {**made.keywords, **kwargs}
    construct: Any = getattr(kind, "__init__")  # noqa: B009  # the constructor of a class that is not known here
    is_ours = isinstance(made, type) and issubclass(made, kind) and getattr(made, "__init__", None) is construct
    if not is_ours or any(isinstance(value, Iterator) for value in (*args, *kwargs.values())):
        return None
    # The instance is dropped. Its constructor is what will run, so both find the same errors. The warnings follow when
    # the app constructs its own.
    try:
        with warnings.catch_warnings(action="ignore"):
            construct.__wrapped__(object.__new__(kind), None, *args, **kwargs)
    except Exception as error:  # noqa: BLE001  # an argument may be of any class
        return error
    return None


def _describe(app: Any, path: str) -> str:
    title = getattr(app, "title", None)
    name = type(app).__name__ + (f" {title!a}" if title else "")
    return f"In {name}, mounted at {path or '/'!a}:"
