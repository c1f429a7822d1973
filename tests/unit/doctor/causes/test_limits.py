"""CORS layers that are limited to other paths than that of the request."""

from typing import Any

import flask_cors
import pytest
from django.core.handlers.wsgi import WSGIHandler
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from crossorigin.doctor.answers import Answer
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.causes.cause import CauseCode
from crossorigin.doctor.diagnosis import Diagnosis, diagnose
from crossorigin.doctor.servers import recognize_app
from tests.cases.django_project import OURS, project
from tests.unit.browser.scripted_fetch import PAGE, answer, fetch

THEIRS = "corsheaders.middleware.CorsMiddleware"
OTHER = "https://other.example"


def in_django(path: str = "/items/", of: str | None = None, **settings: Any) -> Diagnosis:
    """Return the diagnosis of a project that refused a PUT."""
    plain = answer(200)
    with project([], MIDDLEWARE=[THEIRS], CORS_ALLOWED_ORIGINS=[OTHER], **settings):
        app = recognize_app(read_app(WSGIHandler(), path=path))
    refused = Answer(status=plain.status, headers=plain.headers, policy_of=of)
    return diagnose([fetch(refused, method="PUT", headers=(("X-Token", "1"),))], app=app)


def in_flask(path: str, resources: Any, **fields: Any) -> Diagnosis:
    """Return the diagnosis of a Flask app that refused a request."""
    app = Flask(__name__)
    flask_cors.CORS(app, resources=resources)
    return diagnose([fetch(answer(200), **fields)], app=recognize_app(read_app(app, path=path)))


def test_the_setting_of_django_is_extended() -> None:
    """Whatever else the page needs is allowed, too."""
    found = in_django(CORS_URLS_REGEX="^/api/.*$")
    assert found.cause is not None
    assert found.cause.code is CauseCode.PATH_NOT_COVERED
    assert (
        found.cause.text == 'CORS_URLS_REGEX limits CORS to paths that match "^/api/.*$", and /items/ does not match.'
    )
    assert [edit.code for edit in found.cause.edits] == [
        'CORS_URLS_REGEX = "(?:^/api/.*$)|^/items/$"',
        f'CORS_ALLOWED_ORIGINS = ["{OTHER}", "{PAGE}"]',
        'from corsheaders.defaults import default_headers\n\nCORS_ALLOW_HEADERS = [*default_headers, "x-token"]',
    ]


def test_our_middleware_says_that_the_setting_decided() -> None:
    """It is not the policy of a route, to which an origin could be added."""
    found = in_django(CORS_URLS_REGEX="^/api/", of="CORS_URLS_REGEX")
    assert found.fix is not None
    assert found.fix.on is None
    assert found.fix.edits[0].name == "CORS_URLS_REGEX"
    with project([], MIDDLEWARE=[OURS], CORS_URLS_REGEX="^/api/"):
        [layer] = read_app(WSGIHandler(), path="/items/").layers
    assert layer.limit is not None


@pytest.mark.parametrize("pattern", ["^/it", "(", 1])
def test_a_setting_that_matches_or_is_invalid_is_not_the_cause(pattern: Any) -> None:
    """Then something else is."""
    found = in_django(CORS_URLS_REGEX=pattern)
    assert found.cause is not None
    assert found.cause.code is CauseCode.ORIGIN_NOT_LISTED


def test_flags_inside_an_expression_leave_it_to_the_reader() -> None:
    """Python accepts them only at the start."""
    found = in_django(CORS_URLS_REGEX="(?i)^/api/")
    assert found.cause is not None
    assert (found.cause.code, found.cause.edits) == (CauseCode.PATH_NOT_COVERED, ())


def test_a_path_is_added_to_the_resources_of_flask_cors() -> None:
    """With all that the page needs, because nothing was allowed there."""
    found = in_flask("/items", {r"/api/*": {}, "/x": {}}, method="PUT", headers=(("X-A", "1"),), credentials="include")
    assert found.cause is not None
    assert found.cause.text == (
        'resources limits CORS to paths that match "/x" or "/api/*", and /items does not match.'
    )
    [edit] = found.cause.edits
    assert edit.code == (
        f'"/items$": {{"origins": ["{PAGE}"], "methods": ["GET", "PUT"], "allow_headers": ["X-A"],'
        ' "supports_credentials": True},'
    )
    found = in_flask("/items", "/api/.*")
    assert found.cause is not None
    assert found.cause.edits[0].code == f'"/items$": {{"origins": ["{PAGE}"]}},'


@pytest.mark.parametrize(("resource", "path"), [(r"/api/*", "/api/x"), ("/api/x", "/api/x")])
def test_the_options_of_a_resource_change_in_the_resource(resource: str, path: str) -> None:
    """The options of the app would not apply."""
    found = in_flask(path, {resource: {"origins": [OTHER]}})
    assert found.cause is not None
    [edit] = found.cause.edits
    assert edit.place == f'Add to origins in resources["{resource}"] of CORS(...):'
    assert (edit.code, edit.define) == (f'"{PAGE}",', f'"origins": ["{PAGE}"],')


def without_middleware(**settings: Any) -> Diagnosis:
    """Return the diagnosis of a project whose middleware is missing."""
    with project([], MIDDLEWARE=["django.middleware.common.CommonMiddleware"], **settings):
        app = recognize_app(read_app(WSGIHandler()))
    return diagnose([fetch(answer(200))], app=app)


def test_settings_that_no_middleware_reads_are_the_cause() -> None:
    """The fix keeps them."""
    found = without_middleware(CORS_ALLOWED_ORIGINS=[OTHER], INSTALLED_APPS=["corsheaders"])
    assert found.cause is not None
    assert found.cause.code is CauseCode.SETTINGS_WITHOUT_MIDDLEWARE
    assert [edit.code for edit in found.cause.edits] == [
        f'CORS_ALLOWED_ORIGINS = ["{OTHER}", "{PAGE}"]',
        'MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *MIDDLEWARE]',
    ]
    found = without_middleware(CORS_ALLOWED_ORIGINS=[PAGE])
    assert found.cause is not None
    [edit] = found.cause.edits
    assert edit.code.splitlines() == [
        'INSTALLED_APPS = ["crossorigin.django", *INSTALLED_APPS]',
        'MIDDLEWARE = ["crossorigin.django.CORSMiddleware", *MIDDLEWARE]',
    ]


def test_expressions_that_no_middleware_reads_are_kept() -> None:
    """Their options are not known, so the origin is added to a list."""
    found = without_middleware(CORS_ALLOWED_ORIGIN_REGEXES=["https://a"], INSTALLED_APPS=["corsheaders"])
    assert found.cause is not None
    assert found.cause.edits[0].kind == "add"


@pytest.mark.parametrize("status", [405, 400])
def test_a_route_must_accept_options_for_its_middleware(status: int) -> None:
    """Otherwise the router answers the preflight. The fix writes the methods and what the page needs besides."""
    middleware = [Middleware(CORSMiddleware, allow_origins=[OTHER])]
    route = Route("/items", object, methods=["PUT", "GET"], middleware=middleware)
    app = recognize_app(read_app(Starlette(routes=[route]), path="/items", method="PUT"))
    cause = diagnose([fetch(answer(status), method="PUT")], app=app).cause
    assert cause is not None
    if status == 400:
        assert cause.code is CauseCode.ORIGIN_NOT_LISTED
        return
    assert cause.code is CauseCode.PREFLIGHT_NOT_COVERED
    assert [(edit.place, edit.code) for edit in cause.edits] == [
        (
            'In the Middleware(CORSMiddleware, ...) of Route("/items"), set:',
            f'allow_origins=["{OTHER}", "{PAGE}"],',
        ),
        ('In the Middleware(CORSMiddleware, ...) of Route("/items"), set:', 'allow_methods=["GET", "PUT"],'),
        ('In Route("/items"), set:', 'methods=["GET", "PUT", "OPTIONS"],'),
    ]
