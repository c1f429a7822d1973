"""The page on Flask-Cors: each difference is shown with both packages, and each option has the result on the page."""

import inspect
import logging
from collections.abc import Callable
from typing import Any

import flask_cors
import pytest
from flask import Blueprint, Flask, abort

from crossorigin import CrossOriginWarning, InvalidPolicyError
from crossorigin.flask import CORS, cross_origin
from tests.meta.docs.documents import ROOT, names_of, rows_of

PAGE_PATH = ROOT / "docs" / "migrate-from-flask-cors.md"
PAGE, OTHER = "https://app.example.com", "https://other.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ASK, ASK_HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"
DIFFERENCES: dict[str, Callable[[], None]] = {}


def difference(row: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the function that shows a row."""

    def add(show: Callable[[], None]) -> Callable[[], None]:
        DIFFERENCES[row] = show
        return show

    return add


def routed() -> Flask:
    """Return an app with a few routes."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index", methods=["GET", "PUT"])
    app.add_url_rule("/items/", "items", lambda: "items")
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    return app


def both(options: dict[str, Any], ours: dict[str, Any] | None = None) -> tuple[Flask, Flask]:
    """Return the same app with either extension: with the options of Flask-Cors, and with ours."""
    theirs, own = routed(), routed()
    flask_cors.CORS(theirs, **options)
    names = {"origins": "allow_origins", "supports_credentials": "allow_credentials", "methods": "allow_methods"}
    CORS(own, **({names.get(name, name): value for name, value in options.items()} if ours is None else ours))
    return theirs, own


def ask(app: Flask, path: str = "/", origin: str = PAGE, method: str = "GET", **headers: str) -> Any:
    """Send a request of a page."""
    return app.test_client().open(path, method=method, headers={"Origin": origin, **headers})


def preflight(app: Flask, path: str = "/", method: str = "GET", names: str | None = None, origin: str = PAGE) -> Any:
    """Send a preflight of a page."""
    return ask(app, path, origin, "OPTIONS", **{ASK: method, **({ASK_HEADERS: names} if names else {})})


def origins(response: Any) -> list[str]:
    """Return the lines of Access-Control-Allow-Origin."""
    lines: list[str] = response.headers.getlist(ALLOW_ORIGIN)
    return lines


@difference("CORS(app) without options")
def _() -> None:
    app = routed()
    flask_cors.CORS(app)
    assert origins(ask(app, origin=OTHER)) == [OTHER]
    with pytest.raises(RuntimeError, match="has no policy"):
        CORS(routed())


@difference("CORS(app, allow_methods=...) or cross_origin(...) without origins")
def _() -> None:
    app = routed()
    flask_cors.CORS(app, methods=["PUT"])
    app.add_url_rule("/view", "view", flask_cors.cross_origin(max_age=60)(lambda: "view"))
    assert origins(ask(app, origin=OTHER)) == origins(ask(app, "/view", OTHER)) == [OTHER]
    with pytest.raises(RuntimeError, match="would allow no origin"):
        CORS(routed(), allow_methods=["PUT"])
    with pytest.raises(TypeError, match="does not say which origins"):
        cross_origin(max_age=60)


@difference("Options of CORS(app) next to resources")
def _() -> None:
    app = routed()
    flask_cors.CORS(app, supports_credentials=True, resources={"/*": {"origins": [PAGE]}})
    assert ask(app).headers["Access-Control-Allow-Credentials"] == "true"
    with pytest.raises(RuntimeError, match="do not inherit options"):
        CORS(routed(), allow_credentials=True, resources={"/*": {"allow_origins": [PAGE]}})
    ours = routed()
    CORS(ours, allow_origins=[OTHER], allow_credentials=True, resources={"/*": {"allow_origins": [PAGE]}})
    assert "Access-Control-Allow-Credentials" not in ask(ours).headers


@difference("An error in an origin")
def _() -> None:
    app = routed()
    flask_cors.CORS(app, origins=[f"{PAGE}/", OTHER])
    assert origins(ask(app)) == []
    with pytest.raises(InvalidPolicyError):
        CORS(routed(), allow_origins=[f"{PAGE}/", OTHER])


@difference('"*" with credentials')
def _() -> None:
    app = routed()
    flask_cors.CORS(app, origins="*", supports_credentials=True)
    response = ask(app, origin=OTHER)
    assert origins(response) == [OTHER]
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    with pytest.raises(InvalidPolicyError, match="wildcard-with-credentials"):
        CORS(routed(), allow_origins=["*"], allow_credentials=True)


@difference("https://*.example.com in the origins")
def _() -> None:
    theirs, ours = both({"origins": ["https://*.example.com", OTHER]})
    for origin, by_theirs, by_ours in (("https://xexample.com", True, False), (PAGE, False, True)):
        assert bool(origins(ask(theirs, origin=origin))) is by_theirs
        assert bool(origins(ask(ours, origin=origin))) is by_ours


@difference("A regular expression for origins")
def _() -> None:
    text, untrusted = r"https://app\.example\.com", "https://app.example.com.evil.example"
    theirs, ours = both({"origins": [text, OTHER]}, {"allow_origin_regex": text})
    assert origins(ask(theirs, origin=untrusted)) == [untrusted]
    assert origins(ask(ours, origin=untrusted)) == []
    assert origins(ask(ours)) == [PAGE]


@difference("The path /api/* in the resources")
def _() -> None:
    own = {"resources": {"/api/*": {"allow_origins": ["*"]}}}
    theirs, ours = both({"resources": {"/api/*": {"origins": "*"}}}, own)
    assert origins(ask(theirs, "/apikeys"))
    assert not origins(ask(ours, "/apikeys"))
    for app in (theirs, ours):
        assert origins(ask(app, "/api"))
        assert origins(ask(app, "/api/x"))


@difference("A view's own Access-Control-Allow-Origin")
def _() -> None:
    for app, kept in zip(both({"origins": [PAGE]}), (True, False), strict=True):
        app.add_url_rule("/own", "own", lambda: ("own", {ALLOW_ORIGIN: "*"}))
        assert origins(ask(app, "/own")) == (["*"] if kept else [PAGE])
        assert origins(ask(app, "/own", OTHER)) == (["*"] if kept else [])


@difference("A response to one listed origin")
def _() -> None:
    theirs, ours = both({"origins": [PAGE]})
    assert [origins(ask(app)) for app in (theirs, ours)] == [[PAGE], [PAGE]]
    assert [ask(app).headers.get("Vary") for app in (theirs, ours)] == [None, "Origin"]


@difference("A response to a refused origin")
def _() -> None:
    for app, vary in zip(both({"origins": [PAGE, "https://www.example.com"]}), (None, "Origin"), strict=True):
        response = ask(app, origin=OTHER)
        assert (origins(response), response.headers.get("Vary")) == ([], vary)


@difference("A preflight before authentication in before_request")
def _() -> None:
    for app, status in zip(both({"origins": [PAGE]}), (401, 200), strict=True):
        app.before_request(lambda: abort(401))
        assert preflight(app).status_code == status
        assert ask(app).status_code == 401
        assert origins(ask(app)) == [PAGE]


@difference("A preflight of an unknown path")
def _() -> None:
    for app, status in zip(both({"origins": [PAGE]}), (404, 200), strict=True):
        assert preflight(app, "/none").status_code == status
        assert origins(ask(app, "/none")) == [PAGE]


@difference("A preflight in place of a redirect to a slash")
def _() -> None:
    for app, status in zip(both({"origins": [PAGE]}), (308, 200), strict=True):
        assert preflight(app, "/items").status_code == status


@difference("A preflight for a method or header that is not allowed")
def _() -> None:
    theirs, ours = both({"origins": [PAGE], "methods": ["GET", "POST"], "allow_headers": ["X-A"]})
    for method, names in (("PUT", None), ("GET", "x-b")):
        assert preflight(theirs, method=method, names=names).status_code == 200
        response = preflight(ours, method=method, names=names)
        assert (response.status_code, response.text[:15]) == (400, "Disallowed CORS")


@difference("Access-Control-Request-Headers and all headers allowed")
def _() -> None:
    theirs, ours = both({"origins": [PAGE], "allow_headers": "*"}, {"allow_origins": [PAGE], "allow_headers": ["*"]})
    names = "x-a,x b,x-a"
    assert "x b" in preflight(theirs, names=names).headers["Access-Control-Allow-Headers"]
    assert preflight(ours, names=names).status_code == 400
    assert preflight(ours, names="x-a,x-a").headers["Access-Control-Allow-Headers"] == "x-a"


@difference("An exception in debug mode")
def _() -> None:
    theirs, ours = routed(), routed()
    theirs.debug = ours.debug = True
    flask_cors.CORS(theirs, origins=[PAGE])
    CORS(ours, allow_origins=[PAGE], debug=True)
    # The exception reaches the debugger, which is outside the app.
    with pytest.raises(ZeroDivisionError):
        ask(theirs, "/crash")
    response = ask(ours, "/crash")
    assert (response.status_code, origins(response)) == (500, [PAGE])
    assert "ZeroDivisionError" in response.text


@difference("A refused request")
def _() -> None:
    theirs, ours = both({"origins": [PAGE]})
    assert logged(lambda: ask(theirs, origin=OTHER)) == []
    (line,) = logged(lambda: ask(ours, origin=OTHER))
    assert line.startswith("refused (origin-not-listed)")


def logged(act: Callable[[], object]) -> list[str]:
    """Return the warnings that something logs."""
    lines: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        act()
    finally:
        logging.getLogger().removeHandler(handler)
    return lines


@difference("Another WSGI middleware that answers by itself")
def _() -> None:
    def answering(environ: Any, start_response: Any) -> list[bytes]:
        start_response("429 Too Many Requests", [])
        return []

    theirs, ours = routed(), routed()
    for app in (theirs, ours):
        app.wsgi_app = answering  # type: ignore[method-assign, assignment]
    flask_cors.CORS(theirs, origins=[PAGE])
    CORS(ours, allow_origins=[PAGE])
    assert [origins(ask(app)) for app in (theirs, ours)] == [[], [PAGE]]


@pytest.mark.parametrize("row", names_of(rows_of(PAGE_PATH, "What")))
def test_a_difference_is_real(row: str) -> None:
    """Each package does what its cell says."""
    DIFFERENCES[row]()


def test_every_difference_has_a_row() -> None:
    """The page has the rows that are tested, in the same order."""
    assert names_of(rows_of(PAGE_PATH, "What")) == [*DIFFERENCES]


# The arguments of Flask-Cors, each with a value that it accepts.
VALUES: dict[str, Any] = {
    "origins": [PAGE],
    "methods": ["GET"],
    "supports_credentials": True,
    "send_wildcard": True,
    "always_send": True,
    "vary_header": True,
    "intercept_exceptions": True,
}


def test_the_table_has_every_option_of_flask_cors() -> None:
    """The options are those that its documentation and its code name."""
    from flask_cors import core

    known = {name.removeprefix("CORS_").lower() for name in core.CONFIG_OPTIONS}
    listed = {row["Flask-Cors"].split(" ")[0] for row in rows_of(PAGE_PATH, "Flask-Cors")}
    assert listed == known


@pytest.mark.parametrize("row", rows_of(PAGE_PATH, "Flask-Cors"), ids=lambda row: row["Flask-Cors"])
def test_an_option_is_answered_as_the_table_says(row: dict[str, str]) -> None:
    """An option with another name is an error that names ours. An option without a counterpart says to remove it."""
    theirs, _, variant = row["Flask-Cors"].partition(" ")
    ours = row["crossorigin"]
    taken = {*inspect.signature(CORS).parameters, *inspect.signature(cross_origin).parameters}
    if ours == theirs or variant:
        assert ours in taken or CORS(**{"allow_origins": [PAGE], ours: allowed_value(ours)})
        return
    with pytest.raises(InvalidPolicyError) as raised:
        CORS(Flask(__name__), **{theirs: VALUES[theirs]})
    (issue,) = raised.value.issues
    # `origins` is an argument of ours too, so its advice is longer.
    assert issue.hint.replace(", unless", ".").startswith("remove it." if ours == "none" else f"rename it to {ours}.")


def allowed_value(option: str) -> Any:
    """Return a valid value for an option of ours."""
    values = {"max_age": 60, "allow_private_network": True, "allow_origin_regex": "https://a[.]example"}
    return values.get(option, ["X-A"])


def test_a_pattern_of_header_names_is_a_name() -> None:
    """It allows only the header with exactly this name, with a warning."""
    with pytest.warns(CrossOriginWarning, match="name-instead-of-wildcard"):
        theirs, ours = both({"origins": [PAGE], "allow_headers": ["X-.*"]})
    assert "x-token" in preflight(theirs, names="x-token").headers["Access-Control-Allow-Headers"]
    assert preflight(ours, names="x-token").status_code == 400
    assert preflight(ours, names="x-.*").status_code == 200


def test_what_stays_the_same() -> None:
    """Both accept an app, an app later, a blueprint and a decorator, and both send headers on errors."""
    for extension, decorator, name in (
        (flask_cors.CORS, flask_cors.cross_origin, "origins"),
        (CORS, cross_origin, "allow_origins"),
    ):
        app, later, group = routed(), routed(), Blueprint("group", __name__)
        extension(group, **{name: [OTHER]})
        group.add_url_rule("/group", "group", lambda: "group")
        app.add_url_rule("/view", "view", decorator(**{name: [OTHER]})(lambda: "view"))
        app.register_blueprint(group)
        made = extension(app, **{name: [PAGE]}, resources={"/a/*": {name: [OTHER]}, "/a/b/*": {name: [PAGE]}})
        assert made is not None
        extension(**{name: [PAGE]}).init_app(later)
        assert origins(ask(later)) == [PAGE]
        assert origins(ask(app, "/group", OTHER)) == origins(ask(app, "/view", OTHER)) == [OTHER]
        assert (origins(ask(app, "/a/b/c")), origins(ask(app, "/a/c", OTHER))) == ([PAGE], [OTHER])
        for path, status in (("/none", 404), ("/crash", 500)):
            response = ask(later, path)
            assert (response.status_code, origins(response)) == (status, [PAGE])
        assert origins(ask(later, "/", method="DELETE")) == [PAGE]
