"""Refusal of requests and WebSocket handshakes, for those who want more than CORS: no browser asks for it.

CORS keeps a page from reading a response, but not a request from arriving, and it does not apply to WebSockets.
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

    A request without `Origin` does not come from a page, or comes from one that may send it anyway.
    """
    if decision.allowed or decision.origin is Reason.ORIGIN_ABSENT:
        return False
    return not is_same_origin(request)


async def refuse_request(decision: ActualDecision, send: Send) -> None:
    """Answer 403, with the reason, and with no header that lets a page read it."""
    await _send_refusal("http.response", decision, send)


async def refuse_handshake(decision: ActualDecision, scope: Scope, send: Send) -> None:
    """Refuse a WebSocket handshake: with 403 where the server can, otherwise with the close code for a violation.

    https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
    """
    if _DENIAL in (scope.get("extensions") or ()):
        await _send_refusal(_DENIAL, decision, send)
    else:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": decision.origin.value})


async def _send_refusal(kind: str, decision: ActualDecision, send: Send) -> None:
    body = f"Disallowed CORS origin: {decision.origin.value}".encode()
    # Not the policy's headers: a response that is the same for all origins needs no `Vary`, but this one is different.
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"Origin"),
    ]
    await send({"type": f"{kind}.start", "status": _FORBIDDEN, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
