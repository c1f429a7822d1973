"""The pytest fixture: it is loaded on request, and needs the app under test."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crossorigin import CORSMiddleware
from crossorigin.testing.plugin import cors_app, cors_page

__all__ = ["cors_app", "cors_page"]

PAGE = "https://app.example.com"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing in particular."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


class TestWithAnApp:
    """A suite that names its app."""

    @pytest.fixture
    def cors_app(self) -> Any:
        """Return the app under test."""
        return CORSMiddleware(app, allow_origins=[PAGE])

    def test_a_page_is_opened_by_its_origin(self, cors_page: Any) -> None:
        """The browser is that of the standard, or an engine."""
        assert cors_page(PAGE).can().engine == "standard"
        assert cors_page("https://evil.example", engine="chromium").cannot().engine == "chromium"


def test_a_suite_without_an_app_gets_the_name_of_the_fixture(request: pytest.FixtureRequest) -> None:
    """The message has the name of the missing fixture."""
    with pytest.raises(pytest.UsageError, match="requires a fixture `cors_app`"):
        request.getfixturevalue("cors_page")


SUITE = """
import pytest
pytest_plugins = ["crossorigin.testing.plugin"]

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"access-control-allow-origin", b"*")]})
    await send({"type": "http.response.body"})

@pytest.fixture
def cors_app():
    return app
"""
TESTS = """
def test_a_page_can_read(cors_page):
    cors_page("https://app.example.com").can("/items")

def test_it_fails_with_the_reason(cors_page):
    cors_page("https://app.example.com").can("/items", credentials="include")
"""


def test_one_line_loads_it(tmp_path: Path) -> None:
    """In a suite's own `conftest.py`; a failing test shows the reason."""
    (tmp_path / "conftest.py").write_text(SUITE, "utf-8")
    (tmp_path / "test_cors.py").write_text(TESTS, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "1 failed, 1 passed" in run.stdout
    assert "cannot GET http://testserver/items: wildcard-origin-not-allowed" in run.stdout


def test_the_assertions_load_no_test_framework() -> None:
    """Neither pytest nor Hypothesis, which their users may not have."""
    program = (
        "import sys, crossorigin.testing\n"
        "assert not {'pytest', '_pytest', 'hypothesis', 'starlette', 'fastapi'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
