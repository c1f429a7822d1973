"""Refusal of requests and WebSocket handshakes from other origins, which goes beyond what CORS requires.

CORS prevents a page from reading a response, but the request still arrives, and CORS does not apply to WebSockets.
https://fetch.spec.whatwg.org/#http-cors-protocol; https://www.rfc-editor.org/rfc/rfc6455#section-10.2
"""

from __future__ import annotations

from crossorigin.policy.decide.decisions import ActualDecision, Reason
from crossorigin.policy.decide.same_origin import is_same_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.adapters.common.asgi_types import Scope, Send
    from crossorigin.policy.decide.request_facts import RequestFacts

_FORBIDDEN = 403
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1: the message violates the endpoint's policy.
_POLICY_VIOLATION = 1008
_DENIAL = "websocket.http.response"


def is_foreign(decision: ActualDecision, request: RequestFacts) -> bool:
    """Return whether a request comes from a page of another origin that is not allowed.

    A request without `Origin` was not sent by a page, or was sent by a page that needs no permission for it.
    """
    reason = decision.origin
    if reason.allows or reason is Reason.ORIGIN_ABSENT:
        return False
    return not is_same_origin(request, reason)


async def refuse_request(decision: ActualDecision, send: Send) -> None:
    """Answer 403 with the reason in the body, and without CORS headers, so that no page can read it."""
    await _send_refusal("http.response", decision, send)


async def refuse_handshake(decision: ActualDecision, scope: Scope, send: Send) -> None:
    """Refuse a WebSocket handshake with 403 if the server supports it, otherwise with close code 1008.

    https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
    """
    if _DENIAL in (scope.get("extensions") or ()):
        await _send_refusal(_DENIAL, decision, send)
    else:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": decision.origin.value})


async def _send_refusal(kind: str, decision: ActualDecision, send: Send) -> None:
    body = f"Disallowed CORS origin: {decision.origin.value}".encode()
    # A policy that sends the same headers to all origins has no `Vary`, but this response depends on the origin.
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"Origin"),
    ]
    await send({"type": f"{kind}.start", "status": _FORBIDDEN, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
