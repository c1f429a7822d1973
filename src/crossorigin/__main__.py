"""Run the command line, or say how to install what it needs: `crossorigin`, `python -m crossorigin`."""

import sys
from importlib.util import find_spec

_NEEDED = ("click", "httpx2", "rich")


def main() -> object:
    """Run the command that the arguments name, which ends the process, or return the exit code of what is missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        said = f"The crossorigin command needs {', '.join(missing)}: pip install 'crossorigin[cli]'"
        sys.stderr.write(f"{said}\n")
        return 2
    # Click and the rest are loaded by the command alone.
    from crossorigin.doctor.cli import cli

    return cli.main(prog_name="crossorigin")


if __name__ == "__main__":
    raise SystemExit(main())
