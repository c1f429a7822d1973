"""A process that counts the instructions of an import in a new interpreter; bench.startup runs it."""

import importlib
import sys

from bench.counter import Counter


def main(*arguments: str) -> None:
    """Import a module and count the instructions; with `--uncounted`, only create its bytecode cache."""
    if arguments[0] == "--uncounted":
        importlib.import_module(arguments[1])
        return
    counter = Counter()
    before = len(sys.modules)
    counter.start()
    importlib.import_module(arguments[0])
    counter.stop(f"{arguments[0]} {len(sys.modules) - before}")


if __name__ == "__main__":
    main(*sys.argv[1:])
