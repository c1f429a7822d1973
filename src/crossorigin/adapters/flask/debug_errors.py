"""Responses to exceptions in debug mode, which pages of allowed other origins can read.

In debug mode, Flask passes an exception on to Werkzeug's debugger, whose page has no CORS headers. A page of another
origin then sees a network error instead of the traceback. The debugger stays for everyone else.
"""

from __future__ import annotations

import sys

from crossorigin.adapters.wsgi.environ import ORIGIN, read_facts
from crossorigin.policy.decide.same_origin import is_same_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from crossorigin.adapters.common.wsgi_types import Environ, StartResponse
    from crossorigin.adapters.flask.layer import FlaskLayer

_STATUS = "500 Internal Server Error"


class DebugErrors:
    """A layer that answers the exceptions of a `FlaskLayer` as text, if a page of another origin may read it.

    `policy` is the policy of the app.
    """

    __slots__ = ("app", "policy")

    def __init__(self, app: FlaskLayer) -> None:
        """Wrap the layer."""
        self.app = app
        self.policy = app.policy

    def serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        has_started = False

        def start(*arguments: Any) -> Any:
            nonlocal has_started
            has_started = True
            return start_response(*arguments)

        try:
            return self.app.serve(environ, start)
        except Exception:
            if ORIGIN not in environ or is_same_origin(read_facts(environ)):
                raise
            decided = self.app.decide_ahead(environ)
            if not decided.decision.allowed:
                raise
            import traceback

            # The debugger would print it.
            text = traceback.format_exc()
            environ["wsgi.errors"].write(text)
            body = text.encode("utf-8", "backslashreplace")
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
            # https://peps.python.org/pep-3333/#the-start-response-callable: a second start needs the exception, and
            # raises it if the headers were sent.
            start_response(_STATUS, decided.apply(headers), *([sys.exc_info()] if has_started else []))
            return [body]
