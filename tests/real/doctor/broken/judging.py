"""The requests that must not break: a grid of pages and requests, judged by the model of the browser."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from crossorigin.browser import BrowserRequest, run
from tests.real.doctor.broken.serving import transport

ORIGINS = (
    "https://app.example.com",
    "https://admin.example.com",
    "https://www.example.com",
    "http://localhost:5173",
    "http://127.0.0.1:5173",
    "http://localhost:3000",
    "https://anyone.example",
)
_JSON = ("Content-Type", "application/json")
REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"credentials": "include"},
    {"method": "POST", "body": b"{}", "headers": (_JSON,)},
    {"method": "POST", "body": b"{}", "headers": (_JSON, ("X-CSRFToken", "1")), "credentials": "include"},
    {"method": "PUT", "headers": (("X-Token", "1"),)},
    {"method": "DELETE"},
)


@dataclass(frozen=True)
class Outcome:
    """What a page gets: whether a browser allows its request, and the status."""

    origin: str
    request: int
    works: bool


def works(url: str) -> set[Outcome]:
    """Return which requests of the grid a browser allows, with an answer below 500."""
    return {
        outcome
        for origin, number in product(ORIGINS, range(len(REQUESTS)))
        if (outcome := _outcome(url, origin, number)).works
    }


def _outcome(url: str, origin: str, number: int) -> Outcome:
    request = BrowserRequest(url=url, origin=origin, **REQUESTS[number])
    verdict = run(request, transport, engine="chromium")
    return Outcome(origin, number, verdict.allowed and (verdict.status or 500) < 500)
