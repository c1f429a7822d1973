"""Validation of live origins: exact origins over https only, each with the issue that `Policy` would report.

One live origin never allows more than one site: patterns, `*` and `null` belong in a policy, which a person reviews.
"""

from __future__ import annotations

from dataclasses import replace

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.origin import MAX_ORIGIN, OPAQUE_ORIGIN, parse_origin
from crossorigin.policy.check.warnings import is_loopback
from crossorigin.policy.errors import InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.policy.fixes import Fix

# More issues than these are not collected: nobody reads them, and each costs as much as a hundred valid origins.
MAX_ISSUES = 1000
# The errors of a longer text are not searched for, because each million characters would take a second.
MAX_TEXT = 1000
_LISTED = "allow_origins"
_FIRST = "allow_origins[0]"
_EXACT = "add the exact origin of the page, for example"
_EXAMPLE = '"https://shop.customer.example"'
# An instruction with one of these is for the options of a policy, and would allow more than one origin.
_OF_A_POLICY = ("allow_origin_regex", "allow_credentials", "*")


class OriginRules:
    """The rules for the origins of one set: the allowed schemes, and the largest number of origins.

    An http origin is always accepted if its host is this machine.
    """

    __slots__ = ("limit", "schemes")

    def __init__(self, schemes: Iterable[object], limit: object) -> None:
        """Validate the arguments.

        Raises:
            TypeError: `schemes` is one string, or `limit` is not an int.
            ValueError: A scheme is not one that a page can have, or `limit` is below 1.
        """
        if isinstance(schemes, str):
            message = f"schemes must be a list of schemes, not one string. Write schemes=[{schemes!r}]."
            raise TypeError(message)
        allowed: list[str] = []
        for scheme in schemes:
            if not isinstance(scheme, str) or not can_be_listed(f"{scheme}://a.example"):
                message = f'{scheme!r} in schemes is not the scheme of a page. Write it as in schemes=["https"].'
                raise ValueError(message)
            allowed.append(scheme)
        self.schemes = tuple(allowed)
        if not isinstance(limit, int) or isinstance(limit, bool):
            message = f"limit must be a number of origins, for example limit=100_000, got {limit!r:.120}."
            raise TypeError(message)
        if limit < 1:
            message = f"limit must be at least 1, got {limit}."
            raise ValueError(message)
        self.limit = limit

    def read(self, origin: object, field: str = "origin") -> bytes:
        """Return an origin as bytes.

        Raises:
            InvalidPolicyError: It is not an exact origin with an allowed scheme.
        """
        value = self.valid(origin)
        if value is None:
            raise InvalidPolicyError([self.issue(origin, field)])
        return value

    def read_all(self, origins: Iterable[object], field: str = "origins") -> set[bytes]:
        """Return all origins as bytes.

        Raises:
            InvalidPolicyError: At least one is invalid, or there are too many. The error has all issues.
            TypeError: `origins` is one string, or not a collection.
        """
        check_collection(origins, field)
        read: set[bytes] = set()
        issues: list[PolicyIssue] = []
        for index, origin in enumerate(origins):
            value = self.valid(origin)
            if value is not None:
                read.add(value)
            elif len(issues) < MAX_ISSUES:
                issues.append(self.issue(origin, f"{field}[{index}]"))
        if not issues and len(read) > self.limit:
            issues.append(self.too_many(len(read), field, origins))
        if issues:
            raise InvalidPolicyError(issues)
        return read

    def valid(self, origin: object) -> bytes | None:
        """Return a valid origin as bytes, or None."""
        if not isinstance(origin, str):
            return None
        parsed = parse_origin(origin)
        if parsed is None:
            return None
        if parsed.scheme in self.schemes or (parsed.scheme == "http" and is_loopback(parsed.host)):
            return origin.encode("ascii")
        return None

    def issue(self, origin: object, field: str) -> PolicyIssue:
        """Return the issue of an invalid origin."""
        if isinstance(origin, str) and len(origin) > MAX_TEXT:
            return self._too_long(origin, field)
        if isinstance(origin, str) and can_be_listed(origin):
            return self._not_exact(origin, field) if _allows_several(origin) else self._scheme(origin, field)
        from crossorigin.policy.check.validate import validate

        _, (first, *_), _ = validate({_LISTED: [origin]})
        fixes = tuple(replace(fix, field=field) for fix in first.fixes if self._accepts(fix))
        instruction = first.instruction
        if (first.fixes and not fixes) or any(word in instruction for word in _OF_A_POLICY):
            instruction = f"{_EXACT} {_EXAMPLE}."
        return replace(first, field=field, fixes=fixes, instruction=instruction)

    def _accepts(self, fix: Fix) -> bool:
        return fix.field == _FIRST and self.valid(fix.value) is not None

    def _too_long(self, origin: str, field: str) -> PolicyIssue:
        return PolicyIssue(
            code=IssueCode.ORIGIN_MALFORMED,
            field=field,
            value=origin[:MAX_TEXT],
            reason=f"It has more than {MAX_TEXT} characters, and an origin has at most {MAX_ORIGIN}.",
            instruction=f"{_EXACT} {_EXAMPLE}.",
        )

    def _not_exact(self, origin: str, field: str) -> PolicyIssue:
        what, more = "allows more than one origin", " A pattern belongs in allow_origins of the policy."
        if origin == OPAQUE_ORIGIN:
            what, more = "can be sent by every site, from a sandboxed frame or a data: URL", ""
        return PolicyIssue(
            code=IssueCode.LIVE_ORIGIN_NOT_EXACT,
            field=field,
            value=origin,
            reason=f"It {what}. A live origin is the origin of one site.",
            instruction=f"{_EXACT} {_EXAMPLE}.{more}",
        )

    def _scheme(self, origin: str, field: str) -> PolicyIssue:
        scheme = origin.partition(":")[0]
        reason = f"The scheme {scheme} is not in schemes={self.schemes!r}."
        instruction = f"add {scheme!r} to schemes= if you trust such origins."
        fixes: tuple[Fix, ...] = ()
        if scheme == "http":
            reason = "Anyone on the network path can modify an http page, unless it is served by this machine."
            secure = f"https{origin.removeprefix(scheme)}"
            if self.valid(secure) is not None:
                from crossorigin.policy.fixes import Fix

                fixes, instruction = (Fix(field, secure),), ""
        return PolicyIssue(
            code=IssueCode.LIVE_ORIGIN_SCHEME_NOT_ALLOWED,
            field=field,
            value=origin,
            reason=reason,
            fixes=fixes,
            instruction=instruction,
        )

    def too_many(self, count: int, field: str, value: object) -> PolicyIssue:
        """Return the issue of a set that is larger than the limit."""
        return PolicyIssue(
            code=IssueCode.TOO_MANY_LIVE_ORIGINS,
            field=field,
            value=keep_value(value),
            reason=f"There would be {count} origins, and the limit is {self.limit}.",
            instruction="remove origins that are not used, or raise limit=. 100,000 origins take up about 15 MB.",
        )


def check_collection(origins: object, field: str) -> None:
    """Reject a value that is not a collection of origins.

    Raises:
        TypeError: It is one string, or cannot be iterated over.
    """
    if isinstance(origins, str | bytes):
        message = f"{field} must be a list of origins, not one string. Write [{origins!r:.120}]."
        raise TypeError(message)
    if not hasattr(origins, "__iter__"):
        message = f"{field} must be a list of origins, got {origins!r:.120}."
        raise TypeError(message)


def _allows_several(origin: str) -> bool:
    return WILDCARD in origin or origin == OPAQUE_ORIGIN
