"""The request headers that a page may set, and those it may send without a preflight, by name and value.

https://fetch.spec.whatwg.org/#cors-safelisted-request-header. Names and values are bytes, as in a header list.
Values have no surrounding whitespace. The module `headers` contains the lists that depend on names only.
"""

import re
from collections.abc import Callable, Iterable

from crossorigin.fetch.fields import Header
from crossorigin.fetch.headers import is_forbidden_request_header
from crossorigin.fetch.methods import TCHAR, is_forbidden_method

MAX_SAFELISTED_VALUE = 128
MAX_SAFELISTED_VALUES = 1024

# https://fetch.spec.whatwg.org/#cors-safelisted-request-header: the media types that an HTML form can send.
SAFELISTED_CONTENT_TYPES = frozenset({b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain"})

# The page's headers that are kept with `mode: "no-cors"`.
NO_CORS_SAFELISTED_NAMES = frozenset({b"accept", b"accept-language", b"content-language", b"content-type"})

# These headers are dropped together with the body when a redirect changes the method to GET.
REQUEST_BODY_HEADERS = frozenset({b"content-encoding", b"content-language", b"content-location", b"content-type"})

# Servers read these headers to treat the POST of a form as another method.
_METHOD_OVERRIDES = frozenset({b"x-http-method", b"x-http-method-override", b"x-method-override"})

_UNSAFE_BYTE = re.compile(rb'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_LANGUAGE = re.compile(rb"[0-9A-Za-z *,.;=-]*\Z")
_RANGE = re.compile(rb"bytes=([0-9]+)-([0-9]*)\Z")
_TOKEN = TCHAR.encode() + b"+"
_MEDIA_TYPE = re.compile(rb"(" + _TOKEN + rb"/" + _TOKEN + rb")[\t\n\r ]*(?:;|\Z)")


def is_forbidden(name: bytes, value: bytes) -> bool:
    """Return whether browsers ignore a page's attempt to set this header.

    https://fetch.spec.whatwg.org/#forbidden-request-header
    """
    if name.lower() in _METHOD_OVERRIDES:
        return any(is_forbidden_method(method.strip(b"\t ").decode("latin-1")) for method in value.split(b","))
    return is_forbidden_request_header(name.decode("latin-1"))


def is_cors_safelisted_request_header(name: bytes, value: bytes) -> bool:
    """Return whether a page may send this header to other origins without a preflight."""
    if len(value) > MAX_SAFELISTED_VALUE:
        return False
    match name.lower():
        case b"accept":
            return _UNSAFE_BYTE.search(value) is None
        case b"accept-language" | b"content-language":
            return _LANGUAGE.match(value) is not None
        case b"content-type":
            return _UNSAFE_BYTE.search(value) is None and essence(value) in SAFELISTED_CONTENT_TYPES
        case b"range":
            return _is_simple_range(value)
        case _:
            return False


def cors_unsafe_request_header_names(
    headers: Iterable[Header], *, is_safelisted: Callable[[bytes, bytes], bool] = is_cors_safelisted_request_header
) -> tuple[bytes, ...]:
    """Return the names that a preflight lists: in lower case, each once, sorted by their bytes.

    `is_safelisted` replaces the standard's list with that of one engine.

    https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names

    >>> cors_unsafe_request_header_names([(b"X-Zed", b"1"), (b"Accept", b"*/*"), (b"Range", b"bytes=-5")])
    (b'range', b'x-zed')
    """
    unsafe: list[bytes] = []
    safe: list[Header] = []
    for name, value in headers:
        if is_safelisted(name, value):
            safe.append((name, value))
        else:
            unsafe.append(name)
    if sum(len(value) for _, value in safe) > MAX_SAFELISTED_VALUES:
        unsafe += [name for name, _ in safe]
    return tuple(sorted({name.lower() for name in unsafe}))


def is_no_cors_safelisted_request_header(name: bytes, value: bytes) -> bool:
    """Return whether a page may set this header on a request in `no-cors` mode."""
    return name.lower() in NO_CORS_SAFELISTED_NAMES and is_cors_safelisted_request_header(name, value)


def essence(value: bytes) -> bytes | None:
    """Return the type and subtype of a media type in lower case, or None if `value` is not a media type.

    The MIME Sniffing standard defines this parsing. Invalid parameters do not make it fail.
    """
    found = _MEDIA_TYPE.match(value.lstrip(b"\t\n\r "))
    return found[1].lower() if found else None


def _is_simple_range(value: bytes) -> bool:
    found = _RANGE.match(value)
    return found is not None and (not found[2] or int(found[1]) <= int(found[2]))
