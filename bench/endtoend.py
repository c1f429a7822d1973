"""The instructions of whole requests, from the bytes of the request to the bytes of the response."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from bench.callgrind import count, environment
from bench.server import FRAMEWORKS, REQUESTS

CONTENDERS = ("bare", "starlette", "ours", "by-hand")


def measure(sources: Path, contenders: tuple[str, ...] = CONTENDERS, jobs: int = 2) -> dict[str, dict[str, float]]:
    """Return the instructions per request, by framework and then by contender."""

    def one(pair: tuple[str, str]) -> float:
        framework, contender = pair
        return count("bench.server", [framework, contender], environment(sources))[contender] / REQUESTS

    pairs = list(product(FRAMEWORKS, contenders))
    with ThreadPoolExecutor(jobs) as pool:
        counted = dict(zip(pairs, pool.map(one, pairs), strict=True))
    return {framework: {name: counted[framework, name] for name in contenders} for framework in FRAMEWORKS}
