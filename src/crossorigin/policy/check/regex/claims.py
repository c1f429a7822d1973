"""Counting the names that an expression accepts. It is safe if they are few, or if it writes them out."""

# This many names may be accepted without being written out, as in `example[1-5]\.com`.
FEW = 8


class Claims:
    """The names of one kind that an expression accepts and that someone can register, rent or publish.

    `written` contains the names that the expression writes out, and `open` all others. `are_combined` says whether the
    written ones count as open too, because the expression only combines their parts.
    """

    def __init__(self, letters: int) -> None:
        """Start without names. `letters` is the length of the expression."""
        self._expression_letters = letters
        self._letters = 0
        self.are_combined = False
        self.open: list[str] = []
        self.written: list[str] = []

    def are_too_many(self) -> bool:
        """Return whether the expression accepts more names than its author can have intended."""
        return len(self.open) > FEW

    def add(self, name: str, *, letters: int, is_written: bool) -> None:
        """Count a new name. `letters` is the length of the part that its owner chose."""
        if not is_written:
            self.open.append(name)
            return
        self.written.append(name)
        self._letters += letters
        # Names that are really written out cannot be longer than the expression. `(?:ex|am|pl){4}` and `[abc]{9}`
        # combine written parts to many names.
        if self._letters > self._expression_letters and len(self.written) > FEW:
            self.are_combined = True
            self.open += self.written
