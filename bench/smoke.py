"""A smoke test that sends real traffic to a real server and checks that all requests succeed, if wrk is installed.

    python -m bench.smoke

The numbers are printed but not stored: server and client share the machine, so instruction counts are more reliable.
"""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import uvicorn

from bench.callgrind import ROOT, environment
from bench.contenders import CONTENDERS
from bench.server import FRAMEWORKS
from bench.traffic import ORIGIN

COMPARED = ("bare", "starlette", "ours")
SECONDS = 3


def serve(framework: str, contender: str, descriptor: int) -> None:
    """Serve one app on an open socket."""
    app: Any = CONTENDERS[contender](FRAMEWORKS[framework](by_hand=False), {"allow_origins": [ORIGIN.decode()]})
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def measure_traffic(wrk: str, framework: str, contender: str, sources: Path) -> str:
    """Return the request rate that wrk reports for one app."""
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryFile() as log:
        descriptor = listener.fileno()
        command = [sys.executable, "-m", "bench.smoke", framework, contender, str(descriptor)]
        server = subprocess.Popen(
            command, env=environment(sources), cwd=ROOT, pass_fds=[descriptor], stdout=log, stderr=log
        )
        try:
            host, port = listener.getsockname()
            # The socket already listens, so this request waits until the server has started.
            first = HTTPConnection(host, port, timeout=60)
            first.request("GET", "/items")
            first.getresponse().read()
            first.close()
            url = f"http://{host}:{port}/items"
            options = ["--threads=1", "--connections=8", f"--duration={SECONDS}s", "--timeout=30s"]
            done = subprocess.run(
                [wrk, *options, f"--header=Origin: {ORIGIN.decode()}", url], capture_output=True, text=True, check=True
            )
        finally:
            server.terminate()
            server.wait()
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"Requests to {framework} with {contender} failed:\n{done.stdout}")
    return " ".join(re.findall(r"Requests/sec: +\S+", done.stdout))


def run(sources: Path) -> None:
    """Test every app, or print that wrk is not installed."""
    wrk = shutil.which("wrk")
    if wrk is None:
        print("wrk is not installed: the smoke test is skipped.")
        return
    for framework in FRAMEWORKS:
        for contender in COMPARED:
            print(f"{framework}, {contender}: {measure_traffic(wrk, framework, contender, sources)}", flush=True)


def main(*arguments: str) -> None:
    """Serve the app in the arguments, or run the smoke test if there are none."""
    if arguments:
        framework, contender, descriptor = arguments
        serve(framework, contender, int(descriptor))
    else:
        run(ROOT / "src")


if __name__ == "__main__":
    main(*sys.argv[1:])
