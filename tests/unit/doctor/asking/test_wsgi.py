"""WSGI apps are called in process, through a bridge."""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask

from crossorigin.browser import BrowserRequest, HttpRequest, run_async
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.asking.apps import load, started
from crossorigin.doctor.asking.wsgi import WSGIBridge
from crossorigin.flask import CORS, cross_origin

PAGE, OTHER = "https://app.example.com", "https://other.example"


def raw(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with the method, the path and the query of the request."""
    start_response(
        "200 OK", [("X-Asked", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}")]
    )
    return []


def view() -> str:
    """Answer something."""
    return "view"


def app() -> Flask:
    """Return a Flask app whose policies are attached in each of the four ways."""
    built, partners = Flask(__name__), Blueprint("partners", __name__, url_prefix="/partners")
    CORS(partners, allow_origins=["https://partner.example"])
    partners.add_url_rule("/feed", "feed", lambda: "feed")
    built.register_blueprint(partners)
    built.add_url_rule("/view", "view", cross_origin(None)(view))
    CORS(built, allow_origins=[PAGE], resources={"/closed/*": None})
    return built


async def test_an_app_is_asked_as_a_server_asks_it() -> None:
    """It gets the method, the path and the query, and no lifespan event."""
    request = HttpRequest(url="http://testserver/items?a=1", method="PUT", headers=(), credentials=False, body=b"x")
    async with started(WSGIBridge(raw), patience=30) as transport:
        response = await transport(request)
    assert response is not None
    assert (response.status, response.lines("X-Asked")) == (200, (b"PUT /items?a=1",))


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/", None),
        ("/partners/feed", "Blueprint 'partners'"),
        ("/closed/x", "resources['/closed/*']"),
        ("/view", f"{__name__}.view"),
    ],
)
async def test_an_answer_has_the_owner_of_the_policy_that_decided(path: str, owner: str | None) -> None:
    """The fix is written for that owner."""
    request = BrowserRequest(url=f"http://testserver{path}", origin=OTHER)
    async with started(WSGIBridge(app()), patience=30) as transport:
        verdict = await run_async(request, transport)
    assert policy_of(verdict.exchanges[-1].response) == owner


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder with the module of a Flask app."""
    (tmp_path / "flask_site.py").write_text("from flask import Flask\napp = Flask(__name__)\nmake = lambda: app\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("flask_site", None)


@pytest.mark.parametrize("name", ["app", "make"])
def test_an_app_is_loaded_by_its_name(module: Path, name: str) -> None:
    """Or by the name of a function that makes it; the app itself is kept, so that its layers can be read."""
    loaded = load(f"flask_site:{name}", module)
    assert isinstance(loaded.app, WSGIBridge)
    assert isinstance(loaded.source, Flask)
    assert loaded.app.app is loaded.source
    assert loaded.is_made is (name == "make")
