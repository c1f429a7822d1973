"""The speed guard fails after one needless copy in the hot path.

It runs like `make bench-check`, on a copy of the library and with baselines that are written here, so that the test
does not depend on the interpreter.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.guard import (
    BASELINES,
    COMPARED,
    GUARDED_ROUTE_CASES,
    LARGEST_CASES,
    ROUTED_PREFLIGHT_TOLERANCE,
    TOLERANCE,
    problems,
)
from bench.ratios import TARGETS

ROOT = Path(__file__).resolve().parents[3]


def guard(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the guard on one case, with the library and the baselines of a folder."""
    paths = ["--src", str(tree / "src"), "--baselines", str(tree / "baselines.json")]
    command = [sys.executable, "-P", "-m", "bench.guard", "--case", "no-origin-13", *paths, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)


def copy_the_scope_needlessly(module: Path) -> None:
    """Insert a copy of the scope as the first line of the middleware's call."""
    lines = module.read_text("utf-8").splitlines()
    (call,) = (
        node
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "__call__"
    )
    first = call.body[1]  # After the docstring.
    lines.insert(first.lineno - 1, " " * first.col_offset + "scope = {**scope}")
    module.write_text("\n".join(lines) + "\n", "utf-8")


def test_a_needless_copy_in_the_hot_path_fails_the_guard(tmp_path: Path) -> None:
    """One more copy per request fails with the baselines of the current code.

    `make bench-check` checks the current code.
    """
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    written = guard(tmp_path, "--update")
    assert written.returncode == 0, written.stdout + written.stderr
    copy_the_scope_needlessly(tmp_path / "src" / "crossorigin" / "adapters" / "asgi" / "middleware.py")
    slower = guard(tmp_path)
    assert slower.returncode == 1, slower.stdout + slower.stderr
    for other in ("starlette", "wrap"):
        assert f"no-origin-13 / {other}: " in slower.stderr
    assert "exceeds the baseline" in slower.stderr


def test_a_ratio_may_move_within_the_tolerance_and_not_beyond() -> None:
    """An increase of three percent passes, a slightly larger one is reported, and a decrease passes."""
    baseline = {"stream-64 / wrap": 1.0}
    assert problems({"stream-64 / wrap": 1 + TOLERANCE}, baseline) == []
    assert problems({"stream-64 / wrap": 0.5}, baseline) == []
    assert problems({"stream-64 / wrap": 1.04}, baseline) == [
        "stream-64 / wrap: 1.0400 exceeds the baseline, 1.0000, by 4.0%"
    ]


def test_a_preflight_among_many_routes_may_move_further() -> None:
    """The memory layout affects this ratio more than others, so its tolerance is wider. Look-ups have the usual one."""
    baseline = {"included-10x10-last preflight / routing": 0.1, "included-10x10-last look-up / routing": 1.0}
    assert problems({"included-10x10-last preflight / routing": 0.1 * (1 + ROUTED_PREFLIGHT_TOLERANCE)}, baseline) == []
    assert problems({"included-10x10-last preflight / routing": 0.12}, baseline) == [
        "included-10x10-last preflight / routing: 0.1200 exceeds the baseline, 0.1000, by 20.0%"
    ]
    assert problems({"included-10x10-last look-up / routing": 1.04}, baseline) == [
        "included-10x10-last look-up / routing: 1.0400 exceeds the baseline, 1.0000, by 4.0%"
    ]


@pytest.mark.parametrize("baseline", [None, {"actual-1 / starlette": 0.9}], ids=["unknown interpreter", "known"])
def test_a_target_binds_whatever_the_baseline_says(baseline: dict[str, float] | None) -> None:
    """A ratio above its target fails with every interpreter, even if the baseline is higher."""
    assert problems({"actual-1 / starlette": 0.4}, baseline) == ["actual-1 / starlette: 0.400 exceeds the limit, 0.310"]


def test_a_ratio_without_its_baseline_is_named() -> None:
    """A new case without a baseline is reported if the interpreter has baselines."""
    assert problems({"new / wrap": 1.0}, {}) == ["new / wrap: no baseline; add it with make bench-check ARGS=--update"]


def test_the_committed_baselines_hold_what_the_guard_watches_and_meet_the_targets() -> None:
    """The committed baselines have every compared case, and none is above its target."""
    watched = {name for name in TARGETS if name.split(" / ")[0] in {*COMPARED, *LARGEST_CASES, "chunk", "end to end"}}
    for build, baseline in json.loads(BASELINES.read_text("utf-8")).items():
        assert {f"{case} / {other}" for case in COMPARED for other in ("starlette", "wrap")} <= baseline.keys(), build
        assert {name for name in watched if not name.startswith(("origins-10-", "origins-1000-"))} <= baseline.keys()
        measured = {name.split(" ")[0] for name in baseline if name.endswith((" / routing", " / bare"))}
        assert {*GUARDED_ROUTE_CASES} <= measured
        assert problems(baseline, baseline) == []
