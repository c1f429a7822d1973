"""The costs before the first request: the import, and building a middleware with 100,000 origins."""

import json
import tempfile
from pathlib import Path

from bench.callgrind import count, environment, run
from bench.results import Build, Import

MODULES = {"starlette": "starlette.middleware.cors", "ours": "crossorigin"}
ORIGINS = 100_000


def imports(sources: Path) -> dict[str, Import]:
    """Return the cost of each import."""
    found: dict[str, Import] = {}
    with tempfile.TemporaryDirectory() as cache:
        variables = environment(sources, PYTHONPYCACHEPREFIX=cache)
        for contender, module in MODULES.items():
            run("bench.import_instructions", ["--uncounted", module], variables)
            ((named, instructions),) = count("bench.import_instructions", [module], variables).items()
            found[contender] = {"module": module, "modules": int(named.split()[1]), "instructions": instructions}
    return found


def builds(sources: Path) -> dict[str, Build]:
    """Return the cost of each build."""
    built: dict[str, Build] = {}
    for contender in MODULES:
        arguments = [contender, str(ORIGINS)]
        measured = json.loads(run("bench.build_memory", arguments, environment(sources)))
        built[contender] = {
            "instructions": count("bench.build_instructions", arguments, environment(sources))[contender],
            "seconds": measured["seconds"],
            "bytes_per_origin": measured["bytes_per_origin"],
        }
    return built
