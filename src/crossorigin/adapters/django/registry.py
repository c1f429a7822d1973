"""The policies attached to Django views, and those that `include` passes on to views."""

from __future__ import annotations

from crossorigin.adapters.common.route_policies import RouteRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REGISTRY = RouteRegistry("__crossorigin_django__", "cors(...)")
# A view's own policy is nearer to it than that of the URLs that include it, so both can be there.
INCLUDED = RouteRegistry("__crossorigin_django_include__", "cors(...)")


def owner_of(thing: Any) -> str:
    """Return the name of a view, for messages and logs."""
    # The function that `as_view` returns has only the name of a local function.
    thing = getattr(thing, "view_class", None) or getattr(thing, "cls", None) or thing
    name = getattr(thing, "__qualname__", None)
    return f"{thing.__module__}.{name}" if isinstance(name, str) else type(thing).__name__
