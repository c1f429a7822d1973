"""Fuzz under atheris: `python -m tests.properties.fuzz [TARGET] [OPTION...]`, the options being libFuzzer's.

Without a target each is fuzzed in turn, for a minute unless `-max_total_time=` says otherwise. What a run finds and
learns is kept in `build/fuzz`; to read again what made a target fail, give that file behind the target.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE.parents[2] / "build" / "fuzz"
NAMES = sorted(path.name for path in (HERE / "corpus").iterdir())
DEFAULTS = ["-max_total_time=60", "-max_len=2048", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]


def fuzz(name: str, given: list[str]) -> None:
    """Fuzz one target, with what it is made of instrumented; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(
        include=["crossorigin.fetch", "crossorigin.policy", "crossorigin.adapters.asgi.middleware"]
    ):
        from tests.properties.fuzz.targets import TARGETS

    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    # What is learned goes to the first folder; files that are named are only read.
    files = [] if any(not option.startswith("-") for option in given) else [str(folder), str(HERE / "corpus" / name)]
    options = [*DEFAULTS, f"-dict={HERE / 'words.dict'}", f"-artifact_prefix={KEPT / name}-"]
    atheris.Setup([sys.argv[0], *options, *given, *files], TARGETS[name])
    atheris.Fuzz()


def main(given: list[str]) -> int:
    """Fuzz the target that is named first, or all of them, each in its own process."""
    if given and given[0] in NAMES:
        fuzz(given[0], given[1:])
    for name in NAMES:
        print(f"\n== {name}", flush=True)  # a command talks to its user
        status = subprocess.run([sys.executable, "-m", "tests.properties.fuzz", name, *given], check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
