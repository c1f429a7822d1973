"""The setup of aiohttp apps, the decorator for handlers and sub-apps, and `explain`."""

from __future__ import annotations

from crossorigin.adapters.aiohttp.arguments import attached_policy, read_setup
from crossorigin.adapters.aiohttp.decorator import cors
from crossorigin.adapters.aiohttp.registry import layer_key
from crossorigin.adapters.common.arguments import logs_invalid_arguments
from crossorigin.fetch.methods import normalize_method

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Unpack

    from aiohttp.web import Application

    from crossorigin.adapters.aiohttp.layer import Layer
    from crossorigin.adapters.common.arguments import OnRefused
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.explain.explanation import Explanation
    from crossorigin.policy.options import PolicyOptions
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

__all__ = ["cors", "explain", "setup"]


@logs_invalid_arguments
def setup(
    app: Application,
    *,
    policy: Policy | LivePolicy | Sequence[Policy] | None = None,
    debug: bool = False,
    check_websockets: bool = False,
    served_methods_only: bool = False,
    on_refused: OnRefused = "pass",
    on_decision: OnDecision | None = None,
    origins: LiveOrigins | None = None,
    **options: Unpack[PolicyOptions],
) -> None:
    """Make an app answer CORS preflights, and set the CORS headers of all its other responses.

    Errors, raised responses, static files, streams, sub-apps and WebSockets have their headers too. Preflights are
    answered before the middlewares of the app run. Call it before the app starts.

    Args:
        app: The app. It is changed in place.
        policy: A `Policy` to use instead of the options, a `LivePolicy`, which can be replaced while the server runs,
            or a list of policies, of which the first whose origins match decides. It is an error to pass both a policy
            and options.
        debug: Whether to help with debugging. Allowed requests are logged as DEBUG. A preflight that is refused for its
            method or headers is answered with 200 if browsers refuse the request anyway, so that the browser console
            names the method or header instead of the status. Leave it off in production, because such a response
            shows what the policy allows.
        check_websockets: Whether to refuse WebSocket handshakes from other origins that are not allowed.
        served_methods_only: Whether a preflight allows only those methods of the policy that the app serves at its
            path.
        on_refused: What to do with an actual request whose `Origin` is neither allowed nor the server's own. With
            "pass", the app answers, and the browser prevents the page from reading the response. With "block", the
            response is 403, also to WebSocket handshakes.
        on_decision: A function that is called with each decision and the `web.Request`. Its exceptions are logged and
            do not affect the request.
        origins: `LiveOrigins`, exact origins that may change while the server runs. They are allowed in addition to
            those of the policy. Of a list of policies, they belong to the first one.
        **options: The options of `Policy`.

    Raises:
        InvalidPolicyError: An argument is invalid. The message is also logged as CRITICAL on the logger `crossorigin`.
        RuntimeError: The app has started, is part of another app, or already has a policy from `setup`.
        TypeError: `app` is not an aiohttp app.
        ValueError: A policy in a list can never decide.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> from aiohttp import web
    >>> app = web.Application()
    >>> setup(app, allow_origins=["https://app.example.com"], allow_credentials=True)
    """
    behavior: dict[str, object] = {
        "debug": debug,
        "check_websockets": check_websockets,
        "served_methods_only": served_methods_only,
        "on_refused": on_refused,
        "on_decision": on_decision,
        "origins": origins,
    }
    policies, read = read_setup(policy, {**options}, behavior)
    _check_app(app)
    from crossorigin.adapters.aiohttp.layer import Layer

    layer = app[layer_key()] = Layer(app, attached_policy(policies, ""), read)
    layer.install()


def _check_app(app: object) -> None:
    from aiohttp import web

    if not isinstance(app, web.Application):
        raise TypeError(
            f"setup(...) needs an aiohttp app, got {type(app).__name__}. For ASGI apps, use CORSMiddleware of "
            "crossorigin; for WSGI apps, CORSMiddleware of crossorigin.wsgi."
        )
    if layer_key() in app:
        raise RuntimeError(
            "This app already has a policy from setup(...), and policies are not merged. Remove one of the two calls. "
            "For other policies on some routes, use cors(...)."
        )
    if app.on_startup.frozen or app.on_response_prepare.frozen:
        raise RuntimeError(
            "setup(...) cannot change this app, because it has started or is part of another app. Call setup(app, ...) "
            "where the app is created: before web.run_app or AppRunner.setup, and before parent.add_subapp."
        )


def explain(
    app: Application, method: str, path: str, origin: str | None, request_headers: Iterable[str] = ()
) -> Explanation:
    """Explain the decision on a page's request to an app, by the policy of the handler that serves it.

    Args:
        app: An app with `setup`. No handler is called.
        method: The method that the page uses.
        path: The path of the URL, such as "/items/1".
        origin: The page's origin, or None for a request without an `Origin` header.
        request_headers: The names of the headers that the page sets.

    Raises:
        ValueError: The app has no policy from `setup`.

    `Policy.explain` does the same for one policy, without looking up a route.

    >>> from aiohttp import web
    >>> app = web.Application()
    >>> setup(app, allow_origins=["https://app.example.com"])
    >>> explain(app, "GET", "/", "https://app.example.com").allowed
    True
    """
    from crossorigin.policy.explain.explanation import explain as explain_by

    layer: Layer | None = app.get(layer_key())
    if layer is None:
        raise ValueError("This app has no policy. Add one with setup(app, ...) of crossorigin.aiohttp.")
    selection, plan = layer.select_for_page(normalize_method(method), path, origin)
    return explain_by(selection.policy, plan.plan, method, origin, request_headers, route=selection.owner or None)
