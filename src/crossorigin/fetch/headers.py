"""The request and response header names that the Fetch standard treats specially, in lower case.

https://fetch.spec.whatwg.org/#headers-class and the lists around it. Header values are out of scope here.
"""

# https://fetch.spec.whatwg.org/#cors-safelisted-request-header, without `Range`: the server side always allows these
# four names and sends them in this spelling.
CORS_SAFELISTED_REQUEST_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")

# https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name: names that `*` does not cover.
CORS_NON_WILDCARD_REQUEST_HEADERS = frozenset({"authorization"})

# https://fetch.spec.whatwg.org/#forbidden-request-header: scripts cannot set these, so no preflight ever names them.
FORBIDDEN_REQUEST_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
FORBIDDEN_REQUEST_HEADER_PREFIXES = ("proxy-", "sec-")

# https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name: pages can read these without exposure.
CORS_SAFELISTED_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)

# https://fetch.spec.whatwg.org/#forbidden-response-header-name: pages can never read these, exposed or not.
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})

# https://fetch.spec.whatwg.org/#http-responses: the CORS headers that a server sends.
CORS_RESPONSE_HEADERS = frozenset(
    {
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "access-control-max-age",
    }
)

# https://fetch.spec.whatwg.org/#http-requests: the CORS headers that only a preflight sends.
CORS_REQUEST_HEADERS = frozenset({"access-control-request-headers", "access-control-request-method"})

# Private Network Access was withdrawn before any browser enforced it. `allow_private_network` still needs these names.
PRIVATE_NETWORK_REQUEST_HEADER = "access-control-request-private-network"
PRIVATE_NETWORK_RESPONSE_HEADER = "access-control-allow-private-network"

# The sets that include Private Network Access: a policy must not list response headers where it lists request headers,
# nor request headers where it lists response headers.
ALL_CORS_RESPONSE_HEADERS = CORS_RESPONSE_HEADERS | {PRIVATE_NETWORK_RESPONSE_HEADER}
ALL_CORS_REQUEST_HEADERS = CORS_REQUEST_HEADERS | {PRIVATE_NETWORK_REQUEST_HEADER}


def is_forbidden_request_header(name: str) -> bool:
    """Return whether browsers prevent scripts from setting `name`, whatever its value."""
    lowered = name.lower()
    return lowered in FORBIDDEN_REQUEST_HEADERS or lowered.startswith(FORBIDDEN_REQUEST_HEADER_PREFIXES)
