"""A WSGI app with its own middleware inside an ASGI app with a middleware: the outer one sets the headers."""

from typing import Any

import pytest
from a2wsgi import WSGIMiddleware
from flask import Flask

from crossorigin import CORSMiddleware
from crossorigin.flask import CORS
from crossorigin.testing import Page

ORIGIN, INNER = "https://app.example.com", "https://inner.example"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_outer_middleware_decides(method: str) -> None:
    """There is one allowed origin and one `Vary`, and a page that only the inner policy allows is refused."""
    inner = Flask(__name__)
    CORS(inner, allow_origins=[INNER], allow_methods=["GET", "PUT"])
    inner.add_url_rule("/", "index", lambda: "index", methods=["GET", "PUT"])
    bridge: Any = WSGIMiddleware
    app = CORSMiddleware(bridge(inner), allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])
    verdict = Page(app, ORIGIN).can("/", method=method)
    response = verdict.exchanges[-1].response
    assert response is not None
    assert response.lines("Access-Control-Allow-Origin") == (ORIGIN.encode(),)
    assert len(response.lines("Vary")) == 1
    Page(app, INNER).cannot("/", method=method)
