"""Background tasks with a real server: the page gets its response before they end, whether they fail or not."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware
from tests.real.recipes.serving import served, statuses
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED


class Task:
    """A task that waits for permission to end, and then succeeds or fails."""

    def __init__(self, *, fails: bool) -> None:
        self.may_end = threading.Event()
        self.ended = threading.Event()
        self._fails = fails

    async def __call__(self) -> None:
        """Run the task."""
        await asyncio.to_thread(self.may_end.wait, 30)
        self.ended.set()
        if self._fails:
            message = "the task failed"
            raise RuntimeError(message)


def _starlette(task: Task) -> Any:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("done", background=BackgroundTask(task))

    return Starlette(routes=[Route("/", answer, methods=["GET", "PUT"])])


def _fastapi(task: Task) -> Any:
    app = FastAPI()

    @app.api_route("/", methods=["GET", "PUT"])
    async def answer(tasks: BackgroundTasks) -> PlainTextResponse:
        tasks.add_task(task)
        return PlainTextResponse("done")

    return app


@pytest.mark.parametrize("make", [_starlette, _fastapi])
@pytest.mark.parametrize("fails", [False, True])
def test_the_answer_is_there_before_the_task_ends(
    make: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """The page gets the whole response while the task still runs. A failure is logged once by the server."""
    task = Task(fails=fails)
    app = make(task)
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])
    with caplog.at_level(logging.ERROR, logger="uvicorn.error"), served(app) as server:
        # Another test in this process may have disabled this logger or its propagation.
        log = logging.getLogger("uvicorn.error")
        monkeypatch.setattr(log, "handlers", [caplog.handler])
        monkeypatch.setattr(log, "propagate", False)
        with server.ask("GET", "/", {"Origin": ORIGIN}) as answer:
            # Do not read to the end of the connection, which the server closes when the task is over.
            assert answer.read(4) == b"done"
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
            assert not task.ended.is_set()
        task.may_end.set()
        assert task.ended.wait(30)
        assert statuses(server.fetch("/", origin=ORIGIN, method="PUT")) == [200, 200]
        assert server.fetch("/", origin=UNTRUSTED).reason == "missing-allow-origin-header"
    failures = [record for record in caplog.records if record.exc_info and "the task failed" in str(record.exc_info[1])]
    # The task ran for the two requests, of the allowed page and of the other one, and for no preflight.
    assert len(failures) == (3 if fails else 0)
