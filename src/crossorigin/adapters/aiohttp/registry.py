"""The policies attached to aiohttp handlers and sub-apps, and the keys under which an app has them."""

from __future__ import annotations

from functools import cache

from crossorigin.adapters.common.route_policies import RouteRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aiohttp.web import AppKey

    from crossorigin.adapters.common.route_policies import AttachedPolicy

REGISTRY = RouteRegistry("__crossorigin_aiohttp__", "cors(...)")


@cache
def layer_key() -> AppKey[Any]:
    """Return the key under which an app has its layer."""
    from aiohttp.web import AppKey

    return AppKey("crossorigin_layer")


@cache
def policy_key() -> AppKey[AttachedPolicy]:
    """Return the key under which a sub-app has its policy. Attributes of an app cannot be set."""
    from aiohttp.web import AppKey

    return AppKey("crossorigin_policy")


def owner_of(thing: Any) -> str:
    """Return the name of a handler, a view class or an app, for messages and logs."""
    name = getattr(thing, "__qualname__", None)
    return f"{thing.__module__}.{name}" if isinstance(name, str) else type(thing).__name__
