"""The doctor asks Django projects in process, under WSGI and ASGI, and writes its fixes as settings and for views."""

from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import include, path

from crossorigin import LiveOrigins, LivePolicy, Policy
from crossorigin.browser import BrowserRequest, run_async
from crossorigin.django import cors
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.asking.apps import started
from crossorigin.doctor.asking.wsgi import WSGIBridge
from crossorigin.doctor.causes.cause import CauseCode
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.fixes.edits import Fix
from crossorigin.doctor.layers import Layer
from crossorigin.doctor.servers import Server, recognize_app
from crossorigin.testing import Page
from tests.cases.django_project import project
from tests.unit.browser.scripted_fetch import PAGE, answer, fetch

OTHER = "https://other.example"
THEIRS = ["corsheaders.middleware.CorsMiddleware"]
HANDLERS = pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])


async def view(request: Any) -> HttpResponse:
    """Answer something."""
    return HttpResponse("view")


def urls() -> list[Any]:
    """Return views with the policy of the settings, their own, and that of the URLs."""

    @cors(None)
    async def closed(request: Any) -> HttpResponse:
        return HttpResponse("closed")

    return [path("", view), path("own", closed), path("in/", cors(None)(include([path("cluded", view)])))]


def layers_of(**settings: Any) -> tuple[Layer, ...]:
    """Return the layers of a project with these settings."""
    with project([], **settings):
        return read_app(ASGIHandler()).layers


def fix_for(**settings: Any) -> Fix:
    """Return the fix for a page that a project with these settings refuses."""
    with project([], **settings):
        recognized = recognize_app(read_app(WSGIHandler()))
        fix = diagnose([fetch(answer(200))], app=recognized).fix
    assert fix is not None
    return fix


@HANDLERS
def test_a_project_is_recognized_by_its_middleware(handler: Any) -> None:
    """Ours, that of django-cors-headers, or none."""
    for settings, server in (
        ({}, Server.CROSSORIGIN_DJANGO),
        ({"MIDDLEWARE": THEIRS}, Server.DJANGO),
        ({"MIDDLEWARE": ["django.middleware.common.CommonMiddleware"]}, Server.DJANGO_APP),
    ):
        with project([], **settings):
            assert recognize_app(read_app(handler())).server is server


def test_the_settings_are_read_with_the_names_of_a_policy() -> None:
    """Regular expressions and old names are not, so that nothing is lost."""
    [layer] = layers_of(CORS_ALLOWED_ORIGINS=[PAGE], CORS_ALLOW_CREDENTIALS=True)
    assert (layer.options, layer.is_read) == ({"allow_origins": [PAGE], "allow_credentials": True}, True)
    [layer] = layers_of(MIDDLEWARE=THEIRS, CORS_ALLOW_ALL_ORIGINS=True)
    assert layer.options == {"allow_origins": ["*"]}
    [layer] = layers_of(MIDDLEWARE=THEIRS, CORS_ALLOWED_ORIGIN_REGEXES=["https://a"])
    assert (layer.options, layer.is_read) == ({}, False)
    policy = Policy(allow_origins=[PAGE])
    [layer] = layers_of(CORS_POLICY=policy)
    assert layer.options == {"policy": policy}


def test_the_old_name_of_the_list_of_origins_stays() -> None:
    """The new name would replace the list. By URL, the name is not known."""
    fix = fix_for(MIDDLEWARE=THEIRS, CORS_ORIGIN_WHITELIST=[OTHER])
    assert [edit.code for edit in fix.edits] == [f'CORS_ORIGIN_WHITELIST = ["{OTHER}", "{PAGE}"]']
    fix = fix_for(MIDDLEWARE=THEIRS, CORS_ORIGIN_WHITELIST=[OTHER], CORS_ALLOWED_ORIGIN_REGEXES=["https://a"])
    assert fix.edits[0].place == "Add to CORS_ORIGIN_WHITELIST in settings.py:"
    fix = fix_for(MIDDLEWARE=THEIRS, CORS_ORIGIN_WHITELIST=[PAGE], CORS_ALLOWED_ORIGINS=[OTHER])
    assert [edit.code for edit in fix.edits] == [f'CORS_ALLOWED_ORIGINS = ["{OTHER}", "{PAGE}"]']
    found = diagnose([fetch(answer(200, {"Vary": "origin"}))]).fix
    assert found is not None
    assert (
        found.edits[0].place == "Add to CORS_ALLOWED_ORIGINS (or CORS_ORIGIN_WHITELIST, its old name) in settings.py:"
    )


def test_a_host_that_a_project_does_not_serve_is_named() -> None:
    """While developing, no hosts mean this machine."""
    with project([], MIDDLEWARE=THEIRS, ALLOWED_HOSTS=[".shop.example"], CORS_ALLOWED_ORIGINS=[PAGE]):
        facts = read_app(WSGIHandler())
    cause = diagnose([fetch(answer(400))], app=recognize_app(facts)).cause
    assert cause is not None
    assert cause.code is CauseCode.UNKNOWN_HOST
    assert "ALLOWED_HOSTS in settings.py does not list it" in cause.text
    assert cause.fix.endswith(" https://shop.example/")
    with project([], MIDDLEWARE=THEIRS, ALLOWED_HOSTS=[], DEBUG=True):
        assert read_app(WSGIHandler()).hosts == (".localhost", "127.0.0.1", "[::1]")


def test_a_fix_keeps_the_settings_and_adds_what_is_needed() -> None:
    """To the list of origins, in the policy, or with the middleware if there is none."""
    [edit] = fix_for(CORS_ALLOWED_ORIGINS=[OTHER]).edits
    assert edit.code == f'CORS_ALLOWED_ORIGINS = ["{OTHER}", "{PAGE}"]'
    [edit] = fix_for(CORS_POLICY=Policy(allow_origins=[OTHER])).edits
    assert (edit.within, edit.code) == ("Policy", f'allow_origins=["{OTHER}", "{PAGE}"],')
    [edit] = fix_for(MIDDLEWARE=["django.middleware.common.CommonMiddleware"]).edits
    assert str(edit.code).splitlines() == [
        f'CORS_ALLOWED_ORIGINS = ["{PAGE}"]',
        'INSTALLED_APPS = ["crossorigin.django", *INSTALLED_APPS]',
        'MIDDLEWARE = ["crossorigin.django.CORSMiddleware", *MIDDLEWARE]',
    ]


def test_a_fix_keeps_the_default_lists() -> None:
    """A setting replaces the default of its package, so the fix adds to the default."""
    wanted = [("Authorization", "Bearer 1"), ("X-Token", "1")]
    for settings, module in (({}, "crossorigin.django"), ({"MIDDLEWARE": THEIRS}, "corsheaders.defaults")):
        with project([], CORS_ALLOWED_ORIGINS=[PAGE], **settings):
            recognized = recognize_app(read_app(WSGIHandler()))
        fix = diagnose([fetch(answer(400), method="PROPFIND", headers=wanted)], app=recognized).fix
        assert fix is not None
        assert [edit.code for edit in fix.edits] == [
            f'from {module} import default_methods\n\nCORS_ALLOW_METHODS = [*default_methods, "PROPFIND"]',
            f'from {module} import default_headers\n\nCORS_ALLOW_HEADERS = [*default_headers, "x-token"]',
        ]


def test_a_fix_adds_a_live_origin() -> None:
    """A customer's origin is not for the settings. An origin that the set cannot contain is."""
    live = LivePolicy(Policy(allow_origins=[OTHER]))
    for settings in ({"CORS_ALLOWED_ORIGINS": [OTHER]}, {"CORS_POLICY": live}):
        [edit] = fix_for(CORS_LIVE_ORIGINS=LiveOrigins(), **settings).edits
        assert (edit.within, edit.code) == ("LiveOrigins", f'"{PAGE}",')
    [edit] = fix_for(CORS_LIVE_ORIGINS=LiveOrigins(schemes=["app"]), CORS_POLICY=live).edits
    assert (edit.within, edit.code) == ("Policy", f'allow_origins=["{OTHER}", "{PAGE}"],')


@pytest.mark.parametrize("is_wsgi", [True, False])
@pytest.mark.parametrize(
    ("at", "owner", "name"),
    [("/own", "closed", "@cors(...) on"), ("/in/cluded", "include(...)", "cors(...) on include(")],
)
async def test_a_fix_is_for_the_owner_of_the_policy(*, is_wsgi: bool, at: str, owner: str, name: str) -> None:
    """A view and an include."""
    with project(urls(), CORS_ALLOWED_ORIGINS=[PAGE]):
        built: Any = WSGIBridge(WSGIHandler()) if is_wsgi else ASGIHandler()
        request = BrowserRequest(url=f"http://testserver{at}", origin=OTHER)
        async with started(built, patience=30) as transport:
            verdict = await run_async(request, transport)
        recognized = recognize_app(read_app(WSGIHandler() if is_wsgi else built))
        fix = diagnose([verdict], app=recognized).fix
    assert fix is not None
    assert str(fix.on).endswith(owner)
    assert name in fix.edits[0].place


@HANDLERS
def test_the_assertions_take_a_project(handler: Any) -> None:
    """Under WSGI and under ASGI."""
    with project(urls(), CORS_ALLOWED_ORIGINS=[PAGE]):
        page = Page(handler(), PAGE)
        page.can("/", method="PUT", headers={"x-requested-with": "a"})
        page.cannot("/own")
        page.cannot("/", credentials="include")
        Page(handler(), OTHER).cannot("/", method="PUT")
