"""Fixes of policy issues: changes of the options, as values that a program can apply.

This module is not loaded for a valid policy. `crossorigin.policy.literals` writes fixes as Python source, and
`crossorigin.settings.issue_text` as environment variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


class _Remove(Enum):
    REMOVE = "remove"

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


REMOVE: Final = _Remove.REMOVE
"""The value of a fix that removes an option or an element."""

FixValue = str | int | bool | tuple[str, ...] | None | Literal[_Remove.REMOVE]


@dataclass(frozen=True, slots=True)
class Fix:
    """One change of the options that fixes an issue.

    Attributes:
        field: An option (`allow_credentials`) or an element of one (`allow_origins[2]`).
        value: The value to write in its place, or `REMOVE` to remove it. Several strings for an element replace that
            element by several elements.
        when: When to choose this fix, in a few words, for example "if no page sends cookies". It is empty if there is
            only one fix.
    """

    field: str
    value: FixValue
    when: str = ""
