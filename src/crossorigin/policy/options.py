"""The options of a policy after their types were checked, as the rules get them."""

from dataclasses import dataclass

from crossorigin.policy.errors import IssueCode, PolicyIssue


@dataclass(frozen=True, slots=True)
class Element:
    """One string of an option, and the field it was read from, such as `allow_origins[2]`."""

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options with valid types. An option of a wrong type is empty, None or its default."""

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


def issue_of(code: IssueCode, element: Element, reason: str, hint: str) -> PolicyIssue:
    """Return an issue about one string of an option."""
    return PolicyIssue(code=code, field=element.field, value=element.text, reason=reason, hint=hint)
