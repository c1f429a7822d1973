"""The changes to the headers of an actual response, and the names of the headers that CORS defines.

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
# Pages can always read the first ones, and never the second ones.
_NEED_NO_EXPOSURE = frozenset(
    name.encode() for name in (*CORS_SAFELISTED_RESPONSE_HEADERS, *FORBIDDEN_RESPONSE_HEADERS)
)
# Whether a header name of each length needs a closer look. Most names do not, which spares them `lower()` and a hash. A
# tuple costs a third of a set. Longer names, which are rare, raise an IndexError.
_LONGEST = 64


def _lengths_of(names: Iterable[bytes]) -> tuple[bool, ...]:
    lengths = {*map(len, names)}
    return tuple(length in lengths for length in range(_LONGEST + 1))


_CORS_NAME_LENGTHS = _lengths_of(_CORS_NAMES)
_EDITED_NAME_LENGTHS = _lengths_of(_EDITED_NAMES)
_NO_LENGTHS: tuple[bool, ...] = ()
# Apps use a handful of `Vary` values and of lists of header names, and merging one costs more than the rest of `apply`.
# A value may repeat what a client sent, so the caches keep few values and no long ones.
_MAX_ENTRIES = 64
_MAX_VARY_BYTES = 256
_MAX_EXPOSED_BYTES = 1024


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
        grant = self._grant(_expose(self.expose))
        object.__setattr__(self, "grant", grant)
        object.__setattr__(self, "ready", (*grant, (VARY, _ORIGIN)) if self.vary else grant)
        lengths = _EDITED_NAME_LENGTHS if self.vary else _CORS_NAME_LENGTHS
        object.__setattr__(self, "_lengths", _NO_LENGTHS if self.expand else lengths)

    def _grant(self, exposed: tuple[Header, ...]) -> tuple[Header, ...]:
        if self.allow_origin is None:
            return ()
        credentials = (_CREDENTIALS_ALLOWED,) if self.allow_credentials else ()
        return ((ALLOW_ORIGIN, self.allow_origin), *credentials, *exposed)

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
        merged = _vary_with_origin((vary[1],))
        if merged is None:
            own += self.grant
            return own
        own.remove(vary)
        own += self.grant
        own.append(merged)
        return own

    def _apply_edit(self, own: Sequence[Sequence[bytes]]) -> list[Sequence[bytes]]:
        """Return the same as `edit`, applied, in one pass over the headers."""
        kept: list[Sequence[bytes]] = []
        vary: list[Sequence[bytes]] = []
        exposed: list[bytes] = []
        lengths = _EDITED_NAME_LENGTHS
        for header in own:
            length = len(header[0])
            name = header[0].lower() if length > _LONGEST or lengths[length] else b""
            if name not in _EDITED_NAMES:
                kept.append(header)
            elif name == VARY:
                kept.append(header)
                vary.append(header)
            elif name == EXPOSE_HEADERS:
                exposed.append(header[1])
        grant = self.grant
        if self.allow_origin is not None and (exposed or self.expand):
            names = [header[0] for header in kept] if self.allow_credentials else ()
            grant = self._grant(self._exposed(exposed, names))
        if not self.vary:
            return [*kept, *grant]
        merged = _vary_with_origin([header[1] for header in vary]) if vary else _ONLY_ORIGIN
        if merged is None:
            return [*kept, *grant]
        for header in vary:
            kept.remove(header)
        return [*kept, *grant, merged]

    def edit(self, headers: Iterable[Sequence[bytes]]) -> HeaderEdit:
        """Return which headers to set and which to remove, given the response's own headers."""
        own = [(name.lower(), name, value) for name, value in headers]
        exposed = [value for lowered, _, value in own if lowered == EXPOSE_HEADERS]
        is_own = exposed or self.expand
        grant = self._grant(self._exposed(exposed, [name for _, name, _ in own])) if is_own else self.grant
        merged = merge_vary([value for lowered, _, value in own if lowered == VARY], _ORIGIN) if self.vary else None
        edits = grant if merged is None else (*grant, (VARY, merged))
        kept = {name for name, _ in edits}
        removed = dict.fromkeys(lowered for lowered, _, _ in own if lowered in _CORS_NAMES and lowered not in kept)
        return HeaderEdit(set=edits, remove=tuple(removed))

    def _exposed(self, lines: Sequence[bytes], names: Sequence[bytes]) -> tuple[Header, ...]:
        """Return Access-Control-Expose-Headers: the names of the policy, then those that the app exposes, each once.

        `lines` are those of the app's own Access-Control-Expose-Headers. `names` are the names of its headers, which
        matter only with credentials.
        """
        key = (self.expose, self.expand, self.allow_credentials, (*lines,), (*names,))
        try:
            known = _exposed_headers.get(key)
        except TypeError:  # a `bytearray` cannot be hashed
            return self._find_exposed([*map(bytes, lines)], [*map(bytes, names)])
        if known is None:
            known = self._find_exposed(lines, names)
            if sum(map(len, (*lines, *names))) <= _MAX_EXPOSED_BYTES:
                if len(_exposed_headers) >= _MAX_ENTRIES:
                    _exposed_headers.clear()
                _exposed_headers[key] = known
        return known

    def _find_exposed(self, lines: Sequence[bytes], names: Sequence[bytes]) -> tuple[Header, ...]:
        """Return the same without the cache.

        https://fetch.spec.whatwg.org/#http-new-header-syntax: if one element is not a token, browsers ignore the whole
        list, so such elements are left out.
        """
        named, _ = split_list(lines)
        wildcard = self.expand or WILDCARD_BYTES in named
        if self.allow_credentials and wildcard:
            named = [*(name for name in named if name != WILDCARD_BYTES), *_readable_names(names)]
        return _expose(unique_names((*self.expose, *filter(_can_be_exposed, named))))


def _expose(names: Sequence[bytes]) -> tuple[Header, ...]:
    return ((EXPOSE_HEADERS, b", ".join(names)),) if names else ()


class _HeadersDraft:
    """The fields of a `ResponseHeaders`, which can be assigned."""

    __slots__ = ResponseHeaders.__slots__


def with_origin(template: ResponseHeaders, origin: bytes) -> ResponseHeaders:
    """Return `template`, whose `allow_origin` is an origin, for another allowed origin."""
    # The constructor of a frozen dataclass costs three to five times as much as to fill an object with the same slots
    # and to change its class.
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
_ONLY_ORIGIN = (VARY, _ORIGIN)
# By the parts of a `ResponseHeaders`, the lines of the app and the names of its headers.
_exposed_headers: dict[
    tuple[tuple[bytes, ...], bool, bool, tuple[bytes, ...], tuple[bytes, ...]], tuple[Header, ...]
] = {}


def _vary_with_origin(lines: Sequence[bytes]) -> Header | None:
    """Return `Vary` with the values of some lines and `Origin`, or None if they already contain it."""
    value = lines[0] if len(lines) == 1 else None
    # A `bytearray` value violates ASGI, but some servers accept it. It cannot be hashed.
    if type(value) is not bytes or len(value) > _MAX_VARY_BYTES:
        return _merge(lines)
    try:
        return _merged_vary[value]
    except KeyError:
        if len(_merged_vary) >= _MAX_ENTRIES:
            _merged_vary.clear()
        merged = _merged_vary[value] = _merge(lines)
        return merged


def _merge(lines: Sequence[bytes]) -> Header | None:
    merged = merge_vary(lines, _ORIGIN)
    return None if merged is None else (VARY, merged)


def _can_be_exposed(name: bytes) -> bool:
    return is_token_bytes(name) and not name.lower().startswith(b"access-control-")


def _readable_names(names: Iterable[bytes]) -> list[bytes]:
    """Return those names of a response's headers that a page can read only if they are exposed."""
    return [name for name in names if name.lower() not in _NEED_NO_EXPOSURE]
