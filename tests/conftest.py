"""Settings, hooks and fixtures for all tests."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.scheduler import LoadScopeScheduling

from crossorigin.adapters.starlette.route_policy import ATTACHED_METHODS
from crossorigin.adapters.starlette.route_state import REVISION
from tests.chromium import ARGUMENTS
from tests.notes import NOTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.postgres import PostgreSQL

# A slow machine is not a test failure, so there is no deadline, and examples may take long to generate. "ci" is
# Hypothesis's built-in profile: it uses the same examples in every run, so that a failure is caused by the change.
# "nightly" runs more examples. "mutants" runs thousands of times, so it uses the smallest number of examples that the
# example counts allow, and does not shrink.
_DEFAULT = settings(settings.get_profile("default"), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", _DEFAULT)
settings.register_profile("nightly", _DEFAULT, max_examples=10 * _DEFAULT.max_examples, print_blob=True)
settings.register_profile(
    "mutants", settings.get_profile("ci"), max_examples=65, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "default"))


_TESTS = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Record the worker in the coverage data, so that `scripts/check_coverage.py` can detect missing workers."""
    config.stash[NOTES] = []
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    measured = _running_coverage()
    if worker is not None and measured is not None:
        number = int(worker["workerid"].removeprefix("gw")) + 1
        measured.switch_context(f"worker {number} of {worker['workercount']}")


def _running_coverage() -> Any | None:
    # Coverage is loaded only in a run that measures it, and is not installed in the environment of oldest releases.
    coverage: Any = sys.modules.get("coverage")
    return coverage and coverage.Coverage.current()


class _FolderScheduling(LoadScopeScheduling):
    """A scheduler that assigns files to workers and, below `tests/real`, folders that share a browser, server or port.

    Assigning single tests would need a round trip for each of twelve thousand short tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        real = re.match(r"tests/real/[^/]+/", path)
        return real[0] if real else path

    def remove_node(self, node: Any) -> str | None:
        """Fail a test that ends its worker, and run the rest of its group; xdist would run it again on each worker."""
        groups = self.assigned_work[node]
        crashed = next((test for tests in groups.values() for test, is_done in tests.items() if not is_done), None)
        for group, tests in [*groups.items()]:
            if crashed in tests:
                tests[crashed] = True
            if all(tests.values()):
                del groups[group]
        super().remove_node(node)
        return crashed

    def _reschedule(self, node: Any) -> None:
        # A worker that replaces a crashed one gets work once it has collected the tests.
        if node in self.registered_collections:
            super()._reschedule(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Schedule by files and folders."""
    config.option.loadscopereorder = False
    return _FolderScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the slowest folders first, so that the workers finish at about the same time."""
    if hasattr(config, "workerinput"):
        first = [_TESTS / name for name in ("real", "properties", "meta")]
        items.sort(key=lambda item: [folder not in item.path.parents for folder in first])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the notes of a worker to the main process, which prints them."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["notes"] = session.config.stash[NOTES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the notes of a worker that has ended. A worker that crashed has none."""
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
    """Remove the route policies of previous tests from the process."""
    REVISION.clear()
    ATTACHED_METHODS.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. The test fails if it is not installed."""
    path = shutil.which("chromium")
    assert path, "Chromium is not installed: run scripts/install-system-packages.sh chromium"
    return path


@pytest.fixture(scope="session")
def chromium_launch(chromium: str) -> dict[str, Any]:
    """The arguments with which Playwright launches Chromium, headless."""
    return {"executable_path": chromium, "args": [*ARGUMENTS]}


@pytest.fixture(scope="session")
def postgresql() -> Generator[PostgreSQL]:
    """A PostgreSQL server for the tests of this worker. The test fails if PostgreSQL is not installed."""
    # The environment of oldest releases has no driver.
    from tests.postgres import PostgreSQL

    with PostgreSQL() as server:
        yield server


class _RemovedDatabases(logging.Filter):
    """A filter of the log: live origins that outlive their test, in a cycle, report that their database is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.removed: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a record."""
        return self.removed.isdisjoint(re.findall(r"\btest_[0-9a-f]{12}\b", record.getMessage()))


@pytest.fixture(scope="session")
def removed_databases() -> Generator[set[str]]:
    """The names of the databases that were removed. What is logged about them concerns no later test."""
    filtered = _RemovedDatabases()
    logger = logging.getLogger("crossorigin")
    logger.addFilter(filtered)
    yield filtered.removed
    logger.removeFilter(filtered)


@pytest.fixture
def postgresql_database(postgresql: PostgreSQL, removed_databases: set[str]) -> Generator[str]:
    """The URL of an empty database, which is removed after the test."""
    name = postgresql.create_database()
    yield postgresql.url(name)
    removed_databases.add(name)
    postgresql.drop_database(name)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    # `make test` installs everything that the tests need. If a test could skip itself because a browser or a server is
    # missing, a run could pass without testing anything.
    if report.skipped:
        report.outcome = "failed"
        # Without this, pytest would count the failure as expected.
        vars(report).pop("wasxfail", None)
        report.longrepr = f"{report.nodeid} was skipped or expected to fail: {report.longrepr}"


# `tryfirst` makes this wrapper run outside pytest's own one, which turns a failure into an expected failure.
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


@pytest.fixture(autouse=True)
def usual_log_level() -> None:
    """Start each test with the level that Python's root logger has, because frameworks change it when they start."""
    logging.getLogger().setLevel(logging.WARNING)
