"""The costs of a policy of 100,000 origins that no request in bench.cases shows: building it, and the first refusal.

python -m bench.long_policies    count them under callgrind; bench.guard and bench run this

The event loop waits for the first refused request of a server, which prepares the description for the log.
"""

import gc
import logging
from functools import partial
from pathlib import Path

from bench.callgrind import count, environment
from bench.case import listed
from bench.contenders import ours
from bench.counter import Counter
from bench.traffic import OTHER_ORIGIN, api_app, from_origin, new_scope
from bench.worker import run_in_fork, serve

ORIGINS = 100_000


def measure(sources: Path) -> dict[str, float]:
    """Return the instructions, by name."""
    return dict(count("bench.long_policies", [], environment(sources)))


def count_build(name: str, counter: Counter, *, allow_credentials: bool) -> None:
    """Count the instructions for building a policy."""
    from crossorigin import Policy

    origins = listed(ORIGINS)
    Policy(allow_origins=listed(1), allow_credentials=allow_credentials)
    gc.collect()
    counter.start()
    Policy(allow_origins=origins, allow_credentials=allow_credentials)
    counter.stop(name)


def count_first_refusal(length: int, counter: Counter) -> None:
    """Count the instructions of the first refused request."""
    # The code of the log is loaded by another middleware.
    logging.getLogger("crossorigin").addHandler(logging.NullHandler())
    logging.getLogger("crossorigin").propagate = False
    app, other = (ours(api_app(), {"allow_origins": listed(count)}) for count in (length, 1))
    for one in (other, app):
        serve(one, [new_scope("GET", [])])
    refused = [new_scope("GET", from_origin(OTHER_ORIGIN)) for _ in range(2)]
    serve(other, refused[:1])
    gc.collect()
    counter.start()
    serve(app, refused[1:])
    counter.stop(f"first-refusal-{length}")


def main() -> None:
    """Count everything, each in its own process."""
    counter = Counter()
    run_in_fork(partial(count_build, "without", counter, allow_credentials=False))
    run_in_fork(partial(count_build, "credentials", counter, allow_credentials=True))
    for length in (1000, ORIGINS):
        run_in_fork(partial(count_first_refusal, length, counter))


if __name__ == "__main__":
    main()
