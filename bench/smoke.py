"""Send real traffic to a real server for a moment, if wrk is installed: does it run, and do all requests succeed?

    python -m bench.smoke

Its numbers are printed and kept nowhere: server and client share the machine, and a count says more.
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
    """Serve one app on a socket that is open already."""
    app: Any = CONTENDERS[contender](FRAMEWORKS[framework](by_hand=False), {"allow_origins": [ORIGIN.decode()]})
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def attack(wrk: str, framework: str, contender: str, sources: Path) -> str:
    """Return what wrk says of one app."""
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryFile() as log:
        descriptor = listener.fileno()
        command = [sys.executable, "-m", "bench.smoke", framework, contender, str(descriptor)]
        server = subprocess.Popen(
            command, env=environment(sources), cwd=ROOT, pass_fds=[descriptor], stdout=log, stderr=log
        )
        try:
            host, port = listener.getsockname()
            # The socket listens already: one request waits until the server is there to answer it.
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
        raise RuntimeError(f"{framework} behind {contender}:\n{done.stdout}")
    return " ".join(re.findall(r"Requests/sec: +\S+", done.stdout))


def run(sources: Path) -> None:
    """Try every app, or say that there is no wrk."""
    wrk = shutil.which("wrk")
    if wrk is None:
        print("wrk is not installed: no smoke run.")
        return
    for framework in FRAMEWORKS:
        for contender in COMPARED:
            print(f"{framework}, {contender}: {attack(wrk, framework, contender, sources)}", flush=True)


def main(*arguments: str) -> None:
    """Serve, if told what; else run."""
    if arguments:
        framework, contender, descriptor = arguments
        serve(framework, contender, int(descriptor))
    else:
        run(ROOT / "src")


if __name__ == "__main__":
    main(*sys.argv[1:])
