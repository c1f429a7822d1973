"""Hold what only an app object of Starlette or FastAPI can give: the outermost place at once, and its routes."""

from __future__ import annotations

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.adapters.starlette.decorator import cors
from crossorigin.adapters.starlette.middleware_stack import chain, holder_of_own, link
from crossorigin.adapters.starlette.route_state import RouteState
from crossorigin.fetch.methods import normalize_method

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.applications import Starlette

    from crossorigin.adapters.common.arguments import OnRefused
    from crossorigin.adapters.common.asgi_types import ASGIApp, Scope
    from crossorigin.policy.explain.explanation import Explanation
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

__all__ = ["CORSMiddleware", "cors", "explain", "install"]


def install(
    app: Starlette,
    policy: Policy,
    *,
    debug: bool = False,
    check_websockets: bool = False,
    served_methods_only: bool = False,
    on_refused: OnRefused = "pass",
    on_decision: OnDecision | None = None,
) -> None:
    """Put the middleware around all that a Starlette or FastAPI app answers, before it starts or after.

    `app.add_middleware` comes to the same when the app starts with a lifespan. This does it at once, so it holds for
    the very first request too, and for whatever is added to the app later.

    Args:
        app: The app; it stays the object that it is.
        policy: A `Policy`.
        debug: As for `CORSMiddleware`, like the others.
        check_websockets: Whether to refuse WebSocket handshakes from other origins that are not allowed.
        served_methods_only: Whether a preflight is granted only methods that the path serves.
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
    from starlette.middleware.errors import ServerErrorMiddleware

    build = app.build_middleware_stack
    middleware = CORSMiddleware(
        app.router,
        policy=policy,
        debug=debug,
        outermost=False,
        check_websockets=check_websockets,
        served_methods_only=served_methods_only,
        on_refused=on_refused,
        on_decision=on_decision,
    )

    def around(stack: ASGIApp) -> ASGIApp:
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


def explain(
    app: Starlette, method: str, path: str, origin: str | None, request_headers: Iterable[str] = ()
) -> Explanation:
    """Say what becomes of a page's request to an app, by the policy of the route that it leads to.

    Args:
        app: The app, with the middleware added, around it or installed. It is not called.
        method: The method the page names.
        path: The path of the address, as in "/items/1".
        origin: The page's origin, or None for a request without one.
        request_headers: Names of the headers the page sets.

    Raises:
        ValueError: The app has no CORSMiddleware of ours.

    `Policy.explain` says the same for one policy, and names no route by itself.

    >>> from fastapi import FastAPI
    >>> app = FastAPI()
    >>> app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    >>> explain(app, "GET", "/", "https://app.example.com").allowed
    True
    """
    from crossorigin.policy.explain.explanation import explain as explain_by

    stack = getattr(app, "middleware_stack", app) or app.build_middleware_stack()
    layer = next((node for node in chain(stack) if isinstance(node, CORSMiddleware)), None)
    if layer is None:
        message = f"{type(app).__name__} has no CORSMiddleware of crossorigin: add it with app.add_middleware."
        raise ValueError(message)
    sent = normalize_method(method)
    scope: Scope = {"type": "http", "method": sent, "path": path, "root_path": "", "headers": []}
    by_route = layer._handler.by_route()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # our own
    selection, plan = by_route.for_request(scope, RouteState(app, revision=[])).preflight(sent)
    return explain_by(selection.policy, plan, method, origin, request_headers, route=selection.owner or None)
