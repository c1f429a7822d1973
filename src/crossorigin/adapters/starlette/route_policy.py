"""A policy attached to what serves a route, and how it is found there again.

The policy is an attribute of the endpoint, the router or the app itself: that is what the framework hands to whoever
asks where a request went, and what `functools.wraps` copies to whatever is put around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from inspect import isroutine, signature

from crossorigin.adapters.starlette.route_state import REVISION
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.policy.policy import Policy

_ATTRIBUTE = "__crossorigin__"
_ARGUMENTS_OF_AN_APP = ("scope", "receive", "send")


@dataclass(frozen=True, slots=True, eq=False)
class RoutePolicy:
    """A policy, and the name of what it was attached to, its owner."""

    policy: Policy
    owner: str


@dataclass(frozen=True, slots=True)
class PolicyCarrier:
    """A dependency that does nothing, and carries a router's policy along with its routes."""

    policy: RoutePolicy

    async def __call__(self) -> None:
        """Do nothing."""


# All methods that any policy attached in this process allows.
ATTACHED_METHODS: set[str] = set()


def attach(policy: Policy, thing: Any) -> RoutePolicy:
    """Give `thing` a policy.

    Raises:
        TypeError: It serves nothing, it has a policy already, or it takes no attributes.
    """
    name = _name(thing)
    if not callable(thing) and not hasattr(thing, "matches"):
        message = f"cors(...) goes on an endpoint, a router, a route or an app; {name} is none of these."
        raise TypeError(message)
    if isinstance(thing, staticmethod):
        message = f"{name} is lost when it is looked up on its class: put cors(...) below @staticmethod."
        raise TypeError(message)
    if _ATTRIBUTE in getattr(thing, "__dict__", ()):
        message = f"{name} has a policy already, and policies do not merge: remove one of the two cors(...)."
        raise TypeError(message)
    attached = RoutePolicy(policy, name)
    try:
        setattr(thing, _ATTRIBUTE, attached)
    except (AttributeError, TypeError):
        message = f"{name} takes no attributes, so it can hold no policy: put cors(...) on the function or the class."
        raise TypeError(message) from None
    ATTACHED_METHODS.update(allowed_methods(policy.allow_methods))
    return attached


def announce() -> None:
    """Let every middleware look again for policies in its app. Called after a policy was attached."""
    REVISION[:] = [object()]


def may_hold_endpoints(thing: Any) -> bool:
    """Return whether something with a policy may lead to endpoints that do not show that policy themselves."""
    # A class may be that of a router; one of Starlette's endpoints is awaited.
    if not isroutine(thing):
        return not hasattr(thing, "__await__")
    # A function that is mounted takes a scope, `receive` and `send`, and may hand them on.
    try:
        signature(thing).bind(*_ARGUMENTS_OF_AN_APP)
    except (TypeError, ValueError):
        return False
    return True


def policy_of(thing: object) -> RoutePolicy | None:
    """Return the policy that is attached to `thing` itself; None if there is none."""
    attached = getattr(thing, _ATTRIBUTE, None)
    # A mock or a proxy, which answers to any name, has no policy because of that.
    if isinstance(attached, RoutePolicy):
        return attached
    return policy_of(thing.func) if isinstance(thing, partial) else None


def handler_of(endpoint: Any, method: str) -> Any:
    """Return what serves a method; None if nothing does."""
    # A class of Starlette's has a method for each HTTP method that it serves, and its route takes all.
    if not has_handlers(endpoint):
        return endpoint
    handler = getattr(endpoint, method.lower(), None)
    return getattr(endpoint, "get", None) if handler is None and method == "HEAD" else handler


def has_handlers(endpoint: object) -> bool:
    """Return whether an endpoint is a class with a handler for each method, as Starlette's `HTTPEndpoint`."""
    return hasattr(endpoint, "method_not_allowed")


def endpoint_policy(endpoint: object, method: str) -> RoutePolicy | None:
    """Return the policy attached to an endpoint, or nearer to the method of a class; None if there is none."""
    return policy_of(handler_of(endpoint, method)) or policy_of(endpoint)


def _name(thing: Any) -> str:
    name = getattr(thing, "__qualname__", None)
    if isinstance(name, str):
        return f"{thing.__module__}.{name}"
    about = next(filter(None, (getattr(thing, key, None) for key in ("title", "prefix", "path", "host"))), None)
    kind = type(thing).__name__
    return f"{kind} {about!r}" if isinstance(about, str) else kind
