"""The first load of stored origins, for which the start of an app waits."""

from __future__ import annotations

import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future

    from crossorigin.live.poller import Poller
    from crossorigin.live.stores.follower import Follower

_LOGGER = logging.getLogger("crossorigin")


class FirstLoad:
    """The first load of one set, which may be under way."""

    __slots__ = ("_follower", "_poller")

    def __init__(self, poller: Poller, follower: Follower) -> None:
        """Start to load, if the thread of this process was not started before."""
        self._poller = poller
        self._follower = follower
        poller.start()

    def future(self) -> Future[None]:
        """Return a future that is done when the origins apply."""
        return self._poller.first_load()

    @property
    def seconds(self) -> float:
        """How long to wait: the part of `start_timeout` that is left."""
        return max(0.0, self._follower.options.start_timeout - self._poller.running_for)

    @property
    def is_required(self) -> bool:
        """Whether an app that has not loaded the origins must not serve."""
        return self._follower.options.require

    def finish(self, *, log: bool) -> None:
        """Report that the origins are not loaded, if they are not.

        Raises:
            RuntimeError: They are not, and `require` is set.
        """
        outcome = self._poller.outcome
        if outcome.loaded_at is not None:
            return
        timeout = self._follower.options.start_timeout
        message = (
            f"the live origins in {self._follower.address} were not loaded within start_timeout={timeout:g} seconds"
            f"{'' if outcome.error is None else f': {outcome.error}'}"
        )
        if self.is_required:
            raise RuntimeError(f"{message}. The app must not serve without them (require=True).")
        if log:
            _LOGGER.error("%s. Only the origins of the policy are allowed.", message.capitalize())
