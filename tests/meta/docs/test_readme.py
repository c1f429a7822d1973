"""The claims of the README: each row of its comparison is shown with both classes, and each figure is measured."""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette as StarletteApp
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from bench.chart import CASES
from bench.ratios import extra_cost
from crossorigin import CORSMiddleware as Ours
from crossorigin import InvalidPolicyError, cors
from tests.meta.docs.documents import README, ROOT, rows_of
from tests.meta.docs.exchange import send
from tests.meta.docs.test_starlette import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    ASK,
    PAGE,
    UNTRUSTED,
    RequireToken,
    added,
    answering,
    both,
    logged,
    started,
)

COUNTS = json.loads((ROOT / "bench" / "results.json").read_text("utf-8"))["instructions"]
# Each row of the comparison, with the function that shows it.
ROWS: dict[tuple[str, str, str], Callable[[], None]] = {}


def row(situation: str, theirs: str, ours: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function that shows what a row says."""

    def add(show: Callable[[], None]) -> Callable[[], None]:
        ROWS[situation, theirs, ours] = show
        return show

    return add


def share_of_starlettes(case: str) -> float:
    """The cost of a case as a share of its cost with Starlette's class."""
    return extra_cost(COUNTS, case, "ours") / extra_cost(COUNTS, case, "starlette")


def growth(contender: str) -> float:
    """The cost with 100,000 listed origins as a multiple of the cost with one."""
    return extra_cost(COUNTS, "origins-100000-hit", contender) / extra_cost(COUNTS, "actual-1", contender)


def granted_by_starlette(origin: str, **options: Any) -> list[str]:
    """The origin that Starlette's class allows in a response."""
    return send(Starlette(answering(), **options), "GET", [("origin", origin)]).lines(ALLOW_ORIGIN)


@row("`*` with credentials", "Every site can act as your user", "Raises an error")
def _() -> None:
    options: dict[str, Any] = {"allow_origins": ["*"], "allow_credentials": True}
    answer = send(Starlette(answering(), **options), "GET", [("origin", UNTRUSTED)])
    assert (answer.lines(ALLOW_ORIGIN), answer.lines(ALLOW_CREDENTIALS)) == ([UNTRUSTED], ["true"])
    with pytest.raises(InvalidPolicyError, match="wildcard-with-credentials"):
        Ours(answering(), **options)


@row("Origin with a trailing slash", "Never matches", "Raises an error with the fix")
def _() -> None:
    options: dict[str, Any] = {"allow_origins": [f"{PAGE}/"]}
    assert granted_by_starlette(PAGE, **options) == []
    with pytest.raises(InvalidPolicyError) as caught:
        Ours(answering(), **options)
    assert [issue.hint for issue in caught.value.issues] == [f'"{PAGE}"']


@row(r"Regex `https://.*example\.com` with credentials", "Allows `https://evilexample.com`", "Raises an error")
def _() -> None:
    options: dict[str, Any] = {"allow_origin_regex": r"https://.*example\.com", "allow_credentials": True}
    assert granted_by_starlette("https://evilexample.com", **options) == ["https://evilexample.com"]
    with pytest.raises(InvalidPolicyError, match="allow_origin_regex"):
        Ours(answering(), **options)


@row("Pattern `https://*.example.com`", "Never matches", "Allows the subdomains")
def _() -> None:
    theirs, ours = both("GET", [("origin", PAGE)], allow_origins=["https://*.example.com"])
    assert theirs.lines(ALLOW_ORIGIN) == []
    assert ours.lines(ALLOW_ORIGIN) == [PAGE]


@row("Unhandled exception", "500 without CORS headers", "500 that the page can read")
def _() -> None:
    for wrap, granted in ((Starlette, []), (Ours, [PAGE])):
        with started(added(wrap)) as client:
            answer = client.get("/crash", headers={"Origin": PAGE})
        assert (answer.status_code, answer.headers.get_list(ALLOW_ORIGIN)) == (500, granted)


@row("Authentication middleware added later", "Answers preflights with 401", "Preflights pass")
def _() -> None:
    for wrap, status in ((Starlette, 401), (Ours, 200)):
        with started(added(wrap, RequireToken)) as client:
            assert client.options("/", headers={"Origin": PAGE, ASK: "GET"}).status_code == status


@row("Per-route policies", "A route's preflights get 405", "`@cors` on a route, router or mount")
def _() -> None:
    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    inside = [Middleware(Starlette, allow_origins=[PAGE])]
    theirs = StarletteApp(routes=[Route("/", hello, middleware=inside)])
    ours = StarletteApp(routes=[Route("/", cors(allow_origins=[PAGE])(hello))])
    ours.add_middleware(Ours)
    for app, status in ((theirs, 405), (ours, 200)):
        with started(app) as client:
            assert client.options("/", headers={"Origin": PAGE, ASK: "GET"}).status_code == status


@row("WebSocket from another origin", "Accepted", "Refused with `check_websockets=True`")
def _() -> None:
    async def greet(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    def received(wrap: Any, **options: Any) -> str:
        app = StarletteApp(routes=[WebSocketRoute("/", greet)])
        app.add_middleware(wrap, allow_origins=[PAGE], **options)
        with TestClient(app) as client, client.websocket_connect("/", headers={"Origin": UNTRUSTED}) as socket:
            return socket.receive_text()

    assert received(Starlette) == "hello"
    with pytest.raises(WebSocketDenialResponse) as refused:
        received(Ours, check_websockets=True)
    assert refused.value.status_code == 403


@row("Reason for a refusal", "Not logged", "Logged with the fix")
def _() -> None:
    for wrap, lines in ((Starlette, 0), (Ours, 1)):
        with logged() as told, started(added(wrap)) as client:
            client.get("/", headers={"Origin": UNTRUSTED})
        assert len(told) == lines
        assert all("origin-not-listed" in line and f'"{UNTRUSTED}"' in line for line in told)


@row("Cost with 100,000 origins instead of one", "210 times as high", "Unchanged")
def _() -> None:
    assert round(growth("starlette"), -1) == 210
    assert 0.95 < growth("ours") < 1.05


@pytest.mark.parametrize("situation", [situation for situation, _, _ in ROWS])
def test_both_classes_do_what_a_row_says(situation: str) -> None:
    """Starlette's class and ours are given the same options."""
    (show,) = (show for (name, _, _), show in ROWS.items() if name == situation)
    show()


def test_the_comparison_has_the_rows_that_are_shown() -> None:
    """Each row has a function that shows it."""
    shown = [tuple(cell.replace("`", "") for cell in cells) for cells in ROWS]
    assert [tuple(found.values()) for found in rows_of(README, "Situation")] == shown
    assert len(shown) == 10


def test_the_figures_are_measured() -> None:
    """The shares of Starlette's cost are those of the chart, and no HTTP request costs more than with Starlette."""
    text = README.read_text("utf-8")
    shares = [share_of_starlettes(case) for case in CASES]
    assert re.findall(r"cost (\d+) to (\d+) % of", text) == [(f"{100 * min(shares):.0f}", f"{100 * max(shares):.0f}")]
    compared = {case: share_of_starlettes(case) for case, row in COUNTS.items() if {"ours", "starlette"} <= row.keys()}
    assert {case for case, share in compared.items() if share > 1} == {"websocket"}


def test_the_table_has_every_extra() -> None:
    """The extras are those of the package, each with its command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    rows = rows_of(README, "Extra")
    assert [found["Extra"] for found in rows] == ["none", *project["optional-dependencies"]]
    commands = ["pip install .", *(f"pip install '.[{extra}]'" for extra in project["optional-dependencies"])]
    assert [found["Command"] for found in rows] == commands


def test_the_readme_is_short() -> None:
    """The README can be read in two minutes: it has about 700 words before the links."""
    text, links, _ = README.read_text("utf-8").partition("\n## Documentation\n")
    assert links
    assert len(text.split()) <= 720
