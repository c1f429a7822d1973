"""What `LiveOrigins.open` creates: a follower of the store, and the poller that runs it. Nothing is opened yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossorigin.live.poller import Poller
from crossorigin.live.stores.address import read_address
from crossorigin.live.stores.follower import Follower
from crossorigin.live.stores.options import read_options

if TYPE_CHECKING:
    from crossorigin.live.origin_table import OriginTable
    from crossorigin.live.validation import OriginRules


def follow(url: str, table: OriginTable, rules: OriginRules, **options: Any) -> tuple[Follower, Poller]:
    """Validate the arguments, and return what follows the store.

    Raises:
        ImportError: The driver of PostgreSQL is not installed.
        TypeError: An argument has the wrong type.
        ValueError: The URL or another argument is invalid.
    """
    address = read_address(url)
    checked = read_options(address, **options)
    if address.engine == "postgresql":
        from crossorigin.live.stores.postgres import check_url

        check_url(address)
    follower = Follower(address, table, rules, checked)
    return follower, Poller(follower, table, deadline=checked.deadline, max_stale=checked.max_stale)
