"""Validation of all options of a policy: all errors at once or, without errors, all warnings.

Data flows in one direction: the options are read, the rules check them, the warnings run only if no rule found an
error, and the fixes are added last. Only this module knows that order.
"""

from collections.abc import Iterable, Mapping

from crossorigin.policy.check.rules import ERRORS, Rule
from crossorigin.policy.check.types import read_options, take_options
from crossorigin.policy.check.warnings import WARNINGS
from crossorigin.policy.errors import MAX_SHOWN, IssueCode, PolicyIssue
from crossorigin.policy.options import DEFAULTS, Options

# With more issues, the remaining rules are skipped, and only the issues that a message shows have fixes.
MAX_ISSUES = 1000


def validate(given: Mapping[str, object]) -> tuple[Options, list[PolicyIssue], list[PolicyIssue]]:
    """Check all options. Return the options as read, the errors and, if there are no errors, the warnings."""
    taken = take_options(given)
    errors = _unknown_options(given)
    options = read_options(taken, errors)
    errors += _run(ERRORS, options)
    warnings = [] if errors else _run(WARNINGS, options)
    if errors or warnings:
        from crossorigin.policy.check.suggestions import add_fixes

        errors, warnings = sorted(errors, key=_place), sorted(warnings, key=_place)
        count = MAX_SHOWN if len(errors) + len(warnings) > MAX_ISSUES else MAX_ISSUES
        errors, warnings = add_fixes(errors, taken, options, count), add_fixes(warnings, taken, options, count)
    return options, errors, warnings


def _unknown_options(given: Mapping[str, object]) -> list[PolicyIssue]:
    """Reject names that are not options, which would otherwise be ignored silently."""
    unknown = {name: value for name, value in given.items() if name not in DEFAULTS}
    if not unknown:
        return []
    from crossorigin.policy.check.option_names import unknown_options

    return unknown_options(unknown)


def _run(rules: Iterable[Rule], options: Options) -> list[PolicyIssue]:
    issues: list[PolicyIssue] = []
    for rule in rules:
        if len(issues) <= MAX_ISSUES:  # what the other rules find would not be read
            issues += rule(options)
    return issues


def _place(issue: PolicyIssue) -> tuple[int, int]:
    """Return the sort key of an issue: the position of its option, then that of its element."""
    if issue.code is IssueCode.UNKNOWN_OPTION:
        return len(DEFAULTS), -1
    name, _, index = issue.field.partition("[")
    return list(DEFAULTS).index(name), int(index[:-1]) if index else -1
