"""Report the coverage of the last test run, and hold the library at 100 % by branch.

A report reaches 100 % also by forgetting a file. So every module on disk must stand in it, but for
the demonstration, which a browser judges as a whole.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "src" / "crossorigin"
DEMONSTRATION = LIBRARY / "demo"

# Each line of the library that is left out of the measure, as "file: line", and why no test can
# reach it.
EXCLUSIONS: dict[str, str] = {}


def measured_modules() -> dict[str, Path]:
    """Find the modules that must be measured, by their names in the report."""
    return {
        path.relative_to(ROOT).as_posix(): path
        for path in sorted(LIBRARY.rglob("*.py"))
        if not path.is_relative_to(DEMONSTRATION)
    }


def coverage_problems(report: dict[str, Any], names: list[str]) -> list[str]:
    """Say which modules a JSON report does not hold, or holds with something left uncovered."""
    problems = [] if report["meta"]["branch_coverage"] else ["the branches were not measured"]
    for name in names:
        if name not in report["files"]:
            problems.append(f"{name} is not in the report")
            continue
        summary = report["files"][name]["summary"]
        if summary["missing_lines"] or summary["missing_branches"]:
            problems.append(f"{name} is covered at {summary['percent_covered']:.2f} %, not 100 %")
    return problems


def exclusion_problems(modules: dict[str, Path], reasons: dict[str, str]) -> list[str]:
    """Say which exclusions have no reason, and which reasons have no exclusion."""
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
    modules = measured_modules()
    problems = coverage_problems(report, list(modules)) + exclusion_problems(modules, EXCLUSIONS)
    for problem in problems:
        print(problem, file=sys.stderr)
    if failed or problems:
        return 1
    print(f"All {len(modules)} modules of the library are measured, and covered by branch.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
