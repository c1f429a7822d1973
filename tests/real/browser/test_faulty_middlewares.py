"""Chromium detects every faulty middleware that a browser can distinguish from the correct one."""

from typing import Any

import pytest

from crossorigin import CORSMiddleware
from tests.cases.faulty_middlewares.middlewares import CACHE, FAULTY_MIDDLEWARES, FaultyMiddleware, Make
from tests.real.browser import test_verdicts as verdicts
from tests.real.browser.api import wrapped_api
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.servers import App, Place, Visitor

# Rows for wrong responses that no row of the correct middleware's table detects.
_MORE = [
    verdicts.Case(name="GET, a letter for a dot", policy={"allow_origins": ["http://a.b.localhost:{port}"]},
         page="axb.localhost", blocked=verdicts.NO_ORIGIN, arrives=["GET"]),
    verdicts.Case(name="null, inside a listed host", policy={"allow_origins": ["http://null.localhost:{port}"]},
         page="app.localhost/sandboxed", blocked=verdicts.NO_ORIGIN, arrives=["GET"]),
    verdicts.Case(name="PAT is not part of PATCH", policy=verdicts.listed(allow_methods=["PATCH"]),
         fetch=verdicts.method("PAT"), blocked=verdicts.BAD_STATUS, arrives=["OPTIONS"]),
    verdicts.Case(name="more names than are read", policy=verdicts.listed(allow_headers=["*"]),
         fetch={"headers": {f"x-{number:04}": "1" for number in range(800)}}, blocked=verdicts.BAD_STATUS,
         arrives=["OPTIONS"]),
]  # fmt: skip
_ROWS = {case.name: case for case in [*verdicts._CASES, *_MORE]}
_SEEN = [faulty for faulty in FAULTY_MIDDLEWARES if faulty.rows]


def capitals(app: App) -> App:
    """Change the case of an app's header names as many apps do. Starlette writes them in lower case."""

    async def titled(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if "headers" in message:
                message = {**message, "headers": [(name.title(), value) for name, value in message["headers"]]}
            await send(message)

        await app(scope, receive, sending)

    return titled


async def cacheable(scope: Any, receive: Any, send: Any) -> None:
    """Return a response that can be cached for each language."""
    headers = [(b"cache-control", b"max-age=1000"), (b"content-type", b"text/plain"), (b"vary", b"Accept-Language")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x"})


_LOAD = "url => new Promise(done => {const i = new Image(); i.onerror = i.onload = () => done(1); i.src = url})"


async def cache_verdict(page: Visitor, place: Place) -> tuple[object, ...]:
    """Load without an origin, fetch, and fetch in another language.

    Return the verdicts and the requests that arrived.
    """
    await page.run(_LOAD, place.url("/"))
    told = [await page.fetch(place.url("/"), cache="default")]
    told.append(await page.fetch(place.url("/"), cache="default", headers={"Accept-Language": "de"}))
    return (*(answer.get("reason") for answer in told), len(place.arrived))


async def differing(make: Make, rows: tuple[str, ...], visit: Visit, serve: Serve, port: int) -> list[str]:
    """Run rows with one policy on one API. Return those for which the browser's verdict is not the expected one."""
    found: list[str] = []
    places: dict[str, Place] = {}
    for name in rows:
        if name == CACHE:
            place = serve(make(cacheable, allow_origins=[f"http://app.localhost:{port}"]))
            if await cache_verdict(await visit("app.localhost"), place) != (None, None, 3):
                found.append(name)
            continue
        case = _ROWS[name]
        if repr(case.policy) not in places:
            app = make(capitals(wrapped_api().app), **verdicts.with_port(case.policy, port))
            places[repr(case.policy)] = serve(app)
        place = places[repr(case.policy)]
        before = len(place.arrived)
        host, _, path = case.page.partition("/")
        answer = await (await visit(host, f"/{path}")).fetch(place.url(case.path), **case.fetch)
        expected = case.blocked, None if case.blocked else case.status, case.arrives
        if (answer.get("reason"), answer.get("status"), place.arrived[before:]) != expected:
            found.append(name)
    return found


@pytest.mark.parametrize("correct", [CORSMiddleware, FaultyMiddleware])
async def test_chromium_judges_the_correct_middleware_as_expected(
    correct: Make, visit: Visit, serve: Serve, page_port: int
) -> None:
    """All rows that detect a faulty middleware pass with the correct one, and with the parts of the faulty ones."""
    rows = tuple(dict.fromkeys(row for faulty in _SEEN for row in faulty.rows))
    assert await differing(correct, rows, visit, serve, page_port) == []


@pytest.mark.parametrize("faulty", _SEEN)
async def test_chromium_catches_a_faulty_middleware(
    faulty: type[FaultyMiddleware], visit: Visit, serve: Serve, page_port: int
) -> None:
    """At least one row of a faulty middleware has another verdict."""
    assert await differing(faulty, faulty.rows, visit, serve, page_port)
