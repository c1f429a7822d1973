"""Run a request through the Flask extension in process. The app answers any path and method as the case says."""

from typing import Any

from flask import Flask, Response
from werkzeug.datastructures import Headers
from werkzeug.routing import Rule

from crossorigin import Policy
from crossorigin.flask import CORS
from tests.cases.table import Request
from tests.cases.table import Response as Told
from tests.cases.text import BODY, TextExchange, byte_lines, joined, text_pairs
from tests.cases.wsgi import environ_of, serve


class _Unframed(Response):
    """A response whose length and type Flask does not add or remove, because the cases compare all headers."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """Return the headers as they are."""
        return self.headers


def exchange(policy: Policy, debug: bool, request: Request, response: Told, separator: str) -> TextExchange:
    """Send a request through the extension on a Flask app that answers with `response`."""
    app = Flask(__name__)
    app.debug = debug
    ran: list[bool] = []

    # A rule without methods takes all of them.
    app.url_map.add(Rule("/", endpoint="answer"))

    @app.endpoint("answer")
    def answer() -> Response:
        ran.append(True)
        told = _Unframed(BODY, response.status)
        told.headers.clear()
        for name, value in text_pairs(response):
            told.headers.add(name, value)
        return told

    CORS(app, policy=policy, debug=debug)
    served: Any = app.wsgi_app
    status, headers, body = serve(served, environ_of(request.method, joined(request, separator)))
    # Flask sends no body with some statuses and in response to HEAD.
    return TextExchange(
        app_ran=bool(ran), status=int(status.partition(" ")[0]), headers=byte_lines(headers), body=body or BODY
    )
