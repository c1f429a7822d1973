"""Hold what the standard says about header names, request and response, lower-case.

https://fetch.spec.whatwg.org/#headers-class and the lists around it. Values are out of scope here.
"""

# https://fetch.spec.whatwg.org/#cors-safelisted-request-header, without `Range`: these four are what the server's
# side always allows, in the spelling it sends.
CORS_SAFELISTED_REQUEST_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")

# https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name: not covered by `*`.
CORS_NON_WILDCARD_REQUEST_HEADERS = frozenset({"authorization"})

# https://fetch.spec.whatwg.org/#forbidden-request-header: scripts cannot set them, so no browser ever asks for them.
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

# https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name: readable without being exposed.
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

# https://fetch.spec.whatwg.org/#forbidden-response-header-name: never readable, exposed or not.
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})

# https://fetch.spec.whatwg.org/#http-responses: what a server answers with.
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

# https://fetch.spec.whatwg.org/#http-requests: what a browser asks with.
CORS_REQUEST_HEADERS = frozenset({"access-control-request-headers", "access-control-request-method"})

# Private Network Access, withdrawn before any browser enforced it; kept for `allow_private_network`.
PRIVATE_NETWORK_REQUEST_HEADER = "access-control-request-private-network"
PRIVATE_NETWORK_RESPONSE_HEADER = "access-control-allow-private-network"

# What stands on the wrong side when a policy lists it among the other's names.
ANSWERING_HEADERS = CORS_RESPONSE_HEADERS | {PRIVATE_NETWORK_RESPONSE_HEADER}
ASKING_HEADERS = CORS_REQUEST_HEADERS | {PRIVATE_NETWORK_REQUEST_HEADER}


def is_forbidden_request_header(name: str) -> bool:
    """Tell whether a browser keeps scripts from setting `name`, whatever its value."""
    lowered = name.lower()
    return lowered in FORBIDDEN_REQUEST_HEADERS or lowered.startswith(FORBIDDEN_REQUEST_HEADER_PREFIXES)
