"""The instructions of whole requests to a Flask app: without CORS, with Flask-Cors, and with our extension.

python -m bench.flask                         print the table
python -m bench.flask count CONTENDER CASE    run the requests under callgrind; bench.callgrind runs this
"""

import gc
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.callgrind import ROOT, count, environment
from bench.counter import Counter
from bench.worker import WARM, run_in_fork

ORIGIN = "https://app.example.com"
OTHER_ORIGIN = "https://evil.example"
BARE, PEER, OURS = "bare", "flask-cors", "ours"
CONTENDERS = (BARE, PEER, OURS)
# The share that CORS may add to an ordinary request.
MAX_INCREASE = 0.03
# The cases that `make bench-check` measures. With many origins, Flask-Cors takes minutes.
GUARDED = ("no-origin", "allowed", "refused", "preflight", "by-route")

Environ = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaskCase:
    """A request to an app that lists `origins` origins.

    `by_route` means that the view, and not the app, allows the origin. Without CORS, a preflight is a GET request, so
    that the cost of a preflight can be compared with that of an ordinary request.
    """

    name: str
    origin: str | None = ORIGIN
    origins: int = 1
    is_preflight: bool = False
    by_route: bool = False
    allowed: bool = True
    requests: int = 50

    @property
    def is_ordinary(self) -> bool:
        """Whether the app's policy serves the request without refusing it: the most frequent requests by far."""
        return not self.is_preflight and not self.by_route and self.origin != OTHER_ORIGIN

    def environ(self, contender: str) -> Environ:
        """Return the environ of one request."""
        fields = {} if self.origin is None else {"HTTP_ORIGIN": self.origin}
        is_preflight = self.is_preflight and contender != BARE
        if is_preflight:
            fields |= {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-token"}
        return {
            "REQUEST_METHOD": "OPTIONS" if is_preflight else "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/items/7",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": "*/*",
            "HTTP_USER_AGENT": "bench",
            **fields,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


CASES = {
    case.name: case
    for case in (
        FlaskCase(name="no-origin", origin=None, allowed=False),
        FlaskCase(name="allowed"),
        FlaskCase(name="refused", origin=OTHER_ORIGIN, allowed=False),
        FlaskCase(name="preflight", is_preflight=True),
        FlaskCase(name="allowed-1000", origins=1000),
        FlaskCase(name="refused-1000", origins=1000, origin=OTHER_ORIGIN, allowed=False),
        FlaskCase(name="allowed-100000", origins=100_000, requests=5),
        FlaskCase(name="refused-100000", origins=100_000, origin=OTHER_ORIGIN, allowed=False, requests=5),
        FlaskCase(name="by-route", by_route=True),
    )
}


def build(case: FlaskCase, contender: str) -> Any:
    """Return the app, with the listed origins in one place."""
    from flask import Flask

    app = Flask("bench")
    listed = [f"https://app-{index:06}.example.com" for index in range(case.origins - 1)] + [ORIGIN]
    view: Any = _items
    if contender == PEER:
        theirs = import_module("flask_cors")
        options = {"origins": listed, "methods": ["GET"], "allow_headers": ["X-Token"]}
        if case.by_route:
            view = theirs.cross_origin(**options)(view)
        else:
            theirs.CORS(app, **options)
    elif contender == OURS:
        from crossorigin import Policy
        from crossorigin.flask import CORS, cross_origin

        policy = Policy(allow_origins=listed, allow_headers=["X-Token"])
        if case.by_route:
            view = cross_origin(policy)(view)
        CORS(app, policy=Policy() if case.by_route else policy)
    app.add_url_rule("/items/<int:item>", "items", view)
    return app


def _items(item: int) -> dict[str, int]:
    return {"item": item}


def serve(app: Any, environs: list[Environ], start_response: Callable[..., Any]) -> None:
    """Serve the requests as a server does."""
    for environ in environs:
        body = app(environ, start_response)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()


def check(case: FlaskCase, contender: str, app: Any) -> None:
    """Raise an error if the response does not fit the case, so that no other behavior is measured."""
    started: list[Any] = []
    serve(app, [case.environ(contender)], lambda *arguments: started.extend(arguments))
    allowed = any(name.lower() == "access-control-allow-origin" for name, _ in started[1])
    # Without an Origin, Flask-Cors names its only one.
    if contender != BARE and allowed != case.allowed and (contender == OURS or case.origin is not None):
        raise RuntimeError(f"{contender} {'allows' if allowed else 'refuses'} {case.name}")


def problems(counts: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return where an ordinary request costs more than `MAX_INCREASE`, or any request more than with Flask-Cors."""
    found = [
        f"flask {case}: {row[OURS] / row[BARE] - 1:.1%} more than without CORS exceeds the limit, {MAX_INCREASE:.0%}"
        for case, row in counts.items()
        if CASES[case].is_ordinary and row[OURS] > row[BARE] * (1 + MAX_INCREASE)
    ]
    return found + [
        f"flask {case}: {row[OURS] / row[PEER]:.2f} times the cost of Flask-Cors"
        for case, row in counts.items()
        if row[OURS] > row[PEER]
    ]


def measure(sources: Path, cases: Iterable[str] = ()) -> dict[str, dict[str, float]]:
    """Return the instructions per request, by case and then by contender, of these cases or of all."""
    chosen = [*cases] or [*CASES]

    def one(contender: str) -> dict[str, int]:
        return count("bench.flask", ["count", contender, *chosen], environment(sources))

    with ThreadPoolExecutor(2) as pool:
        counted = list(pool.map(one, CONTENDERS))
    return {
        case: {
            contender: totals[case] / CASES[case].requests
            for contender, totals in zip(CONTENDERS, counted, strict=True)
        }
        for case in chosen
    }


def _count(case: FlaskCase, contender: str, counter: Counter) -> None:
    app = build(case, contender)
    check(case, contender, app)
    serve(app, [case.environ(contender) for _ in range(min(WARM, case.requests))], _ignore)
    environs = [case.environ(contender) for _ in range(case.requests)]
    gc.collect()
    gc.disable()
    counter.start()
    serve(app, environs, _ignore)
    counter.stop(case.name)


def _ignore(*_: object) -> None:
    """Take the status and the headers, as a server does before it sends them."""


def main(*arguments: str) -> None:
    """Count the cases of one contender. Without arguments, print the table."""
    if not arguments:
        for name, row in measure(ROOT / "src").items():
            shares = [f"{contender} {row[contender] / row[BARE] - 1:+.1%}" for contender in (PEER, OURS)]
            print(f"{name:16} {row[BARE]:10,.0f}  {'  '.join(shares)}")
        return
    counter = Counter()
    _, contender, *chosen = arguments
    for name in chosen:
        run_in_fork(partial(_count, CASES[name], contender, counter))


if __name__ == "__main__":
    main(*sys.argv[1:])
