"""Hold a policy made ready: the decisions and the bytes that adapters send.

What adapters send is built by the judgement. Two look-ups go before it, the origin in the adapter and
`known_preflight`; they compare with the judgement's own sets, and whatever they do not find is judged. Decisions that
come again are kept: for each origin that the policy lists, and for each reason to refuse. The judgement fills
these tables, and the policy bounds them, for nothing that a stranger chooses is ever kept.
"""

from __future__ import annotations

from copy import copy

from crossorigin.fetch.fields import WILDCARD, WILDCARD_BYTES, Header, unique_names
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.decisions import ActualDecision, PreflightDecision, Reason
from crossorigin.policy.decide.judge import Judge, is_safelisted_method
from crossorigin.policy.decide.response import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    ALLOW_PRIVATE_NETWORK,
    MAX_AGE,
    VARY,
    PreflightResponse,
    ResponseHeaders,
)
from crossorigin.policy.fields import allowed_headers, allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crossorigin.policy.fields import PolicyFields

_ORIGIN_REFUSED = (
    Reason.ORIGIN_ABSENT,
    Reason.ORIGIN_REPEATED,
    Reason.ORIGIN_TOO_LONG,
    Reason.ORIGIN_MALFORMED,
    Reason.ORIGIN_NULL,
    Reason.ORIGIN_NOT_LISTED,
)
# The answer to such a preflight repeats nothing that was asked, but for the origin, and that is the policy's own.
_LISTED = frozenset(
    (origin, Reason.METHOD_LISTED, Reason.HEADERS_LISTED) for origin in (Reason.ORIGIN_LISTED, Reason.ANY_ORIGIN)
)

_OK = 200
_BAD_REQUEST = 400
_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
# A preflight's answer depends on all four, whatever it says; a cache that keeps OPTIONS must know.
_PREFLIGHT_VARY: Header = (
    VARY,
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
)


class Plan:
    """Decide requests for one policy.

    `debug` lets a refused preflight answer 200 with the truthful lists wherever a browser refuses on reading them,
    so that its console names the method or the header instead of the status.
    """

    __slots__ = (
        "_allow_credentials",
        "_allow_headers",
        "_allow_methods",
        "_allow_private_network",
        "_always",
        "_any_origin",
        "_debug",
        "_expand",
        "_expose",
        "_judge",
        "_listed_preflights",
        "_max_age",
        "_max_headers",
        "_max_method",
        "_methods",
        "_names",
        "_refused",
        "_served",
        "absent",
        "constant",
        "listed",
        "repeated",
    )

    def __init__(self, policy: PolicyFields, *, debug: bool = False) -> None:
        """Make the policy ready."""
        self._judge = judge = Judge(policy)
        self._methods, self._max_method = judge.methods, judge.max_method
        self._names, self._max_headers = judge.names, judge.max_headers
        self._served: frozenset[bytes] | None = None
        self._debug = debug
        self._any_origin = WILDCARD in policy.allow_origins
        self._allow_credentials = policy.allow_credentials
        self._allow_private_network = policy.allow_private_network
        methods = ", ".join(allowed_methods(policy.allow_methods)).encode()
        self._allow_methods: tuple[Header, ...] = ((ALLOW_METHODS, methods),) if methods else ()
        self._allow_headers: Header | None = None
        if WILDCARD not in policy.allow_headers:
            self._allow_headers = (ALLOW_HEADERS, ", ".join(allowed_headers(policy.allow_headers)).encode())
        self._max_age: tuple[Header, ...] = ()
        if policy.max_age is not None:
            self._max_age = ((MAX_AGE, str(policy.max_age).encode()),)
        # https://fetch.spec.whatwg.org/#cors-protocol-and-credentials: with credentials `*` is a name like any
        # other, so it is replaced by the names it was meant to stand for.
        self._expand = policy.allow_credentials and WILDCARD in policy.expose_headers
        self._expose = tuple(name.encode() for name in policy.expose_headers if not (self._expand and name == WILDCARD))
        self.listed: dict[bytes, ActualDecision] = {}
        self._listed_preflights: dict[bytes, PreflightDecision] = {}
        # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: the one origin may be told to everyone; whoever
        # it is not the origin of still fails the CORS check, step 4.
        self._always: bytes | None = policy.allow_origins[0].encode() if policy.constant_allow_origin else None
        refused = self._response(None)
        self._refused = {reason: ActualDecision(origin=reason, response=refused) for reason in _ORIGIN_REFUSED}
        self.constant: ActualDecision | None = None
        self.absent = self._refused[Reason.ORIGIN_ABSENT]
        self.repeated = self._refused[Reason.ORIGIN_REPEATED]
        if self._any_origin:
            self.constant = ActualDecision(origin=Reason.ANY_ORIGIN, response=self._response(WILDCARD_BYTES))
            self.absent = self.repeated = self.constant
        elif self._always is not None:
            self.constant = self.absent

    def decide_actual(self, origin: Sequence[bytes]) -> ActualDecision:
        """Decide what becomes of the headers of an actual response, from the request's `Origin` lines."""
        if not origin:
            return self.absent
        return self.decide_origin(origin[0]) if len(origin) == 1 else self.repeated

    def decide_origin(self, origin: bytes) -> ActualDecision:
        """Decide what becomes of the headers of an actual response, from the one `Origin` line of the request."""
        # Measured before it is looked up: hashing a megabyte reads all of it.
        known = self.listed.get(origin) if len(origin) <= MAX_ORIGIN else None
        return self.judge_origin(origin) if known is None else known

    def judge_origin(self, origin: bytes) -> ActualDecision:
        """Decide the same for an origin that was looked up in `listed` in vain."""
        if self._any_origin:
            return self.absent
        reason = self._judge.judge_origin((origin,))
        if not reason.allows:
            return self._refused[reason]
        decision = ActualDecision(origin=reason, response=self._response(origin))
        if reason is Reason.ORIGIN_LISTED:
            self.listed[origin] = decision
        return decision

    def _response(self, allow_origin: bytes | None) -> ResponseHeaders:
        return ResponseHeaders(
            allow_origin=self._always or allow_origin,
            allow_credentials=self._allow_credentials,
            expose=self._expose,
            expand=self._expand,
            # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: a constant answer needs no `Vary`; any
            # other needs it on every response, also where nothing is granted.
            vary=not self._any_origin and self._always is None,
        )

    def _granted(self, reason: Reason, lines: Sequence[bytes]) -> bytes | None:
        """Return the value of Access-Control-Allow-Origin: never bytes that were not found allowed."""
        if not reason.allows:
            return None
        return WILDCARD_BYTES if self._any_origin else lines[0]

    def known_preflight(
        self, origin: bytes, request_method: bytes, request_headers: bytes | None
    ) -> PreflightDecision | None:
        """Return the decision of a CORS-preflight request whose every part the policy lists, if it is known.

        None settles nothing: `decide_preflight` decides, and makes it known. The answer repeats nothing that is asked
        but the origin, so one is kept for each that the policy lists.
        """
        key = WILDCARD_BYTES if self._any_origin else origin
        known = self._listed_preflights.get(key) if len(key) <= MAX_ORIGIN else None
        if known is None or len(request_method) > self._max_method or request_method not in self._methods:
            return None
        if request_headers is None:
            return known
        # https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 5: names in lower case, joined by commas alone.
        if len(request_headers) <= self._max_headers and self._names.issuperset(request_headers.split(b",")):
            return known
        return None

    def narrowed(self, served: Collection[str], *, uncached: bool = False) -> Plan:
        """Return a plan that grants a preflight, of the methods that the policy allows, only those that are served.

        `uncached` lets no browser keep what it grants: https://fetch.spec.whatwg.org/#http-access-control-max-age.
        """
        plan = copy(self)
        plan._narrow(frozenset(map(str.encode, served)))  # noqa: SLF001  # of the same class
        if uncached:
            plan._max_age = ((MAX_AGE, b"0"),)  # noqa: SLF001  # likewise
        return plan

    def _narrow(self, served: frozenset[bytes]) -> None:
        self._served = served
        self._methods &= served
        listed = (method for _, value in self._allow_methods for method in value.split(b", "))
        methods = b", ".join(method for method in listed if method in served)
        self._allow_methods = ((ALLOW_METHODS, methods),) if methods else ()
        self._listed_preflights = {}

    def decide_preflight(
        self,
        origin: Sequence[bytes],
        request_method: Sequence[bytes],
        request_headers: Sequence[bytes],
        request_private_network: Sequence[bytes] = (),
    ) -> PreflightDecision:
        """Decide a CORS-preflight request, from the lines of its four header fields."""
        origin_reason = self._judge.judge_origin(origin)
        method_reason = self._judge.judge_method(request_method)
        if self._served is not None and method_reason.allows and request_method[0] not in self._served:
            method_reason = Reason.METHOD_NOT_SERVED
        headers_reason, names = self._judge.judge_headers(request_headers)
        reasons = (origin_reason, method_reason, headers_reason)
        granted = self._granted(origin_reason, origin)
        private_network = self._allow_private_network and list(request_private_network) == [b"true"]
        failing = _failing(reasons)
        if granted is None:
            response = _answer(_BAD_REQUEST, (), failing)
        elif not failing:
            response = self._allow(granted, names, private_network=private_network)
        elif self._debug and self._refused_by_reading(method_reason, request_method, headers_reason):
            lists = (*self._allow_methods, *self._allowed_names(names))
            response = _answer(_OK, (*self._grant(granted), *lists), failing)
        else:
            # https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7: without an ok status nothing is granted.
            # Never a 2xx here: GET, HEAD and POST are safelisted, and would pass it whatever the lists say.
            response = _answer(_BAD_REQUEST, self._grant(granted), failing)
        decision = PreflightDecision(
            origin=origin_reason, method=method_reason, headers=headers_reason, response=response
        )
        if reasons in _LISTED and not private_network:
            self._listed_preflights[WILDCARD_BYTES if self._any_origin else origin[0]] = decision
        return decision

    def _allow(self, origin: bytes, names: Sequence[bytes], *, private_network: bool) -> PreflightResponse:
        private = ((ALLOW_PRIVATE_NETWORK, b"true"),) if private_network else ()
        headers = (*self._grant(origin), *self._allow_methods, *self._allowed_names(names), *self._max_age, *private)
        return _answer(_OK, headers, b"OK")

    def _grant(self, origin: bytes) -> tuple[Header, ...]:
        credentials = ((ALLOW_CREDENTIALS, b"true"),) if self._allow_credentials else ()
        return ((ALLOW_ORIGIN, origin), *credentials)

    def _allowed_names(self, requested: Sequence[bytes]) -> tuple[Header, ...]:
        if self._allow_headers is not None:
            return (self._allow_headers,)
        # `*` would not cover Authorization, and means nothing with credentials: the names are repeated instead.
        return ((ALLOW_HEADERS, b", ".join(unique_names(requested))),) if requested else ()

    def _refused_by_reading(self, method: Reason, request_method: Sequence[bytes], headers: Reason) -> bool:
        """Tell whether every browser refuses the truthful lists under an ok status.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.5 and 7.7. A safelisted method passes step 7.5
        unlisted, and without any Access-Control-Allow-Methods step 7.4 may let every method pass.
        """
        if headers is Reason.HEADERS_NOT_LISTED:
            return True
        return (
            method in {Reason.METHOD_NOT_LISTED, Reason.METHOD_NOT_SERVED}
            and bool(self._allow_methods)
            and not is_safelisted_method(request_method[0])
        )


def _answer(status: int, headers: tuple[Header, ...], body: bytes) -> PreflightResponse:
    length = (b"content-length", str(len(body)).encode())
    return PreflightResponse(status=status, headers=(_TEXT, length, *headers, _PREFLIGHT_VARY), body=body)


def _failing(reasons: tuple[Reason, Reason, Reason]) -> bytes:
    """Return the body of a refusal, empty if nothing is refused."""
    failing = [
        question for question, reason in zip(("origin", "method", "headers"), reasons, strict=True) if not reason.allows
    ]
    return f"Disallowed CORS {', '.join(failing)}".encode() if failing else b""
