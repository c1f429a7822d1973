"""Count what building a middleware for many origins costs: run by bench.startup."""

import gc
import sys

from bench.cases import listed
from bench.contenders import CONTENDERS
from bench.counter import Counter
from bench.traffic import silent


def main(contender: str, origins: str) -> None:
    """Build it once, and count that."""
    options = {"allow_origins": listed(int(origins))}
    counter = Counter()
    build = CONTENDERS[contender]
    build(silent, {"allow_origins": listed(1)})
    gc.collect()
    counter.start()
    build(silent, options)
    counter.stop(contender)


if __name__ == "__main__":
    main(*sys.argv[1:])
