"""The response to a CORS-preflight request, built from the lists of one policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress, product
from operator import not_

from crossorigin.fetch.fields import WILDCARD, Header, unique_names
from crossorigin.policy.decide.response import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    ALLOW_PRIVATE_NETWORK,
    MAX_AGE,
    VARY,
)
from crossorigin.policy.fields import allowed_headers, allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from crossorigin.policy.fields import PolicyFields

_OK = 200
_BAD_REQUEST = 400
_ALLOWED_BODY = b"OK"
_ALLOWS_PRIVATE_NETWORK: Header = (ALLOW_PRIVATE_NETWORK, b"true")
_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
# The response to a preflight always depends on all four fields, and a cache may store OPTIONS responses.
_PREFLIGHT_VARY: Header = (
    VARY,
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
)


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
class PreflightLists:
    """The response headers of one policy that do not depend on the request, and the responses that contain them.

    Each is a tuple of headers, which is empty if the policy sends none. `headers` is None if the policy allows every
    header: the response then repeats the requested names.
    """

    credentials: tuple[Header, ...]
    methods: tuple[Header, ...]
    headers: Header | None
    max_age: tuple[Header, ...]

    @classmethod
    def of(cls, policy: PolicyFields) -> PreflightLists:
        """Return the lists of a policy."""
        methods = ", ".join(allowed_methods(policy.allow_methods)).encode()
        headers: Header | None = None
        if WILDCARD not in policy.allow_headers:
            headers = (ALLOW_HEADERS, ", ".join(allowed_headers(policy.allow_headers)).encode())
        return cls(
            credentials=((ALLOW_CREDENTIALS, b"true"),) if policy.allow_credentials else (),
            methods=((ALLOW_METHODS, methods),) if methods else (),
            headers=headers,
            max_age=() if policy.max_age is None else ((MAX_AGE, str(policy.max_age).encode()),),
        )

    def narrowed(self, served: AbstractSet[bytes]) -> PreflightLists:
        """Return the same lists with only those methods that are in `served`."""
        listed = (method for _, value in self.methods for method in value.split(b", "))
        methods = b", ".join(method for method in listed if method in served)
        return replace(self, methods=((ALLOW_METHODS, methods),) if methods else ())

    def uncached(self) -> PreflightLists:
        """Return the same lists for responses that browsers do not cache.

        https://fetch.spec.whatwg.org/#http-access-control-max-age
        """
        return replace(self, max_age=((MAX_AGE, b"0"),))

    def allow(self, origin: bytes, names: Sequence[bytes], *, private_network: bool) -> PreflightResponse:
        """Return the response that allows a request; `names` are the requested names."""
        private = (_ALLOWS_PRIVATE_NETWORK,) if private_network else ()
        headers = (*self._grant(origin), *self.methods, *self._allowed_names(names), *self.max_age, *private)
        return _respond(_OK, headers, _ALLOWED_BODY)

    def show(self, origin: bytes, names: Sequence[bytes], body: bytes) -> PreflightResponse:
        """Return a response with an ok status and the lists, because of which the browser refuses the request."""
        return _respond(_OK, (*self._grant(origin), *self.methods, *self._allowed_names(names)), body)

    def refuse(self, origin: bytes, body: bytes) -> PreflightResponse:
        """Return the response that refuses a request from an allowed origin.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7: without an ok status nothing is allowed. The
        status must not be 2xx: GET, HEAD and POST are safelisted, so they would pass whatever the lists say.
        """
        return _respond(_BAD_REQUEST, self._grant(origin), body)

    def _grant(self, origin: bytes) -> tuple[Header, ...]:
        return ((ALLOW_ORIGIN, origin), *self.credentials)

    def _allowed_names(self, requested: Sequence[bytes]) -> tuple[Header, ...]:
        if self.headers is not None:
            return (self.headers,)
        # `*` would not cover Authorization, and is not a wildcard with credentials, so the names are repeated instead.
        if not requested:
            return ()
        names = b", ".join(requested)
        # `Judge` returns each spelling once. Browsers send lower case, and then each name is there once too.
        return ((ALLOW_HEADERS, names if names.islower() else b", ".join(unique_names(requested))),)


class _Draft:
    """The fields of a `PreflightResponse`, which can be assigned."""

    __slots__ = PreflightResponse.__slots__


def _respond(status: int, headers: tuple[Header, ...], body: bytes) -> PreflightResponse:
    # The constructor of a frozen dataclass costs three to five times as much as to fill an object with the same slots
    # and to change its class.
    draft: Any = _Draft()
    draft.status = status
    draft.headers = (_TEXT, _LENGTHS[body], *headers, _PREFLIGHT_VARY)
    draft.body = body
    draft.__class__ = PreflightResponse
    return draft  # type: ignore[no-any-return]


# The body of a refusal, by whether the origin, the method and the headers are allowed. It is empty if all of them are.
REFUSAL_BODIES = {
    allowed: f"Disallowed CORS {', '.join(compress(('origin', 'method', 'headers'), map(not_, allowed)))}".encode()
    for allowed in product((True, False), repeat=3)
}
REFUSAL_BODIES[True, True, True] = b""
_LENGTHS = {body: (b"content-length", str(len(body)).encode()) for body in (_ALLOWED_BODY, *REFUSAL_BODIES.values())}
# The responses to refused origins, by their bodies. They contain nothing from the policy or the request.
REFUSED_ORIGINS = {body: _respond(_BAD_REQUEST, (), body) for body in REFUSAL_BODIES.values()}
