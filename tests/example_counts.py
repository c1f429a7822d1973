"""What keeps a law from holding for want of examples."""

from collections import Counter


class Tally:
    """Count what a law was shown."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.examples = 0
        self.counts: Counter[str] = Counter()

    def count(self, **kinds: bool) -> None:
        """Count one example, of the kinds that are true."""
        self.examples += 1
        self.counts.update(kind for kind, holds in kinds.items() if holds)

    def demand(self, **shares: float) -> None:
        """Fail where there were few examples, or a kind had less than its share of them."""
        assert self.examples >= 60
        for kind, share in shares.items():
            assert self.counts[kind] >= share * self.examples, f"{dict(self.counts)} of {self.examples}"
