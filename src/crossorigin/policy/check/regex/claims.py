"""Whether what an expression accepts is pinned: few names, or names that it writes out."""

# So many names that are not written out are still pinned, as in `example[1-5]\.com`.
FEW = 8


class Claims:
    """The names of one kind that an expression accepts and that somebody can register, rent or publish.

    `open` are those that it does not write out.
    """

    def __init__(self, letters: int) -> None:
        """Begin with no names; `letters` is the length of the expression."""
        self._expression_letters = letters
        self._letters = 0
        self.open: list[str] = []
        self.written: list[str] = []

    def are_too_many(self) -> bool:
        """Return whether more names are accepted than anyone means."""
        return len(self.open) > FEW

    def add(self, name: str, *, letters: int, is_written: bool) -> None:
        """Count a name that was not counted yet; `letters` is the length of the part that its owner chose."""
        if not is_written:
            self.open.append(name)
            return
        self.written.append(name)
        self._letters += letters
        # Names that are really written out cannot be longer than the expression. `(?:ex|am|pl){4}` and `[abc]{9}` only
        # combine what is.
        if self._letters > self._expression_letters and len(self.written) > FEW:
            self.open += self.written
