"""Editing a store: transactions, the log, and what is checked before it is stored."""

import sqlite3
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crossorigin import InvalidPolicyError, StoreError
from crossorigin.live.stores.address import StoreAddress, read_address
from crossorigin.live.stores.editor import Editor, Head, initialize, read_head
from crossorigin.live.stores.session import Session
from crossorigin.live.validation import OriginRules
from tests.unit.live.stores.stores import (
    CAFE,
    LOG,
    RULES,
    SHOP,
    TIMEOUT,
    address,
    create,
    editor,
    execute,
    insert,
    raw,
    session,
    url,
)

__all__ = ["address", "editor", "session", "url"]

INVALID = "https://Shop.customer.example/"


def test_origins_are_added_and_removed(editor: Editor) -> None:
    """Each method returns what it has changed."""
    with editor.transaction("ana"):
        assert editor.add([SHOP, CAFE, SHOP]) == [CAFE, SHOP]
        assert editor.add([SHOP]) == []
        assert editor.remove(CAFE) is True
        assert editor.remove(CAFE) is False
    assert editor.origins() == [SHOP]
    assert (editor.contains(SHOP), editor.contains(CAFE), editor.count()) == (True, False, 1)
    log = [(change.revision, change.action, change.origin, change.actor) for change in editor.changes()]
    assert log == [(1, "add", CAFE, "ana"), (2, "add", SHOP, "ana"), (3, "remove", CAFE, "ana")]


def test_the_log_is_read_from_a_revision_and_for_one_origin(editor: Editor) -> None:
    """With a limit, the newest changes are returned, and the oldest of them is first."""
    with editor.transaction():
        editor.add([CAFE, SHOP])
        editor.remove(CAFE)
    assert [change.revision for change in editor.changes(after=1)] == [2, 3]
    assert [change.revision for change in editor.changes(origin=CAFE)] == [1, 3]
    assert [change.revision for change in editor.changes(limit=2)] == [2, 3]


def test_times_are_in_utc(editor: Editor) -> None:
    """Both engines write them in the same form."""
    with editor.transaction():
        editor.add([SHOP])
    [change] = editor.changes()
    assert change.at[4] == change.at[7] == "-"
    assert change.at[10::13] == "TZ"


def test_an_exception_rolls_everything_back(address: StoreAddress, editor: Editor) -> None:
    """The revision too, and in SQLite the name of the actor."""
    with pytest.raises(InvalidPolicyError), editor.transaction("ana"):
        assert [editor.add([SHOP]), editor.remove(INVALID)] == []
    assert execute(address, LOG) == []
    with editor.transaction():
        editor.add([CAFE])
    [change] = editor.changes()
    assert (change.revision, change.actor == "ana") == (1, False)


def test_without_an_actor_the_log_has_the_login_of_postgresql(address: StoreAddress, editor: Editor) -> None:
    """SQLite has no users, so the log has nobody."""
    with editor.transaction():
        editor.add([SHOP])
    [change] = editor.changes()
    assert change.actor == (None if address.engine == "sqlite" else "crossorigin_admin")


def test_an_actor_is_not_kept_for_edits_with_raw_sql(address: StoreAddress, editor: Editor) -> None:
    """It ends with the transaction."""
    with editor.transaction("ana"):
        editor.add([SHOP])
    execute(address, insert(CAFE))
    assert [change.actor == "ana" for change in editor.changes()] == [True, False]


def test_scopes_are_separate_sets(session: Session, editor: Editor) -> None:
    """With one revision for all of them."""
    other = Editor(session, RULES, scope="admin")
    with editor.transaction():
        assert editor.add([SHOP]) == [SHOP]
        assert other.add([SHOP]) == [SHOP]
        assert other.remove(CAFE) is False
    assert (editor.count(), other.count(), read_head(session).revision) == (1, 1, 2)
    assert [change.revision for change in other.changes()] == [2]


def test_a_row_more_than_the_limit_is_refused(session: Session, editor: Editor) -> None:
    """Otherwise no app could load the origins any more."""
    with pytest.raises(InvalidPolicyError, match="too-many-live-origins"), editor.transaction():
        editor.add([f"https://{name}.example" for name in "abcd"])
    assert editor.count() == 0
    with editor.transaction():
        editor.add([f"https://{name}.example" for name in "abc"])
        assert editor.add(["https://a.example"]) == []


def test_an_invalid_row_is_removed_by_its_exact_text(address: StoreAddress, editor: Editor) -> None:
    """Somebody has written it by hand."""
    execute(address, insert(INVALID))
    with editor.transaction():
        assert editor.remove(INVALID) is True
    assert editor.count() == 0


@pytest.mark.parametrize("origin", [INVALID, "https://a\0.example", "https://\ud800.example"])
def test_an_invalid_origin_that_is_not_stored_is_an_error(editor: Editor, origin: str) -> None:
    """A typing error must not look like a removal. A database cannot store all texts."""
    with pytest.raises(InvalidPolicyError), editor.transaction():
        editor.remove(origin)


def test_something_that_is_not_text_is_an_error(editor: Editor) -> None:
    """With the issue of a policy."""
    with pytest.raises(InvalidPolicyError, match="not-a-string"), editor.transaction():
        editor.remove(5)  # type: ignore[arg-type]


def test_a_row_that_is_not_text_is_listed(tmp_path: object) -> None:
    """SQLite stores bytes in a column for text."""
    address = create(f"sqlite:///{tmp_path}/cors.db")
    execute(address, insert(SHOP), "INSERT INTO cors_origin (origin) VALUES (x'00ff')")
    with Session(address, timeout=TIMEOUT) as session:
        assert Editor(session, RULES).origins() == [b"\x00\xff", SHOP]


def test_init_can_be_run_again(address: StoreAddress, session: Session) -> None:
    """It keeps the epoch and the origins, and adds what is missing."""
    before = read_head(session)
    execute(address, insert(SHOP), "DELETE FROM cors_change", "DROP TABLE cors_change")
    assert initialize(session) == Head(epoch=before.epoch, revision=1)
    assert execute(address, LOG) == []


def test_init_repairs_an_empty_head(address: StoreAddress, session: Session) -> None:
    """It has a new epoch, because nobody knows how many edits there were."""
    before = read_head(session)
    execute(address, "DELETE FROM cors_head")
    with pytest.raises(StoreError, match=r"cors_head of .* is empty"):
        read_head(session)
    assert initialize(session).epoch != before.epoch


def test_init_waits_for_another_one_that_switches_to_wal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself reports the lock immediately. Other errors are reported at once, and a lock that stays as well."""
    address, run = read_address(f"sqlite:///{tmp_path}/cors.db"), Session._run
    errors: list[str] = []

    def busy(session: Session, statement: str, parameters: tuple[object, ...]) -> Any:
        if "journal_mode" in statement and errors:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorname = errors.pop()
            raise error
        return run(session, statement, parameters)

    monkeypatch.setattr(Session, "_run", busy)
    for names, timeout, works in (
        (["SQLITE_BUSY"] * 2, TIMEOUT, True),
        (["SQLITE_READONLY"], TIMEOUT, False),
        (["SQLITE_BUSY"] * 1000, 0.05, False),
    ):
        errors[:] = names
        with (
            Session(address, timeout=timeout, create=True) as session,
            nullcontext() if works else pytest.raises(StoreError, match="is locked by another process"),
        ):
            assert initialize(session).revision == 0


def test_two_processes_can_run_init_at_the_same_time(url: str) -> None:
    """One of them creates the tables."""
    address, failures = read_address(url), list[BaseException]()

    def init() -> None:
        try:
            with Session(address, timeout=TIMEOUT, create=True) as session:
                initialize(session)
        except (StoreError, sqlite3.Error, psycopg.Error) as error:
            failures.append(error)

    threads = [threading.Thread(target=init) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert execute(address, "SELECT rev FROM cors_head") == [(0,)]


def test_another_version_of_the_schema_is_not_touched(address: StoreAddress, session: Session) -> None:
    """A newer release has created it, and knows what this one would break."""
    execute(address, "UPDATE cors_head SET schema_version = 2")
    editor = Editor(session, RULES)
    with pytest.raises(StoreError, match="has schema version 2, and this release of crossorigin reads version 1"):
        initialize(session)
    with pytest.raises(StoreError, match="schema version 2"), editor.transaction():
        editor.add([SHOP])
    assert execute(address, "SELECT * FROM cors_origin") == []


def test_a_removal_sees_an_origin_that_was_added_while_it_waited(address: StoreAddress, editor: Editor) -> None:
    """Otherwise the origin would stay allowed although both commands have succeeded."""
    removed: list[bool] = []

    def remove() -> None:
        with Session(address, timeout=TIMEOUT) as session:
            other = Editor(session, RULES)
            with other.transaction():
                removed.append(other.remove(SHOP))

    thread = threading.Thread(target=remove)
    with editor.transaction():
        editor.add([SHOP])
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(60)
    assert removed == [True]


def test_missing_triggers_are_found(address: StoreAddress, editor: Editor) -> None:
    """Edits without them are not noticed by any process."""
    assert editor.missing_triggers() == []
    on = "" if address.engine == "sqlite" else " ON cors_origin"
    execute(address, f"DROP TRIGGER cors_origin_deleted{on}")
    assert editor.missing_triggers() == ["cors_origin_deleted"]


def test_disabled_triggers_are_found(postgresql_database: str) -> None:
    """A restore that was interrupted leaves them disabled."""
    address = create(postgresql_database)
    execute(address, "ALTER TABLE cors_origin DISABLE TRIGGER cors_origin_edited")
    with Session(address, timeout=TIMEOUT) as session:
        assert Editor(session, RULES).missing_triggers() == ["cors_origin_edited"]


def test_many_origins_are_added_in_one_statement(address: StoreAddress, session: Session) -> None:
    """Each has its own revision."""
    editor = Editor(session, OriginRules(("https",), 5000))
    with editor.transaction():
        assert len(editor.add([f"https://shop{number}.example" for number in range(5000)])) == 5000
    assert execute(address, "SELECT count(*), min(rev), max(rev) FROM cors_change") == [(5000, 1, 5000)]
    with raw(address) as connection:
        assert connection.execute("SELECT rev FROM cors_head").fetchone() == (5000,)
