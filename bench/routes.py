"""The costs of per-route policies, compared with the framework's own routing of the same path.

python -m bench.routes              print the tables
python -m bench.routes count CASE   run the requests under callgrind; bench.callgrind runs this
python -m bench.routes time CASE    print the times as JSON

The cases are in bench.route_cases.
"""

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from bench.callgrind import ROOT, count, environment, run
from bench.clock import MICRO, ROUNDS
from bench.counter import Counter
from bench.results import RouteResults
from bench.route_cases import ROUTE_CASES, RouteCase, Target
from bench.traffic import Scope, new_scope
from bench.worker import WARM, run_in_fork, serve


def measure(sources: Path) -> RouteResults:
    """Return the instructions and the microseconds of every case."""
    return {
        "instructions": instructions(sources, ROUTE_CASES),
        "microseconds": {
            name: json.loads(run("bench.routes", ["time", name], environment(sources))) for name in ROUTE_CASES
        },
    }


def instructions(sources: Path, cases: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return the instructions per request, by case and then by target."""
    found: dict[str, dict[str, float]] = {}
    for named, total in count("bench.routes", ["count", *cases], environment(sources)).items():
        case, target = named.split(" ")
        found.setdefault(case, {})[target] = total / ROUTE_CASES[case].requests
    return {name: {target: found[name][target] for target in sorted(found[name])} for name in cases}


def requests(case: RouteCase, target: Target, number: int) -> list[Scope]:
    """Return `number` requests that share no byte strings."""
    return [
        {**new_scope(target.method, target.headers), "path": case.path, "raw_path": case.path.encode()}
        for _ in range(number)
    ]


def count_case(case: RouteCase, counter: Counter) -> None:
    """Build all targets, then count the instructions of each."""
    built = case.build()
    gc.disable()
    for name, target in built.items():
        target.check(requests(case, target, 1)[0])
        serve(target.app, requests(case, target, WARM))
        scopes = requests(case, target, case.requests)
        gc.collect()
        counter.start()
        serve(target.app, scopes)
        counter.stop(f"{case.name} {name}")


def time_case(case: RouteCase) -> dict[str, dict[str, float]]:
    """Return the microseconds per request, by target, measured in shuffled rounds as in bench.clock."""
    built = case.build()
    shuffle = random.Random(0)  # a fixed seed makes the order reproducible
    taken: dict[str, list[float]] = {name: [] for name in built}
    for turn in range(ROUNDS + 1):
        for name in shuffle.sample(list(built), len(built)):
            scopes = requests(case, built[name], case.requests)
            begin = time.perf_counter()
            serve(built[name].app, scopes)
            if turn:  # the first round is a warm-up
                taken[name].append((time.perf_counter() - begin) / case.requests * MICRO)
    return {
        name: {"minimum": round(min(times), 2), "median": round(statistics.median(times), 2)}
        for name, times in taken.items()
    }


def main(*arguments: str) -> None:
    """Count or time the cases in the arguments, or print the tables if there are none."""
    if not arguments:
        # A measured process must not load more modules than it needs.
        from bench import tables

        measured = measure(ROOT / "src")
        print(tables.look_ups(measured), tables.by_route(measured), sep="\n\n")
        return
    action, *chosen = arguments
    if action == "time":
        gc.disable()
        print(json.dumps(time_case(ROUTE_CASES[chosen[0]])))
        return
    counter = Counter()
    for name in chosen:
        run_in_fork(partial(count_case, ROUTE_CASES[name], counter))


if __name__ == "__main__":
    main(*sys.argv[1:])
