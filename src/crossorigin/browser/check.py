"""The CORS check of one response: Access-Control-Allow-Origin and Access-Control-Allow-Credentials.

https://fetch.spec.whatwg.org/#concept-cors-check. The standard defines only success and failure. The reasons for a
failure follow Chromium.
"""

from crossorigin.browser.engines import Engine
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.request import Culprit, HttpResponse
from crossorigin.browser.url import looks_like_a_url
from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.origin import OPAQUE_ORIGIN

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"

# A reason, and the header that caused it or None if the browser got no response.
Blocked = tuple[BrowserReason, Culprit | None]


def cors_check(
    response: HttpResponse, origin: str, engine: Engine, *, includes_credentials: bool, exchange: int
) -> Blocked | None:
    """Return why a page of `origin` may not read the response, or None if it may."""
    lines = text_lines(response, ALLOW_ORIGIN)
    value = ", ".join(lines)
    reason = None
    # https://fetch.spec.whatwg.org/#concept-cors-check, step 2.
    if not lines:
        reason = BrowserReason.MISSING_ALLOW_ORIGIN_HEADER
    # Steps 3 and 4: with credentials, `*` is not a wildcard.
    elif value == WILDCARD:
        reason = BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED if includes_credentials else None
    elif value != origin:
        reason = _mismatch(value)
    if reason is not None:
        return reason, culprit_in(response, ALLOW_ORIGIN, exchange=exchange, subject=origin)
    if not includes_credentials:
        return None
    # Step 7: the value must be exactly `true`, in lower case.
    lines = text_lines(response, ALLOW_CREDENTIALS)
    if ", ".join(filter(None, lines) if engine.ignores_empty_credentials_lines else lines) == "true":
        return None
    return BrowserReason.INVALID_ALLOW_CREDENTIALS, culprit_in(
        response, ALLOW_CREDENTIALS, exchange=exchange, subject="true"
    )


def _mismatch(value: str) -> BrowserReason:
    if " " in value or "," in value:
        return BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES
    try:
        text = value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return BrowserReason.INVALID_ALLOW_ORIGIN_VALUE
    if text == OPAQUE_ORIGIN or looks_like_a_url(text):
        return BrowserReason.ALLOW_ORIGIN_MISMATCH
    return BrowserReason.INVALID_ALLOW_ORIGIN_VALUE


def culprit_in(response: HttpResponse, header: str, *, exchange: int, subject: str) -> Culprit:
    """Return the culprit for a request that failed because of this response header."""
    return Culprit(exchange=exchange, header=header, lines=text_lines(response, header), subject=subject)


def text_lines(response: HttpResponse, name: str) -> tuple[str, ...]:
    """Return the values of one header as text."""
    return tuple(line.decode("latin-1") for line in response.lines(name))
