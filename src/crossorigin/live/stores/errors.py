"""The error of a store that cannot be used, with a message that contains no password."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from crossorigin.policy.errors import without_passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossorigin.live.stores.address import StoreAddress

_HIDDEN = "***"


class StoreError(Exception):
    """A store of live origins cannot be reached, or its schema is missing or has another version.

    The message says what to do. It contains no password.
    """


def hide_passwords(text: str, address: StoreAddress) -> str:
    """Return the text of a driver's error in which the passwords of an address are replaced."""
    for password in _passwords(address):
        # A user that is called like its password is shown in the address anyway.
        if password and password not in address.text:
            text = text.replace(password, _HIDDEN)
    return without_passwords(text)


def _passwords(address: StoreAddress) -> Iterator[str]:
    yield os.environ.get("PGPASSWORD", "")
    parts = urlsplit(address.conninfo)
    given = [parts.netloc.rpartition("@")[0].partition(":")[2]]
    given += [value for name, value in parse_qsl(parts.query) if name.endswith("password")]
    for password in given:
        yield from (password, unquote(password), quote(password, safe=""))
