"""The move of a middleware outside all other middleware of the app that it was added to.

Responses of the other middleware, such as the bare 500 after a crash, then have CORS headers too. This module,
`crossorigin.adapters.starlette.middleware_stack` and `crossorigin.starlette` rely on the attributes
`app.middleware_stack` and `.app`, which Starlette does not document.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from crossorigin.adapters.asgi.nesting import log_move, warn_about_late_position, warn_about_staying
from crossorigin.adapters.starlette.middleware_stack import (
    holder_of_own_stack,
    is_outermost_entry,
    layers_around,
    link,
    names_before,
    names_of_added,
    passes_exceptions_on,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from typing import Any

    from crossorigin.adapters.asgi.builder import Builder
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, Receive, Scope, Send

_CRASHED = b"Internal Server Error"
_CRASHED_HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(_CRASHED)).encode()),
)


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """The move of a middleware.

    - `to`: the copy of the middleware at the new position.
    - `is_unlinked`: whether requests no longer reach the old position.
    - `is_unguarded`: whether no middleware between the two positions answers a crash.
    """

    to: Any
    is_unlinked: bool
    is_unguarded: bool


def move_out(layer: Any, app: Any, scope: Scope, *, may_move: bool) -> Move | None:
    """Put a copy of a middleware at the outermost position of an app.

    `may_move` is False for a subclass with its own `__call__`, which may depend on its position.

    Returns:
        The move, or None if the middleware stays. A warning is logged if it stays but is not outermost.
    """
    built = app.middleware_stack
    if built is layer:
        return None
    found = layers_around(layer, app, built) if may_move else []
    if not found:
        warn_about_staying(scope)
        return None
    moved = copy(layer)
    holder = holder_of_own_stack(app, built)
    moved.app = built if holder is None else holder.app
    if holder is None or not link(holder, moved):
        moved.app = built
        app.middleware_stack = moved
    log_move(scope, _names_of_others(layer, app, found))
    # During lifespan no request is in flight, so the old position can be unlinked safely.
    is_unlinked = scope["type"] == "lifespan" and link(found[-1], layer.app)
    return Move(moved, is_unlinked, passes_exceptions_on(found))


def move_while_building(layer: Any, builder: Builder, *, may_move: bool) -> None:
    """Put a middleware at the outermost position of an app that builds its stack for a request.

    Such an app receives no lifespan. If the middleware waited for the first request that reaches it, a middleware
    outside could answer every preflight, and then no browser would ever send that request.

    The app still has to construct the layers outside. Its own outermost layer is constructed last, and the middleware
    is put around it then. If that is impossible and the user's middlewares are outside, a warning is logged.
    """
    first = builder.entries[0]
    if may_move and isinstance(first, _OutermostEntry):
        first.layers.append(layer)
    elif may_move and is_outermost_entry(getattr(first, "cls", None)):
        builder.entries[0] = _OutermostEntry(first, builder, layer)
    else:
        _stay(layer, builder)


class _OutermostEntry:
    """The entry of an app's own outermost layer, which also puts middlewares around this layer."""

    def __init__(self, entry: Any, builder: Builder, layer: Any) -> None:
        """Start with the app's own entry."""
        self._made, self._args, self._kwargs = entry
        self._builder = builder
        # The innermost first, as the app constructs them.
        self.layers = [layer]

    def __iter__(self) -> Iterator[Any]:
        """Yield what the app reads of an entry."""
        return iter((self._build, self._args, self._kwargs))

    def _build(self, app: ASGIApp, *args: Any, **kwargs: Any) -> Any:
        own = stack = self._made(app, *args, **kwargs)
        for layer in self.layers:
            stack = _move_around(stack, layer, self._builder)
        # Tracers that wrap the stack look for this class at the outermost position. Crashes are answered further in.
        return self._made(stack) if self._builder.is_wrapped and stack is not own else stack


def _move_around(stack: Any, layer: Any, builder: Builder) -> Any:
    found = layers_around(layer, builder.app, stack)
    if not found:
        _stay(layer, builder)
        return stack
    log_move(builder.scope, _names_of_others(layer, builder.app, found))
    moved = copy(layer)
    moved.app = stack
    # No request is in flight, because the app has no stack yet.
    layer.position.move = Move(moved, is_unlinked=link(found[-1], layer.app), is_unguarded=False)
    layer.position.is_final = True
    return moved


def _names_of_others(layer: Any, app: Any, found: list[Any]) -> list[str]:
    """Return the names of added layers. Another CORSMiddleware is left out, because it answers nothing else itself."""
    return names_of_added(app, [node for node in found if type(node) is not type(layer)])


def _stay(layer: Any, builder: Builder) -> None:
    names = names_before(builder.app, layer.__class__)
    if names:
        layer.position.is_final = True
        warn_about_late_position(builder.scope, names)


def answer_crashes(app: ASGIApp) -> ASGIApp:
    """Return an ASGI app that serves `app`, and answers 500 if `app` crashes.

    It is used for the request during which the middleware moves. That request arrived through the old position, so the
    response of the layer that normally answers a crash, further out, would not pass through this CORSMiddleware.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        def send_and_track(message: Message) -> Awaitable[None]:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            return send(message)

        try:
            await app(scope, receive, send_and_track)
        except Exception:
            if not has_started:
                await send({"type": "http.response.start", "status": 500, "headers": _CRASHED_HEADERS})
                await send({"type": "http.response.body", "body": _CRASHED})
            raise

    return serve
