"""Console messages of browsers, and their reasons. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache

from crossorigin.browser import BrowserReason
from crossorigin.browser.texts import CHROMIUM_PREFLIGHT, TEXTS

_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
_ORIGIN = re.compile(r"from origin '([^']+)'|Origin (\S+) is not allowed")
_URL = re.compile(
    r"(?:Access to \S+(?: \S+)?|load) (?:at )?'?(https?://[^\s']+)"
    r"|resource at \u2018?(https?://[^\s\u2019]+?)\u2019?\. \("
)
_WITHOUT_TAIL = re.compile(r"\{(?:fetch_tail|xhr_tail)\}.*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a console message says: the reason, and the URL and the origin if it names them."""

    reason: BrowserReason
    url: str | None
    origin: str | None


def read_console(text: str) -> Message | None:
    """Return what a console message says, or None if it is not a message about CORS that is known.

    >>> read_console("Preflight response is not successful. Status code: 405").reason.value
    'preflight-invalid-status'
    """
    flat = " ".join(text.split())
    found = [(weight, reason) for pattern, weight, reason in _patterns() if pattern.search(flat)]
    if not found:
        return None
    # The message with the most fixed text is the most specific one.
    _, reason = max(found, key=lambda one: one[0])
    if CHROMIUM_PREFLIGHT.strip() in flat and f"preflight-{reason}" in {*BrowserReason}:
        reason = reason.for_preflight()
    url, origin = _URL.search(flat), _ORIGIN.search(flat)
    return Message(
        reason=reason,
        url=next(filter(None, url.groups()), None) if url else None,
        origin=next(filter(None, origin.groups()), None) if origin else None,
    )


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], int, BrowserReason]]:
    patterns: list[tuple[re.Pattern[str], int, BrowserReason]] = []
    for reason, texts in TEXTS.items():
        for text in (texts.chromium, texts.firefox, texts.webkit):
            if text is None:
                continue
            bare = _WITHOUT_TAIL.sub("", text)
            written = (
                _PLACEHOLDER.sub(".*?", re.escape(bare)).replace("\u2018", "[\u2018']").replace("\u2019", "[\u2019']")
            )
            # The first reason in the table has the message that others share.
            patterns.append((re.compile(written), len(written) * 1000 - len(patterns), reason))
    return patterns
