"""Following a store: each kind of change, of both engines, applied to the set as the database has it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crossorigin import InvalidPolicyError, LiveOrigins
from crossorigin.live.stores import reading
from crossorigin.live.stores.address import StoreAddress, read_address
from crossorigin.live.stores.errors import StoreError
from tests.unit.live.stores.stores import CAFE, SHOP, address, create, execute, url

__all__ = ["address", "url"]

# A test that waits for this long has failed.
LONG = 60.0


def follow(address: StoreAddress, **options: Any) -> LiveOrigins:
    """Return origins that are compared when the test asks for it."""
    url = address.conninfo or f"sqlite:///{address.path}"
    return LiveOrigins.open(url, **{"poll": LONG, "deadline": LONG, **options})


def inserted(*origins: str, scope: str = "") -> str:
    """Return a statement that adds rows, as somebody writes it by hand."""
    rows = ", ".join(f"('{scope}', '{origin}')" for origin in origins)
    return f"INSERT INTO cors_origin (scope, origin) VALUES {rows}"  # noqa: S608  # values of this file


def removed(origin: str) -> str:
    """Return a statement that removes a row."""
    return f"DELETE FROM cors_origin WHERE origin = '{origin}'"  # noqa: S608  # values of this file


@contextmanager
def full_loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Record when all origins are read."""
    found: list[str] = []
    original = reading.read_snapshot

    def read_snapshot(read: Any, *arguments: Any, **options: Any) -> Any:
        snapshot = original(read, *arguments, **options)
        if snapshot.rows is not None:
            found.append("all")
        return snapshot

    monkeypatch.setattr("crossorigin.live.stores.follower.read_snapshot", read_snapshot)
    yield found


def test_edits_by_hand_are_applied(address: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first comparison reads all origins, the others read the log."""
    origins = follow(address)
    with full_loads(monkeypatch) as loads:
        origins.refresh_sync()
        assert list(origins) == []
        execute(address, inserted(SHOP, CAFE))
        origins.refresh_sync()
        assert list(origins) == [CAFE, SHOP]
        execute(address, removed(SHOP), f"UPDATE cors_origin SET origin = '{SHOP}'")  # noqa: S608  # values of this file
        origins.refresh_sync()
        assert list(origins) == [SHOP]
        execute(address, removed(SHOP), inserted(SHOP), removed(SHOP), inserted(CAFE))
        origins.refresh_sync()
        assert list(origins) == [CAFE]
        origins.refresh_sync()
        assert loads == ["all"]
    status = origins.status()
    assert (status.source, status.revision, status.ready, status.connected) == (address.engine, 9, True, True)
    assert status.error is None
    ((epoch,),) = execute(address, "SELECT epoch FROM cors_head")
    assert status.epoch == epoch
    assert origins.describe().startswith(f"the live origins ({address.engine}, revision 9, compared 0.")


def test_a_scope_sees_only_its_origins(address: StoreAddress) -> None:
    """The revision counts the edits of all scopes."""
    origins = follow(address, scope="eu")
    execute(address, inserted(SHOP), inserted(CAFE, scope="eu"))
    origins.refresh_sync()
    assert list(origins) == [CAFE]
    execute(address, inserted("https://us.example"), removed(SHOP), inserted("https://eu.example", scope="eu"))
    origins.refresh_sync()
    assert list(origins) == [CAFE, "https://eu.example"]
    assert origins.status().revision == 5


def test_bad_rows_are_skipped_counted_and_logged_once(address: StoreAddress, caplog: pytest.LogCaptureFixture) -> None:
    """They are not served, in a full load and in the log alike, and a correction ends the count."""
    execute(address, inserted(SHOP, "*", "null"))
    origins = follow(address)
    origins.refresh_sync()
    assert (list(origins), origins.status().rejected) == ([SHOP], 2)
    execute(address, inserted("http://shop.customer.example", "https://*.customer.example", CAFE))
    origins.refresh_sync()
    origins.refresh_sync()
    assert (list(origins), origins.status().rejected) == ([CAFE, SHOP], 4)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 4
    first = f"Skipped an invalid live origin of {address}. The others are served."
    assert all(line.startswith(f"{first}\nrow = ") for line in lines)
    execute(address, removed("*"), removed("null"), removed("https://*.customer.example"), removed(CAFE))
    origins.refresh_sync()
    assert (list(origins), origins.status().rejected) == ([SHOP], 1)
    execute(address, inserted("*"))
    origins.refresh_sync()
    assert origins.status().rejected == 2
    assert "row = '*'" in caplog.records[-1].getMessage()


def test_a_huge_row_is_cut_when_it_is_read(address: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest change is read with each comparison, and each process would keep the text."""
    found: list[reading.Snapshot] = []
    original = reading.read_snapshot

    def read_snapshot(*arguments: Any, **options: Any) -> reading.Snapshot:
        found.append(original(*arguments, **options))
        return found[-1]

    monkeypatch.setattr("crossorigin.live.stores.follower.read_snapshot", read_snapshot)
    origins = follow(address)
    for rows in [(SHOP, "https://" + "a" * 100_000), (CAFE, "https://" + "b" * 100_000)]:
        execute(address, inserted(*rows))
        origins.refresh_sync()
    assert (list(origins), origins.status().rejected) == ([CAFE, SHOP], 2)
    first, second = found
    assert sorted(len(str(row)) for row in first.rows or ()) == [len(SHOP), 1001]
    assert sorted(len(str(row)) for row in second.changes or ()) == [len(CAFE), 1001]
    assert first.position.change is not None
    assert len(str(first.position.change[2])) in {len(SHOP), 1001}


@pytest.mark.parametrize("length", [0, 5000])
def test_a_row_is_not_cut_at_a_nul(tmp_path: Path, length: int) -> None:
    """What comes before it would be valid. PostgreSQL does not store it."""
    address = create(f"sqlite:///{tmp_path}/cors.db")
    origins = follow(address)
    for _ in range(2):
        execute(address, inserted(f"{SHOP}|{'a' * length}"))
        execute(address, "UPDATE cors_origin SET origin = replace(origin, '|', char(0))")
        origins.refresh_sync()
        assert (list(origins), origins.status().rejected) == ([], 1)
        execute(address, "DELETE FROM cors_origin")
        origins.refresh_sync()
        assert origins.status().rejected == 0


def test_the_log_names_the_command_that_shows_all_bad_rows(
    address: StoreAddress, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the first ones are logged."""
    execute(address, inserted(*(f"shop-{number}.example" for number in range(12))))
    follow(address).refresh_sync()
    assert caplog.records[-1].getMessage() == (
        f"Skipped 2 more invalid live origins of {address}. To see all, run: "
        f"crossorigin origins verify {address.option}"
    )


def test_a_row_of_another_type_is_skipped(tmp_path: Path) -> None:
    """SQLite stores what it is given: bytes that are not UTF-8, and blobs."""
    address = create(f"sqlite:///{tmp_path / 'cors.db'}")
    execute(address, inserted(SHOP), "INSERT INTO cors_origin (origin) VALUES (x'ff'), (CAST(x'68ff' AS text))")
    origins = follow(address)
    origins.refresh_sync()
    assert (list(origins), origins.status().rejected) == ([SHOP], 2)
    execute(address, "DELETE FROM cors_origin WHERE origin = x'ff'")
    origins.refresh_sync()
    assert (list(origins), origins.status().rejected) == ([SHOP], 1)


def test_too_many_origins_are_an_error_and_change_nothing(
    address: StoreAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a full load, in the log, and if not even all rows are read. Only removals from the log are applied."""
    execute(address, inserted(SHOP, CAFE))
    origins = follow(address, limit=2)
    origins.refresh_sync()
    execute(address, inserted("https://third.example"))
    for opened, count in ((origins, 2), (follow(address, limit=2), 0)):
        with pytest.raises(InvalidPolicyError, match="There would be 3 origins, and the limit is 2"):
            opened.refresh_sync()
        assert len(opened) == count
        assert "the limit is 2" in (opened.status().error or "")
        assert f"reading {address} failed. There would be 3 origins" in (opened.status().error or "")
    execute(address, removed(SHOP), inserted("https://fourth.example"))
    with pytest.raises(InvalidPolicyError):
        origins.refresh_sync()
    assert list(origins) == [CAFE]
    monkeypatch.setattr(reading, "MAX_INVALID", 0)
    with pytest.raises(StoreError, match="has more than 2 origins, and the limit is 2"):
        follow(address, limit=2).refresh_sync()
    execute(address, removed("https://third.example"))
    origins.refresh_sync()
    assert list(origins) == [CAFE, "https://fourth.example"]


REWRITE_HISTORY: dict[str, tuple[str, ...]] = {
    "a trimmed log": ("DELETE FROM cors_change WHERE rev < 4",),
    "a log with a gap": ("DELETE FROM cors_change WHERE rev = 4",),
    "a log that is gone": ("DELETE FROM cors_change",),
    "a log with other contents": ("UPDATE cors_change SET actor = 'x', at = '2001-01-01T00:00:00Z' WHERE rev = 3",),
    "another epoch": ("UPDATE cors_head SET epoch = 'other'",),
}


@pytest.mark.parametrize("name", REWRITE_HISTORY)
def test_a_broken_history_leads_to_a_full_load(
    address: StoreAddress, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the log does not say is read from the origins themselves."""
    execute(address, inserted(SHOP, CAFE), removed(SHOP))
    origins = follow(address)
    origins.refresh_sync()
    execute(address, inserted("https://fourth.example"), inserted("https://fifth.example"), *REWRITE_HISTORY[name])
    with full_loads(monkeypatch) as loads:
        origins.refresh_sync()
        assert loads == ["all"]
    assert list(origins) == [CAFE, "https://fifth.example", "https://fourth.example"]


def test_a_revision_that_went_back_leads_to_a_full_load(address: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older backup was restored. That it leads to no origins at all is taken as it is."""
    execute(address, inserted(SHOP))
    origins = follow(address)
    origins.refresh_sync()
    execute(address, removed(SHOP), "DELETE FROM cors_change", "UPDATE cors_head SET rev = 0")
    with full_loads(monkeypatch) as loads:
        origins.refresh_sync()
        assert loads == ["all"]
    assert (list(origins), origins.status().revision, origins.status().error) == ([], 0, None)


def test_a_backup_with_as_many_edits_is_noticed(address: StoreAddress) -> None:
    """The revision is the same as before, but the edit that led to it is not."""
    execute(address, inserted(SHOP))
    origins = follow(address)
    origins.refresh_sync()
    execute(
        address,
        removed(SHOP),
        "DELETE FROM cors_change",
        "UPDATE cors_head SET rev = 0",
        inserted(CAFE),
    )
    assert execute(address, "SELECT rev FROM cors_head") == [(1,)]
    origins.refresh_sync()
    assert list(origins) == [CAFE]


def test_many_changes_are_read_as_a_whole(address: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a mass import is longer than the origins."""
    origins = follow(address)
    origins.refresh_sync()
    monkeypatch.setattr(reading, "MAX_CHANGES", 1)
    execute(address, inserted(SHOP, CAFE))
    with full_loads(monkeypatch) as loads:
        origins.refresh_sync()
        assert loads == ["all"]
    assert list(origins) == [CAFE, SHOP]


def test_a_new_database_without_origins_closes_nothing(address: StoreAddress, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody may have created it by mistake. The first origin that is added to it applies, and ends the old ones."""
    execute(address, inserted(SHOP))
    origins = follow(address)
    origins.refresh_sync()
    execute(
        address, "DELETE FROM cors_origin", "DELETE FROM cors_change", "UPDATE cors_head SET epoch = 'new', rev = 0"
    )
    for _ in range(2):
        with pytest.raises(StoreError, match="is a new database without origins"):
            origins.refresh_sync()
    assert list(origins) == [SHOP]
    status = origins.status()
    assert (status.ready, status.connected, status.revision) == (True, True, 1)
    assert "If there must be none, restart the app." in (status.error or "")
    assert len([record for record in caplog.records if str(address) in record.getMessage()]) == 1
    execute(address, inserted(CAFE))
    origins.refresh_sync()
    assert (list(origins), origins.status().epoch, origins.status().error) == ([CAFE], "new", None)


def test_a_schema_of_the_future_is_not_read(address: StoreAddress) -> None:
    """What was loaded stays in use, even if the tables have changed so much that the statements fail."""
    execute(address, inserted(SHOP))
    origins = follow(address)
    origins.refresh_sync()
    execute(address, "UPDATE cors_head SET schema_version = 2")
    for statement in ("SELECT 1", "ALTER TABLE cors_change RENAME COLUMN action TO what", "DROP TABLE cors_change"):
        execute(address, statement)
        with pytest.raises(StoreError, match=r"has schema version 2, and this release .* reads version 1"):
            origins.refresh_sync()
        assert list(origins) == [SHOP]
        assert "schema version 2" in (origins.status().error or "")
        assert origins.status().connected


def test_missing_tables_are_reported_with_the_command_that_creates_them(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The app starts before the database is prepared, and says so without a password."""
    if url.startswith("sqlite"):
        import sqlite3

        sqlite3.connect(url.removeprefix("sqlite:///")).close()
    origins = LiveOrigins.open(url, poll=LONG)
    with pytest.raises(StoreError, match=r"has no tables of live origins\. Run: crossorigin origins init --store "):
        origins.refresh_sync()
    assert origins.status().connected
    (record,) = [record for record in caplog.records if str(read_address(url)) in record.getMessage()]
    assert record.getMessage().endswith("No origins were loaded yet, so only those of the policy are allowed.")
    assert "canary" not in record.getMessage()
    assert record.exc_info is None


def test_an_empty_head_is_reported(address: StoreAddress) -> None:
    """Somebody has created the tables without the row that `init` inserts, or has deleted it."""
    execute(address, "DELETE FROM cors_head")
    with pytest.raises(StoreError, match="has no row in cors_head"):
        follow(address).refresh_sync()


def test_a_store_that_works_again_is_logged(address: StoreAddress, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody who has read the error learns that it is over."""
    caplog.set_level(logging.INFO, "crossorigin")
    origins = follow(address)
    execute(address, "UPDATE cors_head SET schema_version = 2")
    with pytest.raises(StoreError):
        origins.refresh_sync()
    execute(address, "UPDATE cors_head SET schema_version = 1")
    origins.refresh_sync()
    assert caplog.records[-1].getMessage() == f"Live origins: reading {address} succeeds again, 0 origins."


def test_attempts_after_a_failure_come_sooner_and_then_later(address: StoreAddress) -> None:
    """At most a second passes until an attempt, and at most `poll` without a failure."""
    follower = follow(address, poll=30.0)._follower
    assert follower is not None
    assert follower.delay(0) == 30.0
    assert 0.05 <= follower.delay(1) <= 0.1
    assert all(0.5 <= follower.delay(failures) <= 1 for failures in (5, 100, 100_000))


def test_an_unexpected_error_is_reported_with_its_type(address: StoreAddress) -> None:
    """The thread goes on after it, as after all others."""
    follower = follow(address)._follower
    assert follower is not None
    text = follower.explain(MemoryError("no\nmemory"), timed_out=False)
    assert text == f"reading {address} failed: MemoryError: no memory"


def test_a_writer_reads_its_own_writes(address: StoreAddress) -> None:
    """When the block ends, this process has applied the change."""
    origins = follow(address)
    with origins.writer(actor="ana") as writer:
        assert writer.add(SHOP)
    assert list(origins) == [SHOP]
    with origins.writer() as writer:
        assert writer.remove(SHOP)
    assert list(origins) == []
