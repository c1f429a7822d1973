"""Policy issues: the closed list of codes, the issue, the exception and the warning.

An issue is written for someone whose deployment just failed: it names the option, the value, why the value is
dangerous or can never work, and the text to write instead. All issues of a policy are reported together, in the order
of the options.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.policy.fixes import Fix

MAX_VALUE = 120
# Issues in one message. Nobody reads more, and logs cut it.
MAX_SHOWN = 100

# Messages are logged, and a URL that was pasted by mistake may contain a password.
_PASSWORD = re.compile(r"""((?<=//)|(?<![^\s"'\[,]))[^/@\s"',\[]+@""")


class IssueCode(StrEnum):
    """The codes of all policy issues. A code never changes its meaning and is never reused."""

    # Types.
    NOT_A_COLLECTION = "not-a-collection"
    BARE_STRING = "bare-string"
    NOT_A_STRING = "not-a-string"
    NOT_A_BOOL = "not-a-bool"
    UNKNOWN_OPTION = "unknown-option"
    NOT_A_POLICY = "not-a-policy"
    POLICY_AND_OPTIONS = "policy-and-options"
    INVALID_CHOICE = "invalid-choice"
    NOT_CALLABLE = "not-callable"
    NO_EFFECT_WITH_WILDCARD = "no-effect-with-wildcard"
    NOT_LIVE_ORIGINS = "not-live-origins"

    # Origins no browser can send.
    ORIGIN_EMPTY = "origin-empty"
    MULTIPLE_ORIGINS = "multiple-origins"
    ORIGIN_LOOKS_LIKE_REGEX = "origin-looks-like-regex"
    ORIGIN_WHITESPACE = "origin-whitespace"
    ORIGIN_MISSING_SCHEME = "origin-missing-scheme"
    ORIGIN_MISSPELLED_SCHEME = "origin-misspelled-scheme"
    ORIGIN_FILE_SCHEME = "origin-file-scheme"
    ORIGIN_WEBSOCKET_SCHEME = "origin-websocket-scheme"
    ORIGIN_USERINFO = "origin-userinfo"
    ORIGIN_TRAILING_SLASH = "origin-trailing-slash"
    ORIGIN_PATH = "origin-path"
    ORIGIN_QUERY = "origin-query"
    ORIGIN_UPPERCASE = "origin-uppercase"
    ORIGIN_NON_ASCII = "origin-non-ascii"
    ORIGIN_NONCANONICAL_IP = "origin-noncanonical-ip"
    ORIGIN_DEFAULT_PORT = "origin-default-port"
    ORIGIN_INVALID_PORT = "origin-invalid-port"
    ORIGIN_MISPLACED_WILDCARD = "origin-misplaced-wildcard"
    ORIGIN_WILDCARD_BEFORE_IP = "origin-wildcard-before-ip"
    ORIGIN_MALFORMED = "origin-malformed"

    # Untrusted origins.
    WILDCARD_WITH_CREDENTIALS = "wildcard-with-credentials"
    NULL_WITH_CREDENTIALS = "null-with-credentials"
    PUBLIC_SUFFIX_WITH_CREDENTIALS = "public-suffix-with-credentials"

    # One answer for all.
    CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN = "constant-origin-needs-one-origin"

    # Live origins.
    LIVE_ORIGIN_NOT_EXACT = "live-origin-not-exact"
    LIVE_ORIGIN_SCHEME_NOT_ALLOWED = "live-origin-scheme-not-allowed"
    TOO_MANY_LIVE_ORIGINS = "too-many-live-origins"

    # The regular expression.
    REGEX_NOT_A_STRING = "regex-not-a-string"
    REGEX_EMPTY = "regex-empty"
    REGEX_INVALID = "regex-invalid"
    REGEX_UNSUPPORTED = "regex-unsupported"
    REGEX_TOO_LARGE = "regex-too-large"
    REGEX_ALLOWS_UNTRUSTED_ORIGINS = "regex-allows-untrusted-origins"

    # Methods, names and the maximum age.
    METHOD_NOT_A_TOKEN = "method-not-a-token"  # noqa: S105  # an HTTP token, not a secret
    METHOD_WRONG_CASE = "method-wrong-case"
    METHOD_FORBIDDEN = "method-forbidden"
    HEADER_NOT_A_TOKEN = "header-not-a-token"  # noqa: S105  # an HTTP token, not a secret
    REQUEST_HEADER_IN_EXPOSE_HEADERS = "request-header-in-expose-headers"
    MAX_AGE_NOT_AN_INT = "max-age-not-an-int"
    MAX_AGE_OUT_OF_RANGE = "max-age-out-of-range"

    # Warnings: the policy is valid, but part of it does not do what it appears to do.
    INSECURE_ORIGIN_WITH_CREDENTIALS = "insecure-origin-with-credentials"
    REGEX_NEVER_MATCHES = "regex-never-matches"
    REGEX_SCHEME_NEVER_SENT = "regex-scheme-never-sent"
    REGEX_UNESCAPED_DOT = "regex-unescaped-dot"
    REDUNDANT_WITH_WILDCARD = "redundant-with-wildcard"
    DUPLICATE_ENTRY = "duplicate-entry"
    NAME_INSTEAD_OF_WILDCARD = "name-instead-of-wildcard"
    REQUEST_HEADER_WITHOUT_EFFECT = "request-header-without-effect"
    RESPONSE_HEADER_IN_ALLOW_HEADERS = "response-header-in-allow-headers"
    RESPONSE_HEADER_WITHOUT_EFFECT = "response-header-without-effect"
    MAX_AGE_ABOVE_BROWSER_LIMITS = "max-age-above-browser-limits"
    MAX_AGE_DELAYS_REVOCATION = "max-age-delays-revocation"


IssueValue = str | bytes | int | float | bool | None


def keep_value(value: object) -> IssueValue:
    """Return a value that an issue can store and compare: a plain value as it is, any other as a shortened repr."""
    # A subclass is reduced to its plain value, because its `repr` can return anything or raise.
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case bytes():
            return bytes(memoryview(value))
        case int():
            return int.__pos__(value)
        case float():
            return float.__pos__(value)
        case _:
            return _cut(_repr(value))


def text_of(value: object) -> str:
    """Return a value as text, or an empty string if its `__str__` raises."""
    if isinstance(value, str):
        return str.__str__(value)
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # a failing foreign __str__ must not hide the policy's errors
        return ""


def without_passwords(text: str) -> str:
    """Return a text for the log in which user names and passwords of URLs are replaced."""
    return _PASSWORD.sub("***@", text)


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a failing foreign __repr__ must not hide the policy's errors
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def _escape(text: str) -> str:
    """Return one line of a message with unprintable characters escaped, which could control a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyIssue:
    """One error or warning about a policy.

    Attributes:
        code: The code of the issue.
        field: The option, with the index of the element if there is one (`allow_origins[2]`).
        value: The value. A value that is not plain data is replaced by its repr, cut at 120 characters.
        reason: Why the value is dangerous, can never work or has no effect.
        fixes: The changes that fix the issue, the most likely one first. Each one is enough.
        instruction: What to do if no change of the options can be given as a value.
    """

    code: IssueCode
    field: str
    value: IssueValue
    reason: str
    fixes: tuple[Fix, ...] = ()
    instruction: str = ""

    @property
    def hint(self) -> str:
        """The fix as text.

        A single fix of the value is the exact Python source to write in its place. Several fixes have one line each,
        with a comment that says when to use it. Without fixes, the hint is the instruction.
        """
        if self.instruction:
            return self.instruction
        from crossorigin.policy.literals import fixes_source

        return fixes_source(self.field, self.fixes)

    def __str__(self) -> str:
        """Return the issue as four short lines: the value, the reason, the fix and the code."""
        shown = _cut(without_passwords(_repr(self.value)))
        hint = "\n       ".join(map(_escape, without_passwords(self.hint).split("\n")))
        return f"{_escape(self.field)} = {shown}\n  {_escape(self.reason)}\n  Fix: {hint}\n  [{self.code}]"


def _message(heading: str, issues: tuple[PolicyIssue, ...]) -> str:
    more = len(issues) - MAX_SHOWN
    rest = [f"The issues attribute has {more} more."] if more > 0 else []
    return "\n\n".join([heading, *map(str, issues[:MAX_SHOWN]), *rest])


def _count(issues: tuple[PolicyIssue, ...], noun: str) -> str:
    return f"{len(issues)} {noun}{'' if len(issues) == 1 else 's'}"


class InvalidPolicyError(ValueError):
    """The error raised for an invalid policy, before it serves a request.

    Attributes:
        issues: Every error of the policy as a `PolicyIssue`, in the order of the options. `str()` lists all of them.
    """

    def __init__(self, issues: Iterable[PolicyIssue]) -> None:
        """Create the error from its issues."""
        self.issues = tuple(issues)
        super().__init__(_message(f"This CORS policy has {_count(self.issues, 'error')}.", self.issues))

    def __reduce__(self) -> tuple[type[InvalidPolicyError], tuple[tuple[PolicyIssue, ...]]]:
        """Pickle by the issues, from which the message is rebuilt."""
        return type(self), (self.issues,)


class CrossOriginWarning(UserWarning):
    """The warning about a valid policy of which part does not do what it appears to do.

    Attributes:
        issues: Every warning as a `PolicyIssue`, in the order of the options.
    """

    def __init__(self, issues: Iterable[PolicyIssue]) -> None:
        """Create the warning from its issues."""
        self.issues = tuple(issues)
        super().__init__(_message(f"CORS policy: {_count(self.issues, 'warning')}.", self.issues))

    def __reduce__(self) -> tuple[type[CrossOriginWarning], tuple[tuple[PolicyIssue, ...]]]:
        """Pickle by the issues, from which the message is rebuilt."""
        return type(self), (self.issues,)
