"""One run of each engine, for all the tests."""

import os
import secrets
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.notes import NOTES
from tests.real.engines.browsers import ENGINES
from tests.real.engines.matrix import matrix
from tests.real.engines.random_exchanges import RandomExchanges
from tests.real.engines.runs import Run, run

RunOf = Callable[[str], Run]

# How many random exchanges follow those of the matrix, and from which seed. `make test-nightly` asks for more of them.
# CI always takes the same seed, so that a change is judged by what it changes.
_CI = os.environ.get("CI") == "true"
_COUNT = int(os.environ.get("ENGINE_EXCHANGES") or 500)
_SEED = 1 if _CI else int(os.environ.get("ENGINE_SEED") or secrets.randbelow(10**9))


@pytest.fixture(scope="session")
def run_of(pytestconfig: pytest.Config) -> Generator[RunOf]:
    """What each engine did; all three start at the first question."""
    exchanges = [*matrix(), *RandomExchanges(_SEED).exchanges(_COUNT)]
    with ThreadPoolExecutor() as pool:
        runs: dict[str, Future[Run]] = {engine: pool.submit(run, engine, exchanges) for engine in ENGINES}
        yield lambda engine: runs[engine].result()
    pytestconfig.stash[NOTES].extend(
        f"{engine}: {len(exchanges) - _COUNT} exchanges of the matrix and {_COUNT} random ones, ENGINE_SEED={_SEED}; "
        f"{runs[engine].result().summary()}"
        for engine in ENGINES
        if not runs[engine].exception()
    )
