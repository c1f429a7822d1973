"""The scheme of a text that should be an origin, where it is damaged: what was meant, and where the host begins.

A damaged scheme must never be read as part of a host, because that host may belong to somebody else. Where this module
does not recognize a scheme, `origin_repair` offers no host that begins like one.
"""

import re

from crossorigin.policy.pattern import near_web_scheme

# Straight and typographic quotes. Editors and messengers replace one kind by the other.
QUOTES = "\"'`\u00b4\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
# The separators of East Asian texts are included.
_AROUND = f"{QUOTES}<>,;\u3001\uff0c\uff1b \t\r\n"

_SCHEME = re.compile(r"([A-Za-z*][A-Za-z0-9+.*-]*)://[\s/\\]*(.*)\Z", re.DOTALL)
# `https//`, `https.//`, `http:/`, `http: //`, `http:\\`; `https:app.example.com`; `httplocalhost`. Digits after a colon
# are a port instead.
_DAMAGED = re.compile(
    r"(?P<word>[a-z]{2,8})"
    r"(?:[\s:;.,\uff1a]*[/\\\uff0f]{2,}|\s*[:;\uff1a]\s*[/\\\uff0f]|(?P<colon>\s*[:;\uff1a]+)(?![0-9]+(?:[/?#]|\Z))"
    r"|(?P<nothing>)(?=localhost\b|127\.|www\.))"
    r"[\s:/\\\uff0f]*(?P<rest>.+)\Z",
    re.DOTALL | re.IGNORECASE,
)
# `capacitor:localhost`, `chrome-extension:/`. Digits after a colon are a port instead.
_DAMAGED_APP = re.compile(
    r"(chrome-extension|moz-extension|safari-web-extension|capacitor|ionic|tauri)"
    r"(?:\s*:(?![0-9]+(?:[/?#]|\Z))[\s/\\]*|[/\\]{2,})(.+)\Z",
    re.DOTALL | re.IGNORECASE,
)
# What is in front of an origin in a file or a message: `origin: `, `CORS_ORIGIN=`, `- `, `1. `.
_LABEL = re.compile(rf"(?:[-=]+|[a-z_][a-z0-9_-]*\s*[:=]|[0-9]+[.)])[\s{QUOTES}]*(?=[a-z]+://)", re.IGNORECASE)
_COMMENT = re.compile(r"\s(?:#|//)\s.*", re.DOTALL)
_JOINED = re.compile(r"(?<=[^\s/?#=&:,;])(?=https?://)", re.IGNORECASE)
_ONE_OF_JOINED = re.compile(r"https?://(?!www\.\Z)[^/?#]+", re.IGNORECASE)
_AFTER_A_SCHEME = re.compile(r"[^/]*[/\\]{2}[^/\\]")
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})


def strip_around(text: str) -> str:
    """Return a text without what was pasted around an origin: quotes, separators, brackets, a label, a comment."""
    bare = _COMMENT.sub("", text).strip(_AROUND)
    if "://" in bare and bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1].strip(_AROUND)
    label = _LABEL.match(bare)
    return bare if label is None else bare[label.end() :]


def split_joined(text: str) -> list[str]:
    """Return the origins in a text with nothing between them. Python joins two strings that have no comma between."""
    parts = _JOINED.split(text)
    *before, _ = parts
    return parts if all(map(_ONE_OF_JOINED.fullmatch, before)) else [text]


def split_scheme(text: str) -> tuple[str, str, bool] | None:
    """Return the scheme, what follows it, and whether the scheme is damaged; None if there is no scheme."""
    split = _split_once(text)
    while split is not None:
        # A scheme that is written twice, as in `https://http://` and `https://www.https://`.
        inner = _split_once(split[1].removeprefix("www."))
        if inner is None or not is_scheme(inner[0]):
            return split
        split = (inner[0], inner[1], True)
    return None


def _split_once(text: str) -> tuple[str, str, bool] | None:
    whole = _SCHEME.match(text)
    return _split_damaged(text) if whole is None else (whole[1], whole[2], False)


def _split_damaged(text: str) -> tuple[str, str, bool] | None:
    app = _DAMAGED_APP.match(text)
    if app is not None:
        return app[1].lower(), app[2], True
    damaged = _DAMAGED.match(text)
    if damaged is None:
        return None
    word = damaged["word"].lower()
    exact = word in _WEB_SCHEMES
    scheme = word if exact else near_web_scheme(word)
    # A word that is only similar to a scheme may be a host, unless a colon or slashes follow.
    if scheme is None or (damaged["nothing"] is not None and not exact):
        return None
    return scheme, damaged["rest"], True


def is_scheme(word: str) -> bool:
    """Return whether a word is the scheme of a page, or a misspelling of it."""
    lowered = word.lower()
    return lowered in _WEB_SCHEMES or near_web_scheme(lowered) is not None


def begins_like_a_scheme(text: str) -> bool:
    """Return whether a text without a scheme begins like a damaged one, so that it must not be read as a host."""
    if text.lower().startswith("http") or _AFTER_A_SCHEME.match(text) is not None:
        return True
    word, colon, _ = text.partition(":")
    return bool(colon) and is_scheme(word)
