"""The response to a preflight, and the changes to the headers of an actual response.

The middleware owns the CORS headers of a response: it replaces those that the app or an inner layer set, and never
appends to them. Header lists are read once and never modified. Their names may be in any case.
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALLOW_CREDENTIALS = b"access-control-allow-credentials"
ALLOW_HEADERS = b"access-control-allow-headers"
ALLOW_METHODS = b"access-control-allow-methods"
ALLOW_ORIGIN = b"access-control-allow-origin"
ALLOW_PRIVATE_NETWORK = b"access-control-allow-private-network"
EXPOSE_HEADERS = b"access-control-expose-headers"
MAX_AGE = b"access-control-max-age"
VARY = b"vary"

_ORIGIN = b"Origin"
_CREDENTIALS_ALLOWED = (ALLOW_CREDENTIALS, b"true")
_CORS_NAMES = frozenset(name.encode() for name in CORS_RESPONSE_HEADERS)
_EDITED_NAMES = _CORS_NAMES | {VARY}
_ALWAYS_READABLE = frozenset(name.encode() for name in CORS_SAFELISTED_RESPONSE_HEADERS)
_NEVER_READABLE = frozenset(name.encode() for name in FORBIDDEN_RESPONSE_HEADERS)
# Whether a header name of each length needs a closer look. Most names do not, which spares them `lower()` and a hash. A
# tuple costs a third of a set. Longer names, which are rare, raise an IndexError.
_LONGEST = 64


def _lengths_of(names: Iterable[bytes]) -> tuple[bool, ...]:
    lengths = {*map(len, names)}
    return tuple(length in lengths for length in range(_LONGEST + 1))


_CORS_NAME_LENGTHS = _lengths_of(_CORS_NAMES)
_EDITED_NAME_LENGTHS = _lengths_of(_EDITED_NAMES)
_NO_LENGTHS: tuple[bool, ...] = ()
# Apps use a handful of `Vary` values, and merging one costs more than the rest of `apply`. A value may repeat what a
# client sent, so the cache keeps few values and no long ones.
_MAX_VARY_ENTRIES = 64
_MAX_VARY_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightResponse:
    """The complete response to a CORS-preflight request. Header names are in lower case.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7: it allows something only with an ok status, 200 to
    299.
    """

    status: int
    headers: tuple[Header, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderEdit:
    """The changes to the headers of one response. Names are in lower case.

    `set` replaces all lines of a name by one line. `remove` has the names whose lines are removed.
    """

    set: tuple[Header, ...]
    remove: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeaders:
    """The change to the headers of an actual response, whatever its status.

    - `allow_origin`: the value of Access-Control-Allow-Origin, or None if the origin is not allowed.
    - `allow_credentials`: whether pages may read the response to a request with credentials.
    - `expose`: the names that the policy exposes.
    - `expand`: whether the names of each response's own headers are exposed too, because browsers do not treat `*` as
      a wildcard when credentials are included.
    - `vary`: whether the response depends on the origin.
    - `grant`: the CORS headers for a response that exposes no names itself.
    - `ready`: `grant`, and `Vary` if needed: the headers to add to a response that has none of these.

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
    # Whether a header name of each length needs a closer look. Without lengths, every response needs one.
    _lengths: tuple[bool, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the headers for a response that has none of them."""
        grant = self._grant(self.expose)
        object.__setattr__(self, "grant", grant)
        object.__setattr__(self, "ready", (*grant, (VARY, _ORIGIN)) if self.vary else grant)
        lengths = _EDITED_NAME_LENGTHS if self.vary else _CORS_NAME_LENGTHS
        object.__setattr__(self, "_lengths", _NO_LENGTHS if self.expand else lengths)

    def _grant(self, exposed: Sequence[bytes]) -> tuple[Header, ...]:
        if self.allow_origin is None:
            return ()
        return (
            (ALLOW_ORIGIN, self.allow_origin),
            *((_CREDENTIALS_ALLOWED,) if self.allow_credentials else ()),
            *(((EXPOSE_HEADERS, b", ".join(exposed)),) if exposed else ()),
        )

    def apply(self, headers: Iterable[Sequence[bytes]]) -> list[Sequence[bytes]]:
        """Return the header list to send instead of `headers`."""
        own = [*headers]
        lengths = self._lengths
        vary = None
        try:
            for header in own:
                if lengths[len(header[0])]:
                    name = header[0].lower()
                    if name == VARY and vary is None:
                        vary = header
                    elif name in _EDITED_NAMES:
                        return self._apply_edit(own)
        except IndexError:
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
        removed = {name for name, _ in edit.set}.union(edit.remove)
        return [*(header for header in own if header[0].lower() not in removed), *edit.set]

    def edit(self, headers: Iterable[Sequence[bytes]]) -> HeaderEdit:
        """Return which headers to set and which to remove, given the response's own headers."""
        own = [(name.lower(), name, value) for name, value in headers]
        grant = self._grant(self._exposed(own))
        merged = merge_vary([value for lowered, _, value in own if lowered == VARY], _ORIGIN) if self.vary else None
        edits = grant if merged is None else (*grant, (VARY, merged))
        kept = {name for name, _ in edits}
        removed = dict.fromkeys(lowered for lowered, _, _ in own if lowered in _CORS_NAMES and lowered not in kept)
        return HeaderEdit(set=edits, remove=tuple(removed))

    def _exposed(self, own: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes]:
        """Return the names to expose: those of the policy, then those that the app exposes itself, each once.

        https://fetch.spec.whatwg.org/#http-new-header-syntax: if one element is not a token, browsers ignore the whole
        list, so such elements are left out.
        """
        named, _ = split_list([value for lowered, _, value in own if lowered == EXPOSE_HEADERS])
        wildcard = self.expand or WILDCARD_BYTES in named
        if self.allow_credentials and wildcard:
            named = [*(name for name in named if name != WILDCARD_BYTES), *_readable_names(own)]
        return unique_names((*self.expose, *filter(_can_be_exposed, named)))


class _PreflightDraft:
    """The fields of a `PreflightResponse`, which can be assigned."""

    __slots__ = PreflightResponse.__slots__


class _HeadersDraft:
    """The fields of a `ResponseHeaders`, which can be assigned."""

    __slots__ = ResponseHeaders.__slots__


# The constructor of a frozen dataclass costs three to five times as much as to fill an object with the same slots and
# to change its class.
def new_preflight_response(status: int, headers: tuple[Header, ...], body: bytes) -> PreflightResponse:
    """Return a `PreflightResponse`."""
    draft: Any = _PreflightDraft()
    draft.status = status
    draft.headers = headers
    draft.body = body
    draft.__class__ = PreflightResponse
    return draft  # type: ignore[no-any-return]


def with_origin(template: ResponseHeaders, origin: bytes) -> ResponseHeaders:
    """Return `template`, whose `allow_origin` is an origin, for another allowed origin."""
    draft: Any = _HeadersDraft()
    first = (ALLOW_ORIGIN, origin)
    draft.allow_origin = origin
    draft.grant = (first, *template.grant[1:])
    draft.ready = (first, *template.ready[1:])
    draft.allow_credentials = template.allow_credentials
    draft.expose = template.expose
    draft.expand = template.expand
    draft.vary = template.vary
    draft._lengths = template._lengths  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # of the same class
    draft.__class__ = ResponseHeaders
    return draft  # type: ignore[no-any-return]


_merged_vary: dict[bytes, Header | None] = {}


def _vary_with_origin(value: bytes) -> Header | None:
    """Return `Vary` with the given value and `Origin`, or None if the value already contains it."""
    # A `bytearray` value violates ASGI, but some servers accept it. It cannot be hashed.
    if type(value) is not bytes or len(value) > _MAX_VARY_BYTES:
        return _merge(value)
    try:
        return _merged_vary[value]
    except KeyError:
        if len(_merged_vary) >= _MAX_VARY_ENTRIES:
            _merged_vary.clear()
        merged = _merged_vary[value] = _merge(value)
        return merged


def _merge(value: bytes) -> Header | None:
    merged = merge_vary((value,), _ORIGIN)
    return None if merged is None else (VARY, merged)


def _can_be_exposed(name: bytes) -> bool:
    return is_token_bytes(name) and not name.lower().startswith(b"access-control-")


def _readable_names(own: Iterable[tuple[bytes, bytes, bytes]]) -> list[bytes]:
    """Return the names of a response's headers that a page can read only if they are exposed, as the app wrote them."""
    return [name for lowered, name, _ in own if lowered not in _ALWAYS_READABLE and lowered not in _NEVER_READABLE]
