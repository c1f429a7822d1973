"""The signal `check_request_enabled`, which may allow one more origin for a request."""

from __future__ import annotations

from collections.abc import Awaitable
from types import SimpleNamespace
from typing import cast

from asgiref.sync import async_to_sync
from django.dispatch import Signal

from crossorigin.adapters.common.notices import log_notice
from crossorigin.adapters.common.route_policies import Selection
from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.decide.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from django.http import HttpRequest

    from crossorigin.adapters.common.text_headers import TextHeaders
    from crossorigin.policy.fields import PolicyFields
    from crossorigin.policy.policy import Policy

check_request_enabled = Signal()
"""The signal that is sent once for a request of an origin that the settings do not allow.

A receiver that returns True allows this origin for this request, with all other options of the settings. It is never
sent for `null` or for a value that is not an origin. An exception of a receiver is logged and allows nothing. Views
with their own policy do not use it.
"""

_NOT_ALLOWED = frozenset({Reason.ORIGIN_NOT_LISTED, Reason.ORIGIN_NOT_LIVE})
# Origins that receivers allowed. There can be any number of them, so the plans are dropped at this number.
_MAX_PLANS = 256


def may_ask(decided: TextHeaders) -> bool:
    """Return whether a decision is one that the signal can change: an origin, but one that is not allowed."""
    return decided.decision.origin in _NOT_ALLOWED


def ask(request: HttpRequest) -> bool:
    """Send the signal, and return whether a receiver allows the request."""
    responses = check_request_enabled.send_robust(sender=None, request=request)
    # All of them are read, because an awaitable that nothing awaits is a warning.
    return True in {_allows(answer) for _, answer in responses}


def _allows(answer: object) -> bool:
    """Return whether a receiver's answer allows the request."""
    if isinstance(answer, Awaitable):
        # Django awaits async receivers since version 5.0. An awaitable is true, whatever its result will be.
        try:
            answer = async_to_sync(_result_of)(cast("Awaitable[object]", answer))
        except Exception as error:  # noqa: BLE001  # it allows nothing, as any other receiver that raises
            log_notice("A receiver of check_request_enabled failed, and allowed nothing.", "ERROR", error=error)
            return False
    return bool(answer) and not isinstance(answer, Exception)


async def _result_of(answer: Awaitable[object]) -> object:
    return await answer


class SignalPlans:
    """The plans that allow one origin with the other options of a policy."""

    __slots__ = ("_by_origin", "_debug", "_policy")

    def __init__(self, policy: Policy, *, debug: bool) -> None:
        """Store the arguments."""
        self._policy = policy
        self._debug = debug
        self._by_origin: dict[str, Selection] = {}

    def select(self, origin: str) -> Selection:
        """Return the selection that allows an origin."""
        known = self._by_origin.get(origin)
        if known is None:
            options = {**self._policy.to_dict(), "allow_origins": (origin,), "allow_origin_regex": None}
            matcher = OriginMatcher((origin,))
            fields = cast("PolicyFields", SimpleNamespace(**options, origin_matcher=matcher))
            plan = TextPlan(Plan(fields, debug=self._debug))
            known = Selection(policy=self._policy, plan=plan, owner="check_request_enabled")
            if len(self._by_origin) >= _MAX_PLANS:
                self._by_origin.clear()
            self._by_origin[origin] = known
        return known
