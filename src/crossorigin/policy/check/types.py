"""The types of the options: what was given is read, and each value of a wrong type is reported.

Strings are what goes wrong most: one where a list is meant is a list of letters to Python, and "false" is true.
Reading continues after an error where possible, so that the rules find the other errors in the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value, text_of
from crossorigin.policy.literals import list_literal, literal
from crossorigin.policy.options import Element, Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MEMBERS = {
    "allow_origins": "origins",
    "allow_methods": "methods",
    "allow_headers": "header names",
    "expose_headers": "header names",
}


def read_options(given: Mapping[str, object], issues: list[PolicyIssue]) -> Options:
    """Read the options, adding an issue for each value of a wrong type."""
    return Options(
        allow_origins=tuple(_read_collection("allow_origins", given, issues)),
        allow_methods=tuple(_read_collection("allow_methods", given, issues)),
        allow_headers=tuple(_read_collection("allow_headers", given, issues)),
        allow_credentials=read_bool("allow_credentials", given, issues),
        allow_origin_regex=_read_regex(given["allow_origin_regex"], issues),
        allow_private_network=read_bool("allow_private_network", given, issues),
        expose_headers=tuple(_read_collection("expose_headers", given, issues)),
        max_age=_read_max_age(given["max_age"], issues),
        constant_allow_origin=read_bool("constant_allow_origin", given, issues),
        dangerously_allow_public_suffixes=read_bool("dangerously_allow_public_suffixes", given, issues),
    )


def _read_collection(name: str, given: Mapping[str, object], issues: list[PolicyIssue]) -> Iterator[Element]:
    value = given[name]
    if isinstance(value, str | bytes | bytearray):
        text = str.__str__(value) if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
        from crossorigin.policy.check import suggestions as meant

        texts = meant.split(name, text)
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
    if not is_list_like(value):
        from crossorigin.policy.check import suggestions as meant

        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_A_COLLECTION,
                field=name,
                value=keep_value(value),
                reason=f"It is of type {_type_name(value)}; a list of {_MEMBERS[name]} is meant.",
                hint=meant.collection_hint(name, value),
            )
        )
        return
    members = _members(value)
    if isinstance(value, AbstractSet):
        # A set has no order of its own, and a policy reads the same in every process.
        members.sort(key=lambda member: (not isinstance(member, str), text_of(member)))
    for index, member in enumerate(members):
        field = f"{name}[{index}]"
        if isinstance(member, str):
            # The text alone of a subclass, such as an enum's member, whose `str()` may be anything.
            yield Element(field, str.__str__(member))
        else:
            issues.append(_not_a_string(name, field, member))


def is_list_like(value: object) -> bool:
    """Tell whether a value is a collection of members, not of keys with values."""
    return isinstance(value, Iterable) and not isinstance(value, Mapping)


def _members(value: Any) -> list[object]:
    return list(value)


def _not_a_string(name: str, field: str, member: object) -> PolicyIssue:
    from crossorigin.policy.check import suggestions as meant

    return PolicyIssue(
        code=IssueCode.NOT_A_STRING,
        field=field,
        value=keep_value(member),
        reason=f"It is of type {_type_name(member)}; every element is a string.",
        hint=meant.element_hint(name, member),
    )


def read_bool(name: str, given: Mapping[str, object], issues: list[PolicyIssue]) -> bool:
    """Read an option that is True or False, adding an issue if it is neither."""
    value = given[name]
    # By identity: nothing else is one of the two, whatever it says of its class.
    if value is True or value is False:
        return value
    from crossorigin.policy.check import suggestions as meant

    said = meant.bool_of(value)
    issues.append(
        PolicyIssue(
            code=IssueCode.NOT_A_BOOL,
            field=name,
            value=keep_value(value),
            reason=f"It is of type {_type_name(value)}, neither True nor False."
            + (" Any text counts as true, 'false' too." if isinstance(value, str) else ""),
            hint="True or False." if said is None else str(said),
        )
    )
    return bool(said)


def _read_regex(value: object, issues: list[PolicyIssue]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str.__str__(value)
    from crossorigin.policy.check import suggestions as meant

    text = meant.pattern_text(value)
    issues.append(
        PolicyIssue(
            code=IssueCode.REGEX_NOT_A_STRING,
            field="allow_origin_regex",
            value=keep_value(value),
            reason=f"It is of type {_type_name(value)}; the regular expression is given as one string, and compiled "
            "and matched here.",
            hint=literal(text) if text else 'a string, as in r"https://.*\\.example\\.org".',
        )
    )
    return None


def _read_max_age(value: object, issues: list[PolicyIssue]) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__pos__(value)  # the number alone of a subclass, such as an enum's member
    from crossorigin.policy.check import suggestions as meant

    said = meant.seconds(value)
    issues.append(
        PolicyIssue(
            code=IssueCode.MAX_AGE_NOT_AN_INT,
            field="max_age",
            value=keep_value(value),
            reason=f"It is of type {_type_name(value)}; it is a whole number of seconds, or None.",
            hint="a whole number of seconds, for example 600." if said is None else str(said),
        )
    )
    return None


def _type_name(value: object) -> str:
    return "None" if value is None else type(value).__name__
