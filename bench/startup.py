"""Measure what happens before the first request: importing, and building a middleware for 100,000 origins."""

import json
import tempfile
from pathlib import Path
from typing import TypedDict

from bench.callgrind import count, environment, run

MODULES = {"starlette": "starlette.middleware.cors", "ours": "crossorigin"}
ORIGINS = 100_000


class Import(TypedDict):
    """What importing a module costs a fresh interpreter, once its bytecode is there."""

    module: str
    modules: int
    instructions: int


class Build(TypedDict):
    """What a middleware for `ORIGINS` origins costs; its memory is what it holds beside the list it was given."""

    instructions: int
    seconds: float
    bytes_per_origin: float


def imports(sources: Path) -> dict[str, Import]:
    """Return what each import costs."""
    found: dict[str, Import] = {}
    with tempfile.TemporaryDirectory() as cache:
        variables = environment(sources, PYTHONPYCACHEPREFIX=cache)
        for contender, module in MODULES.items():
            run("bench.imports", ["--uncounted", module], variables)
            ((named, instructions),) = count("bench.imports", [module], variables).items()
            found[contender] = {"module": module, "modules": int(named.split()[1]), "instructions": instructions}
    return found


def builds(sources: Path) -> dict[str, Build]:
    """Return what each build costs."""
    built: dict[str, Build] = {}
    for contender in MODULES:
        arguments = [contender, str(ORIGINS)]
        held = json.loads(run("bench.held", arguments, environment(sources)))
        built[contender] = {
            "instructions": count("bench.built", arguments, environment(sources))[contender],
            "seconds": held["seconds"],
            "bytes_per_origin": held["bytes_per_origin"],
        }
    return built
