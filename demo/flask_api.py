"""The API of the demo as a Flask app with crossorigin's extension.

The servers of the demo speak ASGI, so the Flask app is behind a bridge.
"""

from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Blueprint, Flask, request

from crossorigin import LiveOrigins, LivePolicy
from crossorigin.flask import CORS

routes = Blueprint("routes", __name__)


@routes.get("/")
def main() -> dict[str, Any]:
    """Return the documented message."""
    return {"message": "Hello World"}


@routes.post("/")
def receive() -> dict[str, Any]:
    """Return the body of a JSON POST."""
    return {"message": "Received", "body": request.get_json()}


@routes.put("/")
def replace() -> dict[str, Any]:
    """Return the body of a JSON PUT."""
    return {"message": "Replaced", "body": request.get_json()}


def create_api(policy: LivePolicy, origins: LiveOrigins | None) -> Any:
    """Return an app with these routes, whose policy may change."""
    app: Any = Flask(__name__)
    CORS(app, policy=policy, origins=origins)
    app.register_blueprint(routes)
    return WSGIMiddleware(app)
