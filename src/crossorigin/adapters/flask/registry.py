"""The policies attached to Flask views and blueprints."""

from __future__ import annotations

from crossorigin.adapters.common.route_policies import RouteRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REGISTRY = RouteRegistry("__crossorigin_flask__", "cross_origin(...) or CORS(blueprint, ...)")
# The key of `app.extensions` under which an app has its `FlaskLayer`.
EXTENSION = "crossorigin"


def owner_of(thing: Any) -> str:
    """Return the name of a view, for messages and logs."""
    name = getattr(thing, "__qualname__", None)
    if isinstance(name, str) and "as_view.<locals>" in name:
        # `View.as_view` gives the function only the name of the endpoint.
        name = thing.__name__
    return f"{thing.__module__}.{name}" if isinstance(name, str) else type(thing).__name__
