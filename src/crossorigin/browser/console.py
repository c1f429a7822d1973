"""The console messages of each engine for a failed request."""

from crossorigin.browser.check import ALLOW_CREDENTIALS, ALLOW_ORIGIN
from crossorigin.browser.engines import EngineName
from crossorigin.browser.preflight import LOCATION, REDIRECT_STATUSES
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.request import Exchange, Verdict
from crossorigin.browser.texts import (
    CHROMIUM,
    CHROMIUM_FETCH_SCHEME,
    CHROMIUM_LOCAL_FILE,
    CHROMIUM_PREFLIGHT,
    FETCH_TAIL,
    FIREFOX,
    FIREFOX_MULTIPLE,
    FIREFOX_QUOTED,
    FIREFOX_SCHEME,
    FIREFOX_SCHEME_CATEGORY,
    SAME_ORIGIN_FETCH,
    WEBKIT_HTTP_ONLY,
    WEBKIT_MISMATCH,
    WEBKIT_MULTIPLE,
    WEBKIT_REDIRECT,
    XHR_TAIL,
    Texts,
    texts_of,
)
from crossorigin.browser.url import locate, parse_url, scheme_of
from crossorigin.fetch.origin import OPAQUE_ORIGIN

_KINDS = {
    "fetch": "fetch",
    "xhr": "XMLHttpRequest",
    "script": "script",
    "image": "image",
    "stylesheet": "CSS stylesheet",
    "font": "font",
    "video": "video",
    "eventsource": "resource",
    "beacon": "resource",
}

# Chromium puts a sentence about the preflight before the texts of these reasons, and before those of the preflight
# variants of other reasons.
_PREFIXED_PREFLIGHT_REASONS = frozenset(
    {BrowserReason.PREFLIGHT_INVALID_STATUS, BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT}
)


def console_text(verdict: Verdict, engine: EngineName | None = None) -> str | None:
    """Return the console message for a verdict, or None if the console shows nothing about CORS.

    `engine` defaults to the engine of the verdict.
    """
    texts = _unserved_scheme_texts(verdict)
    match engine or verdict.engine:
        case "chromium":
            text = _chromium(verdict) if texts is None else texts.chromium
        case "firefox":
            text = _firefox(verdict) if texts is None else texts.firefox
        case "webkit":
            text = _webkit(verdict) if texts is None else texts.webkit
        case _:
            text = None
    return None if text is None else text.format_map(_fields(verdict))


def firefox_category(verdict: Verdict) -> str | None:
    """Return the category under which Firefox logs a verdict, or None if it logs nothing about CORS."""
    if verdict.reason is None:
        return None
    if _has_several_lines(verdict):
        return "CORSMultipleAllowOriginNotAllowed"
    return (_unserved_scheme_texts(verdict) or texts_of(verdict.reason)).firefox_category


def _unserved_scheme_texts(verdict: Verdict) -> Texts | None:
    """Return the complete messages if the page requested a scheme that has no servers, and None otherwise."""
    request, reason = verdict.request, verdict.reason
    if reason is not BrowserReason.CORS_DISABLED_SCHEME or verdict.exchanges:
        return None
    is_file, cors = scheme_of(request.url) == "file", request.mode == "cors"
    # A page that requests a file and has an opaque origin was itself opened as a file.
    is_foreign_file = is_file and request.origin != OPAQUE_ORIGIN
    if is_foreign_file:
        chromium: str | None = CHROMIUM_LOCAL_FILE
    elif request.initiator == "fetch" and not is_file:
        chromium = CHROMIUM_FETCH_SCHEME
    else:
        chromium = f"{CHROMIUM}{texts_of(reason).chromium}" if cors else None
    firefox_logs = cors and not is_foreign_file
    return Texts(
        chromium=chromium,
        firefox=f"{FIREFOX}{FIREFOX_SCHEME}." if firefox_logs else None,
        firefox_category=FIREFOX_SCHEME_CATEGORY if firefox_logs else None,
        webkit=WEBKIT_HTTP_ONLY if cors and request.initiator in {"fetch", "xhr"} else None,
    )


def _chromium(verdict: Verdict) -> str | None:
    reason = verdict.reason
    if reason is None:
        return None
    if reason is BrowserReason.DISALLOWED_BY_MODE and verdict.request.initiator == "fetch":
        return SAME_ORIGIN_FETCH
    text = texts_of(reason).chromium
    if text is None or (reason is BrowserReason.REDIRECT_CONTAINS_CREDENTIALS and _is_same_origin_redirect(verdict)):
        return None
    names_preflight = reason.for_request() is not reason or reason in _PREFIXED_PREFLIGHT_REASONS
    return CHROMIUM + (CHROMIUM_PREFLIGHT if names_preflight else "") + text


def _is_same_origin_redirect(verdict: Verdict) -> bool:
    """Return whether a redirect stays on the page's own origin; Chromium logs no message when it refuses one."""
    location = verdict.culprit.lines[0] if verdict.culprit is not None else ""
    urls = [parse_url(verdict.url), parse_url(location)]
    return all(url is not None and str(url.origin) == verdict.request.origin for url in urls)


def _firefox(verdict: Verdict) -> str | None:
    if verdict.reason is None:
        return None
    text = texts_of(verdict.reason).firefox
    if text is None:
        return None
    quoted = verdict.reason.for_request() is BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED
    frame = FIREFOX_QUOTED if quoted else FIREFOX
    return f"{frame}{FIREFOX_MULTIPLE if _has_several_lines(verdict) else text}."


def _has_several_lines(verdict: Verdict) -> bool:
    culprit = verdict.culprit
    return culprit is not None and culprit.header == ALLOW_ORIGIN and len(culprit.lines) > 1


def _webkit(verdict: Verdict) -> str | None:
    if verdict.reason is None:
        return None
    text = texts_of(verdict.reason).webkit
    culprit = verdict.culprit
    if culprit is None:
        # WebKit shows the message after a redirect. A request that was never sent has no message.
        return text if verdict.exchanges else None
    if text is None or (verdict.reason is BrowserReason.REDIRECT_INVALID and not _is_cors_location(verdict)):
        return None
    if text is WEBKIT_MISMATCH and "," in (culprit.value or ""):
        text = WEBKIT_MULTIPLE
    of_redirect = culprit.header in {ALLOW_ORIGIN, ALLOW_CREDENTIALS} and _is_redirected(
        verdict.exchanges[culprit.exchange]
    )
    return WEBKIT_REDIRECT + text if of_redirect else text


def _is_cors_location(verdict: Verdict) -> bool:
    """Return whether an invalid `Location` has a value and the request uses CORS."""
    return verdict.request.mode == "cors" and verdict.culprit is not None and bool(verdict.culprit.value)


def _is_redirected(exchange: Exchange) -> bool:
    """Return whether an exchange is a redirect of the request itself, not of its preflight."""
    response = exchange.response
    if exchange.request.preflight or response is None:
        return False
    return response.status in REDIRECT_STATUSES and bool(response.lines(LOCATION))


def _next_url(exchange: Exchange) -> str:
    """Return the URL that an exchange redirects to, or the raw `Location` if it is not a URL."""
    lines = exchange.response.lines(LOCATION) if exchange.response is not None else ()
    value = b", ".join(lines)
    base = parse_url(exchange.request.url)
    found = None if base is None else locate(value, base)
    return value.decode("latin-1") if found is None else found.with_fragment


def _fields(verdict: Verdict) -> dict[str, str]:
    request, culprit = verdict.request, verdict.culprit
    sent = verdict.exchanges[culprit.exchange] if culprit is not None else None
    response = None if sent is None else sent.response
    first = verdict.exchanges[0].request.url if verdict.exchanges else verdict.url
    location = "" if culprit is None else ", ".join(culprit.lines)
    # Chromium names the new URL here because it checks the scheme after it has moved on.
    url = culprit.lines[0] if culprit and verdict.reason is BrowserReason.CORS_DISABLED_SCHEME else verdict.url
    return {
        "kind": _KINDS[request.initiator],
        "scheme": scheme_of(request.url) or "",
        "url": url,
        "at": verdict.url,
        "redirected": "" if url.partition("#")[0] == first.partition("#")[0] else f"(redirected from '{request.url}') ",
        "origin": request.origin,
        "sent_origin": "" if culprit is None else culprit.subject,
        "status": "(null)" if response is None else str(response.status),
        "value": "" if culprit is None else culprit.value or "",
        "subject": "" if culprit is None else culprit.subject,
        "location": location,
        "next": verdict.url if sent is None else _next_url(sent),
        "fetch_tail": FETCH_TAIL if request.initiator == "fetch" else "",
        "xhr_tail": XHR_TAIL if request.initiator == "xhr" else "",
    }
