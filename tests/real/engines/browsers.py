"""The three engines. Each opens one address and reports the reason for each response that it blocks.

Nothing controls an engine: the page makes all requests and reports to the servers. The reasons are read where each
engine has them: in Chromium's debugging protocol, in Firefox's browser console, and in WebKit's output.
"""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

from websockets.sync.client import connect

from tests.chromium import ARGUMENTS

_INSTALL = "run scripts/install-system-packages.sh chromium firefox webkit"
# Ends a hang; nothing is measured.
_PATIENCE = 60
_EXCHANGE = re.compile(r"/e/(\d+)/\d+")


def _found(*names: str) -> str:
    """Return the path of the first program that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise AssertionError(f"no {names[0]} here: {_INSTALL}")


class Engine:
    """A browser with its own home folder that opens one address."""

    def __init__(self) -> None:
        """Store the arguments without starting the browser."""
        # The messages of an exchange, in order: texts, and codes if the engine has them.
        self.texts: defaultdict[int, list[str]] = defaultdict(list)
        self.codes: defaultdict[int, list[str]] = defaultdict(list)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # Processes of the browser still write to the profile while they end.
        home = self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        self._home = Path(home)
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _run(self, *command: str, output: IO[str] | int, **environment: str) -> subprocess.Popen[str]:
        process = self._stack.enter_context(
            subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], "HOME": str(self._home), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        )
        # A browser has many processes, which form one process group.
        self._stack.callback(os.killpg, process.pid, signal.SIGKILL)
        return process

    def _told(self, pattern: str, *command: str) -> str:
        """Run a program whose output contains its address, and return that address."""
        process = self._run(*command, output=subprocess.PIPE)
        said: queue.Queue[str | None] = queue.Queue()
        # The output is read to its end, because a full pipe would stop the program.
        threading.Thread(target=_read, args=[process.stdout, said], daemon=True).start()
        lines = []
        while (line := said.get(timeout=_PATIENCE)) is not None:
            if match := re.search(pattern, line):
                return match[1]
            lines.append(line)
        raise AssertionError(f"{command[0]} did not start:\n{''.join(lines)}")


def _read(output: IO[str], said: queue.Queue[str | None]) -> None:
    for line in output:
        said.put(line)
    said.put(None)


def _note(notes: dict[int, list[str]], about: str, note: str) -> None:
    if match := _EXCHANGE.search(about):
        notes[int(match[1])].append(note)


class _Remote(Engine):
    """A browser that receives commands and sends events as JSON over a WebSocket."""

    def _connect(self, address: str) -> None:
        # The browser answers a ping only when nothing else is sent.
        options: dict[str, Any] = {"compression": None, "proxy": None, "max_size": None, "ping_interval": None}
        self._socket = self._stack.enter_context(connect(address, close_timeout=0, **options))
        self._sent = 0
        self._events: list[dict[str, Any]] = []

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result. Keep the events that arrive before the result."""
        self._sent += 1
        more = {} if session is None else {"sessionId": session}
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": parameters, **more}))
        while (message := json.loads(self._socket.recv(_PATIENCE))).get("id") != self._sent:
            self._events.append(message)
        assert "result" in message, message
        result: dict[str, Any] = message["result"]
        return result


class Chromium(_Remote):
    """Chromium: its debugging protocol has a code for the reason, `corsErrorStatus`."""

    def open(self, url: str) -> None:
        """Start the browser and open the page."""
        arguments = ["--headless=new", "--remote-debugging-port=0", *ARGUMENTS]
        profile = f"--user-data-dir={self._home / 'profile'}"
        self._connect(
            self._told(r"DevTools listening on (\S+)", _found("chromium"), *arguments, profile, "about:blank")
        )
        # Open a new tab, because the first one may still be loading the address of the command line.
        page = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self._call("Network.enable", session)
        self._call("Log.enable", session)
        navigation = self._call("Page.navigate", session, url=url)
        assert "errorText" not in navigation, navigation

    def listen(self) -> None:
        """Collect the messages about the requests."""
        # All events were sent before this command, so its result arrives after them.
        self._call("Browser.getVersion")
        urls = {}
        for event in self._events:
            told = event.get("params", {})
            if event["method"] == "Network.requestWillBeSent":
                urls[told["requestId"]] = told["request"]["url"]
            # A failed preflight ends the request that it was sent for, and the event of that request has the reason.
            elif event["method"] == "Network.loadingFailed" and told["type"] != "Preflight":
                if "corsErrorStatus" in told:
                    _note(self.codes, urls[told["requestId"]], told["corsErrorStatus"]["corsError"])
            elif event["method"] == "Log.entryAdded" and "CORS policy" in told["entry"]["text"]:
                _note(self.texts, told["entry"]["text"], told["entry"]["text"])


class Firefox(_Remote):
    """Firefox: its browser console has the reason, which pages cannot see."""

    _LISTEN = """
        globalThis.told = [];
        Services.console.registerListener({observe(message) {
            if (message instanceof Ci.nsIScriptError) told.push([message.category, message.errorMessage]);
        }});
    """

    def open(self, url: str) -> None:
        """Start the browser and open the page."""
        profile = self._home / "profile"
        profile.mkdir()
        arguments = ["--headless", "--no-remote", "--remote-debugging-port", "0", "--remote-allow-system-access"]
        command = [_found("firefox-esr", "firefox"), *arguments, "--profile", str(profile)]
        self._connect(self._told(r"WebDriver BiDi listening on (\S+)", *command) + "/session")
        self._call("session.new", capabilities={})
        page = self._call("browsingContext.getTree")["contexts"][0]["context"]
        # The browser's own window, which gives access to its console.
        own = self._call("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"][0]["context"]
        self._window = {"context": own}
        self._evaluate(self._LISTEN)
        self._call("browsingContext.navigate", context=page, url=url, wait="none")

    def _evaluate(self, expression: str) -> Any:
        answer = self._call("script.evaluate", expression=expression, target=self._window, awaitPromise=False)
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def listen(self) -> None:
        """Collect the messages about the requests."""
        for category, text in json.loads(self._evaluate("JSON.stringify(told)")):
            # A warning does not block a request.
            if category.startswith("CORS") and "Cross-Origin Request Warning" not in text:
                _note(self.texts, text, text)


class WebKit(Engine):
    """WebKitGTK's MiniBrowser prints the reason, and then the address that was blocked."""

    # Debian installs the programs of a library there, which is not in PATH.
    _PATH = "usr/lib/*/webkit2gtk-4.1/MiniBrowser"
    _REASON = re.compile(r"CONSOLE SECURITY ERROR (.*)")

    def open(self, url: str) -> None:
        """Start the browser and open the page."""
        browser = next(Path("/").glob(self._PATH), None)
        assert browser, f"no MiniBrowser of WebKitGTK here: {_INSTALL}"
        display = ["-screen", "0", "800x600x24", "-nolisten", "tcp", "-displayfd", "1"]
        environment = {
            "DISPLAY": ":" + self._told(r"^(\d+)$", _found("Xvfb"), *display),
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            # This would require a desktop session.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        # With --private, it would print nothing.
        arguments = ["--cookies-policy=always", "--enable-write-console-messages-to-stdout=true"]
        self._output = self._home / "output"
        with self._output.open("w") as output:
            self._run(str(browser), *arguments, url, output=output, **environment)

    def listen(self) -> None:
        """Collect the messages about the requests."""
        reason = ""
        for line in self._output.read_text("utf-8", "replace").splitlines():
            match = self._REASON.match(line)
            # The address is in the line after the reason. Elements and workers print no address.
            if reason and not match and line.endswith("due to access control checks."):
                _note(self.texts, line, reason)
            reason = match[1] if match else ""


ENGINES: dict[str, type[Chromium | Firefox | WebKit]] = {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}
