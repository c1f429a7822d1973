"""The command `make bench`: run all benchmarks, print the tables, and update the results, the document and the chart.

This takes some minutes. The updated files are committed: bench/results.json, docs/performance.md and
docs/performance.svg.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

from bench import aiohttp, django, endtoend, flask, instructions, long_policies, routes, smoke, startup, tables
from bench.callgrind import ROOT, compile_modules, environment, run
from bench.cases import ACTUAL, CASES, PREFLIGHT
from bench.chart import draw
from bench.contenders import CONTENDERS
from bench.guard import interpreter, problems
from bench.ratios import policy_ratios, ratios, routing_ratios
from bench.results import Results

RESULTS = ROOT / "bench" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "performance.svg"

PEERS = (
    "asgi-cors",
    "litestar",
    "starlette",
    "fastapi",
    "uvicorn",
    "flask",
    "flask-cors",
    "django",
    "django-cors-headers",
    "aiohttp",
    "aiohttp-cors",
)


def measure(sources: Path) -> Results:
    """Run all benchmarks, the fastest first."""
    compile_modules(sources)
    print("Instructions before the first request ...", flush=True)
    imports, builds = startup.imports(sources), startup.builds(sources)
    of_long_policies = long_policies.measure(sources)
    print("Instructions of whole requests ...", flush=True)
    end_to_end = endtoend.measure(sources)
    print("Per-route policies ...", flush=True)
    by_route = routes.measure(sources)
    print("Flask ...", flush=True)
    of_flask = flask.measure(sources)
    print("Django ...", flush=True)
    of_django = django.measure(sources)
    print("aiohttp ...", flush=True)
    of_aiohttp = aiohttp.measure(sources)
    print("Microseconds ...", flush=True)
    ordinary = [case.name for case in (*ACTUAL, *PREFLIGHT)]
    microseconds = json.loads(run("bench.clock", ordinary, environment(sources)))
    print("Instructions of every case ...", flush=True)
    counts = instructions.measure(list(CASES), list(CONTENDERS), sources)
    return {
        "interpreter": interpreter(),
        "versions": {name: version(name) for name in PEERS},
        "instructions": counts,
        "microseconds": microseconds,
        "end_to_end": end_to_end,
        "routes": by_route,
        "flask": of_flask,
        "long_policies": of_long_policies,
        "django": of_django,
        "aiohttp": of_aiohttp,
        "imports": imports,
        "builds": builds,
    }


def write(results: Results) -> None:
    """Update the committed files."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    DOCUMENT.write_text(tables.fill(DOCUMENT.read_text("utf-8"), results), "utf-8")
    CHART.write_text(draw(results), "utf-8")


def main() -> None:
    """Run all benchmarks, print the tables and update the files."""
    parser = argparse.ArgumentParser(description="Measure the cost of CORS per request.")
    parser.add_argument("--src", type=Path, default=ROOT / "src", help="the source tree that contains crossorigin")
    sources: Path = parser.parse_args().src
    results = measure(sources)
    for name, text in tables.blocks(results).items():
        print(f"\n{name}\n\n{text}")
    write(results)
    print("\nReal traffic ...", flush=True)
    smoke.run(sources)
    measured = ratios(results["instructions"], results["end_to_end"])
    measured |= policy_ratios(results["long_policies"]) | routing_ratios(results["routes"]["instructions"])
    for problem in problems(measured, None):
        print(problem)
    print("Updated bench/results.json, docs/performance.md and docs/performance.svg")


if __name__ == "__main__":
    main()
