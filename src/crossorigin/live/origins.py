"""`LiveOrigins`: exact origins that may change while the server runs."""

from __future__ import annotations

import asyncio
import math
import time

from crossorigin.live.origin_table import OriginTable
from crossorigin.live.status import LiveStatus
from crossorigin.live.validation import OriginRules
from crossorigin.policy.errors import InvalidPolicyError
from crossorigin.policy.literals import literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from typing import NoReturn, Self

    from crossorigin.live.poller import Poller
    from crossorigin.policy.origin_source import OriginListener

LIMIT = 100_000
SCHEMES = ("https",)


class LiveOrigins:
    """A set of exact origins that may change while the server runs. Pass it to a middleware as `origins=`.

    The set is added to the origins of the policy, which cannot change. A change applies to the next request of this
    process, preflights included, and costs a request nothing. Other processes do not see it: use `polled`, or make the
    same change there. Every method can be called from any thread, and from a signal handler.

    Each origin is validated when it is added, as strictly as in a `Policy`. It must be exact: no pattern, `"*"` or
    `"null"`.

    Args:
        origins: The origins to start with.
        limit: The largest number of origins.
        schemes: The schemes that an origin may have. An http origin is always accepted if its host is this machine, for
            example `http://localhost:3000`.

    Raises:
        InvalidPolicyError: An origin is invalid, or there are too many.

    >>> origins = LiveOrigins()
    >>> origins.add("https://shop.customer.example")
    True
    >>> "https://shop.customer.example" in origins
    True
    """

    __slots__ = ("__weakref__", "_poller", "_rules", "_table")

    # `Policy` refuses such a collection, because it would copy it.
    is_live = True

    def __init__(self, origins: Iterable[str] = (), *, limit: int = LIMIT, schemes: Iterable[str] = SCHEMES) -> None:
        """Validate the origins."""
        self._rules = OriginRules(schemes, limit)
        self._table = OriginTable()
        self._poller: Poller | None = None
        self._table.replace(self._rules.read_all(origins))

    @classmethod
    def polled(
        cls,
        load: Callable[[], Iterable[str] | Awaitable[Iterable[str]]],
        *,
        every: float = 5.0,
        deadline: float = 5.0,
        limit: int = LIMIT,
        schemes: Iterable[str] = SCHEMES,
    ) -> Self:
        """Return origins that a function loads from your database, again and again.

        `load` returns all origins, not those of one customer. It is called in a separate thread, so it never delays a
        request, and an `async def` runs in the event loop of that thread. The thread starts when the app serves its
        first connection, which is the lifespan of an ASGI app, or with the first `refresh`. Until the first load, only
        the origins of the policy are allowed.

        If a load fails, the error is logged and reported by `status`, and the origins of the last load stay in use. An
        invalid row is skipped, logged once and counted.

        Args:
            load: The function that returns all origins.
            every: The time between two loads, in seconds.
            deadline: How long a load may take, in seconds. An `async def` is canceled after it. Any other function
                cannot be stopped, so it is only reported by `status`, and `refresh` stops waiting.
            limit: The largest number of origins. A load that returns more of them fails.
            schemes: The schemes that an origin may have, as in `LiveOrigins`.

        Raises:
            TypeError: `load` is not a function, or a time is not a number.
            ValueError: A time is not above 0.
        """
        _check_load(load)
        _check_seconds("every", every)
        _check_seconds("deadline", deadline)
        from crossorigin.live.poller import Poller

        live = cls(limit=limit, schemes=schemes)
        live._poller = Poller(load, live._table, live._rules, every=every, deadline=deadline)
        return live

    def add(self, origin: str) -> bool:
        """Allow an origin from the next request on.

        Returns:
            Whether it was added, and not there before.

        Raises:
            InvalidPolicyError: The origin is invalid, or the limit is reached. Nothing has changed then.
            TypeError: The origins are polled, so your database must change instead.
        """
        self._check_writable("add")
        value = self._rules.read(origin)
        if len(self._table.origins) >= self._rules.limit and value not in self._table.origins:
            raise InvalidPolicyError([self._rules.too_many(self._rules.limit + 1, "origin", origin)])
        return self._table.change(added=(value,)) > 0

    def remove(self, origin: str) -> bool:
        """Refuse an origin from the next request on, unless the policy itself allows it.

        A browser that has a preflight in its cache still sends the requests that it allows, for at most the policy's
        `max_age`. It no longer lets the page read the responses.

        Returns:
            Whether it was there before.

        Raises:
            InvalidPolicyError: The origin is invalid. A typing error would otherwise leave the origin allowed.
            TypeError: The origins are polled, so your database must change instead.
        """
        self._check_writable("remove")
        return self._table.change(removed=(self._rules.read(origin),)) > 0

    def replace(self, origins: Iterable[str]) -> None:
        """Allow these origins instead of all others, from the next request on.

        Raises:
            InvalidPolicyError: An origin is invalid, or there are too many. Nothing has changed then.
            TypeError: `origins` is one string, or the origins are polled.
        """
        self._check_writable("replace")
        self._table.replace(self._rules.read_all(origins))

    async def refresh(self) -> None:
        """Load the origins now, and return when they apply. In memory, there is nothing to load.

        The load begins after the call, so it contains every change that was committed before. The error of a load is
        raised here.

        Raises:
            TimeoutError: The load took longer than its deadline.
        """
        if self._poller is not None:
            done = asyncio.wrap_future(self._poller.request())
            await asyncio.wait_for(done, self._poller.longest)

    def refresh_sync(self) -> None:
        """Do the same as `refresh`, for code without an event loop. It blocks the thread that calls it.

        Raises:
            TimeoutError: The load took longer than its deadline.
        """
        if self._poller is not None:
            self._poller.request().result(self._poller.longest)

    def status(self) -> LiveStatus:
        """Return what the set contains and how recent it is, for a health check."""
        poller, table = self._poller, self._table
        count, revision = len(table.origins), table.revision
        if poller is None:
            return LiveStatus(
                source="memory", count=count, revision=revision, ready=True, staleness=None, rejected=0, error=None
            )
        outcome = poller.outcome
        staleness = None if outcome.loaded_at is None else time.monotonic() - outcome.loaded_at
        return LiveStatus(
            source=poller.source,
            count=count,
            revision=revision,
            ready=staleness is not None,
            staleness=staleness,
            rejected=outcome.rejected,
            error=outcome.error,
        )

    def __contains__(self, origin: object) -> bool:
        """Return whether an origin is in the set. The policy may allow others."""
        return isinstance(origin, str) and origin.encode("utf-8", "surrogatepass") in self._table.origins

    def __len__(self) -> int:
        """Return the number of origins."""
        return len(self._table.origins)

    def __iter__(self) -> Iterator[str]:
        """Return the origins at this moment, sorted."""
        return iter(sorted(origin.decode("ascii") for origin in self._table.origins.copy()))

    def __bool__(self) -> bool:
        """Return True: a set that is empty now may not be empty later."""
        return True

    def __repr__(self) -> str:
        """Return the source and the number of origins."""
        return f"<LiveOrigins: {self._summary()}, {len(self)} origins>"

    def __copy__(self) -> Self:
        """Return the same object, because a copy would not see later changes."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the same object, so that a copied app has the same live origins."""
        return self

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, because a copy in another process would not see later changes.

        Raises:
            TypeError: Always.
        """
        message = "LiveOrigins cannot be pickled. Create them in each process, for example with LiveOrigins.polled."
        raise TypeError(message)

    # What the rest of the package reads: see `crossorigin.policy.origin_source`.

    @property
    def table(self) -> AbstractSet[bytes]:
        """The origins as bytes, for adapters. Do not change it."""
        return self._table.origins

    def subscribe(self, listener: OriginListener) -> None:
        """Call a listener after each change, for adapters."""
        self._table.subscribe(listener)

    def start(self) -> None:
        """Start to load, if the origins are polled and nothing was loaded yet. Adapters call it."""
        if self._poller is not None:
            self._poller.start()

    def accepts(self, origin: str) -> bool:
        """Return whether an origin is valid here, for adapters."""
        return self._rules.valid(origin) is not None

    def describe(self) -> str:
        """Return the source of the origins and how recent they are, for explanations and the log."""
        return f"the live origins ({self._summary()})"

    def advise(self, origin: str) -> str:
        """Return what to do so that an origin is allowed, for explanations and the log."""
        if not self.accepts(origin):
            scheme, _, rest = origin.partition(":")
            if scheme == "http" and self.accepts(f"https:{rest}"):
                return f"serve the page over https{'' if f'https:{rest}' in self else ', and add its https origin'}"
            return f"if you trust this origin, add {literal(origin)} to allow_origins"
        if self._poller is None:
            return f"if you trust this origin, add it with origins.add({literal(origin)})"
        return "if you trust this origin, add it to the data that your load function returns"

    def _summary(self) -> str:
        status = self.status()
        if status.source == "memory":
            return f"in memory, revision {status.revision}"
        if status.staleness is None:
            return f"{status.source}, not loaded yet"
        return f"{status.source}, revision {status.revision}, loaded {status.staleness:.1f} s ago"

    def _check_writable(self, method: str) -> None:
        if self._poller is not None:
            message = (
                f"{method}() cannot change origins that are polled, because the next load would undo it. Change the "
                "data that your load function returns, and call await origins.refresh()."
            )
            raise TypeError(message)


def _check_load(load: object) -> None:
    if not callable(load):
        message = f"load must be a function that returns all origins, got {load!r:.120}."
        raise TypeError(message)


def _check_seconds(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        message = f"{name} must be a number of seconds, for example {name}=5.0, got {value!r:.120}."
        raise TypeError(message)
    if not (0 < value < math.inf):
        message = f"{name} must be above 0 seconds, got {value!r}."
        raise ValueError(message)
