"""The extension: the sources of its policy, its errors, and apps and blueprints."""

import io
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import flask_cors
import pytest
from flask import Blueprint, Flask, abort, redirect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

import crossorigin
from crossorigin import CrossOriginWarning, InvalidPolicyError, IssueCode, LiveOrigins, Policy, Reason
from crossorigin.flask import CORS, cross_origin, explain
from crossorigin.wsgi import CORSMiddleware
from tests.meta.docs.documents import ROOT
from tests.unit.adapters.flask.apps import ORIGIN, OTHER, PARTNER, allowed, create, get, preflight, readers


def issues_of(build: Any) -> list[tuple[IssueCode, str, str]]:
    """Return the issues that building raises."""
    with pytest.raises(InvalidPolicyError) as raised:
        build()
    return [(issue.code, issue.field, issue.hint) for issue in raised.value.issues]


@pytest.mark.parametrize(
    ("config", "make"),
    [
        ({}, lambda app: CORS(app, allow_origins=[ORIGIN])),
        ({}, lambda app: CORS(app, policy=Policy(allow_origins=[ORIGIN]))),
        ({}, lambda app: CORS(allow_origins=[ORIGIN]).init_app(app)),
        ({"CORS_ALLOW_ORIGINS": [ORIGIN]}, lambda app: CORS().init_app(app)),
        ({"CORS_ALLOW_ORIGINS": [ORIGIN], "CORS_MAX_AGE": 60}, CORS),
        ({}, lambda app: CORS().init_app(app, allow_origins=[ORIGIN])),
        ({"CORS_ALLOW_ORIGINS": [ORIGIN]}, lambda app: CORS().init_app(app, resources={"/none/*": None})),
    ],
    ids=["options", "policy", "init_app", "config and init_app", "config", "late options", "config and late paths"],
)
def test_the_policy_comes_from_one_place(config: dict[str, object], make: Any) -> None:
    """Options, a policy, or the configuration of the app; the app here or later."""
    app = Flask(__name__)
    app.config.update(config)
    make(app)
    assert readers(app, "/") == {ORIGIN}


def test_one_extension_serves_several_apps() -> None:
    """The state belongs to the app."""
    cors = CORS(allow_origins=[ORIGIN])
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        cors.init_app(app)
    assert [readers(app, "/") for app in apps] == [{ORIGIN}, {ORIGIN}]


def test_one_extension_reads_the_configuration_of_each_app() -> None:
    """Two apps of one process can have two policies."""
    cors = CORS()
    one, two = Flask("one"), Flask("two")
    one.config["CORS_ALLOW_ORIGINS"], two.config["CORS_ALLOW_ORIGINS"] = [ORIGIN], [PARTNER]
    cors.init_app(one)
    cors.init_app(two)
    assert (readers(one, "/"), readers(two, "/")) == ({ORIGIN}, {PARTNER})


def test_every_response_has_headers() -> None:
    """Errors, redirects, static files and answers of `before_request` included."""
    app = create()

    @app.before_request
    def authenticate() -> None:
        if "denied" in get_path():
            abort(401)

    def get_path() -> str:
        from flask import request

        return request.path

    app.add_url_rule("/post", "post", lambda: "", methods=["POST"])
    app.add_url_rule("/items/", "items", lambda: "items")
    app.add_url_rule("/away", "away", lambda: redirect("/"))
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    paths = {"/": 200, "/none": 404, "/post": 405, "/items": 308, "/away": 302, "/crash": 500, "/denied": 401}
    for path, status in paths.items():
        response = get(app, path)
        assert (path, response.status_code, allowed(response)) == (path, status, ORIGIN)
        response = preflight(app, path)
        assert (path, response.status_code, allowed(response)) == (path, 200, ORIGIN)


# Wrong configuration.


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"supports_credentials": True}, "rename it to allow_credentials."),
        ({"methods": ["GET"]}, "rename it to allow_methods."),
        ({"send_wildcard": True}, "remove it."),
    ],
)
def test_an_option_of_flask_cors_is_answered_with_ours(options: dict[str, Any], hint: str) -> None:
    """The messages for users of Flask-Cors say what to write instead."""
    app = Flask(__name__)
    ((code, field, found),) = issues_of(lambda: CORS(app, origins=[ORIGIN]))
    assert (code, field) == (IssueCode.NOT_LIVE_ORIGINS, "origins")
    assert found.startswith("rename it to allow_origins, ")
    ((code, field, found),) = issues_of(lambda: CORS(app, **options))
    assert (code, field, found) == (IssueCode.UNKNOWN_OPTION, *options, hint)
    assert "crossorigin" not in app.extensions


def test_all_errors_are_reported_together(caplog: pytest.LogCaptureFixture) -> None:
    """Those of the options, of the arguments and of the paths, also as CRITICAL."""
    found = issues_of(
        lambda: CORS(
            allow_origins=[f"{ORIGIN}/"],
            debug="yes",  # type: ignore[arg-type]
            outermost=True,  # type: ignore[call-arg]
            resources={"/a": {"max_age": -2}, "/b": "*", "/c": {"origins": []}},  # type: ignore[dict-item]
        )
    )
    assert [field for _, field, _ in found] == [
        "allow_origins[0]",
        "debug",
        "outermost",
        "resources['/a'].max_age",
        "resources['/b']",
        "resources['/c'].origins",
    ]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert issues_of(lambda: CORS(allow_origins=[ORIGIN], resources={"/a": {"max_age": -2}}))


def test_errors_in_the_configuration_name_its_keys(caplog: pytest.LogCaptureFixture) -> None:
    """A deployment reads which key to change, and what to write there."""
    app = Flask(__name__)
    app.config.from_mapping(
        CORS_ALLOW_ORIGINS=[f"{ORIGIN}/"],
        CORS_ORIGINS="*",
        CORS_DEBUG=True,
        CORS_ALLOW_CREDENTIALS="yes",
        CORS_EXPOSE_HEADERS="X-Total",
    )
    found = issues_of(lambda: CORS().init_app(app))
    assert ("CORS_ALLOW_ORIGINS[0]", f'"{ORIGIN}"') in {(field, hint) for _, field, hint in found}
    hints = {field: hint for _, field, hint in found}
    assert hints["CORS_ORIGINS"] == "rename it to CORS_ALLOW_ORIGINS."
    assert hints["CORS_DEBUG"] == "give it to the extension, as in CORS(app, debug=...)."
    assert hints["CORS_EXPOSE_HEADERS"] == '["X-Total"]'
    assert "CORS_ALLOW_CREDENTIALS" in hints
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


def test_options_here_and_in_the_configuration_are_refused() -> None:
    """Only one of them could apply, so both together are an error."""
    app = Flask(__name__)
    app.config["CORS_ALLOW_ORIGINS"] = [ORIGIN]
    ((code, field, hint),) = issues_of(lambda: CORS(app, allow_origins=[PARTNER]))
    assert (code, field) == (IssueCode.POLICY_AND_OPTIONS, "CORS_ALLOW_ORIGINS")
    assert "remove CORS_ALLOW_ORIGINS from app.config" in hint


def test_an_extension_without_any_policy_is_refused() -> None:
    """Flask-Cors would allow every origin here, so the message says what to write for that."""
    with pytest.raises(RuntimeError, match=r'allow_origins=\["\*"\] allows every origin'):
        CORS(Flask(__name__))


def test_arguments_are_not_merged() -> None:
    """They belong to the extension or to `init_app`."""
    for cors in (CORS(allow_origins=[ORIGIN]), CORS(served_methods_only=True)):
        with pytest.raises(TypeError, match=r"CORS\(\.\.\.\) and init_app\(\.\.\.\) both have arguments"):
            cors.init_app(Flask(__name__), allow_origins=[ORIGIN])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"allow_credentials": True}, "has allow_credentials but no allow_origins, so that it would allow no origin"),
        (
            {"allow_methods": ["PUT"], "max_age": 60, "expose_headers": ["X-Total"]},
            "has allow_methods, expose_headers and max_age but no allow_origins",
        ),
        (
            {"allow_credentials": True, "resources": {"/api/*": {"allow_origins": [ORIGIN]}}},
            "policies in resources do not inherit options",
        ),
    ],
)
def test_options_without_origins_are_refused(options: dict[str, Any], message: str) -> None:
    """With Flask-Cors, they allow every origin, and the policies of paths inherit them."""
    with pytest.raises(RuntimeError, match=message):
        CORS(Flask(__name__), **options)
    app = Flask(__name__)
    resources = options.pop("resources", None)
    app.config.update({f"CORS_{name.upper()}": value for name, value in options.items()})
    names = {**dict.fromkeys(options), "allow_origins": None}
    for name in names:
        message = message.replace(name, f"CORS_{name.upper()}")
    with pytest.raises(RuntimeError, match=message):
        CORS(app, resources=resources)


def test_options_with_another_source_of_origins_are_taken() -> None:
    """These are live origins, an expression, or an empty list."""
    for options in ({"origins": LiveOrigins()}, {"allow_origin_regex": r"https://a\.example"}, {"allow_origins": []}):
        assert readers_of(options) == set()
    app = Flask(__name__)
    app.config["CORS_ALLOW_CREDENTIALS"] = True
    CORS(app, origins=LiveOrigins([ORIGIN]))
    assert readers(app, "/") == {ORIGIN}


def readers_of(options: Any) -> set[str]:
    """Return which origins may read responses of an app with these options."""
    app = Flask(__name__)
    CORS(app, allow_credentials=True, **options)
    return readers(app, "/")


def test_warnings_and_the_log_name_the_keys_of_the_configuration(caplog: pytest.LogCaptureFixture) -> None:
    """A policy of the configuration has no options."""
    app = Flask(__name__)
    app.config.update(CORS_ALLOW_ORIGINS=[ORIGIN], CORS_ALLOW_HEADERS=["X-*"], CORS_MAX_AGE=7200)
    with pytest.warns(CrossOriginWarning) as caught:
        CORS(app, origins=LiveOrigins([PARTNER]))
    messages = [str(warning.message) for warning in caught]
    assert any("CORS_ALLOW_HEADERS[0]" in message for message in messages)
    assert any("CORS_MAX_AGE = 7200" in message for message in messages)
    assert {warning.filename for warning in caught} == {__file__}
    preflight(app, "/", method="PUT")
    assert "'PUT' is not in CORS_ALLOW_METHODS" in caplog.text


def test_other_warnings_of_the_configuration_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the names in warnings about a policy are changed."""
    app = Flask(__name__)
    app.config["CORS_ALLOW_ORIGINS"] = Announced([ORIGIN])
    with pytest.warns(UserWarning, match="^read$"):
        CORS(app)
    assert readers(app, "/") == {ORIGIN}


class Announced(list[str]):
    """A list that warns when it is read."""

    def __iter__(self) -> Iterator[str]:
        warnings.warn("read", stacklevel=1)
        return super().__iter__()


def test_paths_in_the_configuration_lead_to_the_argument() -> None:
    """Flask-Cors reads them from there."""
    app = Flask(__name__)
    app.config["CORS_RESOURCES"] = {"/api/*": {}}
    ((_, field, hint),) = issues_of(lambda: CORS(app))
    assert (field, "pass resources={...} to CORS(...)" in hint) == ("CORS_RESOURCES", True)


def test_two_extensions_are_refused() -> None:
    """Policies are not merged."""
    app = create()
    with pytest.raises(RuntimeError, match="already has a CORS extension"):
        CORS(app, allow_origins=[PARTNER])


@pytest.mark.parametrize("thing", ["app", None.__class__, lambda *_: None])
def test_only_flask_apps_and_blueprints_are_taken(thing: Any) -> None:
    """The message names the right class for other apps."""
    with pytest.raises(TypeError, match=r"crossorigin\.wsgi"):
        CORS(thing, allow_origins=[ORIGIN])


def test_debug_needs_an_app_in_debug_mode() -> None:
    """Tracebacks are for developers."""
    with pytest.raises(RuntimeError, match="not in debug mode"):
        create(debug=True)


def test_blocking_without_effect_is_refused_with_the_configuration_too() -> None:
    """The arguments are checked again when the policy is known."""
    app = Flask(__name__)
    app.config["CORS_ALLOW_ORIGINS"] = ["*"]
    ((code, field, _),) = issues_of(lambda: CORS(app, on_refused="block"))
    assert (code, field) == (IssueCode.NO_EFFECT_WITH_WILDCARD, "on_refused")


# Blueprints.


def blueprint(name: str = "partners", prefix: str = "/partners") -> Blueprint:
    """Return a blueprint with one route."""
    made = Blueprint(name, __name__, url_prefix=prefix)
    made.add_url_rule("/feed", "feed", lambda: "feed")
    return made


def test_a_blueprint_has_its_own_policy() -> None:
    """A 404 and a 405 below its prefix belong to the app."""
    app, partners = create(), blueprint()
    CORS(partners, allow_origins=[PARTNER])
    app.register_blueprint(partners)
    assert readers(app, "/partners/feed") == {PARTNER}
    assert readers(app, "/partners/none") == {ORIGIN}
    assert readers(app, "/partners/feed", "DELETE") == {ORIGIN}
    assert readers(app, "/") == {ORIGIN}


def test_the_nearest_blueprint_decides() -> None:
    """Blueprints can be nested and renamed."""
    app, outer, inner = create(), Blueprint("outer", __name__, url_prefix="/outer"), blueprint()
    outer.add_url_rule("/", "index", lambda: "outer")
    CORS(inner, policy=Policy(allow_origins=[PARTNER]))
    CORS(outer, allow_origins=[OTHER])
    outer.register_blueprint(inner)
    outer.register_blueprint(blueprint("plain", "/plain"))
    app.register_blueprint(outer, name="renamed")
    assert readers(app, "/outer/partners/feed") == {PARTNER}
    assert readers(app, "/outer/plain/feed") == {OTHER}
    assert readers(app, "/outer/") == {OTHER}


def test_a_blueprint_without_an_extension_raises() -> None:
    """Its policy would have no effect, so the first request fails instead."""
    app, partners = Flask(__name__), blueprint()
    app.testing = True
    CORS(partners, allow_origins=[PARTNER])
    app.register_blueprint(partners)
    with pytest.raises(RuntimeError, match="this app has no CORS extension"):
        get(app, "/partners/feed")


def test_a_registered_blueprint_is_refused() -> None:
    """Flask would ignore a part of the change."""
    app, partners = create(), blueprint()
    app.register_blueprint(partners)
    with pytest.raises(TypeError, match="before register_blueprint"):
        CORS(partners, allow_origins=[PARTNER])


def test_a_blueprint_takes_one_policy_and_nothing_else() -> None:
    """What concerns the whole app belongs to the app."""
    with pytest.raises(TypeError, match="has no policy"):
        CORS(blueprint())
    partners = blueprint()
    CORS(partners, allow_origins=[PARTNER])
    with pytest.raises(TypeError, match="already has a policy"):
        CORS(partners, allow_origins=[ORIGIN])
    for arguments in ({"on_refused": "block"}, {"resources": {"/a": None}}, {"debug": True}):
        with pytest.raises(TypeError, match="can only have a policy"):
            CORS(blueprint(), allow_origins=[PARTNER], **arguments)  # type: ignore[arg-type]


# Behavior.


def test_refusals_name_the_policy_that_refused(caplog: pytest.LogCaptureFixture) -> None:
    """The log says which blueprint, view or path decided."""
    app, partners = create(resources={"/closed/*": None}), blueprint()
    CORS(partners, allow_origins=[PARTNER])
    app.register_blueprint(partners)
    for path in ("/partners/feed", "/closed/x", "/"):
        get(app, path, OTHER if path == "/" else ORIGIN)
    lines = [record.message for record in caplog.records]
    assert "GET '/partners/feed' from 'https://app.example.com', by the policy of Blueprint 'partners'." in lines[0]
    assert "by the policy of resources['/closed/*']" in lines[1]
    assert "by the policy of" not in lines[2]


def test_blocking_uses_the_policy_of_the_route() -> None:
    """The view never runs for a page that its own policy does not allow."""
    app, partners, ran = create(on_refused="block"), Blueprint("partners", __name__, url_prefix="/partners"), []
    CORS(partners, allow_origins=[PARTNER])
    partners.add_url_rule("/feed", "feed", lambda: ran.append(1) or "feed", methods=["POST"])
    app.register_blueprint(partners)
    assert get(app, "/partners/feed", ORIGIN, "POST").status_code == 403
    assert get(app, "/", PARTNER, "POST").status_code == 403
    assert ran == []
    assert get(app, "/partners/feed", PARTNER, "POST").status_code == 200
    assert get(app, "/partners/feed", "http://localhost", "POST").status_code == 200
    assert ran == [1, 1]


def test_a_hook_sees_each_decision_once() -> None:
    """The environ names the owner of the policy that decided."""
    seen: list[tuple[Any, Any]] = []

    def hook(decision: Any, environ: Any) -> None:
        seen.append((decision.origin, environ.get("crossorigin.route")))

    app, partners = create(on_decision=hook, on_refused="block"), blueprint()
    CORS(partners, allow_origins=[PARTNER])
    app.register_blueprint(partners)
    get(app, "/partners/feed", PARTNER)
    preflight(app, "/")
    get(app, "/none", OTHER)
    assert seen == [
        (Reason.ORIGIN_LISTED, "Blueprint 'partners'"),
        (Reason.ORIGIN_LISTED, None),
        (Reason.ORIGIN_NOT_LISTED, None),
    ]


def test_only_served_methods_are_allowed_if_it_is_wanted() -> None:
    """A preflight then names what the path serves; an unknown path keeps the whole list."""
    app = create(allow_methods=["*"], served_methods_only=True)
    app.add_url_rule("/put", "put", lambda: "", methods=["PUT"])
    assert preflight(app, "/put", method="PUT").headers["Access-Control-Allow-Methods"] == "OPTIONS, PUT"
    assert preflight(app, "/put", method="DELETE").status_code == 400
    assert preflight(app, "/none", method="DELETE").status_code == 200


def test_explain_uses_the_policy_of_the_view() -> None:
    """It names the owner, and calls neither the app nor the view."""
    app, partners = create(), blueprint()
    CORS(partners, allow_origins=[PARTNER])
    app.register_blueprint(partners)
    explanation = explain(app, "get", "/partners/feed", ORIGIN)
    assert not explanation.allowed
    assert "Blueprint 'partners'" in str(explanation)
    assert explain(app, "GET", "/", ORIGIN).allowed
    with pytest.raises(ValueError, match="no CORS extension"):
        explain(Flask(__name__), "GET", "/", ORIGIN)


# Debug mode.


def crashing(**arguments: Any) -> Flask:
    """Return an app in debug mode, with a view that raises."""
    app = Flask(__name__)
    app.debug = True
    CORS(app, allow_origins=[ORIGIN], debug=True, **arguments)

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("mine")

    return app


def test_a_page_of_an_allowed_origin_reads_the_traceback() -> None:
    """Instead of a network error, the developer sees what is wrong; the server's log has it too."""
    errors = io.StringIO()
    client = crashing().test_client()
    response = client.get("/crash", headers={"Origin": ORIGIN}, environ_overrides={"wsgi.errors": errors})
    assert (response.status_code, allowed(response)) == (500, ORIGIN)
    assert response.content_type == "text/plain; charset=utf-8"
    assert "LookupError: mine" in response.text
    assert "LookupError: mine" in errors.getvalue()


@pytest.mark.parametrize("headers", [{}, {"Origin": OTHER}, {"Origin": "http://localhost"}])
def test_everyone_else_keeps_the_debugger(headers: dict[str, str]) -> None:
    """The exception leaves the app, as Werkzeug's debugger expects."""
    with pytest.raises(LookupError, match="mine"):
        crashing().test_client().get("/crash", headers=headers)


def test_the_policy_of_the_view_decides_who_reads_the_traceback() -> None:
    """A closed path shows nothing, not even to an origin that the app allows."""
    with pytest.raises(LookupError, match="mine"):
        get(crashing(resources={"/crash": None}), "/crash")


# Other packages and other layers.


def test_flask_cors_next_to_it_has_no_effect() -> None:
    """One origin and one `Vary`, by the policy of this package."""
    app = create()
    flask_cors.CORS(app, origins=[OTHER, ORIGIN], supports_credentials=True)
    response = get(app, "/")
    assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert response.headers.getlist("Vary") == ["Origin"]
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert allowed(get(app, "/", OTHER)) is None


def test_a_proxy_fix_can_be_added_later() -> None:
    """It is outside, and changes what the app knows about its own origin."""
    app = create(on_refused="block")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    forwarded = {"X-Forwarded-Host": "api.example.com"}
    assert get(app, "/", "https://api.example.com", "POST").status_code == 403
    assert get(app, "/", "https://api.example.com", "POST", **forwarded).status_code == 405


def test_a_mounted_app_with_its_own_extension_is_inside_the_outer_one(caplog: pytest.LogCaptureFixture) -> None:
    """The outer extension answers the preflights and sets the headers."""
    outer, inner = create(), create(allow_origins=[PARTNER])
    layer: Any = outer.extensions["crossorigin"]
    layer._layer.app = DispatcherMiddleware(layer.app, {"/inner": inner})
    assert readers(outer, "/inner/") == {ORIGIN}
    assert "inside another one" in caplog.text


def test_an_app_mounted_next_to_another_is_independent() -> None:
    """A dispatcher that is outside both leaves each its policy, and the path that each one routes."""
    outer, inner = create(), create(allow_origins=[PARTNER], resources={"/open/*": {"allow_origins": ["*"]}})
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/inner": inner})  # type: ignore[method-assign]
    assert readers(outer, "/inner/") == {PARTNER}
    assert readers(outer, "/inner/open/x") == {ORIGIN, PARTNER, OTHER}
    assert readers(outer, "/") == {ORIGIN}


def test_a_wsgi_middleware_inside_answers_by_the_policy_of_the_path() -> None:
    """What Flask does not route is looked up, such as the response of a cache between the two."""
    app = create(resources={"/closed/*": None})
    inner: Any = app.extensions["crossorigin"]

    def cache(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"cached"]

    inner._layer.app = cache
    assert readers(app, "/closed/x") == set()
    assert readers(app, "/") == {ORIGIN}


def test_the_wsgi_class_around_a_flask_app_works() -> None:
    """The outer middleware does not know routes, and sets the headers."""
    app = create(allow_origins=[PARTNER])
    app.wsgi_app = CORSMiddleware(app.wsgi_app, allow_origins=[ORIGIN])  # type: ignore[method-assign]
    assert readers(app, "/") == {ORIGIN}


def test_the_decorator_for_starlette_is_refused() -> None:
    """On an app or a class at once, and on a function when the app is first served."""
    app = create()
    with pytest.raises(TypeError, match=r"crossorigin\.flask"):
        crossorigin.cors(allow_origins=["*"])(app)
    app.add_url_rule("/feed", "feed", crossorigin.cors(allow_origins=["*"])(lambda: "feed"))
    with pytest.raises(TypeError, match=r"Use @cross_origin\(\.\.\.\) from crossorigin\.flask"):
        get(app, "/feed")


def test_the_app_and_the_policy_of_the_layer_can_be_read() -> None:
    """Tools that walk the layers of an app find what is inside."""
    app = Flask(__name__)
    bare = app.wsgi_app
    CORS(app, allow_origins=[ORIGIN])
    layer: Any = app.extensions["crossorigin"]
    assert app.wsgi_app == layer.serve
    assert layer.app == bare
    assert layer.policy == Policy(allow_origins=[ORIGIN])
    outer: Any = crashing().wsgi_app
    assert outer.__self__.policy == outer.__self__.app.policy


def test_a_view_that_is_added_without_a_rule_is_found() -> None:
    """Flask lets apps change the dict of views; a policy there takes effect."""
    from werkzeug.routing import Rule

    app = create()
    assert readers(app, "/feed") == {ORIGIN}
    app.url_map.add(Rule("/feed", endpoint="feed"))
    app.view_functions["feed"] = cross_origin(allow_origins=[PARTNER])(lambda: "feed")
    assert readers(app, "/feed") == {PARTNER}


def test_log_of_allowed_requests_in_debug_mode(caplog: pytest.LogCaptureFixture) -> None:
    """DEBUG lines name the reason."""
    app = Flask(__name__)
    app.debug = True
    CORS(app, allow_origins=[ORIGIN], debug=True)
    with caplog.at_level(logging.DEBUG, "crossorigin"):
        get(app, "/")
    assert "allowed (origin-listed): GET '/'" in caplog.text


def test_the_module_does_not_load_flask() -> None:
    """Importing it costs what the package costs, and works where Flask is not installed."""
    path = str(ROOT / "src")
    program = f"import sys; sys.path.insert(0, {path!r}); import crossorigin.flask; print('flask' in sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "False\n"
