"""The tutorial, followed literally: its files, a real uvicorn and a real Chromium, at the addresses that it names.

The first line of a block names the file, and which part of it the block replaces. `page` blocks are what the page then
shows, `console` blocks what Chromium prints, and `log` blocks what uvicorn prints.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from anyio import to_thread
from playwright.async_api import Browser, ConsoleMessage, async_playwright

from crossorigin import Policy

ROOT = Path(__file__).resolve().parents[3]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")

_BLOCK = re.compile(r"(?:^([^\n]+)\n\n)?^```(\w+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:#|//|<!--) ([\w/.]+)(?:, (.+?))?(?: -->)?\n(.*)", re.DOTALL)
_PAGE = re.compile(r"On `(http://[^`]+)`, the page shows:$")
# What a part of a file is replaced, by the words for it in the tutorial.
_PARTS = {
    "at the end": re.compile(r"\Z"),
    "the policy": re.compile(r"^policy = Policy\(.*?\)$", re.MULTILINE | re.DOTALL),
    "the calls": re.compile(r"^await .*\Z", re.MULTILINE | re.DOTALL),
}


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def page_server(folder: Path) -> Generator[int]:
    """Serve a folder and return the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def api_server(folder: Path, listener: socket.socket) -> Generator[Path]:
    """Run `uvicorn main:app` on a socket that already listens, and return the path of its output."""
    output = folder / "uvicorn.log"
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "main:app",
        f"--fd={listener.fileno()}",
        "--timeout-graceful-shutdown=1",
    ]
    with output.open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield output
    finally:
        server.terminate()
        server.wait(30)


def blocks() -> Iterator[tuple[str, str, str]]:
    """Return the line before each block, its language and its text."""
    yield from _BLOCK.findall(TUTORIAL)


def write(folder: Path, block: str) -> None:
    """Write a file, or replace a part of it, as the first line of a block says."""
    named = _FILE.fullmatch(block)
    assert named, block
    name, part, text = named.groups()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if part:
        text, count = _PARTS[part].subn(lambda _: text, path.read_text("utf-8"), count=1)
        assert count == 1, block
    path.write_text(f"{text}\n", "utf-8")


@asynccontextmanager
async def chromium_at(launch: dict[str, Any], ports: dict[int, int]) -> AsyncGenerator[Browser]:
    """Start a Chromium that reaches the local ports that the tutorial names at the real ones."""
    hosts = ("localhost", "127.0.0.1")
    rules = [f"MAP {host}:{shown} 127.0.0.1:{real}" for host in hosts for shown, real in ports.items()]
    arguments = [*launch["args"], f"--host-resolver-rules={', '.join(rules)}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**{**launch, "args": arguments})
        yield browser
        await browser.close()


async def open_page(browser: Browser, url: str) -> tuple[str, list[str]]:
    """Return the text that a page shows in a fresh profile, and what the console says about CORS."""
    printed: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if "CORS policy" in message.text:
            printed.append(message.text)

    async with await browser.new_context() as context:
        page = await context.new_page()
        page.on("console", keep)
        await page.goto(url)
        # This import returns when the module has run, including its `await` at the top level.
        await page.evaluate("import('/src/main.js').then(() => {})")
        return await page.inner_text("#app"), printed


def run_tests(folder: Path) -> None:
    """Run the test file of the tutorial."""
    # `python -m` adds the current folder to the path.
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-p", "no:randomly", "test_main.py"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert "2 passed" in finished.stdout, finished.stdout


async def test_each_step_has_the_result_that_the_tutorial_shows(
    tmp_path: Path, chromium_launch: dict[str, Any]
) -> None:
    """After each change, the page and the console of Chromium show exactly what the tutorial shows."""
    web = tmp_path / "notes"
    web.mkdir()
    checked, printed, logged = [], list[str](), ""
    with socket.create_server(("127.0.0.1", 0)) as listener, page_server(web) as page_port:
        ports = {5173: page_port, 8000: listener.getsockname()[1]}
        async with chromium_at(chromium_launch, ports) as browser:
            for before, language, text in blocks():
                if language in {"html", "js"}:
                    write(web, text)
                elif language == "python" and text.startswith("# "):
                    write(tmp_path, text)
                elif language == "page":
                    named = _PAGE.search(before)
                    with api_server(tmp_path, listener) as output:
                        shown, printed = await open_page(browser, named[1] if named else "http://localhost:5173")
                    logged = output.read_text("utf-8")
                    assert shown == text
                    checked.append(text)
                elif language == "console":
                    assert printed == text.splitlines()
                    checked.append(text)
                elif language == "log":
                    assert text in logged
                    checked.append(text)
    assert len(checked) == 12
    await to_thread.run_sync(run_tests, tmp_path)


def test_after_each_change_of_the_api_the_reader_reloads_the_page() -> None:
    """Vite reloads the page when its own files change, but not when `main.py` does."""
    changed = None
    reloads = 0
    for before, language, text in blocks():
        if language == "page":
            if changed == "main.py":
                assert "Reload the page" in before, text
                reloads += 1
            changed = None
        elif named := _FILE.fullmatch(text):
            changed = named[1]
    assert reloads == 4


def test_the_tutorial_opens_with_the_policy_that_it_ends_with() -> None:
    """The lines at the top are those of the last step before the second host."""
    opening = next(text for _, language, text in blocks() if language == "python")
    last = [text for _, language, text in blocks() if text.startswith("# main.py, the policy")][1]
    built: list[Policy] = []
    for text in (opening, last):
        names: dict[str, Any] = {"Policy": Policy}
        exec(text, names)  # the document belongs to this project
        built.append(names["policy"])
    assert built[0] == built[1]
