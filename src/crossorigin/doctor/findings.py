"""What can be noticed in recorded exchanges besides the reason for a refusal: the closed list, and its texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from crossorigin.browser import Advice

Severity = Literal["error", "warning", "info"]


class FindingCode(StrEnum):
    """Everything that `crossorigin check` notices. A code never changes its meaning and is never reused."""

    MISSING_VARY = "missing-vary"
    DUPLICATE_HEADER = "duplicate-header"
    PREFLIGHT_NEEDS_AUTHENTICATION = "preflight-needs-authentication"
    PREFLIGHT_REDIRECTED = "preflight-redirected"
    PREFLIGHT_REFUSED_BY_LISTS = "preflight-refused-by-lists"
    ERROR_WITHOUT_CORS_HEADERS = "error-without-cors-headers"
    ERROR_STATUS = "error-status"
    MAX_AGE_CAPPED = "max-age-capped"
    WILDCARD_IGNORED_WITH_CREDENTIALS = "wildcard-ignored-with-credentials"
    UNEXPOSED_HEADER = "unexposed-header"
    REQUIRED_HEADER_NOT_EXPOSED = "required-header-not-exposed"
    APP_EXCEPTION = "app-exception"

    # What `--probe` looks for.
    ANY_ORIGIN_REFLECTED = "any-origin-reflected"
    NULL_ORIGIN_ALLOWED = "null-origin-allowed"
    LOOKALIKE_ORIGIN_ALLOWED = "lookalike-origin-allowed"


# The page does not get what it asks for, or a probe found what it looked for. Everything else is a warning.
_ERRORS = frozenset(
    {
        FindingCode.ERROR_STATUS,
        FindingCode.REQUIRED_HEADER_NOT_EXPOSED,
        FindingCode.APP_EXCEPTION,
        FindingCode.ANY_ORIGIN_REFLECTED,
        FindingCode.NULL_ORIGIN_ALLOWED,
        FindingCode.LOOKALIKE_ORIGIN_ALLOWED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        code: What it is.
        detail: What was seen, as a sentence.
        exchange: The index of the exchange that shows it, or None if a probe does.
        header: The header that it is about, or None if it is about the whole response.
        is_info: Whether it is only information, because most pages do not need what is missing.
    """

    code: FindingCode
    detail: str
    exchange: int | None = None
    header: str | None = None
    is_info: bool = False

    @property
    def severity(self) -> Severity:
        """How much it matters: an error fails a check, a warning only with `--fail-on warning`."""
        if self.is_info:
            return "info"
        return "error" if self.code in _ERRORS else "warning"


FINDINGS: Mapping[FindingCode, Advice] = {
    FindingCode.MISSING_VARY: Advice(
        meaning="The response names the page's origin, but has no Vary: Origin. A cache may send it to pages of other"
        " origins, and their browsers block it.",
        fix="Send Vary: Origin with every response at this URL, including responses to requests without Origin.",
    ),
    FindingCode.DUPLICATE_HEADER: Advice(
        meaning="Two places set the same CORS header, often an app and the proxy in front of it. Browsers combine the"
        ' values: "true, true" is invalid.',
        fix="Set the CORS headers in one place only.",
    ),
    FindingCode.PREFLIGHT_NEEDS_AUTHENTICATION: Advice(
        meaning="The server requires authentication for the preflight. Browsers send preflights without cookies,"
        " Authorization and client certificates, so none ever passes.",
        fix="Answer OPTIONS before authentication: put the CORS middleware outside it.",
    ),
    FindingCode.PREFLIGHT_REDIRECTED: Advice(
        meaning="The preflight was answered with a redirect, and browsers do not follow redirects of preflights.",
        fix="Use the target of the redirect in the page, or answer OPTIONS before the redirect.",
    ),
    FindingCode.PREFLIGHT_REFUSED_BY_LISTS: Advice(
        meaning="The preflight was answered with an error status. Its lists show why: they do not allow what the page"
        " asks for.",
        fix="List it exactly as the page sends it.",
    ),
    FindingCode.ERROR_WITHOUT_CORS_HEADERS: Advice(
        meaning="The response is an error without Access-Control-Allow-Origin, so the page sees a CORS error instead"
        " of the real one.",
        fix="Put the CORS middleware outside everything that can answer with an error. In nginx, write always after"
        " each add_header.",
    ),
    FindingCode.ERROR_STATUS: Advice(
        meaning="The server answered with an error. CORS does not cause a 404 or a 5xx status.",
        fix="Check the URL and the method for a 404, and the server's log for a 5xx.",
    ),
    FindingCode.MAX_AGE_CAPPED: Advice(
        meaning="Browsers cap Access-Control-Max-Age: Chromium at 7200 seconds, Firefox at 86400, Safari at 600. They"
        " ignore a value that is not a whole number.",
        fix="Send a whole number of seconds up to 86400.",
    ),
    FindingCode.WILDCARD_IGNORED_WITH_CREDENTIALS: Advice(
        meaning="With credentials, Access-Control-Expose-Headers: * is not a wildcard, so it exposes nothing.",
        fix="List the headers that the page reads by name.",
    ),
    FindingCode.UNEXPOSED_HEADER: Advice(
        meaning="The response has a header that the page cannot read, because Access-Control-Expose-Headers does not"
        " list it.",
        fix="Add the header to the exposed headers (expose_headers) if the page reads it.",
    ),
    FindingCode.REQUIRED_HEADER_NOT_EXPOSED: Advice(
        meaning="The page must be able to read this header (--exposes), and it cannot.",
        fix="Send the header, and list it in Access-Control-Expose-Headers (expose_headers).",
    ),
    FindingCode.APP_EXCEPTION: Advice(
        meaning="The app raised an exception, and the response is the error of the server.",
        fix="Fix the exception first.",
    ),
    FindingCode.ANY_ORIGIN_REFLECTED: Advice(
        meaning="The server allows whatever origin a request names. With credentials, any site can read what its"
        " visitors may read here, and act as them.",
        fix="Compare the origin with a list. If everyone may read the responses, send * without"
        " Access-Control-Allow-Credentials.",
    ),
    FindingCode.NULL_ORIGIN_ALLOWED: Advice(
        meaning="The server allows the origin null, which any site can send from a sandboxed frame.",
        fix="Remove null from the allowed origins.",
    ),
    FindingCode.LOOKALIKE_ORIGIN_ALLOWED: Advice(
        meaning="The server allows an origin that only looks like the allowed one, so it compares only a part of it. An"
        " attacker can register such a name, or modify a page on http.",
        fix="Compare the whole origin, byte for byte, with a list.",
    ),
}
