"""The picture in the README is made from the demo itself."""

import struct
from pathlib import Path

import pytest

from demo import screenshot
from demo.tab import BrowserUnavailableError

# The documented list names an http origin with credentials, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")
_MAX_BYTES = 300_000


def size_of(picture: bytes) -> tuple[int, ...]:
    """The width and height of a PNG, from its first chunk."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", picture[16:24])


async def test_the_screenshot_shows_the_page(tmp_path: Path) -> None:
    """The picture has the size of the window, and so has the one in the README."""
    path = tmp_path / "demo.png"
    await screenshot.take_screenshot(path, page_port=0)
    assert size_of(path.read_bytes()) == (screenshot.WIDTH, screenshot.HEIGHT)
    committed = screenshot.PICTURE.read_bytes()
    assert size_of(committed) == (screenshot.WIDTH, screenshot.HEIGHT)
    assert len(committed) < _MAX_BYTES


async def test_a_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Chromium, the message says how to install it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrowserUnavailableError, match="apt-get install chromium"):
        await screenshot.take_screenshot(tmp_path / "demo.png", page_port=0)
