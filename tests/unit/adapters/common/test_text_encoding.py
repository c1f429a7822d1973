"""Values that arrive as text: encoded without an exception, and split where a server joined lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin.adapters.common.text_encoding import encode_value, line_of_list, lines_of_value
from crossorigin.fetch.origin import MAX_ORIGIN

ORIGIN = "https://app.example.com"


@given(st.text(st.characters(exclude_categories=())))
def test_every_text_has_bytes(text: str) -> None:
    """Nothing that a framework decodes can make a request fail, lone surrogates included."""
    assert isinstance(encode_value(text), bytes)
    assert len(lines_of_value(text)) >= 1


def test_latin_1_keeps_its_bytes_and_other_text_is_utf_8() -> None:
    """WSGI text is Latin-1; text of other frameworks may have any character."""
    assert encode_value("é") == b"\xe9"
    assert encode_value("€") == "€".encode()
    assert encode_value("\udc80") == b"\xed\xb2\x80"


@pytest.mark.parametrize("separator", [",", ", ", " ,\t"])
def test_a_comma_means_a_repeated_field(separator: str) -> None:
    """Two lines that a server has joined are still two values."""
    assert lines_of_value(f"{ORIGIN}{separator}{ORIGIN}") == (ORIGIN.encode(), ORIGIN.encode())


def test_a_field_has_at_most_three_lines() -> None:
    """A value of a million commas is not split into as many parts."""
    assert len(lines_of_value("," * 1_000_000)) == 3


def test_only_the_length_of_an_origin_is_searched() -> None:
    """A longer value is refused by its length, so the rest of it is not read."""
    longest = "x" * MAX_ORIGIN
    assert len(lines_of_value(f"{longest},x")) == 2
    assert len(lines_of_value(f"{longest}x,x")) == 1


def test_an_absent_field_has_no_lines() -> None:
    """None means no line, and an empty value means one line."""
    assert lines_of_value(None) == line_of_list(None) == ()
    assert lines_of_value("") == line_of_list("") == (b"",)
