"""The guards that judge a test run guard what they promise."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def guard() -> ModuleType:
    """The script that holds the coverage."""
    spec = importlib.util.spec_from_file_location("check_coverage", ROOT / "scripts" / "check_coverage.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(*, branch: bool = True, **missing: tuple[int, int]) -> dict[str, object]:
    """Make a report of modules, each with its missing lines and branches."""
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
    """A report that holds fewer modules than the disk does not pass."""
    assert guard.coverage_problems(report(a=(0, 0)), ["a.py", "b.py"]) == ["b.py is not in the report"]


@pytest.mark.parametrize("missing", [(1, 0), (0, 1)])
def test_one_line_or_one_branch_is_enough_to_fail(guard: ModuleType, missing: tuple[int, int]) -> None:
    """A module with anything left uncovered is named."""
    assert guard.coverage_problems(report(a=missing), ["a.py"]) == ["a.py is covered at 99.50 %, not 100 %"]


def test_lines_alone_are_not_enough(guard: ModuleType) -> None:
    """A report without branches does not pass."""
    assert guard.coverage_problems(report(branch=False, a=(0, 0)), ["a.py"]) == ["the branches were not measured"]


def test_a_whole_report_passes(guard: ModuleType) -> None:
    """Nothing is said of modules that are wholly covered."""
    assert guard.coverage_problems(report(a=(0, 0)), ["a.py"]) == []


def test_an_exclusion_needs_its_reason(guard: ModuleType, tmp_path: Path) -> None:
    """A line left out of the measure stands in the list with its reason, and no other line does."""
    module = tmp_path / "a.py"
    module.write_text("x = 1  # pragma: no cover\n", "utf-8")
    line = "a.py: x = 1  # pragma: no cover"
    assert guard.exclusion_problems({"a.py": module}, {}) == [f"excluded without a reason: {line}"]
    assert guard.exclusion_problems({"a.py": module}, {line: "because"}) == []
    module.write_text("x = 1\n", "utf-8")
    assert guard.exclusion_problems({"a.py": module}, {line: "because"}) == [f"no longer there to exclude: {line}"]


def test_every_room_of_the_library_is_measured(guard: ModuleType) -> None:
    """The guard looks at the vocabulary, the server's side and the middleware."""
    names = set(guard.measured_modules())
    assert "src/crossorigin/adapters/asgi/middleware.py" in names
    assert any(name.startswith("src/crossorigin/fetch/") for name in names)
    assert any(name.startswith("src/crossorigin/policy/") for name in names)


@pytest.mark.parametrize(
    "body",
    [
        "import pytest\ndef test_x(): pytest.skip('no browser')",
        "import pytest\n@pytest.mark.skip\ndef test_x(): pass",
        "import pytest\npytest.importorskip('no_such_server')\ndef test_x(): pass",
        "import pytest\n@pytest.mark.xfail\ndef test_x(): assert False",
    ],
    ids=["skip", "mark", "importorskip", "xfail"],
)
def test_a_skipped_test_is_a_failure(tmp_path: Path, body: str) -> None:
    """A run that leaves a test out does not pass."""
    conftest = (ROOT / "tests" / "conftest.py").read_text("utf-8")
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    (tmp_path / "test_x.py").write_text(body, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in {1, 2}, run.stdout
    assert "skipped or expected to fail" in run.stdout
