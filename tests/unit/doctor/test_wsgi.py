"""The doctor asks WSGI apps in process, and writes its fixes for them."""

import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import flask_cors
import pytest
from flask import Blueprint, Flask

from crossorigin import Policy
from crossorigin.browser import BrowserRequest, HttpRequest, Verdict, run_async
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.apps import load, started
from crossorigin.doctor.fixes import fix_of
from crossorigin.doctor.servers import Server, recognize_app
from crossorigin.doctor.wsgi import WSGIBridge
from crossorigin.flask import CORS, cross_origin
from crossorigin.wsgi import CORSMiddleware

PAGE, OTHER = "https://app.example.com", "https://other.example"


def raw(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with the query and the path."""
    start_response(f"200 {environ['PATH_INFO']}?{environ['QUERY_STRING']}", [("X-Method", environ["REQUEST_METHOD"])])
    return []


def app() -> Flask:
    """Return a Flask app whose policies are attached in each of the four ways."""
    built, partners = Flask(__name__), Blueprint("partners", __name__, url_prefix="/partners")
    CORS(partners, allow_origins=["https://partner.example"])
    partners.add_url_rule("/feed", "feed", lambda: "feed")
    built.register_blueprint(partners)
    built.add_url_rule("/view", "view", cross_origin(None)(view))
    CORS(built, allow_origins=[PAGE], resources={"/closed/*": None})
    return built


def view() -> str:
    """Answer something."""
    return "view"


async def fetch(built: Any, path: str) -> Verdict:
    """Let a page of another origin ask the app."""
    request = BrowserRequest(url=f"http://testserver{path}", origin=OTHER)
    async with started(WSGIBridge(built), patience=30) as transport:
        return await run_async(request, transport)


async def test_an_app_is_asked_as_a_server_asks_it() -> None:
    """With its path, its query and its method; the lifespan of ASGI does not reach it."""
    request = HttpRequest(url="http://testserver/items?a=1", method="PUT", headers=(), credentials=False, body=b"x")
    async with started(WSGIBridge(raw), patience=30) as transport:
        response = await transport(request)
    assert response is not None
    assert (response.status, response.lines("X-Method")) == (200, (b"PUT",))


@pytest.mark.parametrize(
    ("path", "owner", "code"),
    [
        ("/", None, f'CORS(\n    app,\n    allow_origins=["{PAGE}", "{OTHER}"],'),
        ("/partners/feed", "Blueprint 'partners'", "CORS(\n    ...,  # Blueprint 'partners'\n"),
        ("/closed/x", "resources['/closed/*']", 'resources={\'/closed/*\': {"allow_origins": ["'),
        ("/view", f"{__name__}.view", "@cross_origin(\n"),
    ],
)
async def test_a_fix_is_written_for_the_owner_of_the_policy(path: str, owner: str | None, code: str) -> None:
    """For the app, a blueprint, a path and a view; each imports what it uses."""
    built = app()
    verdict = await fetch(built, path)
    assert policy_of(verdict.exchanges[-1].response) == owner
    fix = fix_of(verdict, recognize_app(WSGIBridge(built)))
    assert fix is not None
    assert fix.code is not None
    assert code in fix.code
    imported = re.match(r"from crossorigin\.flask import (\w+)\n", fix.code)
    assert imported
    assert f"{imported[1]}(" in fix.code


async def test_a_fix_for_a_wsgi_app_wraps_it() -> None:
    """It has no router that is known."""
    wrapped = CORSMiddleware(raw, policy=Policy(allow_origins=[PAGE]))
    fix = fix_of(await fetch(wrapped, "/"), recognize_app(WSGIBridge(wrapped)))
    assert fix is not None
    assert fix.code is not None
    assert fix.code.startswith("from crossorigin.wsgi import CORSMiddleware\n\napp = CORSMiddleware(\n    app,\n")
    assert f'"{PAGE}", "{OTHER}"' in fix.code


def test_the_middleware_of_an_app_is_known() -> None:
    """Ours, Flask-Cors, or none."""
    bare, theirs = Flask(__name__), Flask(__name__)
    flask_cors.CORS(theirs)
    known = {Server.FLASK: theirs, Server.CROSSORIGIN_FLASK: app(), Server.CROSSORIGIN_WSGI: raw}
    assert {server: recognize_app(WSGIBridge(built)).server for server, built in known.items()} == {
        server: server for server in known
    }
    assert recognize_app(WSGIBridge(bare)).server is Server.CROSSORIGIN_FLASK
    assert recognize_app(WSGIBridge(CORSMiddleware(raw))).server is Server.CROSSORIGIN_WSGI
    assert recognize_app(WSGIBridge(app())).options == {"policy": Policy(allow_origins=[PAGE])}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder with the module of a Flask app."""
    (tmp_path / "flask_site.py").write_text("from flask import Flask\napp = Flask(__name__)\nmake = lambda: app\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("flask_site", None)


def test_an_app_is_loaded_by_its_name(module: Path) -> None:
    """`crossorigin check module:app` takes a WSGI app, and a function that makes one."""
    for name in ("app", "make"):
        loaded = load(f"flask_site:{name}", module)
        assert isinstance(loaded, WSGIBridge)
        assert isinstance(loaded.app, Flask)
