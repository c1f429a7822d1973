"""The judge of all other tests of this folder: it finds each kind of wrong answer."""

import math
import time

import pytest

from tests.real.stores.history import Answer, History

ORIGIN = "https://shop.customer.example"


@pytest.fixture
def history() -> History:
    """A history in which the origin was added, and removed again."""
    history = History()
    with history.editing(added=[ORIGIN]):
        time.sleep(0.001)
    with history.editing(removed=[ORIGIN]):
        time.sleep(0.001)
    return history


def answer(*, allowed: bool, compared: float, received: float = math.inf, origin: str = ORIGIN) -> Answer:
    """Return an answer after these moments."""
    return Answer(origin=origin, is_allowed=allowed, sent=compared, received=received, compared=compared)


def test_an_origin_that_was_removed_before_the_comparison_is_wrong(history: History) -> None:
    """An older comparison excuses it."""
    _, removed = history.changes(ORIGIN)
    assert history.is_wrong(answer(allowed=True, compared=removed.ended))
    assert not history.is_wrong(answer(allowed=True, compared=removed.begun))
    assert not history.is_wrong(answer(allowed=False, compared=removed.ended))


def test_an_origin_that_was_added_before_the_comparison_must_be_allowed(history: History) -> None:
    """A removal that began before the answer excuses it."""
    added, removed = history.changes(ORIGIN)
    assert history.is_wrong(answer(allowed=False, compared=added.ended, received=removed.begun))
    assert not history.is_wrong(answer(allowed=False, compared=added.ended))
    assert not history.is_wrong(answer(allowed=False, compared=added.begun, received=removed.begun))


def test_an_origin_that_nobody_added_is_wrong(history: History) -> None:
    """Nor may an origin be allowed before anybody began to add it."""
    added, _ = history.changes(ORIGIN)
    assert history.is_wrong(answer(allowed=True, compared=-math.inf, origin="https://unknown.example"))
    assert history.is_wrong(answer(allowed=True, compared=-math.inf, received=added.begun))


def test_an_edit_that_failed_may_have_been_committed_or_not(history: History) -> None:
    """A connection can break between the commit and its confirmation."""
    with pytest.raises(ZeroDivisionError), history.editing(added=[ORIGIN]):
        raise ZeroDivisionError
    now = time.monotonic()
    assert not history.is_wrong(answer(allowed=True, compared=now))
    assert not history.is_wrong(answer(allowed=False, compared=now))


def test_nothing_is_allowed_before_the_first_load_and_after_the_longest_staleness(history: History) -> None:
    """A refusal is right then, and an unknown origin is still wrong."""
    with history.editing(added=[ORIGIN]):
        pass
    now = time.monotonic()
    assert history.is_wrong(answer(allowed=False, compared=now))
    assert not history.is_wrong(answer(allowed=False, compared=-math.inf))
    off = Answer(origin=ORIGIN, is_allowed=False, sent=now, received=math.inf, compared=now, is_off=True)
    assert not history.is_wrong(off)
