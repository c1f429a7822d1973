"""The decorator `cross_origin`, which gives a Flask view its own policy."""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from inspect import iscoroutinefunction
from typing import TypeVar, cast

from crossorigin.adapters.common.arguments import read_policy
from crossorigin.adapters.common.route_policies import AttachedPolicy
from crossorigin.adapters.flask.origins import INSTEAD, has_origins
from crossorigin.adapters.flask.registry import EXTENSION, REGISTRY, owner_of
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import EllipsisType
    from typing import Any, Unpack

    from crossorigin.policy.options import PolicyOptions

_View = TypeVar("_View")
# The attribute of a function that was decorated, which says nothing about its policy.
_DECORATED = "__crossorigin_flask_decorated__"


def cross_origin(
    policy: Policy | EllipsisType | None = ..., *, automatic_options: bool = True, **options: Unpack[PolicyOptions]
) -> Callable[[_View], _View]:
    """Give a view its own policy, which replaces the policy of the app.

    Use it to decorate a function that serves a route, below the route's own decorator, a `MethodView` class or one of
    its methods. Policies are not merged. The app still needs `CORS(app)`, whose policy applies to all other requests.

    Args:
        policy: A `Policy` to use instead of the options, or None for a policy that allows no other origin.
        automatic_options: Whether preflights are answered without calling the view. If it is False, the view answers
            allowed preflights with its own status and body, and only their headers are set. A refused preflight never
            reaches the view.
        **options: The options of `Policy`.

    Returns:
        A function that takes a view and returns a view.

    Raises:
        InvalidPolicyError: The policy is invalid.
        RuntimeError: When the view is called in an app without `CORS(app)`.
        TypeError: The view cannot have a policy or already has one, the parentheses after `cross_origin` are missing,
            or nothing says which origins are allowed.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> @cross_origin(allow_origins=["*"])
    ... def feed(): ...
    """
    given: object = policy
    if callable(given):
        raise TypeError(
            "cross_origin needs parentheses with its options. Write @cross_origin(allow_origins=[...]) instead of "
            "@cross_origin."
        )
    checked = read_policy(None if policy is ... else Policy() if policy is None else policy, {**options})
    if policy is ... and not has_origins({**options}):
        raise TypeError(
            "cross_origin(...) does not say which origins are allowed, and options of CORS(app) are not inherited. "
            f"{INSTEAD}"
        )

    def attach_policy(view: _View) -> _View:
        thing: object = view
        if not callable(thing):
            raise TypeError(f"cross_origin(...) needs a view, got {type(thing).__name__}.")
        attached = AttachedPolicy(checked, owner_of(thing), answers_options=not automatic_options)
        # A class has its policy as an attribute, and `as_view` keeps the class. A function is never changed, because
        # an app factory may decorate it for each app.
        decorated = thing if isinstance(thing, type) else _checked(thing)
        REGISTRY.attach(decorated, attached)
        return cast("_View", decorated)

    return attach_policy


def _checked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that raises if the app has no extension, because the policy would have no effect."""
    from flask import current_app

    is_async = iscoroutinefunction(view)

    @wraps(view)
    def call(*args: Any, **kwargs: Any) -> Any:
        if EXTENSION not in current_app.extensions:
            raise RuntimeError(
                f"cross_origin(...) on {owner_of(view)} has no effect, because this app has no CORS extension. Call "
                "CORS(app, ...) of crossorigin.flask where the app is created."
            )
        return current_app.ensure_sync(view)(*args, **kwargs) if is_async else view(*args, **kwargs)

    # Some callables, such as built-in functions, have no attributes that can be set.
    with suppress(AttributeError, TypeError):
        setattr(view, _DECORATED, True)
    return call


def views_without_their_policy(views: Iterable[object]) -> list[str]:
    """Return the names of views that are served without the policy that `cross_origin` gave them.

    Most likely, `cross_origin` is above the decorator of the route. It may also be meant: the function can have a
    policy in another app.
    """
    served = [*views]
    with_policy = {id(wrapped) for view in served if REGISTRY.policy_of(view) for wrapped in _chain(view)}
    return [
        owner_of(view) for view in served if _DECORATED in getattr(view, "__dict__", ()) and id(view) not in with_policy
    ]


def _chain(view: object) -> Iterator[object]:
    """Yield a view and the functions that it wraps."""
    while view is not None:
        yield view
        view = getattr(view, "__wrapped__", None)
