"""The standard's lists of header names."""

import pytest

from crossorigin.fetch import headers


def test_the_lists_are_the_standards() -> None:
    """Each list has the names of the standard, in lower case if they are compared."""
    assert headers.CORS_SAFELISTED_REQUEST_HEADERS == ("Accept", "Accept-Language", "Content-Language", "Content-Type")
    assert {"authorization"} == headers.CORS_NON_WILDCARD_REQUEST_HEADERS
    assert {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    } == headers.CORS_SAFELISTED_RESPONSE_HEADERS
    assert {"set-cookie", "set-cookie2"} == headers.FORBIDDEN_RESPONSE_HEADERS
    assert {
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
    } == headers.FORBIDDEN_REQUEST_HEADERS
    assert {
        f"access-control-{name}"
        for name in ("allow-credentials", "allow-headers", "allow-methods", "allow-origin", "expose-headers", "max-age")
    } == headers.CORS_RESPONSE_HEADERS
    assert {"access-control-request-headers", "access-control-request-method"} == headers.CORS_REQUEST_HEADERS
    assert headers.PRIVATE_NETWORK_REQUEST_HEADER == "access-control-request-private-network"
    assert headers.PRIVATE_NETWORK_RESPONSE_HEADER == "access-control-allow-private-network"


@pytest.mark.parametrize(
    "name",
    [*sorted(headers.FORBIDDEN_REQUEST_HEADERS), "Cookie", "HOST", "Sec-Fetch-Mode", "sec-", "Proxy-Authorization"],
)
def test_a_header_that_scripts_cannot_set_is_known_in_any_case(name: str) -> None:
    """The listed names and the two prefixes are forbidden."""
    assert headers.is_forbidden_request_header(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "X-Token",
        "User-Agent",
        "Authorization",
        "Cookies",
        "sec",
        "Security",
        "X-Sec-Token",
        "X-HTTP-Method-Override",
        headers.PRIVATE_NETWORK_REQUEST_HEADER,
    ],
)
def test_a_header_that_scripts_can_set_is_known(name: str) -> None:
    """A name that only resembles a forbidden one is allowed, and so are those forbidden for some values only."""
    assert not headers.is_forbidden_request_header(name)
