"""The decisions that a plan remembers, so that it makes each of them once.

Decisions on listed origins are bounded by the policy, and those on live origins by `MAX_LIVE`. All others have a key
that a client chose, so they are bounded in number and in bytes: they are kept in two generations of at most
`MAX_ENTRIES`, and long keys are not kept. An attacker who replaces all of them makes other requests as expensive as
first requests, and nothing grows. With their keys, they take up about a mebibyte per plan at most.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.policy.decide.decisions import ActualDecision, PreflightDecision

MAX_ENTRIES = 256
# The largest number of live origins whose decisions are kept, next to those that the policy lists. Each takes up half a
# kilobyte, and as much again for its preflight. When they are full, they start again.
MAX_LIVE = 16_384
# The limit for the origin, the method and the header names of a preflight together.
MAX_PREFLIGHT_BYTES = 512


class Recent:
    """The most recent decisions, in two generations.

    A decision is looked up in `young`, then in `old`. A new one, and one that was found in `old`, is kept in `young`.
    When that is full, it becomes `old`, and the previous `old` is dropped. No lock is used: threads that keep decisions
    at the same time can lose one or keep a few too many, and both are harmless.

    >>> recent = Recent()
    >>> recent.keep(b"https://app.example.com", "a decision")
    >>> recent.young.get(b"https://app.example.com")
    'a decision'
    """

    __slots__ = ("old", "young")

    def __init__(self) -> None:
        """Start without decisions."""
        self.young: dict[Any, Any] = {}
        self.old: dict[Any, Any] = {}

    def keep(self, key: object, decision: object) -> None:
        """Remember a decision. The caller limits the length of the key."""
        young = self.young
        if len(young) >= MAX_ENTRIES:
            self.old = young
            young = self.young = {}
        young[key] = decision


class Memory:
    """Everything that one plan remembers.

    - `listed`: the decisions on listed and live origins.
    - `listed_preflights`: the decisions on preflights whose parts are all listed, by origin.
    - `origins`: the recent decisions on all other origins.
    - `preflights`: the recent decisions on all other preflights, by origin, method and header names.

    All decisions are those of one set of origins. A change of live origins therefore replaces the whole object: first
    the set that the `Judge` reads changes, and then the memory. A request that is being decided at that moment has read
    the memory before the judge, so it can only add to the memory that was replaced.
    """

    __slots__ = ("listed", "listed_preflights", "origins", "preflights")

    def __init__(self) -> None:
        """Start without decisions."""
        self.listed: dict[bytes, ActualDecision] = {}
        self.listed_preflights: dict[bytes, PreflightDecision] = {}
        self.origins = Recent()
        self.preflights = Recent()
