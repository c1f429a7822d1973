"""Functions for Starlette and FastAPI apps: `install` for the outermost position, `explain` for per-route policies."""

from __future__ import annotations

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.adapters.starlette.decorator import cors
from crossorigin.adapters.starlette.middleware_stack import chain, holder_of_own_stack, holder_outside, link
from crossorigin.adapters.starlette.route_state import RouteState
from crossorigin.fetch.methods import normalize_method

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.applications import Starlette

    from crossorigin.adapters.common.arguments import OnRefused
    from crossorigin.adapters.common.asgi_types import ASGIApp, Scope
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.explain.explanation import Explanation
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

__all__ = ["CORSMiddleware", "cors", "explain", "install"]


def install(
    app: Starlette,
    policy: Policy | LivePolicy,
    *,
    debug: bool = False,
    check_websockets: bool = False,
    served_methods_only: bool = False,
    on_refused: OnRefused = "pass",
    on_decision: OnDecision | None = None,
    origins: LiveOrigins | None = None,
) -> None:
    """Install the middleware at the outermost position of a Starlette or FastAPI app, before or after it starts.

    `app.add_middleware` has the same effect once the app builds its middleware. `install` takes effect immediately,
    also in an app that has built its middleware already. It is outside every other CORSMiddleware of the app, so its
    policy applies.

    Args:
        app: The app. It is changed in place.
        policy: A `Policy` or a `LivePolicy`.
        debug: As in `CORSMiddleware`, which also describes the other arguments in detail.
        check_websockets: Whether to refuse WebSocket handshakes from other origins that are not allowed.
        served_methods_only: Whether a preflight allows only methods that the path serves.
        on_refused: "pass" or "block".
        on_decision: A function that is called with each decision and the scope.
        origins: `LiveOrigins`, allowed in addition to those of the policy.

    Raises:
        InvalidPolicyError: An argument is invalid.
        TypeError: `app` is not an app of Starlette or FastAPI.

    >>> from crossorigin import Policy
    >>> from fastapi import FastAPI
    >>> app = FastAPI()
    >>> install(app, Policy(allow_origins=["https://app.example.com"]))
    """
    if not hasattr(app, "build_middleware_stack") or not hasattr(app, "middleware_stack"):
        message = (
            f"install needs a Starlette or FastAPI app, got {type(app).__name__}. For other apps, write "
            "app = CORSMiddleware(app, policy=policy)."
        )
        raise TypeError(message)
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
        origins=origins,
    )

    def around(stack: ASGIApp) -> ASGIApp:
        holder = holder_of_own_stack(app, stack)
        # A middleware that was added or installed before must not be outside: the last one that is installed applies.
        holder = None if holder is None else holder_outside(CORSMiddleware, holder, stack)
        middleware.app = stack if holder is None else holder.app
        # Tracers that are added later look for this class at the outermost position. Crashes are answered further in.
        outermost = ServerErrorMiddleware(middleware)
        if holder is not None and link(holder, outermost):
            return stack
        middleware.app = stack
        return outermost

    if app.middleware_stack is not None:
        app.middleware_stack = around(app.middleware_stack)
    # The app calls this for its first scope, and again when the stack has to be rebuilt.
    app.build_middleware_stack = lambda: around(build())  # type: ignore[method-assign]


def explain(
    app: Starlette, method: str, path: str, origin: str | None, request_headers: Iterable[str] = ()
) -> Explanation:
    """Explain the decision on a page's request to an app, by the policy of the route that serves it.

    Args:
        app: An app with the middleware added or installed, or wrapped in it. The app is not called.
        method: The method that the page uses.
        path: The path as it appears in the URL, such as "/items/1", or the URL, whose host routes below `Host` need.
        origin: The page's origin, or None for a request without an `Origin` header.
        request_headers: The names of the headers that the page sets.

    Raises:
        ValueError: The app has no CORSMiddleware of crossorigin, or `path` is neither a path nor a URL.

    `Policy.explain` does the same for one policy, without looking up a route.

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
        message = f"{type(app).__name__} has no CORSMiddleware of crossorigin. Add it with app.add_middleware."
        raise ValueError(message)
    sent = normalize_method(method)
    scope = _scope_of(sent, path)
    by_route = layer._handler.by_route()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # a class of this package
    lookup = by_route.for_request(scope, RouteState(app, revision=[]))
    selection, plan = lookup.preflight(sent.encode("latin-1", "replace"))
    return explain_by(selection.policy, plan, method, origin, request_headers, route=selection.owner or None)


def _scope_of(method: str, target: str) -> Scope:
    """Return the scope of a request, as a server decodes the path of its URL."""
    from urllib.parse import unquote, urlsplit

    is_path = target.startswith("/")
    url = urlsplit(f"http://host{target}" if is_path else target)
    if not url.netloc:
        raise ValueError(f"path must start with a slash, or be a URL with a host, got {target!r:.120}")
    host = [] if is_path else [(b"host", url.netloc.encode("latin-1", "replace"))]
    return {"type": "http", "method": method, "path": unquote(url.path) or "/", "root_path": "", "headers": host}
