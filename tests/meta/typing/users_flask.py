"""Code of users of Flask and WSGI, and the errors that a type checker reports in it.

The code never runs. mypy and pyright must accept each line. A comment that ignores an error marks an intended one,
because an ignore comment without an error is an error itself.
"""

from collections.abc import Iterable
from typing import Any, assert_type

from flask import Blueprint, Flask

from crossorigin import Decision, Explanation, Policy
from crossorigin.browser import Verdict
from crossorigin.flask import CORS, cross_origin, explain
from crossorigin.testing import assert_browser_can
from crossorigin.wsgi import CORSMiddleware

policy = Policy(allow_origins=["https://app.example.com"])
app = Flask(__name__)
partners = Blueprint("partners", __name__)


def on_decision(decision: Decision, environ: dict[str, Any]) -> None:
    """Observe decisions."""
    print(decision.allowed, environ["PATH_INFO"])


# The extension.

CORS(app, allow_origins=["https://app.example.com"], allow_credentials=True)
CORS(policy=policy).init_app(app)
CORS().init_app(app, resources={"/feed": None}, on_refused="pass", allow_origins=["https://app.example.com"])
CORS().init_app(app, origins=["*"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
CORS(partners, policy=policy)
CORS(app, resources={"/public/*": policy, "/internal": None, "/feed": {"allow_origins": ["*"]}})
CORS(app, policy=policy, on_refused="block", on_decision=on_decision, debug=app.debug, served_methods_only=True)
CORS(app, origins=["https://app.example.com"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
CORS(app, allow_origins=["*"], on_refused="refuse")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
CORS("app")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# A view keeps its own type.


@app.get("/feed")
@cross_origin(allow_origins=["*"], automatic_options=False)
def feed(page: int = 1) -> dict[str, int]:
    """Answer something."""
    return {"page": page}


assert_type(feed(2), dict[str, int])
cross_origin(policy)(feed)
cross_origin(None)(feed)
cross_origin(allow_origin=["*"])(feed)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(explain(app, "GET", "/feed", None), Explanation)


# Any other WSGI app.


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer nothing."""
    start_response("204 No Content", [])
    return []


wrapped = CORSMiddleware(application, policy=policy, on_decision=on_decision)
assert_type(wrapped({}, lambda *_: print), Iterable[bytes])
assert_type(assert_browser_can(wrapped, origin="https://app.example.com"), Verdict)
assert_browser_can(app, origin="https://app.example.com")
CORSMiddleware(application, check_websockets=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
