"""Which policy applies to a request of a Flask app: that of the view, its blueprint, its path, or the app."""

import functools
from typing import Any, ClassVar

import pytest
from flask import Blueprint, Flask, jsonify
from flask.views import MethodView
from werkzeug.exceptions import BadRequest
from werkzeug.routing import Rule

from crossorigin import InvalidPolicyError, Policy
from crossorigin.flask import CORS, cross_origin
from tests.unit.adapters.flask.apps import ORIGIN, OTHER, PARTNER, allowed, create, get, preflight, readers


def feed() -> str:
    """Answer something."""
    return "feed"


def test_a_view_has_its_own_policy() -> None:
    """The decorator takes options, a policy or None."""
    app = create()

    @app.get("/below")
    @cross_origin(allow_origins=[PARTNER])
    def below() -> str:
        return "below"

    @app.get("/policy")
    @cross_origin(Policy(allow_origins=["*"]))
    def public() -> str:
        return "policy"

    app.add_url_rule("/closed", "closed", cross_origin(None)(lambda: "closed"))
    assert readers(app, "/below") == {PARTNER}
    assert readers(app, "/policy") == {ORIGIN, PARTNER, OTHER}
    assert readers(app, "/closed") == set()
    assert get(app, "/below").text == "below"


def test_other_decorators_keep_the_policy() -> None:
    """Whatever uses `functools.wraps`, as most do."""
    app = create()

    def logged(view: Any) -> Any:
        @functools.wraps(view)
        def call() -> Any:
            return view()

        return call

    app.add_url_rule("/feed", "feed", logged(cross_origin(allow_origins=[PARTNER])(feed_of())))
    assert readers(app, "/feed") == {PARTNER}


def feed_of() -> Any:
    """Return a new view."""
    return lambda: "feed"


def test_an_asynchronous_view_is_awaited() -> None:
    """The decorator hands it to Flask as Flask would."""
    app = create()

    async def answer() -> str:
        return "later"

    app.ensure_sync = lambda function: lambda: function().send(None)  # type: ignore[method-assign]
    app.add_url_rule("/later", "later", cross_origin(allow_origins=[PARTNER])(answer))
    with pytest.raises(StopIteration, match="later"):
        app.view_functions["later"].__wrapped__().send(None)  # type: ignore[attr-defined]


def test_a_class_and_its_methods_have_policies() -> None:
    """The method that serves the request decides, and GET also for HEAD."""
    app = create(allow_methods=["GET", "HEAD", "POST", "DELETE"])
    options = {"allow_methods": ["GET", "HEAD", "POST"]}

    @cross_origin(allow_origins=[OTHER], **options)  # type: ignore[arg-type]
    class Items(MethodView):
        @cross_origin(allow_origins=[PARTNER], **options)  # type: ignore[arg-type]
        def get(self) -> str:
            return "get"

        def post(self) -> str:
            return "post"

    class Plain(MethodView):
        decorators = (cross_origin(allow_origins=[PARTNER]),)

        def get(self) -> str:
            return "get"

    app.add_url_rule("/items", view_func=Items.as_view("items"))
    app.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    assert readers(app, "/items") == {PARTNER}
    assert readers(app, "/items", "HEAD") == {PARTNER}
    assert readers(app, "/items", "POST") == {OTHER}
    assert readers(app, "/plain") == {PARTNER}


def test_a_preflight_does_not_speak_for_other_policies() -> None:
    """Browsers cache it by URL, so it allows only methods whose requests have the same policy, and is not cached."""
    app = create(allow_methods=["GET", "PUT", "DELETE"])
    app.add_url_rule("/mixed", "get", lambda: "get")
    app.add_url_rule(
        "/mixed",
        "put",
        cross_origin(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])(lambda: "put"),
        methods=["PUT"],
    )
    response = preflight(app, "/mixed", method="PUT")
    assert response.headers["Access-Control-Allow-Methods"] == "PUT"
    assert response.headers["Access-Control-Max-Age"] == "0"
    assert preflight(app, "/mixed", method="GET").headers["Access-Control-Allow-Methods"] == "GET, DELETE"
    assert preflight(app, "/", method="GET").headers["Access-Control-Max-Age"] == "600"


def test_equal_policies_are_one() -> None:
    """Methods with equal policies share a preflight that browsers may cache."""
    app = create(allow_methods=["GET", "PUT"])
    same = Policy(allow_origins=[ORIGIN], allow_methods=["PUT", "GET"])
    app.add_url_rule("/same", "get", lambda: "get")
    app.add_url_rule("/same", "put", cross_origin(same)(lambda: "put"), methods=["PUT"])
    assert preflight(app, "/same").headers["Access-Control-Max-Age"] == "600"


def test_a_redirect_to_a_slash_belongs_to_its_route() -> None:
    """Both the preflight, which is answered in place of the redirect, and the redirect itself."""
    app = create()
    app.add_url_rule("/feed/", "feed", cross_origin(allow_origins=[PARTNER])(feed_of()))
    app.add_url_rule("/old", "old", redirect_to="/feed/")
    for path in ("/feed", "/feed/", "//feed/", "/old"):
        assert readers(app, path) == {PARTNER}
    assert get(app, "/feed").status_code == 308


def test_a_redirect_to_another_host_belongs_to_the_app() -> None:
    """The same path on another host is not a route of this app."""
    app = create()
    app.add_url_rule("/feed", "feed", cross_origin(allow_origins=[PARTNER])(feed_of()))
    app.add_url_rule("/away", "away", redirect_to="https://elsewhere.example/feed")
    assert readers(app, "/away") == {ORIGIN}


def test_methods_that_clients_choose_are_not_kept() -> None:
    """A rule may serve any method; what is remembered has a bound."""
    app = create()
    app.url_map.add(Rule("/any", endpoint="any"))
    app.view_functions["any"] = cross_origin(allow_origins=[PARTNER])(feed_of())
    for number in range(50):
        assert allowed(get(app, "/any", PARTNER, f"M{number}")) == PARTNER
    assert allowed(get(app, "/any", PARTNER, "get")) == PARTNER
    assert len(app.extensions["crossorigin"].routes._by_endpoint) <= 2


def test_a_redirect_loop_ends() -> None:
    """A rule that redirects to another redirect has no view."""
    app = create()
    app.add_url_rule("/a", "a", redirect_to="/b")
    app.add_url_rule("/b", "b", redirect_to="/a")
    app.add_url_rule("/feed", "feed", cross_origin(allow_origins=[PARTNER])(feed_of()))
    assert readers(app, "/a") == {ORIGIN}


def test_the_view_can_answer_its_preflights() -> None:
    """With `automatic_options=False`, its status and body are its own; what is refused never reaches it."""
    app, ran = create(), []

    @app.route("/own", methods=["GET", "OPTIONS"])
    @cross_origin(allow_origins=[PARTNER], automatic_options=False)
    def own() -> Any:
        ran.append(1)
        response = jsonify(methods=["GET"])
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.vary.add("Cookie")
        return response

    response = preflight(app, "/own", PARTNER)
    assert response.json == {"methods": ["GET"]}
    assert allowed(response) == PARTNER
    assert response.headers["Access-Control-Allow-Methods"] == "GET"
    assert {"Cookie", "Origin"} <= {
        name.strip() for line in response.headers.getlist("Vary") for name in line.split(",")
    }
    assert preflight(app, "/own", ORIGIN).status_code == 400
    assert ran == [1]


def test_the_options_of_flask_have_headers() -> None:
    """An OPTIONS request that is not a preflight reaches the app, by the policy of its route."""
    app = create()
    app.add_url_rule("/feed", "feed", cross_origin(allow_origins=[PARTNER])(feed_of()))
    response = get(app, "/feed", PARTNER, "OPTIONS")
    assert "GET" in response.headers["Allow"]
    assert allowed(response) == PARTNER


def test_a_host_decides_on_the_route() -> None:
    """Subdomains and hosts are matched as Flask matches them."""
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.test"
    CORS(app, allow_origins=[ORIGIN])
    app.add_url_rule("/feed", "main", feed_of())
    app.add_url_rule("/feed", "sub", cross_origin(allow_origins=[PARTNER])(feed_of()), subdomain="api")
    client = app.test_client()
    for host, origin in (("example.test", ORIGIN), ("api.example.test", PARTNER)):
        for headers in ({}, {"Access-Control-Request-Method": "GET"}):
            sent = {"Origin": origin, **headers}
            method = "OPTIONS" if headers else "GET"
            response = client.open("/feed", method=method, base_url=f"http://{host}", headers=sent)
            assert allowed(response) == origin


class _Strict(Flask):
    """An app that refuses a request before it is routed, as Flask does if the host is not trusted."""

    def create_url_adapter(self, request: Any) -> Any:
        # Without a request, it is for an app context.
        if request is not None:
            raise BadRequest
        return None


def test_a_request_that_is_not_routed_has_the_policy_of_the_app() -> None:
    """Flask refuses the request; the policy of the app applies to the refusal."""
    app = _Strict(__name__)
    CORS(app, allow_origins=[ORIGIN])
    app.add_url_rule("/feed", "feed", cross_origin(allow_origins=[PARTNER])(feed_of()))
    assert readers(app, "/feed") == {ORIGIN}
    assert get(app, "/feed").status_code == 400


# Wrong use.


def test_a_view_in_an_app_without_an_extension_raises() -> None:
    """The policy would have no effect, so the first request fails instead."""
    app = Flask(__name__)
    app.testing = True
    app.add_url_rule("/feed", "feed", cross_origin(allow_origins=[PARTNER])(feed_of()))
    with pytest.raises(RuntimeError, match="this app has no CORS extension"):
        get(app, "/feed")


def test_wrong_uses_of_the_decorator_raise_where_they_are_written() -> None:
    """Without parentheses, twice, on an object that is not a view, and with wrong options."""
    with pytest.raises(TypeError, match="needs parentheses"):
        cross_origin(feed)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="already has a policy"):
        cross_origin(None)(cross_origin(None)(feed_of()))
    with pytest.raises(TypeError, match="needs a view"):
        cross_origin(None)("feed")
    with pytest.raises(TypeError, match="attributes cannot be set"):
        cross_origin(None)(int)
    with pytest.raises(InvalidPolicyError, match="rename it to allow_origins"):
        cross_origin(origins=["*"])  # type: ignore[call-arg]


def test_a_decorator_above_the_route_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """The route serves the view without it, which may be meant in another app, so a warning says where to put it."""
    app = create()

    @cross_origin(allow_origins=[PARTNER])
    @app.get("/above")
    def above() -> str:
        return "above"

    assert readers(app, "/above") == {ORIGIN}
    (line,) = [record.message for record in caplog.records if "put it below" in record.message]
    assert line.startswith(f"{__name__}.test_a_decorator_above_the_route_is_reported.<locals>.above is served without")


def test_a_view_can_be_served_with_and_without_its_policy() -> None:
    """A function is not changed, so each route says what it serves, and an app factory can be called again."""
    for origin in (PARTNER, OTHER):
        app = create()
        app.add_url_rule("/with", "with", cross_origin(allow_origins=[origin])(feed))
        app.add_url_rule("/without", "without", feed)
        app.add_url_rule("/builtin", "builtin", cross_origin(allow_origins=[origin])(sorted), defaults={"iterable": ()})
        assert readers(app, "/with") == {origin}
        assert readers(app, "/without") == {ORIGIN}


# Paths.


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/public", {PARTNER}),
        ("/public/", {PARTNER}),
        ("/public/a/b", {PARTNER}),
        ("//public/a", {PARTNER}),
        ("/%70ublic/a", {PARTNER}),
        ("/public/deep", set()),
        ("/public/deep/x", set()),
        ("/public/deeper", {PARTNER}),
        ("/public/exact", {OTHER}),
        ("/public/exact/x", {PARTNER}),
        ("/publicity", {ORIGIN}),
        ("/Public", {ORIGIN}),
        ("/", {ORIGIN}),
    ],
)
def test_the_longest_path_decides(path: str, expected: set[str]) -> None:
    """A path is exact, or a whole segment of a prefix; never a part of a segment."""
    app = create(
        resources={
            "/public/*": {"allow_origins": [PARTNER]},
            "/public/deep/*": None,
            "/public/exact": Policy(allow_origins=[OTHER]),
        }
    )
    assert readers(app, path) == expected


def test_every_path_can_have_one_policy() -> None:
    """A single prefix is enough, without a policy of the app."""
    app = Flask(__name__)
    CORS(app, resources={"/*": {"allow_origins": [PARTNER]}})
    assert readers(app, "/") == readers(app, "/none") == {PARTNER}


def test_the_log_says_that_no_path_matches(caplog: pytest.LogCaptureFixture) -> None:
    """The origin is in a list already, so the advice is not to add it to another one."""
    app = Flask(__name__)
    CORS(app, resources={"/api/*": {"allow_origins": [PARTNER]}})
    get(app, "/other", PARTNER)
    get(app, "/other", "null")
    preflight(app, "/api/x", OTHER)
    first, second, third = (record.getMessage() for record in caplog.records)
    assert first.endswith("No path in resources matches, and CORS(...) allows no origin for other paths.")
    assert "Sandboxed frames" in second
    assert f"by the policy of resources['/api/*']. If you trust this origin, add \"{OTHER}\"" in third


def test_a_blueprint_is_nearer_than_a_path() -> None:
    """A policy at the code wins over one at the URL."""
    app = create(resources={"/partners/*": None})
    partners = Blueprint("partners", __name__, url_prefix="/partners")
    partners.add_url_rule("/feed", "feed", feed_of())
    CORS(partners, allow_origins=[PARTNER])
    app.register_blueprint(partners)
    assert readers(app, "/partners/feed") == {PARTNER}
    assert readers(app, "/partners/none") == set()


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        (r"/api/.*", "'/api/*'"),
        (r"/api/v\d+/x", "'/api/*'"),
        ("/api/<int:id>", "'/api/*'"),
        ("/*/x", "'/*'"),
        ("^/api", "'/api/*'"),
        ("api/*", "'/api/*'"),
    ],
)
def test_a_path_that_is_a_regular_expression_is_refused(path: str, fix: str) -> None:
    """Three vulnerabilities of a peer came from matching paths, so none is matched by an expression."""
    with pytest.raises(ValueError, match="path") as raised:
        CORS(resources={path: None})
    assert fix in str(raised.value)


@pytest.mark.parametrize("options", [{}, {"allow_methods": ["PUT"]}])
def test_the_policy_of_a_path_or_a_view_says_which_origins_are_allowed(options: Any) -> None:
    """With Flask-Cors, it inherits them from the app. Here it would allow no origin."""
    with pytest.raises(ValueError, match=r"resources\['/a'\] does not say which origins are allowed"):
        CORS(allow_origins=[ORIGIN], resources={"/a": options})
    with pytest.raises(TypeError, match=r"cross_origin\(\.\.\.\) does not say which origins are allowed"):
        cross_origin(**options)


def test_the_owner_of_a_policy_in_the_decorators_of_a_class_is_its_endpoint(caplog: pytest.LogCaptureFixture) -> None:
    """`View.as_view` gives the function no other name."""

    class Items(MethodView):
        decorators: ClassVar[list[Any]] = [cross_origin(allow_origins=[PARTNER])]

        def get(self) -> str:
            return ""

    app = create()
    app.add_url_rule("/items", view_func=Items.as_view("all_items"))
    assert readers(app, "/items") == {PARTNER}
    assert f"by the policy of {__name__}.all_items." in caplog.text


@pytest.mark.parametrize("resources", [r"/api/*", ["/api/*"], 5])
def test_resources_are_a_mapping(resources: Any) -> None:
    """Flask-Cors takes a text or a list too; the message shows the mapping."""
    with pytest.raises(TypeError, match=r'Write resources=\{"/api/\*": policy\}'):
        CORS(resources=resources)
