"""`max_stale`: origins are turned off if nothing has confirmed them for too long, and come back."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from crossorigin import LiveOrigins, StoreError
from crossorigin.live import expiry
from crossorigin.live.expiry import turn_off_when_stale
from crossorigin.live.poller import Poller
from tests.unit.live.stores.stores import SHOP, create, execute, insert

# A test that waits for this long has failed.
LONG = 60.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite store with one origin."""
    path = tmp_path / "cors.db"
    execute(create(f"sqlite:///{path}"), insert(SHOP))
    return path


def opened(file: Path, max_stale: float = LONG - 1) -> tuple[LiveOrigins, Poller]:
    """Return origins that are compared when the test asks for it, and their poller."""
    origins = LiveOrigins.open(f"sqlite:///{file}", poll=LONG / 2, max_stale=max_stale)
    poller = origins._poller
    assert poller is not None
    return origins, poller


def test_origins_that_are_too_old_are_turned_off(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """They are allowed until then, and again after the next comparison, which reads all of them."""
    origins, poller = opened(file)
    assert poller.turn_off(5.0) == 5.0
    origins.refresh_sync()
    assert 0 < poller.turn_off(LONG) <= LONG
    assert SHOP in origins
    file.rename(file.with_suffix(".away"))
    assert poller.turn_off(1e-9) == 1e-9
    assert len(origins) == 0
    status = origins.status()
    assert (status.ready, status.count, status.epoch) == (False, 0, None)
    assert status.staleness is not None
    assert origins.describe() == "the live origins (sqlite, turned off by max_stale)"
    assert poller.turn_off(1e-9) == 1e-9
    with pytest.raises(StoreError):
        origins.refresh_sync()
    assert [record.getMessage().split(". ", 1)[1] for record in caplog.records] == [
        "Only the origins of the policy are allowed, until it succeeds.",
        f"Run: crossorigin origins init --store sqlite:///{file}. The live origins are turned off.",
    ]
    file.with_suffix(".away").rename(file)
    origins.refresh_sync()
    assert list(origins) == [SHOP]
    assert origins.status().ready


def test_a_comparison_that_was_overtaken_applies_nothing(file: Path) -> None:
    """It knows what has changed since a state that is gone."""
    origins, poller = opened(file)
    origins.refresh_sync()
    follower = origins._follower
    assert follower is not None
    session = follower.open()
    apply = session.read()
    poller.turn_off(1e-9)
    with pytest.raises(StoreError, match="were turned off while"):
        apply()
    assert len(origins) == 0
    session.read()()
    assert list(origins) == [SHOP]
    session.close()


def test_a_thread_turns_them_off_while_a_comparison_hangs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No deadline is certain to end a comparison, such as one that waits for a name server or a network drive."""
    origins, poller = opened(file, max_stale=LONG)
    origins.refresh_sync()
    off, hangs = threading.Event(), threading.Event()

    class Hanging:
        """A set that is old at the first look, and gone at the second."""

        def turn_off(self, max_stale: float) -> float:
            assert max_stale == LONG
            poller.turn_off(1e-9)
            off.set()
            return 1e-9

    results: list[Hanging | None] = [Hanging(), None]
    monkeypatch.setattr(expiry, "_LONGEST", 1e-9)
    turn_off_when_stale(lambda: results.pop(0), LONG)
    assert off.is_set()
    assert results == []
    assert len(origins) == 0
    assert not hangs.is_set()


def test_only_origins_with_max_stale_have_a_second_thread(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a daemon like the first one, and holds the origins only weakly."""
    started: list[tuple[str, bool]] = []

    def start(thread: threading.Thread) -> None:
        started.append((thread.name, thread.daemon))

    monkeypatch.setattr(threading.Thread, "start", start)
    LiveOrigins.open(f"sqlite:///{file}").start()
    assert started == [("crossorigin live origins", True)]
    LiveOrigins.open(f"sqlite:///{file}", max_stale=5.0).start()
    assert started[1:] == [("crossorigin live origins", True), ("crossorigin live origins, max_stale", True)]


def test_the_thread_is_the_one_that_turns_them_off(file: Path) -> None:
    """The whole of it: nothing confirms the origins, and they go."""
    gone = threading.Event()

    class Listener:
        """A plan that notices the change."""

        def origins_changed(self, added: object) -> None:
            if not added:
                gone.set()

    origins = LiveOrigins.open(f"sqlite:///{file}", poll=0.05, max_stale=0.1)
    origins.refresh_sync()
    listener = Listener()
    origins.subscribe(listener)  # type: ignore[arg-type]
    file.rename(file.with_suffix(".away"))
    assert gone.wait(LONG)
    assert len(origins) == 0


def test_a_polled_set_has_nothing_to_forget() -> None:
    """Each load returns everything."""
    origins = LiveOrigins.polled(lambda: [SHOP])
    source = origins._poller._source  # type: ignore[union-attr]
    forget: Callable[[], None] = source.forget
    forget()
    origins.refresh_sync()
    assert list(origins) == [SHOP]
