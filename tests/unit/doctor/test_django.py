"""The doctor asks Django projects in process, under WSGI and ASGI, and writes its fixes as settings and for views."""

from typing import Any

import pytest
from crossorigin.doctor.apps import started
from crossorigin.doctor.wsgi import WSGIBridge
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import include, path

from crossorigin import Policy
from crossorigin.browser import BrowserRequest, Verdict, run_async
from crossorigin.django import cors
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.fixes import fix_of
from crossorigin.doctor.servers import Server, recognize_app
from crossorigin.testing import Page
from tests.cases.django_project import project

PAGE, OTHER = "https://app.example.com", "https://other.example"


async def view(request: Any) -> HttpResponse:
    """Answer something."""
    return HttpResponse("view")


def own() -> Any:
    """Return a view with its own policy."""

    @cors(None)
    async def closed(request: Any) -> HttpResponse:
        return HttpResponse("closed")

    return closed


def urls() -> list[Any]:
    """Return views with the policy of the settings, their own, and that of the URLs."""
    return [path("", view), path("own", own()), path("in/", cors(None)(include([path("cluded", view)])))]


async def fetch(built: Any, at: str) -> Verdict:
    """Let a page of another origin ask the app."""
    request = BrowserRequest(url=f"http://testserver{at}", origin=OTHER)
    async with started(built, patience=30) as transport:
        return await run_async(request, transport)


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize(
    ("at", "owner", "code"),
    [
        (
            "/",
            None,
            f'# settings.py, or the same options in CORS_POLICY\nCORS_ALLOWED_ORIGINS = ["{PAGE}", "{OTHER}"]\n',
        ),
        ("/own", "closed", f'from crossorigin.django import cors\n\n@cors(\n    allow_origins=["{OTHER}"],\n'),
        ("/in/cluded", "include(...)", "cors(\n"),
    ],
)
async def test_a_fix_is_written_for_the_owner_of_the_policy(
    protocol: str, at: str, owner: str | None, code: str
) -> None:
    """For the settings, a view and an include. Those of the project keep their other values."""
    with project(urls(), CORS_ALLOWED_ORIGINS=[PAGE]):
        built: Any = WSGIBridge(WSGIHandler()) if protocol == "wsgi" else ASGIHandler()
        verdict = await fetch(built, at)
        found = policy_of(verdict.exchanges[-1].response)
        assert found is None if owner is None else str(found).endswith(owner)
        recognized = recognize_app(built)
        assert recognized.server is Server.CROSSORIGIN_DJANGO
        fix = fix_of(verdict, recognized)
    assert fix is not None
    assert code in str(fix.code)
    if owner is None:
        assert "CORS_PREFLIGHT_MAX_AGE = 86400" in str(fix.code)


def test_the_middleware_of_a_project_is_known() -> None:
    """Ours with its policy, or that of django-cors-headers."""
    with project([], CORS_ALLOWED_ORIGINS=[PAGE]):
        options = recognize_app(ASGIHandler()).options
        policy = options["policy"]
        assert isinstance(policy, Policy)
        assert policy.allow_origins == (PAGE,)
    with project([], MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"]):
        assert recognize_app(ASGIHandler()).server is Server.DJANGO
        assert recognize_app(WSGIBridge(WSGIHandler())).server is Server.DJANGO


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
def test_the_assertions_take_a_project(handler: Any) -> None:
    """Under WSGI and under ASGI."""
    with project(urls(), CORS_ALLOWED_ORIGINS=[PAGE]):
        page = Page(handler(), PAGE)
        page.can("/", method="PUT", headers={"x-requested-with": "a"})
        page.cannot("/own")
        page.cannot("/", credentials="include")
        Page(handler(), OTHER).cannot("/", method="PUT")
