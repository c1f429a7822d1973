"""Causes in the page: errors that no server can fix. Pure."""

from crossorigin.browser import BrowserReason
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import Situation, sent_names
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS
from crossorigin.fetch.origin import OPAQUE_ORIGIN

# What the configuration of a server decides. The page or a wrong URL causes the other reasons.
OF_SERVER = frozenset(
    {
        BrowserReason.MISSING_ALLOW_ORIGIN_HEADER,
        BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES,
        BrowserReason.INVALID_ALLOW_ORIGIN_VALUE,
        BrowserReason.ALLOW_ORIGIN_MISMATCH,
        BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED,
        BrowserReason.INVALID_ALLOW_CREDENTIALS,
        BrowserReason.PREFLIGHT_INVALID_STATUS,
        BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE,
        BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE,
        BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE,
        BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE,
    }
)


def page_cause(situation: Situation) -> Cause | None:
    """Return the cause if the page has to change, whatever the server allows."""
    wanted = situation.wanted
    method, upper = wanted.method, wanted.method.upper()
    if method not in STANDARD_METHODS and upper in STANDARD_METHODS:
        text = f"Methods are case-sensitive, and browsers send {method} as it is written."
        return Cause(code=CauseCode.METHOD_IN_LOWER_CASE, text=text, fix=f"Write {upper} in the page.")
    if wanted.origin == OPAQUE_ORIGIN and situation.reason.for_request() in OF_SERVER:
        text = "The origin of the page is null: it was loaded from a file, a data: URL or a sandboxed frame."
        fix = (
            "Serve the page from a web server, for example with python -m http.server, and allow the origin of that"
            " server. Never allow null: any site can send it."
        )
        return Cause(code=CauseCode.OPAQUE_ORIGIN, text=text, fix=fix)
    misplaced = [name for name in sent_names(situation.verdict) if name.lower() in ALL_CORS_RESPONSE_HEADERS]
    if misplaced and situation.reason.for_request() in OF_SERVER:
        text = f"The page sends {', '.join(misplaced)}, but only responses have such headers."
        fix = f"Remove {', '.join(misplaced)} from the page's request, then check again."
        return Cause(code=CauseCode.RESPONSE_HEADER_IN_REQUEST, text=text, fix=fix)
    return None
