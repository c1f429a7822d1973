"""The headers of a Django response, changed as a decision says."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.adapters.common.text_headers import TextHeaders


def edit_headers(answer: TextHeaders, headers: Any) -> None:
    """Change the headers of a response."""
    # Django's mapping converts and checks every name and value that is set, which costs five times as much as all the
    # rest for our constant ones. If a release stores them in another way, they are set as everyone does.
    store = getattr(headers, "_store", None)
    if type(store) is not dict or not answer.edit_store(store):  # pyright: ignore[reportUnknownArgumentType]
        answer.edit_mapping(headers)
