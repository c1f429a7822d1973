"""Hold what the standard says about methods: tokens, safelisted, forbidden, normalized, standard ones.

https://fetch.spec.whatwg.org/#methods. Methods are compared byte for byte; nothing here changes case behind the
caller's back except `normalize_method`, which changes it exactly as browsers do.
"""

import re

# https://fetch.spec.whatwg.org/#cors-safelisted-method: sent across origins without asking first.
CORS_SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})

# https://fetch.spec.whatwg.org/#forbidden-method: compared without case; a script that names one gets a TypeError.
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})

# https://fetch.spec.whatwg.org/#concept-method-normalize: `PATCH` and `QUERY` are not among them, so a page that
# says `patch` sends `patch`.
NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})

# The methods that `allow_methods=["*"]` stands for: those an HTTP specification defines and a browser will send.
STANDARD_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")

# RFC 9110, section 5.6.2: what a token is made of.
TCHAR = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# `\Z`, for `$` would let a line feed through.
_TOKEN = re.compile(rf"{TCHAR}+\Z")
_TOKEN_BYTES = re.compile(_TOKEN.pattern.encode())


def is_token(text: str) -> bool:
    """Tell whether `text` is a token, the form of every method and header name."""
    return _TOKEN.match(text) is not None


def is_token_bytes(value: bytes) -> bool:
    """Tell whether the bytes of a request are a token; linear in their length."""
    return _TOKEN_BYTES.match(value) is not None


def is_forbidden_method(method: str) -> bool:
    """Tell whether no browser lets a script send `method`."""
    return _upper(method) in FORBIDDEN_METHODS


def normalize_method(method: str) -> str:
    """Return `method` as a browser sends it: upper-cased if it is one of the six normalized ones."""
    upper = _upper(method)
    return upper if upper in NORMALIZED_METHODS else method


def _upper(method: str) -> str:
    # Byte-upper-case: beyond ASCII, `str.upper` turns some letters into others.
    return method.upper() if method.isascii() else method
