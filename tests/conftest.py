"""What every test may rely on."""

import os
import shutil
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import Phase, settings

from crossorigin.adapters.starlette.route_policy import ATTACHED_METHODS
from crossorigin.adapters.starlette.route_state import REVISION
from tests.chromium import ARGUMENTS

# A slow machine is no failure, so there is no deadline. "ci" is Hypothesis's own profile: the same
# examples at every run, so that a change is judged by what it changes. "nightly" looks further.
# "mutants" is asked thousands of times: it looks as little as a counts lets it, and shrinks nothing.
_DEFAULT = settings(settings.get_profile("default"), deadline=None)
settings.register_profile("default", _DEFAULT)
settings.register_profile("nightly", _DEFAULT, max_examples=10 * _DEFAULT.max_examples, print_blob=True)
settings.register_profile(
    "mutants", settings.get_profile("ci"), max_examples=65, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "default"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the servers do."""
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_attached() -> None:
    """The policies by route of one test are the only ones in the process."""
    REVISION.clear()
    ATTACHED_METHODS.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Chromium's path, and a failure where there is none."""
    path = shutil.which("chromium")
    assert path, "no Chromium here: run scripts/install-system-packages.sh chromium"
    return path


@pytest.fixture(scope="session")
def chromium_launch(chromium: str) -> dict[str, Any]:
    """How Playwright launches it, headless."""
    return {"executable_path": chromium, "args": [*ARGUMENTS]}


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    # `make test` installs what the tests need. A test that skips itself because a browser or a
    # server is missing would let a run pass that has proven nothing.
    if report.skipped:
        report.outcome = "failed"
        # pytest counts no failure that was expected.
        vars(report).pop("wasxfail", None)
        report.longrepr = f"{report.nodeid} was skipped or expected to fail: {report.longrepr}"


# First, so around pytest's own: that one turns a failure into an expected one.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a module that skips itself into a failure."""
    report = yield
    _refuse_skip(report)
    return report
