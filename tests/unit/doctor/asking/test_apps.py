"""Apps are loaded by name, started as servers start them, and called without a socket."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.background import BackgroundTask

from crossorigin import CORSMiddleware
from crossorigin.browser import BrowserRequest, HttpRequest, HttpResponse, run_async
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.asking.apps import entrypoint, load, started
from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.output.document import document
from crossorigin.doctor.output.report import report
from crossorigin.fastapi import cors

# Ends a hang; nothing is measured.
_PATIENCE = 30
_NO_ASGI = "is not an ASGI app: it does not take a scope, receive and send."
ASKED = HttpRequest(url="http://testserver/", method="GET", headers=(), credentials=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder with a module whose name no other test uses."""
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
    write(folder, "class site:\n    @staticmethod\n    async def app(scope, receive, send): ...\n\napp = site.app\n")
    assert load("main:app", folder).app is load("main:site.app", folder).app
    assert sys.path.count(str(folder)) == 1


def test_what_makes_an_app_is_called_for_it(folder: Path) -> None:
    """This holds whatever other arguments it could take."""
    write(folder, "async def app(scope, receive, send): ...\n\ndef create_app(config=None, *more):\n    return app\n")
    made = load("main:create_app", folder)
    assert made.app is load("main:app", folder).app
    assert made.is_made


def test_an_app_that_does_not_say_what_it_takes_is_taken(folder: Path) -> None:
    """A function written in C may have no signature."""
    text = """
    class App:
        @property
        def __signature__(self): raise ValueError
        async def __call__(self, *given): ...

    app = App()
    """
    write(folder, dedent(text))
    assert type(load("main:app", folder).app).__name__ == "App"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("main:app", "", "main:app: the module main has no app."),
        ("main:app", "app = 1", "main:app: the module main has app, but it is not an app."),
        ("main:app", "def app(environ): ...", f"main:app {_NO_ASGI}"),
        ("main:app", "def app(config=None): ...", f"main:app {_NO_ASGI}"),
        ("main:app", "def app(): raise KeyError('PORT')", "main:app() failed: KeyError: 'PORT'"),
        ("main:app", "raise KeyError('PORT')", "main:app cannot be imported: KeyError: 'PORT'"),
        ("main:app", "raise ValueError", "main:app cannot be imported: ValueError"),
        ("main:app", "raise SystemExit(3)", "main:app cannot be imported: SystemExit: 3"),
        ("main:app", "import not_there", "main:app cannot be imported: No module named 'not_there'."),
        ("main.api:app", "", "main.api:app cannot be imported: No module named 'main.api'; 'main' is not a package."),
        ("main:", "", "'main:' does not name an app. Write it as module:app."),
        ("main", "", "'main' does not name an app. Write it as module:app."),
    ],
)
def test_an_app_that_cannot_be_loaded_is_reported(folder: Path, name: str, text: str, message: str) -> None:
    """The message is a sentence, without a traceback."""
    write(folder, text)
    with pytest.raises(CannotRunError) as caught:
        load(name, folder)
    assert (caught.value.kind, str(caught.value)) == ("app", message)


def test_a_module_that_lies_elsewhere_is_reported_with_where_it_was_looked_for(folder: Path) -> None:
    """The message names the folders that were searched, because a package may be below src."""
    with pytest.raises(CannotRunError) as caught:
        load("other.api:app", folder)
    where = f"in {folder}. Run the command in the folder of the module, or set PYTHONPATH."
    assert str(caught.value) == f"other.api:app cannot be imported: No module named 'other' {where}"


def test_the_entrypoint_of_a_project_is_read(tmp_path: Path) -> None:
    """As FastAPI's own command reads it."""
    write(tmp_path, '[tool.fastapi]\nentrypoint = "main:app"\n', "pyproject.toml")
    assert entrypoint(tmp_path) == "main:app"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Name the app: there is no pyproject.toml in this folder. Write it as module:app."),
        ("[tool", "pyproject.toml cannot be read: "),
        ("# \udcff", "pyproject.toml cannot be read: "),
        ("", "Name the app: pyproject.toml has no entrypoint in [tool.fastapi]. Write it as module:app."),
        ("tool = 1", "Name the app: pyproject.toml has no entrypoint in [tool.fastapi]"),
    ],
)
def test_a_project_without_an_entrypoint_is_reported(tmp_path: Path, text: str | None, message: str) -> None:
    """The message says what to write instead."""
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text, "utf-8", "surrogateescape")
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
    """It raises an exception on a lifespan event, as servers accept."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    response = await ask(app)
    assert response is not None
    assert response.status == 204


async def why_not(app: Any, *, patience: float = _PATIENCE) -> tuple[str, str]:
    """Return why an app cannot be checked."""
    with pytest.raises(CannotRunError) as caught:
        await ask(app, patience=patience)
    return caught.value.kind, str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConnectionError("no database"), "ConnectionError: no database"),
        (ValueError("2 errors\nport\n    is missing"), "ValueError: 2 errors\nport\n    is missing"),
        (SystemExit(0), "SystemExit: 0"),
    ],
)
async def test_an_app_that_does_not_start_is_reported(error: BaseException, message: str) -> None:
    """The message has everything that the app reported, without a traceback."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        raise error
        yield

    assert await why_not(FastAPI(lifespan=lifespan)) == ("app", f"The app did not start: {message}")


async def test_an_app_that_does_not_start_without_a_reason_is_reported() -> None:
    """There is nothing to repeat."""

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed"})

    assert await why_not(silent) == ("app", "The app did not start: it gives no reason")


@pytest.mark.parametrize("when", ["import", "factory", "start", "request"])
async def test_in_a_codespace_a_policy_for_all_of_them_gets_the_one_origin(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anyone can create a codespace, so a pattern for all of them is refused; the message has the safe origin."""
    monkeypatch.setenv("CODESPACE_NAME", "fuzzy-robot-7x9")
    monkeypatch.delenv("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", raising=False)
    options: dict[str, Any] = {"allow_origins": ["https://*.app.github.dev"], "allow_credentials": True}
    monkeypatch.syspath_prepend(tmp_path)
    if when in {"import", "factory"}:
        module = f"wrong_in_codespace_{when}"
        indent = "def make():\n    " if when == "factory" else ""
        code = f"from crossorigin import Policy\n{indent}Policy(**{options!r})\n"
        (tmp_path / f"{module}.py").write_text(code)
        with pytest.raises(CannotRunError) as caught:
            load(f"{module}:make", tmp_path)
        message = str(caught.value)
    else:
        inner = FastAPI()
        inner.add_middleware(CORSMiddleware, **options)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if when == "start" or scope["type"] == "http":
                await inner(scope, receive, send)

        _, message = await why_not(app)
    assert "https://fuzzy-robot-7x9-5173.app.github.dev" in message


@pytest.mark.parametrize("with_lifespan", [True, False])
async def test_all_errors_of_a_policy_are_reported(*, with_lifespan: bool) -> None:
    """The message is complete, whether the error occurs at the start or in the first request."""
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


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SystemExit(0), "SystemExit: 0"),
        (asyncio.CancelledError(), "CancelledError"),
        (TimeoutError("of its database"), "of its database"),
    ],
)
async def test_an_app_that_ends_its_request_is_answered_by_its_server_too(error: BaseException, told: str) -> None:
    """It does not end the check."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            raise error

    response = await ask(app)
    assert response is not None
    assert (response.status, str(response.error)) == (500, told)


async def test_ctrl_c_is_no_answer() -> None:
    """Ctrl-C ends the check."""
    asked = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            asked.set()
            await asyncio.Event().wait()

    asking = asyncio.create_task(ask(app))
    await asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_stream_that_is_quiet_has_answered() -> None:
    """A browser's decision needs only the status and the headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [[b"vary", b"Origin"]]})
            await asyncio.Event().wait()

    response = await ask(app, patience=0.1)
    assert response == HttpResponse(status=200, headers=((b"vary", b"Origin"),))


async def test_who_waits_for_an_answer_has_not_gone_away() -> None:
    """An app may look, before it answers and after."""
    seen: list[bool] = []
    app = FastAPI()

    @app.get("/")
    async def root(request: Request) -> Response:
        seen.extend([await request.is_disconnected() for _ in range(2)])
        return Response(background=BackgroundTask(looked, request))

    async def looked(request: Request) -> None:
        seen.append(await request.is_disconnected())

    await ask(app)
    assert seen == [False, False, True]


async def test_no_app_answers_for_another_host() -> None:
    """A redirect may lead to one, of which nothing is known in process."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async with started(app, patience=_PATIENCE) as transport:
        await transport(ASKED)
        assert await transport(replace(ASKED, url="https://testserver/")) is not None
        with pytest.raises(CannotRunError, match=r"leads to another host, https://login\.example\.com/\. ") as caught:
            await transport(replace(ASKED, url="https://login.example.com/"))
    assert caught.value.kind == "app"


async def test_an_app_that_never_starts_is_given_up() -> None:
    """After as long as one is willing to wait."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    assert await why_not(app, patience=0.1) == ("timeout", "The app did not start within 0.1 seconds.")


async def test_an_app_that_never_ends_is_ended() -> None:
    """The responses that it has sent are used."""

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


async def test_the_owner_of_a_routes_policy_is_reported() -> None:
    """This holds for the preflight and the response, and not if the policy of the app decides."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])

    @app.put("/public")
    @cors(allow_origins=["*"], allow_methods=["PUT"])
    def public() -> None: ...

    @app.put("/private")
    def private() -> None: ...

    name = f"{__name__}.{public.__qualname__}"
    async with started(app, patience=_PATIENCE) as transport:
        for path, places in (("public", [name, name]), ("private", [None])):
            request = BrowserRequest(url=f"http://testserver/{path}", origin="https://app.example", method="PUT")
            found = diagnose([await run_async(request, transport)])
            assert [policy_of(exchange.response) for exchange in found.lead.exchanges] == places
            assert [exchange["policy_of"] for exchange in document(found)["exchanges"]] == places
            told = [line.text.strip() for line in report(found, width=200)]
            assert told.count(f"by the policy of {name}") == len(list(filter(None, places)))
