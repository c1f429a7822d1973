"""Requests of pages to a Django project, through Django's own client."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.cases.django_project import project

ORIGIN = "https://app.example.com"
PARTNER = "https://partner.example"
OTHER = "https://other.example"


def feed(request: Any) -> HttpResponse:
    """Answer something."""
    return HttpResponse("feed")


async def later(request: Any) -> HttpResponse:
    """Answer something, asynchronously."""
    return HttpResponse("later")


def serving(views: Any = None, **overridden: Any) -> Any:
    """Use a project that allows `ORIGIN`, unless the settings say otherwise."""
    views = {"": feed} if views is None else views
    if "CORS_POLICY" not in overridden:
        overridden = {"CORS_ALLOWED_ORIGINS": [ORIGIN], **overridden}
    return project(views, **overridden)


def get(path: str = "/", origin: str = ORIGIN, method: str = "GET", **fields: str) -> Any:
    """Send a request of a page. Exceptions of views are answered, as a server does."""
    return Client(raise_request_exception=False).generic(method, path, headers={"Origin": origin, **fields})


def preflight(path: str = "/", origin: str = ORIGIN, method: str = "GET") -> Any:
    """Send a preflight of a page."""
    return get(path, origin, "OPTIONS", **{"Access-Control-Request-Method": method})


def allowed(response: Any) -> str | None:
    """Return the origin that a response allows."""
    value: str | None = response.headers.get("Access-Control-Allow-Origin")
    return value


def readers(path: str, method: str = "GET") -> set[str]:
    """Return which of the three origins may read the response at a path. The preflight must say the same."""
    origins = (ORIGIN, PARTNER, OTHER)
    both = {origin for origin in origins if allowed(get(path, origin, method)) in {origin, "*"}}
    assert both == {origin for origin in origins if allowed(preflight(path, origin, method)) in {origin, "*"}}
    return both
