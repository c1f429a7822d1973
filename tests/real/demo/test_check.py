"""The check tells a right API from a wrong one, in a real browser."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from demo.api import create_api, documented_policy
from demo.check import run_check
from demo.editable import EditableApi
from demo.recorder import App, Message, Receive, Send
from tests.real.demo.process import Demo

# The documented list names an http origin with credentials, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")


def answering(headers: Callable[[dict[bytes, bytes]], list[tuple[bytes, bytes]]]) -> App:
    """Return an API that answers everything with 200 and the headers that are given."""

    async def api(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        given = headers(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": given})
        await send({"type": "http.response.body", "body": b"{}"})

    return api


def no_cors(request: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Say nothing of CORS."""
    return []


def echo(request: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Let in whoever asks."""
    return [
        (b"access-control-allow-origin", request.get(b"origin", b"*")),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-allow-methods", b"PUT"),
        (b"access-control-allow-headers", b"content-type, x-demo"),
    ]


def table(printed: str) -> list[list[str]]:
    """Return the verdict lines as origin and the last words."""
    return [line.split() for line in printed.splitlines() if line.startswith("http://")]


@pytest.mark.parametrize("framework", ["fastapi", "aiohttp", "django", "flask"])
def test_the_documented_example_passes(
    framework: str, start: Callable[..., Demo], page_port: int, chromium: str
) -> None:
    """All six requests are readable from the listed origin, and blocked with CORS reasons; the log tells whom."""
    code, out, err = start("--check", "--port", "0", "--framework", framework).finish()
    assert code == 0
    told = err.splitlines()[0]
    assert told.startswith("refused (origin-not-listed): ")
    assert f"from 'http://127.0.0.1:{page_port}'" in told
    assert out.startswith("The warning above is expected. ")
    rows = table(out)
    ends = [(row[0], *row[-2:]) for row in rows]
    assert ends == [
        *[(f"http://localhost:{page_port}", "readable", "-")] * 6,
        *[(f"http://127.0.0.1:{page_port}", "blocked", "MissingAllowOriginHeader")] * 2,
        *[(f"http://127.0.0.1:{page_port}", "blocked", "PreflightMissingAllowOriginHeader")] * 4,
    ]
    assert "\n12 of 12 verdicts are as expected.\n" in out
    edits = "7 of 7 edits have the expected effect.\nAn invalid origin is refused, with a message next to its field.\n"
    assert out.endswith(f"\n{edits}")


class Stubborn(EditableApi):
    """An API that ignores every edit of its policy, and accepts every policy."""

    def edit(self, options: Mapping[str, object]) -> list[dict[str, Any]]:
        """Change nothing."""
        return []


async def test_an_edit_without_effect_fails(page_port: int, chromium: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The check names the requests that an edit should have made readable, and an invalid origin that was accepted."""
    assert await run_check(port=0, api=Stubborn(create_api, documented_policy())) == 1
    out = capsys.readouterr().out
    assert "\n12 of 12 verdicts are as expected.\n" in out
    [line] = [line for line in out.splitlines() if line.startswith("Allow only GET")]
    assert line.split()[3:] == ["0", "of", "6", "2", "of", "6", "UNEXPECTED:", "get-omit,", "get-include"]
    assert "\n3 of 7 edits have the expected effect.\nAn invalid origin is UNEXPECTED: no message appeared.\n" in out


async def test_an_api_without_cors_fails(page_port: int, chromium: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The listed origin reads nothing: six verdicts are wrong, and the check says so with 1."""
    assert await run_check(port=0, api=answering(no_cors)) == 1
    rows = table(capsys.readouterr().out)
    wrong = [row for row in rows if row[-1] == "UNEXPECTED"]
    assert [row[0] for row in wrong] == [f"http://localhost:{page_port}"] * 6
    assert all("blocked" in row and row[-2].endswith("MissingAllowOriginHeader") for row in wrong)


async def test_an_api_that_lets_everybody_in_fails(chromium: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An origin that is not listed reads everything: the check says so with 1."""
    assert await run_check(port=0, page_port=0, api=answering(echo)) == 1
    rows = table(capsys.readouterr().out)
    # On a free port, neither of the page's origins is the documented one.
    assert [row[-3:] for row in rows] == [["readable", "-", "UNEXPECTED"]] * 12


async def test_an_api_that_breaks_is_not_one_that_refuses(chromium: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A connection that is lost is no refusal: only the browser's CORS reason counts as one."""

    async def api(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # More is promised than comes: the server has to drop the connection.
        headers = [*echo(dict(scope["headers"])), (b"content-length", b"9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})

    assert await run_check(port=0, page_port=0, api=api) == 1
    assert all("failed" in row for row in table(capsys.readouterr().out))
