"""The decorator `cors`, which gives a route, a router or a mounted app its own policy."""

from __future__ import annotations

from typing import TypeVar

from crossorigin.adapters.common.arguments import read_policy
from crossorigin.adapters.starlette.route_policy import announce, attach
from crossorigin.adapters.starlette.routes import carry
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import EllipsisType
    from typing import Unpack

    from crossorigin.policy.options import PolicyOptions

_Served = TypeVar("_Served")


def cors(policy: Policy | EllipsisType | None = ..., **options: Unpack[PolicyOptions]) -> Callable[[_Served], _Served]:
    """Give an endpoint a policy of its own, in place of the app's; or a router, or an app that is mounted.

    Put it on a function or a class that serves a route of Starlette's or FastAPI's, above or below the decorator that
    routes it; or on one method of such a class. Call it with anything else: `cors(...)(router)`, before that is
    included, `cors(...)(app)`, `cors(...)(Mount(...))`. The policy nearest to the endpoint is the one that decides;
    policies do not merge. The app still needs the middleware, whose policy decides all the rest. On an endpoint that
    serves WebSockets, handshakes from other origins that the policy does not allow are refused.

    Args:
        policy: A `Policy`, in place of the options; or None, with which no page of another origin may read anything.
        **options: Those of `Policy`, by the same names.

    Returns:
        A function that takes the endpoint, the router or the app, and returns that very object.

    Raises:
        InvalidPolicyError: The policy is wrong.
        TypeError: What it is put on can hold no policy, or has one already; or the parentheses are missing.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> @cors(allow_origins=["*"])
    ... def public(): ...
    """
    given: object = policy
    if callable(given) or hasattr(given, "matches"):
        message = "cors is put on something without its options: write @cors(allow_origins=[...]), with parentheses."
        raise TypeError(message)
    checked = read_policy(None if policy is ... else Policy() if policy is None else policy, {**options})

    def put_on(served: _Served) -> _Served:
        carry(served, attach(checked, served))
        announce()
        return served

    return put_on
