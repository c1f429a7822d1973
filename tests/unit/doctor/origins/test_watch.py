"""`crossorigin origins watch`, in a process of its own, because it ends with Ctrl+C only."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from crossorigin.doctor.origins import tasks
from crossorigin.live.origins import LIMIT, SCHEMES
from crossorigin.live.stores.address import StoreAddress
from crossorigin.live.stores.schema import STATEMENTS
from crossorigin.live.validation import OriginRules
from tests.unit.live.stores.stores import CAFE, SHOP, address, create, execute, insert, url

__all__ = ["address", "url"]

_COMMAND = [sys.executable, "-m", "crossorigin", "origins", "watch", "--every", "0.05"]


@contextmanager
def watching(url: str, *options: str) -> Generator[tuple[IO[str], IO[str]]]:
    """Watch a store, and interrupt the command at the end. Return its two outputs."""
    with subprocess.Popen(
        [*_COMMAND, "--store", url, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            while "Watching " not in (line := process.stderr.readline()):
                assert "password" in line
            yield process.stdout, process.stderr
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
            assert "canary" not in process.stdout.read() + process.stderr.read()
        finally:
            process.kill()


def test_changes_are_printed_when_they_are_committed(url: str, address: StoreAddress) -> None:
    """Only those after the start."""
    execute(address, insert("https://before.example"))
    with watching(url) as (printed, _):
        execute(address, insert(SHOP))
        assert printed.readline().split()[2:4] == ["add", SHOP]
        execute(address, "DELETE FROM cors_origin WHERE origin LIKE '%shop%'")
        assert printed.readline().split()[2:4] == ["remove", SHOP]


def test_changes_are_documents(url: str, address: StoreAddress) -> None:
    """One on each line."""
    with watching(url, "--json") as (printed, _):
        execute(address, insert(SHOP))
        change = json.loads(printed.readline())
        assert (change["revision"], change["action"], change["origin"]) == (1, "add", SHOP)


def test_another_history_is_reported(url: str, address: StoreAddress) -> None:
    """After a restore or a new database, with what follows it."""
    execute(address, insert(SHOP))
    with watching(url) as (printed, notes):
        execute(address, "DELETE FROM cors_head", STATEMENTS[address.engine][-1])
        assert notes.readline() == "The store was replaced or restored. It is at revision 1 now.\n"
        execute(address, "DELETE FROM cors_change", insert(CAFE))
        assert printed.readline().split()[2:4] == ["add", CAFE]


def test_an_outage_is_printed_once_and_survived(tmp_path: Path) -> None:
    """The file is moved away and comes back."""
    address = create(f"sqlite:///{tmp_path}/cors.db")
    path, away = Path(address.path), tmp_path / "away.db"
    with watching(str(address)) as (printed, notes):
        path.rename(away)
        assert notes.readline().startswith("There is no database at ")
        away.rename(path)
        execute(address, insert(SHOP))
        assert printed.readline().split()[2:4] == ["add", SHOP]


@pytest.mark.parametrize("every", ["0", "-1"])
def test_a_pause_must_be_above_0(tmp_path: Path, every: str) -> None:
    """It would keep the database busy."""
    command = [*_COMMAND, "--store", f"sqlite:///{tmp_path}/cors.db", "--every", every]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 2


def test_changes_above_the_revision_are_not_news(address: StoreAddress) -> None:
    """They belong to the history before, and would be printed again with each look."""
    execute(address, insert(SHOP))
    target = tasks.Target(address=address, scope="", rules=OriginRules(SCHEMES, LIMIT), timeout=10.0)
    execute(address, "UPDATE cors_head SET rev = 0")
    head = tasks.news(target, None).head
    assert tasks.news(target, head).changes == ()
