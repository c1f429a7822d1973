"""Type checks: reading the options as given, and reporting each value of a wrong type.

Most type errors are strings: Python iterates over the characters of a string in place of a list, and "false" is true.
A wrong value is replaced by its likely meaning, so that the rules find the other errors in the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value
from crossorigin.policy.options import DEFAULTS, LIST_OPTIONS, Element, Options, is_list_like, members_of
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A reader takes the name and the value of an option, and adds an issue if the type of the value is wrong.
Reader = Callable[[str, object, list[PolicyIssue]], object]

_MEMBERS = {
    "allow_origins": "origins",
    "allow_methods": "methods",
    "allow_headers": "header names",
    "expose_headers": "header names",
}


def take_options(given: Mapping[str, object]) -> dict[str, object]:
    """Return all options, each collection as a list: an iterator can be read only once, and a set has no order."""
    return {
        name: members_of(value) if name in LIST_OPTIONS and is_list_like(value) else value
        for name, value in {**DEFAULTS, **given}.items()
        if name in DEFAULTS
    }


def read_options(taken: Mapping[str, object], issues: list[PolicyIssue]) -> Options:
    """Read the options, adding an issue for each value of a wrong type."""
    values: dict[str, Any] = {name: read(name, taken[name], issues) for name, read in READERS.items()}
    texts = (element.text for element in values["allow_origins"])
    unlistable = frozenset(text for text in texts if not can_be_listed(text))
    return Options(**values, unlistable=unlistable)


def _read_collection(name: str, value: object, issues: list[PolicyIssue]) -> tuple[Element, ...]:
    if is_list_like(value):
        return tuple(_read_members(name, members_of(value), issues))
    from crossorigin.policy.check import lenient

    kept = keep_value(value)
    if isinstance(value, str | bytes | bytearray):
        code = IssueCode.BARE_STRING
        reason = f"Expected a list of {_MEMBERS[name]}, got one string"
        reason += "; Python would read it as a list of its characters." if kept else "."
    else:
        code = IssueCode.NOT_A_COLLECTION
        reason = f"Expected a list of {_MEMBERS[name]}, got {_type_name(value)}."
    issues.append(PolicyIssue(code=code, field=name, value=kept, reason=reason))
    return tuple(Element(name, text) for text in lenient.read_elements(name, value))


def _read_members(name: str, members: list[object], issues: list[PolicyIssue]) -> Iterator[Element]:
    for index, member in enumerate(members):
        field = f"{name}[{index}]"
        if isinstance(member, str):
            # `str()` of a subclass, such as an enum member, can return anything, so take the plain text.
            yield Element(field, str.__str__(member))
            continue
        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_A_STRING,
                field=field,
                value=keep_value(member),
                reason=f"Expected a string, got {_type_name(member)}.",
            )
        )
        from crossorigin.policy.check import lenient

        yield from (Element(field, text) for text in lenient.read_element(name, member))


def read_bool(name: str, value: object, issues: list[PolicyIssue]) -> bool:
    """Read a boolean option, adding an issue if the value is neither True nor False."""
    # Identity cannot be faked, unlike the class of an object.
    if value is True or value is False:
        return value
    issues.append(
        PolicyIssue(
            code=IssueCode.NOT_A_BOOL,
            field=name,
            value=keep_value(value),
            reason=f"Expected a bool, got {_type_name(value)}."
            + (" Any non-empty string is true, including 'false'." if isinstance(value, str) else ""),
        )
    )
    from crossorigin.policy.check import lenient

    return bool(lenient.read_bool(value))


def _read_regex(name: str, value: object, issues: list[PolicyIssue]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str.__str__(value)
    issues.append(
        PolicyIssue(
            code=IssueCode.REGEX_NOT_A_STRING,
            field=name,
            value=keep_value(value),
            reason=f"Expected a string, got {_type_name(value)}; "
            + (
                "several expressions are joined by |."
                if is_list_like(value)
                else "the policy compiles the regular expression itself."
            ),
        )
    )
    from crossorigin.policy.check import lenient

    return lenient.read_regex(value)


def _read_max_age(name: str, value: object, issues: list[PolicyIssue]) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__pos__(value)  # the plain number, also for a subclass such as an enum member
    issues.append(
        PolicyIssue(
            code=IssueCode.MAX_AGE_NOT_AN_INT,
            field=name,
            value=keep_value(value),
            reason=f"Expected a whole number of seconds or None, got {_type_name(value)}.",
        )
    )
    from crossorigin.policy.check import lenient

    return lenient.read_seconds(value)


def _type_name(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _reader_of(default: object) -> Reader:
    return _read_collection if isinstance(default, tuple) else read_bool


READERS: Mapping[str, Reader] = {
    **{name: _reader_of(default) for name, default in DEFAULTS.items()},
    "allow_origin_regex": _read_regex,
    "max_age": _read_max_age,
}
