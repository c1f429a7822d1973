"""The methods that the Fetch standard treats specially, and the grammar of a method.

https://fetch.spec.whatwg.org/#methods. Methods are compared byte for byte. Only `normalize_method` changes their case,
and it does so exactly as browsers do.
"""

import re

# https://fetch.spec.whatwg.org/#cors-safelisted-method: browsers send these to other origins without a preflight.
CORS_SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})

# https://fetch.spec.whatwg.org/#forbidden-method: compared case-insensitively. A script that uses one gets a TypeError.
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})

# https://fetch.spec.whatwg.org/#concept-method-normalize: `PATCH` and `QUERY` are not among them, so a page that
# writes `patch` sends `patch`.
NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})

# The methods that `allow_methods=["*"]` allows: those that an HTTP specification defines and browsers send.
STANDARD_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")

# RFC 9110, section 5.6.2: the characters of a token.
TCHAR = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# The pattern ends in `\Z` because `$` also matches before a final line feed.
_TOKEN = re.compile(rf"{TCHAR}+\Z")
_TOKEN_BYTES = re.compile(_TOKEN.pattern.encode())


def is_token(text: str) -> bool:
    """Return whether `text` is a token, the form of every method and header name."""
    return _TOKEN.match(text) is not None


def is_token_bytes(value: bytes) -> bool:
    """Return whether `value` is a token, in time linear in its length."""
    return _TOKEN_BYTES.match(value) is not None


def is_forbidden_method(method: str) -> bool:
    """Return whether browsers prevent scripts from sending `method`."""
    return _upper(method) in FORBIDDEN_METHODS


def normalize_method(method: str) -> str:
    """Return `method` as a browser sends it: in upper case if it is one of the six normalized methods."""
    upper = _upper(method)
    return upper if upper in NORMALIZED_METHODS else method


def _upper(method: str) -> str:
    # The standard changes ASCII letters only. `str.upper` would turn some other letters into ASCII ones.
    return method.upper() if method.isascii() else method
