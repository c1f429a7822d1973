"""Measure everything, print the tables, and write the results, the document's tables and the picture anew.

    make bench

It takes some minutes. What it writes is committed: bench/results.json, docs/performance.md, docs/performance.svg.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

from bench import endtoend, instructions, routes, smoke, startup, tables
from bench.callgrind import ROOT, environment, run
from bench.cases import CASES
from bench.contenders import CONTENDERS
from bench.guard import interpreter, problems
from bench.picture import draw
from bench.ratios import ratios
from bench.results import Results

RESULTS = ROOT / "bench" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.svg"

PEERS = ("asgi-cors", "litestar", "starlette", "fastapi", "uvicorn")


def measure(sources: Path) -> Results:
    """Measure everything, in the order of how long one waits for it."""
    print("Instructions before the first request ...", flush=True)
    imports, builds = startup.imports(sources), startup.builds(sources)
    print("Instructions from end to end ...", flush=True)
    end_to_end = endtoend.measure(sources)
    print("Policies by route ...", flush=True)
    by_route = routes.measure(sources)
    print("Microseconds ...", flush=True)
    microseconds = json.loads(run("bench.clock", list(CASES), environment(sources)))
    print("Instructions of every case ...", flush=True)
    counts = instructions.measure(list(CASES), list(CONTENDERS), sources)
    return {
        "interpreter": interpreter(),
        "versions": {name: version(name) for name in PEERS},
        "instructions": counts,
        "microseconds": microseconds,
        "end_to_end": end_to_end,
        "routes": by_route,
        "imports": imports,
        "builds": builds,
    }


def write(results: Results) -> None:
    """Write everything that is committed."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    DOCUMENT.write_text(tables.fill(DOCUMENT.read_text("utf-8"), results), "utf-8")
    PICTURE.write_text(draw(results), "utf-8")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Measure what CORS costs a request.")
    parser.add_argument("--src", type=Path, default=ROOT / "src", help="the source tree that holds crossorigin")
    sources: Path = parser.parse_args().src
    results = measure(sources)
    for name, text in tables.blocks(results).items():
        print(f"\n{name}\n\n{text}")
    write(results)
    print("\nReal traffic ...", flush=True)
    smoke.run(sources)
    for problem in problems(ratios(results["instructions"], results["end_to_end"]), None):
        print(problem)
    print("Written: bench/results.json, docs/performance.md, docs/performance.svg")


if __name__ == "__main__":
    main()
