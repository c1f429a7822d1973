"""The headers of an aiohttp response, changed as a decision says."""

from __future__ import annotations

from multidict import istr

from crossorigin.adapters.common.text_headers import EDITED_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiohttp.web import StreamResponse

    from crossorigin.adapters.common.text_headers import TextHeaders

# Looking up eight of these strings costs a fifth of looking up eight others.
_EDITED_NAMES = tuple(map(istr, sorted(EDITED_NAMES)))


def set_headers(response: StreamResponse, decided: TextHeaders) -> None:
    """Change the headers of a response."""
    headers, ready = response.headers, decided.ready
    if ready is not None and headers.keys().isdisjoint(_EDITED_NAMES):
        headers.extend(ready)
        return
    pairs, removed = decided.edit(headers.items())
    for name in removed:
        headers.popall(name)
    for name, value in pairs:
        headers[name] = value
