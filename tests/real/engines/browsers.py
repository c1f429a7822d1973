"""The three engines: each opens one address, and tells its own reason for what it blocks.

None is driven: the page does all the work, and tells the servers. What only the engine knows is read where it says
it: Chromium to its debugger, Firefox in its own console, WebKit on its output.
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
    """Return the path of the first program that is here."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise AssertionError(f"no {names[0]} here: {_INSTALL}")


class Engine:
    """A browser that opens one address, in a home of its own."""

    def __init__(self) -> None:
        """Start nothing yet."""
        # What it said of an exchange, in order: texts, and the codes if it has any.
        self.texts: defaultdict[int, list[str]] = defaultdict(list)
        self.codes: defaultdict[int, list[str]] = defaultdict(list)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # The profile is still written to while the processes end.
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
        # A browser is many processes, and a group of them.
        self._stack.callback(os.killpg, process.pid, signal.SIGKILL)
        return process

    def _told(self, pattern: str, *command: str) -> str:
        """Run a program whose output says where it can be reached; return that."""
        process = self._run(*command, output=subprocess.PIPE)
        said: queue.Queue[str | None] = queue.Queue()
        # To the end, for a full pipe would stop the program.
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
    """A browser that takes commands, and tells of events, in JSON over a web socket."""

    def _connect(self, address: str) -> None:
        # A ping would be answered only when nothing else is sent.
        # The browser is killed right after the socket is closed, so nobody waits for it to agree.
        options: dict[str, Any] = {"compression": None, "proxy": None, "max_size": None, "ping_interval": None}
        self._socket = self._stack.enter_context(connect(address, close_timeout=0, **options))
        self._sent = 0
        self._events: list[dict[str, Any]] = []

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command, and return its result; keep the events that come before it."""
        self._sent += 1
        more = {} if session is None else {"sessionId": session}
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": parameters, **more}))
        while (message := json.loads(self._socket.recv(_PATIENCE))).get("id") != self._sent:
            self._events.append(message)
        assert "result" in message, message
        result: dict[str, Any] = message["result"]
        return result


class Chromium(_Remote):
    """Its debugger's protocol names the reason by a code: `corsErrorStatus`."""

    def open(self, url: str) -> None:
        """Start the browser, and show it the page."""
        arguments = ["--headless=new", "--remote-debugging-port=0", *ARGUMENTS]
        profile = f"--user-data-dir={self._home / 'profile'}"
        self._connect(
            self._told(r"DevTools listening on (\S+)", _found("chromium"), *arguments, profile, "about:blank")
        )
        # A page of our own: the first one may still be on its way to the address it was started with.
        page = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self._call("Network.enable", session)
        self._call("Log.enable", session)
        navigation = self._call("Page.navigate", session, url=url)
        assert "errorText" not in navigation, navigation

    def listen(self) -> None:
        """Read what was said of the requests."""
        # By now all was sent; the answer comes behind it.
        self._call("Browser.getVersion")
        urls = {}
        for event in self._events:
            told = event.get("params", {})
            if event["method"] == "Network.requestWillBeSent":
                urls[told["requestId"]] = told["request"]["url"]
            # A preflight that fails ends the request that it was made for, and that one names the reason.
            elif event["method"] == "Network.loadingFailed" and told["type"] != "Preflight":
                if "corsErrorStatus" in told:
                    _note(self.codes, urls[told["requestId"]], told["corsErrorStatus"]["corsError"])
            elif event["method"] == "Log.entryAdded" and "CORS policy" in told["entry"]["text"]:
                _note(self.texts, told["entry"]["text"], told["entry"]["text"])


class Firefox(_Remote):
    """Its own console has the reason, among what its pages never see."""

    _LISTEN = """
        globalThis.told = [];
        Services.console.registerListener({observe(message) {
            if (message instanceof Ci.nsIScriptError) told.push([message.category, message.errorMessage]);
        }});
    """

    def open(self, url: str) -> None:
        """Start the browser, and show it the page."""
        profile = self._home / "profile"
        profile.mkdir()
        arguments = ["--headless", "--no-remote", "--remote-debugging-port", "0", "--remote-allow-system-access"]
        command = [_found("firefox-esr", "firefox"), *arguments, "--profile", str(profile)]
        self._connect(self._told(r"WebDriver BiDi listening on (\S+)", *command) + "/session")
        self._call("session.new", capabilities={})
        page = self._call("browsingContext.getTree")["contexts"][0]["context"]
        # The browser's own window, where its console can be listened to.
        own = self._call("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"][0]["context"]
        self._window = {"context": own}
        self._evaluate(self._LISTEN)
        self._call("browsingContext.navigate", context=page, url=url, wait="none")

    def _evaluate(self, expression: str) -> Any:
        answer = self._call("script.evaluate", expression=expression, target=self._window, awaitPromise=False)
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def listen(self) -> None:
        """Read what was said of the requests."""
        for category, text in json.loads(self._evaluate("JSON.stringify(told)")):
            # What is only warned of is not blocked.
            if category.startswith("CORS") and "Cross-Origin Request Warning" not in text:
                _note(self.texts, text, text)


class WebKit(Engine):
    """WebKitGTK's small browser prints the reason, and after it what was blocked."""

    # Where Debian puts the programs of a library: no PATH leads there.
    _PATH = "usr/lib/*/webkit2gtk-4.1/MiniBrowser"
    _REASON = re.compile(r"CONSOLE SECURITY ERROR (.*)")

    def open(self, url: str) -> None:
        """Start the browser, and show it the page."""
        browser = next(Path("/").glob(self._PATH), None)
        assert browser, f"no MiniBrowser of WebKitGTK here: {_INSTALL}"
        display = ["-screen", "0", "800x600x24", "-nolisten", "tcp", "-displayfd", "1"]
        environment = {
            "DISPLAY": ":" + self._told(r"^(\d+)$", _found("Xvfb"), *display),
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            # It would have to ask a desktop's session, and there is none.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        # Not --private: then it prints nothing.
        arguments = ["--cookies-policy=always", "--enable-write-console-messages-to-stdout=true"]
        self._output = self._home / "output"
        with self._output.open("w") as output:
            self._run(str(browser), *arguments, url, output=output, **environment)

    def listen(self) -> None:
        """Read what was said of the requests."""
        reason = ""
        for line in self._output.read_text("utf-8", "replace").splitlines():
            match = self._REASON.match(line)
            # The address is in the line behind the reason; elements and workers print none.
            if reason and not match and line.endswith("due to access control checks."):
                _note(self.texts, line, reason)
            reason = match[1] if match else ""


ENGINES: dict[str, type[Chromium | Firefox | WebKit]] = {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}
