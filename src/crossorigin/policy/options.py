"""The options of a policy: their types, their defaults, and the form in which the rules receive them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

from crossorigin.policy.errors import IssueCode, PolicyIssue, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypedDict

    from crossorigin.policy.fixes import Fix

    class PolicyOptions(TypedDict, total=False):
        """The keyword arguments of functions that pass the options on."""

        allow_origins: Iterable[str]
        allow_methods: Iterable[str]
        allow_headers: Iterable[str]
        allow_credentials: bool
        allow_origin_regex: str | None
        allow_private_network: bool
        expose_headers: Iterable[str]
        max_age: int | None
        constant_allow_origin: bool
        dangerously_allow_public_suffixes: bool


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
        "constant_allow_origin": False,
        "dangerously_allow_public_suffixes": False,
    }
)

LIST_OPTIONS = tuple(name for name, default in DEFAULTS.items() if isinstance(default, tuple))


@dataclass(frozen=True, slots=True)
class Element:
    """One string of an option, and the field it was read from, such as `allow_origins[2]`."""

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as read. An option of a wrong type has its likely value, or else is empty, None or False.

    `unlistable` has the texts in `allow_origins` that a policy cannot list. They are found once, because parsing a long
    list takes most of the time that a policy needs.
    """

    allow_origins: tuple[Element, ...]
    allow_methods: tuple[Element, ...]
    allow_headers: tuple[Element, ...]
    allow_credentials: bool
    allow_origin_regex: str | None
    allow_private_network: bool
    expose_headers: tuple[Element, ...]
    max_age: int | None
    constant_allow_origin: bool
    dangerously_allow_public_suffixes: bool
    unlistable: frozenset[str]


def options_in(arguments: Mapping[str, object]) -> dict[str, object]:
    """Return the options of a policy from the arguments of a function, which passes its `locals()`."""
    return {name: arguments[name] for name in DEFAULTS}


def is_list_like(value: object) -> bool:
    """Return whether a value is a collection other than a string, bytes or a mapping.

    Live origins are not, because a policy copies what it is given and would not follow their changes.
    """
    if isinstance(value, Mapping | str | bytes | bytearray) or is_live(value):
        return False
    return isinstance(value, Iterable)


def is_live(value: object) -> bool:
    """Return whether a value is a set of origins that can change later."""
    return getattr(type(value), "is_live", False) is True


def members_of(collection: Any) -> list[object]:
    """Return the members of a collection in the order in which a policy reads them."""
    members = list(collection)
    if isinstance(collection, AbstractSet):
        # A set has no fixed order, but a policy must be the same in every process.
        members.sort(key=lambda member: (not isinstance(member, str), text_of(member)))
    return members


def apply_fix(options: Mapping[str, object], fix: Fix) -> dict[str, object]:
    """Return a copy of the options with a fix applied.

    >>> from crossorigin.policy.fixes import REMOVE, Fix
    >>> apply_fix({"allow_origins": ["https://a.example", "*"]}, Fix("allow_origins[1]", REMOVE))
    {'allow_origins': ['https://a.example']}
    """
    from crossorigin.policy.fixes import REMOVE

    value = list(fix.value) if isinstance(fix.value, tuple) else fix.value
    name, bracket, index = fix.field.partition("[")
    if fix.field in options or not bracket:
        rest = {option: given for option, given in options.items() if option != fix.field}
        return rest if value is REMOVE else {**rest, fix.field: value}
    members = members_of(options[name])
    place = int(index.removesuffix("]"))
    members[place : place + 1] = [] if value is REMOVE else value if isinstance(value, list) else [value]
    return {**options, name: members}


def issue_of(
    code: IssueCode, element: Element, reason: str, instruction: str = "", fixes: tuple[Fix, ...] = ()
) -> PolicyIssue:
    """Return an issue about one string of an option."""
    return PolicyIssue(
        code=code, field=element.field, value=element.text, reason=reason, fixes=fixes, instruction=instruction
    )
