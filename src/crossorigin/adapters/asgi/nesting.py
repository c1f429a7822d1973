"""Detection of nested middlewares: if several CORSMiddleware serve one request, the outermost one applies.

A middleware marks the scope of a request while the app serves it. An inner middleware finds the outer one by this mark.
"""

from __future__ import annotations

from itertools import count
from types import NoneType

from crossorigin.adapters.common.notices import log_notice
from crossorigin.adapters.starlette.middleware_stack import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from crossorigin.adapters.common.asgi_types import ASGIApp, Receive, Scope, Send

    class _Move(Protocol):
        """The move of a middleware, which is an `outermost.Move`."""

        @property
        def to(self) -> Any: ...
        @property
        def is_unlinked(self) -> bool: ...
        @property
        def is_unguarded(self) -> bool: ...

    from crossorigin.policy.policy import Policy

    # The position of a middleware in words, its number, and the options of its policy that are not about origins.
    Mark = tuple[str, int, tuple[object, ...]]

# The key of the mark in a scope. The mark says which middleware serves the request. It is removed after the request,
# because the app may keep the scope and serve it again. It refers to no object, so that a scope can be copied deeply.
MARK = "crossorigin.layer"
_NUMBERS = count()
_ABOUT_ORIGINS = frozenset({"allow_origins", "allow_origin_regex"})
_MERGE = (
    "The policies of both have the same options except for the origins: list the origins of both in the outer one, and "
    "remove the inner one."
)
# The length of a title or a path in a log line. The path of a mount may contain text from a client.
_MAX_WHERE = 120


class Position:
    """The position of a middleware in an app, shared with its copy that moved further out.

    - `is_final`: whether the middleware has moved, or will not move.
    - `move`: the move, if it has moved.
    - `mark`: the mark of the requests that it serves.
    - `has_warned`: whether a warning about another middleware outside was logged.
    - `has_warned_of_root`: whether a warning about a policy attached to the outermost app was logged.
    """

    __slots__ = ("has_warned", "has_warned_of_root", "is_final", "mark", "move")

    def __init__(self, *, is_final: bool) -> None:
        """Start at the position where the middleware was created."""
        self.is_final = is_final
        self.move: _Move | None = None
        self.mark: Mark = ("", next(_NUMBERS), ())
        self.has_warned = False
        self.has_warned_of_root = False

    def describe(self, scope: Scope, policy: Policy) -> None:
        """Complete the mark before the middleware serves its first scope. Marks are compared by identity."""
        place, number, _ = self.mark
        if not place:
            self.mark = (describe_place(scope), number, _options_beside_origins(policy))


def find_mark(scope: Scope) -> Mark | None:
    """Return the mark of the middleware that already serves a connection, or None."""
    # Some frameworks pass one lifespan to several apps at the same time, and these apps are not nested.
    if scope["type"] == "lifespan":
        return None
    mark: Mark | None = scope.get(MARK)
    return mark


def is_mounted_in_itself(scope: Scope) -> bool:
    """Return whether an app serves a scope that a mount inside the same app passed on to it.

    The mount has put what it mounts into the scope, and the app has put itself there.
    """
    app = scope.get("app")
    return app is not None and any(node is app for node in chain(scope.get("endpoint")))


async def serve_marked(app: ASGIApp, mark: Mark, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a connection, with its scope marked until the app has served it."""
    scope[MARK] = mark
    try:
        await app(scope, receive, send)
    finally:
        scope.pop(MARK, None)


def warn_about_outer(scope: Scope, position: Position, outer: Mark) -> None:
    """Log once that a middleware has no effect because there is another one outside it."""
    if position.has_warned:
        return
    position.has_warned = True
    place = describe_place(scope)
    where = f"the CORSMiddleware {outer[0]}" if outer[0] != place else "another one of the same app"
    log_notice(
        f"CORSMiddleware {place} does not set CORS headers, because it is inside {where}, which answers the preflights "
        "and sets the headers. Only its on_refused and check_websockets still apply. "
        + (_MERGE if outer[2] == position.mark[2] else "Remove it if you do not use these.")
    )


def warn_about_staying(scope: Scope) -> None:
    """Log that a middleware cannot move to the outermost position."""
    log_notice(
        f"CORSMiddleware {describe_place(scope)} cannot move to the outermost position, because it was not added to "
        "this app with add_middleware, or is a subclass with its own __call__. Responses from outside it, such as a "
        "500 after a crash, have no CORS headers. Add CORSMiddleware itself with app.add_middleware, or pass "
        "outermost=False to accept this."
    )


def warn_about_late_position(scope: Scope, names: list[str]) -> None:
    """Log that other middlewares may answer before a middleware, in an app without a lifespan."""
    log_notice(
        f"CORSMiddleware {describe_place(scope)} is inside {_join(names)}, and cannot move outside before the first "
        "request. This app has received no lifespan startup, so these may answer every preflight before the request "
        "reaches CORSMiddleware. Call install(app, policy) from crossorigin.starlette instead of add_middleware, or "
        "add CORSMiddleware after them."
    )


def log_move(scope: Scope, names: list[str]) -> None:
    """Log that a middleware is now outside others, because pages can then read more responses."""
    if names:
        log_notice(
            f"CORSMiddleware {describe_place(scope)} moved outside {_join(names)}. Pages of allowed origins can now "
            "read the responses that these send themselves. Pass outermost=False to keep it where it was added.",
            "INFO",
        )


def warn_about_root_policy(owner: str, position: Position) -> None:
    """Log once that a policy attached to the outermost app has no effect."""
    if position.has_warned_of_root:
        return
    position.has_warned_of_root = True
    log_notice(
        f"cors(...) on {owner} has no effect, because the outermost app uses the policy of its CORSMiddleware. Pass "
        "the policy to CORSMiddleware, or apply cors(...) to routers or endpoints."
    )


def describe_place(scope: Scope) -> str:
    """Return a description of where a scope is served: the app and the path of its mount."""
    app = scope.get("app")
    title = getattr(app, "title", None)
    name = (
        "on the server" if app is None else f"in {type(app).__name__}" + (f" {title!a:.{_MAX_WHERE}}" if title else "")
    )
    path = scope.get("root_path") or "/"
    return f"{name} at {path!a:.{_MAX_WHERE}}"


def _options_beside_origins(policy: Policy) -> tuple[object, ...]:
    options: dict[str, Any] = policy.to_dict()
    values = [value for name, value in options.items() if name not in _ABOUT_ORIGINS]
    return tuple(value if isinstance(value, (str, int, NoneType)) else tuple(sorted(value)) for value in values)


def _join(names: list[str]) -> str:
    *most, last = (f"{name!a:.{_MAX_WHERE}}".strip("'") for name in names)
    return f"{', '.join(most)} and {last}" if most else last
