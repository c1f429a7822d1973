"""Read what was given for a policy: the right types, or an issue for each that is wrong.

Strings are what goes wrong most: one where a list is meant is a list of letters to Python, and "false" is true.
Whatever can be read on despite a fault is read on, so that the rules find the other faults in the same run.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

from crossorigin.fetch.methods import STANDARD_METHODS
from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULTS: Mapping[str, tuple[str, ...] | str | int | None] = MappingProxyType(
    {
        "allow_origins": (),
        "allow_methods": ("GET",),
        "allow_headers": (),
        "allow_credentials": False,
        "allow_origin_regex": None,
        "allow_private_network": False,
        "expose_headers": (),
        "max_age": 600,
        "dangerously_allow_public_suffixes": False,
    }
)

_MEMBERS = {
    "allow_origins": "origins",
    "allow_methods": "methods",
    "allow_headers": "header names",
    "expose_headers": "header names",
}
_EXAMPLES = {
    "allow_origins": '["https://app.example.com"]',
    "allow_methods": '["GET", "POST"]',
    "allow_headers": '["X-Token"]',
    "expose_headers": '["X-Total-Count"]',
}
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_SEPARATORS = re.compile(r"[\s,;]+")
_LIST_SEPARATORS = re.compile(r"[,;]")
_HARMLESS_FLAGS = re.UNICODE | re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Element:
    """Hold one string of an option, and where it stands in what was given."""

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Hold what could be read of the options; a faulty one is empty, None or its default."""

    allow_origins: tuple[Element, ...]
    allow_methods: tuple[Element, ...]
    allow_headers: tuple[Element, ...]
    allow_credentials: bool
    allow_origin_regex: str | None
    allow_private_network: bool
    expose_headers: tuple[Element, ...]
    max_age: int | None
    dangerously_allow_public_suffixes: bool


def issue_of(code: IssueCode, element: Element, reason: str, hint: str) -> PolicyIssue:
    """Return an issue of one string of an option."""
    return PolicyIssue(code=code, field=element.field, value=element.text, reason=reason, hint=hint)


def literal(value: object) -> str:
    """Write a value as Python source, strings in the way most code spells them."""
    if isinstance(value, str) and value.isprintable() and '"' not in value:
        return f'"{value}"' if "\\" not in value else _raw(value)
    return repr(value)


def list_literal(texts: Iterable[str]) -> str:
    """Write strings as a list, to be pasted in place of an option."""
    return f"[{elements_literal(texts)}]"


def _raw(text: str) -> str:
    return repr(text) if text.endswith("\\") else f'r"{text}"'


def elements_literal(texts: Iterable[str]) -> str:
    """Write strings as they stand inside a list, to be pasted in place of one element."""
    return ", ".join(map(literal, texts))


def read_options(given: Mapping[str, object], issues: list[PolicyIssue]) -> Options:
    """Read the options, adding an issue for each value of a wrong type."""
    return Options(
        allow_origins=tuple(_read_collection("allow_origins", given, issues)),
        allow_methods=tuple(_read_collection("allow_methods", given, issues)),
        allow_headers=tuple(_read_collection("allow_headers", given, issues)),
        allow_credentials=_read_bool("allow_credentials", given, issues),
        allow_origin_regex=_read_regex(given["allow_origin_regex"], issues),
        allow_private_network=_read_bool("allow_private_network", given, issues),
        expose_headers=tuple(_read_collection("expose_headers", given, issues)),
        max_age=_read_max_age(given["max_age"], issues),
        dangerously_allow_public_suffixes=_read_bool("dangerously_allow_public_suffixes", given, issues),
    )


def _read_collection(name: str, given: Mapping[str, object], issues: list[PolicyIssue]) -> Iterator[Element]:
    value = given[name]
    if isinstance(value, str | bytes | bytearray):
        text = str.__str__(value) if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
        texts = _split(name, text)
        issues.append(
            PolicyIssue(
                code=IssueCode.BARE_STRING,
                field=name,
                value=keep_value(value),
                reason=f"It is one string where a list of {_MEMBERS[name]} is meant"
                + ("; Python would take it for a list of its letters." if text else "."),
                hint=list_literal(texts),
            )
        )
        yield from (Element(name, text) for text in texts)
        return
    if not _is_list_like(value):
        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_A_COLLECTION,
                field=name,
                value=keep_value(value),
                reason=f"It is of type {_type_name(value)}; a list of {_MEMBERS[name]} is meant.",
                hint=_collection_hint(name, value),
            )
        )
        return
    members = _members(value)
    if isinstance(value, AbstractSet):
        # A set has no order of its own, and a policy reads the same in every process.
        members.sort(key=lambda member: (not isinstance(member, str), _text_of(member)))
    for index, member in enumerate(members):
        field = f"{name}[{index}]"
        if isinstance(member, str):
            # The text alone of a subclass, such as an enum's member, whose `str()` may be anything.
            yield Element(field, str.__str__(member))
        else:
            issues.append(_not_a_string(name, field, member))


def _is_list_like(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, Mapping)


def _collection_hint(name: str, value: object) -> str:
    if value is None:
        return "[]"
    keys = _strings_of(value) if _is(value, Mapping) else []
    if keys:
        return list_literal([text for key in keys for text in mend(name, key)])
    return f"a list, for example {_EXAMPLES[name]}."


def _is(value: object, kind: type) -> bool:
    # Not `isinstance` in place: it would narrow a value to a collection of members of no known type.
    return isinstance(value, kind)


def _members(value: "Any") -> list[object]:  # noqa: ANN401  # whatever was given
    return list(value)


def _strings_of(value: object) -> list[str]:
    """Return the members of a collection if all of them are strings, else none."""
    members = _members(value)
    strings = [member for member in members if isinstance(member, str)]
    return strings if len(strings) == len(members) else []


def _split(name: str, text: str) -> list[str]:
    """Return the list that a bare string was meant to be: JSON, or split at commas or spaces, or itself."""
    import json  # noqa: PLC0415  # only a wrong value pays for it

    try:
        parsed: object = json.loads(text)
    except ValueError:
        parsed = None
    parts = _strings_of(parsed) if _is(parsed, list) else []
    if not parts:
        parts = [part.strip("\"'") for part in _SEPARATORS.split(text.strip("[] \t\r\n"))]
    return list(dict.fromkeys(mended for part in parts if part for mended in mend(name, part)))


def mend(name: str, text: str) -> tuple[str, ...]:
    """Return what was meant by a string of the option `name`, which may be several; itself where that is not known."""
    if name == "allow_origins":
        from crossorigin.policy.repair import repair  # noqa: PLC0415  # only a wrong value pays for it

        return repair(text) or (text,)
    if name == "allow_methods":
        return tuple(map(_mend_method, filter(None, _SEPARATORS.split(text)))) or (text,)
    return tuple(filter(None, map(_mend_name, _LIST_SEPARATORS.split(text)))) or (text,)


def _mend_method(text: str) -> str:
    word = text.strip("\"'")
    return word.upper() if word.upper() in STANDARD_METHODS else word


def _mend_name(text: str) -> str:
    return text.strip("\"' \t\r\n").rstrip(": ").replace(" ", "-")


def _not_a_string(name: str, field: str, member: object) -> PolicyIssue:
    return PolicyIssue(
        code=IssueCode.NOT_A_STRING,
        field=field,
        value=keep_value(member),
        reason=f"It is of type {_type_name(member)}; every element is a string.",
        hint=_element_hint(name, member),
    )


def _element_hint(name: str, member: object) -> str:
    nested = _strings_of(member) if _is_list_like(member) and not isinstance(member, bytes | bytearray) else []
    if nested:
        parts = sorted(nested) if _is(member, AbstractSet) else nested
        return elements_literal([text for part in parts for text in mend(name, part)])
    if isinstance(member, bytes | bytearray) and member.isascii() and member:
        return elements_literal(mend(name, member.decode("ascii")))
    if isinstance(member, re.Pattern):
        return "move it to allow_origin_regex, as a string."
    text = _text_of(member)
    if name == "allow_origins" and "://" in text and all(map(can_be_listed, mend(name, text))):
        return elements_literal(mend(name, text))
    return f"a string, as in {_EXAMPLES[name]}."


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # a foreign __str__ must not hide what is wrong with the policy
        return ""


def _read_bool(name: str, given: Mapping[str, object], issues: list[PolicyIssue]) -> bool:
    value = given[name]
    if isinstance(value, bool):
        return value
    meant = _BOOLEANS.get(_text_of(value).strip().lower())
    issues.append(
        PolicyIssue(
            code=IssueCode.NOT_A_BOOL,
            field=name,
            value=keep_value(value),
            reason=f"It is of type {_type_name(value)}, neither True nor False."
            + (" Any text counts as true, 'false' too." if isinstance(value, str) else ""),
            hint="True or False." if meant is None else str(meant),
        )
    )
    return bool(meant)


def _read_regex(value: object, issues: list[PolicyIssue]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str.__str__(value)
    meant = _pattern_text(value)
    issues.append(
        PolicyIssue(
            code=IssueCode.REGEX_NOT_A_STRING,
            field="allow_origin_regex",
            value=keep_value(value),
            reason=f"It is of type {_type_name(value)}; the regular expression is given as one string, and compiled "
            "and matched here.",
            hint=literal(meant) if meant else 'a string, as in r"https://.*\\.example\\.org".',
        )
    )
    return None


def _pattern_text(value: object) -> str | None:
    """Return the text that a compiled pattern or bytes were meant to be; flags but `IGNORECASE` would be lost."""
    if _is(value, re.Pattern):
        return _pattern_text(None if getattr(value, "flags", 0) & ~_HARMLESS_FLAGS else getattr(value, "pattern", None))
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else None


def _read_max_age(value: object, issues: list[PolicyIssue]) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__pos__(value)  # the number alone of a subclass, such as an enum's member
    meant = _seconds(value)
    issues.append(
        PolicyIssue(
            code=IssueCode.MAX_AGE_NOT_AN_INT,
            field="max_age",
            value=keep_value(value),
            reason=f"It is of type {_type_name(value)}; it is a whole number of seconds, or None.",
            hint="a whole number of seconds, for example 600." if meant is None else str(meant),
        )
    )
    return None


def _seconds(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    convert: Callable[[], float] | None = getattr(value, "total_seconds", None)
    try:
        seconds = float(convert() if callable(convert) else _text_of(value))
    except Exception:  # noqa: BLE001  # a foreign method must not hide what is wrong with the policy
        return None
    return int(seconds) if seconds.is_integer() and 0 <= seconds <= 86400 else None  # noqa: PLR2004  # a day


def _type_name(value: object) -> str:
    return "None" if value is None else type(value).__name__
