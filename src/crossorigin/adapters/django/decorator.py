"""The decorator `cors`, which gives Django views their own policy."""

from __future__ import annotations

from copy import copy
from functools import wraps
from inspect import isfunction
from typing import TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from crossorigin.adapters.common.arguments import read_policy
from crossorigin.adapters.common.route_policies import AttachedPolicy
from crossorigin.adapters.django.registry import INCLUDED, REGISTRY, owner_of
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import EllipsisType
    from typing import Any, Unpack

    from crossorigin.policy.options import PolicyOptions

_View = TypeVar("_View")


def cors(policy: Policy | EllipsisType | None = ..., **options: Unpack[PolicyOptions]) -> Callable[[_View], _View]:
    """Give a view its own policy, which replaces that of the settings.

    Use it on a function, a class-based view, one of its methods, what `as_view()` or `include(...)` returns, and on
    views, viewsets and actions of Django REST Framework. The nearest policy to the code that serves a request applies,
    and policies are not merged. Only `CORSMiddleware` in `MIDDLEWARE` gives it an effect, which `manage.py check`
    checks.

    Args:
        policy: A `Policy` to use instead of the options, or None for a policy that allows no other origin.
        **options: The options of `Policy`, under its names and with its defaults.

    Returns:
        A function that takes a view and returns the same or a wrapper of it.

    Raises:
        InvalidPolicyError: The policy is invalid.
        TypeError: The view cannot have a policy or already has one, or the parentheses after `cors` are missing.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> @cors(allow_origins=["https://partner.example"])
    ... def partner(request): ...
    """
    given: object = policy
    if callable(given):
        raise TypeError("cors needs parentheses with its options. Write @cors(allow_origins=[...]) instead of @cors.")
    checked = read_policy(None if policy is ... else Policy() if policy is None else policy, {**options})

    def attach_policy(view: _View) -> _View:
        thing: Any = view
        if isinstance(thing, tuple):
            return cast("_View", _included(cast("Any", thing), checked))
        if not callable(thing):
            raise TypeError(
                f"cors(...) needs a view or include(...), got {type(thing).__name__}. For a list of URL patterns, "
                "write cors(...)(include(patterns))."
            )
        # A function is never changed, because other URLs may serve it without this policy.
        decorated = _wrapped(thing) if isfunction(thing) else thing
        REGISTRY.attach(decorated, AttachedPolicy(checked, owner_of(thing)))
        return cast("_View", decorated)

    return attach_policy


def _included(included: tuple[Any, ...], policy: Policy) -> tuple[Any, ...]:
    """Return what `include` returned, with views that know the policy."""
    if len(included) != 3:
        raise TypeError(f"cors(...) needs a view or include(...), got a tuple of {len(included)}.")
    urlconf, app_name, namespace = included
    name = getattr(urlconf, "__name__", None)
    owner = f"include({name!r})" if isinstance(name, str) else "include(...)"
    return [*_patterns(urlconf, AttachedPolicy(policy, owner))], app_name, namespace


def _patterns(urlconf: Any, attached: AttachedPolicy) -> list[Any]:
    """Return copies of the patterns of a URLconf, because another `include` may use the same patterns."""
    from django.urls import URLResolver

    copies: list[Any] = []
    for item in getattr(urlconf, "urlpatterns", urlconf):
        if isinstance(item, URLResolver):
            nested = _patterns(item.urlconf_module, attached)
            copied: Any = URLResolver(item.pattern, nested, item.default_kwargs, item.app_name, item.namespace)
        else:
            copied = copy(item)
            copied.callback = _copied(item.callback, attached)
        copies.append(copied)
    return copies


def _copied(view: Any, attached: AttachedPolicy) -> Any:
    """Return a view that calls another one, with the same attributes and a policy from its URLs."""
    if INCLUDED.policy_of(view) is not None:
        # The policy of an inner `include` is nearer.
        return view

    call = _wrapped(view)
    own = REGISTRY.policy_of(view)
    if own is not None and REGISTRY.policy_of(call) is None:
        REGISTRY.attach(call, own)
    INCLUDED.attach(call, attached)
    return call


def _wrapped(view: Any) -> Any:
    """Return a function that calls a view, with the same attributes."""

    @wraps(view, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    # A view may be an instance of a class, whose attributes include those of the class.
    call.__dict__.update({**getattr(view, "__dict__", {}), "__wrapped__": view})
    if iscoroutinefunction(view):  # pyright: ignore[reportDeprecated]  # it also knows those that asgiref marks
        markcoroutinefunction(call)
    return call
