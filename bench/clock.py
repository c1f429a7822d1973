"""Request times, for the reader's information: no check uses them.

All contenders of a case run in one process, in rounds with a shuffled order, so that other load on the machine affects
all of them. The minimum approximates the cost of the code; the median includes that load.
"""

import gc
import json
import random
import statistics
import sys
import time

from bench.case import Case
from bench.cases import CASES
from bench.contenders import CONTENDERS
from bench.worker import serve

ROUNDS = 30
MICRO = 1e6


def time_case(case: Case, shuffle: random.Random) -> dict[str, dict[str, float]]:
    """Return the microseconds per request, by contender."""
    built = {contender: case.build(contender) for contender in CONTENDERS if case.takes(contender)}
    apps = {contender: app for contender, app in built.items() if app is not None}
    requests = max(1, case.requests // 4)
    taken: dict[str, list[float]] = {contender: [] for contender in apps}
    for turn in range(ROUNDS + 1):
        for contender in shuffle.sample(list(apps), len(apps)):
            scopes = [*case.scopes(requests, first=turn * requests)]
            begin = time.perf_counter()
            serve(apps[contender], scopes)
            if turn:  # the first round is a warm-up
                taken[contender].append((time.perf_counter() - begin) / requests * MICRO)
    return {
        contender: {"minimum": round(min(times), 2), "median": round(statistics.median(times), 2)}
        for contender, times in taken.items()
    }


def main(*chosen: str) -> None:
    """Print the times as JSON, by case."""
    gc.disable()
    shuffle = random.Random(0)  # a fixed seed makes the order reproducible
    print(json.dumps({name: time_case(CASES[name], shuffle) for name in chosen}))


if __name__ == "__main__":
    main(*sys.argv[1:])
