"""An app behind TLS and HTTP/2, which Chromium requires for request bodies that are streams."""

import asyncio
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from hypercorn.asyncio import serve
from hypercorn.config import Config

_PATIENCE = 30


def certify(folder: Path) -> tuple[Path, Path]:
    """Create a self-signed certificate and its key."""
    openssl = shutil.which("openssl")
    assert openssl, "no openssl here: HTTP/2 in a browser needs a certificate"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [openssl, "req", "-x509", *curve, "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return certificate, key


class SecureSite:
    """An app on its own port, served by hypercorn in a thread."""

    def __init__(self, app: Any, folder: Path) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        certificate, key = certify(folder)
        self._config = Config()
        self._config.certfile, self._config.keyfile = str(certificate), str(key)
        self._config.loglevel = "CRITICAL"
        self._config.graceful_timeout = 1
        # Hypercorn owns the listener from here on, and closes it.
        self._config.bind = [f"fd://{listener.detach()}"]
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(serve(self._app, self._config, shutdown_trigger=self._stop.wait))
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)
