"""List-based header fields, read within limits, and the merging of `Vary`.

RFC 9110, section 5.6.1: a list field may arrive as several lines, with empty elements and with spaces or tabs
around its commas. A recipient must accept a reasonable number of empty elements and may refuse the rest. Reading an
untrusted list therefore stays cheap: the bytes are counted before anything is split.
"""

from collections.abc import Iterable, Sequence

# Matches every origin, method or name: https://fetch.spec.whatwg.org/#cors-protocol-and-credentials.
WILDCARD = "*"
WILDCARD_BYTES = WILDCARD.encode()

# One line of a header list: its name and its value.
Header = tuple[bytes, bytes]

# Room for about a hundred header names, far more than a browser ever sends.
MAX_LIST_BYTES = 4096
MAX_EMPTY_ELEMENTS = 16


def list_size(lines: Iterable[bytes]) -> int:
    """Return the length of a list field in bytes, over all its lines, without splitting it."""
    return sum(map(len, lines))


def split_list(lines: Sequence[bytes]) -> tuple[list[bytes], int]:
    """Return the elements of a list field, over all its lines, and the number of empty ones that were left out.

    The work grows with the size of the lines, so check that size first.
    """
    elements = [element.strip(b" \t") for line in lines for element in line.split(b",")]
    filled = [element for element in elements if element]
    return filled, len(elements) - len(filled)


def merge_vary(lines: Sequence[bytes], name: bytes) -> bytes | None:
    """Return the value of `Vary` with `name` added, or None if its lines already include it.

    Names are compared case-insensitively. `*` covers every name, so it is left unchanged.
    """
    elements, _ = split_list(lines)
    lowered = name.lower()
    for element in elements:
        if element == b"*" or element.lower() == lowered:
            return None
    return b", ".join([*elements, name])


def unique_names(names: Iterable[bytes]) -> list[bytes]:
    """Return each name once, compared case-insensitively, with the spelling and position of its first occurrence."""
    spelled: dict[bytes, bytes] = {}
    for name in names:
        spelled.setdefault(name.lower(), name)
    return list(spelled.values())
