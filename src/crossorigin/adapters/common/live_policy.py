"""Middlewares whose policy is a `LivePolicy`, which can be replaced while the server runs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.policy import Policy

    class Follower(Protocol):
        """A middleware, as `LivePolicy` calls it."""

        @property
        def policy(self) -> Policy:
            """The policy that it uses."""
            ...

        def prepare_policy(self, policy: Policy) -> Callable[[], None]:
            """Compile a policy, and return the function that starts to use it."""
            ...


def follow_policy(follower: Follower, live: LivePolicy | None) -> None:
    """Make a middleware use the policy that applies now, and each new one. Without a live policy, nothing is to do."""
    if live is None:
        return
    live.subscribe(follower)
    # It may have been replaced after it was read, and again while this thread compiles the one that replaced it.
    while (current := live.current) is not follower.policy:
        follower.prepare_policy(current)()
