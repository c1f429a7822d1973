"""`LiveOrigins.polled`: loads by a function of the user, their errors, threads, event loops and forks."""

import asyncio
import contextlib
import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from crossorigin import InvalidPolicyError, IssueCode, LiveOrigins
from crossorigin.live import failure_log
from crossorigin.live.failure_log import FailureLog
from crossorigin.live.poller import _restart_all
from crossorigin.live.rows import MAX_LINES

SHOP, OTHER = "https://shop.customer.example", "https://other.customer.example"
# A test that waits for this long has failed.
LONG = 60.0


class Store:
    """A database of origins, with a count of its loads, which may fail."""

    def __init__(self, *origins: Any) -> None:
        """Contain these rows."""
        self.rows: Any = list(origins)
        self.loads = 0
        self.threads: set[threading.Thread] = set()
        self.error: BaseException | None = None
        self.loaded = threading.Event()

    def load(self) -> Any:
        """Return all rows."""
        self.loads += 1
        self.threads.add(threading.current_thread())
        if self.loads > 2:
            self.loaded.set()
        if self.error is not None:
            raise self.error
        return self.rows

    async def load_async(self) -> Any:
        """Return all rows, in an event loop."""
        await asyncio.sleep(0)
        return self.load()


def polled(load: Callable[[], Any], **options: Any) -> LiveOrigins:
    """Return origins that are loaded when the test asks for it."""
    return LiveOrigins.polled(load, **{"every": LONG, **options})


@pytest.mark.parametrize("name", ["load", "load_async"])
async def test_a_load_replaces_everything(name: str) -> None:
    """Added rows are allowed, and rows that are gone are not, as soon as `refresh` returns."""
    store = Store(SHOP)
    origins = polled(getattr(store, name))
    assert store.loads == 0
    assert not origins.status().ready
    await origins.refresh()
    assert list(origins) == [SHOP]
    store.rows = [OTHER]
    await origins.refresh()
    assert list(origins) == [OTHER]
    status = origins.status()
    assert (status.source, status.count, status.revision, status.ready) == ("polled", 1, 2, True)
    assert status.error is None
    assert status.staleness is not None


@pytest.mark.parametrize("name", ["load", "load_async"])
def test_code_without_an_event_loop_waits_in_its_thread(name: str) -> None:
    """A WSGI server has no loop, and the load has one thread of its own for its whole life."""
    store = Store(SHOP)
    origins = polled(getattr(store, name))
    origins.refresh_sync()
    origins.refresh_sync()
    assert list(origins) == [SHOP]
    (thread,) = store.threads
    assert thread is not threading.current_thread()
    assert thread.daemon


def test_loads_are_repeated() -> None:
    """Nobody has to ask for them after the first."""
    store = Store(SHOP)
    origins = LiveOrigins.polled(store.load, every=0.001)
    origins.start()
    origins.start()
    assert store.loaded.wait(LONG)
    assert list(origins) == [SHOP]
    assert len(store.threads) == 1


def test_nothing_is_loaded_before_the_first_use() -> None:
    """A server that imports the app and then forks must not open a connection to the database."""
    store = Store(SHOP)
    origins = polled(store.load)
    assert origins.describe() == "the live origins (polled, not loaded yet)"
    assert store.loads == 0
    origins.refresh_sync()
    assert origins.describe().startswith("the live origins (polled, revision 1, loaded 0.")


async def test_an_event_loop_serves_all_loads() -> None:
    """A connection that an `async def` keeps is bound to its loop."""
    loops: list[asyncio.AbstractEventLoop] = []

    async def load() -> list[str]:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return [SHOP]

    origins = polled(load)
    await origins.refresh()
    await origins.refresh()
    assert len(loops) == 2
    assert loops[0] is loops[1]
    assert loops[0] is not asyncio.get_running_loop()


def test_a_refresh_waits_for_a_load_that_begins_after_it() -> None:
    """A load that is under way may have read the database before a change."""
    store, entered, proceed = Store(SHOP), threading.Event(), threading.Event()

    def load() -> list[str]:
        rows: list[str] = list(store.load())
        if store.loads == 1:
            entered.set()
            assert proceed.wait(LONG)
        return rows

    origins = polled(load, deadline=LONG)
    origins.start()
    assert entered.wait(LONG)
    store.rows = [OTHER]
    request = origins._poller.request()  # type: ignore[union-attr]
    assert not request.done()
    proceed.set()
    request.result(LONG)
    assert list(origins) == [OTHER]
    assert store.loads == 2


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("load", RuntimeError("no route to host")),
        ("load_async", RuntimeError("no route to host")),
        ("load_async", TimeoutError("of the driver")),
        ("load", SystemExit(1)),
    ],
)
def test_a_failed_load_keeps_what_was_loaded(name: str, error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """The error is raised by `refresh`, reported by `status` and logged once, and the thread goes on."""
    store = Store(SHOP)
    origins = polled(getattr(store, name))
    origins.refresh_sync()
    store.error = error
    for _ in range(2):
        with pytest.raises(type(error)):
            origins.refresh_sync()
    assert list(origins) == [SHOP]
    status = origins.status()
    assert status.ready
    assert status.error == f"load failed: {type(error).__name__}: {error}"
    assert [record.getMessage() for record in caplog.records] == [
        f"Live origins: {status.error}. What was loaded last stays in use: 1 origin."
    ]
    store.error, store.rows = None, []
    origins.refresh_sync()
    assert list(origins) == []
    assert origins.status().error is None


def test_a_first_load_that_fails_leaves_the_policy_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Without a database, the app starts, and says what is missing."""
    store = Store()
    store.error = OSError()
    origins = polled(store.load)
    with pytest.raises(OSError):  # noqa: PT011  # its text is empty
        origins.refresh_sync()
    assert not origins.status().ready
    (record,) = caplog.records
    assert record.getMessage() == (
        "Live origins: load failed: OSError: no message. No origins were loaded yet, so only those of the policy are "
        "allowed."
    )


def test_a_load_that_is_awaited_is_canceled_at_its_deadline() -> None:
    """The next one is not held up by a hanging connection."""
    canceled = threading.Event()
    hangs = True

    async def load() -> list[str]:
        try:
            if hangs:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            canceled.set()
            raise
        return [SHOP]

    origins = polled(load, deadline=0.05)
    with pytest.raises(TimeoutError):
        origins.refresh_sync()
    assert canceled.wait(LONG)
    end = time.monotonic() + LONG
    while not str(origins.status().error).endswith("it took longer than deadline=0.05 seconds"):
        assert time.monotonic() < end
        time.sleep(0.01)
    hangs = False
    # On a busy machine, a load that does not hang can exceed its deadline too.
    while SHOP not in origins:
        assert time.monotonic() < end
        with contextlib.suppress(TimeoutError):
            origins._poller.request().result(LONG)  # type: ignore[union-attr]
    assert list(origins) == [SHOP]


def test_a_load_that_blocks_is_reported_while_it_runs() -> None:
    """A thread cannot be stopped: `refresh` stops waiting, and what the load returns in the end counts."""
    proceed = threading.Event()

    def load() -> list[str]:
        assert proceed.wait(LONG)
        return [SHOP]

    origins = polled(load, deadline=0.01)
    with pytest.raises(TimeoutError):
        origins.refresh_sync()
    error = origins.status().error
    assert error is not None
    assert error.startswith("load has been running for 0 s (deadline=0.01)")
    proceed.set()
    origins._poller.request().result(LONG)  # type: ignore[union-attr]
    assert list(origins) == [SHOP]
    assert origins.status().error is None


async def test_a_refresh_that_is_canceled_harms_nobody() -> None:
    """The thread that completes it finds that nobody waits."""
    entered, proceed = threading.Event(), threading.Event()

    def load() -> list[str]:
        entered.set()
        assert proceed.wait(LONG)
        return [SHOP]

    origins = polled(load, deadline=LONG)
    origins.start()
    assert await asyncio.to_thread(entered.wait, LONG)
    waiting = asyncio.ensure_future(origins.refresh())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    proceed.set()
    await origins.refresh()
    assert list(origins) == [SHOP]


@pytest.mark.parametrize(
    "row",
    ["*", "null", "https://*.example.com", "http://shop.example", "https://a.example/", "", None, 7, b"x", "\ud800"],
)
def test_a_bad_row_is_skipped_and_its_neighbors_are_served(row: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It neither opens the API for more than one site nor closes it for others, and is logged once with its code."""
    store = Store(SHOP, row, OTHER)
    origins = polled(store.load)
    origins.refresh_sync()
    origins.refresh_sync()
    assert list(origins) == [OTHER, SHOP]
    assert origins.status().rejected == 1
    (record,) = caplog.records
    first = "Skipped an invalid live origin of the load function. The others are served."
    assert record.getMessage().startswith(f"{first}\nrow = ")
    assert "[" in record.getMessage().splitlines()[-1]
    store.rows = [SHOP]
    origins.refresh_sync()
    assert origins.status().rejected == 0


def test_many_bad_rows_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A table of a wrong format does not fill the log."""
    store = Store(SHOP, *(f"shop-{number}.example" for number in range(1500)))
    origins = polled(store.load)
    origins.refresh_sync()
    assert origins.status().rejected == 1500
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == "Skipped 990 more invalid live origins of the load function."


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([(SHOP,)], TypeError, r"such as row\[0\]"),
        (SHOP, TypeError, "the result of load must be a list of origins, not one string"),
        (None, TypeError, "the result of load must be a list of origins"),
    ],
)
def test_a_load_of_the_wrong_type_fails(rows: Any, error: type[Exception], words: str) -> None:
    """A mistake in the function must not look like an empty database."""
    store = Store(SHOP)
    origins = polled(store.load)
    origins.refresh_sync()
    store.rows = rows
    with pytest.raises(error, match=words):
        origins.refresh_sync()
    assert list(origins) == [SHOP]


def test_a_load_above_the_limit_fails() -> None:
    """Which of them to leave out cannot be known."""
    store = Store(SHOP)
    origins = polled(store.load, limit=1)
    origins.refresh_sync()
    store.rows = [SHOP, OTHER]
    with pytest.raises(InvalidPolicyError) as caught:
        origins.refresh_sync()
    assert caught.value.issues[0].code is IssueCode.TOO_MANY_LIVE_ORIGINS
    assert list(origins) == [SHOP]


def test_rows_may_come_from_any_iterable() -> None:
    """A set, a generator or a cursor that yields strings."""

    def load() -> Iterable[str]:
        yield SHOP
        yield from {OTHER}

    origins = polled(load)
    origins.refresh_sync()
    assert list(origins) == [OTHER, SHOP]


@pytest.mark.parametrize("change", ["add", "remove", "replace"])
def test_polled_origins_are_changed_where_they_are_stored(change: str) -> None:
    """The next load would undo a change, and a load under way would bring back a removed origin."""
    origins = polled(Store(SHOP).load)
    with pytest.raises(TypeError, match=rf"{change}\(\) cannot change origins that are polled"):
        getattr(origins, change)(SHOP)
    assert origins.advise(OTHER) == "if you trust this origin, add it to the data that your load function returns"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"load": [SHOP]}, TypeError, "load must be a function"),
        ({"every": "5"}, TypeError, "every must be a number of seconds"),
        ({"every": True}, TypeError, "every must be a number of seconds"),
        ({"every": 0}, ValueError, "every must be above 0"),
        ({"deadline": float("inf")}, ValueError, "deadline must be above 0"),
        ({"deadline": float("nan")}, ValueError, "deadline must be above 0"),
        ({"limit": 0}, ValueError, "limit must be at least 1"),
    ],
)
def test_a_wrong_argument_is_an_error(options: dict[str, Any], error: type[Exception], words: str) -> None:
    """The message names the argument."""
    with pytest.raises(error, match=words):
        LiveOrigins.polled(**{"load": Store().load, **options})


@pytest.mark.parametrize("name", ["load", "load_async"])
def test_the_thread_ends_when_nothing_holds_the_origins(name: str) -> None:
    """An app that is reloaded in the same process leaves no thread behind."""
    store = Store(SHOP)
    origins = LiveOrigins.polled(getattr(store, name), every=0.001)
    origins.refresh_sync()
    (thread,) = store.threads
    del origins
    gc.collect()
    thread.join(LONG)
    assert not thread.is_alive()


def _in_child(check: Callable[[], bool]) -> bool:
    """Return the result of a function in a forked process."""
    child = os.fork()
    if child == 0:
        passed = False
        try:
            passed = check()
        finally:
            os._exit(0 if passed else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_follows_the_database_on_its_own() -> None:
    """A fork copies only the thread that forks, so the child starts another one if there was one."""
    store = Store(SHOP)
    origins = polled(store.load)

    def follows() -> bool:
        store.rows = [OTHER]
        origins.refresh_sync()
        return list(origins) == [OTHER]

    # Before the first load, and after it.
    assert _in_child(follows)
    assert store.loads == 0
    origins.refresh_sync()
    assert _in_child(follows)
    assert list(origins) == [SHOP]

    def is_followed() -> bool:
        loads = store.loads
        store.loaded.clear()
        store.loads = 2
        origins._poller._wake.set()  # type: ignore[union-attr]
        return loads >= 1 and store.loaded.wait(LONG)

    assert _in_child(is_followed)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_of_a_process_that_polls_nothing_polls_nothing() -> None:
    """A worker for other jobs opens no connection."""
    store = Store(SHOP)
    origins = polled(store.load)
    assert _in_child(lambda: not origins._poller._started.locked() and store.loads == 0)  # type: ignore[union-attr]


def test_what_a_child_does_after_a_fork_starts_a_thread_if_there_was_one() -> None:
    """The same as in the tests with processes, in one process: a thread that was not started stays so."""
    started, unstarted = Store(SHOP), Store(SHOP)
    followed, other = polled(started.load), polled(unstarted.load)
    followed.refresh_sync()
    _restart_all()
    followed.refresh_sync()
    assert len(started.threads) == 2
    assert not other._poller._started.locked()  # type: ignore[union-attr]
    assert unstarted.loads == 0


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_fork_waits_for_a_change_of_another_thread() -> None:
    """The child can change the set, and every plan has been told."""
    origins, entered, proceed = LiveOrigins(), threading.Event(), threading.Event()
    told: list[int] = []

    class Slow:
        def origins_changed(self, added: Any) -> None:
            if not told:
                entered.set()
                assert proceed.wait(LONG)
            told.append(len(added))

    slow = Slow()
    origins.subscribe(slow)
    thread = threading.Thread(target=origins.add, args=(SHOP,))
    thread.start()
    assert entered.wait(LONG)
    # The fork begins while the change is under way, which ends a moment later.
    threading.Timer(0.01, proceed.set).start()
    assert _in_child(lambda: told == [1] and origins.add(OTHER) and len(origins) == 2)
    thread.join(LONG)
    assert told == [1]


def test_the_status_shows_no_password() -> None:
    """A health check may be public, and drivers repeat the URL that they were given."""
    store = Store()
    store.error = ValueError("cannot parse postgresql://app:secret@db.internal/app")
    origins = polled(store.load)
    with pytest.raises(ValueError, match="cannot parse"):
        origins.refresh_sync()
    assert origins.status().error == "load failed: ValueError: cannot parse postgresql://***@db.internal/app"


def test_the_log_has_the_traceback_of_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    """The function is the user's, and so is the mistake in it."""
    store = Store()
    store.error = ZeroDivisionError("in load")
    with caplog.at_level(logging.ERROR), pytest.raises(ZeroDivisionError):
        polled(store.load).refresh_sync()
    assert caplog.records[0].exc_info is not None


def test_the_logged_traceback_shows_no_password(caplog: pytest.LogCaptureFixture) -> None:
    """The error of a driver can have the URL that it was given."""
    store = Store()
    store.error = ValueError("cannot parse postgresql://app:secret@db.internal/app")
    with pytest.raises(ValueError, match="cannot parse"):
        polled(store.load).refresh_sync()
    assert "secret" not in caplog.text
    assert "in load\n" in caplog.text
    assert "ValueError: cannot parse postgresql://***@db.internal/app" in caplog.text


def test_errors_that_differ_in_numbers_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Clients of HTTP name the address of an object in memory, which is another one each time."""
    store = Store()
    origins = polled(store.load)
    for address in (0x7FA7007BA790, 0x7FA7007CCE50):
        store.error = OSError(f"<HTTPConnection object at {address:#x}>: refused")
        with pytest.raises(OSError, match="refused"):
            origins.refresh_sync()
    assert len(caplog.records) == 1
    store.error = OSError("no such host")
    with pytest.raises(OSError, match="no such host"):
        origins.refresh_sync()
    assert len(caplog.records) == 2


def test_a_source_that_fails_every_second_time_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure and its end are logged as a pair, and the next pair after a while."""
    caplog.set_level(logging.INFO)
    store = Store(SHOP)
    origins = polled(store.load)

    def fail_and_recover() -> list[str]:
        caplog.clear()
        store.error = OSError("no such host")
        with pytest.raises(OSError, match="no such host"):
            origins.refresh_sync()
        store.error = None
        origins.refresh_sync()
        return [record.getMessage() for record in caplog.records]

    failed, succeeded = fail_and_recover()
    assert failed.startswith("Live origins: load failed: OSError: no such host.")
    assert succeeded == "Live origins: load succeeds again, 1 origin."
    for _ in range(20):
        assert fail_and_recover() == []
    monkeypatch.setattr(failure_log, "_QUIET_SECONDS", 0.0)
    assert len(fail_and_recover()) == 2


def test_failures_of_ever_new_kinds_are_remembered_within_limits() -> None:
    """The texts of errors may come from outside."""
    failures = FailureLog()
    for number in range(1000):
        assert failures.admits("x" * number, 0.0)
        assert not failures.admits("x" * number, 60.0)
    assert len(failures._logged_at) <= 16


def test_a_thread_that_could_not_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with too many threads refuses another one, perhaps for a moment only."""
    origins = polled(Store(SHOP).load)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            origins.start()
    origins.refresh_sync()
    assert list(origins) == [SHOP]


def _no_thread(_: threading.Thread) -> None:
    message = "can't start new thread"
    raise RuntimeError(message)


def test_before_the_first_load_the_advice_is_about_the_failure() -> None:
    """The origin may be in the data already."""
    store = Store()
    store.error = OSError("no route to host")
    origins = polled(store.load)
    with pytest.raises(OSError, match="no route"):
        origins.refresh_sync()
    assert origins.advise(SHOP) == "fix your load function first, because the live origins are not in use"
    store.error = None
    origins.refresh_sync()
    assert origins.advise(SHOP).startswith("if you trust this origin, add it to the data")
