"""A check ends whatever the app does, with a document and exit code 2."""

import json
import os
from pathlib import Path

import pytest

from tests.unit.doctor.command import check, folder

__all__ = ["folder"]
_HEAD = "import asyncio, os, threading, time\n"
_SERVES = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        {body}
"""
APPS = {
    "blocks its worker thread": _HEAD
    + "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    time.sleep(60)\n",
    "blocks the event loop": _HEAD + _SERVES.format(body="time.sleep(60)"),
    "never awaits": _HEAD + _SERVES.format(body="while True: pass"),
    "swallows cancellation": _HEAD
    + _SERVES.format(
        body="""
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass"""
    ),
    "swallows cancellation of its lifespan": _HEAD
    + """
async def app(scope, receive, send):
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
""",
    "blocks while it is imported": _HEAD + "time.sleep(60)",
    "ends the process while it is imported": _HEAD + "os._exit(0)",
    "ends the process": _HEAD + _SERVES.format(body="os._exit(0)"),
    "raises KeyboardInterrupt while it is imported": _HEAD + "raise KeyboardInterrupt",
    "is made by a factory that raises KeyboardInterrupt": _HEAD + "def app():\n    raise KeyboardInterrupt\n",
}


@pytest.mark.parametrize("app", APPS.values(), ids=list(APPS))
def test_a_check_ends(folder: Path, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output says that the check could not run, in the requested format."""
    monkeypatch.setattr("crossorigin.doctor.child._GRACE", 6.0)
    (folder / "main.py").write_text(app, "utf-8")
    result = check("main:app", "/", "--timeout", "0.5", "--format", "json")
    assert result.exit_code == 2, result.output
    assert json.loads(result.stdout)["outcome"] == "not-run"


@pytest.mark.parametrize(
    "error", ["BaseExceptionGroup('all', [KeyboardInterrupt()])", "GeneratorExit()", "KeyboardInterrupt()"]
)
def test_an_exception_of_any_kind_is_an_error_of_the_app(folder: Path, error: str) -> None:
    """A server would answer 500, and the page would not see the headers."""
    (folder / "main.py").write_text(_SERVES.format(body=f"raise {error}"), "utf-8")
    result = check("main:app", "/", "--format", "json")
    assert result.exit_code == 1, result.output
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == [
        "error-without-cors-headers",
        "app-exception",
    ]


def test_a_thread_that_stays_does_not_delay_the_result(folder: Path) -> None:
    """This includes a process that keeps stdout open."""
    text = _HEAD + (
        "import subprocess, sys\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "pid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid\n"
        "print('child', pid)\n"
        "from fastapi import FastAPI\napp = FastAPI()\n"
    )
    (folder / "main.py").write_text(text, "utf-8")
    result = check("main:app", "/openapi.json", "--format", "json")
    assert json.loads(result.stdout)["allowed"] is False
    [line] = [line for line in result.stderr.splitlines() if line.startswith("child ")]
    os.kill(int(line.split()[1]), 9)
