"""The CORS packages of frameworks that the doctor cannot read, such as Falcon and BlackSheep: found by their names.

Their options are not known, so there is no code for an app that has one: code could take from other pages what the
package allows.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from crossorigin.doctor.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST = 1000
_DEPTH = 4


def hidden_layer(app: object) -> Layer | None:
    """Return a layer for an object or a function that an app keeps and that has CORS in its name, or None."""
    kept = [getattr(app, name, None) for name in _attributes(app)]
    for value in islice(_values(kept, _DEPTH), _MOST):
        name = _name_of(value)
        if name is not None:
            return Layer(owner=name, name=name, is_read=False)
    return None


def _attributes(app: object) -> Iterator[str]:
    yield from getattr(app, "__dict__", ())
    for base in type(app).__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots


def _values(value: object, depth: int) -> Iterator[object]:
    """Yield what is in a collection, and in the collections in it."""
    if isinstance(value, dict):
        members: Iterator[object] = iter(cast("Mapping[Any, object]", value).values())
    elif isinstance(value, list | tuple | set):
        members = iter(cast("list[object]", [*value]))
    else:
        yield value
        return
    if depth:
        for member in members:
            yield from _values(member, depth - 1)


def _name_of(value: object) -> str | None:
    """Return the part of a qualified name with CORS in it: that of an object's class, or of a function."""
    if value is None or isinstance(value, str | bytes | int | float):
        return None
    # A method belongs to its object.
    owner: object = getattr(value, "__self__", value)
    named: object
    for named in (owner, type(owner)):
        parts = f"{getattr(named, '__module__', '')}.{getattr(named, '__qualname__', '')}".split(".")
        found = next((part for part in reversed(parts) if "cors" in part.lower()), None)
        if found is not None:
            return found
    return None
