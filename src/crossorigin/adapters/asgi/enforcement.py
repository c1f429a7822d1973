"""Refusal of requests and WebSocket handshakes from other origins, which goes beyond what CORS requires.

CORS prevents a page from reading a response, but the request still arrives, and CORS does not apply to WebSockets.
https://fetch.spec.whatwg.org/#http-cors-protocol; https://www.rfc-editor.org/rfc/rfc6455#section-10.2
"""

from __future__ import annotations

from crossorigin.adapters.common.enforcement import FORBIDDEN, refusal_body, refusal_pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.adapters.common.asgi_types import Scope, Send
    from crossorigin.policy.decide.decisions import ActualDecision

# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1: the message violates the endpoint's policy.
_POLICY_VIOLATION = 1008
_DENIAL = "websocket.http.response"


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
    body = refusal_body(decision)
    headers = [(name.lower().encode(), value.encode()) for name, value in refusal_pairs(body)]
    await send({"type": f"{kind}.start", "status": FORBIDDEN, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
