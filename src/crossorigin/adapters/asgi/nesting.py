"""Nested middlewares: of several around one response, the outermost decides.

A middleware marks the scope of each request while the app serves it, and finds another one around it by its mark.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from crossorigin.adapters.common.asgi_types import ASGIApp, Receive, Scope, Send

    class _Positioned(Protocol):
        """A middleware that knows its position."""

        position: Position

    class _Move(Protocol):
        """Where a middleware moved: `outermost.Move`."""

        @property
        def to(self) -> Any: ...
        @property
        def is_unlinked(self) -> bool: ...
        @property
        def is_unguarded(self) -> bool: ...


# The key of the mark in a scope. The mark is the middleware that serves the request, and is removed afterward, because
# the app may keep the scope and serve it again.
MARK = "crossorigin.layer"
# Of what a scope says about itself: a mount's path may hold what a client sent.
_MAX_WHERE = 120


class Position:
    """The position of a middleware in an app, shared with the copy of it that moved further out.

    `is_final` is whether it has moved, or will not move; `move` is where it went. `where` is the position in words.
    `has_warned` is whether the log already says that another middleware is outside, and `has_warned_of_root` whether it
    says that a policy attached to the app has no effect.
    """

    __slots__ = ("has_warned", "has_warned_of_root", "is_final", "move", "where")

    def __init__(self, *, is_final: bool) -> None:
        """Start where the middleware was built."""
        self.is_final = is_final
        self.move: _Move | None = None
        self.where = ""
        self.has_warned = False
        self.has_warned_of_root = False


def find_outer(scope: Scope) -> Position | None:
    """Return the position of the middleware that serves a connection already; None if there is none."""
    # Some frameworks pass one lifespan to several apps at a time, which are not nested.
    if scope["type"] == "lifespan":
        return None
    outer: _Positioned | None = scope.get(MARK)
    return None if outer is None else outer.position


async def serve_marked(app: ASGIApp, layer: object, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a connection whose scope is marked with a middleware for as long as it is served."""
    scope[MARK] = layer
    try:
        await app(scope, receive, send)
    finally:
        scope.pop(MARK, None)


def warn_of_outer(scope: Scope, position: Position, outer: Position) -> None:
    """Warn, once, that a middleware does nothing because another one is outside it."""
    if position.has_warned:
        return
    position.has_warned = True
    _warn(
        f"CORSMiddleware {describe_place(scope)} does nothing: another one {outer.where} is outside it, answers the "
        "preflights and sets the headers. What this one blocks stays blocked. Remove it, unless it blocks requests."
    )


def warn_of_staying(scope: Scope) -> None:
    """Warn that a middleware stays inside an app that it was not added to."""
    _warn(
        f"CORSMiddleware stays where it is {describe_place(scope)}: it is not part of that app's own middleware, or it "
        "has its own __call__. Responses from outside it, such as the one after a crash, have no CORS headers. Add it "
        "with app.add_middleware and without its own __call__, or write outermost=False if this is intended."
    )


def warn_of_root_policy(owner: str, position: Position) -> None:
    """Warn, once, that a policy is attached to the very app that a middleware serves."""
    if position.has_warned_of_root:
        return
    position.has_warned_of_root = True
    _warn(
        f"cors(...) on {owner} has no effect: the policy of the outermost app is the one of its CORSMiddleware. Give "
        "the policy to that, or put cors(...) on routers or endpoints."
    )


def describe_place(scope: Scope) -> str:
    """Return where a scope is served, in words."""
    app = scope.get("app")
    title = getattr(app, "title", None)
    name = (
        "on the server" if app is None else f"in {type(app).__name__}" + (f" {title!a:.{_MAX_WHERE}}" if title else "")
    )
    path = scope.get("root_path") or "/"
    return f"{name} at {path!a:.{_MAX_WHERE}}"


def _warn(message: str) -> None:
    import contextlib
    import logging

    # A filter that a user wrote may raise, and a log is no reason for a request to fail.
    with contextlib.suppress(Exception):
        logging.getLogger("crossorigin").warning("%s", message)
