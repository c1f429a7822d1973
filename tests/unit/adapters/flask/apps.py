"""A Flask app with its extension, and requests of pages to it."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from crossorigin.flask import CORS

ORIGIN = "https://app.example.com"
PARTNER = "https://partner.example"
OTHER = "https://other.example"


def create(**arguments: Any) -> Flask:
    """Return an app that allows `ORIGIN`, with one route."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index")
    CORS(app, **{"allow_origins": [ORIGIN], **arguments})
    return app


def get(app: Flask, path: str, origin: str = ORIGIN, method: str = "GET", **headers: str) -> Any:
    """Send a request of a page."""
    # The client would read two slashes as the start of a host.
    overrides = {"PATH_INFO": path} if path.startswith("//") else {}
    headers = {"Origin": origin, **headers}
    return app.test_client().open(f"/{path.lstrip('/')}", method=method, headers=headers, environ_overrides=overrides)


def preflight(app: Flask, path: str, origin: str = ORIGIN, method: str = "GET") -> Any:
    """Send a preflight of a page."""
    return get(app, path, origin, "OPTIONS", **{"Access-Control-Request-Method": method})


def allowed(response: Any) -> str | None:
    """Return the origin that a response allows."""
    headers: Mapping[str, str] = response.headers
    assert len(response.headers.getlist("Access-Control-Allow-Origin")) <= 1
    return headers.get("Access-Control-Allow-Origin")


def readers(app: Flask, path: str, method: str = "GET") -> set[str]:
    """Return which of the three origins may read the response at a path. The preflight must say the same."""
    both = {origin for origin in (ORIGIN, PARTNER, OTHER) if allowed(get(app, path, origin, method)) in {origin, "*"}}
    assert both == {
        origin for origin in (ORIGIN, PARTNER, OTHER) if allowed(preflight(app, path, origin, method)) in {origin, "*"}
    }
    return both
