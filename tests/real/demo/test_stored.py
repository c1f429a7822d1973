"""With --live, two processes follow one database, which the printed commands edit."""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.real.demo.process import Demo, get

REFUSED = "http://127.0.0.1:8080"
ALLOW_ORIGIN = "access-control-allow-origin"


def commands(demo: Demo) -> list[list[str]]:
    """Return the two commands that the demo printed."""
    found = [shlex.split(line) for line in demo.printed.splitlines() if " origins --store " in line]
    assert [command[-2:] for command in found] == [["add", REFUSED], ["remove", REFUSED]]
    return found


def wait_for_revision(demo: Demo, revision: int) -> dict[str, Any]:
    """Ask the page's server until both processes have applied a revision. The demo's watchdog bounds the wait."""
    page = demo.address("The page on an allowed origin:")
    while True:
        state: dict[str, Any] = json.loads(get(f"{page}/policy")[1])
        if state["revision"] == revision:
            return state


def answers(demo: Demo) -> dict[str, str | None]:
    """Send four requests of the refused page; return what each worker said to it."""
    api = demo.address("The API that both pages call:")
    sent = [get(api, Origin=REFUSED)[0] for _ in range(4)]
    assert [headers["x-worker"] for headers in sent] in (["1", "2"] * 2, ["2", "1"] * 2)
    found = {(headers["x-worker"], headers.get(ALLOW_ORIGIN)) for headers in sent}
    assert len(found) == 2
    return dict(found)


def test_the_printed_commands_change_what_both_processes_allow(start: Callable[..., Demo], page_port: int) -> None:
    """An origin is allowed in both processes after `add`, and refused after `remove`, without a restart."""
    demo = start("--live", "--port", "0")
    demo.wait_until_ready()
    add, remove = commands(demo)
    before = wait_for_revision(demo, 0)
    assert answers(demo) == {"1": None, "2": None}
    assert before["commands"] == [shlex.join(add), shlex.join(remove)]
    subprocess.run(add, check=True, stdout=subprocess.DEVNULL, timeout=60)
    added = wait_for_revision(demo, 1)
    assert (added["edited"], added["origins"]) == (True, [REFUSED])
    assert answers(demo) == {"1": REFUSED, "2": REFUSED}
    subprocess.run(remove, check=True, stdout=subprocess.DEVNULL, timeout=60)
    removed = wait_for_revision(demo, 2)
    assert (removed["edited"], removed["origins"]) == (False, [])
    assert answers(demo) == {"1": None, "2": None}
    processes = [[worker["process"] for worker in state["workers"]] for state in (before, removed)]
    assert processes[0] == processes[1]
    assert len({*processes[0]}) == 2


def test_the_explanation_names_the_database(start: Callable[..., Demo], page_port: int) -> None:
    """The page explains what a worker decides, by the policy and the stored origins."""
    demo = start("--live", "--port", "0")
    demo.wait_until_ready()
    page = demo.address("The same page on a refused origin:")
    explanation = json.loads(get(f"{page}/explain?method=GET&origin={REFUSED}")[1])
    assert explanation["originAllowed"] is False
    assert "is not in the live origins (sqlite, revision 0" in explanation["text"]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_workers_too(start: Callable[..., Demo], page_port: int, name: str) -> None:
    """The demo ends with 0, its processes are gone, and so is the database."""
    demo = start("--live", "--port", "0")
    demo.wait_until_ready()
    workers = [worker["process"] for worker in wait_for_revision(demo, 0)["workers"]]
    store = Path(commands(demo)[0][-3].removeprefix("sqlite:///"))
    assert store.is_file()
    demo.process.send_signal(signal.Signals[name])
    code, out, err = demo.finish()
    assert (code, err) == (0, "")
    assert out.endswith("\nStopped.\n")
    assert not store.parent.exists()
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.parametrize("framework", ["fastapi", "aiohttp", "django", "flask"])
def test_a_command_turns_the_refused_page_green(
    framework: str, start: Callable[..., Demo], page_port: int, chromium: str
) -> None:
    """In Chromium, the page sends its requests again by itself after each command."""
    code, out, _ = start("--live", "--check", "--port", "0", "--framework", framework).finish()
    assert code == 0
    assert "\n12 of 12 verdicts are as expected.\n" in out
    lines = [line.split() for line in out.splitlines() if line.startswith("crossorigin origins ")]
    assert lines == [
        ["crossorigin", "origins", "add", "6", "of", "6", "6", "of", "6"],
        ["crossorigin", "origins", "remove", "0", "of", "6", "0", "of", "6"],
    ]
    assert out.endswith("\n2 of 2 edits have the expected effect.\n")


def test_a_taken_port_ends_the_workers(start: Callable[..., Demo], page_port: int, tmp_path: Path) -> None:
    """Nothing is left when the demo cannot start after its workers."""
    demo = start("--live", "--port", "0")
    demo.wait_until_ready()
    code, out, err = start("--live", "--port", "0").finish()
    assert (code, out) == (2, "")
    assert err.startswith("Port 8080 is in use")
    assert len(err.splitlines()) == 1
