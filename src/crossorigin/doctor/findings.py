"""Hold what can be noticed in recorded exchanges, beside what a browser refuses: the closed list, and its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crossorigin.browser import Advice


class FindingCode(StrEnum):
    """Name everything that `crossorigin check` notices; a code never changes its meaning and is never used again."""

    MISSING_VARY = "missing-vary"
    DUPLICATE_HEADER = "duplicate-header"
    PREFLIGHT_NEEDS_AUTHENTICATION = "preflight-needs-authentication"
    PREFLIGHT_REDIRECTED = "preflight-redirected"
    PREFLIGHT_REFUSED_BY_LISTS = "preflight-refused-by-lists"
    ERROR_WITHOUT_CORS_HEADERS = "error-without-cors-headers"
    MAX_AGE_CAPPED = "max-age-capped"
    WILDCARD_IGNORED_WITH_CREDENTIALS = "wildcard-ignored-with-credentials"
    APP_EXCEPTION = "app-exception"

    # What `--probe` looks for.
    ANY_ORIGIN_REFLECTED = "any-origin-reflected"
    NULL_ORIGIN_ALLOWED = "null-origin-allowed"
    LOOKALIKE_ORIGIN_ALLOWED = "lookalike-origin-allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Hold one thing that was noticed.

    `exchange` is the place of the exchange that shows it, None where a probe does; `header` the header that it is
    about, None where it is about the whole answer; `detail` what was seen, in a sentence.
    """

    code: FindingCode
    detail: str
    exchange: int | None = None
    header: str | None = None


FINDINGS: Mapping[FindingCode, Advice] = {
    FindingCode.MISSING_VARY: Advice(
        meaning="The response names the origin that asks and does not say Vary: Origin: a cache hands it to pages of"
        " other origins, and their browsers refuse it.",
        fix="Send Vary: Origin with every response at this URL, those to requests without Origin included.",
    ),
    FindingCode.DUPLICATE_HEADER: Advice(
        meaning="Two places set the same CORS header, mostly an app and the proxy before it. Browsers join the values:"
        " true, true is not true.",
        fix="Let one place alone set the CORS headers.",
    ),
    FindingCode.PREFLIGHT_NEEDS_AUTHENTICATION: Advice(
        meaning="The preflight was asked to authenticate itself. Browsers send preflights without cookies,"
        " Authorization and client certificates, so none ever passes.",
        fix="Answer OPTIONS before authentication: put the CORS middleware outside of it.",
    ),
    FindingCode.PREFLIGHT_REDIRECTED: Advice(
        meaning="The preflight was answered with a redirect, which no browser follows.",
        fix="Let the page use the URL that it is redirected to, or answer OPTIONS before the redirect.",
    ),
    FindingCode.PREFLIGHT_REFUSED_BY_LISTS: Advice(
        meaning="The preflight was answered with an error, and its lists tell why: they do not allow what the page asks"
        " for.",
        fix="List it, spelled as the page sends it.",
    ),
    FindingCode.ERROR_WITHOUT_CORS_HEADERS: Advice(
        meaning="The status is an error, and the response has no Access-Control-Allow-Origin: the page sees a CORS"
        " error in place of what went wrong.",
        fix="Wrap the whole app in the CORS middleware, what answers errors included; with nginx, write always behind"
        " each add_header.",
    ),
    FindingCode.MAX_AGE_CAPPED: Advice(
        meaning="No browser keeps a preflight for as long as Access-Control-Max-Age says: Chromium keeps it for 7200"
        " seconds at most, Firefox for 86400, Safari for 600, and what is no whole number is ignored.",
        fix="Send a whole number of seconds up to 86400.",
    ),
    FindingCode.WILDCARD_IGNORED_WITH_CREDENTIALS: Advice(
        meaning="With credentials, Access-Control-Expose-Headers: * is the name of a header called *: it exposes"
        " nothing.",
        fix="List the headers that the page reads by their names.",
    ),
    FindingCode.APP_EXCEPTION: Advice(
        meaning="The app raised an exception and the answer is an error of the server. Whatever is said of CORS"
        " comes second.",
        fix="Mend the exception first.",
    ),
    FindingCode.ANY_ORIGIN_REFLECTED: Advice(
        meaning="Whatever Origin asks is sent back as allowed. With credentials, any site can read what a user who"
        " visits it may read here, and act as that user.",
        fix="Compare the origin with a list; where everybody may read, send * and no Access-Control-Allow-Credentials.",
    ),
    FindingCode.NULL_ORIGIN_ALLOWED: Advice(
        meaning="Any site can send Origin: null, from a sandboxed frame.",
        fix="Take null from the list.",
    ),
    FindingCode.LOOKALIKE_ORIGIN_ALLOWED: Advice(
        meaning="An origin that only looks like the allowed one is allowed: the server compares a part of it, and a"
        " stranger can register such a name, or speak for http where https is meant.",
        fix="Compare the whole origin, byte for byte, with a list.",
    ),
}
