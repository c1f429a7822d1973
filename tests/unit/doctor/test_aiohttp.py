"""The doctor asks aiohttp apps in process, and writes its fixes for them."""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crossorigin import Policy
from crossorigin.aiohttp import cors, setup
from crossorigin.browser import BrowserRequest, Verdict, run_async
from crossorigin.doctor.aiohttp import AiohttpBridge
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.apps import load, started
from crossorigin.doctor.fixes import fix_of
from crossorigin.doctor.probe import CannotRunError
from crossorigin.doctor.servers import Server, recognize_app

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
    ("path", "method", "owner", "code"),
    [
        (
            "/",
            "GET",
            None,
            f'from crossorigin.aiohttp import setup\n\nsetup(\n    app,\n    allow_origins=["{PAGE}", "',
        ),
        ("/closed", "GET", f"{__name__}.closed", "from crossorigin.aiohttp import cors\n\n@cors(\n"),
        ("/closed", "PUT", None, "setup("),
    ],
)
async def test_a_fix_is_written_for_the_owner_of_the_policy(
    path: str, method: str, owner: str | None, code: str
) -> None:
    """For the app and for a handler."""
    built = app()
    verdict = await fetch(built, path, method=method)
    assert policy_of(verdict.exchanges[-1].response) == owner
    fix = fix_of(verdict, recognize_app(AiohttpBridge(built)))
    assert fix is not None
    assert fix.code is not None
    assert code in fix.code


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


def test_the_setup_of_an_app_is_known() -> None:
    """With its policy, if there is one."""
    assert recognize_app(AiohttpBridge(app())).options == {"policy": Policy(allow_origins=[PAGE])}
    bare = recognize_app(AiohttpBridge(web.Application()))
    assert (bare.server, bare.options) == (Server.CROSSORIGIN_AIOHTTP, {})


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder with the module of an aiohttp app."""
    (tmp_path / "aiohttp_site.py").write_text("from aiohttp import web\napp = web.Application()\nmake = lambda: app\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("aiohttp_site", None)


def test_an_app_is_loaded_by_its_name(module: Path) -> None:
    """`crossorigin check module:app` takes an aiohttp app, and a function that makes one."""
    for name in ("app", "make"):
        loaded = load(f"aiohttp_site:{name}", module)
        assert isinstance(loaded, AiohttpBridge)
        assert isinstance(loaded.app, web.Application)
