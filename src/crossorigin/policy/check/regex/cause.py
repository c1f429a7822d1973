"""A reason for an error or warning about a regular expression, with its fixes."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.fixes import Fix

REGEX = "allow_origin_regex"


class Cause(NamedTuple):
    """The reason for an error or warning, with its fixes, the most likely one first, or an instruction."""

    reason: str
    fixes: tuple[Fix, ...] = ()
    instruction: str = ""
