"""The page on stores: its commands are run with SQLite, its SQL with PostgreSQL, and its migrations with both."""

import re
import shlex
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from crossorigin.doctor.cli import cli
from crossorigin.doctor.origins.commands import origins
from crossorigin.live.stores.schema import script
from tests.meta.docs.documents import ROOT, rows_of
from tests.postgres import PostgreSQL
from tests.unit.live.stores.stores import SHOP, address, create, execute, insert, url

__all__ = ["address", "url"]

PAGE = ROOT / "docs" / "live-stores.md"
_VARIES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\b[0-9a-f]{32}\b")
_ROLES = "DROP ROLE IF EXISTS cors_editor, cors_reader, a_reader, an_editor"


def blocks(language: str, *, after: str = "") -> list[str]:
    """Return the blocks of a language after a heading."""
    text = PAGE.read_text("utf-8").partition(after)[2] if after else PAGE.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_every_command_prints_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this order, and with the same file."""
    monkeypatch.chdir(tmp_path)
    run = 0
    for exchange in re.split(r"^\$ ", "".join(blocks("console")), flags=re.MULTILINE)[1:]:
        command, _, shown = exchange.partition("\n")
        program, *arguments = shlex.split(command)
        if program == "export":
            monkeypatch.setenv(*arguments[0].split("=", 1))
            continue
        assert program == "crossorigin"
        printed = CliRunner().invoke(cli, arguments).output
        assert _VARIES.sub("…", printed) == _VARIES.sub("…", shown)
        run += 1
    assert run == 9


def test_every_command_is_documented() -> None:
    """In the order of the table, and the commands themselves have no other."""
    assert sorted(row["Command"].split()[0] for row in rows_of(PAGE, "Command")) == sorted(origins.commands)
    assert [row["Exit code"] for row in rows_of(PAGE, "Exit code")] == ["0", "1", "2", "3"]


def test_an_edit_with_sql_names_its_actor(postgresql_database: str) -> None:
    """As the page shows it."""
    store = create(postgresql_database)
    execute(store, blocks("sql")[0])
    assert execute(store, "SELECT action, origin, actor FROM cors_change") == [("add", SHOP, "ana@example.com")]


@pytest.fixture
def roles(postgresql: PostgreSQL, postgresql_database: str) -> Generator[dict[str, str]]:
    """The URLs of an app that reads and of one that edits, with the permissions of the page."""
    store = create(postgresql_database)
    [grants] = [block for block in blocks("sql") if "GRANT" in block]
    logins = {"a_reader": "cors_reader", "an_editor": "cors_editor"}
    database = postgresql_database.rpartition("/")[2]
    try:
        execute(store, grants)
        for login, role in logins.items():
            execute(store, f"CREATE ROLE {login} LOGIN PASSWORD 'x' IN ROLE {role}")
        yield {login: postgresql.url(database, user=login, password="x") for login in logins}  # noqa: S106
    finally:
        execute(store, "DROP OWNED BY cors_reader, cors_editor", _ROLES)


def test_the_permissions_are_enough(roles: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For everything that a reader and an editor do."""
    monkeypatch.setenv("LOGNAME", "ana")
    for name, commands in {
        "an_editor": [["add", SHOP], ["remove", SHOP], ["add", SHOP]],
        "a_reader": [["list"], ["check", SHOP], ["history"], ["status"], ["verify"]],
    }.items():
        monkeypatch.setenv("CROSSORIGIN_STORE", roles[name])
        for command in commands:
            result = CliRunner().invoke(cli, ["origins", *command])
            assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("login", "statement"),
    [
        ("a_reader", insert(SHOP)),
        ("a_reader", "DELETE FROM cors_origin"),
        ("an_editor", "UPDATE cors_origin SET origin = 'x'"),
        ("an_editor", "TRUNCATE cors_origin"),
        ("an_editor", "UPDATE cors_head SET rev = 0"),
        ("an_editor", "DELETE FROM cors_change"),
        ("an_editor", "ALTER TABLE cors_origin DISABLE TRIGGER ALL"),
    ],
)
def test_the_permissions_are_not_more_than_enough(roles: dict[str, str], login: str, statement: str) -> None:
    """A reader edits nothing, and an editor cannot change the log or the revision."""
    with (
        psycopg.connect(roles[login], autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_the_statements_for_operators_run(postgresql_database: str) -> None:
    """A new epoch after a restore, and a shorter log."""
    store = create(postgresql_database)
    execute(store, insert(SHOP), "UPDATE cors_change SET at = now() - interval '2 years'")
    [(before,)] = execute(store, "SELECT epoch FROM cors_head")
    new_epoch, trim = blocks("sql", after="## Backups")
    execute(store, new_epoch, trim)
    assert execute(store, "SELECT count(*) FROM cors_change") == [(0,)]
    assert execute(store, "SELECT epoch FROM cors_head") != [(before,)]


def test_the_epoch_of_sqlite_is_changed_by_its_expression(tmp_path: Path) -> None:
    """The page has it in a sentence."""
    store = create(f"sqlite:///{tmp_path}/cors.db")
    [(before,)] = execute(store, "SELECT epoch FROM cors_head")
    expression = "lower(hex(randomblob(16)))"
    assert f"`{expression}`" in PAGE.read_text("utf-8")
    execute(store, f"UPDATE cors_head SET epoch = {expression}")  # noqa: S608  # a constant
    assert execute(store, "SELECT epoch FROM cors_head") != [(before,)]


_ALEMBIC = """
import sys
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

folder, url = sys.argv[1:]
config = Config()
config.set_main_option("script_location", folder)
[revision] = ScriptDirectory.from_config(config).walk_revisions()
with create_engine(url.replace("postgresql:", "postgresql+psycopg:")).begin() as connection:
    with Operations.context(MigrationContext.configure(connection)):
        revision.module.upgrade()
"""

_DJANGO = """
import sys
from urllib.parse import urlsplit
import django
from django.conf import settings
from django.core.management import call_command

url = urlsplit(sys.argv[2])
sys.path.insert(0, sys.argv[1])
database = {"ENGINE": "django.db.backends.sqlite3", "NAME": url.path[1:]}
if url.scheme == "postgresql":
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "HOST": url.hostname,
        "PORT": url.port,
        "USER": url.username,
        "PASSWORD": url.password,
    }
settings.configure(INSTALLED_APPS=["shop"], DATABASES={"default": database}, USE_TZ=True)
django.setup()
call_command("migrate", verbosity=0)
"""


def _run(program: str, *arguments: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert finished.returncode == 0, finished.stderr


def _check_migrated(url: str) -> None:
    environment = {"CROSSORIGIN_STORE": url}
    for command, output in {"verify": "Rows: 0.", "status": "revision        0"}.items():
        result = CliRunner().invoke(cli, ["origins", command], env=environment)
        assert result.exit_code == 0
        assert output in result.output


def _engine(url: str) -> str:
    return script("sqlite" if url.startswith("sqlite") else "postgresql")


def test_the_migration_with_alembic_creates_the_tables(url: str, tmp_path: Path) -> None:
    """With the real Alembic and SQLAlchemy."""
    versions = tmp_path / "alembic" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_cors.py").write_text(blocks("py")[0], "utf-8")
    (versions / "cors.sql").write_text(_engine(url), "utf-8")
    _run(_ALEMBIC, str(versions.parent), url)
    _check_migrated(url)


def test_the_migration_with_django_creates_the_tables(url: str, tmp_path: Path) -> None:
    """With the real Django."""
    migrations = tmp_path / "shop" / "migrations"
    migrations.mkdir(parents=True)
    for folder in (migrations.parent, migrations):
        (folder / "__init__.py").touch()
    (migrations / "0001_cors.py").write_text(blocks("py")[1], "utf-8")
    (migrations / "cors.sql").write_text(_engine(url), "utf-8")
    _run(_DJANGO, str(tmp_path), url)
    _check_migrated(url)
