"""Requests of the doctor to aiohttp apps in process."""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crossorigin.aiohttp import cors, setup
from crossorigin.browser import BrowserRequest, Verdict, run_async
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.asking.aiohttp import AiohttpBridge
from crossorigin.doctor.asking.apps import load, started
from crossorigin.doctor.asking.probe import CannotRunError

PAGE, OTHER = "https://app.example.com", "https://other.example"


async def ok(request: web.Request) -> web.StreamResponse:
    """Answer something."""
    return web.Response()


@cors(None)
async def closed(request: web.Request) -> web.StreamResponse:
    """Answer pages of no other origin."""
    return web.Response()


async def crash(request: web.Request) -> web.StreamResponse:
    """Raise what aiohttp answers with 500."""
    raise ZeroDivisionError


def app() -> web.Application:
    """Return an app with a policy, and a handler with its own."""
    built = web.Application()
    built.add_routes([web.get("/", ok), web.get("/closed", closed), web.get("/crash", crash)])
    setup(built, allow_origins=[PAGE])
    return built


async def fetch(built: Any, path: str, *, origin: str = OTHER, method: str = "GET") -> Verdict:
    """Let a page of another origin ask the app."""
    request = BrowserRequest(url=f"http://testserver{path}", origin=origin, method=method)
    async with started(AiohttpBridge(built), patience=30) as transport:
        return await run_async(request, transport)


@pytest.mark.parametrize(
    ("path", "method", "owner"),
    [("/", "GET", None), ("/closed", "GET", f"{__name__}.closed"), ("/closed", "PUT", None)],
)
async def test_the_owner_of_the_policy_is_known(path: str, method: str, owner: str | None) -> None:
    """It is the app or a handler. The app's policy decides on a method that the handler does not serve."""
    verdict = await fetch(app(), path, method=method)
    assert policy_of(verdict.exchanges[-1].response) == owner


async def test_the_preflight_of_a_handler_names_its_owner() -> None:
    """The policy of the requested method decides."""
    built = web.Application()
    built.router.add_put("/closed", closed)
    setup(built, allow_origins=[PAGE])
    verdict = await fetch(built, "/closed", method="PUT")
    assert policy_of(verdict.exchanges[-1].response) == f"{__name__}.closed"


async def test_the_app_is_started_and_cleaned_up() -> None:
    """As a server does it."""
    seen: list[str] = []

    async def note(name: str) -> None:
        seen.append(name)

    built = app()
    built.on_startup.append(lambda _: note("startup"))
    built.on_cleanup.append(lambda _: note("cleanup"))
    assert (await fetch(built, "/", origin=PAGE)).readable
    assert seen == ["startup", "cleanup"]


async def test_an_app_that_does_not_start_is_reported() -> None:
    """With its exception."""

    async def fail(_: web.Application) -> None:
        raise ZeroDivisionError("no database")

    built = app()
    built.on_startup.append(fail)
    with pytest.raises(CannotRunError, match="ZeroDivisionError: no database"):
        await fetch(built, "/")


async def test_an_exception_is_a_500_of_the_app() -> None:
    """The page can read it, and the doctor names the exception."""
    verdict = await fetch(app(), "/crash", origin=PAGE)
    assert verdict.readable
    response = verdict.exchanges[-1].response
    assert response is not None
    assert (response.status, type(response.error)) == (500, ZeroDivisionError)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder with the module of an aiohttp app."""
    (tmp_path / "aiohttp_site.py").write_text("from aiohttp import web\napp = web.Application()\nmake = lambda: app\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("aiohttp_site", None)


@pytest.mark.parametrize(("name", "is_made"), [("app", False), ("make", True)])
def test_an_app_is_loaded_by_its_name(name: str, is_made: bool, module: Path) -> None:
    """`crossorigin check module:app` takes an aiohttp app, and a function that makes one."""
    loaded = load(f"aiohttp_site:{name}", module)
    assert isinstance(loaded.app, AiohttpBridge)
    assert loaded.app.app is loaded.source
    assert loaded.is_made is is_made
