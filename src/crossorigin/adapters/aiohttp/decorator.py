"""The decorator `cors`, which gives an aiohttp handler, a view class or a sub-app its own policy."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TypeVar, cast

from crossorigin.adapters.aiohttp.arguments import attached_policy, read_policies
from crossorigin.adapters.aiohttp.registry import REGISTRY, layer_key, owner_of, policy_key
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import EllipsisType
    from typing import Any, Unpack

    from aiohttp.typedefs import Handler, Middleware
    from aiohttp.web import Request, StreamResponse

    from crossorigin.policy.options import PolicyOptions

_Served = TypeVar("_Served")


def cors(
    policy: Policy | Sequence[Policy] | EllipsisType | None = ..., **options: Unpack[PolicyOptions]
) -> Callable[[_Served], _Served]:
    """Give a handler, a view class or a sub-app its own policy, which replaces the policy of the app.

    Use it to decorate a handler, below the route's own decorator, a `web.View` class or one of its methods. Pass a
    sub-app in a call, `cors(...)(subapp)`, before `add_subapp`. The policy nearest to the handler applies; policies are
    not merged. The app still needs `setup`, whose policy applies to all other requests. A policy on a
    handler that serves WebSockets refuses handshakes from other origins that it does not allow.

    Args:
        policy: A `Policy` to use instead of the options, a list of policies, of which the first whose origins match
            decides, or None for a policy that allows no other origin.
        **options: The options of `Policy`.

    Returns:
        A function that takes a handler, a view class or a sub-app, and returns the same or a wrapper of it.

    Raises:
        InvalidPolicyError: The policy is invalid.
        RuntimeError: When the handler is called in an app without `setup`.
        TypeError: The object cannot have a policy or already has one, or the parentheses after `cors` are missing.
        ValueError: A policy in a list can never decide.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> @cors(allow_origins=["*"])
    ... async def feed(request): ...
    """
    given: object = policy
    if callable(given):
        raise TypeError("cors needs parentheses with its options. Write @cors(allow_origins=[...]) instead of @cors.")
    policies = read_policies(None if policy is ... else Policy() if policy is None else policy, {**options})

    def attach_policy(served: _Served) -> _Served:
        thing: Any = served
        attached = attached_policy(policies, owner_of(thing))
        if hasattr(thing, "on_response_prepare"):
            if policy_key() in thing:
                raise TypeError(
                    "This app already has a policy, and policies are not merged. Remove one cors(...) call."
                )
            if thing.middlewares.frozen:
                raise TypeError("This app is already part of another app. Call cors(...) on it before add_subapp.")
            thing[policy_key()] = attached
            thing.middlewares.append(_new_check())
            return served
        if not callable(thing):
            raise TypeError(
                f"cors(...) needs a handler, a view class or an app, got {type(thing).__name__}. Put it on the "
                "function that serves the route."
            )
        # A class has its policy as an attribute. A function is never changed, because an app factory may decorate it
        # for each app.
        decorated = thing if isinstance(thing, type) else _checked(thing)
        REGISTRY.attach(decorated, attached)
        return cast("_Served", decorated)

    return attach_policy


def _new_check() -> Middleware:
    """Return a middleware of a sub-app with a policy that raises if no app has `setup`."""
    from aiohttp.web import middleware

    @middleware
    def crossorigin_check(request: Request, handler: Handler) -> Awaitable[StreamResponse]:
        _require_setup(request, "a sub-app")
        return handler(request)

    return crossorigin_check


def _checked(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that raises if the app has no `setup`, because the policy would have no effect."""
    # Looking for the setup costs more than the rest, so the app of the last request is remembered.
    checked: object = None

    @wraps(handler)
    async def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal checked
        # The last argument of a function or method is a request. A method of a view class has only the view.
        request = getattr(args[-1], "request", args[-1])
        if request.app is not checked:
            _require_setup(request, owner_of(handler))
            checked = request.app
        result = handler(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    REGISTRY.mark_decorated(handler)
    return call


def _require_setup(request: Any, owner: str) -> None:
    if layer_key() not in request.config_dict:
        raise RuntimeError(
            f"cors(...) on {owner} has no effect, because no app around it has a policy. Call setup(app, ...) of "
            "crossorigin.aiohttp where the app is created."
        )
