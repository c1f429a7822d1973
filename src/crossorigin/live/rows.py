"""Rows that a store or a function of the user returned: invalid ones are skipped, and never stop the others.

A row may have been written by hand, so one bad row must neither close the API for all customers nor open it for more
than one site.
"""

from __future__ import annotations

import logging
from itertools import islice

from crossorigin.live.changes import with_pauses
from crossorigin.live.validation import check_collection
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from crossorigin.live.validation import OriginRules

# The invalid rows of one load that are logged, and those that are remembered so that they are logged once.
MAX_LINES = 10
MAX_REMEMBERED = 1000

_LOGGER = logging.getLogger("crossorigin")


class RowReader:
    """The reader of one source of rows, which remembers the invalid rows that it has logged.

    The log names the source, and `command`, which shows all invalid rows, if there is one.
    """

    __slots__ = ("_command", "_logged", "_rules", "_source")

    def __init__(self, rules: OriginRules, source: str, command: str = "") -> None:
        """Start without invalid rows."""
        self._rules = rules
        self._source = source
        self._command = command
        self._logged: set[str] = set()

    def read(self, rows: Iterable[object], known: AbstractSet[bytes]) -> tuple[set[bytes], list[object]]:
        """Return the valid origins of all rows, and the rows that were skipped.

        Origins in `known` were validated before.

        Raises:
            InvalidPolicyError: There are more valid origins than the limit.
            TypeError: `rows` is not a collection of origins.
        """
        check_collection(rows, "the result of load")
        origins, invalid = self._sort(rows, known)
        self.check_count(len(origins))
        texts = self._texts(invalid)
        self._log(texts)
        # A row that was corrected and is wrong again is logged again.
        self._logged = set(texts)
        return origins, invalid

    def read_changes(self, added: Iterable[object], removed: Iterable[object]) -> tuple[set[bytes], list[object]]:
        """Return the valid origins of added rows, and the rows that were skipped. Nothing else has changed."""
        origins, invalid = self._sort(added, frozenset())
        texts = self._texts(invalid)
        self._log(texts)
        self._logged.update(texts)
        if self._logged:
            self._logged.difference_update(self._texts(row for row in removed if self._rules.valid(row) is None))
        return origins, invalid

    def check_count(self, count: int) -> None:
        """Check that there are not too many origins.

        Raises:
            InvalidPolicyError: There are more than the limit.
        """
        if count > self._rules.limit:
            raise InvalidPolicyError([self._rules.too_many(count, "load", count)])

    def _sort(self, rows: Iterable[object], known: AbstractSet[bytes]) -> tuple[set[bytes], list[object]]:
        origins: set[bytes] = set()
        invalid: list[object] = []
        for row in with_pauses(rows):
            if isinstance(row, tuple):
                message = f"load must return strings, got {row!r:.120}. Return one column of each row, such as row[0]."
                raise TypeError(message)
            origin = row.encode("utf-8", "surrogatepass") if isinstance(row, str) else b""
            if origin in known or self._rules.valid(row) is not None:
                origins.add(origin)
            else:
                invalid.append(row)
        return origins, invalid

    def _texts(self, invalid: Iterable[object]) -> dict[str, None]:
        return {str(self._rules.issue(row, "row")): None for row in islice(invalid, MAX_REMEMBERED)}

    def _log(self, texts: Iterable[str]) -> None:
        unlogged = [text for text in texts if text not in self._logged]
        for text in unlogged[:MAX_LINES]:
            _LOGGER.error("Skipped an invalid live origin of %s. The others are served.\n%s", self._source, text)
        if len(unlogged) > MAX_LINES:
            advice = f" To see all, run: {self._command}" if self._command else ""
            more = len(unlogged) - MAX_LINES
            _LOGGER.error("Skipped %s more invalid live origins of %s.%s", more, self._source, advice)
