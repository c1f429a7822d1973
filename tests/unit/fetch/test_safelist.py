"""Which request-headers a page may set, and which it may send without asking."""

import pytest

from crossorigin.fetch.safelist import (
    cors_unsafe_request_header_names,
    essence,
    is_cors_safelisted_request_header,
    is_forbidden,
    is_no_cors_safelisted_request_header,
)

UNSAFE_BYTES = [*range(0x09), *range(0x0A, 0x20), *b'"():<>?@[\\]{}', 0x7F]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"accept", b"*/*"),
        (b"ACCEPT", b"text/html, */*;q=0.8\t"),
        (b"accept", b""),
        (b"accept", b"\xe9"),
        (b"Accept-Language", b"de-CH, en;q=0.5, *;q=0.1"),
        (b"content-language", b"AZaz09 *,-.;="),
        (b"content-type", b"text/plain"),
        (b"Content-Type", b"TEXT/Plain;charset=UTF-8"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-type", b"multipart/form-data; boundary=x"),
        (b"content-type", b"text/plain \t ;"),
        (b"content-type", b"text/plain ; charset"),
        (b"range", b"bytes=0-"),
        (b"Range", b"bytes=5-5"),
        (b"range", b"bytes=0-99999999999999999999999"),
    ],
)
def test_these_are_safelisted(name: bytes, value: bytes) -> None:
    """A page sends them across origins without asking."""
    assert is_cors_safelisted_request_header(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"accept-language", b"de_DE"),
        (b"accept-language", b"de\t"),
        (b"content-language", b"\xe9"),
        (b"content-language", b"de\n"),
        (b"content-type", b"application/json"),
        (b"content-type", b"text/plain, application/json"),
        (b"content-type", b"text/plain;charset=(x)"),
        (b"content-type", b"text"),
        (b"content-type", b"text/"),
        (b"content-type", b"/plain"),
        (b"content-type", b"text /plain"),
        (b"content-type", b""),
        (b"range", b"bytes=-5"),
        (b"range", b"bytes=5-4"),
        (b"range", b"bytes= 0-1"),
        (b"range", b"bytes=0-1,3-4"),
        (b"range", b"Bytes=0-1"),
        (b"range", b"items=0-1"),
        (b"range", b"bytes=0-1\n"),
        (b"authorization", b"x"),
        (b"x-token", b"x"),
        (b"", b""),
    ],
)
def test_these_are_not(name: bytes, value: bytes) -> None:
    """A page has to ask before it sends them across origins."""
    assert not is_cors_safelisted_request_header(name, value)


@pytest.mark.parametrize("name", [b"accept", b"content-type"])
def test_exactly_these_bytes_are_unsafe(name: bytes) -> None:
    """Every byte is classified as in the standard's list of CORS-unsafe request-header bytes."""
    value = b"text/plain;x=" if name == b"content-type" else b"x"
    unsafe = [byte for byte in range(256) if not is_cors_safelisted_request_header(name, value + bytes([byte]))]
    assert unsafe == sorted(UNSAFE_BYTES)


def test_exactly_these_bytes_are_of_a_language() -> None:
    """Languages have letters, digits and eight more bytes."""
    language = [byte for byte in range(256) if is_cors_safelisted_request_header(b"accept-language", bytes([byte]))]
    letters = b" *,-.0123456789;=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert bytes(language) == letters


@pytest.mark.parametrize("name", [b"accept", b"accept-language", b"content-language"])
def test_a_value_has_at_most_128_bytes(name: bytes) -> None:
    """With one more byte, the value needs a preflight."""
    assert is_cors_safelisted_request_header(name, b"a" * 128)
    assert not is_cors_safelisted_request_header(name, b"a" * 129)


@pytest.mark.parametrize(
    ("length", "names"), [(128, ()), (129, (b"accept", b"accept-language"))], ids=["1024 bytes", "1025 bytes"]
)
def test_safelisted_values_have_at_most_1024_bytes_together(length: int, names: tuple[bytes, ...]) -> None:
    """With one more byte, every safelisted name is in the preflight."""
    # A header list can contain a name more than once.
    headers = [(b"Accept", b"a" * 128)] * 7 + [(b"Accept-Language", b"a" * (length - 1)), (b"accept", b"a")]
    assert cors_unsafe_request_header_names(headers) == names


def test_unsafe_names_are_lower_case_sorted_by_bytes_and_unique() -> None:
    """As a preflight names them."""
    headers = [(b"X-Zed", b"1"), (b"x-alpha", b"1"), (b"Content-Type", b"application/json"), (b"X-Beta", b"1")]
    headers += [(b"Accept", b"*/*"), (b"x-zed", b"2"), (b"X_A", b"1"), (b"x1", b"1")]
    names = (b"content-type", b"x-alpha", b"x-beta", b"x-zed", b"x1", b"x_a")
    assert cors_unsafe_request_header_names(headers) == names
    assert cors_unsafe_request_header_names([]) == ()


def test_an_engine_may_see_it_otherwise() -> None:
    """Safelisted headers are recognized, and still count toward the 1024 bytes."""
    headers = [(b"DPR", b"2"), (b"X-Token", b"t")]
    assert cors_unsafe_request_header_names(headers, is_safelisted=lambda name, _: name == b"DPR") == (b"x-token",)
    long = [(b"DPR", b"2" * 1025)]
    assert cors_unsafe_request_header_names(long, is_safelisted=lambda *_: True) == (b"dpr",)


@pytest.mark.parametrize(
    ("name", "value", "forbidden"),
    [
        (b"Cookie", b"a=b", True),
        (b"Sec-Fetch-Mode", b"cors", True),
        (b"PROXY-X", b"", True),
        (b"X-HTTP-Method", b"trace", True),
        (b"x-http-method-override", b"PUT,\tCONNECT ", True),
        (b"X-Method-Override", b"TRACK", True),
        (b"X-Method-Override", b"PUT, DELETE", False),
        (b"X-HTTP-Method", b"TRACER", False),
        (b"X-HTTP-Method", b"\xe9", False),
        (b"User-Agent", b"x", False),
        (b"X-Token", b"TRACE", False),
    ],
)
def test_what_no_page_can_set_is_forbidden(name: bytes, value: bytes, *, forbidden: bool) -> None:
    """By its name, or by a method that it would smuggle."""
    assert is_forbidden(name, value) is forbidden


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        (b"Accept", b"text/html", True),
        (b"Accept-Language", b"de", True),
        (b"Content-Language", b"de", True),
        (b"content-type", b"text/plain", True),
        (b"Content-Type", b"application/json", False),
        (b"Range", b"bytes=0-1", False),
        (b"X-Token", b"x", False),
    ],
)
def test_without_cors_a_page_sets_four_names(name: bytes, value: bytes, *, kept: bool) -> None:
    """Those, and only with a value that is safelisted."""
    assert is_no_cors_safelisted_request_header(name, value) is kept


def test_beyond_1024_bytes_the_unsafe_names_are_still_told() -> None:
    """The safelisted names are added to them."""
    headers = [(b"X-Token", b"x"), *((b"Accept", b"a" * 128) for _ in range(9))]
    assert cors_unsafe_request_header_names(headers) == (b"accept", b"x-token")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"Text/HTML", b"text/html"),
        (b"\t\r\n text/x+y ;a", b"text/x+y"),
        (b"text/html x", None),
        (b"text/html/x", None),
        (b"te xt/html", None),
        (b";text/html", None),
        (b"", None),
    ],
)
def test_a_media_type_is_read_as_browsers_do(value: bytes, kind: bytes | None) -> None:
    """Type and subtype are tokens, and what follows a semicolon does not matter."""
    assert essence(value) == kind
