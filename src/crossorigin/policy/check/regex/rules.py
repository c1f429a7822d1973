"""The rules for `allow_origin_regex`, for errors and for warnings.

They have the same form as those in `crossorigin.policy.check.rules`. Their dependencies are imported late, because most
policies do not have a regular expression.
"""

from __future__ import annotations

from crossorigin.policy.errors import IssueCode
from crossorigin.policy.options import Element, Options, issue_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossorigin.policy.check.regex.cause import Cause
    from crossorigin.policy.check.regex.examination import Examination, Fixer
    from crossorigin.policy.errors import PolicyIssue


def regex_is_safe(options: Options) -> Iterator[PolicyIssue]:
    """Reject an expression that is invalid or unsupported, or that allows untrusted origins with credentials."""
    text = options.allow_origin_regex
    if text is None:
        return
    element = Element("allow_origin_regex", text)
    if not text:
        yield issue_of(
            IssueCode.REGEX_EMPTY,
            element,
            "It is empty, so it matches no origin. If it comes from a setting that may be empty, pass None instead, as"
            ' in os.environ.get("NAME") or None.',
        )
        return
    from crossorigin.policy.check.regex import dangers, mistakes
    from crossorigin.policy.check.regex.examination import why_invalid

    why = why_invalid(text)
    if why is not None:
        yield _issue(IssueCode.REGEX_INVALID, text, mistakes.explain_invalid(text, why, _fixer(options)))
        return
    found, fixer = _examined(options)
    if found.unsupported is not None:
        cause = mistakes.explain_unsupported(text, found.unsupported, fixer)
        yield _issue(IssueCode.REGEX_UNSUPPORTED, text, cause)
    elif found.too_large is not None:
        yield _issue(IssueCode.REGEX_TOO_LARGE, text, mistakes.explain_too_large(found.too_large))
    elif found.verdict.danger is not None:
        lists_origins = any(element.text for element in options.allow_origins)
        cause = dangers.explain_danger(text, found.verdict, fixer, lists_origins=lists_origins)
        yield _issue(IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS, text, cause)


def regex_does_what_it_says(options: Options) -> Iterator[PolicyIssue]:
    """Warn about an expression that matches no origin, has a useless part, or is safe only by accident."""
    text = options.allow_origin_regex
    if text is None:
        return
    from crossorigin.policy.check.regex import mistakes

    found, fixer = _examined(options)
    verdict = found.verdict
    glob = mistakes.explain_glob(text, fixer)
    if glob is not None:
        yield _issue(IssueCode.REGEX_NEVER_MATCHES, text, glob)
        return
    if not found.can_match:
        yield _issue(IssueCode.REGEX_NEVER_MATCHES, text, mistakes.explain_never_matches(text, fixer))
        return
    if verdict.insecure is not None:
        cause = mistakes.explain_insecure(text, verdict, fixer)
        yield _issue(IssueCode.INSECURE_ORIGIN_WITH_CREDENTIALS, text, cause)
    if verdict.never_sent is not None:
        cause = mistakes.explain_never_sent(text, verdict.never_sent, fixer)
        yield _issue(IssueCode.REGEX_SCHEME_NEVER_SENT, text, cause)
    unescaped = mistakes.explain_unescaped_dot(text, fixer) if options.allow_credentials else None
    if unescaped is not None:
        yield _issue(IssueCode.REGEX_UNESCAPED_DOT, text, unescaped)


def _examined(options: Options) -> tuple[Examination, Fixer]:
    from crossorigin.policy.check.regex.examination import examine

    has_credentials, lift_hosting = options.allow_credentials, options.dangerously_allow_public_suffixes
    found = examine(options.allow_origin_regex or "", has_credentials=has_credentials, lift_hosting=lift_hosting)
    return found, _fixer(options)


def _fixer(options: Options) -> Fixer:
    from crossorigin.policy.check.regex.examination import Fixer

    return Fixer(has_credentials=options.allow_credentials, lift_hosting=options.dangerously_allow_public_suffixes)


def _issue(code: IssueCode, text: str, cause: Cause) -> PolicyIssue:
    return issue_of(code, Element("allow_origin_regex", text), cause.reason, cause.instruction, cause.fixes)
