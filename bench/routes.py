"""Count and time what policies of routes cost, beside the framework's own routing of the same path: see bench.scenes.

python -m bench.routes               print the tables
python -m bench.routes count SCENE   be the process that is counted, as bench.callgrind runs it
python -m bench.routes time SCENE    print times as JSON
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
from typing import TypedDict

from bench.callgrind import ROOT, count, environment, run
from bench.clock import MICRO, ROUNDS
from bench.counter import Counter
from bench.scenes import SCENES, Asked, Scene
from bench.traffic import Scope, fresh
from bench.worker import WARM, apart, serve


class Routes(TypedDict):
    """What was measured: by scene, then by what was asked; whole requests."""

    instructions: dict[str, dict[str, float]]
    microseconds: dict[str, dict[str, dict[str, float]]]


def measure(sources: Path) -> Routes:
    """Return the instructions and the microseconds of every scene."""
    return {
        "instructions": instructions(sources, SCENES),
        "microseconds": {
            name: json.loads(run("bench.routes", ["time", name], environment(sources))) for name in SCENES
        },
    }


def instructions(sources: Path, scenes: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return the instructions of a request: by scene, then by what was asked."""
    found: dict[str, dict[str, float]] = {}
    for named, total in count("bench.routes", ["count", *scenes], environment(sources)).items():
        scene, asked = named.split(" ")
        found.setdefault(scene, {})[asked] = total / SCENES[scene].requests
    return {name: {asked: found[name][asked] for asked in sorted(found[name])} for name in scenes}


def requests(scene: Scene, asked: Asked, number: int) -> list[Scope]:
    """Return as many requests, all of their bytes made anew."""
    return [
        {**fresh(asked.method, asked.headers), "path": scene.path, "raw_path": scene.path.encode()}
        for _ in range(number)
    ]


def count_scene(scene: Scene, counter: Counter) -> None:
    """Build everything first, then count."""
    built = scene.build()
    gc.disable()
    for name, asked in built.items():
        asked.check(requests(scene, asked, 1)[0])
        serve(asked.app, requests(scene, asked, WARM))
        scopes = requests(scene, asked, scene.requests)
        gc.collect()
        counter.start()
        serve(asked.app, scopes)
        counter.stop(f"{scene.name} {name}")


def time_scene(scene: Scene) -> dict[str, dict[str, float]]:
    """Return the microseconds of a request, by what was asked; in shuffled rounds, as bench.clock does."""
    built = scene.build()
    shuffle = random.Random(0)  # an order, no secret
    taken: dict[str, list[float]] = {name: [] for name in built}
    for turn in range(ROUNDS + 1):
        for name in shuffle.sample(list(built), len(built)):
            scopes = requests(scene, built[name], scene.requests)
            begin = time.perf_counter()
            serve(built[name].app, scopes)
            if turn:  # the first is for warming up
                taken[name].append((time.perf_counter() - begin) / scene.requests * MICRO)
    return {
        name: {"minimum": round(min(times), 2), "median": round(statistics.median(times), 2)}
        for name, times in taken.items()
    }


def main(*arguments: str) -> None:
    """Count or time, if told what; else measure everything."""
    if not arguments:
        from bench import tables

        measured = measure(ROOT / "src")
        print(tables.look_ups(measured), tables.by_route(measured), sep="\n\n")
        return
    what, *chosen = arguments
    if what == "time":
        gc.disable()
        print(json.dumps(time_scene(SCENES[chosen[0]])))
        return
    counter = Counter()
    for name in chosen:
        apart(partial(count_scene, SCENES[name], counter))


if __name__ == "__main__":
    main(*sys.argv[1:])
