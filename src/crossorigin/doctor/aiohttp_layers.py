"""The CORS layers of aiohttp apps: `setup` of crossorigin.aiohttp, and aiohttp-cors. aiohttp is not imported for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossorigin.doctor.layers import ADDED_ROUTES, Layer, Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUR_LAYER = "crossorigin.adapters.aiohttp.layer"
_AIOHTTP_CORS = "aiohttp_cors"


def read_aiohttp(app: Any, path: str) -> Iterator[Layer]:
    """Yield the layers of an aiohttp app, in which they are receivers of a signal."""
    for receiver in app.on_response_prepare:
        kept: Any = getattr(receiver, "__self__", None)
        module = type(kept).__module__
        if module == _OUR_LAYER:
            # Of a list of policies, the origin of the request selects the one that decides.
            is_read = not kept.has_several_policies
            options: dict[str, object] = kept.policy.to_dict() if is_read else {}
            if kept.origins is not None:
                options["origins"] = kept.origins
            yield Layer(owner=_owner(kept), name="setup of crossorigin.aiohttp", options=options, is_read=is_read)
        elif module.partition(".")[0] == _AIOHTTP_CORS:
            limit = None if _covers(app, kept, path) else Limit(ADDED_ROUTES, (), path)
            yield Layer(owner=_owner(kept), name="setup of aiohttp-cors", is_read=False, limit=limit)


def _covers(app: Any, kept: Any, path: str) -> bool:
    """Return whether aiohttp-cors has a resource that matches a path, as far as it shows that."""
    try:
        added = kept._router_adapter._resource_config  # noqa: SLF001  # aiohttp-cors has no public name for it
        matched = [resource for resource in app.router.resources() if resource._match(path) is not None]  # noqa: SLF001
    except AttributeError:
        return True
    return not matched or any(resource in added for resource in matched)


def _owner(layer: object) -> str:
    return f"{type(layer).__module__}.{type(layer).__qualname__}"
