"""The guards that check a test run work."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[2]
# Only ends a hang.
LIMIT = 60


@pytest.fixture(scope="module")
def guard() -> ModuleType:
    """The script that checks the coverage."""
    spec = importlib.util.spec_from_file_location("check_coverage", ROOT / "scripts" / "check_coverage.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(*, branch: bool = True, **missing: tuple[int, int]) -> dict[str, object]:
    """Return a report of modules with their missing lines and branches."""
    return {
        "meta": {"branch_coverage": branch},
        "files": {
            f"{name}.py": {
                "summary": {
                    "missing_lines": lines,
                    "missing_branches": branches,
                    "percent_covered": 99.5,
                }
            }
            for name, (lines, branches) in missing.items()
        },
    }


def test_a_module_that_the_report_forgot_is_named(guard: ModuleType) -> None:
    """A report without a module that exists fails."""
    assert guard.coverage_problems(report(a=(0, 0)), ["a.py", "b.py"]) == ["b.py is not in the report"]


@pytest.mark.parametrize("missing", [(1, 0), (0, 1)])
def test_one_line_or_one_branch_is_enough_to_fail(guard: ModuleType, missing: tuple[int, int]) -> None:
    """A module with an uncovered line or branch is reported."""
    assert guard.coverage_problems(report(a=missing), ["a.py"]) == ["a.py is covered at 99.50 %, not 100 %"]


@pytest.mark.parametrize(("minimum", "count"), [(99, 0), (100, 1)])
def test_the_doctor_has_its_own_minimum(
    guard: ModuleType, monkeypatch: pytest.MonkeyPatch, minimum: int, count: int
) -> None:
    """A module of the doctor fails only below the minimum."""
    monkeypatch.setattr(guard, "DOCTOR_MINIMUM", minimum)
    name = f"{guard.DOCTOR}a"
    assert len(guard.coverage_problems(report(**{name: (1, 1)}), [f"{name}.py"])) == count


def test_lines_alone_are_not_enough(guard: ModuleType) -> None:
    """A report without branches fails."""
    assert guard.coverage_problems(report(branch=False, a=(0, 0)), ["a.py"]) == ["the branches were not measured"]


def test_a_whole_report_passes(guard: ModuleType) -> None:
    """Modules with full coverage are not reported."""
    assert guard.coverage_problems(report(a=(0, 0)), ["a.py"]) == []


@pytest.mark.parametrize(
    ("contexts", "problems"),
    [
        (["", "worker 1 of 2", "worker 2 of 2"], []),
        (["", "worker 1 of 2"], ["the data of worker 2 of 2 is missing"]),
        (["", "worker 2 of 3"], ["the data of worker 1 of 3 is missing", "the data of worker 3 of 3 is missing"]),
        ([""], ["no worker was measured"]),
    ],
)
def test_a_worker_whose_data_is_missing_is_named(guard: ModuleType, contexts: list[str], problems: list[str]) -> None:
    """A report with the data of fewer workers than ran fails."""
    assert guard.worker_problems(contexts) == problems


def test_workers_name_themselves_in_what_they_measure(guard: ModuleType, tmp_path: Path) -> None:
    """The data of a parallel run has the name of each worker, and the guard reports a missing one."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "test_x.py").write_text(
        "import pytest, crossorigin\n@pytest.mark.parametrize('x', range(8))\ndef test_x(x): crossorigin.Policy()",
        "utf-8",
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (tmp_path / ".coveragerc").write_text(
        f"[run]\nsource = crossorigin\nparallel = true\npatch = subprocess\ndata_file = {tmp_path / 'data'}\n", "utf-8"
    )
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={tmp_path / '.coveragerc'}", "-m", "pytest", "-n2"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))}
    subprocess.run([*command, tmp_path], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=LIMIT)
    files = {}
    for path in tmp_path.glob("data.*"):
        data = CoverageData(str(path))
        data.read()
        files[path] = data.measured_contexts()
    contexts = {context for found in files.values() for context in found}
    assert guard.worker_problems(contexts) == []
    first = {context for found in files.values() if "worker 2 of 2" not in found for context in found}
    assert guard.worker_problems(first) == ["the data of worker 2 of 2 is missing"]


def test_an_exclusion_needs_its_reason(guard: ModuleType, tmp_path: Path) -> None:
    """Each excluded line is in the list with its reason, and no other line is."""
    module = tmp_path / "a.py"
    module.write_text("x = 1  # pragma: no cover\n", "utf-8")
    line = "a.py: x = 1  # pragma: no cover"
    assert guard.exclusion_problems({"a.py": module}, {}) == [f"excluded without a reason: {line}"]
    assert guard.exclusion_problems({"a.py": module}, {line: "because"}) == []
    module.write_text("x = 1\n", "utf-8")
    assert guard.exclusion_problems({"a.py": module}, {line: "because"}) == [f"no longer there to exclude: {line}"]


def test_every_package_of_the_library_is_measured(guard: ModuleType) -> None:
    """The guard covers `fetch`, `policy`, `browser` and the adapters."""
    names = set(guard.measured_modules())
    assert "src/crossorigin/adapters/asgi/middleware.py" in names
    assert any(name.startswith("src/crossorigin/fetch/") for name in names)
    assert any(name.startswith("src/crossorigin/policy/") for name in names)


SKIPPING = {
    "test_skip.py": "import pytest\ndef test_x(): pytest.skip('no browser')",
    "test_mark.py": "import pytest\n@pytest.mark.skip\ndef test_x(): pass",
    "test_importorskip.py": "import pytest\npytest.importorskip('no_such_server')\ndef test_x(): pass",
    "test_xfail.py": "import pytest\n@pytest.mark.xfail\ndef test_x(): assert False",
}


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_a_skipped_test_is_a_failure(tmp_path: Path, workers: str) -> None:
    """A run with a skipped test fails, also on a worker."""
    conftest = (ROOT / "tests" / "conftest.py").read_text("utf-8")
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    for name, body in SKIPPING.items():
        (tmp_path / name).write_text(body, "utf-8")
    options = [workers, "--continue-on-collection-errors", "-p", "no:randomly", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path], capture_output=True, text=True, check=False, timeout=LIMIT
    )
    assert run.returncode in {1, 2}, run.stdout
    for name in SKIPPING:
        assert re.search(rf"{name}(::test_x)? was skipped or expected to fail", run.stdout), run.stdout
    assert "2 failed, 2 errors" in run.stdout


def test_a_test_that_ends_its_worker_fails_once(tmp_path: Path) -> None:
    """It is not repeated on other workers, and the following tests run."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (tmp_path / "test_x.py").write_text(
        "import os, pytest\n@pytest.mark.parametrize('x', range(4))\ndef test_x(x): x == 1 and os._exit(1)", "utf-8"
    )
    (tmp_path / "test_y.py").write_text("import os\ndef test_y(): os._exit(1)", "utf-8")
    command = [sys.executable, "-m", "pytest", "-n2", "-p", "no:randomly", "-p", "no:cacheprovider", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    assert "2 failed, 3 passed" in run.stdout, run.stdout


def test_every_process_that_a_test_runs_has_a_time_limit() -> None:
    """A process that hangs fails its test instead of stopping the whole run."""
    calls = [
        (path, node)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path.name != "__main__.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "subprocess.run"
    ]
    assert len(calls) > 10
    unlimited = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in calls
        if "timeout" not in {keyword.arg for keyword in node.keywords}
    ]
    assert unlimited == []
