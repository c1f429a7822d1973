"""Fixes: what to change in the options of a policy so that one issue is gone, as values that a program can apply.

Nothing here is loaded for a correct policy. Each front writes fixes in its own syntax: `crossorigin.policy.literals`
as Python source, `crossorigin.settings.env` as variables of the environment.
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
"""The value of a fix that takes an option or an element away."""

FixValue = str | int | bool | tuple[str, ...] | None | Literal[_Remove.REMOVE]


@dataclass(frozen=True, slots=True)
class Fix:
    """One change of the options, after which an issue is gone.

    `field` names an option (`allow_credentials`) or an element of one (`allow_origins[2]`). `value` is written in its
    place. `REMOVE` takes it away; several texts for an element become elements themselves. `when` says in a few words
    when this fix is the right one, as in "if no page sends cookies"; it is empty if there is no other one.
    """

    field: str
    value: FixValue
    when: str = ""
