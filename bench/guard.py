"""Fail when a request has become slower: `make bench-check`.

    python -m bench.guard            compare with the baselines, and with the targets
    python -m bench.guard --update   write the baselines of this interpreter anew

What is compared are ratios of instruction counts, so nothing depends on the machine's speed or load. Baselines are
kept for each build of Python that has some; under another one the targets alone are checked.
"""

import argparse
import json
import platform
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from bench import endtoend, instructions, routes
from bench.callgrind import ROOT
from bench.cases import ACTUAL, CASES, PREFLIGHT
from bench.ratios import SAME_COST, TARGETS, limit, ratios, routed

BASELINES = ROOT / "bench" / "baselines.json"
TOLERANCE = 0.03
# What another layout of memory, another path or a new import, moves a count by.
LAYOUT = 0.005
# What another build of Python was seen to move a ratio by: Debian's 3.11.2 takes 9 % more for a streamed chunk.
FOREIGN = 0.10

COMPARED = [case.name for case in (*ACTUAL, *PREFLIGHT)]
# What an ordinary request costs is counted above; the largest of each kind tells about those between.
GROWN = [
    *(f"origins-100000-{ending}" for ending in ("hit", "miss")),
    *(f"patterns-{count}-{ending}" for count in (1, 10_000) for ending in ("hit", "miss")),
    *(name for name in CASES if name.startswith("hostile-1m-")),
    "hostile-64k-origin",
]
# A flat table, and included routers, at a length where the walk outweighs what each look-up costs by itself.
LOOKED_UP = ("starlette-100-last", "included-10x10-last")


def interpreter() -> str:
    """Name the build of Python: another compiler, or other optimizations, is another number of instructions."""
    flags = str(sysconfig.get_config_var("PY_CORE_CFLAGS")).split()
    kept = dict.fromkeys(flag for flag in flags if flag.startswith(("-O", "-flto", "-fprofile", "-fstack-protector")))
    shared = "shared" if sysconfig.get_config_var("Py_ENABLE_SHARED") else "static"
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join([version, platform.machine(), platform.python_compiler(), " ".join(kept), shared])


def problems(measured: Mapping[str, float], baseline: Mapping[str, float] | None) -> list[str]:
    """Say which ratios are beyond their target, and which beyond their baseline, if there is one."""
    # The targets were set for the builds that have baselines.
    slack = 1 + (FOREIGN if baseline is None else LAYOUT)
    found = [
        f"{name}: {value:.3f} is beyond the limit, {most:.3f}"
        for name, value in measured.items()
        if (most := limit(name)) is not None and value > most * slack
    ]
    if baseline is None:
        return found
    for name, value in measured.items():
        if name not in baseline:
            found.append(f"{name}: there is no baseline; write it with make bench-check ARGS=--update")
        elif value > baseline[name] * (1 + TOLERANCE):
            more = value / baseline[name] - 1
            found.append(f"{name}: {value:.4f} is {more:.1%} beyond the baseline, {baseline[name]:.4f}")
    return found


def measure(cases: list[str] | None, sources: Path) -> dict[str, float]:
    """Return the ratios of the chosen cases; None for all that the guard watches, end to end among them."""
    counts = instructions.measure(cases or COMPARED, ["bare", "ours", *SAME_COST], sources)
    if cases:
        return ratios(counts)
    counts |= instructions.measure(GROWN, ["bare", "ours"], sources)
    found = ratios(counts, endtoend.measure(sources, ("bare", "ours")))
    return found | routed(routes.instructions(sources, LOOKED_UP))


def show(measured: Mapping[str, float], baseline: Mapping[str, float]) -> None:
    """Print each ratio beside its baseline and its target."""
    print(f"{'ours over the bare app, to':46}{'measured':>10}{'baseline':>10}{'target':>10}{'limit':>10}")
    for name, value in measured.items():
        known = (baseline.get(name), TARGETS.get(name), limit(name))
        cells = (" " * 10 if number is None else f"{number:10.3f}" for number in known)
        print(f"{name:46}{value:10.3f}{''.join(cells)}")


def main(arguments: list[str] | None = None) -> int:
    """Check, or write the baselines, and return the exit status."""
    parser = argparse.ArgumentParser(description="Fail when a request has become slower.")
    parser.add_argument("--update", action="store_true", help="write the baselines of this interpreter anew")
    parser.add_argument("--case", action="append", choices=COMPARED, help="may be repeated; all by default")
    parser.add_argument("--src", type=Path, default=ROOT / "src", help="the source tree that holds crossorigin")
    parser.add_argument("--baselines", type=Path, default=BASELINES, help="the file that holds the baselines")
    chosen = parser.parse_args(arguments)
    known: dict[str, dict[str, float]] = {}
    if chosen.baselines.exists():
        known = json.loads(chosen.baselines.read_text("utf-8"))
    build = interpreter()
    measured = measure(chosen.case, chosen.src)
    if chosen.update:
        kept = known.get(build, {}) if chosen.case else {}
        known[build] = {**kept, **{name: round(value, 4) for name, value in measured.items()}}
        chosen.baselines.write_text(json.dumps(known, indent=2) + "\n", "utf-8")
    baseline = known.get(build)
    show(measured, baseline or {})
    if baseline is None:
        print(f"There are no baselines for this build of Python ({build}): only the targets are checked.")
    found = problems(measured, baseline)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
