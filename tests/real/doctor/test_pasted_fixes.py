"""Each fix mends: it is pasted into a real app, which is then asked again."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crossorigin.doctor.cli import cli
from tests.real.doctor.misbehaving_servers import PAGE

# Ends a hang; nothing is measured.
_PATIENCE = 60
ALL = ["-X", "PUT", "-H", "X-Token: 1", "--credentials"]

FASTAPI = """
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
{imported}

app = FastAPI()

@app.api_route("/items", methods=["GET", "PUT"])
def items():
    return PlainTextResponse("ok")

@app.get("/crash")
def crash():
    raise ZeroDivisionError
"""
THEIRS = "from starlette.middleware.cors import CORSMiddleware"
OURS = "from crossorigin import CORSMiddleware"
WRONG = """
app.add_middleware(CORSMiddleware, allow_origins=["https://other.example.com"], allow_headers=["X-Other"])
"""

# Prints its port, and serves until its input ends.
SERVED = """
import sys, threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

class Silent(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

server = make_server("127.0.0.1", 0, app, handler_class=Silent)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
"""
FLASK = """
from flask import Flask
from flask_cors import CORS

app = Flask("app")
{wrong}

@app.route("/items", methods=["GET", "PUT"])
def items():
    return "ok"
"""
DJANGO = """
import django
from django.conf import settings

{configured}
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["corsheaders"],
    MIDDLEWARE=["corsheaders.middleware.CorsMiddleware", "django.middleware.common.CommonMiddleware"],
    **{{name: value for name, value in globals().items() if name.startswith("CORS_")}},
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("items", lambda request: HttpResponse("ok"))]
app = get_wsgi_application()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def check(*words: str) -> dict[str, Any]:
    """Check, and return the document."""
    result = CliRunner().invoke(cli, ["check", *words, "--origin", PAGE, "--format", "json"])
    assert result.exit_code in {0, 1}, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def check_app(folder: Path, name: str, text: str, *words: str) -> dict[str, Any]:
    """Write an app of a name that no other has, and check it in process."""
    (folder / f"{name}.py").write_text(text, "utf-8")
    try:
        return check(f"{name}:app", *words)
    finally:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("imported", "wrong", "server"),
    [(THEIRS, WRONG, "starlette"), (OURS, WRONG, "crossorigin"), ("", "", "asgi")],
    ids=["theirs", "ours", "none"],
)
@pytest.mark.parametrize("words", [["/items", *ALL], ["/items"], ["/crash"]], ids=["all", "simple", "crash"])
def test_a_fix_for_an_asgi_app_mends(folder: Path, imported: str, wrong: str, server: str, words: list[str]) -> None:
    """In place of the middleware that is there, whose options it keeps."""
    app = FASTAPI.format(imported=imported)
    before = check_app(folder, "before", app + wrong, *words)
    assert not before["allowed"]
    assert before["server"]["name"] == server
    after = check_app(folder, "after", f"{app}\n{before['fix']['code']}\n", *words)
    assert after["allowed"], after
    # What the app raises is not mended by CORS.
    assert {finding["code"] for finding in after["findings"]} == ({"app-exception"} if words == ["/crash"] else set())
    if wrong:
        assert "https://other.example.com" in before["fix"]["code"]


@contextmanager
def serving(folder: Path, text: str) -> Generator[str]:
    """Serve a WSGI app as a process of its own, and yield where."""
    path = folder / "app.py"
    path.write_text(text + SERVED, "utf-8")
    server = subprocess.Popen(
        [sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    watchdog = threading.Timer(_PATIENCE, server.kill)
    watchdog.start()
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/items"
    finally:
        server.communicate("")
        watchdog.cancel()


@pytest.mark.parametrize("wrong", ['CORS(app, origins=["https://other.example.com"])', ""], ids=["wrong", "none"])
def test_a_fix_for_flask_mends(folder: Path, wrong: str) -> None:
    """Where Flask-Cors is there, and where nothing is; a preflight tells that it is Flask."""
    with serving(folder, FLASK.format(wrong=wrong)) as url:
        before = check(url, *ALL)
        assert (before["allowed"], before["server"]["name"]) == (False, "flask-cors")
    with serving(folder, f"{FLASK.format(wrong='')}\n{before['fix']['code']}\n") as url:
        after = check(url, *ALL)
    assert (after["outcome"], after["findings"]) == ("clean", [])


@pytest.mark.parametrize("words", [ALL, ["--credentials"]], ids=["all", "simple"])
def test_a_fix_for_django_mends(folder: Path, words: list[str]) -> None:
    """In its settings."""
    with serving(folder, DJANGO.format(configured="")) as url:
        before = check(url, *words)
    assert (before["allowed"], before["server"]["name"]) == (False, "django-cors-headers")
    with serving(folder, DJANGO.format(configured=before["fix"]["code"])) as url:
        after = check(url, *words)
    assert (after["outcome"], after["findings"]) == ("clean", [])
