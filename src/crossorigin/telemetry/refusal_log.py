"""Tell what was decided: the log of refused requests and its limiter, and the callable of a user.

A server's log must not be a stranger's to write: what a request brought is escaped and cut, at most ten lines a
minute are written however many requests are refused, and what is remembered is bounded. Nothing here decides, and
nothing here can make a request fail.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Coroutine

from crossorigin.adapters.asgi.headers import lines_of
from crossorigin.fetch.methods import is_token
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.decisions import Decision, PreflightDecision, Reason
from crossorigin.policy.decide.same_origin import is_same_origin
from crossorigin.policy.explain.refusal import RefusalWords, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crossorigin.adapters.common.asgi_types import OnDecision, Scope
    from crossorigin.policy.policy import Policy

# Lines that refused requests may write in any `MINUTE`, in seconds.
MAX_LINES = 10
MINUTE = 60.0
# Refusals that were written and are not written again. No more than ten a minute can push older ones out.
MAX_REMEMBERED = 1000
# `Origin` lines of one request that are shown.
_MAX_ORIGINS = 3
# Longer than any method in use.
_MAX_METHOD = 32

_REQUEST_METHOD = b"access-control-request-method"
_REQUEST_HEADERS = b"access-control-request-headers"

_LOGGER = logging.getLogger("crossorigin")


class Refusals:
    """Write refused requests to the logger `crossorigin`: one WARNING for each reason and origin.

    At most `MAX_LINES` are written in any minute; the next line tells how many requests were left out. Requests of
    the server's own pages are not written, and counted only where one of their origin was written before, as a
    request to another host of the same server. `clock` gives seconds that never run backward.

    >>> from crossorigin import Policy
    >>> policy = Policy(allow_origins=["https://app.example.com"])
    >>> refusals = Refusals(policy)
    """

    __slots__ = ("_clock", "_lock", "_policy", "_times", "_unwritten", "_words", "_written")

    def __init__(self, policy: Policy, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing written."""
        self._policy = policy
        self._clock = clock
        # By identity, for equal policies may list in another order.
        self._words: dict[int, RefusalWords] = {}
        self._written: dict[tuple[int, bytes, str], None] = {}
        self._times: deque[float] = deque(maxlen=MAX_LINES)
        self._unwritten = 0
        self._lock = threading.Lock()

    def note(self, decision: Decision, scope: Scope, *, policy: Policy | None = None, place: str = "") -> None:
        """Take notice of a refused request: write a line, or count it.

        `scope` is that of ASGI, of a request or of a WebSocket handshake; whatever is in it, nothing is raised. What
        is no refusal (no `Origin`, or one that was not judged) and what came from the server's own pages is ignored.
        Where a route's own policy refused, `policy` is that one, and `place` names what it stands on.
        """
        headers = scope.get("headers", ())
        first = None
        for name, value in headers:
            if name == b"origin":
                first = value
                break
        reason = _reason(decision)
        if first is None or reason is None:
            return
        # Cut, for hashing a megabyte reads all of it; by the identity of the reason, for an enum hashes in Python.
        key = (id(reason), first[:MAX_ORIGIN], place)
        # Looked up first, for most refusals were told of before, and all that follows costs four times as much.
        if key in self._written:
            self._unwritten += 1
            return
        origin = lines_of(headers, b"origin")
        if is_same_origin(origin, headers):
            return
        unwritten = self._claim(key)
        if unwritten is None:
            self._unwritten += 1
            return
        # Made for the first line: it reads the whole policy.
        judged = policy or self._policy
        words = self._words.get(id(judged))
        if words is None:
            words = self._words[id(judged)] = RefusalWords(judged)
        method, names = _lines(scope, _REQUEST_METHOD), _lines(scope, _REQUEST_HEADERS)
        told = words.describe(decision, origin, method, names)
        line = f"refused ({', '.join(decision.refusals)}): {_request(decision, scope)}{_by(place)}. {told}"
        if unwritten:
            were = "request was" if unwritten == 1 else "requests were"
            line += f" And {unwritten} more refused {were} not written since the line before."
        # A filter that a user wrote may raise, and a log is no reason for a request to fail.
        with contextlib.suppress(Exception):
            _LOGGER.warning("%s", line)

    def _claim(self, key: tuple[int, bytes, str]) -> int | None:
        """Return how many requests the line for `key` leaves unwritten before it; None if it may not be written."""
        if not _LOGGER.isEnabledFor(logging.WARNING):
            return None
        with self._lock:
            now = self._clock()
            full = len(self._times) == MAX_LINES and now - self._times[0] < MINUTE
            if full or key in self._written:
                return None
            self._times.append(now)
            if len(self._written) == MAX_REMEMBERED:
                del self._written[next(iter(self._written))]
            self._written[key] = None
            unwritten, self._unwritten = self._unwritten, 0
            return unwritten


def _reason(decision: Decision) -> Reason | None:
    """Return the first reason to refuse; None if there is none, or nothing that was judged."""
    if isinstance(decision, PreflightDecision):
        return next(iter(decision.refusals), None)
    return None if decision.origin is Reason.ORIGIN_ABSENT or decision.origin.allows else decision.origin


def note_allowed(decision: Decision, scope: Scope, place: str = "") -> None:
    """Write an allowed request to the logger `crossorigin`, as DEBUG: one line for each, without a limit."""
    with contextlib.suppress(Exception):
        _LOGGER.debug("allowed (%s): %s", ", ".join(decision.reasons), _request(decision, scope) + _by(place))


# When each callable was last told of, by its name, of which a program has only so many.
_told: dict[str, float] = {}


def tell(
    on_decision: OnDecision, decision: Decision, scope: Scope, *, clock: Callable[[], float] = time.monotonic
) -> None:
    """Call `on_decision`, and let nothing that it does reach the request.

    An exception in it is logged as ERROR with its traceback, at most once a minute for each callable. What is
    awaitable is not awaited: that an `async def` was given is logged once, and its coroutine is closed.
    """
    with contextlib.suppress(Exception):
        name = _name(on_decision)
        try:
            result = on_decision(decision, scope)
            if result is None or not isinstance(result, Awaitable):
                return
            if isinstance(result, Coroutine):
                result.close()
        except Exception:  # whatever it is, the fuzzer would report it
            if _is_due(f"{name} raised", clock()):
                _LOGGER.exception("on_decision %s raised; the request goes on", shown(name))
            return
        if _is_due(f"{name} returned", 0.0):
            _LOGGER.error("on_decision %s is never awaited: give a plain function (def)", shown(name))


def _is_due(what: str, now: float) -> bool:
    last = _told.get(what)
    if last is not None and now - last < MINUTE:
        return False
    _told[what] = now
    return True


def _name(function: object) -> str:
    kind = type(function)
    try:
        return (
            f"{getattr(function, '__module__', kind.__module__)}.{getattr(function, '__qualname__', kind.__qualname__)}"
        )
    except Exception:  # noqa: BLE001  # a proxy may refuse in any way
        return f"{kind.__module__}.{kind.__qualname__}"


def _request(decision: Decision, scope: Scope) -> str:
    """Say which request it is, in printable ASCII: what is asked, the path and the origin."""
    if scope.get("type") == "websocket":
        what = "WebSocket handshake"
    elif isinstance(decision, PreflightDecision):
        what = f"preflight for {_method(b''.join(_lines(scope, _REQUEST_METHOD)[:1]).decode('latin-1'))}"
    else:
        what = _method(_text(scope, "method"))
    origins = " and ".join(map(shown, _lines(scope, b"origin")[:_MAX_ORIGINS]))
    return f"{what} {shown(_text(scope, 'path'))} from {origins or 'no origin'}"


def _by(place: str) -> str:
    """Say whose policy it was, if not the app's."""
    return f", by the policy of {place.encode('ascii', 'backslashreplace').decode()}" if place else ""


def _lines(scope: Scope, field: bytes) -> list[bytes]:
    return lines_of(scope.get("headers", ()), field)


def _text(scope: Scope, key: str) -> str:
    value = scope.get(key)
    return value if isinstance(value, str) else ""


def _method(text: str) -> str:
    return text if len(text) <= _MAX_METHOD and is_token(text) else shown(text)
