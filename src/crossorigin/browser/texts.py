"""The console messages of the engines: for each reason a text with placeholders.

The texts are those of Chromium 156, Firefox ESR 153 and WebKitGTK 2.50. A text is None if the engine prints no message
about CORS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crossorigin.browser.reasons import BrowserReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The messages of the three engines for one reason, with placeholders; None if an engine prints none.

    `firefox_category` is the key under which Firefox logs the message: the name of its MDN page, plus a digit for some.
    """

    chromium: str | None = None
    firefox: str | None = None
    firefox_category: str | None = None
    webkit: str | None = None


CHROMIUM = "Access to {kind} at '{url}' {redirected}from origin '{origin}' has been blocked by CORS policy: "
CHROMIUM_PREFLIGHT = "Response to preflight request doesn't pass access control check: "
FETCH_TAIL = " Have the server send the header with a valid value."
XHR_TAIL = (
    " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the withCredentials attribute."
)
FIREFOX = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {at}. (Reason: "
)
# Firefox quotes the URL only in the message about `*` with credentials.
FIREFOX_QUOTED = FIREFOX.replace("{at}", "‘{at}’")
FIREFOX_FAILED = "CORS request did not succeed). Status code: (null)"
FIREFOX_MISMATCH = "CORS header ‘Access-Control-Allow-Origin’ does not match ‘{value}’)"
FIREFOX_MULTIPLE = "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed)"
FIREFOX_FAILED_CATEGORY = "CORSDidNotSucceed2"
WEBKIT_REDIRECT = "Cross-origin redirection to {next} denied by Cross-Origin Resource Sharing policy: "
WEBKIT_SCHEME = WEBKIT_REDIRECT + "not allowed to follow a cross-origin CORS redirection with non CORS scheme"
WEBKIT_MISMATCH = "Origin {sent_origin} is not allowed by Access-Control-Allow-Origin. Status code: {status}"
WEBKIT_MULTIPLE = "Access-Control-Allow-Origin cannot contain more than one origin."
SAME_ORIGIN_FETCH = (
    'Fetch API cannot load {url}. Request mode is "same-origin" but the URL\'s origin is not same as the request origin'
    " {origin}."
)

# The messages for a page that requests a URL without a server.
CHROMIUM_FETCH_SCHEME = 'Fetch API cannot load {url}. URL scheme "{scheme}" is not supported.'
CHROMIUM_LOCAL_FILE = "Not allowed to load local resource: {url}"
FIREFOX_SCHEME = "CORS request not http)"
FIREFOX_SCHEME_CATEGORY = "CORSRequestNotHttp"
WEBKIT_HTTP_ONLY = "Cross origin requests are only supported for HTTP."

TEXTS: Mapping[BrowserReason, Texts] = {
    BrowserReason.DISALLOWED_BY_MODE: Texts(
        chromium="Cross origin requests are not allowed by request mode.",
        webkit="Unsafe attempt to load URL {url} from origin {origin}. Domains, protocols and ports must match.",
    ),
    BrowserReason.MISSING_ALLOW_ORIGIN_HEADER: Texts(
        chromium="No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        firefox="CORS header ‘Access-Control-Allow-Origin’ missing). Status code: {status}",
        firefox_category="CORSMissingAllowOrigin2",
        webkit=WEBKIT_MISMATCH,
    ),
    BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES: Texts(
        chromium="The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed."
        "{fetch_tail}",
        firefox=FIREFOX_MISMATCH,
        firefox_category="CORSAllowOriginNotMatchingOrigin",
        webkit=WEBKIT_MISMATCH,
    ),
    BrowserReason.INVALID_ALLOW_ORIGIN_VALUE: Texts(
        chromium="The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'.{fetch_tail}",
        firefox=FIREFOX_MISMATCH,
        firefox_category="CORSAllowOriginNotMatchingOrigin",
        webkit=WEBKIT_MISMATCH,
    ),
    BrowserReason.ALLOW_ORIGIN_MISMATCH: Texts(
        chromium="The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied"
        " origin.{fetch_tail}",
        firefox=FIREFOX_MISMATCH,
        firefox_category="CORSAllowOriginNotMatchingOrigin",
        webkit=WEBKIT_MISMATCH,
    ),
    BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED: Texts(
        chromium="The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'"
        " when the request's credentials mode is 'include'.{xhr_tail}",
        firefox="Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’)",
        firefox_category="CORSNotSupportingCredentials",
        webkit="Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.",
    ),
    BrowserReason.INVALID_ALLOW_CREDENTIALS: Texts(
        chromium="The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be"
        " 'true' when the request's credentials mode is 'include'.{xhr_tail}",
        firefox="expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’)",
        firefox_category="CORSMissingAllowCredentials",
        webkit='Credentials flag is true, but Access-Control-Allow-Credentials is not "true".',
    ),
    BrowserReason.PREFLIGHT_INVALID_STATUS: Texts(
        chromium="It does not have HTTP ok status.",
        firefox="CORS preflight response did not succeed). Status code: {status}",
        firefox_category="CORSPreflightDidNotSucceed3",
        webkit="Preflight response is not successful. Status code: {status}",
    ),
    BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT: Texts(
        chromium="Redirect is not allowed for a preflight request.",
        firefox="CORS request external redirect not allowed)",
        firefox_category="CORSExternalRedirectNotAllowed",
        webkit="Preflight response is not successful. Status code: {status}",
    ),
    BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE: Texts(
        chromium="Cannot parse Access-Control-Allow-Methods response header field in preflight response.",
        firefox="invalid token ‘{subject}’ in CORS header ‘Access-Control-Allow-Methods’)",
        firefox_category="CORSInvalidAllowMethod",
        webkit="Header Access-Control-Allow-Methods has an invalid value: {value}",
    ),
    BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE: Texts(
        chromium="Cannot parse Access-Control-Allow-Headers response header field in preflight response.",
        firefox="invalid token ‘{subject}’ in CORS header ‘Access-Control-Allow-Headers’)",
        firefox_category="CORSInvalidAllowHeader",
        webkit="Header Access-Control-Allow-Headers has an invalid value: {value}",
    ),
    BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE: Texts(
        chromium="Method {subject} is not allowed by Access-Control-Allow-Methods in preflight response.",
        firefox="Did not find method in CORS header ‘Access-Control-Allow-Methods’)",
        firefox_category="CORSMethodNotFound",
        webkit="Method {subject} is not allowed by Access-Control-Allow-Methods.",
    ),
    BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE: Texts(
        chromium="Request header field {subject} is not allowed by Access-Control-Allow-Headers in preflight response.",
        firefox="header ‘{subject}’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS"
        " preflight response)",
        firefox_category="CORSMissingAllowHeaderFromPreflight2",
        webkit="Request header field {subject} is not allowed by Access-Control-Allow-Headers.",
    ),
    BrowserReason.REDIRECT_CONTAINS_CREDENTIALS: Texts(
        # Chromium's message omits the location.
        chromium="Redirect location '' contains a username and password, which is disallowed for cross-origin"
        " requests.",
        firefox=FIREFOX_FAILED,
        firefox_category=FIREFOX_FAILED_CATEGORY,
        webkit=WEBKIT_REDIRECT + "redirection URL {location} has credentials",
    ),
    BrowserReason.CORS_DISABLED_SCHEME: Texts(
        # The list of schemes is that of Debian's build.
        chromium="Cross origin requests are only supported for protocol schemes: chrome,"
        " chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https,"
        " isolated-app.",
        firefox=FIREFOX_FAILED,
        firefox_category=FIREFOX_FAILED_CATEGORY,
        webkit=WEBKIT_SCHEME,
    ),
    BrowserReason.REDIRECT_INVALID: Texts(
        firefox=FIREFOX_FAILED, firefox_category=FIREFOX_FAILED_CATEGORY, webkit=WEBKIT_SCHEME
    ),
    BrowserReason.REDIRECT_NOT_FOLLOWED: Texts(webkit="Not allowed to follow a redirection while loading {url}"),
    BrowserReason.TOO_MANY_REDIRECTS: Texts(
        firefox=FIREFOX_FAILED,
        firefox_category=FIREFOX_FAILED_CATEGORY,
        webkit="Load cannot follow more than 20 redirections",
    ),
    BrowserReason.NETWORK_ERROR: Texts(firefox=FIREFOX_FAILED, firefox_category=FIREFOX_FAILED_CATEGORY),
}


def texts_of(reason: BrowserReason) -> Texts:
    """Return the messages of a reason, with placeholders and without the sentence that precedes them."""
    return TEXTS.get(reason.for_request(), Texts())
