"""One of the processes that serve the API with `--live`: `python -m demo.worker MODULE STORE`.

It prints the ports of two servers: the API, and what `stored` asks about its live origins. It ends when its standard
input is closed, so it does not outlive the demo.
"""

import asyncio
import json
import os
import signal
import sys
import warnings
from contextlib import AsyncExitStack
from importlib import import_module

from fastapi import FastAPI

from crossorigin import CrossOriginWarning, LiveOrigins, LivePolicy
from crossorigin.starlette import explain
from demo.api import documented_policy
from demo.editable import CreateApi, Json, explained_app, explanation_to_json
from demo.serving import lifespan, listening, running


async def serve(module: str, store: str) -> None:
    """Serve the API of a framework's module, with the live origins in a store, until standard input is closed."""
    create: CreateApi = import_module(module).create_api
    policy, origins = LivePolicy(documented_policy()), LiveOrigins.open(store)
    api = create(policy, origins)
    async with AsyncExitStack() as opened:
        api_sockets, inside_sockets = opened.enter_context(listening(0)), opened.enter_context(listening(0))
        await opened.enter_async_context(lifespan(api))
        await opened.enter_async_context(running(api, api_sockets))
        await opened.enter_async_context(running(_inside(policy, origins), inside_sockets))
        ports = [sockets[0].getsockname()[1] for sockets in (api_sockets, inside_sockets)]
        print(json.dumps(ports), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def _inside(policy: LivePolicy, origins: LiveOrigins) -> FastAPI:
    """Return the app that says what this process knows."""
    app = FastAPI(openapi_url=None)
    explained = explained_app(policy, origins)

    @app.get("/state")
    async def state() -> Json:
        status = origins.status()
        return {
            "process": os.getpid(),
            "revision": status.revision,
            "error": status.error,
            "origins": list(origins),
            "options": policy.current.to_dict(),
        }

    @app.get("/explain")
    async def explanation(method: str, origin: str, headers: str = "") -> Json:
        return explanation_to_json(
            explain(explained, method, "/", origin, [name for name in headers.split(",") if name])
        )

    return app


def main(module: str, store: str) -> None:
    """Serve until the demo ends."""
    # Ctrl-C is sent to all processes in the terminal. The demo itself ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The demo has shown the warning about the documented policy.
    warnings.simplefilter("ignore", CrossOriginWarning)
    asyncio.run(serve(module, store))


if __name__ == "__main__":
    main(*sys.argv[1:])
