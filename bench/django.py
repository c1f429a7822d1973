"""The instructions of whole requests to a Django project: without CORS, with django-cors-headers, and with ours.

python -m bench.django                         print the table
python -m bench.django count CONTENDER CASE    run the requests under callgrind; bench.callgrind runs this
"""

from __future__ import annotations

import asyncio
import gc
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.callgrind import ROOT, count, environment
from bench.worker import WARM, run_in_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bench.counter import Counter

ORIGIN = "https://app.example.com"
OTHER_ORIGIN = "https://evil.example"
BARE, PEER, OURS = "bare", "django-cors-headers", "ours"
CONTENDERS = (BARE, PEER, OURS)
# The share that CORS may add to an ordinary request.
MAX_INCREASES = {"wsgi": 0.06, "asgi": 0.025}
# The cases that `make bench-check` measures. With many origins, django-cors-headers takes minutes.
GUARDED = tuple(
    f"{protocol}-{name}" for protocol in MAX_INCREASES for name in ("no-origin", "allowed", "refused", "preflight")
)
_MIDDLEWARE = {BARE: [], PEER: ["corsheaders.middleware.CorsMiddleware"], OURS: ["crossorigin.django.CORSMiddleware"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoCase:
    """A request to a project that lists `origins` origins.

    `by_view` means that the view, and not the settings, allows the origin, which only ours can do. Without CORS, a
    preflight is a GET request, so that the cost of a preflight can be compared with that of an ordinary request.
    """

    protocol: str
    kind: str
    origin: str | None = ORIGIN
    origins: int = 1
    is_preflight: bool = False
    by_view: bool = False
    allowed: bool = True
    requests: int = 40

    @property
    def name(self) -> str:
        """The name of the case in tables."""
        return f"{self.protocol}-{self.kind}"

    def takes(self, contender: str) -> bool:
        """Return whether a contender is measured. With very many origins, django-cors-headers takes an hour."""
        return contender != PEER or self.origins < 100_000

    @property
    def is_ordinary(self) -> bool:
        """Whether the settings' policy serves the request without refusing it: the most frequent requests by far."""
        return not self.is_preflight and not self.by_view and self.origin != OTHER_ORIGIN

    def fields(self, contender: str) -> tuple[str, dict[str, str]]:
        """Return the method and the header fields of one request."""
        fields = {"host": "localhost", "accept": "*/*", "user-agent": "bench"}
        if self.origin is not None:
            fields["origin"] = self.origin
        if not self.is_preflight or contender == BARE:
            return "GET", fields
        return "OPTIONS", {
            **fields,
            "access-control-request-method": "PUT",
            "access-control-request-headers": "content-type",
        }


_KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "no-origin", "origin": None, "allowed": False},
    {"kind": "allowed"},
    {"kind": "refused", "origin": OTHER_ORIGIN, "allowed": False},
    {"kind": "preflight", "is_preflight": True},
    {"kind": "allowed-1000", "origins": 1000, "requests": 8},
    {"kind": "refused-1000", "origins": 1000, "origin": OTHER_ORIGIN, "allowed": False, "requests": 8},
    {"kind": "allowed-100000", "origins": 100_000},
    {"kind": "refused-100000", "origins": 100_000, "origin": OTHER_ORIGIN, "allowed": False},
    {"kind": "by-view", "by_view": True},
)
CASES = {
    case.name: case for case in (DjangoCase(protocol=protocol, **kind) for protocol in MAX_INCREASES for kind in _KINDS)
}


def build(case: DjangoCase, contender: str) -> Any:
    """Configure the settings of this process, and return the app, with the listed origins in one place."""
    import django
    from django.conf import settings
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import JsonResponse
    from django.urls import path

    listed = [f"https://app-{index:06}.example.com" for index in range(case.origins - 1)] + [ORIGIN]

    def items(_: Any, item: int) -> Any:
        return JsonResponse({"item": item})

    async def items_async(_: Any, item: int) -> Any:
        return JsonResponse({"item": item})

    view: Any = items if case.protocol == "wsgi" else items_async
    if case.by_view and contender == OURS:
        from crossorigin.django import cors

        view = cors(allow_origins=listed)(view)
    settings.configure(
        ALLOWED_HOSTS=["localhost"],
        LOGGING_CONFIG=None,
        SECRET_KEY=__name__,
        ROOT_URLCONF=(path("items/<int:item>", view),),
        MIDDLEWARE=_MIDDLEWARE[contender],
        CORS_ALLOWED_ORIGINS=[] if case.by_view and contender == OURS else listed,
    )
    django.setup()
    return WSGIHandler() if case.protocol == "wsgi" else ASGIHandler()


def _environ(method: str, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/items/7",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()},
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _scope(method: str, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/items/7",
        "raw_path": b"/items/7",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }


def serve(app: Any, environs: list[dict[str, Any]]) -> dict[str, str]:
    """Serve WSGI requests as a server does, and return the headers of the last response."""
    started: list[Any] = []

    def start_response(*arguments: Any) -> None:
        started[:] = arguments

    for environ in environs:
        body = app(environ, start_response)
        for _ in body:
            pass
        body.close()
    return {name.lower(): value for name, value in started[1]}


async def serve_async(app: Any, scopes: list[dict[str, Any]]) -> dict[str, str]:
    """Serve ASGI requests as a server does, and return the headers of the last response."""
    sent: list[Any] = []
    never = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)

    for scope in scopes:
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive(messages: Any = messages) -> Any:
            message = next(messages, None)
            if message is None:
                # Nobody disconnects.
                await never.wait()
            return message

        sent.clear()
        await app(scope, receive, send)
    return {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}


def problems(counts: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return where an ordinary request costs more than `MAX_INCREASES`, or any request more than with the peer."""
    found: list[str] = []
    for name, row in counts.items():
        limit = MAX_INCREASES[CASES[name].protocol]
        increase = row[OURS] / row[BARE] - 1
        if CASES[name].is_ordinary and increase > limit:
            found.append(f"django {name}: {increase:.1%} more than without CORS exceeds the limit, {limit:.1%}")
        if row[OURS] > row.get(PEER, row[OURS]):
            found.append(f"django {name}: {row[OURS] / row[PEER]:.2f} times the cost of django-cors-headers")
    return found


def measure(sources: Path, cases: Iterable[str] = ()) -> dict[str, dict[str, float]]:
    """Return the instructions per request, by case and then by contender, of these cases or of all."""
    chosen = [*cases] or [*CASES]

    def one(contender: str) -> dict[str, int]:
        taken = [name for name in chosen if CASES[name].takes(contender)]
        return count("bench.django", ["count", contender, *taken], environment(sources))

    with ThreadPoolExecutor(2) as pool:
        counted = list(pool.map(one, CONTENDERS))
    return {
        case: {
            contender: totals[case] / CASES[case].requests
            for contender, totals in zip(CONTENDERS, counted, strict=True)
            if case in totals
        }
        for case in chosen
    }


def _check(case: DjangoCase, contender: str, headers: Mapping[str, str]) -> None:
    """Raise an error if the response does not fit the case, so that no other behavior is measured."""
    if contender != BARE and ("access-control-allow-origin" in headers) != case.allowed:
        raise RuntimeError(f"{contender} answers {case.name} with {headers}")


def _count(case: DjangoCase, contender: str, counter: Counter) -> None:
    app = build(case, contender)
    warm = min(WARM, case.requests)
    method, fields = case.fields(contender)
    if case.protocol == "asgi":
        asyncio.run(_count_async(case, contender, counter, app))
        return
    _check(case, contender, serve(app, [_environ(method, fields) for _ in range(warm)]))
    environs = [_environ(method, fields) for _ in range(case.requests)]
    gc.collect()
    gc.disable()
    counter.start()
    serve(app, environs)
    counter.stop(case.name)


async def _count_async(case: DjangoCase, contender: str, counter: Counter, app: Any) -> None:
    warm = min(WARM, case.requests)
    method, fields = case.fields(contender)
    _check(case, contender, await serve_async(app, [_scope(method, fields) for _ in range(warm)]))
    scopes = [_scope(method, fields) for _ in range(case.requests)]
    gc.collect()
    gc.disable()
    counter.start()
    await serve_async(app, scopes)
    counter.stop(case.name)


def main(*arguments: str) -> None:
    """Count the cases of one contender, or print the table if there are no arguments."""
    if not arguments:
        for name, row in measure(ROOT / "src").items():
            shares = [f"{other} {row[other] / row[BARE] - 1:+.1%}" for other in (PEER, OURS) if other in row]
            print(f"{name:22} {row[BARE]:10,.0f}  {'  '.join(shares)}")
        return
    from bench.counter import Counter

    counter = Counter()
    _, contender, *chosen = arguments
    for name in chosen:
        run_in_fork(partial(_count, CASES[name], contender, counter))


if __name__ == "__main__":
    main(*sys.argv[1:])
