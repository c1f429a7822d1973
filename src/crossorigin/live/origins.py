"""`LiveOrigins`: exact origins that may change while the server runs."""

from __future__ import annotations

import asyncio

from crossorigin.live.arguments import check_load, check_seconds
from crossorigin.live.changes import CHANGES
from crossorigin.live.handle import Handle
from crossorigin.live.origin_table import OriginTable
from crossorigin.live.status import LiveStatus
from crossorigin.live.validation import OriginRules
from crossorigin.live.wording import advise, not_writable, summarize
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractContextManager
    from typing import Self

    from crossorigin.live.poller import Poller
    from crossorigin.live.start import FirstLoad
    from crossorigin.live.stores.follower import Follower
    from crossorigin.live.stores.writer import OriginWriter
    from crossorigin.policy.origin_source import OriginListener

LIMIT = 100_000
SCHEMES = ("https",)


class LiveOrigins(Handle):
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

    __slots__ = ("__weakref__", "_follower", "_poller", "_rules", "_table")
    _INSTEAD = "Create them in each process, for example with LiveOrigins.polled."

    # `Policy` refuses such a collection, because it would copy it.
    is_live = True

    def __init__(self, origins: Iterable[str] = (), *, limit: int = LIMIT, schemes: Iterable[str] = SCHEMES) -> None:
        """Validate the origins."""
        self._rules = OriginRules(schemes, limit)
        self._table = OriginTable()
        self._poller: Poller | None = None
        self._follower: Follower | None = None
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
        check_load(load)
        check_seconds("every", every)
        check_seconds("deadline", deadline)
        from crossorigin.live.function_source import FunctionSource
        from crossorigin.live.poller import Poller

        live = cls(limit=limit, schemes=schemes)
        source = FunctionSource(load, live._table, live._rules, every=every, deadline=deadline)
        live._poller = Poller(source, live._table, deadline=deadline)
        return live

    @classmethod
    def open(
        cls,
        url: str,
        *,
        poll: float | None = None,
        listen: bool = False,
        start_timeout: float = 5.0,
        require: bool = False,
        deadline: float = 5.0,
        max_stale: float | None = None,
        limit: int = LIMIT,
        schemes: Iterable[str] = SCHEMES,
        scope: str = "",
    ) -> Self:
        """Return origins that are stored in a SQLite or PostgreSQL database, for many processes and machines.

        Create the tables with `crossorigin origins init`, and edit them with `writer`, with the command or with SQL.
        Every process follows the database in a separate thread, which starts when the app serves its first connection.
        The start of an ASGI app, or the first request of a WSGI app, waits for the first load.

        While the database cannot be read, the origins that were read last stay in use.

        Args:
            url: `"sqlite:////var/lib/app/cors.db"`, with three slashes before a relative path and four before an
                absolute one, or `"postgresql://app@db.example/app"`. PostgreSQL needs `crossorigin[postgres]`. Its
                password can also come from `PGPASSWORD` or `~/.pgpass`.
            poll: The time between two comparisons with the database, in seconds. The default is 0.1 for SQLite and 0.5
                for PostgreSQL.
            listen: Whether PostgreSQL notifies of each change, so that it applies before the next comparison.
            start_timeout: How long the start waits for the first load, in seconds. After that, the app starts, only the
                origins of the policy are allowed, and an error is logged.
            require: Whether the start fails instead, and requests as well until the origins are loaded.
            deadline: How long one comparison may take, in seconds.
            max_stale: After this many seconds without a successful comparison, the origins are turned off until the
                next one. By default, they stay in use.
            limit: The largest number of origins. A load that reads more of them fails.
            schemes: The schemes that an origin may have, as in `LiveOrigins`.
            scope: The name of the set, if several apps share a database.

        Raises:
            ImportError: The driver of PostgreSQL is not installed.
            TypeError: An argument has the wrong type.
            ValueError: The URL or another argument is invalid.
        """
        from crossorigin.live.stores.opening import follow

        live = cls(limit=limit, schemes=schemes)
        live._follower, live._poller = follow(
            url,
            live._table,
            live._rules,
            poll=poll,
            listen=listen,
            start_timeout=start_timeout,
            require=require,
            deadline=deadline,
            max_stale=max_stale,
            scope=scope,
        )
        return live

    def add(self, origin: str) -> bool:
        """Allow an origin from the next request on.

        Returns:
            Whether it was added, and not there before.

        Raises:
            InvalidPolicyError: The origin is invalid, or the limit is reached. Nothing has changed then.
            TypeError: The origins are polled or stored, so your database must change instead.
        """
        self._check_writable("add")
        value = self._rules.read(origin)
        # Otherwise several threads together could exceed the limit.
        with CHANGES:
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
            TypeError: The origins are polled or stored, so your database must change instead.
        """
        self._check_writable("remove")
        return self._table.change(removed=(self._rules.read(origin),)) > 0

    def replace(self, origins: Iterable[str]) -> None:
        """Allow these origins instead of all others, from the next request on.

        Raises:
            InvalidPolicyError: An origin is invalid, or there are too many. Nothing has changed then.
            TypeError: `origins` is one string, or the origins are polled or stored.
        """
        self._check_writable("replace")
        self._table.replace(self._rules.read_all(origins))

    def writer(self, *, actor: str | None = None) -> AbstractContextManager[OriginWriter]:
        """Return what edits stored origins in one transaction: `with origins.writer() as writer: writer.add(...)`.

        When the block ends without an error, the change is committed, and this process has applied it. The others
        follow. An error rolls back. It blocks the thread, so call it in another thread in async code.

        Args:
            actor: Who makes the change, for the log in the database.

        Raises:
            StoreError: The database cannot be used.
            TypeError: The origins are not stored, or `actor` is not a string.
            ValueError: `actor` is empty, too long, or has characters that cannot be printed.
        """
        follower = self._follower
        if follower is None:
            message = "writer() is for stored origins: LiveOrigins.open(...). In memory, use add, remove and replace."
            raise TypeError(message)
        from crossorigin.live.stores.writer import edit

        options = follower.options
        return edit(
            follower.address,
            self._rules,
            scope=options.scope,
            actor=actor,
            deadline=options.deadline,
            apply=self.refresh_sync,
        )

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
        if self._poller is not None:
            return self._poller.status()
        table = self._table
        return LiveStatus(
            source="memory",
            count=len(table.origins),
            revision=table.revision,
            ready=True,
            staleness=None,
            rejected=0,
            error=None,
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

    # What the rest of the package reads: see `crossorigin.policy.origin_source`.

    @property
    def table(self) -> AbstractSet[bytes]:
        """The origins as bytes, for adapters. Do not change it."""
        return self._table.origins

    def subscribe(self, listener: OriginListener) -> None:
        """Call a listener after each change, for adapters."""
        self._table.subscribe(listener)

    def start(self) -> None:
        """Start to load, if the origins are polled or stored and nothing was loaded yet. Adapters call it."""
        if self._poller is not None:
            self._poller.start()

    def first_load(self) -> FirstLoad | None:
        """Return the first load of stored origins, or None if there is nothing to wait for, for adapters."""
        if self._poller is None or self._follower is None or self._poller.has_loaded:
            return None
        from crossorigin.live.start import FirstLoad

        return FirstLoad(self._poller, self._follower)

    def accepts(self, origin: str) -> bool:
        """Return whether an origin is valid here, for adapters."""
        return self._rules.valid(origin) is not None

    def command(self, verb: str, origin: str) -> str | None:
        """Return the command that edits the database of stored origins, or None without one."""
        return None if self._follower is None else self._follower.command(verb, origin)

    def describe(self) -> str:
        """Return the source of the origins and how recent they are, for explanations and the log."""
        return f"the live origins ({self._summary()})"

    def advise(self, origin: str) -> str:
        """Return what to do so that an origin is allowed, for explanations and the log."""
        return advise(origin, self, accepts=self.accepts, status=self.status(), follower=self._follower)

    def _summary(self) -> str:
        return summarize(self.status(), is_stored=self._follower is not None)

    def _check_writable(self, method: str) -> None:
        if self._poller is not None:
            raise TypeError(not_writable(method, self._follower))
