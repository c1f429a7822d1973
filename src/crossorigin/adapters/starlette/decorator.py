"""The decorator `cors`, which gives a route, a router or a mounted app its own policy."""

from __future__ import annotations

from typing import TypeVar

from crossorigin.adapters.common.arguments import read_policy
from crossorigin.adapters.starlette.route_policy import attach, request_rescan
from crossorigin.adapters.starlette.routes import add_policy_to_routes
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import EllipsisType
    from typing import Unpack

    from crossorigin.policy.options import PolicyOptions

_Served = TypeVar("_Served")


def cors(policy: Policy | EllipsisType | None = ..., **options: Unpack[PolicyOptions]) -> Callable[[_Served], _Served]:
    """Give an endpoint, a router or a mounted app its own policy, which replaces the policy of the app.

    Use it to decorate a function or class that serves a route of Starlette or FastAPI, above or below the route's own
    decorator, or one method of such a class. Pass any other object in a call: `cors(...)(router)` before the router is
    included, `cors(...)(app)`, or `cors(...)(Mount(...))`.

    The policy nearest to the endpoint applies; policies are not merged. The app still needs the middleware, whose
    policy applies to all other requests. A policy on an endpoint that serves WebSockets refuses handshakes from other
    origins that it does not allow.

    Args:
        policy: A `Policy` to use instead of the options, or None for a policy that allows no other origin.
        **options: The options of `Policy`.

    Returns:
        A function that takes an endpoint, a router or an app, and returns the same object.

    Raises:
        InvalidPolicyError: The policy is invalid.
        TypeError: The object cannot have a policy or already has one, or the parentheses after `cors` are missing.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> @cors(allow_origins=["*"])
    ... def public(): ...
    """
    given: object = policy
    if callable(given) or hasattr(given, "matches"):
        message = "cors needs parentheses with its options. Write @cors(allow_origins=[...]) instead of @cors."
        raise TypeError(message)
    checked = read_policy(None if policy is ... else Policy() if policy is None else policy, {**options})

    def attach_policy(served: _Served) -> _Served:
        add_policy_to_routes(served, attach(checked, served))
        request_rescan()
        return served

    return attach_policy
