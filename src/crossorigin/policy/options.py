"""The options of a policy as they were read, before the rules look at them."""

from dataclasses import dataclass

from crossorigin.policy.errors import IssueCode, PolicyIssue


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
    constant_allow_origin: bool
    dangerously_allow_public_suffixes: bool


def issue_of(code: IssueCode, element: Element, reason: str, hint: str) -> PolicyIssue:
    """Return an issue of one string of an option."""
    return PolicyIssue(code=code, field=element.field, value=element.text, reason=reason, hint=hint)
