"""Policies attached to endpoints, routers and apps.

A policy is stored as an attribute of the object that it is attached to. The framework passes this object on during
routing, and `functools.wraps` copies its attributes to a wrapper.
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
_ASGI_ARGUMENTS = ("scope", "receive", "send")
# The method of Starlette's `WebSocketEndpoint` that serves a handshake.
CONNECT_METHOD = "on_connect"


@dataclass(frozen=True, slots=True, eq=False)
class RoutePolicy:
    """A policy and its owner, which is the name of the object that the policy is attached to."""

    policy: Policy
    owner: str


@dataclass(frozen=True, slots=True)
class PolicyCarrier:
    """A dependency that does nothing. It keeps the policy of a router with the router's routes."""

    policy: RoutePolicy

    async def __call__(self) -> None:
        """Do nothing."""


# All methods that an attached policy in this process allows.
ATTACHED_METHODS: set[str] = set()


def attach(policy: Policy, thing: Any) -> RoutePolicy:
    """Attach a policy to `thing`.

    Raises:
        TypeError: It is not an endpoint, a router, a route or an app, it already has a policy, or its attributes cannot
            be set.
    """
    name = _name(thing)
    if hasattr(thing, "wsgi_app") or hasattr(thing, "as_view"):
        message = (
            f"cors(...) is for Starlette and FastAPI, and {name} belongs to another framework. In Flask, use CORS or "
            "cross_origin from crossorigin.flask."
        )
        raise TypeError(message)
    if not callable(thing) and not hasattr(thing, "matches"):
        message = f"cors(...) needs an endpoint, a router, a route or an app, and {name} is none of these."
        raise TypeError(message)
    if isinstance(thing, staticmethod):
        message = f"cors(...) has no effect above @staticmethod on {name}. Put it below @staticmethod."
        raise TypeError(message)
    if _ATTRIBUTE in getattr(thing, "__dict__", ()):
        message = f"{name} already has a policy, and policies are not merged. Remove one of the two cors(...) calls."
        raise TypeError(message)
    attached = RoutePolicy(policy, name)
    try:
        setattr(thing, _ATTRIBUTE, attached)
    except (AttributeError, TypeError):
        message = (
            f"cors(...) cannot attach a policy to {name}, because its attributes cannot be set. Put cors(...) on the "
            "function or class instead."
        )
        raise TypeError(message) from None
    ATTACHED_METHODS.update(allowed_methods(policy.allow_methods))
    return attached


def request_rescan() -> None:
    """Make every middleware scan its app for policies again. It is called after a policy was attached."""
    REVISION[:] = [object()]


def may_hold_endpoints(thing: Any) -> bool:
    """Return whether an object with a policy may contain endpoints that do not have the policy as an attribute."""
    # A class or object may be a router, unless it can be awaited, as Starlette's endpoint classes can.
    if not isroutine(thing):
        return not hasattr(thing, "__await__")
    # A mounted function takes `scope`, `receive` and `send`, and may pass them on to an app.
    try:
        signature(thing).bind(*_ASGI_ARGUMENTS)
    except (TypeError, ValueError):
        return False
    return True


def policy_of(thing: object) -> RoutePolicy | None:
    """Return the policy that is attached to `thing` itself, or None."""
    attached = getattr(thing, _ATTRIBUTE, None)
    # A mock or a proxy may return something for any attribute name, so the type is checked.
    if isinstance(attached, RoutePolicy):
        return attached
    return policy_of(thing.func) if isinstance(thing, partial) else None


def handler_of(endpoint: Any, method: str) -> Any:
    """Return the function that serves a method, or None if no function does."""
    # A class-based endpoint of Starlette has one function for each HTTP method, and its route accepts all methods.
    if not has_handlers(endpoint):
        return endpoint
    handler = getattr(endpoint, method.lower(), None)
    return getattr(endpoint, "get", None) if handler is None and method == "HEAD" else handler


def has_handlers(endpoint: object) -> bool:
    """Return whether an endpoint is a class with one function for each method, such as Starlette's `HTTPEndpoint`."""
    return hasattr(endpoint, "method_not_allowed")


def endpoint_policy(endpoint: object, method: str) -> RoutePolicy | None:
    """Return the policy attached to the function that serves a method, or else to its endpoint, or None."""
    return policy_of(handler_of(endpoint, method)) or policy_of(endpoint)


def _name(thing: Any) -> str:
    if isinstance(thing, partial):
        return f"partial({_name(thing.func)})"
    name = getattr(thing, "__qualname__", None)
    if isinstance(name, str):
        return f"{thing.__module__}.{name}"
    about = next(filter(None, (getattr(thing, key, None) for key in ("title", "prefix", "path", "host"))), None)
    kind = type(thing).__name__
    return f"{kind} {about!r}" if isinstance(about, str) else kind
