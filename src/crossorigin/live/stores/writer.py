"""What the block of `with origins.writer() as writer:` edits a store with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crossorigin.live.stores.editor import Editor
from crossorigin.live.stores.errors import StoreError
from crossorigin.live.stores.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.validation import OriginRules

_MAX_ACTOR = 200


class OriginWriter:
    """Adds and removes stored origins in one transaction. `LiveOrigins.writer` returns it.

    Other processes follow when the transaction is committed, which is at the end of the block. Another edit waits for
    it, so the block must not wait for anything slow.
    """

    __slots__ = ("_editor", "_rules")

    def __init__(self, editor: Editor, rules: OriginRules) -> None:
        """Store the arguments."""
        self._editor = editor
        self._rules = rules

    def add(self, origin: str) -> bool:
        """Store an origin.

        Returns:
            Whether it is new.

        Raises:
            InvalidPolicyError: The origin is invalid, or there would be more origins than the limit.
            StoreError: The store cannot be used.
        """
        self._rules.read(origin)
        return bool(self._editor.add([origin]))

    def remove(self, origin: str) -> bool:
        """Remove an origin. An invalid row that was written by hand is removed with its exact text.

        Returns:
            Whether it was there.

        Raises:
            InvalidPolicyError: The origin is invalid, and there is no such row.
            StoreError: The store cannot be used.
        """
        return self._editor.remove(origin)


@contextmanager
def edit(
    address: StoreAddress,
    rules: OriginRules,
    *,
    scope: str,
    actor: str | None,
    deadline: float,
    apply: Callable[[], object],
) -> Generator[OriginWriter]:
    """Run a block in one transaction, and apply what it committed to this process.

    Raises:
        StoreError: The store cannot be used, so nothing has changed. Or the change is committed, but this process
            could not read it within the deadline.
        TypeError: `actor` is not a string.
        ValueError: `actor` is empty, too long, or has characters that cannot be printed.
    """
    check_actor(actor)
    with Session(address, timeout=deadline) as session:
        editor = Editor(session, rules, scope=scope)
        with editor.transaction(actor):
            yield OriginWriter(editor, rules)
    try:
        apply()
    # Whatever stops the comparison, the caller must learn that the change itself was made.
    except Exception as error:
        message = (
            "The change is committed, but this process has not applied it yet. It will with the next comparison that "
            f"succeeds. The last one failed: {type(error).__name__}: {error}"
        )
        raise StoreError(message) from error


def check_actor(actor: object) -> None:
    """Check the name of the person who edits.

    Raises:
        TypeError: It is not a string.
        ValueError: It is empty, too long, or has characters that cannot be printed.
    """
    if actor is None:
        return
    if not isinstance(actor, str):
        message = f'actor must be the name of a person or program, for example "ana@example.com", got {actor!r:.120}.'
        raise TypeError(message)
    if not actor.strip() or not actor.isprintable():
        message = f'actor must be a printable name, for example "ana@example.com", got {actor!r:.120}.'
        raise ValueError(message)
    if len(actor) > _MAX_ACTOR:
        message = f"actor must have at most {_MAX_ACTOR} characters, got {len(actor)}."
        raise ValueError(message)
