"""Read list-based header fields under limits, and merge `Vary`.

RFC 9110, section 5.6.1: a list field may arrive as several lines, with empty elements and with spaces or tabs
around its commas. A recipient must take a reasonable number of empty elements, and may refuse the rest, which is
how reading a stranger's list stays cheap: the bytes are counted before anything is split.
"""

from collections.abc import Iterable, Sequence

# Stands for every origin, method or name: https://fetch.spec.whatwg.org/#cors-protocol-and-credentials.
WILDCARD = "*"
WILDCARD_BYTES = WILDCARD.encode()

# A line of a header list: its name and its value.
Header = tuple[bytes, bytes]

# Far more than a browser ever sends: about a hundred header names.
MAX_LIST_BYTES = 4096
MAX_EMPTY_ELEMENTS = 16


def list_size(lines: Iterable[bytes]) -> int:
    """Return the length of a list field in bytes, over all its lines, without splitting it."""
    return sum(map(len, lines))


def split_list(lines: Sequence[bytes]) -> tuple[list[bytes], int]:
    """Return the elements of a list field, over all its lines, and how many empty ones were left out.

    Call it on lines whose size is known to be bounded: the work grows with it.
    """
    elements = [element.strip(b" \t") for line in lines for element in line.split(b",")]
    filled = [element for element in elements if element]
    return filled, len(elements) - len(filled)


def merge_vary(lines: Sequence[bytes], name: bytes) -> bytes | None:
    """Return the value of a `Vary` that names `name` too, or None if its lines say so already.

    Names are compared without case. `*` stands for every name, so it is left alone.
    """
    elements, _ = split_list(lines)
    lowered = name.lower()
    for element in elements:
        if element == b"*" or element.lower() == lowered:
            return None
    return b", ".join([*elements, name])


def unique_names(names: Iterable[bytes]) -> list[bytes]:
    """Return each name once, compared without case, in the first spelling and place it was given in."""
    spelled: dict[bytes, bytes] = {}
    for name in names:
        spelled.setdefault(name.lower(), name)
    return list(spelled.values())
