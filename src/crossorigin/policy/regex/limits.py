"""The limits for parsing and checking a regular expression, and the errors for expressions that are not accepted."""

# A list of 200 complete URLs is 8 kB. A longer list belongs in `allow_origins`, where the cost of a look-up does not
# depend on its length.
MAX_TEXT = 8192
# Half a second on a slow core. Common expressions need 1,000 to 10,000 steps.
MAX_STEPS = 600_000


class UnsupportedRegexError(ValueError):
    """The error for an expression that no automaton can express. The message names the unsupported part."""


class RegexTooLargeError(ValueError):
    """The error for an expression that exceeds a limit on steps, states or memory. The message names the limit."""


class Budget:
    """The remaining steps for checking one expression, shared by all parts of the check."""

    __slots__ = ("_left", "_steps")

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Start with all steps."""
        self._steps = self._left = steps

    @property
    def used(self) -> int:
        """The number of steps that were spent."""
        return self._steps - self._left

    def spend(self, steps: int) -> None:
        """Subtract steps from the budget.

        Raises:
            RegexTooLargeError: No steps are left.
        """
        self._left -= steps
        if self._left < 0:
            raise RegexTooLargeError("it takes too many steps to judge")
