"""Run a program under callgrind, where everything that could vary is held still."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PART = re.compile(r"^desc: Trigger: Client Request: (.+)$|^totals: (\d+)$", re.MULTILINE)


def environment(sources: Path, **more: str) -> dict[str, str]:
    """Return the whole environment of what is measured: ours from `sources`, no hash seed, nothing of the caller's."""
    path = os.pathsep.join([str(sources.resolve()), str(ROOT)])
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONHASHSEED": "0", **more}


def run(module: str, arguments: Sequence[str], variables: Mapping[str, str], before: Sequence[str] = ()) -> str:
    """Run `python -m module` with nothing but these variables; return what it printed.

    Raises:
        RuntimeError: It failed; the message holds what it wrote.
    """
    command = [*before, sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def count(module: str, arguments: Sequence[str], variables: Mapping[str, str]) -> dict[str, int]:
    """Run `python -m module` under callgrind; return each count by its name."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--combine-dumps=yes"]
        files = ["--compress-strings=no", f"--callgrind-out-file={folder}/%p"]
        run(module, arguments, variables, [*_without_random_addresses(), *valgrind, *files])
        return {name: total for path in Path(folder).iterdir() for name, total in _named(path)}


def _named(path: Path) -> Iterator[tuple[str, int]]:
    """Find the named counts in what callgrind wrote; the ones at a process's end have no name."""
    name = ""
    for match in _PART.finditer(path.read_text("utf-8", "replace")):
        if match[1]:
            name = match[1]
        elif name:
            yield name, int(match[2])
            name = ""


def _without_random_addresses() -> list[str]:
    """Return what stops the kernel from choosing addresses at random, where this machine allows it."""
    setarch = shutil.which("setarch")
    if setarch and not subprocess.run([setarch, "-R", "true"], capture_output=True, check=False).returncode:
        return [setarch, "-R"]
    return []
