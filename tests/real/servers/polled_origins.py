"""Apps with origins that are polled from a file, served by real servers: one for ASGI and one for WSGI.

Each process prints the line `PID sees N origins` when it has loaded another number of origins.
"""

import os
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware, LiveOrigins, Policy
from crossorigin import wsgi as crossorigin_wsgi
from tests.real.servers.process import MARKER

policy = Policy(allow_origins=["https://app.example.com"], allow_methods=["GET", "PUT"])
seen: dict[int, int] = {}


def load() -> list[str]:
    """Return the lines of the file, some of which are invalid."""
    return Path(os.environ[MARKER]).read_text("utf-8").splitlines()


def report(rows: list[str]) -> None:
    """Print the number of origins in this process if it has changed."""
    if seen.get(os.getpid()) != len(rows):
        seen[os.getpid()] = len(rows)
        print(f"{os.getpid()} sees {len(rows)} origins", flush=True)


def load_after_the_last_was_applied() -> list[str]:
    """Report the origins of the previous load, and load again, because a load is applied after it has returned."""
    report(list(origins))
    return load()


origins = LiveOrigins.polled(load_after_the_last_was_applied, every=0.02)
print(f"{os.getpid()} imports the app", flush=True)


async def hello(request: Request) -> PlainTextResponse:
    """Answer with the process ID."""
    return PlainTextResponse(str(os.getpid()))


asgi = CORSMiddleware(Starlette(routes=[Route("/", hello)]), policy=policy, origins=origins)


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with the process ID."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


wsgi = crossorigin_wsgi.CORSMiddleware(app, policy=policy, origins=origins)
