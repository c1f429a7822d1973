"""The command line of the demo: `python -m demo`.

Exit codes: 0 after Ctrl-C, or when every verdict of `--check` was the expected one;
1 when one was not, or a server gave up; 2 when the demo cannot run as asked;
130 when Ctrl-C cut a check short.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demo.scenario import PAGE_PORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.serving import PortUnavailableError

_DEFAULT_PORT = 8000
_HIGHEST_PORT = 65535
_NEEDED = ("fastapi", "uvicorn")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    options = _parser().parse_args(arguments)
    needed = (*_NEEDED, "playwright") if options.check else _NEEDED
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        return _cannot(f"The demo needs {', '.join(missing)}: pip install {' '.join(missing)}")
    return _run(port=options.port, check=options.check)


def _run(*, port: int, check: bool) -> int:
    # They import FastAPI and uvicorn: help, and what is missing, are told without them.
    from demo.check import BrowserUnavailableError, run_check
    from demo.serving import PortUnavailableError, ServerDidNotStartError

    try:
        return asyncio.run(run_check(port=port) if check else _serve(port=port))
    except PortUnavailableError as error:
        return _cannot(_about_port(error))
    except BrowserUnavailableError as error:
        return _cannot(str(error))
    except ServerDidNotStartError:
        print("The demo could not start: see the message above.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130 if check else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Serve FastAPI's documented CORS example, and a page of another origin that "
        f"calls it. The page is always on port {PAGE_PORT}, which the example names. "
        "Ctrl-C stops it.",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=_DEFAULT_PORT,
        help="the API's port (default: %(default)s; 0: any free one)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="let headless Chromium open the page from both origins, print the verdicts, "
        "and exit 0 only if each is the expected one",
    )
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        message = f"{text!r} is not a port: write a number from 0 to {_HIGHEST_PORT}"
        raise argparse.ArgumentTypeError(message)
    if int(text) == PAGE_PORT:
        message = f"{PAGE_PORT} is the page's port, which the example names: choose another"
        raise argparse.ArgumentTypeError(message)
    return int(text)


async def _serve(*, port: int) -> int:
    from demo.api import app
    from demo.serving import serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        # Where the loop has no signal handlers (Windows), Ctrl-C arrives as KeyboardInterrupt.
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with serving(api=app, port=port, page_port=PAGE_PORT) as addresses:
        print(
            f"""\
The page, from an origin the policy allows:  {addresses.allowed}
The same page, from one that it refuses:     {addresses.refused}
The API that both of them call:              {addresses.api}

Open the first two side by side. They are one page and send the same six requests: the first
reads every answer, the second none. Each request shows what the browser did, what it sent,
and why the policy decides as it does.

Ctrl-C stops the demo.""",
            flush=True,
        )
        await stop.wait()
    print("\nStopped.", flush=True)
    return 0


def _about_port(error: PortUnavailableError) -> str:
    if not error.taken:
        return f"Port {error.port} cannot be opened: {error.strerror}."
    if error.port == PAGE_PORT:
        return (
            f"Port {PAGE_PORT} is taken, and the demo's page needs it: the example's list names "
            f"http://localhost:{PAGE_PORT}, so the page cannot move. The program that listens on "
            f"{PAGE_PORT} must free it; `ss -ltnp 'sport = :{PAGE_PORT}'` names that program."
        )
    return f"Port {error.port} is taken. Move the demo's API with --port, or free the port."


def _cannot(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
