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
    from typing import NoReturn, Unpack

    from crossorigin.policy.options import PolicyOptions

_Served = TypeVar("_Served")
_NO_PARENTHESES = "cors needs parentheses with its options. Write @cors(allow_origins=[...]) instead of @cors."
_NOT_A_MIDDLEWARE = (
    "cors is for one route, router or mounted app. For the whole app, use app.add_middleware(CORSMiddleware, "
    "allow_origins=[...])."
)
_NOT_A_DEPENDENCY = (
    "Depends(cors(...)) has no effect, because a preflight does not run dependencies. Write @cors(...) at the "
    "endpoint, or router = cors(...)(router) for all routes of a router."
)


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
        raise TypeError(_NOT_A_MIDDLEWARE if options else _NO_PARENTHESES)
    return _Attaching(read_policy(None if policy is ... else Policy() if policy is None else policy, {**options}))


class _Attaching:
    """The function that `cors` returns."""

    __slots__ = ("_policy",)

    def __init__(self, policy: Policy) -> None:
        """Keep the policy."""
        self._policy = policy

    def __call__(self, served: _Served) -> _Served:
        """Attach the policy."""
        add_policy_to_routes(served, attach(self._policy, served))
        request_rescan()
        return served

    @property
    def __signature__(self) -> NoReturn:
        """Refuse to be a dependency. FastAPI would read `served` from the query, and answer 422 to every request.

        Raises:
            TypeError: Always. `inspect.signature` does the same for callables without a signature.
        """
        raise TypeError(_NOT_A_DEPENDENCY)
