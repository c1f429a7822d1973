"""The reasons for which a browser blocks a request, with the meaning of each and how to fix it.

Where Chromium's `network::mojom::CorsError` has a name for a reason, the code is that name in kebab-case. The other
codes are network errors and TypeErrors of the Fetch standard. A code never changes its meaning and is never reused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFLIGHT = "preflight-"


class BrowserReason(StrEnum):
    """The reason why a request failed."""

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
        """The name of Chromium's `CorsError`, or None if Chromium has none."""
        return None if self in _NO_CORS_ERROR else "".join(map(str.capitalize, self.split("-")))

    def for_preflight(self) -> BrowserReason:
        """Return the reason that applies if the same response answers a preflight."""
        return BrowserReason(_PREFLIGHT + self)

    def for_request(self) -> BrowserReason:
        """Return the reason that applies if the same response answers the request itself, or this reason."""
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
    """The meaning of a reason, and how to fix it on the server or in the page."""

    meaning: str
    fix: str


ADVICE: Mapping[BrowserReason, Advice] = {
    BrowserReason.FORBIDDEN_METHOD: Advice(
        meaning="Pages cannot send CONNECT, TRACE or TRACK: the browser throws a TypeError and sends nothing.",
        fix="Use another method in the page.",
    ),
    BrowserReason.NO_CORS_METHOD: Advice(
        meaning='In mode "no-cors", pages can send only GET, HEAD and POST: the browser throws a TypeError.',
        fix='Remove mode: "no-cors" from the request in the page.',
    ),
    BrowserReason.DISALLOWED_BY_MODE: Advice(
        meaning='The page requested a URL of another origin with mode "same-origin".',
        fix='Remove mode: "same-origin" from the request in the page.',
    ),
    BrowserReason.CORS_DISABLED_SCHEME: Advice(
        meaning="Browsers make cross-origin requests to http and https URLs only.",
        fix="Use an http or https URL, and serve local files over HTTP.",
    ),
    BrowserReason.NO_CORS_REDIRECT_MODE_NOT_FOLLOW: Advice(
        meaning='In mode "no-cors", cross-origin requests must follow redirects; the page set another redirect mode.',
        fix='Remove redirect or mode: "no-cors" from the request in the page.',
    ),
    BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT: Advice(
        meaning="The preflight was answered with a redirect, and browsers do not follow redirects of preflights.",
        fix="Answer OPTIONS at this URL, or use the redirect's target in the page. The two URLs often differ in a"
        " trailing slash, or in http versus https.",
    ),
    BrowserReason.PREFLIGHT_INVALID_STATUS: Advice(
        meaning="The preflight was answered with a status other than 200 to 299, so it allows nothing.",
        fix="If the CORS middleware refused the preflight, allow what it asks for. Otherwise, let the middleware"
        " answer before authentication and routing.",
    ),
    BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE: Advice(
        meaning="An element of Access-Control-Allow-Methods is not a token, which invalidates the whole preflight.",
        fix="Send only methods, separated by commas, for example GET, PUT.",
    ),
    BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE: Advice(
        meaning="An element of Access-Control-Allow-Headers is not a token, which invalidates the whole preflight.",
        fix="Send only header names, separated by commas, for example Authorization, Content-Type.",
    ),
    BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE: Advice(
        meaning="Access-Control-Allow-Methods does not list the method. Methods are case-sensitive; with credentials,"
        " * is not a wildcard.",
        fix="List the method exactly as the page sends it.",
    ),
    BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE: Advice(
        meaning="Access-Control-Allow-Headers does not list a header that the page sets. With credentials, * is not a"
        " wildcard.",
        fix="List the header by name.",
    ),
    BrowserReason.MISSING_ALLOW_ORIGIN_HEADER: Advice(
        meaning="The response has no Access-Control-Allow-Origin. Either the origin is not allowed, or the response,"
        " often an error or a redirect, came from outside the CORS middleware.",
        fix="Allow the page's origin on the server. If it is already allowed, another layer sent this response, such"
        " as authentication or a proxy: move the CORS middleware outside that layer, or send the header there too. If"
        " the response is a 5xx, fix the error in the server's log first.",
    ),
    BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES: Advice(
        meaning="Access-Control-Allow-Origin has several values; browsers accept only one.",
        fix="Set the header in one place only: the middleware, the route or the proxy. Send the page's origin, not a"
        " list.",
    ),
    BrowserReason.INVALID_ALLOW_ORIGIN_VALUE: Advice(
        meaning="The value of Access-Control-Allow-Origin is not an origin.",
        fix="Send the page's origin, for example https://app.example.com, or * if the page sends no credentials.",
    ),
    BrowserReason.ALLOW_ORIGIN_MISMATCH: Advice(
        meaning="Access-Control-Allow-Origin is not the page's origin; the two are compared byte for byte.",
        fix="Send exactly the page's origin, without a path, trailing slash, default port or pattern. Also send Vary:"
        " Origin so that caches do not reuse the response for other origins.",
    ),
    BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED: Advice(
        meaning="With credentials, Access-Control-Allow-Origin must be the page's origin; * is not a wildcard.",
        fix="List the origins that may send credentials, or send the request without credentials.",
    ),
    BrowserReason.INVALID_ALLOW_CREDENTIALS: Advice(
        meaning="The page sends credentials, but Access-Control-Allow-Credentials is not exactly true.",
        fix="Allow credentials on the server, or send the request without credentials.",
    ),
    BrowserReason.REDIRECT_CONTAINS_CREDENTIALS: Advice(
        meaning="The Location of a cross-origin redirect contains a user name or a password.",
        fix="Redirect to a URL without them.",
    ),
    BrowserReason.REDIRECT_NOT_FOLLOWED: Advice(
        meaning='The response is a redirect, but the page set redirect: "error".',
        fix="Use the redirect's target in the page.",
    ),
    BrowserReason.REDIRECT_INVALID: Advice(
        meaning="The Location of a redirect is not an http or https URL, or there are several Location headers.",
        fix="Redirect to exactly one http or https URL.",
    ),
    BrowserReason.REDIRECT_OF_STREAM: Advice(
        meaning="The request body was a stream, which cannot be sent a second time.",
        fix="Answer with status 303, or use the redirect's target in the page.",
    ),
    BrowserReason.TOO_MANY_REDIRECTS: Advice(
        meaning="Browsers follow at most 20 redirects; this request met one more.",
        fix="Remove the redirect loop.",
    ),
    BrowserReason.NETWORK_ERROR: Advice(
        meaning="The browser received no response.",
        fix="Check that the server is running and that the browser can reach it.",
    ),
}


def advice(reason: BrowserReason) -> Advice:
    """Return what a reason means and how to fix it."""
    return ADVICE[reason.for_request()]
