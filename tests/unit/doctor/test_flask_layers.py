"""The layers of Flask and other WSGI apps in the same process."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import flask_cors
import pytest
from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from crossorigin import Policy
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.flask_layers import read_flask
from crossorigin.doctor.servers import Server, recognize_app
from crossorigin.flask import CORS
from crossorigin.wsgi import CORSMiddleware

PAGE = "https://app.example.com"


def raw(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A view that is never called."""
    raise NotImplementedError


def server_of(app: Any, path: str = "/") -> Server:
    """Return what an app is recognized as."""
    return recognize_app(read_app(app, path=path)).server


def with_flask_cors(**options: Any) -> Flask:
    """Return an app with the package."""
    app = Flask(__name__)
    flask_cors.CORS(app, **options)
    return app


def test_apps_without_cors_are_recognized() -> None:
    """As apps of Flask, or as WSGI apps."""
    assert server_of(Flask(__name__)) is Server.FLASK_APP
    assert server_of(raw) is Server.WSGI


def test_our_options_are_read() -> None:
    """From the policy that the extension or the middleware has."""
    policy = Policy(allow_origins=[PAGE], allow_methods=["PUT"])
    app = Flask(__name__)
    CORS(app, policy=policy)
    [layer] = read_app(app).layers
    assert (layer.options, layer.in_config) == (policy.to_dict(), False)
    assert server_of(app) is Server.CROSSORIGIN_FLASK
    wrapped = CORSMiddleware(raw, policy=policy)
    assert read_app(wrapped).layers[0].options == policy.to_dict()
    assert server_of(wrapped) is Server.CROSSORIGIN_WSGI


def test_options_in_the_configuration_are_known_to_be_there() -> None:
    """The fix changes the configuration."""
    app = Flask(__name__)
    app.config["CORS_ALLOW_ORIGINS"] = [PAGE]
    CORS(app)
    assert read_app(app).layers[0].in_config


def test_the_options_of_flask_cors_are_read() -> None:
    """The defaults are included, under the names of `Policy`."""
    app = with_flask_cors(origins=PAGE, methods=["GET", "PUT"], supports_credentials=True)
    [layer] = read_app(app).layers
    assert layer.options == {
        "allow_origins": [PAGE],
        "allow_methods": ["GET", "PUT"],
        "allow_headers": ["*"],
        "allow_credentials": True,
    }
    assert read_app(with_flask_cors()).layers[0].options["allow_origins"] == ["*"]
    assert server_of(app) is Server.FLASK


@pytest.mark.parametrize(
    "options",
    [
        {"resources": {"/api/*": {"origins": [PAGE]}}},
        {"resources": {"/a": {}, "/b": {}}},
        {"origins": [r"https://.*\.example\.com"]},
    ],
)
def test_other_options_of_flask_cors_are_not_read(options: dict[str, Any]) -> None:
    """Paths and expressions are more than lists, so the fix only adds elements."""
    [layer] = read_app(with_flask_cors(**options)).layers
    assert not layer.is_read


def test_another_release_of_flask_cors_may_keep_its_options_differently() -> None:
    """Its layer is known nevertheless."""
    app = Flask(__name__)
    foreign: dict[str, Any] = {"__name__": "flask_cors.extension"}
    exec("def hook(response): return response", foreign)
    app.after_request(foreign["hook"])
    [layer] = read_app(app).layers
    assert (layer.is_read, layer.options) == (False, {})


def test_flask_cors_on_a_view_or_a_blueprint_is_known_for_its_paths() -> None:
    """For other paths, only the package is known."""
    app, partners = Flask(__name__), Blueprint("partners", __name__)
    flask_cors.CORS(partners)
    partners.add_url_rule("/feed", "feed", lambda: "feed")
    app.register_blueprint(partners)
    app.add_url_rule("/view", "view", flask_cors.cross_origin()(lambda: "view"))
    assert [layer.on for layer in read_app(app, path="/feed").layers] == ["the blueprint partners"]
    assert [layer.on for layer in read_app(app, path="/view").layers] == ["the view view"]
    assert read_app(app, path="/other").layers == ()
    assert server_of(app, "/other") is Server.FLASK


def test_a_converter_that_fails_hides_no_other_layer() -> None:
    """It may need what only a request has."""

    def failing(path: str, method: str | None = None) -> Any:
        raise RuntimeError(path)

    app = with_flask_cors()
    broken = SimpleNamespace(
        url_map=SimpleNamespace(bind=lambda _: SimpleNamespace(match=failing, allowed_methods=failing)),
        after_request_funcs=app.after_request_funcs,
        view_functions=app.view_functions,
        extensions=app.extensions,
    )
    assert len(read_flask(broken, "/").layers) == 1


def test_middleware_around_an_app_is_named() -> None:
    """Whether it is around the app or around its `wsgi_app`."""
    app = Flask(__name__)
    app.wsgi_app = ProxyFix(CORSMiddleware(app.wsgi_app, allow_origins=[PAGE]))  # type: ignore[method-assign]
    assert [layer.name for layer in read_app(app).layers] == ["ProxyFix", "CORSMiddleware"]
    assert server_of(app) is Server.CROSSORIGIN_WSGI
    assert [layer.name for layer in read_app(ProxyFix(Flask(__name__))).layers] == ["ProxyFix"]


def test_an_app_of_flask_inside_another_needs_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code at the end of the module cannot reach one without a name, so the other is wrapped."""
    module = ModuleType("of_flask")
    site = Flask(__name__)
    vars(module).update(site=site, app=ProxyFix(site), other=ProxyFix(Flask(__name__)))
    monkeypatch.setitem(sys.modules, "of_flask", module)
    named = read_app(vars(module)["app"], name="of_flask:app")
    assert (named.framework, named.target) == ("flask", "site")
    unnamed = read_app(vars(module)["other"], name="of_flask:other")
    assert (unnamed.framework, unnamed.target) == ("wsgi", None)
