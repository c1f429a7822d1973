"""What every test may rely on."""

import os
import re
import shutil
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from xdist.scheduler import LoadScopeScheduling

from crossorigin.adapters.starlette.route_policy import ATTACHED_METHODS
from crossorigin.adapters.starlette.route_state import REVISION
from tests.chromium import ARGUMENTS
from tests.notes import NOTES

# A slow machine is no failure, so there is no deadline. "ci" is Hypothesis's own profile: the same
# examples at every run, so that a change is judged by what it changes. "nightly" looks further.
# "mutants" runs thousands of times: it draws as few examples as the example counts allow, and
# shrinks nothing.
_DEFAULT = settings(settings.get_profile("default"), deadline=None)
settings.register_profile("default", _DEFAULT)
settings.register_profile("nightly", _DEFAULT, max_examples=10 * _DEFAULT.max_examples, print_blob=True)
settings.register_profile(
    "mutants", settings.get_profile("ci"), max_examples=65, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "default"))


_TESTS = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Name the worker in what it measures, so that `scripts/check_coverage.py` can tell whose data is missing."""
    config.stash[NOTES] = []
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    measured = _running_coverage()
    if worker is not None and measured is not None:
        number = int(worker["workerid"].removeprefix("gw")) + 1
        measured.switch_context(f"worker {number} of {worker['workercount']}")


def _running_coverage() -> Any | None:
    # Only a run that measures has loaded it: the oldest environment does not even have it.
    coverage: Any = sys.modules.get("coverage")
    return coverage and coverage.Coverage.current()


class _FolderScheduling(LoadScopeScheduling):
    """Give whole files to workers, and whole folders of `tests/real`, which share a browser, servers or a port.

    Handing out single tests would need a round trip for each of twelve thousand short ones.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        real = re.match(r"tests/real/[^/]+/", path)
        return real[0] if real else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Schedule by files and folders."""
    config.option.loadscopereorder = False
    return _FolderScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let workers begin with the folders that take longest, so that none is left alone with one at the end."""
    if hasattr(config, "workerinput"):
        first = [_TESTS / name for name in ("real", "properties", "meta")]
        items.sort(key=lambda item: [folder not in item.path.parents for folder in first])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the notes of a worker to the process that prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["notes"] = session.config.stash[NOTES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the notes of a worker that has ended; one that crashed has none."""
    node.config.stash[NOTES] += getattr(node, "workeroutput", {}).get("notes", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the notes."""
    for note in config.stash[NOTES]:
        terminalreporter.line(note)


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
