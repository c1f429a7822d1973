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

# The number of random exchanges after those of the matrix, and their seed. `make test-nightly` uses more of them. CI
# always uses the same seed, so that a failure comes from a change.
_CI = os.environ.get("CI") == "true"
_COUNT = int(os.environ.get("ENGINE_EXCHANGES") or 500)
_SEED = 1 if _CI else int(os.environ.get("ENGINE_SEED") or secrets.randbelow(10**9))


@pytest.fixture(scope="package")
def run_of(pytestconfig: pytest.Config) -> Generator[RunOf]:
    """The results of each engine. All three engines start when the first result is requested."""
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
