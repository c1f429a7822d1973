"""The log of refused requests, with its limits.

Clients cannot flood or forge the log: values from requests are escaped and cut, at most ten lines are written per
minute, and memory use is bounded. Nothing here makes a decision or can make a request fail. No lock is used, because a
finalizer, a signal handler or a fork could deadlock on it.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque

from crossorigin.fetch.methods import is_token
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.decisions import PreflightDecision, Reason
from crossorigin.policy.decide.same_origin import is_same_origin
from crossorigin.policy.explain.refusal import RefusalDescriber, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.decide.request_facts import RequestFacts
    from crossorigin.policy.origin_source import OriginSource
    from crossorigin.policy.policy import Policy

    _Key = tuple[int, bytes, str]

# The number of lines that may be written in any `MINUTE`, which is in seconds.
MAX_LINES = 10
MINUTE = 60.0
# The number of logged refusals that are remembered and not logged again. At most ten per minute displace older ones.
MAX_REMEMBERED = 1000
# The number of `Origin` lines of one request that are shown.
_MAX_ORIGINS = 3
# Longer than any method in use.
_MAX_METHOD = 32
_NEVER = float("-inf")
_ABSENT = Reason.ORIGIN_ABSENT

_LOGGER = logging.getLogger("crossorigin")


class RefusalLog:
    """The log of one middleware: one WARNING on the logger `crossorigin` for each reason and origin.

    At most `MAX_LINES` lines are written in any minute. The next line has the number of refused requests that were not
    logged. Requests from the server's own pages are not logged. They are counted only if a refusal of the same origin
    was logged before, for a request to another host of the same server. `live` are the live origins next to the policy:
    an origin that was added and removed again is logged again. `names` maps the names in a description to those that
    users write. `by_owner` has the description for an owner whose refusals no list of a policy explains. `clock`
    returns seconds, and never runs backward.

    >>> from crossorigin import Policy
    >>> log = RefusalLog(Policy(allow_origins=["https://app.example.com"]))
    """

    __slots__ = (
        "__weakref__",
        "_by_owner",
        "_clock",
        "_describers",
        "_line_times",
        "_live",
        "_logged",
        "_names",
        "_policy",
        "_unlogged",
    )

    def __init__(
        self,
        policy: Policy,
        live: OriginSource | None = None,
        *,
        names: Mapping[str, str] | None = None,
        by_owner: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with an empty log."""
        self._policy = policy
        self._live = live
        self._names = names or {}
        self._by_owner = by_owner or {}
        self._clock = clock
        # The key has the identity of a policy, because equal policies may list their values in a different order, and
        # whether it belongs to a route, because the live origins apply with the policy of the app only.
        self._describers: dict[tuple[int, bool], RefusalDescriber] = {}
        self._logged: dict[_Key, object] = {}
        # The times of the last lines. To write a line, a thread removes the oldest time and appends the current one.
        # Both operations are atomic, so threads together never write more lines than there are times.
        self._line_times = deque([_NEVER] * MAX_LINES)
        self._unlogged = 0
        if live is not None:
            live.subscribe(self)

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Restore a copy, which has to learn of changes of the live origins as well."""
        for name, value in state[1].items():
            setattr(self, name, value)
        if self._live is not None:
            self._live.subscribe(self)

    def origins_changed(self, added: AbstractSet[bytes]) -> None:
        """Log origins again that were added, if they are refused later."""
        # A copy of the keys, because other threads add some.
        for key in list(self._logged):
            if key[1] in added:
                self._logged.pop(key, None)

    def use(self, policy: Policy) -> None:
        """Describe refusals by another policy from now on, and log each of them again.

        The limit of lines stays. The tables that describe the policy are built here rather than for the next refused
        request.
        """
        self._policy = policy
        self._describers = {}
        self._describer_of(policy, is_of_route=False)
        self._logged = {}

    def counts(self, decision: Decision, origin: bytes, owner: str = "") -> bool:
        """Count a refused request whose reason and origin were logged before. Return False if `write` is needed.

        `origin` is the first `Origin` line. This is the fast path: most refusals were logged before, and `write` costs
        four times as much.
        """
        reason: Reason | None = decision.origin
        if decision.origin.allows:
            reason = _reason(decision)
        # The key is built as in `_key`, because a call costs half as much as this whole method.
        if (id(reason), origin if len(origin) <= MAX_ORIGIN else origin[:MAX_ORIGIN], owner) not in self._logged:
            return False
        self._unlogged += 1
        return True

    def counts_without_line(self) -> bool:
        """Count a refused request if no line can be written now. Return False if `write` may write one.

        The caller has checked that the request does not come from the server's own page. Under an attack, this spares
        nearly all requests the reading of their facts.
        """
        try:
            oldest = self._line_times[0]
        except IndexError:
            return False
        if self._clock() - oldest >= MINUTE:
            return False
        self._unlogged += 1
        return True

    def write(
        self, decision: Decision, request: RequestFacts, *, policy: Policy | None = None, owner: str = ""
    ) -> None:
        """Write a line for a refused request, or count it.

        This method never raises. It ignores requests that were not refused because of a policy, such as those without
        `Origin`, and requests from the server's own pages. If the policy of a route refused the request, `policy` is
        that policy, and `owner` names the object that it is attached to.
        """
        reason = _reason(decision)
        if reason is None or not (request.origin or reason is Reason.ORIGIN_ABSENT_CROSS_SITE):
            return
        key = _key(reason, b"".join(request.origin[:1]), owner)
        if key not in self._logged and is_same_origin(request, decision.origin):
            return
        unlogged = self._claim_line(key)
        if unlogged is None:
            self._unlogged += 1
            return
        description = self._describer_of(policy or self._policy, is_of_route=bool(owner)).describe(
            decision, request.origin, request.request_method, request.request_headers
        )
        if decision.origin is Reason.ORIGIN_NOT_LISTED:
            description = self._by_owner.get(owner, description)
        if not owner:
            for name, written in self._names.items():
                description = description.replace(name, written)
        reasons = ", ".join(decision.refusals)
        line = f"refused ({reasons}): {_describe(decision, request)}{_owner_suffix(owner)}. {description}"
        if unlogged:
            were = "request was" if unlogged == 1 else "requests were"
            line += f" {unlogged} more refused {were} not logged since the previous line."
        # A filter that a user wrote may raise. The request must not fail because of that.
        with contextlib.suppress(Exception):
            _LOGGER.warning("%s", line)

    def _describer_of(self, policy: Policy, *, is_of_route: bool) -> RefusalDescriber:
        # It is created for the first line and kept, because it reads the whole policy.
        key = id(policy), is_of_route
        describer = self._describers.get(key)
        if describer is None:
            describer = self._describers[key] = RefusalDescriber(policy, None if is_of_route else self._live)
        return describer

    def _claim_line(self, key: _Key) -> int | None:
        """Claim the right to write the line for `key`.

        Returns:
            The number of requests that were not logged since the previous line, or None if the line must not be
            written.
        """
        if key in self._logged or not _LOGGER.isEnabledFor(logging.WARNING):
            return None
        now = self._clock()
        try:
            oldest = self._line_times.popleft()
        except IndexError:
            # Other threads hold all times at this moment.
            return None
        if now - oldest < MINUTE:
            self._line_times.appendleft(oldest)
            return None
        marker = object()
        if self._logged.setdefault(key, marker) is not marker:
            # Another thread is writing the same line.
            self._line_times.appendleft(oldest)
            return None
        self._line_times.append(now)
        if len(self._logged) > MAX_REMEMBERED:
            # Another thread may have removed the same key, or added another one.
            with contextlib.suppress(KeyError, RuntimeError):
                del self._logged[next(iter(self._logged))]
        unlogged, self._unlogged = self._unlogged, 0
        return unlogged


def is_debugging() -> bool:
    """Return whether allowed requests are logged at all."""
    return _LOGGER.isEnabledFor(logging.DEBUG)


def log_allowed(decision: Decision, request: RequestFacts, owner: str = "") -> None:
    """Log an allowed request on the logger `crossorigin` as DEBUG. The number of lines is not limited."""
    with contextlib.suppress(Exception):
        _LOGGER.debug(
            "allowed (%s): %s", ", ".join(decision.reasons), _describe(decision, request) + _owner_suffix(owner)
        )


def _key(reason: Reason | None, origin: bytes, owner: str) -> _Key:
    # The origin is cut, because hashing a megabyte reads all of it. Only long ones are sliced: a slice is a copy
    # without its hash. The reason is represented by its identity, because hashing an enum is slow.
    return (id(reason), origin if len(origin) <= MAX_ORIGIN else origin[:MAX_ORIGIN], owner)


def _reason(decision: Decision) -> Reason | None:
    """Return the first reason to refuse, or None if the request was allowed or has no `Origin`."""
    reason = decision.origin
    if not reason.allows:
        return None if reason is _ABSENT and not isinstance(decision, PreflightDecision) else reason
    if isinstance(decision, PreflightDecision):
        if not decision.method.allows:
            return decision.method
        if not decision.headers.allows:
            return decision.headers
    return None


def _describe(decision: Decision, request: RequestFacts) -> str:
    """Return a description of a request in printable ASCII: its kind or method, the path and the origin."""
    if request.kind == "websocket":
        request_kind = "WebSocket handshake"
    elif isinstance(decision, PreflightDecision):
        request_kind = f"preflight for {_method(b''.join(request.request_method[:1]).decode('latin-1'))}"
    else:
        request_kind = _method(request.method)
    origins = " and ".join(map(shown, request.origin[:_MAX_ORIGINS]))
    return f"{request_kind} {shown(request.path)} from {origins or 'no origin'}"


def _owner_suffix(owner: str) -> str:
    """Return words that name the owner of the policy, empty for the policy of the app."""
    return f", by the policy of {owner.encode('ascii', 'backslashreplace').decode()}" if owner else ""


def _method(text: str) -> str:
    return text if len(text) <= _MAX_METHOD and is_token(text) else shown(text)
