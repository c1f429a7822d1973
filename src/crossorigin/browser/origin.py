"""The `Origin` header of a request: its value, and whether it is sent.

https://fetch.spec.whatwg.org/#append-a-request-origin-header
"""

from crossorigin.browser.engines import Engine
from crossorigin.browser.redirect import Hop
from crossorigin.browser.request import BrowserRequest
from crossorigin.fetch.origin import OPAQUE_ORIGIN


def origin_of(hop: Hop, request: BrowserRequest) -> str:
    """Serialize the request's origin: the page's origin, or `null` after a redirect has tainted it.

    https://fetch.spec.whatwg.org/#serialized-origin
    """
    return OPAQUE_ORIGIN if hop.tainted else request.origin


def origin_header(hop: Hop, request: BrowserRequest, engine: Engine) -> str | None:
    """Return the value of `Origin`, or None if the header is not sent."""
    origin = origin_of(hop, request)
    if hop.tainting == "cors":
        return origin
    if hop.method in {"GET", "HEAD"} and not _sends_same_origin_header(hop, request, engine):
        return None
    if hop.has_crossed_origins and engine.cross_origin_redirect_hides_origin:
        return OPAQUE_ORIGIN
    if request.mode == "cors" or not engine.referrer_policy_hides_origin:
        return origin
    return OPAQUE_ORIGIN if _policy_hides_origin(hop, request) else origin


def _sends_same_origin_header(hop: Hop, request: BrowserRequest, engine: Engine) -> bool:
    if request.mode == "cors" and request.initiator in engine.initiators_always_sending_origin:
        return True
    return engine.keeps_origin_after_post and hop.origin_was_sent


def _policy_hides_origin(hop: Hop, request: BrowserRequest) -> bool:
    match request.referrer_policy:
        case "no-referrer":
            return True
        case "no-referrer-when-downgrade" | "strict-origin" | "strict-origin-when-cross-origin":
            return request.origin.startswith("https:") and hop.url.origin.scheme != "https"
        case "same-origin":
            return str(hop.url.origin) != request.origin
        case _:
            return False
