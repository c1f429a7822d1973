"""Print the coverage of the last test run, and fail unless the library has 100 % branch coverage, the doctor less.

A report can also reach 100 % by omitting a file, so it must contain every module on disk. The data must come from every
worker of the run: `tests/conftest.py` names each of them in what it measures.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coverage import CoverageData

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "src" / "crossorigin"
WORKER = re.compile(r"worker (\d+) of (\d+)")

# The doctor runs apps in a child process that it ends when the app does not, so the data of that process is incomplete.
# Tests of real stacks compare what it prints.
DOCTOR = "src/crossorigin/doctor/"
DOCTOR_MINIMUM = 70

# Each line of the library that is excluded from the measurement, as "file: line", and why no test can reach it.
EXCLUSIONS: dict[str, str] = {}


def measured_modules() -> dict[str, Path]:
    """Find the modules that must be measured, by their names in the report."""
    return {path.relative_to(ROOT).as_posix(): path for path in sorted(LIBRARY.rglob("*.py"))}


def coverage_problems(report: dict[str, Any], names: list[str]) -> list[str]:
    """Return the modules that a JSON report does not contain, or that are not fully covered."""
    problems = [] if report["meta"]["branch_coverage"] else ["the branches were not measured"]
    for name in names:
        if name not in report["files"]:
            problems.append(f"{name} is not in the report")
            continue
        summary = report["files"][name]["summary"]
        if name.startswith(DOCTOR):
            if summary["percent_covered"] < DOCTOR_MINIMUM:
                problems.append(f"{name} is covered at {summary['percent_covered']:.2f} %, not {DOCTOR_MINIMUM} %")
        elif summary["missing_lines"] or summary["missing_branches"]:
            problems.append(f"{name} is covered at {summary['percent_covered']:.2f} %, not 100 %")
    return problems


def worker_problems(contexts: Iterable[str]) -> list[str]:
    """Return the workers of the run that left no data; `contexts` are the names of what was measured."""
    found = [match for context in contexts if (match := WORKER.fullmatch(context))]
    if not found:
        return ["no worker was measured"]
    count = max(int(match[2]) for match in found)
    missing = sorted({*range(1, count + 1)} - {int(match[1]) for match in found})
    return [f"the data of worker {number} of {count} is missing" for number in missing]


def exclusion_problems(modules: dict[str, Path], reasons: dict[str, str]) -> list[str]:
    """Return the exclusions without a reason, and the reasons without an exclusion."""
    exclusions = {
        f"{name}: {line.strip()}"
        for name, path in modules.items()
        for line in path.read_text("utf-8").splitlines()
        if "pragma:" in line
    }
    return [
        *(f"excluded without a reason: {line}" for line in sorted(exclusions - reasons.keys())),
        *(f"no longer there to exclude: {line}" for line in sorted(reasons.keys() - exclusions)),
    ]


def main() -> int:
    """Print the report and every problem, and return the exit status."""
    coverage = [sys.executable, "-m", "coverage"]
    failed = subprocess.run([*coverage, "report"], cwd=ROOT, check=False).returncode
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        command = [*coverage, "json", "--quiet", "--fail-under=0", "-o", str(path)]
        subprocess.run(command, cwd=ROOT, check=True)
        report = json.loads(path.read_bytes())
    data = CoverageData(str(ROOT / ".coverage"))
    data.read()
    modules = measured_modules()
    problems = [
        *worker_problems(data.measured_contexts()),
        *coverage_problems(report, list(modules)),
        *exclusion_problems(modules, EXCLUSIONS),
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    if failed or problems:
        return 1
    print(f"All {len(modules)} modules of the library are measured, and all but the doctor's are covered by branch.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
