"""The API of the demo as a Flask app with crossorigin's extension, and the same policy as the documented example.

The servers of the demo speak ASGI, so `app` is the Flask app behind a bridge.
"""

from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask, request

from crossorigin.flask import CORS
from demo.api import documented_policy

flask_app = Flask(__name__)
CORS(flask_app, policy=documented_policy())


@flask_app.get("/")
def main() -> dict[str, Any]:
    """Return the documented message."""
    return {"message": "Hello World"}


@flask_app.post("/")
def receive() -> dict[str, Any]:
    """Return the body of a JSON POST."""
    return {"message": "Received", "body": request.get_json()}


@flask_app.put("/")
def replace() -> dict[str, Any]:
    """Return the body of a JSON PUT."""
    return {"message": "Replaced", "body": request.get_json()}


# Flask and the bridge describe `start_response` in different types.
_wsgi_app: Any = flask_app
app: Any = WSGIMiddleware(_wsgi_app)
