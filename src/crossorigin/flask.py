"""The extension for Flask apps, the decorator for views, and `explain`."""

from __future__ import annotations

from crossorigin.adapters.flask.decorator import cross_origin
from crossorigin.adapters.flask.extension import CORS
from crossorigin.adapters.flask.registry import EXTENSION
from crossorigin.adapters.wsgi.environ import REQUEST_METHOD
from crossorigin.fetch.methods import normalize_method

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from crossorigin.adapters.flask.layer import FlaskLayer
    from crossorigin.policy.explain.explanation import Explanation

__all__ = ["CORS", "cross_origin", "explain"]


def explain(app: Flask, method: str, path: str, origin: str | None, request_headers: Iterable[str] = ()) -> Explanation:
    """Explain the decision on a page's request to an app, by the policy of the view that serves it.

    Args:
        app: An app with the extension. The app is not called.
        method: The method that the page uses.
        path: The path of the URL, such as "/items/1".
        origin: The page's origin, or None for a request without an `Origin` header.
        request_headers: The names of the headers that the page sets.

    Raises:
        ValueError: The app has no `CORS` extension.

    `Policy.explain` does the same for one policy, without looking up a route.

    >>> from flask import Flask
    >>> app = Flask(__name__)
    >>> cors = CORS(app, allow_origins=["https://app.example.com"])
    >>> explain(app, "GET", "/", "https://app.example.com").allowed
    True
    """
    from crossorigin.policy.explain.explanation import explain as explain_by

    layer: FlaskLayer | None = app.extensions.get(EXTENSION)
    if layer is None:
        raise ValueError("This app has no CORS extension. Add it with CORS(app, ...) of crossorigin.flask.")
    sent = normalize_method(method)
    environ = app.test_request_context(path, method="OPTIONS").request.environ
    selection, plan = layer.routes.preflight({**environ, REQUEST_METHOD: sent})
    return explain_by(selection.policy, plan.plan, method, origin, request_headers, route=selection.owner or None)
