"""The policies of one view: a function, a class-based view, a view of Django REST Framework, or a viewset.

A policy belongs to what it is attached to, and the nearest one applies: that of the method that serves the request, of
the function in the URLconf, of the class, or of `include`. Classes pass their policy on to their subclasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from crossorigin.adapters.django.registry import INCLUDED, REGISTRY, owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from crossorigin.adapters.common.route_policies import AttachedPolicy

# The attribute of the decorator for Starlette and FastAPI.
_ASGI_ATTRIBUTE = "__crossorigin__"
_OPTIONS = "OPTIONS"
# Packages whose handler for OPTIONS only describes a view.
_FRAMEWORKS = frozenset({"django", "rest_framework"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewPolicies:
    """The policies of one view.

    - `view`: the view. It is kept so that its identity is not reused.
    - `default`: the policy of the view and its class, or None.
    - `by_method`: the policy of each method that a class serves. It is empty for functions, because nothing says which
      methods they serve.
    - `is_mixed`: whether methods have different policies.
    """

    view: object
    default: AttachedPolicy | None
    by_method: Mapping[str, AttachedPolicy | None]
    is_mixed: bool

    def policy_of(self, method: str) -> AttachedPolicy | None:
        """Return the policy for a method in upper case, or None."""
        return self.by_method.get(method, self.default)


def policies_of(view: Callable[..., Any]) -> ViewPolicies:
    """Return the policies of a view.

    Raises:
        TypeError: The view has a policy for Starlette, which would have no effect.
    """
    function: Any = view
    while isinstance(function, partial):
        function = function.func
    view_class = getattr(function, "view_class", None) or getattr(function, "cls", None)
    handlers = {} if view_class is None else dict(_handlers(function, view_class))
    for thing in (function, view_class, *handlers.values()):
        _refuse_foreign(thing)
    default = REGISTRY.policy_of(function) or REGISTRY.policy_of(view_class) or INCLUDED.policy_of(function)
    by_method = {method: _policy_of_handler(handler) or default for method, handler in handlers.items()}
    if "GET" in by_method:
        # Views and viewsets serve HEAD with their handler for GET.
        by_method.setdefault("HEAD", by_method["GET"])
    if _OPTIONS in handlers and handlers[_OPTIONS].__module__.partition(".")[0] in _FRAMEWORKS:
        # This response describes the other methods, so it has their policy if it is the same for all of them.
        others = {policy for method, policy in by_method.items() if method != _OPTIONS}
        by_method[_OPTIONS] = others.pop() if len(others) == 1 else default
    return ViewPolicies(view=view, default=default, by_method=by_method, is_mixed=len({*by_method.values()}) > 1)


def _handlers(function: Any, view_class: Any) -> Iterator[tuple[str, Any]]:
    """Yield each method that a class serves, in upper case, and the function that serves it."""
    actions: Mapping[str, str] = getattr(function, "actions", None) or {}
    initial: Mapping[str, Any] = (
        getattr(function, "view_initkwargs", None) or getattr(function, "initkwargs", None) or {}
    )
    names: Sequence[str] = initial.get("http_method_names", view_class.http_method_names)
    for name in names:
        handler = getattr(view_class, actions.get(name, name), None)
        if callable(handler):
            yield name.upper(), handler


def _policy_of_handler(handler: Any) -> AttachedPolicy | None:
    """Return the policy of the function that serves a method, or None.

    `api_view` of Django REST Framework puts a function into a class without copying its attributes, so the functions
    that a handler calls are read too.
    """
    found = REGISTRY.policy_of(handler)
    if found is None:
        inner = [cell.cell_contents for cell in getattr(handler, "__closure__", None) or () if _is_filled(cell)]
        found = next(filter(None, map(REGISTRY.policy_of, filter(callable, inner))), None)
    return found


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _refuse_foreign(thing: Any) -> None:
    foreign = getattr(thing, _ASGI_ATTRIBUTE, None)
    if type(foreign).__module__.startswith("crossorigin."):
        raise TypeError(
            f"cors(...) of crossorigin on {owner_of(thing)} has no effect in Django. Use cors(...) from "
            "crossorigin.django instead."
        )
