"""The command `make bench-check`, which fails if requests have become slower.

    python -m bench.guard            compare the ratios with the baselines and the targets
    python -m bench.guard --update   update the baselines of this interpreter

The compared values are ratios of instruction counts, so the result does not depend on the speed or load of the
machine. Baselines exist for some builds of Python; with any other build, only the targets are checked.
"""

import argparse
import json
import platform
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from bench import aiohttp, django, endtoend, flask, instructions, long_policies, routes
from bench.callgrind import ROOT, compile_modules
from bench.cases import ACTUAL, CASES, PREFLIGHT
from bench.live_cases import LIVE
from bench.more_cases import EXTRAS, UNLISTED, UNLISTED_PREFLIGHTS, WEBSOCKETS
from bench.ratios import REFERENCES, TARGETS, limit, policy_ratios, ratios, routing_ratios

BASELINES = ROOT / "bench" / "baselines.json"
TOLERANCE = 0.03
# A preflight's cost among many routes depends on the memory layout more than other costs, because the kept routes are
# found by their addresses, which collide in some layouts. The same sources gave 0.1166 to 0.1208 for
# `included-10x10-last preflight / routing` in nine layouts, and 0.321 to 0.336 for `starlette-100-last`.
ROUTED_PREFLIGHT_TOLERANCE = 0.10
# Another memory layout, caused for example by another path or a new import, changes a ratio by up to this share. The
# same sources gave 0.2148 to 0.2170 for `actual-any / starlette` in six folders on two machines.
LAYOUT_TOLERANCE = 0.01
# Another build of Python can change a ratio by up to this share: with Debian's 3.11.2, a chunk costs 9 % more.
OTHER_BUILD_TOLERANCE = 0.10

COMPARED = [
    *(case.name for case in (*ACTUAL, *PREFLIGHT, *UNLISTED, *UNLISTED_PREFLIGHTS, *EXTRAS, *WEBSOCKETS)),
    "patterns-1-hit",
    "patterns-1-miss",
]
# The largest case of each kind. The smaller ones need no check because COMPARED contains the ordinary requests.
LARGEST_CASES = [
    *(f"origins-100000-{ending}" for ending in ("hit", "miss")),
    *(f"patterns-10000-{ending}" for ending in ("hit", "miss")),
    *(name for name in CASES if name.startswith("hostile-1m-")),
    "hostile-64k-origin",
    *(case.name for case in LIVE),
]
# Route tables that are so long that walking them dominates the fixed cost of a look-up, and responses next to the
# policy of a router.
GUARDED_ROUTE_CASES = (
    "starlette-100-last",
    "fastapi-100-last",
    "included-100-last",
    "included-10x10-last",
    "router",
    "other-router",
)


def interpreter() -> str:
    """Return the name of this build of Python, because the compiler and its options change the counts."""
    flags = str(sysconfig.get_config_var("PY_CORE_CFLAGS")).split()
    kept = dict.fromkeys(flag for flag in flags if flag.startswith(("-O", "-flto", "-fprofile", "-fstack-protector")))
    shared = "shared" if sysconfig.get_config_var("Py_ENABLE_SHARED") else "static"
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join([version, platform.machine(), platform.python_compiler(), " ".join(kept), shared])


def tolerance(name: str) -> float:
    """Return the share by which a ratio may exceed its baseline."""
    return ROUTED_PREFLIGHT_TOLERANCE if name.endswith(" preflight / routing") else TOLERANCE


def problems(measured: Mapping[str, float], baseline: Mapping[str, float] | None) -> list[str]:
    """Return the ratios that exceed their limit or their baseline; `baseline` is None if there is none."""
    # The targets were set for the builds that have baselines.
    slack = 1 + (OTHER_BUILD_TOLERANCE if baseline is None else LAYOUT_TOLERANCE)
    found = [
        f"{name}: {value:.3f} exceeds the limit, {maximum:.3f}"
        for name, value in measured.items()
        if (maximum := limit(name)) is not None and value > maximum * slack
    ]
    if baseline is None:
        return found
    for name, value in measured.items():
        if name not in baseline:
            found.append(f"{name}: no baseline; add it with make bench-check ARGS=--update")
        elif value > baseline[name] * (1 + tolerance(name)):
            excess = value / baseline[name] - 1
            found.append(f"{name}: {value:.4f} exceeds the baseline, {baseline[name]:.4f}, by {excess:.1%}")
    return found


def measure(cases: list[str] | None, sources: Path) -> dict[str, float]:
    """Return the ratios of the chosen cases; None means all guarded ones, including whole requests."""
    counts = instructions.measure(cases or COMPARED, ["bare", "ours", *REFERENCES], sources)
    if cases:
        return ratios(counts)
    counts |= instructions.measure(LARGEST_CASES, ["bare", "ours"], sources)
    found = ratios(counts, endtoend.measure(sources, ("bare", "ours")))
    found |= policy_ratios(long_policies.measure(sources))
    return found | routing_ratios(routes.instructions(sources, GUARDED_ROUTE_CASES))


def show(measured: Mapping[str, float], baseline: Mapping[str, float]) -> None:
    """Print each ratio with its baseline, target and limit."""
    print(f"{'extra cost, ours / reference':46}{'measured':>10}{'baseline':>10}{'target':>10}{'limit':>10}")
    for name, value in measured.items():
        known = (baseline.get(name), TARGETS.get(name), limit(name))
        cells = (" " * 10 if number is None else f"{number:10.3f}" for number in known)
        print(f"{name:46}{value:10.3f}{''.join(cells)}")


def main(arguments: list[str] | None = None) -> int:
    """Check the ratios or update the baselines, and return the exit status."""
    parser = argparse.ArgumentParser(description="Fail if requests have become slower.")
    parser.add_argument("--update", action="store_true", help="update the baselines of this interpreter")
    parser.add_argument("--case", action="append", choices=COMPARED, help="case to check; repeatable (default: all)")
    parser.add_argument("--src", type=Path, default=ROOT / "src", help="the source tree that contains crossorigin")
    parser.add_argument("--baselines", type=Path, default=BASELINES, help="the file that contains the baselines")
    chosen = parser.parse_args(arguments)
    known: dict[str, dict[str, float]] = {}
    if chosen.baselines.exists():
        known = json.loads(chosen.baselines.read_text("utf-8"))
    compile_modules(chosen.src)
    build = interpreter()
    measured = measure(chosen.case, chosen.src)
    if chosen.update:
        kept = known.get(build, {}) if chosen.case else {}
        known[build] = {**kept, **{name: round(value, 4) for name, value in measured.items()}}
        chosen.baselines.write_text(json.dumps(known, indent=2) + "\n", "utf-8")
    baseline = known.get(build)
    show(measured, baseline or {})
    if baseline is None:
        print(f"No baselines for this build of Python ({build}): only the targets are checked.")
    found = problems(measured, baseline)
    if not chosen.case:
        found += flask.problems(flask.measure(chosen.src, flask.GUARDED))
        found += django.problems(django.measure(chosen.src, django.GUARDED))
        found += aiohttp.problems(aiohttp.measure(chosen.src))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
