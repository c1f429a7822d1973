"""The examination of an expression: whether it is supported, and its verdict."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from crossorigin.policy.check.regex.sendable import can_match
from crossorigin.policy.check.regex.verdict import Verdict, judge
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.limits import (
    MAX_STEPS,
    MAX_TEXT,
    Budget,
    RegexTooLargeError,
    UnsupportedRegexError,
)
from crossorigin.policy.regex.matcher import matcher_of

# The repairs of one expression share a separate budget, so that the search for a fix never changes a verdict.
_FIX_STEPS = MAX_STEPS // 4

NOT_JUDGED = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The result for an expression: why it cannot be checked, or its verdict.

    Without credentials, every expression is safe, and the verdict is empty.
    """

    unsupported: str | None = None
    too_large: str | None = None
    verdict: Verdict = NOT_JUDGED
    can_match: bool = True


def why_invalid(text: str) -> str | None:
    """Return why Python cannot compile an expression, or None if it can or the expression is too long to examine."""
    if len(text) > MAX_TEXT:
        return None
    with warnings.catch_warnings():
        # An expression whose meaning will change in a later release of Python must not decide which origins are
        # allowed.
        warnings.simplefilter("error", FutureWarning)
        try:
            re.compile(text)
        except (re.error, ValueError, OverflowError, RecursionError, FutureWarning) as error:
            return str(error)
    return None


# The rules for errors and for warnings both examine the same expression.
@lru_cache(maxsize=8)
def examine(text: str, *, has_credentials: bool, lift_hosting: bool) -> Examination:
    """Examine an expression that `re.compile` accepts."""
    return _examine(text, Budget(), has_credentials=has_credentials, lift_hosting=lift_hosting)


def _examine(text: str, budget: Budget, *, has_credentials: bool, lift_hosting: bool) -> Examination:
    if len(text) > MAX_TEXT:
        return Examination(too_large=f"it is longer than {MAX_TEXT} characters")
    try:
        automaton = Automaton(text, budget)
        matcher_of(automaton)
        verdict = judge(text, automaton, lift_hosting=lift_hosting) if has_credentials else NOT_JUDGED
        is_matched = bool(verdict.danger or verdict.domains) or can_match(automaton)
    except UnsupportedRegexError as error:
        return Examination(unsupported=str(error))
    except RegexTooLargeError as error:
        return Examination(too_large=str(error))
    return Examination(verdict=verdict, can_match=is_matched)


class Fixer:
    """An examiner of the repairs of one expression, which share one budget."""

    def __init__(self, *, has_credentials: bool, lift_hosting: bool) -> None:
        """Start with a full budget."""
        self._budget = Budget(_FIX_STEPS)
        self._has_credentials = has_credentials
        self._lift_hosting = lift_hosting

    def examine(self, text: str, *, with_switch: bool = False) -> Examination | None:
        """Return the examination of a repaired expression, or None if it is invalid or exceeds the budget.

        `with_switch` examines it as if `dangerously_allow_public_suffixes` were set.
        """
        if why_invalid(text) is not None:
            return None
        lift_hosting = self._lift_hosting or with_switch
        found = _examine(text, self._budget, has_credentials=self._has_credentials, lift_hosting=lift_hosting)
        return found if found.unsupported is None and found.too_large is None else None

    def is_fine(self, text: str, *, with_switch: bool = False) -> bool:
        """Return whether a repaired expression is safe and can match an origin."""
        found = self.examine(text, with_switch=with_switch)
        return found is not None and found.verdict.danger is None and found.can_match
