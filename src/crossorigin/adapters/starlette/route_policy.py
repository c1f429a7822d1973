"""Attach a policy to what serves a route, and find it there again.

The policy is an attribute of the endpoint, the router or the app itself: that is what the framework hands to whoever
asks where a request went, and what `functools.wraps` copies to whatever is put around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from inspect import isroutine, signature

from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.policy.policy import Policy

_ATTRIBUTE = "__crossorigin__"
_TAKEN_BY_AN_APP = ("scope", "receive", "send")


@dataclass(frozen=True, slots=True, eq=False)
class RoutePolicy:
    """Hold a policy, and the name of what it was attached to."""

    policy: Policy
    place: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carry a router's policy along with its routes, as a dependency of each that does nothing."""

    policy: RoutePolicy

    async def __call__(self) -> None:
        """Give nothing."""


@dataclass(slots=True)
class Attached:
    """Hold whether the process has policies of routes: without, nothing is ever looked up.

    `groups` tells of those that an endpoint may not show, for they stand on what may be a router or an app around it.
    `methods` are all that any of them allows.
    """

    any: bool = False
    groups: bool = False
    methods: frozenset[str] = frozenset()


ATTACHED = Attached()


def attach(policy: Policy, thing: Any) -> RoutePolicy:
    """Give `thing` a policy of its own.

    Raises:
        TypeError: It serves nothing, it has one already, or it takes no attributes.
    """
    name = _name(thing)
    if not callable(thing) and not hasattr(thing, "matches"):
        message = f"cors(...) goes on an endpoint, a router, a route or an app; {name} is none of these."
        raise TypeError(message)
    if isinstance(thing, staticmethod):
        message = f"{name} is lost when its class is asked for it: put cors(...) below @staticmethod."
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
    ATTACHED.any = True
    ATTACHED.methods = ATTACHED.methods.union(allowed_methods(policy.allow_methods))
    ATTACHED.groups = ATTACHED.groups or _may_hold_endpoints(thing)
    return attached


def _may_hold_endpoints(thing: Any) -> bool:
    # A class may be that of a router; one of Starlette's endpoints is awaited.
    if not isroutine(thing):
        return not hasattr(thing, "__await__")
    # A function that is mounted takes a scope, `receive` and `send`, and may hand them on.
    try:
        signature(thing).bind(*_TAKEN_BY_AN_APP)
    except (TypeError, ValueError):
        return False
    return True


def policy_of(thing: object) -> RoutePolicy | None:
    """Return the policy that stands on `thing` itself; None if there is none."""
    attached = getattr(thing, _ATTRIBUTE, None)
    # What answers to any name, a mock or a proxy, has no policy for that.
    if isinstance(attached, RoutePolicy):
        return attached
    return policy_of(thing.func) if isinstance(thing, partial) else None


def handler_of(endpoint: Any, method: str) -> Any:
    """Return what serves a method; None if nothing does."""
    # A class of Starlette's has a method for what it serves, and its route takes all.
    if not hasattr(endpoint, "method_not_allowed"):
        return endpoint
    handler = getattr(endpoint, method.lower(), None)
    return getattr(endpoint, "get", None) if handler is None and method == "HEAD" else handler


def own_policy(endpoint: object, method: str) -> RoutePolicy | None:
    """Return the policy that stands on an endpoint, or nearer on the method of a class; None if there is none."""
    return policy_of(handler_of(endpoint, method)) or policy_of(endpoint)


def _name(thing: Any) -> str:
    name = getattr(thing, "__qualname__", None)
    if isinstance(name, str):
        return f"{thing.__module__}.{name}"
    about = next(filter(None, (getattr(thing, key, None) for key in ("title", "prefix", "path", "host"))), None)
    kind = type(thing).__name__
    return f"{kind} {about!r}" if isinstance(about, str) else kind
