"""The command `crossorigin`, also available as `python -m crossorigin`."""

import sys
from importlib.util import find_spec

_NEEDED = ("click", "httpx2", "rich")


def main() -> object:
    """Run the command line, which ends the process. If packages are missing, print how to install them and return 2."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        message = f"The crossorigin command needs {', '.join(missing)}. Run: pip install 'crossorigin[cli]'"
        sys.stderr.write(f"{message}\n")
        return 2
    # Click and the other packages are imported only to run a command.
    from crossorigin.doctor.cli import cli

    return cli.main(prog_name="crossorigin")


if __name__ == "__main__":
    raise SystemExit(main())
