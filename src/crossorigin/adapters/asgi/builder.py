"""The app that constructs a middleware, as the frames of the caller show it.

`app.add_middleware` stores a class and its arguments. Starlette and FastAPI construct the layers later, in
`build_middleware_stack`, while they serve their first scope. The frames are the only place that says which app builds
its stack for which scope. Only this module reads them. It relies on the names `build_middleware_stack` and `middleware`
in the frameworks; if they change, no builder is found, and nothing else happens.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from crossorigin.adapters.common.asgi_types import Scope

_BUILD = "build_middleware_stack"


class Builder:
    """An app that is building its middleware stack.

    - `app`: the app, of Starlette or FastAPI.
    - `scope`: the scope that the app serves while it builds the stack.
    - `entries`: the list that the app is reading from its end. Each entry is a class with its arguments, the outermost
      first.
    - `is_wrapped`: whether another function calls `build_middleware_stack` for the app, as tracers do.
    """

    __slots__ = ("app", "entries", "is_wrapped", "scope")

    def __init__(self, app: Any, scope: Scope, entries: Any, *, is_wrapped: bool) -> None:
        """Keep what the frames show."""
        self.app = app
        self.scope = scope
        self.entries: list[Any] = entries
        self.is_wrapped = is_wrapped


def calling_frame() -> FrameType | None:
    """Return the frame of the caller of the function that calls this one."""
    return sys._getframe(2)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # documented for use as a low-level tool


def find_builder(layer: object, frame: FrameType | None) -> Builder | None:
    """Return the app that constructs a middleware in order to serve a scope, or None if anything else does.

    `frame` is the caller of the constructor. Only constructors of subclasses may be in between.
    """
    while frame is not None and frame.f_code.co_name == "__init__" and _first_argument(frame) is layer:
        frame = frame.f_back
    if frame is None or frame.f_code.co_name != _BUILD:
        return None
    app: Any = _first_argument(frame)
    entries: Any = frame.f_locals.get("middleware")
    # The app's own list must not change.
    if type(entries) is not list or entries is getattr(app, "user_middleware", None):
        return None
    outer = frame.f_back
    while outer is not None and not (outer.f_code.co_name == "__call__" and _first_argument(outer) is app):
        outer = outer.f_back
    scope = None if outer is None else outer.f_locals.get("scope")
    return None if scope is None else Builder(app, scope, entries, is_wrapped=outer is not frame.f_back)


def _first_argument(frame: FrameType) -> object:
    """Return the first argument of a call, which is `self` in a method."""
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
