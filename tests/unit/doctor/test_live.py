"""The live origins of an app are loaded before a check, and told of on stderr."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask

from crossorigin import CORSMiddleware, LiveOrigins
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.live import live_origins_of, load_origins
from crossorigin.flask import CORS
from tests.unit.doctor.command import PAGE, check, folder, run

__all__ = ["folder"]

APP = f"""
from fastapi import FastAPI
from crossorigin import CORSMiddleware, LiveOrigins

def load():
    return ["{PAGE}", "shop.customer.example"]

origins = LiveOrigins.polled(load, every=60)
app = FastAPI()
app.add_middleware(CORSMiddleware, origins=origins)
"""


STORED = APP.replace("LiveOrigins.polled(load, every=60)", 'LiveOrigins.open("sqlite:///cors.db", start_timeout=0.1)')


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Serve nothing."""


def test_polled_origins_are_loaded_before_the_first_request(folder: Path) -> None:
    """A page of a customer is allowed, though the app has just started."""
    (folder / "polled.py").write_text(APP, "utf-8")
    result = check("polled:app", "/openapi.json")
    assert result.exit_code == 0
    assert "Live origins (polled): 1, 1 invalid ones skipped\n" in result.stderr


def test_stored_origins_are_loaded_and_their_revision_is_printed(folder: Path) -> None:
    """The revision tells whether the app reads the database that was edited."""
    (folder / "stored.py").write_text(STORED, "utf-8")
    for command in (["init"], ["add", PAGE]):
        assert run("origins", "--store", "sqlite:///cors.db", *command).exit_code == 0
    result = check("stored:app", "/openapi.json")
    assert result.exit_code == 0
    assert "Live origins (sqlite, revision 1): 1\n" in result.stderr


def test_a_store_that_is_missing_is_printed(folder: Path) -> None:
    """With the command that creates it. The app serves the origins of its policy, and the check says what it does."""
    (folder / "stored.py").write_text(STORED, "utf-8")
    result = check("stored:app", "/openapi.json")
    assert result.exit_code == 1
    assert "Live origins (sqlite, not connected): 0; " in result.stderr
    assert "crossorigin origins init" in result.stderr


def test_the_sets_of_all_layers_are_found_once() -> None:
    """Wrapped by hand, added to an app that has started or not, and none."""
    first, second = LiveOrigins(), LiveOrigins()
    app = CORSMiddleware(CORSMiddleware(CORSMiddleware(bare, origins=second), origins=first), origins=first)
    assert live_origins_of(app) == [first, second]
    added = FastAPI()
    added.add_middleware(CORSMiddleware, origins=first)
    assert live_origins_of(added) == []
    added.middleware_stack = added.build_middleware_stack()
    assert live_origins_of(CORSMiddleware(added)) == [first]
    assert live_origins_of(bare) == []


def test_the_sets_of_mounted_apps_and_of_flask_are_found() -> None:
    """A mounted app has not built its stack before its first request, and a Flask app has none."""
    inner, outer, of_flask = LiveOrigins(), LiveOrigins(), LiveOrigins()
    mounted, app = FastAPI(), FastAPI()
    mounted.add_middleware(CORSMiddleware, origins=inner)
    app.add_middleware(CORSMiddleware, origins=outer)
    app.mount("/sub", mounted)
    assert live_origins_of(app, read_app(app, path="/sub/items").layers) == [outer, inner]
    flask = Flask(__name__)
    CORS(flask, origins=of_flask)
    assert live_origins_of(flask, read_app(flask).layers) == [of_flask]


async def test_a_load_that_fails_is_part_of_the_line() -> None:
    """The check goes on, as the app does."""

    def fail() -> list[str]:
        raise OSError("no route to host")

    line = await load_origins(LiveOrigins.polled(fail), patience=10)
    assert line == "Live origins (polled): 0; load failed: OSError: no route to host"
    assert await load_origins(LiveOrigins([PAGE]), patience=10) == "Live origins (memory): 1"


@pytest.mark.parametrize("error", [TimeoutError()])
async def test_an_error_that_the_status_does_not_have_is_named(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is raised while a load is under way."""
    origins = LiveOrigins()

    async def refresh(_: LiveOrigins) -> None:
        raise error

    monkeypatch.setattr(LiveOrigins, "refresh", refresh)
    assert await load_origins(origins, patience=10) == "Live origins (memory): 0; TimeoutError: "
