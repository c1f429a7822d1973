"""A count of the examples that a property test has seen, so that no law passes for want of examples."""

from collections import Counter


class ExampleCounts:
    """The number of examples, and of how many each kind was true."""

    def __init__(self) -> None:
        """Start at zero."""
        self.examples = 0
        self.by_kind: Counter[str] = Counter()

    def count(self, **kinds: bool) -> None:
        """Count one example, of the kinds that are true."""
        self.examples += 1
        self.by_kind.update(kind for kind, holds in kinds.items() if holds)

    def require(self, **shares: float) -> None:
        """Fail if there were few examples, or if a kind had less than its share of them."""
        assert self.examples >= 60
        for kind, share in shares.items():
            assert self.by_kind[kind] >= share * self.examples, f"{dict(self.by_kind)} of {self.examples}"
