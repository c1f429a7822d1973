"""Guess what was meant by a value that is wrong, and write it down as a hint.

Loaded only when something is wrong: a right policy needs no guesses, and they would be part of every import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from crossorigin.fetch.methods import STANDARD_METHODS
from crossorigin.policy.check.origin_repair import repair
from crossorigin.policy.check.types import is_list_like
from crossorigin.policy.errors import text_of
from crossorigin.policy.literals import elements_literal, list_literal
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EXAMPLES = {
    "allow_origins": '["https://app.example.com"]',
    "allow_methods": '["GET", "POST"]',
    "allow_headers": '["X-Token"]',
    "expose_headers": '["X-Total-Count"]',
}
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_SEPARATORS = re.compile(r"[\s,;]+")
_DAY = 86400
_LIST_SEPARATORS = re.compile(r"[,;]")
# Flags that are written into the expression, or change nothing.
_KEPT_FLAGS = re.UNICODE | re.IGNORECASE


def split(name: str, text: str) -> list[str]:
    """Return the list that a bare string was meant to be: JSON, or split at commas or spaces, or itself."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    parts = _strings_of(parsed) if _is(parsed, list) else []
    if not parts:
        parts = [part.strip("\"'") for part in _SEPARATORS.split(text.strip("[] \t\r\n"))]
    return list(dict.fromkeys(mended for part in parts if part for mended in mend(name, part)))


def mend(name: str, text: str) -> tuple[str, ...]:
    """Return what was meant by a string of the option `name`, which may be several; itself where that is not known."""
    if name == "allow_origins":
        return repair(text) or (text,)
    if name == "allow_methods":
        return tuple(map(_mend_method, filter(None, _SEPARATORS.split(text)))) or (text,)
    return tuple(filter(None, map(_mend_name, _LIST_SEPARATORS.split(text)))) or (text,)


def _mend_method(text: str) -> str:
    word = text.strip("\"'")
    return word.upper() if word.upper() in STANDARD_METHODS else word


def _mend_name(text: str) -> str:
    return text.strip("\"' \t\r\n").rstrip(": ").replace(" ", "-")


def collection_hint(name: str, value: object) -> str:
    """Return the hint for what is no collection."""
    if value is None:
        return "[]"
    keys = _strings_of(value) if _is(value, Mapping) else []
    if keys:
        return list_literal([text for key in keys for text in mend(name, key)])
    return f"a list, for example {_EXAMPLES[name]}."


def element_hint(name: str, member: object) -> str:
    """Return the hint for an element that is no string."""
    nested = _strings_of(member) if is_list_like(member) and not isinstance(member, bytes | bytearray) else []
    if nested:
        parts = sorted(nested) if _is(member, AbstractSet) else nested
        return elements_literal([text for part in parts for text in mend(name, part)])
    if isinstance(member, bytes | bytearray) and member.isascii() and member:
        return elements_literal(mend(name, member.decode("ascii")))
    if isinstance(member, re.Pattern):
        return "move it to allow_origin_regex, as a string."
    text = text_of(member)
    if name == "allow_origins" and "://" in text and all(map(can_be_listed, mend(name, text))):
        return elements_literal(mend(name, text))
    return f"a string, as in {_EXAMPLES[name]}."


def pattern_text(value: object) -> str | None:
    """Return the text that a compiled pattern or bytes were meant to be; None where flags would be lost."""
    if _is(value, re.Pattern):
        flags = getattr(value, "flags", 0)
        text = None if flags & ~_KEPT_FLAGS else pattern_text(getattr(value, "pattern", None))
        return text if text is None or not flags & re.IGNORECASE else f"(?i:{text})"
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else None


def seconds(value: object) -> int | None:
    """Return the seconds, whole and up to a day, that a number, a text or a duration says; None if it says none."""
    if isinstance(value, bool):
        return None
    convert: Callable[[], float] | None = getattr(value, "total_seconds", None)
    try:
        said = float(convert() if callable(convert) else text_of(value))
    except Exception:  # noqa: BLE001  # a foreign method must not hide what is wrong with the policy
        return None
    return int(said) if said.is_integer() and 0 <= said <= _DAY else None


def bool_of(value: object) -> bool | None:
    """Return the truth value that a text or a number spells out; None if it spells none."""
    return _BOOLEANS.get(text_of(value).strip().lower())


def _is(value: object, kind: type) -> bool:
    # Not `isinstance` in place: it would narrow a value to a collection of members of no known type.
    return isinstance(value, kind)


def _members(value: Any) -> list[object]:
    return list(value)


def _strings_of(value: object) -> list[str]:
    """Return the members of a collection if all of them are strings, else none."""
    members = _members(value)
    strings = [member for member in members if isinstance(member, str)]
    return strings if len(strings) == len(members) else []
