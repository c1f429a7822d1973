"""The demo's command as a process, and a plain HTTP client."""

import http.client
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

_PATIENCE = 60
# Sockets and files that stay open are errors; the warning on the documented list is none.
_WARNINGS = ("-W", "error", "-W", "ignore::UserWarning")
_LAST_LINE = "Press Ctrl-C to stop the demo."


class Demo:
    """`python -m demo`, running."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *_WARNINGS, "-m", "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # A process that hangs fails its test instead of stopping the run.
        self._watchdog = threading.Timer(_PATIENCE, self.process.kill)
        self._watchdog.start()
        self.printed = ""

    def wait_until_ready(self) -> None:
        """Read what it prints until it says that it serves."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if line.strip() == _LAST_LINE:
                return
        assert self.process.stderr is not None
        pytest.fail(f"the demo did not start: {self.process.stderr.read()}")

    def address(self, label: str) -> str:
        """Return the address printed on the line that starts with `label`."""
        [line] = [line for line in self.printed.splitlines() if line.startswith(label)]
        return line.split()[-1]

    def finish(self) -> tuple[int, str, str]:
        """Wait for its end; return the exit code, and what it printed on both streams."""
        out, err = self.process.communicate()
        self._watchdog.cancel()
        return self.process.returncode, self.printed + out, err

    def stop(self) -> None:
        """End it, whatever it does."""
        self._watchdog.cancel()
        self.process.kill()
        self.process.communicate()


def get(url: str, **headers: str) -> tuple[dict[str, str], str]:
    """Return the header lines and the text of a 200 answer."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    try:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    assert answer.status == 200, text
    return dict(answer.headers), text
