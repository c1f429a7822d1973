"""The command, run in this process in the folder of a project."""

import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crossorigin.doctor import cli

PAGE = "https://app.example.com"
APP = f"""
import asyncio
import subprocess
import sys
from fastapi import FastAPI, Response
from crossorigin import CORSMiddleware

print("imported")
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["{PAGE}"], allow_methods=["GET", "POST"], allow_headers=["X-Token"])

@app.api_route("/items", methods=["GET", "POST"])
def items():
    print("asked")

@app.get("/file")
def file():
    return Response(b"x", headers={{"Content-Disposition": "attachment"}})

@app.get("/child")
def child():
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)

@app.get("/stop")
def stop():
    raise KeyboardInterrupt

class Ending:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope.get("path") == "/end":
            await asyncio.create_task(self.end())
        await self.app(scope, receive, send)

    async def end(self):
        raise SystemExit(0)

app.add_middleware(Ending)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A project with an app, in which the command is run."""
    (tmp_path / "main.py").write_text(APP, "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.fastapi]\nentrypoint = "main:app"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("main", None)


def run(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(cli.cli, arguments)


def check(*arguments: str, origin: str = PAGE) -> Result:
    """Check."""
    return run("check", *arguments, "--origin", origin)
