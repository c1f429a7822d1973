"""What the adapter reads from an aiohttp request."""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiohttp.web import Request

    from crossorigin.adapters.common.text_headers import TextPreflight
    from crossorigin.adapters.common.text_plan import TextPlan
    from crossorigin.policy.decide.request_facts import RequestFacts

ORIGIN = hdrs.ORIGIN
REQUEST_METHOD = hdrs.ACCESS_CONTROL_REQUEST_METHOD
REQUEST_HEADERS = hdrs.ACCESS_CONTROL_REQUEST_HEADERS
_REQUEST_PRIVATE_NETWORK = "Access-Control-Request-Private-Network"


# The keys of a request. Older releases of aiohttp have only strings for it, and newer ones warn about them.
_key_type: Any = getattr(web, "RequestKey", None)
# What was decided before the handler ran, if the app needs more than headers.
DECIDED: Any = "crossorigin_decided" if _key_type is None else _key_type("crossorigin_decided", object)
# The owner of the policy that decided, if it is not the policy of the app.
OWNER: Any = "crossorigin_owner" if _key_type is None else _key_type("crossorigin_owner", str)


def value_of(request: Request, name: str) -> str | None:
    """Return the value of a field, its lines joined by commas, or None if it is absent.

    aiohttp decodes UTF-8, with surrogates for other bytes. The result has one character for each byte instead.
    """
    lines = request.headers.getall(name, None)
    if lines is None:
        return None
    value = lines[0] if len(lines) == 1 else ",".join(lines)
    return value if value.isascii() else _bytes_of(value).decode("latin-1")


def _bytes_of(text: str) -> bytes:
    """Return the bytes of a line as the client sent them."""
    return text.encode("utf-8", "surrogateescape")


def is_handshake(request: Request) -> bool:
    """Return whether a request is a WebSocket handshake, as aiohttp recognizes one."""
    return request.headers.get(hdrs.UPGRADE, "").lower().strip() == "websocket"


def decide_preflight(plan: TextPlan, origin: str, request_method: str, request: Request) -> TextPreflight:
    """Return the decision on a CORS-preflight request, of which two values have been read."""
    return plan.decide_preflight(
        origin, request_method, value_of(request, REQUEST_HEADERS), value_of(request, _REQUEST_PRIVATE_NETWORK)
    )


def read_facts(request: Request) -> RequestFacts:
    """Return the facts of a request that logs, hooks and blocking use."""
    from crossorigin.policy.decide.request_facts import RequestFacts

    names = (ORIGIN, REQUEST_METHOD, REQUEST_HEADERS, hdrs.HOST, "Sec-Fetch-Site")
    return RequestFacts(
        "websocket" if is_handshake(request) else "http",
        request.method,
        request.path,
        *([_bytes_of(line) for line in request.headers.getall(name, [])] for name in names),
    )
