"""A process that counts the instructions for building a middleware with many origins; bench.startup runs it."""

import gc
import sys

from bench.case import listed
from bench.contenders import CONTENDERS
from bench.counter import Counter
from bench.traffic import unused_app


def main(contender: str, origins: str) -> None:
    """Build the middleware once and count its instructions."""
    options = {"allow_origins": listed(int(origins))}
    counter = Counter()
    build = CONTENDERS[contender]
    build(unused_app, {"allow_origins": listed(1)})
    gc.collect()
    counter.start()
    build(unused_app, options)
    counter.stop(contender)


if __name__ == "__main__":
    main(*sys.argv[1:])
