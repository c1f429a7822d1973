"""The error of a store that cannot be used, with a message that contains no password."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from crossorigin.policy.errors import without_passwords

if TYPE_CHECKING:
    from crossorigin.live.stores.address import StoreAddress

_HIDDEN = "***"


class StoreError(Exception):
    """A store of live origins cannot be reached, or its schema is missing or has another version.

    The message says what to do. It contains no password.
    """


def hide_passwords(text: str, address: StoreAddress) -> str:
    """Return the text of a driver's error in which passwords are replaced."""
    for password in (*_passwords(address), os.environ.get("PGPASSWORD", "")):
        for form in (password, unquote(password), quote(password, safe="")):
            # A user that is called like its password is shown in the address anyway.
            if form and form not in address.text:
                text = text.replace(form, _HIDDEN)
    return without_passwords(text)


def has_password(address: StoreAddress) -> bool:
    """Return whether the URL of a store contains a password."""
    return any(_passwords(address))


def _passwords(address: StoreAddress) -> list[str]:
    parts = urlsplit(address.conninfo)
    login = parts.netloc.rpartition("@")[0]
    return [login.partition(":")[2], *(value for name, value in parse_qsl(parts.query) if name.endswith("password"))]
