"""Programs run under callgrind, in an environment that makes the counts reproducible."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from compileall import compile_dir
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PART = re.compile(r"^desc: Trigger: Client Request: (.+)$|^totals: (\d+)$", re.MULTILINE)


def compile_modules(sources: Path) -> None:
    """Compile all measured modules. A process that compiles them itself has another memory layout."""
    for folder in (ROOT / "bench", sources):
        compile_dir(folder, quiet=2)


def environment(sources: Path, **more: str) -> dict[str, str]:
    """Return the environment of a measured process: our package from `sources` and a fixed hash seed."""
    path = os.pathsep.join([str(sources.resolve()), str(ROOT)])
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONHASHSEED": "0", **more}


def run(module: str, arguments: Sequence[str], variables: Mapping[str, str], before: Sequence[str] = ()) -> str:
    """Run `python -m module` with only these environment variables, and return its output.

    Raises:
        RuntimeError: The process failed; the message contains its output.
    """
    command = [*before, sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def count(module: str, arguments: Sequence[str], variables: Mapping[str, str]) -> dict[str, int]:
    """Run `python -m module` under callgrind, and return each count by its name."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--combine-dumps=yes"]
        files = ["--compress-strings=no", f"--callgrind-out-file={folder}/%p"]
        run(module, arguments, variables, [*_without_random_addresses(), *valgrind, *files])
        return {name: total for path in Path(folder).iterdir() for name, total in _named(path)}


def _named(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the named counts in a file of callgrind; the counts at the end of a process have no name."""
    name = ""
    for match in _PART.finditer(path.read_text("utf-8", "replace")):
        if match[1]:
            name = match[1]
        elif name:
            yield name, int(match[2])
            name = ""


def _without_random_addresses() -> list[str]:
    """Return the command prefix that disables address randomization, or nothing if this machine does not allow it."""
    setarch = shutil.which("setarch")
    if setarch and not subprocess.run([setarch, "-R", "true"], capture_output=True, check=False).returncode:
        return [setarch, "-R"]
    return []
