"""What live origins and live policies have in common: a copy would not see later changes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Self


class Handle:
    """An object that stays the same when an app is copied, and that cannot be pickled.

    `_INSTEAD` says what to do instead of pickling it.
    """

    __slots__ = ()
    _INSTEAD: str

    def __copy__(self) -> Self:
        """Return the same object, because a copy would not see later changes."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the same object, so that a copied app follows the same changes."""
        return self

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, because a copy in another process would not see later changes.

        Raises:
            TypeError: Always.
        """
        message = f"{type(self).__name__} cannot be pickled. {self._INSTEAD}"
        raise TypeError(message)
