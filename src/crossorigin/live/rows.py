"""Rows that a store or a function of the user returned: invalid ones are skipped, and never stop the others.

A row may have been written by hand, so one bad row must neither close the API for all customers nor open it for more
than one site.
"""

from __future__ import annotations

import logging

from crossorigin.live.changes import with_pauses
from crossorigin.live.validation import check_collection
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.live.validation import OriginRules

# The invalid rows of one load that are logged, and those that are remembered so that they are logged once.
MAX_LINES = 10
MAX_REMEMBERED = 1000

_LOGGER = logging.getLogger("crossorigin")


class RowReader:
    """The reader of one source of rows, which remembers the invalid rows that it has logged."""

    __slots__ = ("_logged", "_rules")

    def __init__(self, rules: OriginRules) -> None:
        """Start without invalid rows."""
        self._rules = rules
        self._logged: set[str] = set()

    def read(self, rows: Iterable[object], known: set[bytes]) -> tuple[set[bytes], int]:
        """Return the valid origins of all rows, and the number of rows that were skipped.

        Origins in `known` were validated before.

        Raises:
            InvalidPolicyError: There are more valid origins than the limit.
            TypeError: `rows` is not a collection of origins.
        """
        check_collection(rows, "the result of load")
        origins: set[bytes] = set()
        invalid: list[object] = []
        rejected = 0
        for row in with_pauses(rows):
            if isinstance(row, tuple):
                message = f"load must return strings, got {row!r:.120}. Return one column of each row, such as row[0]."
                raise TypeError(message)
            origin = row.encode("utf-8", "surrogatepass") if isinstance(row, str) else b""
            if origin in known or self._rules.valid(row) is not None:
                origins.add(origin)
            else:
                rejected += 1
                if len(invalid) < MAX_REMEMBERED:
                    invalid.append(row)
        if len(origins) > self._rules.limit:
            raise InvalidPolicyError([self._rules.too_many(len(origins), "load", len(origins))])
        self._log(invalid)
        return origins, rejected

    def _log(self, invalid: list[object]) -> None:
        texts = {str(self._rules.issue(row, "row")): None for row in invalid}
        unlogged = [text for text in texts if text not in self._logged]
        for text in unlogged[:MAX_LINES]:
            _LOGGER.error("Skipped an invalid live origin. The others are served.\n%s", text)
        if len(unlogged) > MAX_LINES:
            _LOGGER.error("Skipped %s more invalid live origins, which are not logged.", len(unlogged) - MAX_LINES)
        # A row that was corrected and is wrong again is logged again.
        self._logged = set(texts)
