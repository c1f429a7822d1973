"""A process that counts the instructions of each case for one contender; bench.instructions runs it."""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import NoReturn

from bench.case import PEERS, Case
from bench.cases import CASES
from bench.contenders import CONTENDERS
from bench.counter import Counter
from bench.traffic import App, Message, Scope, receive, send, unused_app

# The interpreter specializes its bytecode during the first calls; after this many requests it has finished.
WARM = 20


def serve(app: App, scopes: Iterable[Scope]) -> None:
    """Run the app without an event loop, whose cost would be measured too."""
    for scope in scopes:
        try:
            app(scope, receive, send).send(None)
        except StopIteration:
            continue
        raise RuntimeError("The app waits for something.")


def answer(app: App, scope: Scope) -> list[Message]:
    """Return the messages that the app sends."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    try:
        app(scope, receive, keep).send(None)
    except StopIteration:
        return messages
    raise RuntimeError("The app waits for something.")


def check(contender: str, case: Case, app: App) -> None:
    """Raise an error if the response does not fit the case, so that no other behavior is measured."""
    if contender in {"bare", "nothing", "wrap"}:
        return
    start = answer(app, *case.scopes(1))[0]
    allowed = any(name.lower() == b"access-control-allow-origin" for name, _ in start.get("headers", ()))
    if allowed != case.allowed and (contender == "ours" or case.allowed):
        raise RuntimeError(f"{contender} {'allows' if allowed else 'refuses'} {case.name}")


def measure(contender: str, case: Case, counter: Counter) -> None:
    """Build the middleware and the requests, then count the instructions of the requests."""
    app = case.build(contender)
    if app is None:
        return
    check(contender, case, app)
    # Other libraries need seconds for each of the largest requests.
    warm = min(WARM, case.requests) if contender in PEERS else WARM
    serve(app, [*case.scopes(warm, first=1)])
    scopes = [*case.scopes(case.requests, first=warm + 1)]
    gc.collect()
    gc.disable()
    counter.start()
    serve(app, scopes)
    counter.stop(case.name)


def main(contender: str, *chosen: str) -> None:
    """Count the instructions of the cases of one contender."""
    counter = Counter()
    CONTENDERS[contender](unused_app, {"allow_origins": ["https://app.example.com"]})
    for name in chosen:
        run_in_fork(partial(measure, contender, CASES[name], counter))


def run_in_fork(measured: Callable[[], None]) -> None:
    """Run a measurement in a fork, so that all measurements start from the same state."""
    child = os.fork()
    if not child:
        _run_in_child(measured)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)


def _run_in_child(measured: Callable[[], None]) -> NoReturn:
    """Run the measurement and exit the process."""
    try:
        measured()
    except BaseException:  # noqa: BLE001  # the child must never continue in the parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
