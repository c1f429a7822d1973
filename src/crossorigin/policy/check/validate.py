"""Validation of a policy's options, as a whole: all errors at once, or else all warnings."""

from collections.abc import Iterable, Mapping

from crossorigin.policy.check.rules import ERRORS, Rule
from crossorigin.policy.check.types import read_options
from crossorigin.policy.check.warnings import REMARKS
from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value, text_of
from crossorigin.policy.fields import DEFAULTS
from crossorigin.policy.options import Options


def _unknown_option(name: str, value: object) -> PolicyIssue:
    """Refuse the name of an option that there is not; read from a file, it would otherwise be lost in silence."""
    from difflib import get_close_matches

    near = get_close_matches(name, DEFAULTS, n=1)
    return PolicyIssue(
        code=IssueCode.UNKNOWN_OPTION,
        field=name,
        value=keep_value(value),
        reason="There is no option of this name.",
        hint=f"name it {near[0]}." if near else f"name one of {', '.join(DEFAULTS)}.",
    )


def validate(given: Mapping[str, object]) -> tuple[Options, list[PolicyIssue], list[PolicyIssue]]:
    """Check all options; return what was read, the errors, and, if there are none, the remarks."""
    errors = [_unknown_option(text_of(name), value) for name, value in given.items() if name not in DEFAULTS]
    options = read_options({**DEFAULTS, **given}, errors)
    errors += _run(ERRORS, options)
    remarks = [] if errors else _run(REMARKS, options)
    return options, sorted(errors, key=_place), sorted(remarks, key=_place)


def _run(rules: Iterable[Rule], options: Options) -> list[PolicyIssue]:
    return [issue for rule in rules for issue in rule(options)]


def _place(issue: PolicyIssue) -> tuple[int, int]:
    """Return where an issue's field stands among the options, and within its own."""
    if issue.code is IssueCode.UNKNOWN_OPTION:
        return len(DEFAULTS), -1
    name, _, index = issue.field.partition("[")
    return list(DEFAULTS).index(name), int(index[:-1]) if index else -1
