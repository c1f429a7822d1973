"""The address of a store of live origins, read from a URL. Nothing is opened or connected here.

No text that this module returns or raises contains a password.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

if TYPE_CHECKING:
    from crossorigin.live.stores.schema import Engine

_SQLITE = "sqlite"
_POSTGRESQL = ("postgresql", "postgres")
# The parameters of libpq that decide which tables are used, and how safe the connection is. None is a secret.
_SHOWN_PARAMETERS = frozenset(
    {
        "channel_binding",
        "gssencmode",
        "hostaddr",
        "options",
        "passfile",
        "port",
        "service",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
_EXAMPLES = (
    '"sqlite:////var/lib/app/cors.db" (four slashes before an absolute path) or "postgresql://app@db.example/app"'
)
_ENCODE = "Percent-encode special characters in a user name or password, for example @ as %40 and / as %2F."
_FROM_ENVIRONMENT = "The password can also come from the environment variable PGPASSWORD, or from the file ~/.pgpass."


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """Where the origins are stored.

    Attributes:
        engine: "sqlite" or "postgresql".
        path: The absolute path of the file of a SQLite database, otherwise empty.
        conninfo: The URL for the driver of PostgreSQL, which may contain a password, otherwise empty.
        text: The URL without a password, for people. It keeps the parameters that decide where it leads.
    """

    engine: Engine
    text: str
    path: str = ""
    conninfo: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return the URL without a password."""
        return self.text

    @property
    def option(self) -> str:
        """The option of `crossorigin origins` for this store, which works in every folder and in a shell."""
        url = f"sqlite:///{self.path}" if self.path else self.text
        return f"--store {shlex.quote(url)}"


def read_address(url: object) -> StoreAddress:
    """Return the address in a URL.

    Raises:
        TypeError: The URL is not a string.
        ValueError: It is not the URL of a SQLite or PostgreSQL database.
    """
    if not isinstance(url, str):
        message = f"the store must be a URL such as {_EXAMPLES}, got {type(url).__name__}."
        raise TypeError(message)
    scheme, separator, rest = url.partition("://")
    engine = scheme.lower()
    if separator and engine == _SQLITE:
        return _read_sqlite(rest)
    if separator and engine in _POSTGRESQL:
        return _read_postgresql(rest)
    base, plus, driver = engine.partition("+")
    if separator and plus and driver.isalnum() and base in {_SQLITE, *_POSTGRESQL}:
        message = f"the URL of the store must not name a driver: write {base}:// instead of {engine}://."
        raise ValueError(message)
    # The URL itself may contain a password, even before "://" if it is misspelled.
    found = f"it begins with {scheme[:40]!r}" if separator and scheme.isalnum() else "it has no scheme"
    message = f"the URL of the store is invalid: {found}. Write {_EXAMPLES}."
    raise ValueError(message)


def _read_sqlite(rest: str) -> StoreAddress:
    host, slash, path = rest.partition("/")
    if host or not slash or not path or path == ":memory:":
        message = (
            "the URL of a SQLite store must name a file. Write three slashes before a relative path "
            '("sqlite:///cors.db") and four before an absolute one ("sqlite:////var/lib/app/cors.db"). Origins that '
            "are only in memory do not need a store: use LiveOrigins()."
        )
        raise ValueError(message)
    if "?" in path or "\0" in path:
        message = f"the URL of a SQLite store has no parameters: {path!r} must be the path of a file."
        raise ValueError(message)
    return StoreAddress(engine="sqlite", text=f"sqlite:///{path}", path=str(Path(path).absolute()))


def _read_postgresql(rest: str) -> StoreAddress:
    try:
        parts = urlsplit(f"postgresql://{rest}")
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        # Without the original error, whose text has parts of the URL.
        message = f"the URL of the PostgreSQL store is invalid. {_ENCODE} {_FROM_ENVIRONMENT}"
        raise ValueError(message) from None
    credentials, _, hosts = parts.netloc.rpartition("@")
    if parts.fragment or "@" in parts.path or "@" in credentials or not all(map(_has_valid_port, hosts.split(","))):
        message = f"the URL of the PostgreSQL store has an invalid port or database name. {_ENCODE} {_FROM_ENVIRONMENT}"
        raise ValueError(message)
    user = parameters.get("user", unquote(credentials.partition(":")[0]))
    hosts = parameters.get("host", hosts)
    database = parameters.get("dbname", unquote(parts.path.removeprefix("/")))
    login = f"{quote(user, safe='')}@" if user else ""
    shown = {name: value for name, value in parameters.items() if name in _SHOWN_PARAMETERS}
    query = f"?{urlencode(shown, safe='/:,', quote_via=quote)}" if shown else ""
    return StoreAddress(
        engine="postgresql",
        text=f"postgresql://{login}{quote(hosts, safe='[]:,/%')}/{quote(database, safe='')}{query}",
        conninfo=f"postgresql://{rest}",
    )


def _has_valid_port(host: str) -> bool:
    """Return whether the port is a number or missing. Otherwise it may be the beginning of a password with a slash."""
    _, colon, port = host.rpartition("]")[2].rpartition(":")
    return not colon or not port or (port.isdecimal() and int(port) < 1 << 16)
