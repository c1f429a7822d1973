"""What explanations, the log and errors say about a set of live origins."""

from __future__ import annotations

from crossorigin.policy.literals import literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from crossorigin.live.status import LiveStatus
    from crossorigin.live.stores.follower import Follower


def summarize(status: LiveStatus, *, is_stored: bool) -> str:
    """Return the source of a set and how recent it is."""
    if status.source == "memory":
        return f"in memory, revision {status.revision}"
    if status.staleness is None:
        return f"{status.source}, not loaded yet"
    if not status.ready:
        return f"{status.source}, turned off by max_stale"
    verb = "compared" if is_stored else "loaded"
    return f"{status.source}, revision {status.revision}, {verb} {status.staleness:.1f} s ago"


def advise(
    origin: str,
    origins: Container[str],
    *,
    accepts: Callable[[str], bool],
    status: LiveStatus,
    follower: Follower | None,
) -> str:
    """Return what to do so that an origin is allowed: a sentence in lower case without its period."""
    if not accepts(origin):
        scheme, _, rest = origin.partition(":")
        if scheme == "http" and accepts(f"https:{rest}"):
            return f"serve the page over https{'' if f'https:{rest}' in origins else ', and add its https origin'}"
        return f"if you trust this origin, add {literal(origin)} to allow_origins"
    if not status.ready and status.error is not None:
        # The origin may be there, and adding it would fail as well. The error itself was logged.
        broken = "your load function" if follower is None else f"the connection to {follower.address}"
        return f"fix {broken} first, because the live origins are not in use"
    if follower is not None:
        # The sentence goes on after the command, so backticks show where the command ends.
        return f"if you trust this origin, run `{follower.command('add', origin)}`"
    if status.source == "memory":
        return f"if you trust this origin, add it with origins.add({literal(origin)})"
    return "if you trust this origin, add it to the data that your load function returns"


def not_writable(method: str, follower: Follower | None) -> str:
    """Return why a method cannot change a set that follows something, and what to do."""
    if follower is None:
        return (
            f"{method}() cannot change origins that are polled, because the next load would undo it. Change the data "
            "that your load function returns, and call await origins.refresh()."
        )
    verb = "remove" if method == "remove" else "add"
    return (
        f"{method}() cannot change origins that are stored in a database. Write with origins.writer() as writer: "
        f"writer.{verb}(...), or run: {follower.command(verb, 'https://shop.customer.example')}"
    )
