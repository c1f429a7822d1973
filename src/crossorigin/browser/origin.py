"""Say whom a request names as its origin, and whether it names anybody.

https://fetch.spec.whatwg.org/#append-a-request-origin-header
"""

from crossorigin.browser.engines import Engine
from crossorigin.browser.redirect import Hop
from crossorigin.browser.request import BrowserRequest
from crossorigin.fetch.origin import OPAQUE_ORIGIN


def origin_of(hop: Hop, request: BrowserRequest) -> str:
    """Serialize the request's origin: the page's, until a redirect has tainted it.

    https://fetch.spec.whatwg.org/#serialized-origin
    """
    return OPAQUE_ORIGIN if hop.tainted else request.origin


def origin_header(hop: Hop, request: BrowserRequest, engine: Engine) -> str | None:
    """Return the value of `Origin`, or None where none is sent."""
    origin = origin_of(hop, request)
    if hop.tainting == "cors":
        return origin
    if hop.method in {"GET", "HEAD"} and not _names_it_all_the_same(hop, request, engine):
        return None
    if hop.crossed and engine.crossing_hides_origin:
        return OPAQUE_ORIGIN
    if request.mode == "cors" or not engine.origin_hides_as_referrer:
        return origin
    return OPAQUE_ORIGIN if _is_hidden(hop, request) else origin


def _names_it_all_the_same(hop: Hop, request: BrowserRequest, engine: Engine) -> bool:
    if request.mode == "cors" and request.initiator in engine.origin_of:
        return True
    return engine.keeps_origin_header and hop.named_origin


def _is_hidden(hop: Hop, request: BrowserRequest) -> bool:
    match request.referrer_policy:
        case "no-referrer":
            return True
        case "no-referrer-when-downgrade" | "strict-origin" | "strict-origin-when-cross-origin":
            return request.origin.startswith("https:") and hop.url.origin.scheme != "https"
        case "same-origin":
            return str(hop.url.origin) != request.origin
        case _:
            return False
