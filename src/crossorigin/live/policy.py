"""`LivePolicy`: a whole policy that may be replaced while the server runs."""

from __future__ import annotations

from crossorigin.live.changes import CHANGES
from crossorigin.live.handle import Handle
from crossorigin.live.listeners import Listeners
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class PolicyUser(Protocol):
        """A middleware that uses a live policy."""

        @property
        def policy(self) -> Policy:
            """The policy that it uses."""
            ...

        def prepare_policy(self, policy: Policy) -> Callable[[], None]:
            """Compile a policy, and return the function that starts to use it.

            Raises:
                InvalidPolicyError: The policy cannot be combined with the other arguments of the middleware.
            """
            ...


class LivePolicy(Handle):
    """A policy that may be replaced while the server runs. Pass it to one or several middlewares as `policy=`.

    Use it for rare changes of the whole policy, such as a settings page or a configuration that is read again. Origins
    that are added one by one belong in `LiveOrigins`. Each process has its own.

    Args:
        policy: The policy to start with.

    Raises:
        TypeError: `policy` is not a `Policy`.

    >>> live = LivePolicy(Policy(allow_origins=["https://app.example.com"]))
    >>> old = live.replace(Policy(allow_origins=["https://new.example.com"]))
    >>> live.current.allow_origins
    ('https://new.example.com',)
    """

    __slots__ = ("__weakref__", "_current", "_users")
    _INSTEAD = "Create it in each process, or pickle its current policy."

    def __init__(self, policy: Policy) -> None:
        """Store the policy."""
        self._current = _checked(policy)
        self._users: Listeners[PolicyUser] = Listeners()

    @property
    def current(self) -> Policy:
        """The policy that applies now."""
        return self._current

    def replace(self, policy: Policy) -> Policy:
        """Use another policy from the next request on, in every middleware that has this object.

        Every response is decided by one policy, the old one or the new one. The policy is compiled in the thread that
        calls this method, before the first middleware uses it.

        Returns:
            The policy that applied before.

        Raises:
            InvalidPolicyError: A middleware cannot combine the policy with its other arguments, for example `"*"` with
                `check_websockets`. No middleware has changed then.
            TypeError: `policy` is not a `Policy`.
        """
        checked = _checked(policy)
        with CHANGES:
            ready = [user.prepare_policy(checked) for user in self._users]
            old, self._current = self._current, checked
            for use in ready:
                use()
        return old

    def subscribe(self, user: PolicyUser) -> None:
        """Make a middleware use the policy that applies now, and each new one, for adapters.

        Raises:
            InvalidPolicyError: The policy was replaced after the middleware read it, and cannot be combined with the
                other arguments.
        """
        self._users.add(user)
        # It may have been replaced after it was read, and again while this thread compiles the one that replaced it.
        while (current := self._current) is not user.policy:
            user.prepare_policy(current)()

    def unless_changing(self, action: Callable[[], None]) -> None:
        """Call a function, for adapters. Do nothing if a change is under way, because no request waits for it."""
        if CHANGES.acquire(blocking=False):
            try:
                action()
            finally:
                CHANGES.release()

    def __repr__(self) -> str:
        """Return the policy that applies now."""
        return f"LivePolicy({self._current!r})"


def _checked(policy: object) -> Policy:
    if not isinstance(policy, Policy):
        message = f"expected a Policy, got {type(policy).__name__}. Write LivePolicy(Policy(allow_origins=[...]))."
        raise TypeError(message)
    return policy
