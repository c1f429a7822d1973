"""The compiled form of a policy: its decisions, and the bytes that adapters send.

`Judge` makes every decision, and adapters send what a decision holds. Decisions are remembered in a `Memory`, which is
bounded and which only `Judge` fills. Two look-ups come before everything else: that of a listed origin in the adapter,
and that of a preflight whose parts are all listed. They compare with the sets of `Judge`.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from crossorigin.fetch.fields import WILDCARD, WILDCARD_BYTES
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.decisions import (
    ActualDecision,
    PreflightDecision,
    Reason,
    new_actual,
    new_preflight,
)
from crossorigin.policy.decide.judge import Judge, is_safelisted_method
from crossorigin.policy.decide.memory import MAX_LIVE, MAX_PREFLIGHT_BYTES, Memory
from crossorigin.policy.decide.preflight_response import REFUSAL_BODIES, REFUSED_ORIGINS, PreflightLists
from crossorigin.policy.decide.response import ResponseHeaders, with_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from crossorigin.policy.fields import PolicyFields
    from crossorigin.policy.origin_source import OriginSource

_ORIGIN_REFUSED = (
    Reason.ORIGIN_ABSENT,
    Reason.ORIGIN_REPEATED,
    Reason.ORIGIN_TOO_LONG,
    Reason.ORIGIN_MALFORMED,
    Reason.ORIGIN_NULL,
    Reason.ORIGIN_NOT_LISTED,
    Reason.ORIGIN_NOT_LIVE,
)
# Members of an enum are read once: on Python 3.11, reading one from its class costs as much as a check.
_ORIGIN_LISTED, _ANY_ORIGIN, _NOT_LISTED = Reason.ORIGIN_LISTED, Reason.ANY_ORIGIN, Reason.ORIGIN_NOT_LISTED
_LIVE, _NOT_LIVE = Reason.ORIGIN_LIVE, Reason.ORIGIN_NOT_LIVE
_HEADERS_LISTED = Reason.HEADERS_LISTED


class Plan:
    """The compiled form of one policy, which decides requests. The origins in `live` are allowed too.

    With `debug`, a refused preflight is answered with 200 and the policy's real lists where the browser refuses the
    request after reading them. Its console then names the method or the header instead of the status.
    """

    __slots__ = (
        "__weakref__",
        "_allow_credentials",
        "_allow_private_network",
        "_any_origin",
        "_constant_origin",
        "_debug",
        "_expand",
        "_expose",
        "_judge",
        "_lists",
        "_max_headers",
        "_max_listed",
        "_max_method",
        "_memory",
        "_methods",
        "_names",
        "_not_listed",
        "_refused",
        "_served",
        "_template",
        "_too_long",
        "absent",
        "constant",
        "listed",
        "live",
        "repeated",
    )

    def __init__(self, policy: PolicyFields, *, debug: bool = False, live: OriginSource | None = None) -> None:
        """Compile the policy."""
        self.live = live
        self._judge = judge = Judge(policy, live)
        self._methods, self._max_method = judge.methods, judge.max_method
        self._names, self._max_headers = judge.names, judge.max_headers
        self._served: frozenset[bytes] | None = None
        self._debug = debug
        self._any_origin = WILDCARD in policy.allow_origins
        self._allow_credentials = policy.allow_credentials
        self._allow_private_network = policy.allow_private_network
        self._lists = PreflightLists.of(policy)
        # https://fetch.spec.whatwg.org/#cors-protocol-and-credentials: with credentials, browsers treat `*` as an
        # ordinary name, so it is replaced by the names of each response's headers.
        self._expand = policy.allow_credentials and WILDCARD in policy.expose_headers
        self._expose = tuple(name.encode() for name in policy.expose_headers if not (self._expand and name == WILDCARD))
        self._memory = Memory()
        self._max_listed = len(policy.allow_origins) + MAX_LIVE
        # The same table as in the memory, because every request reads it.
        self.listed = self._memory.listed
        # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: the one origin may be sent to everyone, because
        # a page of any other origin still fails the CORS check in step 4.
        self._constant_origin: bytes | None = policy.allow_origins[0].encode() if policy.constant_allow_origin else None
        refused = self._response(None)
        # The response to an allowed origin, apart from the origin itself.
        self._template = self._response(b"")
        self._refused = {reason: ActualDecision(origin=reason, response=refused) for reason in _ORIGIN_REFUSED}
        self.constant: ActualDecision | None = None
        self.absent = self._refused[Reason.ORIGIN_ABSENT]
        self.repeated = self._refused[Reason.ORIGIN_REPEATED]
        self._not_listed = self._refused[_NOT_LISTED if live is None else _NOT_LIVE]
        self._too_long = self._refused[Reason.ORIGIN_TOO_LONG]
        if self._any_origin:
            self.constant = ActualDecision(origin=Reason.ANY_ORIGIN, response=self._response(WILDCARD_BYTES))
            self.absent = self.repeated = self.constant
        elif self._constant_origin is not None:
            self.constant = self.absent
        if live is not None:
            live.subscribe(self)

    def origins_changed(self, added: AbstractSet[bytes]) -> None:  # noqa: ARG002  # all decisions are forgotten
        """Forget all decisions, after the live origins have changed. See `Memory`."""
        memory = Memory()
        self._memory = memory
        self.listed = memory.listed

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Restore a copy, which has to learn of changes of the live origins as well."""
        for name, value in state[1].items():
            setattr(self, name, value)
        if self.live is not None:
            self.live.subscribe(self)
            # A change between the copy and the subscription would be missed.
            self.origins_changed(frozenset())

    def decide_actual(self, origin: Sequence[bytes]) -> ActualDecision:
        """Decide an actual request from its `Origin` lines."""
        if not origin:
            return self.absent
        return self.decide_origin(origin[0]) if len(origin) == 1 else self.repeated

    def decide_origin(self, origin: bytes) -> ActualDecision:
        """Decide an actual request from its only `Origin` line."""
        # The length comes first, because hashing a megabyte reads all of it.
        known = self.listed.get(origin) if len(origin) <= MAX_ORIGIN else None
        return self.judge_origin(origin) if known is None else known

    def judge_origin(self, origin: bytes) -> ActualDecision:
        """Decide an actual request whose origin was looked up in `listed` and not found."""
        if self._any_origin:
            return self.absent
        if len(origin) > MAX_ORIGIN:
            return self._too_long
        # Read before the judge: see `Memory`.
        memory = self._memory
        recent = memory.origins
        decision: ActualDecision | None = recent.young.get(origin)
        if decision is not None:
            return decision
        decision = recent.old.get(origin)
        if decision is None:
            reason = self._judge.judge_origin((origin,))
            if reason is _ORIGIN_LISTED or reason is _LIVE:
                if reason is _LIVE and len(memory.listed) >= self._max_listed:
                    memory.listed.clear()
                decision = memory.listed[origin] = new_actual(reason, self._response_to(origin))
                return decision
            if reason is _NOT_LISTED or reason is _NOT_LIVE:
                decision = self._not_listed
            else:
                decision = new_actual(reason, self._response_to(origin)) if reason.allows else self._refused[reason]
        recent.keep(origin, decision)
        return decision

    def _response_to(self, origin: bytes) -> ResponseHeaders:
        """Return the response to an allowed origin."""
        return self._template if self._constant_origin is not None else with_origin(self._template, origin)

    def _response(self, allow_origin: bytes | None) -> ResponseHeaders:
        return ResponseHeaders(
            allow_origin=self._constant_origin or allow_origin,
            allow_credentials=self._allow_credentials,
            expose=self._expose,
            expand=self._expand,
            # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: a constant response needs no `Vary`. Any
            # other policy needs it on every response, even if the origin is not allowed.
            vary=not self._any_origin and self._constant_origin is None,
        )

    def decide_usual_preflight(
        self, origin: bytes, request_method: bytes, request_headers: bytes | None
    ) -> PreflightDecision:
        """Decide a CORS-preflight request with one line of each field; `request_headers` may be absent.

        If the policy lists every part, the response repeats nothing from the request except the origin, so one decision
        is kept for each listed origin. Other decisions are remembered while they are recent.
        """
        memory = self._memory
        key = WILDCARD_BYTES if self._any_origin else origin
        known = memory.listed_preflights.get(key) if len(key) <= MAX_ORIGIN else None
        # https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 5: browsers send the names in lower case, joined
        # by commas without spaces.
        if (
            known is not None
            and len(request_method) <= self._max_method
            and request_method in self._methods
            and (
                request_headers is None
                or (len(request_headers) <= self._max_headers and self._names.issuperset(request_headers.split(b",")))
            )
        ):
            return known
        lines = () if request_headers is None else (request_headers,)
        size = len(key) + len(request_method) + len(request_headers or b"")
        if size > MAX_PREFLIGHT_BYTES:
            return self.decide_preflight((origin,), (request_method,), lines)
        asked = (key, request_method, request_headers)
        recent = memory.preflights
        known = recent.young.get(asked)
        if known is None:
            known = recent.old.get(asked) or self.decide_preflight((origin,), (request_method,), lines)
            recent.keep(asked, known)
        return known

    def varying(self) -> Plan:
        """Return a plan for one policy of a list: its responses depend on the origin, even if it allows all of them.

        https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: another policy of the list may decide for another
        origin, and a cache must not give its pages this response.
        """
        if self.constant is None:
            return self
        plan = copy(self)
        response = replace(self.constant.response, vary=True)
        plan.absent = plan.repeated = replace(self.constant, response=response)
        plan.constant = None
        # A memory belongs to one plan, because other plans decide with other responses.
        plan._memory = Memory()  # noqa: SLF001  # an object of the same class
        plan.listed = plan._memory.listed  # noqa: SLF001  # an object of the same class
        return plan

    def narrowed(self, served: Collection[str], *, uncached: bool = False) -> Plan:
        """Return a plan whose preflights allow only those of the policy's methods that are in `served`.

        With `uncached`, browsers do not cache its responses.
        """
        plan = copy(self)
        plan._narrow(frozenset(map(str.encode, served)))  # noqa: SLF001  # an object of the same class
        if uncached:
            plan._lists = plan._lists.uncached()  # noqa: SLF001  # an object of the same class
        return plan

    def _narrow(self, served: frozenset[bytes]) -> None:
        self._served = served
        self._methods &= served
        self._lists = self._lists.narrowed(served)
        self._memory = Memory()
        self.listed = self._memory.listed

    def decide_preflight(
        self,
        origin: Sequence[bytes],
        request_method: Sequence[bytes],
        request_headers: Sequence[bytes],
        request_private_network: Sequence[bytes] = (),
    ) -> PreflightDecision:
        """Decide a CORS-preflight request from the lines of its four header fields."""
        memory = self._memory
        # If the origin is remembered, it need not be judged. It is not added, because the requests that follow an
        # allowed preflight are remembered with their responses.
        known = self._recall(origin)
        origin_reason = self._judge.judge_origin(origin) if known is None else known.origin
        method_reason = self._judge.judge_method(request_method)
        if self._served is not None and method_reason.allows and request_method[0] not in self._served:
            method_reason = Reason.METHOD_NOT_SERVED
        headers_reason, names = self._judge.judge_headers(request_headers)
        body = REFUSAL_BODIES[origin_reason.allows, method_reason.allows, headers_reason.allows]
        if not origin_reason.allows:
            return new_preflight(origin_reason, method_reason, headers_reason, REFUSED_ORIGINS[body])
        granted = WILDCARD_BYTES if self._any_origin else origin[0]
        private_network = self._allow_private_network and list(request_private_network) == [b"true"]
        if not body:
            response = self._lists.allow(granted, names, private_network=private_network)
        elif self._debug and self._browser_refuses_by_lists(method_reason, request_method, headers_reason):
            response = self._lists.show(granted, names, body)
        else:
            response = self._lists.refuse(granted, body)
        decision = new_preflight(origin_reason, method_reason, headers_reason, response)
        is_listed = origin_reason is _ORIGIN_LISTED or origin_reason is _LIVE or origin_reason is _ANY_ORIGIN
        if is_listed and not body and headers_reason is _HEADERS_LISTED and not private_network:
            if origin_reason is _LIVE and len(memory.listed_preflights) >= self._max_listed:
                memory.listed_preflights.clear()
            memory.listed_preflights[granted] = decision
        return decision

    def _recall(self, lines: Sequence[bytes]) -> ActualDecision | None:
        """Return the decision that is remembered for the one `Origin` line of a request, or None."""
        if len(lines) != 1 or len(lines[0]) > MAX_ORIGIN:
            return None
        recent = self._memory.origins
        known: ActualDecision | None = recent.young.get(lines[0]) or recent.old.get(lines[0])
        return known

    def _browser_refuses_by_lists(self, method: Reason, request_method: Sequence[bytes], headers: Reason) -> bool:
        """Return whether every browser refuses the request after an ok status with the policy's real lists.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.5 and 7.7. A safelisted method passes step 7.5
        even if it is not listed. Without Access-Control-Allow-Methods, step 7.4 may allow every method.
        """
        if headers is Reason.HEADERS_NOT_LISTED:
            return True
        return (
            method in {Reason.METHOD_NOT_LISTED, Reason.METHOD_NOT_SERVED}
            and bool(self._lists.methods)
            and not is_safelisted_method(request_method[0])
        )
