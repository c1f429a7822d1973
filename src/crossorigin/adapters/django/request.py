"""What the adapter reads from a Django request, and the responses that it sends by itself.

A request has its fields in `META`, as a WSGI environ has them, also under ASGI. Servers and Django join repeated lines
by commas.
"""

from __future__ import annotations

from django.http import HttpResponse

from crossorigin.adapters.common.enforcement import FORBIDDEN, refusal_body, refusal_pairs
from crossorigin.adapters.common.text_encoding import line_of_list, lines_of_value
from crossorigin.adapters.wsgi.environ import MARK, ORIGIN, OWNER, REQUEST_HEADERS, REQUEST_METHOD, decide_preflight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from django.http import HttpRequest

    from crossorigin.adapters.common.text_headers import TextPreflight
    from crossorigin.adapters.common.text_plan import TextPlan
    from crossorigin.policy.decide.decisions import ActualDecision
    from crossorigin.policy.decide.request_facts import RequestFacts


def sent_method(request: HttpRequest) -> str:
    """Return the method as the client sent it. `request.method` is in upper case, but methods are case-sensitive."""
    scope = getattr(request, "scope", None)
    method: str = request.META.get("REQUEST_METHOD", "") if scope is None else scope["method"]
    return method


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a request is a CORS-preflight request."""
    meta = request.META
    return REQUEST_METHOD in meta and ORIGIN in meta and sent_method(request) == "OPTIONS"


def outer_mark(request: HttpRequest) -> object | None:
    """Return the mark of a middleware of this package around Django's, in its environ or its ASGI scope, or None."""
    mark: object | None = request.META.get(MARK)
    if mark is None:
        scope = getattr(request, "scope", None)
        return None if scope is None else scope.get(MARK)
    return mark


def note_owner(request: HttpRequest, owner: str) -> None:
    """Note which view's policy decided, in the environ or the ASGI scope. `owner` is empty for that of the settings."""
    known: MutableMapping[str, object] = getattr(request, "scope", request.META)
    if owner:
        known[OWNER] = owner
    else:
        # The policy that was selected before the view ran may have been that of another view.
        known.pop(OWNER, None)


def read_facts(request: HttpRequest) -> RequestFacts:
    """Return the facts of a request that logs, hooks and blocking use."""
    from crossorigin.policy.decide.request_facts import RequestFacts

    meta = request.META
    return RequestFacts(
        "http",
        sent_method(request),
        request.path,
        lines_of_value(meta.get(ORIGIN)),
        lines_of_value(meta.get(REQUEST_METHOD)),
        line_of_list(meta.get(REQUEST_HEADERS)),
        lines_of_value(meta.get("HTTP_HOST")),
        lines_of_value(meta.get("HTTP_SEC_FETCH_SITE")),
    )


def decide_preflight_of(plan: TextPlan, request: HttpRequest) -> TextPreflight:
    """Return the decision on a CORS-preflight request."""
    return decide_preflight(plan, request.META)


def preflight_response(answer: TextPreflight) -> HttpResponse:
    """Return the response to a preflight."""
    return _own_response(answer.body, answer.status, answer.headers)


def refusal_response(decision: ActualDecision) -> HttpResponse:
    """Return the response to a blocked request."""
    body = refusal_body(decision)
    return _own_response(body, FORBIDDEN, refusal_pairs(body))


def _own_response(body: bytes, status: int, headers: Iterable[tuple[str, str]]) -> HttpResponse:
    response = HttpResponse(body, status=status, headers=dict(headers))
    # Django logs each 4xx response without this. The log of refused requests says why, and cannot be flooded.
    vars(response)["_has_been_logged"] = True
    return response
