"""A grid of pages and requests, which the browser model evaluates before and after a fix."""

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
    """Whether a browser allows the request of a page, and the status."""

    origin: str
    request: int
    works: bool


def works(url: str) -> set[Outcome]:
    """Return the requests of the grid that a browser allows, with a status below 500."""
    return {
        outcome
        for origin, number in product(ORIGINS, range(len(REQUESTS)))
        if (outcome := _outcome(url, origin, number)).works
    }


def _outcome(url: str, origin: str, number: int) -> Outcome:
    request = BrowserRequest(url=url, origin=origin, **REQUESTS[number])
    verdict = run(request, transport, engine="chromium")
    return Outcome(origin, number, verdict.allowed and (verdict.status or 500) < 500)
