"""What reading and judging a regular expression may cost, and the two errors for what is refused."""

# A list of 200 whole URLs is 8 kB. What is longer belongs in `allow_origins`, where a look-up costs the same at any
# length.
MAX_TEXT = 8192
# Half a second on a slow core. Common expressions need 1,000 to 10,000 steps.
MAX_STEPS = 600_000


class UnsupportedRegexError(ValueError):
    """An expression has a part that no automaton can express; the message names it."""


class RegexTooLargeError(ValueError):
    """An expression needs more steps, states or memory than it may; the message says which."""


class Budget:
    """The steps that are left, shared by everything that is done for one question about one expression."""

    __slots__ = ("_left", "_steps")

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Start with all steps."""
        self._steps = self._left = steps

    @property
    def used(self) -> int:
        """How many steps were spent."""
        return self._steps - self._left

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            RegexTooLargeError: None are left.
        """
        self._left -= steps
        if self._left < 0:
            raise RegexTooLargeError("it takes too many steps to judge")
