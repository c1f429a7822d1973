"""The fix for nginx, pasted into a real one, which stands before an app that knows nothing of CORS."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crossorigin.doctor.cli import cli
from tests.real.doctor.misbehaving_servers import PAGE, MisbehavingServer

_PATIENCE = 30
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 16; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            {location}
            proxy_pass http://127.0.0.1:{behind};
        }}
    }}
}}
"""


def bare(method: str, origin: str) -> tuple[int, list[tuple[str, str]]]:
    """Know nothing of CORS, and have no such route."""
    return (405 if method == "OPTIONS" else 404), []


# Where `make test` puts it where there is none.
_UNPACKED = Path(__file__).resolve().parents[3] / "build" / "nginx" / "usr" / "sbin"


@contextmanager
def nginx(folder: Path, fix: str, behind: int) -> Generator[str]:
    """Serve with what was pasted, and yield where."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:{_UNPACKED}")
    assert program, "no nginx here: run scripts/install-system-packages.sh nginx"
    http, _, location = fix.partition("# In location")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    pasted = {"http": http, "location": location and f"# In location{location}"}
    text = _CONFIGURATION.format(folder=folder, port=port, behind=behind, **pasted)
    (folder / "nginx.conf").write_text(text, "utf-8")
    # It takes the socket over, as it does when it is upgraded: so it listens before it has started.
    handed_on = {**os.environ, "NGINX": f"{listener.fileno()};"}
    command = [program, "-p", folder, "-c", folder / "nginx.conf"]
    server = subprocess.Popen(command, env=handed_on, pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{port}/items"
    finally:
        listener.close()
        server.terminate()
        server.communicate(timeout=_PATIENCE)


def check(url: str, *words: str) -> dict[str, Any]:
    """Check, and return the document."""
    arguments = ["check", url, *words, "--origin", PAGE, "--format", "json", "--timeout", str(_PATIENCE)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code in {0, 1}, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.mark.parametrize("words", [["-X", "PUT", "-H", "X-Token: 1", "--credentials"], []], ids=["all", "simple"])
def test_a_fix_for_nginx_mends(tmp_path: Path, words: list[str]) -> None:
    """The errors of the app behind it can be read, and preflights never reach it."""
    with MisbehavingServer(bare) as app:
        with nginx(tmp_path, "", app.port) as url:
            before = check(url, *words)
        assert (before["allowed"], before["server"]["name"]) == (False, "nginx")
        with nginx(tmp_path, before["fix"]["code"], app.port) as url:
            after = check(url, *words)
    assert (after["outcome"], after["exchanges"][-1]["status"]) == ("clean", 404)
