"""Name the reasons for which a browser refuses, and say what each means and what mends it.

The codes are those of Chromium's `network::mojom::CorsError`, in kebab-case, where it has one; the others are network
errors and TypeErrors of the Fetch standard. A code never changes its meaning and is never used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFLIGHT = "preflight-"


class BrowserReason(StrEnum):
    """Name every way in which a request fails."""

    # Before any request.
    FORBIDDEN_METHOD = "forbidden-method"
    NO_CORS_METHOD = "no-cors-method"
    DISALLOWED_BY_MODE = "disallowed-by-mode"
    CORS_DISABLED_SCHEME = "cors-disabled-scheme"
    NO_CORS_REDIRECT_MODE_NOT_FOLLOW = "no-cors-redirect-mode-not-follow"

    # The CORS check of a preflight.
    PREFLIGHT_MISSING_ALLOW_ORIGIN_HEADER = "preflight-missing-allow-origin-header"
    PREFLIGHT_MULTIPLE_ALLOW_ORIGIN_VALUES = "preflight-multiple-allow-origin-values"
    PREFLIGHT_INVALID_ALLOW_ORIGIN_VALUE = "preflight-invalid-allow-origin-value"
    PREFLIGHT_ALLOW_ORIGIN_MISMATCH = "preflight-allow-origin-mismatch"
    PREFLIGHT_WILDCARD_ORIGIN_NOT_ALLOWED = "preflight-wildcard-origin-not-allowed"
    PREFLIGHT_INVALID_ALLOW_CREDENTIALS = "preflight-invalid-allow-credentials"

    # The rest of a preflight.
    PREFLIGHT_DISALLOWED_REDIRECT = "preflight-disallowed-redirect"
    PREFLIGHT_INVALID_STATUS = "preflight-invalid-status"
    INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE = "invalid-allow-methods-preflight-response"
    INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE = "invalid-allow-headers-preflight-response"
    METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE = "method-disallowed-by-preflight-response"
    HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE = "header-disallowed-by-preflight-response"

    # The CORS check of the request itself.
    MISSING_ALLOW_ORIGIN_HEADER = "missing-allow-origin-header"
    MULTIPLE_ALLOW_ORIGIN_VALUES = "multiple-allow-origin-values"
    INVALID_ALLOW_ORIGIN_VALUE = "invalid-allow-origin-value"
    ALLOW_ORIGIN_MISMATCH = "allow-origin-mismatch"
    WILDCARD_ORIGIN_NOT_ALLOWED = "wildcard-origin-not-allowed"
    INVALID_ALLOW_CREDENTIALS = "invalid-allow-credentials"

    # Redirects.
    REDIRECT_CONTAINS_CREDENTIALS = "redirect-contains-credentials"
    REDIRECT_NOT_FOLLOWED = "redirect-not-followed"
    REDIRECT_INVALID = "redirect-invalid"
    REDIRECT_OF_STREAM = "redirect-of-stream"
    TOO_MANY_REDIRECTS = "too-many-redirects"

    # The network.
    NETWORK_ERROR = "network-error"

    @property
    def cors_error(self) -> str | None:
        """Return the name of Chromium's `CorsError`, or None where it has none."""
        return None if self in _NO_CORS_ERROR else "".join(map(str.capitalize, self.split("-")))

    def of_preflight(self) -> BrowserReason:
        """Return the reason for which the same answer to a preflight is refused."""
        return BrowserReason(_PREFLIGHT + self)

    def of_request(self) -> BrowserReason:
        """Return the reason for which the same answer to the request itself is refused, or this one."""
        found = self.removeprefix(_PREFLIGHT)
        return BrowserReason(found) if found in ADVICE else self


_NO_CORS_ERROR = frozenset(
    {
        BrowserReason.FORBIDDEN_METHOD,
        BrowserReason.NO_CORS_METHOD,
        BrowserReason.REDIRECT_NOT_FOLLOWED,
        BrowserReason.REDIRECT_INVALID,
        BrowserReason.REDIRECT_OF_STREAM,
        BrowserReason.TOO_MANY_REDIRECTS,
        BrowserReason.NETWORK_ERROR,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Hold what a reason means, and what the server, or else the page, is to do."""

    meaning: str
    fix: str


ADVICE: Mapping[BrowserReason, Advice] = {
    BrowserReason.FORBIDDEN_METHOD: Advice(
        meaning="No page may send CONNECT, TRACE or TRACK: the browser throws a TypeError and sends nothing.",
        fix="The page has to use another method.",
    ),
    BrowserReason.NO_CORS_METHOD: Advice(
        meaning='In mode "no-cors" only GET, HEAD and POST may be sent: the browser throws a TypeError.',
        fix='The page has to leave out mode: "no-cors".',
    ),
    BrowserReason.DISALLOWED_BY_MODE: Advice(
        meaning='The page asked with mode "same-origin" for a URL of another origin.',
        fix='The page has to leave out mode: "same-origin".',
    ),
    BrowserReason.CORS_DISABLED_SCHEME: Advice(
        meaning="Only http and https URLs can be asked for across origins.",
        fix="The page has to use an http or https URL; a file has to be served.",
    ),
    BrowserReason.NO_CORS_REDIRECT_MODE_NOT_FOLLOW: Advice(
        meaning='In mode "no-cors" redirects of another origin can only be followed.',
        fix='The page has to leave out redirect:, or mode: "no-cors".',
    ),
    BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT: Advice(
        meaning="The preflight was answered with a redirect, and no browser follows one for a preflight.",
        fix="Answer OPTIONS at this very URL, or let the page use the URL that it is redirected to: mostly a trailing"
        " slash, or https instead of http.",
    ),
    BrowserReason.PREFLIGHT_INVALID_STATUS: Advice(
        meaning="The preflight was answered with a status other than 200 to 299, so it grants nothing.",
        fix="If the CORS middleware refused it, allow what the preflight asks for; else let the middleware answer"
        " before authentication and routing.",
    ),
    BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE: Advice(
        meaning="One element of Access-Control-Allow-Methods is not a token, which voids the whole preflight.",
        fix="Send methods with commas between them, as in GET, PUT, and nothing else.",
    ),
    BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE: Advice(
        meaning="One element of Access-Control-Allow-Headers is not a token, which voids the whole preflight.",
        fix="Send header names with commas between them, as in Authorization, Content-Type, and nothing else.",
    ),
    BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE: Advice(
        meaning="Access-Control-Allow-Methods does not list the method, which is compared with its case; with"
        " credentials * stands for nothing.",
        fix="List the method, spelled as the page sends it.",
    ),
    BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE: Advice(
        meaning="Access-Control-Allow-Headers does not list a header that the page sets; with credentials * stands for"
        " nothing.",
        fix="List the header by its name.",
    ),
    BrowserReason.MISSING_ALLOW_ORIGIN_HEADER: Advice(
        meaning="The response has no Access-Control-Allow-Origin: the origin is not allowed, or the response, mostly an"
        " error or a redirect, came from something outside the CORS middleware.",
        fix="Allow the origin, and wrap the whole app, app = CORSMiddleware(app, ...): what add_middleware adds does"
        " not see the response to a crash.",
    ),
    BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES: Advice(
        meaning="Access-Control-Allow-Origin has several values; a browser takes one.",
        fix="Let one place alone set it: the middleware, or the route, or the proxy. Send the origin that asks, not a"
        " list.",
    ),
    BrowserReason.INVALID_ALLOW_ORIGIN_VALUE: Advice(
        meaning="The value of Access-Control-Allow-Origin is no origin.",
        fix="Send the page's origin, such as https://app.example.com, or * without credentials.",
    ),
    BrowserReason.ALLOW_ORIGIN_MISMATCH: Advice(
        meaning="Access-Control-Allow-Origin names another origin than the page's; they are compared byte for byte.",
        fix="Send the page's origin exactly: no path, no trailing slash, no default port, no pattern; and Vary: Origin,"
        " lest a cache hands it to others.",
    ),
    BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED: Advice(
        meaning="With credentials Access-Control-Allow-Origin must name the origin; * stands for nobody.",
        fix="List the origins that may send credentials, or let the page leave out its credentials.",
    ),
    BrowserReason.INVALID_ALLOW_CREDENTIALS: Advice(
        meaning="The page sends credentials, and Access-Control-Allow-Credentials is not exactly true.",
        fix="Allow credentials on the server, or let the page leave out its credentials.",
    ),
    BrowserReason.REDIRECT_CONTAINS_CREDENTIALS: Advice(
        meaning="The Location of a redirect across origins has a user name or a password in it.",
        fix="Redirect to a URL without them.",
    ),
    BrowserReason.REDIRECT_NOT_FOLLOWED: Advice(
        meaning='The response is a redirect, and the page asked with redirect: "error".',
        fix="Let the page use the URL that it is redirected to.",
    ),
    BrowserReason.REDIRECT_INVALID: Advice(
        meaning="The Location of a redirect is no http or https URL, or there are several.",
        fix="Redirect to one http or https URL.",
    ),
    BrowserReason.REDIRECT_OF_STREAM: Advice(
        meaning="The body was a stream, which cannot be sent a second time.",
        fix="Answer with 303, or let the page use the URL that it is redirected to.",
    ),
    BrowserReason.TOO_MANY_REDIRECTS: Advice(
        meaning="A browser follows twenty redirects; this was one more.",
        fix="End the circle of redirects.",
    ),
    BrowserReason.NETWORK_ERROR: Advice(
        meaning="No response came.",
        fix="See that the server runs, and that the browser may reach it.",
    ),
}


def advice(reason: BrowserReason) -> Advice:
    """Return what a reason means and what mends it."""
    return ADVICE[reason.of_request()]
