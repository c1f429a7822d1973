"""Tell in JSON how long a middleware for many origins takes to build, and what it holds: run by bench.startup."""

import gc
import json
import sys
import time
import tracemalloc

from bench.cases import listed
from bench.contenders import CONTENDERS
from bench.traffic import silent


def main(contender: str, origins: str) -> None:
    """Build it twice: one run is timed, in the other the memory is traced, which takes its time."""
    options = {"allow_origins": listed(int(origins))}
    build = CONTENDERS[contender]
    build(silent, {"allow_origins": listed(1)})
    begin = time.perf_counter()
    build(silent, options)
    seconds = time.perf_counter() - begin
    gc.collect()
    tracemalloc.start()
    held = build(silent, options)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    del held
    print(json.dumps({"seconds": round(seconds, 2), "bytes_per_origin": round(size / int(origins), 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
