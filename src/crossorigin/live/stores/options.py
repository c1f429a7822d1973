"""The options of `LiveOrigins.open`, validated. Nothing is opened or connected here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossorigin.live.arguments import check_bool, check_seconds, check_text

if TYPE_CHECKING:
    from crossorigin.live.stores.address import StoreAddress

POLL = {"sqlite": 0.1, "postgresql": 0.5}
"""The seconds between two comparisons. A comparison with a file costs no round trip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How to follow a store: see `LiveOrigins.open`."""

    poll: float
    listen: bool
    start_timeout: float
    require: bool
    deadline: float
    max_stale: float | None
    scope: str


def read_options(
    address: StoreAddress,
    *,
    poll: float | None,
    listen: bool,
    start_timeout: float,
    require: bool,
    deadline: float,
    max_stale: float | None,
    scope: str,
) -> StoreOptions:
    """Validate the options for a store.

    Raises:
        TypeError: An option has the wrong type.
        ValueError: An option has a value that cannot be right for this store.
    """
    if poll is not None:
        check_seconds("poll", poll)
    check_seconds("start_timeout", start_timeout)
    check_seconds("deadline", deadline)
    check_bool("listen", listen)
    check_bool("require", require)
    if listen and address.engine == "sqlite":
        message = "listen=True needs PostgreSQL, because SQLite sends no notifications. Lower poll= instead."
        raise ValueError(message)
    poll = POLL[address.engine] if poll is None else poll
    if max_stale is not None:
        check_seconds("max_stale", max_stale)
        if max_stale <= poll:
            message = (
                f"max_stale={max_stale!r} must be above poll={poll!r}. Otherwise the origins are turned off before "
                "each comparison."
            )
            raise ValueError(message)
    check_text("scope", scope)
    return StoreOptions(
        poll=poll,
        listen=listen,
        start_timeout=start_timeout,
        require=require,
        deadline=deadline,
        max_stale=max_stale,
        scope=scope,
    )
