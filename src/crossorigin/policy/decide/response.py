"""Hold what is sent: the whole answer to a preflight, and what becomes of the headers of an actual response.

One response has one owner of its CORS headers, so they are set, never appended: whatever the app or an inner layer
set among them goes first. Header lists are read once and never changed; names may come in any case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from crossorigin.fetch.fields import WILDCARD_BYTES, Header, merge_vary, split_list, unique_names
from crossorigin.fetch.headers import (
    CORS_RESPONSE_HEADERS,
    CORS_SAFELISTED_RESPONSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
)
from crossorigin.fetch.methods import is_token_bytes

ALLOW_CREDENTIALS = b"access-control-allow-credentials"
ALLOW_HEADERS = b"access-control-allow-headers"
ALLOW_METHODS = b"access-control-allow-methods"
ALLOW_ORIGIN = b"access-control-allow-origin"
ALLOW_PRIVATE_NETWORK = b"access-control-allow-private-network"
EXPOSE_HEADERS = b"access-control-expose-headers"
MAX_AGE = b"access-control-max-age"
VARY = b"vary"

_ORIGIN = b"Origin"
_TRUE = (ALLOW_CREDENTIALS, b"true")
_CORS = frozenset(name.encode() for name in CORS_RESPONSE_HEADERS)
_SPECIAL = _CORS | {VARY}
_READABLE = frozenset(name.encode() for name in CORS_SAFELISTED_RESPONSE_HEADERS)
_UNREADABLE = frozenset(name.encode() for name in FORBIDDEN_RESPONSE_HEADERS)
# A name of any other length is none of them, which spares nearly every one its `lower()` and its hash.
_CORS_LENGTHS = frozenset(map(len, _CORS))
_SPECIAL_LENGTHS = frozenset(map(len, _SPECIAL))
# Apps use a handful of `Vary` values, and merging one costs more than all the rest. A value may repeat what a
# stranger sent, so few are kept, and no long ones.
_KEPT_VARY = 64
_MAX_KEPT_VARY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightResponse:
    """Hold the whole answer to a CORS-preflight request, ready to be sent; header names are lower-case.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7: only with an ok status, 200 to 299, does it grant
    anything.
    """

    status: int
    headers: tuple[Header, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderEdit:
    """Hold what is to be done to the headers of one response; names are lower-case.

    `set` replaces every line of its names by the one given; `remove` names lines that go.
    """

    set: tuple[Header, ...]
    remove: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeaders:
    """Say what becomes of the headers of an actual response, whatever its status.

    `allow_origin` is the value of Access-Control-Allow-Origin, None where nothing is granted. `expose` are
    the names of the policy; with `expand`, the names of each response's own headers are exposed too, because `*`
    means nothing to a browser when there are credentials. `vary` tells whether the answer depends on the origin.
    `grant` is what an allowed request's response gets, and `ready` that and `Vary`, where the response has no such
    headers of its own.

    https://fetch.spec.whatwg.org/#http-responses

    >>> ResponseHeaders(allow_origin=b"https://app.example.com").apply([(b"vary", b"Accept")])
    [(b'access-control-allow-origin', b'https://app.example.com'), (b'vary', b'Accept, Origin')]
    """

    allow_origin: bytes | None
    allow_credentials: bool = False
    expose: tuple[bytes, ...] = ()
    expand: bool = False
    vary: bool = True
    grant: tuple[Header, ...] = field(init=False, repr=False, compare=False)
    ready: tuple[Header, ...] = field(init=False, repr=False, compare=False)
    # Of the names that matter here; None where each of them does.
    _lengths: frozenset[int] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make ready what a response without headers of this kind gets."""
        grant = self._grant(self.expose)
        object.__setattr__(self, "grant", grant)
        object.__setattr__(self, "ready", (*grant, (VARY, _ORIGIN)) if self.vary else grant)
        lengths = _SPECIAL_LENGTHS if self.vary else _CORS_LENGTHS
        object.__setattr__(self, "_lengths", None if self.expand else lengths)

    def _grant(self, exposed: Sequence[bytes]) -> tuple[Header, ...]:
        if self.allow_origin is None:
            return ()
        return (
            (ALLOW_ORIGIN, self.allow_origin),
            *((_TRUE,) if self.allow_credentials else ()),
            *(((EXPOSE_HEADERS, b", ".join(exposed)),) if exposed else ()),
        )

    def apply(self, headers: Iterable[Sequence[bytes]]) -> list[Sequence[bytes]]:
        """Return the header list that is to be sent in place of `headers`."""
        own = [*headers]
        lengths = self._lengths
        if lengths is None:
            return self._apply_edit(own)
        vary = None
        for header in own:
            if len(header[0]) in lengths:
                name = header[0].lower()
                if name == VARY and vary is None:
                    vary = header
                elif name in _SPECIAL:
                    return self._apply_edit(own)
        if vary is None:
            own += self.ready
            return own
        merged = _vary_with_origin(vary[1])
        if merged is None:
            own += self.grant
            return own
        own.remove(vary)
        own += self.grant
        own.append(merged)
        return own

    def _apply_edit(self, own: Sequence[Sequence[bytes]]) -> list[Sequence[bytes]]:
        edit = self.edit(own)
        gone = {name for name, _ in edit.set}.union(edit.remove)
        return [*(header for header in own if header[0].lower() not in gone), *edit.set]

    def edit(self, headers: Iterable[Sequence[bytes]]) -> HeaderEdit:
        """Say which headers of a response are to be set and which removed, given the response's own."""
        own = [(name.lower(), name, value) for name, value in headers]
        grant = self._grant(self._exposed(own))
        merged = merge_vary([value for lowered, _, value in own if lowered == VARY], _ORIGIN) if self.vary else None
        edits = grant if merged is None else (*grant, (VARY, merged))
        kept = {name for name, _ in edits}
        gone = dict.fromkeys(lowered for lowered, _, _ in own if lowered in _CORS and lowered not in kept)
        return HeaderEdit(set=edits, remove=tuple(gone))

    def _exposed(self, own: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes]:
        """Return the names to expose: the policy's, then those the app exposes itself, each once.

        https://fetch.spec.whatwg.org/#http-new-header-syntax: one element that is no token voids the whole list in the
        browser, so such elements are left out.
        """
        named, _ = split_list([value for lowered, _, value in own if lowered == EXPOSE_HEADERS])
        wildcard = self.expand or WILDCARD_BYTES in named
        if self.allow_credentials and wildcard:
            named = [*(name for name in named if name != WILDCARD_BYTES), *_readable_names(own)]
        return unique_names((*self.expose, *filter(_can_be_exposed, named)))


_merged_vary: dict[bytes, Header | None] = {}


def _vary_with_origin(value: bytes) -> Header | None:
    """Return the `Vary` that says what `value` says and names the origin; None if it names it already."""
    # A `bytearray` for a value is against ASGI, and some servers take it; it has no hash.
    if type(value) is not bytes or len(value) > _MAX_KEPT_VARY:
        return _merge(value)
    try:
        return _merged_vary[value]
    except KeyError:
        if len(_merged_vary) >= _KEPT_VARY:
            _merged_vary.clear()
        merged = _merged_vary[value] = _merge(value)
        return merged


def _merge(value: bytes) -> Header | None:
    merged = merge_vary((value,), _ORIGIN)
    return None if merged is None else (VARY, merged)


def _can_be_exposed(name: bytes) -> bool:
    return is_token_bytes(name) and not name.lower().startswith(b"access-control-")


def _readable_names(own: Iterable[tuple[bytes, bytes, bytes]]) -> list[bytes]:
    """Return the names of a response's headers that exposing makes readable, as the app spelled them."""
    return [name for lowered, name, _ in own if lowered not in _READABLE and lowered not in _UNREADABLE]
