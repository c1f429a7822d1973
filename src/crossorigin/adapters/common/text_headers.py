"""Decisions in the form that text protocols send: names in title case, names and values as `str`.

WSGI, Django and aiohttp give and take text. An object of this module is made once from a decision and used for every
response that the decision applies to. It changes headers exactly as `ResponseHeaders` does.
"""

from __future__ import annotations

from crossorigin.fetch.fields import merge_vary
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS, CORS_RESPONSE_HEADERS
from crossorigin.policy.decide.decisions import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping, Sequence

    from crossorigin.fetch.fields import Header
    from crossorigin.policy.decide.decisions import ActualDecision, PreflightDecision

    Pair = tuple[str, str]

_VARY = "vary"
_CORS_NAMES = frozenset(CORS_RESPONSE_HEADERS)
EDITED_NAMES = _CORS_NAMES | {_VARY}
# Most header names have none of these lengths, which spares them `lower()` and a hash.
_CORS_NAME_LENGTHS = frozenset(map(len, _CORS_NAMES))
_EDITED_NAME_LENGTHS = frozenset(map(len, EDITED_NAMES))
# The fields of a preflight's response that describe its body.
_BODY_FIELDS = frozenset({b"content-type", b"content-length"})
# A value may repeat what a client sent, so the cache keeps few values and no long ones.
_MAX_VARY_ENTRIES = 64
_MAX_VARY_LENGTH = 256


class TextHeaders:
    """The change to the headers of an actual response.

    - `decision`: the decision that it is made from.
    - `is_allowed`: whether the response names an origin that may read it, the same as `decision.allowed` unless the
      policy sends one origin to everyone.
    - `is_refused`: whether the request had an `Origin` that is not allowed. It costs a thirtieth of `decision.allowed`.
    - `ready`: the headers to add to a response that has none of `EDITED_NAMES`, or None if the change always depends
      on the response's own headers.
    """

    __slots__ = (
        "_expand",
        "_grant",
        "_grant_by_name",
        "_lengths",
        "_ready",
        "_ready_by_name",
        "_response",
        "decision",
        "is_allowed",
        "is_refused",
        "ready",
    )

    def __init__(self, decision: ActualDecision, name_type: Callable[[str], str] = str) -> None:
        """Prepare the headers of the decision as text. `name_type` is the type of header names in the framework."""
        self.decision = decision
        self._response = response = decision.response
        self._grant, self._ready = _to_pairs(response.grant, name_type), _to_pairs(response.ready, name_type)
        self._grant_by_name = {pair[0].lower(): pair for pair in self._grant}
        self._ready_by_name = {pair[0].lower(): pair for pair in self._ready}
        self._expand = response.expand
        self.ready = None if response.expand else self._ready
        self._lengths = _EDITED_NAME_LENGTHS if response.vary else _CORS_NAME_LENGTHS
        self.is_allowed = response.allow_origin is not None
        self.is_refused = not decision.allowed and decision.origin is not Reason.ORIGIN_ABSENT

    def apply(self, headers: Iterable[Sequence[str]]) -> list[Sequence[str]]:
        """Return the header list to send instead of `headers`, which is not modified.

        >>> from crossorigin import Policy
        >>> decision = Policy(allow_origins=["https://app.example.com"]).decide("GET")
        >>> TextHeaders(decision).apply([("Content-Type", "text/plain"), ("Vary", "Cookie")])
        [('Content-Type', 'text/plain'), ('Vary', 'Cookie, Origin')]
        """
        own = [*headers]
        if self._expand:
            return self._apply_edit(own)
        lengths = self._lengths
        vary = None
        for pair in own:
            if len(pair[0]) in lengths:
                name = pair[0].lower()
                if name == _VARY and vary is None:
                    vary = pair
                elif name in EDITED_NAMES:
                    return self._apply_edit(own)
        if vary is None:
            own += self._ready
            return own
        merged = _vary_with_origin(vary[1])
        if merged is None:
            own += self._grant
            return own
        own.remove(vary)
        own += self._grant
        own.append(merged)
        return own

    def _apply_edit(self, own: Sequence[Sequence[str]]) -> list[Sequence[str]]:
        pairs, removed = self.edit((pair[0], pair[1]) for pair in own)
        gone = removed.union(name.lower() for name, _ in pairs)
        return [*(pair for pair in own if pair[0].lower() not in gone), *pairs]

    def edit_mapping(self, headers: MutableMapping[str, str]) -> None:
        """Change the headers of a response that keeps one value for each name, whatever its case.

        >>> from crossorigin import Policy
        >>> headers = {"Vary": "Cookie"}
        >>> TextHeaders(Policy(allow_origins=["https://app.example.com"]).decide("GET")).edit_mapping(headers)
        >>> headers
        {'Vary': 'Cookie, Origin'}
        """
        pairs, removed = self.edit(headers.items())
        for name in [name for name in headers if name.lower() in removed]:
            del headers[name]
        for name, value in pairs:
            headers[name] = value

    def edit_store(self, store: dict[str, Pair]) -> bool:
        """Change the headers of a response whose names and values are stored by the name in lower case.

        Return False, and change nothing, if the response has CORS headers of its own, or if its names are exposed.
        """
        if self._expand or not _CORS_NAMES.isdisjoint(store):
            return False
        vary = store.get(_VARY) if self._response.vary else None
        if vary is None:
            store.update(self._ready_by_name)
            return True
        store.update(self._grant_by_name)
        merged = _vary_with_origin(vary[1])
        if merged is not None:
            store[_VARY] = merged
        return True

    def edit(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[Pair, ...], frozenset[str]]:
        """Return which headers to set and the names to remove, for frameworks that keep headers in a mapping.

        Names to remove are in lower case. `headers` are all pairs of the response.
        """
        own = [(_encode(name), _encode(value)) for name, value in headers]
        edit = self._response.edit(own)
        return _to_pairs(edit.set), frozenset(map(bytes.decode, edit.remove))


class TextPreflight:
    """The response to a CORS-preflight request. `headers` are all of its headers.

    `is_refused` is whether the decision refuses the origin, the method or a header.
    """

    __slots__ = ("_grant", "body", "decision", "headers", "is_refused", "status")

    def __init__(self, decision: PreflightDecision, name_type: Callable[[str], str] = str) -> None:
        """Prepare the response of the decision as text. `name_type` is the type of header names in the framework."""
        self.decision = decision
        response = decision.response
        self.status, self.body = response.status, response.body
        self.is_refused = not decision.allowed
        self.headers = _to_pairs(response.headers, name_type)
        self._grant = _to_pairs(line for line in response.headers if line[0] not in _BODY_FIELDS)

    def apply(self, headers: Iterable[Sequence[str]]) -> list[Sequence[str]]:
        """Return the header list for a response to the preflight that the app wrote.

        The app's own CORS headers are replaced. Its `Vary` is kept on its own line.
        """
        return [*(pair for pair in headers if pair[0].lower() not in ALL_CORS_RESPONSE_HEADERS), *self._grant]


_merged_vary: dict[str, Pair | None] = {}


def _vary_with_origin(value: str) -> Pair | None:
    """Return `Vary` with the given value and `Origin`, or None if the value already contains it."""
    try:
        return _merged_vary[value]
    except KeyError:
        merged = merge_vary((_encode(value),), b"Origin")
        pair = None if merged is None else ("Vary", _decode(merged))
        if len(value) <= _MAX_VARY_LENGTH:
            if len(_merged_vary) >= _MAX_VARY_ENTRIES:
                _merged_vary.clear()
            _merged_vary[value] = pair
        return pair


def _to_pairs(headers: Iterable[Header], name_type: Callable[[str], str] = str) -> tuple[Pair, ...]:
    return tuple((name_type(name.decode().title()), _decode(value)) for name, value in headers)


def _encode(text: str) -> bytes:
    # Every text has this form, and `_decode` returns the same text, so values of the app never change.
    return text.encode("utf-8", "surrogatepass")


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "surrogatepass")
