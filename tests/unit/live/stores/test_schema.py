"""The tables and triggers: every edit is in the log, in the order of the commits and without gaps."""

import threading
from typing import Any

import psycopg
import pytest

from crossorigin.live.stores.address import StoreAddress, read_address
from crossorigin.live.stores.schema import STATEMENTS, VERSION, Engine, script
from tests.postgres import PostgreSQL
from tests.unit.live.stores.stores import CAFE, LOG, SHOP, address, execute, insert, raw, url

__all__ = ["address", "url"]

_INSERT = insert(SHOP)


def _head(address: StoreAddress) -> tuple[Any, ...]:
    [head] = execute(address, "SELECT epoch, rev, schema_version FROM cors_head")
    return head


def test_a_new_store_is_at_revision_0_of_its_own_epoch(address: StoreAddress) -> None:
    """Two stores never have the same epoch, so a reader notices when it is given another one."""
    epoch, revision, version = _head(address)
    assert (revision, version) == (0, VERSION)
    assert len(epoch) >= 32
    execute(address, "DELETE FROM cors_head", STATEMENTS[address.engine][-1])
    assert _head(address)[0] != epoch


def test_a_head_that_was_deleted_continues_after_the_log(address: StoreAddress) -> None:
    """Each revision is unique in the log, so a head at revision 0 would make every edit fail."""
    execute(address, insert(CAFE, SHOP), "DELETE FROM cors_head", *STATEMENTS[address.engine])
    execute(address, f"DELETE FROM cors_origin WHERE origin = '{SHOP}'")  # noqa: S608  # a value of this file
    assert _head(address)[1] == 3
    assert [row[0] for row in execute(address, "SELECT rev FROM cors_change ORDER BY rev")] == [1, 2, 3]


def test_edits_with_raw_sql_are_logged(address: StoreAddress) -> None:
    """Each row of an INSERT, UPDATE and DELETE has its own revision."""
    execute(
        address,
        insert(CAFE, SHOP),
        "UPDATE cors_origin SET scope = 'shop' WHERE origin LIKE '%shop%'",
        "DELETE FROM cors_origin",
    )
    log = execute(address, LOG)
    assert [row[0] for row in log] == [1, 2, 3, 4, 5, 6]
    assert [row[1:] for row in log[:4]] == [
        ("", CAFE, "add"),
        ("", SHOP, "add"),
        ("", SHOP, "remove"),
        ("shop", SHOP, "add"),
    ]
    assert {row[1:] for row in log[4:]} == {("", CAFE, "remove"), ("shop", SHOP, "remove")}
    assert _head(address)[1] == 6


def test_an_edit_without_effect_has_no_revision(address: StoreAddress) -> None:
    """Inserting a row that exists, and removing one that does not."""
    execute(address, _INSERT, f"{_INSERT} ON CONFLICT DO NOTHING", "DELETE FROM cors_origin WHERE scope = 'other'")
    assert _head(address)[1] == 1
    assert len(execute(address, LOG)) == 1


def test_a_transaction_that_is_rolled_back_leaves_no_gap(address: StoreAddress) -> None:
    """The next revision follows the last committed one."""
    execute(address, "BEGIN", _INSERT, "ROLLBACK", _INSERT)
    assert execute(address, LOG) == [(1, "", SHOP, "add")]


def test_the_script_can_be_run_again(address: StoreAddress) -> None:
    """It changes neither the epoch nor the origins."""
    before = _head(address)
    with raw(address) as connection:
        (connection.executescript if address.engine == "sqlite" else connection.execute)(script(address.engine))
    assert _head(address) == before


@pytest.mark.parametrize("engine", STATEMENTS)
def test_the_script_has_the_version_of_the_schema(engine: Engine) -> None:
    """The number is written out in the statement, so that the SQL can be read as it is."""
    assert f", {VERSION} FROM cors_change" in STATEMENTS[engine][-1]


@pytest.mark.parametrize("engine", STATEMENTS)
def test_the_script_can_be_split(engine: Engine) -> None:
    """Migrations run one statement at a time, and pass it through a driver that may interpret percent signs."""
    assert tuple(script(engine).removesuffix(";\n").split(";\n\n")) == STATEMENTS[engine]
    assert engine == "sqlite" or "%" not in script(engine)


def test_edits_without_a_head_are_refused(address: StoreAddress) -> None:
    """Otherwise no process would notice them."""
    with pytest.raises(Exception, match=r"cors_head is empty\. Run: crossorigin origins init"):
        execute(address, "DELETE FROM cors_head", _INSERT)
    assert execute(address, "SELECT * FROM cors_origin") == []


def test_truncate_starts_an_epoch(postgresql_database: str) -> None:
    """TRUNCATE calls no trigger for rows, so the log does not have what it removed."""
    address = read_address(postgresql_database)
    execute(address, script("postgresql"), _INSERT)
    before = _head(address)
    execute(address, "TRUNCATE cors_origin")
    after = _head(address)
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def test_a_commit_notifies_of_its_revision(postgresql_database: str) -> None:
    """One notification for each statement that changed something."""
    address = read_address(postgresql_database)
    execute(address, script("postgresql"))
    with raw(address) as listener:
        listener.execute("LISTEN crossorigin")
        execute(address, _INSERT, f"{_INSERT} ON CONFLICT DO NOTHING", "TRUNCATE cors_origin")
        assert [found.payload for found in listener.notifies(timeout=10, stop_after=2)] == ["1", "1"]


def test_a_connection_and_a_transaction_can_name_the_actor(postgresql_database: str) -> None:
    """An ORM sets the variable `crossorigin.actor`. Otherwise the log has the name of the login."""
    address = read_address(postgresql_database)
    execute(address, script("postgresql"), _INSERT, "SET crossorigin.actor = 'ana'", "DELETE FROM cors_origin")
    [[user]] = execute(address, "SELECT session_user")
    assert execute(address, "SELECT action, actor FROM cors_change ORDER BY rev") == [("add", user), ("remove", "ana")]


def test_an_editor_cannot_hijack_the_triggers(postgresql: PostgreSQL, postgresql_database: str) -> None:
    """A temporary table is not used instead of `cors_head`, and the functions cannot be attached to other tables."""
    address = read_address(postgresql_database)
    database = postgresql_database.rpartition("/")[2]
    execute(address, script("postgresql"), "CREATE ROLE hijacker LOGIN PASSWORD 'hijacker'")
    execute(address, "GRANT SELECT, INSERT, DELETE ON cors_origin TO hijacker")
    url = postgresql.url(database, user="hijacker", password="hijacker")  # noqa: S106  # created above
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TEMPORARY TABLE cors_head (id integer, rev bigint)")
            connection.execute("INSERT INTO cors_head VALUES (1, 1000)")
            connection.execute(_INSERT.encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    "CREATE TRIGGER hijack AFTER INSERT ON pg_temp.cors_head FOR EACH STATEMENT "
                    "EXECUTE FUNCTION public.cors_start_epoch()"
                )
        assert _head(address)[1] == 1
    finally:
        execute(address, "DROP OWNED BY hijacker", "DROP ROLE hijacker")


def test_the_tables_can_be_in_any_schema(postgresql_database: str) -> None:
    """The triggers find the tables next to their own, whatever the search path of the editor is."""
    address = read_address(postgresql_database)
    execute(
        address,
        'CREATE SCHEMA "Live origins"',
        'SET search_path TO "Live origins"',
        script("postgresql"),
        "SET search_path TO public",
        insert(SHOP, into='"Live origins".cors_origin'),
    )
    assert execute(address, 'SELECT rev, actor IS NULL FROM "Live origins".cors_change') == [(1, False)]


def test_revisions_are_committed_in_their_order(address: StoreAddress) -> None:
    """A transaction that edits waits for the one before it, so nobody can read revision 2 without revision 1."""
    with raw(address) as first:
        first.execute("BEGIN IMMEDIATE" if address.engine == "sqlite" else "BEGIN")
        first.execute(_INSERT)
        second = threading.Thread(target=execute, args=(address, insert(CAFE)), daemon=True)
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert _head(address)[1] == 0
        first.execute("COMMIT")
        second.join(30)
    assert execute(address, LOG) == [(1, "", SHOP, "add"), (2, "", CAFE, "add")]


def test_edits_of_the_same_origins_in_another_order_do_not_deadlock(postgresql_database: str) -> None:
    """The head is locked before the rows. Otherwise each transaction would wait for a row of the other."""
    address = read_address(postgresql_database)
    execute(address, script("postgresql"))
    failures: list[BaseException] = []

    def edit(origins: list[str]) -> None:
        try:
            with psycopg.connect(address.conninfo) as connection:
                for origin in origins:
                    statement = "INSERT INTO cors_origin (origin) VALUES (%s) ON CONFLICT DO NOTHING"
                    connection.execute(statement, (origin,))
        except psycopg.Error as error:
            failures.append(error)

    for _ in range(20):
        threads = [threading.Thread(target=edit, args=(order,)) for order in ([SHOP, CAFE], [CAFE, SHOP])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        execute(address, "DELETE FROM cors_origin")
    assert failures == []
    assert [row[0] for row in execute(address, LOG)] == list(range(1, 81))
