"""Hold what only an app object of Starlette or FastAPI can give: the outermost place, at once."""

from crossorigin.asgi import CORSMiddleware
from crossorigin.stack import holder_of_own, link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.applications import Starlette

    from crossorigin.arguments import OnRefused
    from crossorigin.asgi_types import ASGIApp, OnDecision
    from crossorigin.policy.policy import Policy

__all__ = ["CORSMiddleware", "install"]


def install(
    app: "Starlette",
    policy: "Policy",
    *,
    debug: bool = False,
    check_websockets: bool = False,
    on_refused: "OnRefused" = "pass",
    on_decision: "OnDecision | None" = None,
) -> None:
    """Put the middleware around all that a Starlette or FastAPI app answers, before it starts or after.

    `app.add_middleware` comes to the same when the app starts with a lifespan. This does it at once, so it holds for
    the very first request too, and for whatever is added to the app later.

    Args:
        app: The app; it stays the object that it is.
        policy: A `Policy`.
        debug: As for `CORSMiddleware`, like the others.
        check_websockets: Whether to refuse WebSocket handshakes from other origins that are not allowed.
        on_refused: "pass" or "block".
        on_decision: Called with each decision and the scope.

    Raises:
        InvalidPolicyError: An argument is wrong.
        TypeError: `app` is no app of Starlette's.

    >>> from crossorigin import Policy
    >>> from fastapi import FastAPI
    >>> app = FastAPI()
    >>> install(app, Policy(allow_origins=["https://app.example.com"]))
    """
    if not hasattr(app, "build_middleware_stack") or not hasattr(app, "middleware_stack"):
        message = f"install takes an app of Starlette or FastAPI, not a {type(app).__name__}; wrap that by hand, "
        raise TypeError(message + "app = CORSMiddleware(app, policy=policy).")
    from starlette.middleware.errors import ServerErrorMiddleware  # noqa: PLC0415  # there is an app of Starlette's

    build = app.build_middleware_stack
    middleware = CORSMiddleware(
        app.router,
        policy=policy,
        debug=debug,
        outermost=False,
        check_websockets=check_websockets,
        on_refused=on_refused,
        on_decision=on_decision,
    )

    def around(stack: "ASGIApp") -> "ASGIApp":
        holder = holder_of_own(app, stack)
        middleware.app = stack if holder is None else holder.app
        # What a tracer that comes later looks for at the outermost place. Whatever crashes was answered further in.
        outermost = ServerErrorMiddleware(middleware)
        if holder is not None and link(holder, outermost):
            return stack
        middleware.app = stack
        return outermost

    if app.middleware_stack is not None:
        app.middleware_stack = around(app.middleware_stack)
    # What the first scope calls, and whoever builds the stack again.
    app.build_middleware_stack = lambda: around(build())  # type: ignore[method-assign]
