"""A process that measures the build time and memory of a middleware with many origins; bench.startup runs it."""

import gc
import json
import sys
import time
import tracemalloc

from bench.case import listed
from bench.contenders import CONTENDERS
from bench.traffic import unused_app


def main(contender: str, origins: str) -> None:
    """Print the time and memory as JSON; both are measured in separate runs because tracing memory is slow."""
    options = {"allow_origins": listed(int(origins))}
    build = CONTENDERS[contender]
    build(unused_app, {"allow_origins": listed(1)})
    begin = time.perf_counter()
    build(unused_app, options)
    seconds = time.perf_counter() - begin
    gc.collect()
    tracemalloc.start()
    middleware = build(unused_app, options)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    del middleware
    print(json.dumps({"seconds": round(seconds, 2), "bytes_per_origin": round(size / int(origins), 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
