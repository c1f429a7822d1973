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
        """Store the arguments. The thread of this process must have been started."""
        self._poller = poller
        self._follower = follower

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

    def finish(self) -> None:
        """Report that the origins are not loaded, if they are not.

        Raises:
            RuntimeError: They are not, and `require` is set.
        """
        outcome, follower = self._poller.outcome, self._follower
        if outcome.loaded_at is not None:
            return
        timeout = f"were not loaded within start_timeout={follower.options.start_timeout:g} seconds"
        message = f"The live origins in {follower.address} {timeout if self.seconds == 0 else 'are not loaded yet'}"
        if self.is_required:
            reason = "" if outcome.error is None else f": {outcome.error.removesuffix('.')}"
            raise RuntimeError(f"{message}{reason}. With require=True, the app does not serve without them.")
        # Requests that arrive together wait together.
        if not follower.has_reported_start:
            follower.has_reported_start = True
            _LOGGER.error("%s. Until they are, only the origins of the policy are allowed.", message)
