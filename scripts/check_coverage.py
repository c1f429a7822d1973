"""Print the coverage of the last test run, and fail unless the library has 100 % branch coverage.

A report can also reach 100 % by omitting a file, so it must contain every module on disk. The only exception is the
demo, which is tested as a whole in a browser.
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

# The lines of the library that are excluded from coverage, as "file: line", with the reason why no test can reach them.
EXCLUSIONS: dict[str, str] = {}


def measured_modules() -> dict[str, Path]:
    """Return the modules that must be measured, by their names in the report."""
    return {
        path.relative_to(ROOT).as_posix(): path
        for path in sorted(LIBRARY.rglob("*.py"))
        if not path.is_relative_to(DEMONSTRATION)
    }


def coverage_problems(report: dict[str, Any], names: list[str]) -> list[str]:
    """Return the modules that a JSON report does not contain, or that are not fully covered."""
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
