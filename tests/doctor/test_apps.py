"""Apps are loaded by name, started as servers start them, and asked without a socket."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from crossorigin import CORSMiddleware
from crossorigin.browser import HttpRequest, HttpResponse
from crossorigin.doctor.apps import entrypoint, load, started
from crossorigin.doctor.probe import CannotRunError

# Ends a hang; nothing is measured.
_PATIENCE = 30
ASKED = HttpRequest(url="http://testserver/", method="GET", headers=(), credentials=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder with a module, of which no other test knows."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def write(folder: Path, text: str, name: str = "main.py") -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


async def ask(app: Any, *, patience: float = _PATIENCE) -> HttpResponse | None:
    """Start an app, ask it once and end it."""
    async with started(app, patience=patience) as transport:
        return await transport(ASKED)


def test_an_app_is_loaded_from_the_folder(folder: Path) -> None:
    """Also one that is an attribute of something else, and twice as one."""
    write(folder, "class site:\n    @staticmethod\n    def app(): ...\n\napp = site.app\n")
    assert load("main:app", folder) is load("main:site.app", folder)
    assert sys.path.count(str(folder)) == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("main:app", "", "main:app: the module main has no app."),
        ("main:app", "app = 1", "main:app: the module main is no app by the name of app."),
        ("main:app", "raise KeyError('PORT')", "main:app cannot be imported: KeyError: 'PORT'"),
        ("main:app", "raise ValueError", "main:app cannot be imported: ValueError"),
        ("main:app", "raise SystemExit(3)", "main:app cannot be imported: SystemExit: 3"),
        ("main:app", "import not_there", "main:app cannot be imported: No module named 'not_there'."),
        ("other:app", "", "other:app cannot be imported: No module named 'other'."),
        ("main:", "", "'main:' names no app: write it as module:app."),
        ("main", "", "'main' names no app: write it as module:app."),
    ],
)
def test_an_app_that_cannot_be_loaded_is_told(folder: Path, name: str, text: str, message: str) -> None:
    """In a sentence, and without a traceback."""
    write(folder, text)
    with pytest.raises(CannotRunError) as caught:
        load(name, folder)
    assert (caught.value.kind, str(caught.value)) == ("app", message)


def test_the_entrypoint_of_a_project_is_read(tmp_path: Path) -> None:
    """As FastAPI's own command reads it."""
    write(tmp_path, '[tool.fastapi]\nentrypoint = "main:app"\n', "pyproject.toml")
    assert entrypoint(tmp_path) == "main:app"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No app is named, and there is no pyproject.toml here: write it as module:app."),
        ("[tool", "pyproject.toml cannot be read: "),
        ("", "No app is named, and pyproject.toml has no entrypoint in [tool.fastapi]: write it as module:app."),
        ("tool = 1", "No app is named, and pyproject.toml has no entrypoint in [tool.fastapi]"),
    ],
)
def test_a_project_without_an_entrypoint_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    """With what to write instead."""
    if text is not None:
        write(tmp_path, text, "pyproject.toml")
    with pytest.raises(CannotRunError) as caught:
        entrypoint(tmp_path)
    assert caught.value.kind == "usage"
    assert str(caught.value).startswith(message)


async def test_the_lifespan_runs_around_the_requests() -> None:
    """And what it makes is there for them."""
    said: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        said.append("start")
        yield {"word": "hello"}
        said.append("end")

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    def root(request: Request) -> str:
        said.append(request.state.word)
        return "ok"

    response = await ask(app)
    assert response is not None
    assert (response.status, said) == (200, ["start", "hello", "end"])


async def test_an_app_without_a_lifespan_is_asked_all_the_same() -> None:
    """It says so by raising, as servers allow it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    response = await ask(app)
    assert response is not None
    assert response.status == 204


async def why_not(app: Any, *, patience: float = _PATIENCE) -> tuple[str, str]:
    """Return why an app cannot be asked."""
    with pytest.raises(CannotRunError) as caught:
        await ask(app, patience=patience)
    return caught.value.kind, str(caught.value)


async def test_an_app_that_does_not_start_is_told() -> None:
    """With the last line of what it said."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        raise ConnectionError("no database")
        yield

    assert await why_not(FastAPI(lifespan=lifespan)) == ("app", "The app did not start: ConnectionError: no database")

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed"})

    assert await why_not(silent) == ("app", "The app did not start: it said no more")


@pytest.mark.parametrize("with_lifespan", [True, False])
async def test_a_wrong_policy_is_told_whole(*, with_lifespan: bool) -> None:
    """Whenever it is found: at the start, or with the first request."""
    inner = FastAPI()
    inner.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com/"])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if with_lifespan or scope["type"] == "http":
            await inner(scope, receive, send)

    kind, message = await why_not(app)
    assert kind == "app"
    assert message.startswith("The app did not start: This CORS policy has 1 error.")
    assert "[origin-trailing-slash]" in message


async def test_an_app_that_raises_is_answered_by_its_server() -> None:
    """With a bare 500, and what it raised is kept."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    response = await ask(app)
    assert response is not None
    assert (response.status, type(response.error)) == (500, ZeroDivisionError)


async def test_an_app_that_never_starts_is_given_up() -> None:
    """After as long as one is willing to wait."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    assert await why_not(app, patience=0.1) == ("timeout", "The app did not start within 0.1 seconds.")


async def test_an_app_that_never_ends_is_ended() -> None:
    """What it has answered stands."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await asyncio.Event().wait()

    response = await ask(app, patience=0.5)
    assert response is not None
    assert response.status == 204


async def test_an_app_that_never_answers_is_given_up() -> None:
    """Its lifespan ends all the same."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.Event().wait()

    message = "The app did not answer GET http://testserver/ within 0.1 seconds."
    assert await why_not(app, patience=0.1) == ("timeout", message)
