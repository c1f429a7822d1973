"""The log of refused requests, and its limits.

Clients cannot flood or forge the log: what a request brought is escaped and cut, at most ten lines a minute are
written however many requests are refused, and what is remembered is bounded. Nothing here decides, and nothing here
can make a request fail. There is no lock, so that neither a finalizer, nor a signal handler, nor a fork can meet one.
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
    from collections.abc import Callable

    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.decide.request_facts import RequestFacts
    from crossorigin.policy.policy import Policy

    _Key = tuple[int, bytes, str]

# Lines that refused requests may write in any `MINUTE`, in seconds.
MAX_LINES = 10
MINUTE = 60.0
# Refusals that were written and are not written again. No more than ten a minute can push older ones out.
MAX_REMEMBERED = 1000
# `Origin` lines of one request that are shown.
_MAX_ORIGINS = 3
# Longer than any method in use.
_MAX_METHOD = 32
_NEVER = float("-inf")

_LOGGER = logging.getLogger("crossorigin")


class RefusalLog:
    """Refused requests on the logger `crossorigin`: one WARNING for each reason and origin.

    At most `MAX_LINES` are written in any minute; the next line says how many requests were left out. Requests of the
    server's own pages are not written, and counted only where one of their origin was written before, as a request to
    another host of the same server. `clock` returns seconds that never run backward.

    >>> from crossorigin import Policy
    >>> log = RefusalLog(Policy(allow_origins=["https://app.example.com"]))
    """

    __slots__ = ("_clock", "_describers", "_line_times", "_policy", "_unwritten", "_written")

    def __init__(self, policy: Policy, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing written."""
        self._policy = policy
        self._clock = clock
        # By identity, because equal policies may list in another order.
        self._describers: dict[int, RefusalDescriber] = {}
        self._written: dict[_Key, object] = {}
        # When each of the last lines was written. A line takes out the oldest time and puts in its own, and both are
        # atomic, so that threads together never write more lines than there are times.
        self._line_times = deque([_NEVER] * MAX_LINES)
        self._unwritten = 0

    def counts(self, decision: Decision, origin: bytes, owner: str = "") -> bool:
        """Count a refused request that was written before; return False if `write` has to look at it.

        `origin` is the first `Origin` line. This is the cheap half: most refused requests were written before, and what
        `write` does costs four times as much.
        """
        # Cut, because hashing a megabyte reads all of it; by the identity of the reason, because an enum hashes slowly.
        if (id(_reason(decision)), origin[:MAX_ORIGIN], owner) not in self._written:
            return False
        self._unwritten += 1
        return True

    def write(
        self, decision: Decision, request: RequestFacts, *, policy: Policy | None = None, owner: str = ""
    ) -> None:
        """Write a line for a refused request, or count it.

        Whatever the request holds, nothing is raised. What is not a refusal (no `Origin`, or one that was not judged)
        and what came from the server's own pages is ignored. Where a route's own policy refused, `policy` is that one,
        and `owner` names what it is attached to.
        """
        reason = _reason(decision)
        if not request.origin or reason is None:
            return
        if self.counts(decision, request.origin[0], owner) or is_same_origin(request):
            return
        unwritten = self._claim((id(reason), request.origin[0][:MAX_ORIGIN], owner))
        if unwritten is None:
            self._unwritten += 1
            return
        description = self._describer_of(policy or self._policy).describe(
            decision, request.origin, request.request_method, request.request_headers
        )
        reasons = ", ".join(decision.refusals)
        line = f"refused ({reasons}): {_describe(decision, request)}{_by(owner)}. {description}"
        if unwritten:
            were = "request was" if unwritten == 1 else "requests were"
            line += f" {unwritten} more refused {were} not logged since the previous line."
        # A filter that a user wrote may raise, and a log is no reason for a request to fail.
        with contextlib.suppress(Exception):
            _LOGGER.warning("%s", line)

    def _describer_of(self, policy: Policy) -> RefusalDescriber:
        # Built for the first line, because it reads the whole policy.
        describer = self._describers.get(id(policy))
        if describer is None:
            describer = self._describers[id(policy)] = RefusalDescriber(policy)
        return describer

    def _claim(self, key: _Key) -> int | None:
        """Return how many requests the line for `key` leaves unwritten before it; None if it may not be written."""
        if not _LOGGER.isEnabledFor(logging.WARNING):
            return None
        now = self._clock()
        try:
            oldest = self._line_times.popleft()
        except IndexError:
            # Other threads hold all of them at this moment.
            return None
        if now - oldest < MINUTE:
            self._line_times.appendleft(oldest)
            return None
        mine = object()
        if self._written.setdefault(key, mine) is not mine:
            # Another thread writes the same line.
            self._line_times.appendleft(oldest)
            return None
        self._line_times.append(now)
        if len(self._written) > MAX_REMEMBERED:
            # Another thread may have taken out the same one, or put in another.
            with contextlib.suppress(KeyError, RuntimeError):
                del self._written[next(iter(self._written))]
        unwritten, self._unwritten = self._unwritten, 0
        return unwritten


def log_allowed(decision: Decision, request: RequestFacts, owner: str = "") -> None:
    """Write an allowed request to the logger `crossorigin`, as DEBUG: one line for each, without a limit."""
    with contextlib.suppress(Exception):
        _LOGGER.debug("allowed (%s): %s", ", ".join(decision.reasons), _describe(decision, request) + _by(owner))


def _reason(decision: Decision) -> Reason | None:
    """Return the first reason to refuse; None if there is none, or nothing that was judged."""
    if isinstance(decision, PreflightDecision):
        return next(iter(decision.refusals), None)
    return None if decision.origin is Reason.ORIGIN_ABSENT or decision.origin.allows else decision.origin


def _describe(decision: Decision, request: RequestFacts) -> str:
    """Say which request it is, in printable ASCII: what it asks for, the path and the origin."""
    if request.kind == "websocket":
        what = "WebSocket handshake"
    elif isinstance(decision, PreflightDecision):
        what = f"preflight for {_method(b''.join(request.request_method[:1]).decode('latin-1'))}"
    else:
        what = _method(request.method)
    origins = " and ".join(map(shown, request.origin[:_MAX_ORIGINS]))
    return f"{what} {shown(request.path)} from {origins or 'no origin'}"


def _by(owner: str) -> str:
    """Say whose policy it was, if not the app's."""
    return f", by the policy of {owner.encode('ascii', 'backslashreplace').decode()}" if owner else ""


def _method(text: str) -> str:
    return text if len(text) <= _MAX_METHOD and is_token(text) else shown(text)
