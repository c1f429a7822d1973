"""Stores for tests: a SQLite file and a PostgreSQL database, both real."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crossorigin.live.stores.address import StoreAddress, read_address
from crossorigin.live.stores.editor import Editor, initialize
from crossorigin.live.stores.session import Session
from crossorigin.live.validation import OriginRules

SHOP = "https://shop.customer.example"
CAFE = "https://cafe.customer.example"
RULES = OriginRules(("https",), 3)
TIMEOUT = 10.0
LOG = "SELECT rev, scope, origin, action FROM cors_change ORDER BY rev"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database of each engine, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'cors.db'}"
    return str(request.getfixturevalue("postgresql_database"))


@pytest.fixture
def address(url: str) -> StoreAddress:
    """The address of a store with tables."""
    return create(url)


@pytest.fixture
def session(address: StoreAddress) -> Generator[Session]:
    """A session with a store."""
    with Session(address, timeout=TIMEOUT) as opened:
        yield opened


@pytest.fixture
def editor(session: Session) -> Editor:
    """An editor of the origins without a scope."""
    return Editor(session, RULES)


def create(url: str) -> StoreAddress:
    """Create the tables, and return the address."""
    address = read_address(url)
    with Session(address, timeout=TIMEOUT, create=True) as session:
        initialize(session)
    return address


@contextmanager
def raw(address: StoreAddress) -> Generator[Any]:
    """Connect as an administrator with the driver itself, where each statement is committed."""
    if address.engine == "sqlite":
        with closing(sqlite3.connect(address.path, isolation_level=None)) as connection:
            yield connection
    else:
        with psycopg.connect(address.conninfo, autocommit=True) as connection:
            yield connection


def execute(address: StoreAddress, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements as an administrator, and return the rows of the last one."""
    rows: list[tuple[Any, ...]] = []
    with raw(address) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
    return rows


def insert(*origins: str, into: str = "cors_origin") -> str:
    """Return the SQL that a person would write to add origins."""
    values = ", ".join(f"('{origin}')" for origin in origins)
    return f"INSERT INTO {into} (origin) VALUES {values}"  # noqa: S608
