"""A real PostgreSQL server in a temporary folder, on a free port, which tests may stop, kill and restart."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

# The password is in the URLs, so that tests can check that no message contains it.
USER, PASSWORD = "crossorigin_admin", "canary-password"
_PATIENCE = 60
_PAUSE = 0.02
_ATTEMPTS = 20

# What was committed must survive a crash of the server, but not of the machine.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "max_parallel_workers": "0",
    "log_min_messages": "warning",
}


@cache
def program(name: str) -> str:
    """Return the path of a program of PostgreSQL. Debian has a folder for each release, which is not on the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = next((str(folder / name) for folder in reversed(folders) if (folder / name).exists()), shutil.which(name))
    assert found, "PostgreSQL is not installed: run scripts/install-system-packages.sh postgresql"
    return found


def _user() -> dict[str, Any]:
    """Return the arguments of `Popen` that select another user, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def free_port() -> int:
    """Return a port that is free, below the ports that the system assigns itself."""
    while True:
        port = secrets.choice(range(10_000, 30_000))
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class PostgreSQL:
    """A cluster of databases and its server. `with PostgreSQL() as server:` starts it and removes it at the end."""

    def __init__(self) -> None:
        """Create the cluster, without starting its server."""
        # The folders of pytest are closed to other users.
        self._folder = Path(tempfile.mkdtemp(prefix="crossorigin-postgres-"))
        self._data = self._folder / "data"
        self._as = _user()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        password = self._folder / "password"
        password.write_text(PASSWORD, "utf-8")
        if self._as:
            for path in (self._folder, password):
                os.chown(path, self._as["user"], self._as["group"])
        command: list[str | Path] = [
            program("initdb"),
            "--pgdata",
            self._data,
            "--username",
            USER,
            "--pwfile",
            password,
            "--no-sync",
        ]
        finished = subprocess.run(
            [*command, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
            **self._as,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr

    def __enter__(self) -> Self:
        """Start the server on a free port."""
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            # Another process may have taken the port in the meantime.
            if self._start():
                return self
        message = f"PostgreSQL does not start:\n{self.log}"
        raise AssertionError(message)

    def __exit__(self, *_: object) -> None:
        """Kill the server and remove the databases."""
        self.kill()
        shutil.rmtree(self._folder)

    def url(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD, port: int = 0) -> str:
        """Return the URL of a database, perhaps through a proxy on another port."""
        return f"postgresql://{user}:{password}@127.0.0.1:{port or self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Return a connection as superuser, which commits each statement."""
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=_PATIENCE)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement, and return its rows."""
        with self.connect(database) as connection:
            cursor = connection.execute(sql.SQL(statement))
            return cursor.fetchall() if cursor.description else []

    def create_database(self, template: str = "template1") -> str:
        """Create a database, and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and close its connections."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @property
    def log(self) -> str:
        """What the server has logged."""
        with suppress(FileNotFoundError):
            return (self._folder / "log").read_text("utf-8", "backslashreplace")
        return ""

    def start(self) -> None:
        """Start the server again on the same port, after `stop` or `kill`."""
        for _ in range(_ATTEMPTS):
            if self._start():
                return
        message = f"PostgreSQL does not start again:\n{self.log}"
        raise AssertionError(message)

    def stop(self) -> None:
        """Shut the server down, and close all connections ("fast shutdown")."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE)
            self._process = None

    def kill(self) -> None:
        """Kill the server and all its processes at once, as `kill -9` or a lack of memory does."""
        if self._process is None:
            return
        family = self._processes()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(_PATIENCE)
        _wait_for_ends(family)
        self._process = None

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to all processes: SIGSTOP makes the server hang, and SIGCONT ends that."""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _processes(self) -> list[int]:
        assert self._process is not None
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
        return [parent, *map(int, children)]

    def _start(self) -> bool:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", self._data, "-p", str(self.port), *settings],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # An interrupted test run must be able to stop the server itself.
                start_new_session=True,
                **self._as,
            )
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None:
            with suppress(psycopg.OperationalError):
                self.connect().close()
                return True
            assert time.monotonic() < deadline, f"PostgreSQL accepts no connection:\n{self.log}"
            time.sleep(_PAUSE)
        self._process = None
        return False


def _wait_for_ends(pids: list[int]) -> None:
    # The shared memory of a server is in use until its last process has ended.
    deadline = time.monotonic() + _PATIENCE
    for pid in pids:
        while _is_running(pid):
            assert time.monotonic() < deadline, f"process {pid} did not end"
            time.sleep(_PAUSE)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
