"""Lenient readers: the likely meaning of a value of a wrong type.

This module is loaded only for an invalid policy, so that imports stay fast.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from crossorigin.fetch.methods import STANDARD_METHODS
from crossorigin.policy.check.origin_repair import repair
from crossorigin.policy.check.scheme_repair import QUOTES
from crossorigin.policy.errors import text_of
from crossorigin.policy.options import is_list_like, members_of
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_SEPARATORS = re.compile(r"[\s,;]+")
_DAY = 86400
_BRACKETS = "[](){} \t\r\n"
_LIST_SEPARATORS = re.compile(r"[,;]")
_HYPHENS = re.compile("\\s*[-\u2010-\u2015\u2212\ufe63\uff0d]+\\s*")
_ONE_WORD_NAMES = frozenset({"accept", "authorization", "origin", "range"})
# Flags that can be written into the expression or have no effect.
_KEPT_FLAGS = re.UNICODE | re.IGNORECASE


def read_elements(name: str, value: object) -> list[str]:
    """Return the likely elements of a value that was given for the collection `name`, or an empty list."""
    if isinstance(value, str):
        return _split(name, str.__str__(value))
    if isinstance(value, bytes | bytearray):
        return _split(name, bytes(value).decode("utf-8", "replace"))
    # Such as one URL of pydantic.
    return _correct_all(name, _strings_of(value)) if _is(value, Mapping) else read_element(name, value)


def _split(name: str, text: str) -> list[str]:
    """Return the likely list in a bare string: a JSON list, or else its parts between commas or white space."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    parts = _strings_of(parsed) if _is(parsed, list) else []
    if not parts:
        # A hyphen alone is the mark of an element in YAML.
        parts = [part.strip(QUOTES) for part in _SEPARATORS.split(text.strip(_BRACKETS)) if part.strip("-")]
    return list(dict.fromkeys(_correct_all(name, parts)))


def read_element(name: str, member: object) -> list[str]:
    """Return the likely elements for a member of the collection `name` that is not a string."""
    if isinstance(member, bytes | bytearray):
        return list(correct(name, member.decode("ascii"))) if member and member.isascii() else []
    if is_list_like(member):
        return _correct_all(name, _strings_of(member))
    if isinstance(member, re.Pattern):
        return []
    text = text_of(member)
    if name != "allow_origins" or "://" not in text:
        return []
    corrected = correct(name, text)
    return list(corrected) if all(map(can_be_listed, corrected)) else []


def correct(name: str, text: str) -> tuple[str, ...]:
    """Return the likely elements in a string of the option `name`, or the string itself if there are none."""
    if name == "allow_origins":
        return repair(text) or (text,)
    if name == "allow_methods":
        words = re.split(r"[\s,;/]+", text.strip(_BRACKETS))
        return tuple(map(_correct_method, filter(None, words))) or (text,)
    parts = _LIST_SEPARATORS.split(text.strip(_BRACKETS))
    return tuple(name for part in parts for name in _correct_names(part)) or (text,)


def _correct_all(name: str, texts: list[str]) -> list[str]:
    return [corrected for text in texts if text for corrected in correct(name, text)]


def _correct_method(text: str) -> str:
    word = text.strip(QUOTES)
    return word.upper() if word.upper() in STANDARD_METHODS else word


def _correct_names(text: str) -> list[str]:
    """Return the names in a text without commas: one of several words, or several of one word each."""
    # In `Authorization: Bearer` only the name is meant.
    bare = text.strip(f"{QUOTES} \t\r\n").partition(":")[0].rstrip()
    words = _HYPHENS.sub("-", bare).split()
    are_names = all("-" in word or word.lower() in _ONE_WORD_NAMES for word in words)
    return words if are_names else ["-".join(words)]


def read_regex(value: object) -> str | None:
    """Return the text of a compiled pattern, bytes or a list, or None if there is none or it would lose flags."""
    if _is(value, re.Pattern):
        flags = getattr(value, "flags", 0)
        text = None if flags & ~_KEPT_FLAGS else read_regex(getattr(value, "pattern", None))
        return text if text is None or not flags & re.IGNORECASE else f"(?i:{text})"
    if isinstance(value, bytes):
        return value.decode("ascii", "replace") or None
    if is_list_like(value):
        # Django's setting is a list of expressions. Flags at the beginning of one are not valid in the middle.
        texts = _strings_of(value)
        return None if any(text.startswith("(?") for text in texts[1:]) else "|".join(texts) or None
    return value if isinstance(value, str) else None


def read_seconds(value: object) -> int | None:
    """Return a number, text or duration as whole seconds, at most a day; None if that is not possible."""
    if isinstance(value, bool):
        return None
    convert: Callable[[], float] | None = getattr(value, "total_seconds", None)
    try:
        seconds = float(convert() if callable(convert) else text_of(value))
    except Exception:  # noqa: BLE001  # a failing method of a foreign object must not hide the policy's errors
        return None
    return int(seconds) if seconds.is_integer() and 0 <= seconds <= _DAY else None


def read_bool(value: object) -> bool | None:
    """Return the boolean that a text or number spells, or None if it spells neither."""
    return _BOOLEANS.get(text_of(value).strip().lower())


def _is(value: object, kind: type) -> bool:
    # A direct `isinstance` would narrow the value to a collection whose member type is unknown.
    return isinstance(value, kind)


def _strings_of(value: object) -> list[str]:
    """Return the members of a collection if all of them are strings, otherwise an empty list."""
    members = members_of(value)
    strings = [str.__str__(member) for member in members if isinstance(member, str)]
    return strings if len(strings) == len(members) else []
