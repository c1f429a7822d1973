"""Console messages of browsers, and their reasons: whole, cut, of older browsers, or with other quotes. Pure."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from crossorigin.browser import BrowserReason
from crossorigin.browser.texts import (
    CHROMIUM_PREFLIGHT,
    FIREFOX_FAILED,
    FIREFOX_MISMATCH,
    FIREFOX_SCHEME,
    TEXTS,
    WEBKIT_HTTP_ONLY,
    WEBKIT_MULTIPLE,
)
from crossorigin.fetch.origin import parse_origin

_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
_ORIGIN = re.compile(r"from origin '([^']+)'|Origin '?([^\s']+)'? is (?:therefore )?not allowed")
_URL = re.compile(
    r"(?:Access to \S+(?: \S+)?|load) (?:at )?'?(https?://[^\s']+?)\.?'?(?=\s|$)"
    r"|resource at '?(https?://[^\s']+?)'?\. \("
)
_TAIL = re.compile(r"\{(?:fetch_tail|xhr_tail)\}.*$")
# Older messages, and copies without the end, lack the status.
_STATUS = re.compile(r"\.? Status code: \{status\}$")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})
_CUT = re.compile(r"\s*(?:\u2026|\.\.\.)$")
# A shorter beginning could be that of any text.
_SHORTEST_BEGINNING = 20
# Messages of older browsers, or with another list of schemes.
_OLDER: tuple[tuple[str, BrowserReason], ...] = (
    ("CORS request did not succeed)", BrowserReason.NETWORK_ERROR),
    ("CORS preflight channel did not succeed", BrowserReason.PREFLIGHT_INVALID_STATUS),
    ("Preflight response is not successful", BrowserReason.PREFLIGHT_INVALID_STATUS),
    ("Response for preflight has invalid HTTP status code", BrowserReason.PREFLIGHT_INVALID_STATUS),
    ("Response for preflight is invalid (redirect)", BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT),
    (
        "missing token '{subject}' in CORS header 'Access-Control-Allow-Headers' from CORS preflight channel",
        BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE,
    ),
    ("Multiple CORS header 'Access-Control-Allow-Origin' not allowed", BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES),
    (WEBKIT_MULTIPLE, BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES),
    ("Cross origin requests are only supported for protocol schemes:", BrowserReason.CORS_DISABLED_SCHEME),
    (FIREFOX_SCHEME, BrowserReason.CORS_DISABLED_SCHEME),
    (WEBKIT_HTTP_ONLY, BrowserReason.CORS_DISABLED_SCHEME),
)
# Several reasons have these messages: the first is that of a server that cannot be reached. The value in the second one
# shows which reason it is.
_SHARED: Mapping[str, BrowserReason] = {
    FIREFOX_FAILED: BrowserReason.NETWORK_ERROR,
    FIREFOX_MISMATCH: BrowserReason.ALLOW_ORIGIN_MISMATCH,
}
_VALUE = re.compile(r"'Access-Control-Allow-Origin' does not match '([^']*)'")


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
    flat = _flat(html.unescape(text))
    reason = _of_whole(flat) or _of_beginning(flat)
    if reason is None:
        return None
    value = _VALUE.search(flat)
    if value is not None and reason is BrowserReason.ALLOW_ORIGIN_MISMATCH:
        reason = _of_value(value[1])
    if CHROMIUM_PREFLIGHT.strip() in flat and f"preflight-{reason}" in {*BrowserReason}:
        reason = reason.for_preflight()
    url, origin = _URL.search(flat), _ORIGIN.search(flat)
    return Message(
        reason=reason,
        url=next(filter(None, url.groups()), None) if url else None,
        origin=next(filter(None, origin.groups()), None) if origin else None,
    )


def _flat(text: str) -> str:
    return " ".join(text.translate(_QUOTES).split())


def _of_whole(flat: str) -> BrowserReason | None:
    found = [(weight, reason) for pattern, weight, reason in _patterns() if pattern.search(flat)]
    # The message with the most fixed text is the most specific one.
    return max(found, key=lambda one: one[0])[1] if found else None


def _of_beginning(flat: str) -> BrowserReason | None:
    """Return the reason of a message without its end, or None if several reasons have messages with this beginning."""
    kept = _CUT.sub("", flat)
    found = {reason for text, reason in _texts() if _ends_in(kept, text.partition("{")[0])}
    return found.pop() if len(found) == 1 else None


def _ends_in(kept: str, text: str) -> bool:
    lengths = range(_SHORTEST_BEGINNING, len(text) + 1)
    return any(kept.endswith(text[:length]) for length in lengths)


def _of_value(value: str) -> BrowserReason:
    """Return the reason for which Firefox prints that a value does not match."""
    if "," in value:
        return BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES
    is_valid = value == "null" or parse_origin(value) is not None
    return BrowserReason.ALLOW_ORIGIN_MISMATCH if is_valid else BrowserReason.INVALID_ALLOW_ORIGIN_VALUE


@lru_cache(maxsize=1)
def _texts() -> tuple[tuple[str, BrowserReason], ...]:
    """Return the messages without what older browsers leave out, and their reasons."""
    found = [
        (_flat(_STATUS.sub("", _TAIL.sub("", text))), reason)
        for reason, texts in TEXTS.items()
        for text in filter(None, (texts.chromium, texts.firefox, texts.webkit))
        if _SHARED.get(text, reason) is reason
    ]
    return (*found, *_OLDER)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], int, BrowserReason]]:
    found: list[tuple[re.Pattern[str], int, BrowserReason]] = []
    for place, (text, reason) in enumerate(_texts()):
        written = _PLACEHOLDER.sub(".*?", re.escape(text))
        # The first reason in the table has the message that others share.
        found.append((re.compile(written), len(written) * 1000 - place, reason))
    return found
