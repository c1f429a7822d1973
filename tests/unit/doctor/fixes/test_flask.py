"""The fixes for Flask and other WSGI apps name where their code goes; real stacks are in tests/real/doctor/broken."""

from typing import Any

import flask_cors
import pytest
from flask import Flask

from crossorigin.browser import HttpResponse
from crossorigin.doctor.answers import Answer
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.fixes.edits import Fix
from crossorigin.doctor.servers import recognize_app
from crossorigin.flask import CORS
from crossorigin.wsgi import CORSMiddleware
from tests.unit.browser.scripted_fetch import PAGE, answer, fetch

OTHER = "https://other.example"


def raw(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A view that is never called."""
    raise NotImplementedError


def fix_for(app: Any, response: HttpResponse | None = None, *, is_made: bool = False) -> Fix:
    """Return the fix for a page that an app refuses."""
    recognized = recognize_app(read_app(app, is_made=is_made))
    fix = diagnose([fetch(answer(200) if response is None else response)], app=recognized).fix
    assert fix is not None
    return fix


def with_extension(**options: Any) -> Flask:
    """Return a Flask app with the extension."""
    app = Flask(__name__)
    CORS(app, **options)
    return app


@pytest.mark.parametrize(
    ("owner", "place", "name", "define"),
    [
        ("main.view", "@cross_origin(...) on main.view", "cross_origin", f'allow_origins=["{PAGE}"],'),
        ("Blueprint 'a'", "CORS(...) on Blueprint 'a'", "CORS", f'allow_origins=["{PAGE}"],'),
        ("resources['/a']", "resources['/a'] of CORS(app, ...)", "resources['/a']", f'"allow_origins": ["{PAGE}"],'),
    ],
)
def test_a_fix_is_for_the_owner_of_the_policy(owner: str, place: str, name: str, define: str) -> None:
    """The policy of the app does not matter."""
    refused = Answer(status=200, headers=(), policy_of=owner)
    fix = fix_for(with_extension(allow_origins=[PAGE]), refused)
    [edit] = fix.edits
    assert (fix.on, edit.place, edit.within, edit.define) == (owner, f"Add to allow_origins in {place}:", name, define)


def test_options_are_changed_where_they_were_given() -> None:
    """In the call or its policy, or in the configuration."""
    [edit] = fix_for(with_extension(allow_origins=[OTHER])).edits
    assert edit.place == "In CORS(...), or in the Policy(...) that is passed to it, set:"
    assert edit.code == f'allow_origins=["{OTHER}", "{PAGE}"],'
    app = Flask(__name__)
    app.config["CORS_ALLOW_ORIGINS"] = [OTHER]
    CORS(app)
    [edit] = fix_for(app).edits
    assert edit.place == "Before CORS(...) reads the configuration, set:"
    assert edit.code == f'app.config["CORS_ALLOW_ORIGINS"] = ["{OTHER}", "{PAGE}"]'


def test_flask_cors_is_changed_in_its_own_words() -> None:
    """The fix uses the options of Flask-Cors, which have other names."""
    app = Flask(__name__)
    flask_cors.CORS(app, origins=[OTHER])
    [edit] = fix_for(app).edits
    assert (edit.place, edit.code) == ("In CORS(...), set:", f'origins=["{OTHER}", "{PAGE}"],')


@pytest.mark.parametrize(
    ("app", "start"),
    [
        (Flask(__name__), "from crossorigin.flask import CORS\n\nCORS(\n    app,\n"),
        (raw, "from crossorigin.wsgi import CORSMiddleware\n\napp = CORSMiddleware(\n    app,\n"),
    ],
)
@pytest.mark.parametrize("is_made", [False, True])
def test_an_app_without_cors_gets_all_of_it(app: Any, start: str, *, is_made: bool) -> None:
    """At the end of its module, or in its factory."""
    [edit] = fix_for(app, is_made=is_made).edits
    assert edit.code == f'{start}    allow_origins=["{PAGE}"],\n)'
    assert ("before it is returned" in edit.place) is is_made


def test_a_middleware_of_wsgi_that_allows_the_request_is_not_moved() -> None:
    """Only middleware of ASGI has a place among others that is known."""
    fix = fix_for(CORSMiddleware(raw, allow_origins=[PAGE]), answer(500))
    assert fix.edits == ()
    assert "Move" not in fix.text
