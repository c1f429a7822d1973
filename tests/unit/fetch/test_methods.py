"""Methods and tokens, as defined by the Fetch standard."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin.fetch.methods import (
    CORS_SAFELISTED_METHODS,
    FORBIDDEN_METHODS,
    NORMALIZED_METHODS,
    STANDARD_METHODS,
    is_forbidden_method,
    is_token,
    is_token_bytes,
    normalize_method,
)

TOKEN_CHARACTERS = set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")


def test_the_lists_are_the_standards() -> None:
    """The safelisted, forbidden, normalized and standard methods are those of the standards."""
    assert {"GET", "HEAD", "POST"} == CORS_SAFELISTED_METHODS
    assert {"CONNECT", "TRACE", "TRACK"} == FORBIDDEN_METHODS
    assert {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"} == NORMALIZED_METHODS
    assert STANDARD_METHODS == ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")


@pytest.mark.parametrize("code", range(256))
def test_a_token_is_made_of_the_characters_of_rfc_9110(code: int) -> None:
    """Each byte is a token of one character exactly if RFC 9110 lists it."""
    expected = chr(code) in TOKEN_CHARACTERS
    assert is_token(chr(code)) is expected
    assert is_token_bytes(bytes([code])) is expected
    assert is_token(f"a{chr(code)}b") is expected
    assert is_token_bytes(b"a" + bytes([code])) is expected


@pytest.mark.parametrize(
    "text", ["", "\n", "GET\n", "GET ", " GET", "GET,PUT", "G T", "GÉT", "\u212aELVIN", "\ud800", "GET\0"], ids=ascii
)
def test_other_texts_are_no_tokens(text: str) -> None:
    """Empty text, white space, separators, a final line feed and letters outside ASCII are not tokens."""
    assert not is_token(text)
    assert not is_token_bytes(text.encode("utf-8", "surrogatepass"))


@given(st.text(string.printable + "éſ\u212a", max_size=6))
def test_text_and_bytes_are_tokens_alike(text: str) -> None:
    """Policies and requests use the same grammar."""
    assert is_token(text) is is_token_bytes(text.encode()) is (bool(text) and set(text) <= TOKEN_CHARACTERS)


@pytest.mark.parametrize("method", ["CONNECT", "connect", "Trace", "TRACK", "tRaCk"])
def test_a_forbidden_method_is_known_in_any_case(method: str) -> None:
    """No script may send CONNECT, TRACE or TRACK, in any case."""
    assert is_forbidden_method(method)


@pytest.mark.parametrize("method", ["GET", "CONNECTS", "", "TRAC", "track ", "QUERY"])
def test_other_methods_are_not_forbidden(method: str) -> None:
    """Only these three are."""
    assert not is_forbidden_method(method)


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        *(
            (spelled, upper)
            for upper in sorted(NORMALIZED_METHODS)
            for spelled in (upper, upper.lower(), upper.title())
        ),
        ("patch", "patch"),
        ("Patch", "Patch"),
        ("PATCH", "PATCH"),
        ("query", "query"),
        ("chicken", "chicken"),
        ("po\u017ft", "po\u017ft"),
        ("", ""),
    ],
)
def test_a_method_is_normalized_as_browsers_do(method: str, sent: str) -> None:
    """Six methods are put into upper case; every other one is sent as it is written."""
    assert normalize_method(method) == sent
