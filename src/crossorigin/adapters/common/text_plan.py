"""The compiled policy for text protocols: it takes the values of fields as `str`, and returns decisions as text.

`Plan` decides. This layer converts what goes in and out, and keeps the text of the decisions that the plan keeps, so
that a recurring request is converted once.
"""

from __future__ import annotations

from crossorigin.adapters.common.text_encoding import encode_value, line_of_list, lines_of_value
from crossorigin.adapters.common.text_headers import TextHeaders, TextPreflight
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.decide.memory import MAX_LIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from collections.abc import Set as AbstractSet

    from crossorigin.policy.decide.decisions import ActualDecision, PreflightDecision
    from crossorigin.policy.decide.plan import Plan

# The texts of decisions that are kept besides those for listed origins. An origin that a pattern matches has its own
# decision, and clients choose these origins.
MAX_TEXTS = 256


class TextPlan:
    """The text form of a plan.

    - `plan`: the plan that decides.
    - `constant`: the headers of every actual response if they do not depend on the request, otherwise None.
    - `absent`: the headers for a request without `Origin`.
    - `listed`: the headers for the listed and live origins that have sent a request.
    - `name_type`: the type of header names in the framework, such as a `str` that ignores case.
    """

    __slots__ = (
        "__weakref__",
        "_headers",
        "_preflights",
        "_unlisted",
        "absent",
        "constant",
        "listed",
        "name_type",
        "plan",
    )

    def __init__(self, plan: Plan, *, name_type: Callable[[str], str] = str) -> None:
        """Start with the two decisions that need no request."""
        self.plan = plan
        self.name_type = name_type
        # Only listed and live origins are kept here. The policy bounds the number of the former, and `MAX_LIVE` that of
        # the latter.
        self.listed: dict[str, TextHeaders] = {}
        # Clients choose these origins, so their number and length are limited.
        self._unlisted: dict[str, TextHeaders] = {}
        # The keys are identities. Each text refers to its decision, so the identity is not reused while it is a key.
        self._headers: dict[int, TextHeaders] = {}
        self._preflights: dict[int, TextPreflight] = {}
        self.absent = TextHeaders(plan.absent, name_type)
        self.constant: TextHeaders | None = None if plan.constant is None else TextHeaders(plan.constant, name_type)
        # The plan has subscribed before, so it forgets its decisions before their texts are forgotten here.
        if plan.live is not None:
            plan.live.subscribe(self)

    def origins_changed(self, added: AbstractSet[bytes]) -> None:  # noqa: ARG002  # all texts are forgotten
        """Forget the texts of all origins, after the live origins have changed."""
        self.listed = {}
        self._unlisted = {}

    def decide_actual(self, origin: str | None) -> TextHeaders:
        """Decide an actual request from the value of its `Origin`, which a server may have joined from lines."""
        if origin is None:
            return self.absent
        # Read before the plan decides: a decision that is made during a change of the live origins is kept in a table
        # that the change replaces.
        listed, unlisted = self.listed, self._unlisted
        # The length comes first, because hashing a megabyte reads all of it.
        if len(origin) > MAX_ORIGIN:
            return self._headers_of(self.plan.decide_actual(lines_of_value(origin)))
        known = listed.get(origin) or unlisted.get(origin)
        if known is not None:
            return known
        decision = self.plan.decide_actual(lines_of_value(origin))
        headers = self._headers_of(decision)
        if decision.origin is Reason.ORIGIN_LISTED:
            listed[origin] = headers
        elif decision.origin is Reason.ORIGIN_LIVE:
            if len(listed) >= MAX_LIVE:
                listed.clear()
            listed[origin] = headers
        else:
            if len(unlisted) >= MAX_TEXTS:
                unlisted.clear()
            unlisted[origin] = headers
        return headers

    def _headers_of(self, decision: ActualDecision) -> TextHeaders:
        known = self._headers.get(id(decision))
        if known is None:
            if len(self._headers) >= MAX_TEXTS:
                self._headers.clear()
            known = self._headers[id(decision)] = TextHeaders(decision, self.name_type)
        return known

    def decide_preflight(
        self,
        origin: str,
        request_method: str,
        request_headers: str | None = None,
        request_private_network: str | None = None,
    ) -> TextPreflight:
        """Decide a CORS-preflight request from the values of its four fields."""
        origins, methods = lines_of_value(origin), lines_of_value(request_method)
        if request_private_network is None and len(origins) == len(methods) == 1:
            names = None if request_headers is None else encode_value(request_headers)
            return self._preflight_of(self.plan.decide_usual_preflight(origins[0], methods[0], names))
        return TextPreflight(
            self.plan.decide_preflight(
                origins, methods, line_of_list(request_headers), line_of_list(request_private_network)
            ),
            self.name_type,
        )

    def _preflight_of(self, decision: PreflightDecision) -> TextPreflight:
        known = self._preflights.get(id(decision))
        if known is None:
            if len(self._preflights) >= MAX_TEXTS:
                self._preflights.clear()
            known = self._preflights[id(decision)] = TextPreflight(decision, self.name_type)
        return known

    def narrowed(self, served: Collection[str], *, uncached: bool = False) -> TextPlan:
        """Return a plan whose preflights allow only methods in `served`; see `Plan.narrowed`."""
        return TextPlan(self.plan.narrowed(served, uncached=uncached), name_type=self.name_type)
