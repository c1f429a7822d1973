"""The command says where to look, what is in its way, and stops when asked."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crossorigin import CrossOriginWarning, Policy
from demo.documented import origins
from tests.real.demo.process import Demo, get

Start = Callable[..., Demo]


def loopback_hosts() -> list[str]:
    """Return the loopback addresses of this machine: not every one has IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return ["127.0.0.1", "::1"]
    except OSError:
        return ["127.0.0.1"]


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def test_it_prints_three_addresses_that_answer(start: Start, page_port: int) -> None:
    """The page answers under both of its origins, and the API with the documented message."""
    demo = start("--port", "0")
    demo.wait_until_ready()
    allowed = demo.address("The page on an allowed origin:")
    refused = demo.address("The same page on a refused origin:")
    assert (allowed, refused) == (f"http://localhost:{page_port}", f"http://127.0.0.1:{page_port}")
    for origin in (allowed, refused):
        assert "<title>crossorigin" in get(origin)[1]
    answer = get(demo.address("The API that both pages call:"))[1]
    assert json.loads(answer) == {"message": "Hello World"}


def test_it_explains_the_warning_of_its_policy(start: Start, page_port: int) -> None:
    """The one warning of the first run is about the documented example, and the text below it says so."""
    demo = start("--port", "0")
    demo.wait_until_ready()
    [warning] = [line for line in demo.printed.splitlines() if "warning" in line]
    assert warning.startswith("The warning above is expected.")
    assert "http://localhost.tiangolo.com" in demo.printed
    with pytest.warns(CrossOriginWarning, match="http://localhost.tiangolo.com") as caught:
        Policy(allow_origins=origins, allow_credentials=True)
    assert len(caught) == 1


def test_port_moves_the_api(start: Start, page_port: int) -> None:
    """The API listens where --port says."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    demo = start("--port", str(port))
    demo.wait_until_ready()
    assert demo.address("The API that both pages call:") == f"http://localhost:{port}"
    assert "Hello World" in get(f"http://localhost:{port}/")[1]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_it_cleanly(start: Start, page_port: int, name: str) -> None:
    """Ctrl-C ends it with 0, no traceback, its ports closed, even while a client is connected."""
    demo = start("--port", "0")
    demo.wait_until_ready()
    api_port = urlsplit(demo.address("The API that both pages call:")).port
    idle = http.client.HTTPConnection("localhost", api_port)
    idle.request("GET", "/")
    idle.getresponse().read()
    demo.process.send_signal(signal.Signals[name])
    code, out, err = demo.finish()
    idle.close()
    assert (code, err) == (0, "")
    assert out.endswith("\nStopped.\n")
    for port in (api_port, page_port):
        for host in loopback_hosts():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, port))


@pytest.mark.parametrize("host", loopback_hosts())
@pytest.mark.parametrize("more", [(), ("--check",)])
def test_a_taken_page_port_is_named_with_who_must_free_it(
    start: Start, page_port: int, host: str, more: tuple[str, ...]
) -> None:
    """The page cannot move: the message says so, and the exit code is 2."""
    with listen(host, page_port):
        code, out, err = start("--port", "0", *more).finish()
    assert (code, out) == (2, "")
    assert err.startswith("Port 8080 is in use")
    assert "Stop the program that uses port 8080" in err
    assert len(err.splitlines()) == 1


def test_a_taken_api_port_is_named_with_the_way_out(start: Start, page_port: int) -> None:
    """The API can move: the message says how, and the exit code is 2."""
    with listen("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        code, out, err = start("--port", str(port)).finish()
    assert (code, out) == (2, "")
    assert err == (f"Port {port} is in use. Choose another port for the API with --port, or free this one.\n")


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("8080", "Port 8080 is reserved for the page because the example lists it: choose another port"),
        ("65536", "Invalid port '65536': expected a number from 0 to 65535"),
        ("-1", "Invalid port '-1': expected a number from 0 to 65535"),
        ("http", "Invalid port 'http': expected a number from 0 to 65535"),
    ],
)
def test_a_port_that_cannot_be_is_refused(start: Start, port: str, message: str) -> None:
    """A wrong --port ends with a message and 2, before anything is opened."""
    code, out, err = start("--port", port).finish()
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("option", "needed"),
    [("--check", "fastapi, uvicorn, playwright"), ("--live", "fastapi, uvicorn, aiohttp, click, httpx2, rich")],
)
def test_what_is_not_installed_is_named(option: str, needed: str) -> None:
    """Without FastAPI and uvicorn there is a sentence and 2, no traceback."""
    program = (
        "import importlib.util, sys\n"
        "importlib.util.find_spec = lambda name: None\n"
        "from demo.command import main\n"
        f"sys.exit(main([{option!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The demo requires {needed}: pip install {needed.replace(',', '')}\n"


def test_fastapi_needs_no_other_framework(page_port: int, chromium: str) -> None:
    """The check passes without the packages of the other frameworks."""
    program = (
        "import sys\n"
        "for name in ('aiohttp', 'django', 'flask', 'a2wsgi', 'rich', 'httpx2'):\n"
        "    sys.modules[name] = None\n"
        "from demo.command import main\n"
        "sys.exit(main(['--check', '--port', '0']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_without_chromium_the_check_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, start: Start, page_port: int
) -> None:
    """A check that cannot run ends with 2 and the command that would help."""
    monkeypatch.setenv("PATH", "")
    code, out, err = start("--check", "--port", "0").finish()
    assert (code, out) == (2, "")
    assert "sudo apt-get install chromium" in err


def test_a_chromium_that_does_not_start_is_named(
    monkeypatch: pytest.MonkeyPatch, start: Start, page_port: int, tmp_path: Path
) -> None:
    """A broken browser is no verdict: the check ends with 2 and says what it tried."""
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    code, out, err = start("--check", "--port", "0").finish()
    assert (code, out) == (2, "")
    assert err.startswith(f"{broken} does not start:")
