"""The bytes of header values that a framework gives as text, and the lines of a value that its server joined.

Text protocols do not agree on an encoding: WSGI text is Latin-1 (PEP 3333, "Unicode Issues"), aiohttp decodes UTF-8
with surrogates. Nothing here raises because of a value.
"""

from __future__ import annotations

from crossorigin.fetch.origin import MAX_ORIGIN

# Three parts are as good as a thousand: the field is repeated.
_MAX_SPLITS = 2


def encode_value(text: str) -> bytes:
    """Return the bytes of a value: Latin-1, or UTF-8 if the text has other characters. It never raises.

    >>> encode_value("https://app.example.com")
    b'https://app.example.com'
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def lines_of_value(text: str | None) -> tuple[bytes, ...]:
    """Return the lines of a field that can have one value, such as `Origin`, from the text that a server gives.

    Servers join repeated lines by commas. Neither an origin nor a method contains a comma, so a comma means that the
    field was repeated. Only as many characters as an origin can have are searched. A longer value is refused anyway,
    because of its length.

    >>> lines_of_value("https://app.example.com, https://app.example.com")
    (b'https://app.example.com', b'https://app.example.com')
    """
    if text is None:
        return ()
    if "," not in text[: MAX_ORIGIN + 1]:
        return (encode_value(text),)
    return tuple(encode_value(part.strip(" \t")) for part in text.split(",", _MAX_SPLITS))


def line_of_list(text: str | None) -> tuple[bytes, ...]:
    """Return the only line of a list field, such as `Access-Control-Request-Headers`, or no line if it is absent."""
    return () if text is None else (encode_value(text),)
