"""The response headers that a page can read.

https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
"""

from crossorigin.browser.engines import Engine
from crossorigin.browser.request import BrowserRequest, HttpResponse, Tainting
from crossorigin.fetch.fields import WILDCARD_BYTES, split_list
from crossorigin.fetch.headers import CORS_SAFELISTED_RESPONSE_HEADERS, FORBIDDEN_RESPONSE_HEADERS
from crossorigin.fetch.methods import is_token_bytes


def exposed_names(
    response: HttpResponse, tainting: Tainting, engine: Engine, request: BrowserRequest
) -> tuple[str, ...]:
    """Return the names of the response's headers that the page can read, in lower case, sorted."""
    if tainting == "opaque":
        return ()
    names = {name.lower().decode("latin-1") for name, _ in response.headers} - FORBIDDEN_RESPONSE_HEADERS
    if tainting == "cors":
        elements = split_list(response.lines("Access-Control-Expose-Headers"))[0]
        wildcard = WILDCARD_BYTES in elements and not request.includes_credentials
        if not all(map(is_token_bytes, elements)):
            # One invalid element makes the whole list invalid.
            elements = []
            wildcard = wildcard and engine.wildcard_exposes_despite_invalid and request.initiator == "fetch"
        if not wildcard:
            names &= {element.lower().decode() for element in elements} | CORS_SAFELISTED_RESPONSE_HEADERS
    return tuple(sorted(names))
