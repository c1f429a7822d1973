"""The command line of the demo: `python -m demo`.

Exit codes: 0 after Ctrl-C, or if all verdicts of `--check` are as expected; 1 if one is not, or if a server does not
start; 2 if the demo cannot run with these options; 130 if Ctrl-C interrupts a check.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demo.scenario import PAGE_PORT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from demo.recorder import App
    from demo.serving import PortUnavailableError

_DEFAULT_PORT = 8000
_HIGHEST_PORT = 65535
_NEEDED = ("fastapi", "uvicorn")
# The module with `create_api` for each framework, and the packages that it needs besides.
_APIS = {
    "fastapi": "demo.api",
    "aiohttp": "demo.aiohttp_api",
    "django": "demo.django_api",
    "flask": "demo.flask_api",
}
_NEEDED_BY: dict[str, tuple[str, ...]] = {
    "fastapi": (),
    "aiohttp": ("aiohttp",),
    "django": ("django",),
    "flask": ("a2wsgi", "flask"),
}
# `--live` runs the command `crossorigin`, and passes requests on to other processes.
_NEEDED_LIVE = ("aiohttp", "click", "httpx2", "rich")


_EXPECTED_WARNING = """\
The warning above is expected. The API has the policy of the example in FastAPI's documentation,
which allows cookies for pages of http://localhost.tiangolo.com. Such a policy is allowed, and
reported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    options = _parser().parse_args(arguments)
    needed: list[str] = [
        *_NEEDED,
        *_NEEDED_BY[options.framework],
        *(["playwright"] if options.check else []),
        *(_NEEDED_LIVE if options.live else []),
    ]
    missing = [name for name in dict.fromkeys(needed) if find_spec(name) is None]
    if missing:
        return _cannot_run(f"The demo requires {', '.join(missing)}: pip install {' '.join(missing)}")
    return _run(port=options.port, check=options.check, live=options.live, framework=options.framework)


def _run(*, port: int, check: bool, live: bool, framework: str) -> int:
    # These modules import FastAPI and uvicorn, which --help and the error about missing packages must not need.
    from demo.serving import PortUnavailableError, ServerDidNotStartError
    from demo.tab import BrowserUnavailableError

    try:
        return asyncio.run(_run_api(port=port, check=check, live=live, framework=framework))
    except PortUnavailableError as error:
        return _cannot_run(_port_message(error))
    except BrowserUnavailableError as error:
        return _cannot_run(str(error))
    except ServerDidNotStartError:
        print("The demo could not start: see the message above.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130 if check else 0


async def _run_api(*, port: int, check: bool, live: bool, framework: str) -> int:
    from demo.check import run_check

    async with _api_of(framework, live=live) as api:
        if not check:
            return await _serve(port=port, api=api)
        introduction = f"{_EXPECTED_WARNING} The API logs the requests that it refuses:\n"
        return await run_check(port=port, api=api, introduction=introduction)


@asynccontextmanager
async def _api_of(framework: str, *, live: bool) -> AsyncGenerator[App]:
    from demo.api import documented_policy
    from demo.editable import CreateApi, EditableApi

    module = _APIS[framework]
    if live:
        from demo.stored import stored_api

        async with stored_api(module) as api:
            yield api
        return
    create: CreateApi = import_module(module).create_api
    yield EditableApi(create, documented_policy())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Serve the CORS example of FastAPI's documentation, and a page of another origin that "
        f"calls it. The page always uses port {PAGE_PORT} because the example lists it. "
        "Press Ctrl-C to stop.",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=_DEFAULT_PORT,
        help="port of the API (default: %(default)s; 0: any free port)",
    )
    parser.add_argument(
        "--framework",
        choices=_APIS,
        default="fastapi",
        help="framework of the API (default: %(default)s)",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="serve the API with two processes, and show how an origin that is added to their SQLite database with "
        "the command `crossorigin origins` is allowed without a restart",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="open the page from both origins in headless Chromium, print the verdicts, "
        "and exit with 0 only if all are as expected",
    )
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        message = f"Invalid port {text!r}: expected a number from 0 to {_HIGHEST_PORT}"
        raise argparse.ArgumentTypeError(message)
    if int(text) == PAGE_PORT:
        message = f"Port {PAGE_PORT} is reserved for the page because the example lists it: choose another port"
        raise argparse.ArgumentTypeError(message)
    return int(text)


async def _serve(*, port: int, api: App) -> int:
    from demo.serving import serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        # On Windows, the loop has no signal handlers and Ctrl-C raises KeyboardInterrupt.
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with serving(api=api, port=port, page_port=PAGE_PORT) as addresses:
        print(
            f"""\
The page on an allowed origin:     {addresses.allowed}
The same page on a refused origin: {addresses.refused}
The API that both pages call:      {addresses.api}

Open the first two side by side. Both show the same page, which sends six requests: on the
allowed origin it can read every response, on the refused origin none. For each request, the
page shows what the browser did, what it sent, and how the policy decides.
{_how_to_change(api)}
{_EXPECTED_WARNING}

Press Ctrl-C to stop the demo.""",
            flush=True,
        )
        await stop.wait()
    print("\nStopped.", flush=True)
    return 0


def _how_to_change(api: App) -> str:
    """Return a paragraph on how to change what the API allows, if it can be changed."""
    from demo.editable import EditableApi
    from demo.scenario import REFUSED_ORIGIN
    from demo.stored import StoredApi

    if isinstance(api, EditableApi):
        return "\nEdit the policy on one of the pages: both send their requests again, and show what has changed.\n"
    if isinstance(api, StoredApi):
        add, remove = (shlex.join(api.command(action, REFUSED_ORIGIN)) for action in ("add", "remove"))
        return (
            "\nTwo processes serve the API. To allow the second page without a restart, and to refuse it again, run\n"
            f"these commands in another terminal:\n\n  {add}\n  {remove}\n"
        )
    return ""


def _port_message(error: PortUnavailableError) -> str:
    if not error.taken:
        return f"Could not open port {error.port}: {error.strerror}."
    if error.port == PAGE_PORT:
        return (
            f"Port {PAGE_PORT} is in use, and the page of the demo cannot use another one because the example "
            f"lists http://localhost:{PAGE_PORT}. Stop the program that uses port {PAGE_PORT}; "
            f"`ss -ltnp 'sport = :{PAGE_PORT}'` shows which one it is."
        )
    return f"Port {error.port} is in use. Choose another port for the API with --port, or free this one."


def _cannot_run(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
