"""`crossorigin origins`: what each command does and prints, and its exit codes."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crossorigin.doctor import cli
from crossorigin.doctor.origins import tasks
from crossorigin.live.stores.address import StoreAddress, read_address
from crossorigin.live.stores.schema import script
from tests.postgres import free_port
from tests.unit.live.stores.stores import CAFE, SHOP, address, execute, insert, url

__all__ = ["address", "url"]

INVALID = "HTTPS://Shop.customer.example/"
_RUNNER = CliRunner()


@pytest.fixture
def store(url: str, address: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store with tables, given by the environment. The login name is the same on every machine."""
    monkeypatch.setenv("CROSSORIGIN_STORE", url)
    monkeypatch.setenv("LOGNAME", "ana")
    return address


def run(*arguments: str, stdin: str | None = None) -> Result:
    """Run a command. A password must never be printed."""
    result = _RUNNER.invoke(cli.cli, ["origins", *arguments], input=stdin)
    assert "canary" not in result.output
    return result


def document(*arguments: str, code: int = 0) -> dict[str, Any]:
    """Run a command with --json, and return its document."""
    result = run(*arguments, "--json")
    assert result.exit_code == code
    assert result.stdout.count("\n") == 1
    return dict(json.loads(result.stdout))


def test_init_creates_the_tables(url: str) -> None:
    """And can be run again."""
    for _ in range(2):
        result = run("--store", url, "init")
        assert (result.exit_code, result.stdout) == (
            0,
            f"{read_address(url)} is ready: schema version 1, revision 0\n",
        )
    printed = document("init", "--store", url)
    assert printed == {
        "store": str(read_address(url)),
        "schema_version": 1,
        "epoch": execute(read_address(url), "SELECT epoch FROM cors_head")[0][0],
        "revision": 0,
    }


def test_init_prints_the_sql_without_a_connection() -> None:
    """For a migration."""
    result = run("--store", f"postgresql://app@127.0.0.1:{free_port()}/app", "init", "--print")
    assert (result.exit_code, result.stdout) == (0, script("postgresql"))
    assert run("--store", "sqlite:///cors.db", "init", "--print").stdout == script("sqlite")


def test_origins_are_added_and_removed(store: StoreAddress) -> None:
    """The exit code is 0 as well if there was nothing to do."""
    assert run("add", CAFE).stdout == f"Added: {CAFE}\nRevision 1\n"
    assert run("add", SHOP, CAFE, SHOP).stdout == f"Added: {SHOP}\nAlready stored: {CAFE}\nRevision 2\n"
    assert run("list").stdout == f"{CAFE}\n{SHOP}\n"
    assert run("remove", SHOP).stdout == f"Removed: {SHOP}\nRevision 3\n"
    result = run("remove", SHOP)
    assert (result.exit_code, result.stdout) == (0, f"Not stored: {SHOP}\nRevision 3\n")
    assert execute(store, "SELECT origin FROM cors_origin") == [(CAFE,)]


@pytest.mark.usefixtures("store")
def test_edits_are_documents_too() -> None:
    """With the same content."""
    assert document("add", CAFE, SHOP) == {"revision": 2, "changed": [CAFE, SHOP], "unchanged": []}
    assert document("remove", SHOP) == {"revision": 3, "changed": [SHOP], "unchanged": []}
    assert document("list") == {"origins": [CAFE]}


@pytest.mark.usefixtures("store")
def test_origins_are_read_from_standard_input() -> None:
    """One on each line, with comments and empty lines."""
    result = run("add", "-", stdin=f"# customers\n{CAFE}\n\n  {SHOP}\n")
    assert result.stdout == f"Added: {CAFE}\nAdded: {SHOP}\nRevision 2\n"
    empty = run("add", "-", stdin="\n")
    assert empty.exit_code == 2
    assert "There is no origin on standard input." in empty.stderr


def test_an_invalid_origin_is_an_error_with_its_fix(store: StoreAddress) -> None:
    """Nothing is stored then, and all invalid ones are named."""
    for command in ("add", "check", "remove"):
        result = run(command, SHOP, INVALID)
        assert result.exit_code == 2
        assert f"origin = '{INVALID}'" in result.stderr
        assert 'Fix: "https://shop.customer.example"\n  [origin-trailing-slash]' in result.stderr
        assert result.stdout == ""
    error = document("add", INVALID, "null", code=2)["error"]
    assert [issue["code"] for issue in error["issues"]] == ["origin-trailing-slash", "live-origin-not-exact"]
    assert error["issues"][0]["fix"] == '"https://shop.customer.example"'
    assert execute(store, "SELECT * FROM cors_change") == []


def test_the_rules_of_the_app_can_be_given(store: StoreAddress) -> None:
    """Other schemes, and another limit."""
    assert run("add", "capacitor://localhost").exit_code == 2
    assert run("add", "capacitor://localhost", "--scheme", "https", "--scheme", "capacitor").exit_code == 0
    result = run("add", SHOP, "--limit", "1")
    assert result.exit_code == 2
    assert "[too-many-live-origins]" in result.stderr
    assert execute(store, "SELECT origin FROM cors_origin") == [("capacitor://localhost",)]


@pytest.mark.usefixtures("store")
def test_check_answers_with_its_exit_code() -> None:
    """For scripts."""
    run("add", SHOP)
    stored = run("check", SHOP)
    assert (stored.exit_code, stored.stdout) == (0, f"{SHOP} is stored\n")
    both = run("check", SHOP, CAFE)
    assert (both.exit_code, both.stdout) == (1, f"{SHOP} is stored\n{CAFE} is not stored\n")
    assert document("check", CAFE, code=1) == {"origins": [{"origin": CAFE, "stored": False}]}


@pytest.mark.usefixtures("store")
def test_the_history_names_who_edited() -> None:
    """The login name, unless another actor is given."""
    run("add", SHOP)
    run("remove", SHOP, "--actor", "ben@example.com")
    run("add", CAFE)
    lines = [line.split() for line in run("history").stdout.splitlines()]
    assert [(line[0], *line[2:]) for line in lines] == [
        ("1", "add", SHOP, "ana"),
        ("2", "remove", SHOP, "ben@example.com"),
        ("3", "add", CAFE, "ana"),
    ]
    assert [line.split()[0] for line in run("history", SHOP, "--last", "1").stdout.splitlines()] == ["2"]
    [change] = document("history", CAFE)["changes"]
    assert change == {"revision": 3, "at": lines[2][1], "action": "add", "origin": CAFE, "actor": "ana"}


def test_text_of_a_database_cannot_control_the_terminal(store: StoreAddress) -> None:
    """Somebody may have written it with SQL."""
    execute(store, insert("https://a.example\x1b[2J"))
    for command in (["list"], ["history"], ["status"], ["verify"]):
        assert "\x1b" not in run(*command).output
    assert "https://a.example\\x1b[2J" in run("list").stdout


def test_a_login_without_a_name_is_nobody(store: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has no entry. PostgreSQL knows its own login."""

    def fail() -> str:
        raise KeyError

    monkeypatch.setattr(tasks.getpass, "getuser", fail)
    assert run("add", SHOP).exit_code == 0
    [change] = document("history")["changes"]
    assert change["actor"] == (None if store.engine == "sqlite" else "crossorigin_admin")
    actor = "-" if store.engine == "sqlite" else "crossorigin_admin"
    assert run("history").stdout.split()[-1] == actor


@pytest.mark.usefixtures("store")
def test_an_actor_must_have_a_name() -> None:
    """It would be an empty column in the log."""
    result = run("add", SHOP, "--actor", "")
    assert result.exit_code == 2
    assert "actor must be a printable name" in result.stderr
    assert "actor must be" in document("add", SHOP, "--actor", " ", code=2)["error"]["message"]


def test_the_status_of_a_store(store: StoreAddress) -> None:
    """For people and for a health check."""
    new = run("status")
    assert new.exit_code == 0
    assert "last change     -\n" in new.stdout
    run("add", SHOP)
    lines = dict(line.split(maxsplit=1) for line in run("status").stdout.splitlines() if line[0] in "seor")
    assert (lines["store"], lines["scope"], lines["revision"], lines["origins"]) == (str(store), "(none)", "1", "1")
    found = document("status")
    assert found.pop("last_change")["origin"] == SHOP
    assert found.pop("epoch") == lines["epoch"]
    assert found == {
        "store": str(store),
        "scope": "",
        "schema_version": 1,
        "revision": 1,
        "count": 1,
        "missing_triggers": [],
    }


def test_a_missing_trigger_fails_the_status_and_the_verification(store: StoreAddress) -> None:
    """No app would notice an edit."""
    on = "" if store.engine == "sqlite" else " ON cors_origin"
    execute(store, f"DROP TRIGGER cors_origin_inserted{on}")
    for command in ("status", "verify"):
        result = run(command)
        assert result.exit_code == 1
        assert "Missing triggers: cors_origin_inserted. " in result.stdout
        assert result.stdout.endswith("Run: crossorigin origins init\n")
        assert document(command, code=1)["missing_triggers"] == ["cors_origin_inserted"]
    run("init")
    assert run("verify").exit_code == 0


def test_verify_finds_invalid_rows(store: StoreAddress) -> None:
    """Each with its issue. They are removed by their exact text."""
    run("add", SHOP)
    good = run("verify")
    assert (good.exit_code, good.stdout) == (0, "Rows: 1. All are valid, and no trigger is missing.\n")
    execute(store, insert(INVALID))
    result = run("verify")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"Rows: 2. Errors: 1. Apps skip invalid rows.\norigin = '{INVALID}'\n")
    found = document("verify", code=1)
    assert (found["count"], [issue["value"] for issue in found["issues"]]) == (2, [INVALID])
    assert run("remove", INVALID).exit_code == 0
    assert run("verify").exit_code == 0


@pytest.mark.usefixtures("store")
def test_verify_finds_too_many_rows() -> None:
    """Apps with that limit do not load any of them."""
    run("add", SHOP, CAFE)
    [issue] = document("verify", "--limit", "1", code=1)["issues"]
    assert (issue["code"], issue["value"]) == ("too-many-live-origins", "2")


def test_a_scope_is_its_own_set(store: StoreAddress) -> None:
    """Given before or after the command."""
    run("--scope", "admin", "add", SHOP)
    assert run("list").stdout == ""
    assert run("list", "--scope", "admin").stdout == f"{SHOP}\n"
    assert "scope           admin\n" in run("--scope", "admin", "status").stdout
    assert execute(store, "SELECT scope FROM cors_origin") == [("admin",)]


def test_a_store_without_a_schema_is_unavailable(url: str) -> None:
    """The message has the command that creates it."""
    result = run("--store", url, "list")
    assert result.exit_code == 3
    assert f"Run: crossorigin origins init --store {read_address(url)}\n" in result.stderr
    error = document("--store", url, "add", SHOP, code=3)["error"]
    assert "crossorigin origins init" in error["message"]


def test_a_store_of_the_future_is_unavailable(store: StoreAddress) -> None:
    """No command touches it."""
    execute(store, "UPDATE cors_head SET schema_version = 2")
    for command in (["init"], ["add", SHOP], ["remove", SHOP], ["list"], ["status"], ["verify"], ["history"]):
        result = run(*command)
        assert result.exit_code == 3
        assert "has schema version 2" in result.stderr


def test_a_server_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is not printed, wherever it comes from."""
    monkeypatch.setenv("PGPASSWORD", "canary-in-environment")
    for login in ("app:canary-in-url", "app"):
        result = run("--store", f"postgresql://{login}@127.0.0.1:{free_port()}/app", "list")
        assert result.exit_code == 3
        assert "cannot be used: connection failed" in result.stderr


def test_a_wrong_password_is_unavailable(postgresql_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right one can come from the environment."""
    user_only = postgresql_database.replace(":canary-password", "")
    monkeypatch.setenv("PGPASSWORD", "canary-that-is-wrong")
    assert run("--store", user_only, "init").exit_code == 3
    monkeypatch.setenv("PGPASSWORD", "canary-password")
    assert run("--store", user_only, "init").exit_code == 0


def test_a_password_on_the_command_line_is_a_warning(postgresql_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other users see it in the list of processes. In the environment, they do not."""
    warning = "Other users of this machine can see the password in --store."
    assert warning in run("--store", postgresql_database, "init").stderr
    assert warning in run("init", "--store", postgresql_database).stderr
    monkeypatch.setenv("CROSSORIGIN_STORE", postgresql_database)
    assert run("init").stderr == ""


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    result = run("--store", "postgresql://app@127.0.0.1/app", "list")
    assert result.exit_code == 3
    assert "pip install 'crossorigin[postgres]'" in result.stderr


def test_a_wrong_url_is_wrong_usage() -> None:
    """And a missing one."""
    for wrong in ("mysql://app:canary@db/app", "postgresql+psycopg://app:canary@db/app", "sqlite://cors.db"):
        result = run("--store", wrong, "list")
        assert result.exit_code == 2
        assert "Error: the URL of " in result.stderr
    missing = run("list")
    assert missing.exit_code == 2
    assert "No store is given. Set CROSSORIGIN_STORE or --store" in missing.stderr


def test_the_option_replaces_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the command as well."""
    first, second = f"sqlite:///{tmp_path}/first.db", f"sqlite:///{tmp_path}/second.db"
    monkeypatch.setenv("CROSSORIGIN_STORE", first)
    run("init")
    run("--store", second, "init")
    run("add", SHOP)
    run("add", CAFE, "--store", second)
    with closing(sqlite3.connect(tmp_path / "second.db")) as database:
        assert database.execute("SELECT scope, origin FROM cors_origin").fetchall() == [("", CAFE)]
