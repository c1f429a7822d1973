"""One run of each engine, for all the tests."""

import os
import secrets
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.real.engines.browsers import ENGINES
from tests.real.engines.matrix import matrix
from tests.real.engines.random_exchanges import RandomExchanges
from tests.real.engines.runs import Run, run

RunOf = Callable[[str], Run]

# How many exchanges are thrown together, and from which seed: fewer, or others, for who works on them. A change is
# judged by what it changes, so the seed is the same at every run then.
_CI = os.environ.get("CI") == "true"
_COUNT = 2000 if _CI else int(os.environ.get("ENGINE_EXCHANGES") or 2000)
_SEED = 1 if _CI else int(os.environ.get("ENGINE_SEED") or secrets.randbelow(10**9))
_summary: list[str] = []


@pytest.fixture(scope="session")
def run_of() -> Generator[RunOf]:
    """What each engine did; all three start at the first question."""
    exchanges = [*matrix(), *RandomExchanges(_SEED).exchanges(_COUNT)]
    with ThreadPoolExecutor() as pool:
        runs: dict[str, Future[Run]] = {engine: pool.submit(run, engine, exchanges) for engine in ENGINES}
        yield lambda engine: runs[engine].result()
    _summary.extend(
        f"{engine}: {len(exchanges) - _COUNT} exchanges of the matrix and {_COUNT} random ones, ENGINE_SEED={_SEED}; "
        f"{runs[engine].result().summary()}"
        for engine in ENGINES
        if not runs[engine].exception()
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was compared, and from which seed."""
    if _summary:
        terminalreporter.section("engines")
        for line in _summary:
            terminalreporter.line(line)
