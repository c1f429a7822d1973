"""Serve the requests of one contender, and count the instructions of each case: run by bench.instructions."""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import NoReturn

from bench.cases import CASES, PEERS, Case
from bench.contenders import CONTENDERS
from bench.counter import Counter
from bench.traffic import App, Message, Scope, fresh, receive, send, silent

# The interpreter rewrites its bytecode while it is young; by then it is done with that.
WARM = 20


def serve(app: App, scopes: Iterable[Scope]) -> None:
    """Drive the app by hand: an event loop would be measured along with it."""
    for scope in scopes:
        try:
            app(scope, receive, send).send(None)
        except StopIteration:
            continue
        raise RuntimeError("The app waits for something.")


def answer(app: App, scope: Scope) -> list[Message]:
    """Return what the app sends."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    try:
        app(scope, receive, keep).send(None)
    except StopIteration:
        return messages
    raise RuntimeError("The app waits for something.")


def check(contender: str, case: Case, app: App) -> None:
    """Hold that the case is what it is called: a middleware that answers something else was never measured."""
    if contender in {"bare", "nothing", "wrap"}:
        return
    start = answer(app, fresh(case.method, case.headers()))[0]
    granted = any(name.lower() == b"access-control-allow-origin" for name, _ in start["headers"])
    if granted != case.allowed and (contender == "ours" or case.allowed):
        raise RuntimeError(f"{contender} {'grants' if granted else 'refuses'} {case.name}")


def measure(contender: str, case: Case, counter: Counter) -> None:
    """Build everything first, then count."""
    app = CONTENDERS[contender](case.app, case.options_of(contender))
    if app is None:
        return
    check(contender, case, app)
    headers = case.headers()
    # Of the largest requests a peer takes seconds for each.
    warm = min(WARM, case.requests) if contender in PEERS else WARM
    serve(app, [fresh(case.method, headers) for _ in range(warm)])
    scopes = [fresh(case.method, headers) for _ in range(case.requests)]
    gc.collect()
    gc.disable()
    counter.start()
    serve(app, scopes)
    counter.stop(case.name)


def main(contender: str, *chosen: str) -> None:
    """Count the cases of one contender."""
    counter = Counter()
    CONTENDERS[contender](silent, {"allow_origins": ["https://app.example.com"]})
    for name in chosen:
        apart(partial(measure, contender, CASES[name], counter))


def apart(measured: Callable[[], None]) -> None:
    """Give it a process of its own, all from one state: none is changed by what was counted before it."""
    child = os.fork()
    if not child:
        in_child(measured)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)


def in_child(measured: Callable[[], None]) -> NoReturn:
    """Count, and end the process here."""
    try:
        measured()
    except BaseException:  # noqa: BLE001  # nothing of a child's may go on in the parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
