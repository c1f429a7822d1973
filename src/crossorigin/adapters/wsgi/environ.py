"""What the adapter reads from a WSGI environ, and the responses that it sends by itself.

https://peps.python.org/pep-3333/#environ-variables: servers join repeated header lines by commas, and may map a header
with underscores in its name to the same variable as one with hyphens.
"""

from __future__ import annotations

from http import HTTPStatus

from crossorigin.adapters.common.enforcement import FORBIDDEN, refusal_body, refusal_pairs
from crossorigin.adapters.common.text_encoding import encode_value, line_of_list, lines_of_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.adapters.common.text_headers import TextPreflight
    from crossorigin.adapters.common.text_plan import TextPlan
    from crossorigin.adapters.common.wsgi_types import Environ, StartResponse
    from crossorigin.policy.decide.decisions import ActualDecision
    from crossorigin.policy.decide.request_facts import RequestFacts

ORIGIN = "HTTP_ORIGIN"
REQUEST_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
REQUEST_HEADERS = "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"
REQUEST_PRIVATE_NETWORK = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"
# The decision, if there is a hook, and the owner of the policy that decided, if it is not the policy of the app.
DECISION = "crossorigin"
OWNER = "crossorigin.route"
# The mark of the middleware that serves a request.
MARK = "crossorigin.layer"

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def is_preflight(environ: Environ) -> bool:
    """Return whether a request is a CORS-preflight request."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and REQUEST_METHOD in environ and ORIGIN in environ


def decide_preflight(plan: TextPlan, environ: Environ) -> TextPreflight:
    """Return the decision on a CORS-preflight request."""
    return plan.decide_preflight(
        environ[ORIGIN],
        environ[REQUEST_METHOD],
        environ.get(REQUEST_HEADERS),
        environ.get(REQUEST_PRIVATE_NETWORK),
    )


def read_facts(environ: Environ) -> RequestFacts:
    """Return the facts of a request that logs, hooks and blocking use."""
    from crossorigin.policy.decide.request_facts import RequestFacts

    return RequestFacts(
        "http",
        environ["REQUEST_METHOD"],
        decode_path(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
        lines_of_value(environ.get(ORIGIN)),
        lines_of_value(environ.get(REQUEST_METHOD)),
        line_of_list(environ.get(REQUEST_HEADERS)),
        lines_of_value(environ.get("HTTP_HOST")),
        lines_of_value(environ.get("HTTP_SEC_FETCH_SITE")),
    )


def decode_path(text: str) -> str:
    """Return the text of a path, which WSGI passes as if its bytes were Latin-1."""
    return encode_value(text).decode("utf-8", "replace")


def send_preflight(answer: TextPreflight, start_response: StartResponse) -> Iterable[bytes]:
    """Send the response to a preflight."""
    start_response(_STATUS_LINES[answer.status], [*answer.headers])
    return [answer.body]


def send_refusal(decision: ActualDecision, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a blocked request with 403."""
    body = refusal_body(decision)
    start_response(_STATUS_LINES[FORBIDDEN], refusal_pairs(body))
    return [body]
