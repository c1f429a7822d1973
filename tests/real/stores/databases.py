"""The two kinds of stores, edited with raw SQL from outside of the server, as another program would."""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, Protocol, Self

import psycopg

from crossorigin.live.stores.schema import STATEMENTS
from tests.postgres import PASSWORD, PostgreSQL
from tests.real.stores.history import History

ADD = "INSERT INTO cors_origin (origin) VALUES (?) ON CONFLICT DO NOTHING"
REMOVE = "DELETE FROM cors_origin WHERE scope = '' AND origin = ?"
_PATIENCE = 30

Statement = tuple[str, Sequence[object]]


class Store(Protocol):
    """A database with live origins."""

    history: History

    @property
    def url(self) -> str:
        """The URL that the server uses."""

    def run(self, *statements: Statement) -> None:
        """Run statements in one transaction. Parameters are `?` in both engines."""

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""

    def query_backup(self, backup: str, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement in a backup."""

    def recreate(self, *, origins: Iterable[str] = ()) -> None:
        """Replace the database with a new one, which has another epoch, and start a new history."""

    def back_up(self) -> str:
        """Return a copy of the database."""

    def restore(self, backup: str) -> None:
        """Replace the database with a copy. What was committed since then is lost."""


def edit(store: Store, *, added: Iterable[str] = (), removed: Iterable[str] = ()) -> int:
    """Commit edits in one transaction, record them in the history, and return the revision."""
    added, removed = list(added), list(removed)
    with store.history.editing(added=added, removed=removed):
        store.run(*((REMOVE, [origin]) for origin in removed), *((ADD, [origin]) for origin in added))
    return revision(store)


def revision(store: Store) -> int:
    """Return the revision of the store."""
    return int(store.query("SELECT rev FROM cors_head")[0][0])


def epoch(store: Store) -> str:
    """Return the epoch of the store."""
    return str(store.query("SELECT epoch FROM cors_head")[0][0])


def restore(store: Store, backup: str) -> None:
    """Restore a backup, and record in the history what came back and what is lost."""
    lost = store.history.present()
    now = {row[0] for row in store.query_backup(backup, "SELECT origin FROM cors_origin")}
    with store.history.editing(added=now - lost, removed=lost - now):
        store.restore(backup)


class SQLiteStore:
    """A SQLite file."""

    def __init__(self, folder: Path) -> None:
        """Create the file."""
        self.path = folder / "cors.db"
        self.history = History()
        self.recreate()

    @property
    def url(self) -> str:
        """The URL that the server uses."""
        return f"sqlite:///{self.path}"

    def connect(self, path: str | Path | None = None) -> sqlite3.Connection:
        """Return a connection that commits each statement, unless a transaction was begun."""
        return sqlite3.connect(path or self.path, timeout=_PATIENCE, isolation_level=None)

    def run(self, *statements: Statement) -> None:
        """Run statements in one transaction."""
        with closing(self.connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement, parameters in statements:
                connection.execute(statement, parameters)
            connection.execute("COMMIT")

    def run_outside_of_a_transaction(self, statement: str) -> None:
        """Run a statement that needs no other connection to be open, as soon as that is so."""
        with closing(self.connect()) as connection:
            connection.execute(statement)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return self.query_backup(self.path, statement)

    def query_backup(self, backup: str | Path, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement in a backup."""
        with closing(self.connect(backup)) as connection:
            return connection.execute(statement).fetchall()

    def create(self, origins: Iterable[str]) -> Path:
        """Create a file that is not in use yet."""
        path = self.path.with_name(f"{secrets.token_hex(4)}.db")
        with closing(self.connect(path)) as connection:
            for statement in STATEMENTS["sqlite"]:
                connection.execute(statement)
            connection.executemany(ADD, [(origin,) for origin in origins])
        return path

    def use(self, path: str | Path) -> None:
        """Replace the file, and with it the write-ahead log, which belongs to the old file."""
        self.delete()
        Path(path).replace(self.path)

    def delete(self) -> None:
        """Delete the file."""
        for name in ("", "-wal", "-shm", "-journal"):
            Path(f"{self.path}{name}").unlink(missing_ok=True)

    def move_away(self) -> Callable[[], None]:
        """Edit the file under another name, as if the disk was unmounted. Return the function that moves it back."""
        here, away = self.path, self.path.with_name("away.db")
        # There is no write-ahead log that would have to move with it.
        self.run_outside_of_a_transaction("PRAGMA journal_mode = DELETE")
        here.rename(away)
        self.path = away

        def move_back() -> None:
            away.rename(here)
            self.path = here

        return move_back

    def recreate(self, *, origins: Iterable[str] = ()) -> None:
        """Replace the file with a new one, in WAL mode."""
        origins = list(origins)
        path = self.create(origins)
        self.history = History()
        with self.history.editing(added=origins):
            self.use(path)
        with closing(self.connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    def back_up(self) -> str:
        """Return the path of a copy."""
        path = self.path.with_name(f"{secrets.token_hex(4)}.db")
        with closing(self.connect()) as source, closing(self.connect(path)) as target:
            source.backup(target)
        return str(path)

    def restore(self, backup: str) -> None:
        """Copy a backup into the file, with SQLite's own function, which takes its locks."""
        with closing(self.connect(backup)) as source, closing(self.connect()) as target:
            source.backup(target)


@dataclass(frozen=True, slots=True)
class Template:
    """An empty database that others are copied from, and the role of the readers."""

    name: str
    reader: str

    @classmethod
    def create(cls, server: PostgreSQL) -> Self:
        """Create both."""
        template = cls(server.create_database(), f"reader_{secrets.token_hex(4)}")
        server.execute(f"CREATE ROLE {template.reader} LOGIN PASSWORD '{PASSWORD}'")
        for statement in STATEMENTS["postgresql"]:
            server.execute(statement, template.name)
        server.execute(f"GRANT SELECT ON cors_head, cors_origin, cors_change TO {template.reader}", template.name)
        return template

    def drop(self, server: PostgreSQL) -> None:
        """Remove both."""
        server.drop_database(self.name)
        server.execute(f"DROP ROLE {self.reader}")


class PostgreSQLStore:
    """A database of a PostgreSQL server. The server of the app connects as a role that can only read."""

    def __init__(self, server: PostgreSQL, template: Template, port: int) -> None:
        """Create the database. `port` is that of a proxy."""
        self.server = server
        self.reader = template.reader
        self.name = f"test_{secrets.token_hex(6)}"
        self.history = History()
        self._port = port
        self._template = template
        self._backups: list[str] = []
        self.recreate()

    def close(self) -> None:
        """Remove the databases."""
        for name in (self.name, *self._backups):
            self.server.drop_database(name)

    @property
    def url(self) -> str:
        """The URL that the server uses."""
        return self.server.url(self.name, user=self.reader, port=self._port)

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection of the owner, which commits each statement."""
        return self.server.connect(self.name)

    def run(self, *statements: Statement) -> None:
        """Run statements in one transaction."""
        with self.connect() as connection, connection.transaction():
            for statement, parameters in statements:
                connection.execute(statement.replace("?", "%s"), parameters)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return self.server.execute(statement, self.name)

    def query_backup(self, backup: str, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement in a backup."""
        return self.server.execute(statement, backup)

    def recreate(self, *, origins: Iterable[str] = ()) -> None:
        """Replace the database with a new one."""
        origins = list(origins)
        fresh = self.server.create_database(self._template.name)
        self.server.execute("UPDATE cors_head SET epoch = gen_random_uuid()::text", fresh)
        with self.server.connect(fresh) as connection, connection.cursor() as cursor:
            cursor.executemany(ADD.replace("?", "%s"), [(origin,) for origin in origins])
        self.history = History()
        with self.history.editing(added=origins):
            self.use(fresh)

    def use(self, database: str) -> None:
        """Give the name of the database to another one, and remove the old one."""
        self.server.drop_database(self.name)
        self.server.execute(f"ALTER DATABASE {database} RENAME TO {self.name}")

    def back_up(self) -> str:
        """Return the name of a copy. Databases can be copied only while nobody is connected."""
        name = f"test_{secrets.token_hex(6)}"
        with self.server.connect() as connection:
            connection.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self.name])
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.name}")
            connection.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")
        self._backups.append(name)
        return name

    def restore(self, backup: str) -> None:
        """Replace the database with a copy of a backup."""
        self.use(self.server.create_database(backup))

    def disconnect(self) -> None:
        """Close the connections of the app's server."""
        self._activity("SELECT pg_terminate_backend(pid) FROM pg_stat_activity")

    def count_readers(self) -> int:
        """Return the number of connections of the app's server."""
        return len(self._activity("SELECT pid FROM pg_stat_activity"))

    def transactions(self) -> int:
        """Return how many transactions the database has run."""
        with self.server.connect() as connection:
            found = connection.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s", [self.name]
            ).fetchone()
        assert found
        return int(found[0])

    def _activity(self, select: LiteralString) -> list[tuple[Any, ...]]:
        with self.server.connect() as connection:
            where = " WHERE datname = %s AND usename = %s"
            return connection.execute(select + where, [self.name, self.reader]).fetchall()
