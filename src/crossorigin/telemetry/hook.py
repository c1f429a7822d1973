"""Calls of the user's `on_decision`, which cannot affect the request.

A hook gets the decision and the request object of the framework (under ASGI, the scope). A hook that works with every
framework gets `RequestFacts` instead if it has the decorator `takes_request_facts`.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from crossorigin.policy.explain.refusal import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.policy.decide.decisions import Decision

    OnDecision = Callable[[Decision, Any], object]

# An exception in a hook is logged at most once in this many seconds.
MINUTE = 60.0
_ATTRIBUTE = "takes_request_facts"

_LOGGER = logging.getLogger("crossorigin")
_Hook = TypeVar("_Hook", bound=Callable[..., object])


def takes_request_facts(hook: _Hook) -> _Hook:
    """Mark a hook that takes `RequestFacts` instead of the request object of the framework.

    >>> @takes_request_facts
    ... def on_decision(decision, request):
    ...     print(request.method, request.path)
    """
    setattr(hook, _ATTRIBUTE, True)
    return hook


class DecisionHook:
    """One `on_decision` hook, and the record of what was logged about it.

    `wants_facts` is whether the hook takes `RequestFacts`. `clock` returns seconds, and never runs backward.
    """

    __slots__ = ("_clock", "_has_reported_awaitable", "_name", "_on_decision", "_reported_at", "wants_facts")

    def __init__(self, on_decision: OnDecision, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with an empty record."""
        self._on_decision = on_decision
        self._clock = clock
        self._name = _name(on_decision)
        self._reported_at: float | None = None
        self._has_reported_awaitable = False
        self.wants_facts = _is_marked(on_decision)

    def call(self, decision: Decision, request: object) -> None:
        """Call the hook. Its result and its exceptions do not affect the request.

        An exception is logged as ERROR with its traceback, at most once a minute. An awaitable result is not awaited.
        If the hook is an `async def`, its coroutine is closed, and an ERROR is logged once.
        """
        # Logging can raise too, for example in a filter that a user wrote.
        with contextlib.suppress(Exception):
            try:
                result = self._on_decision(decision, request)
                if result is None or not isinstance(result, Awaitable):
                    return
                if isinstance(result, Coroutine):
                    result.close()
            except Exception:
                if self._is_report_due():
                    _LOGGER.exception(
                        "on_decision %s raised an exception. The request was not affected.", shown(self._name)
                    )
                return
            self._report_awaitable()

    def _is_report_due(self) -> bool:
        now = self._clock()
        if self._reported_at is not None and now - self._reported_at < MINUTE:
            return False
        self._reported_at = now
        return True

    def _report_awaitable(self) -> None:
        if self._has_reported_awaitable:
            return
        self._has_reported_awaitable = True
        _LOGGER.error("on_decision %s is not awaited. Use a function defined with def.", shown(self._name))


def _is_marked(hook: object) -> bool:
    try:
        return getattr(hook, _ATTRIBUTE, False) is True
    except Exception:  # noqa: BLE001  # a proxy may refuse in any way
        return False


def _name(function: object) -> str:
    kind = type(function)
    try:
        return (
            f"{getattr(function, '__module__', kind.__module__)}.{getattr(function, '__qualname__', kind.__qualname__)}"
        )
    except Exception:  # noqa: BLE001  # a proxy may refuse in any way
        return f"{kind.__module__}.{kind.__qualname__}"
