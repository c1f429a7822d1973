"""What a middleware knows of its app's routes, and when to look at them again.

Every middleware imports this module, and most never need more, so that it defines plain classes: a dataclass costs
three times as much to define.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# Another object after each policy that was attached in this process, and nothing before the first. Whoever found no
# policy in an app looks again when it has changed.
REVISION: list[object] = []
# Reads the list of routes of a router, in C.
ROUTES_OF = attrgetter("routes")


class RouteState:
    """What a walk through the routes of `root`, an app, found.

    `may_have_policies` is whether a route has a policy, or only routing can tell. `may_have_groups` is whether one may
    be attached to a router, a mount or an app around the endpoint. `hides_endpoints` is whether something serves that
    shows no routes: its endpoint is known only afterward, from the scope. `root_owner` names the app if a policy is
    attached to `root` itself, where it decides nothing. `methods` are those that the policies of the routes allow, or
    None if only routing can tell.

    `revision` is what `REVISION` held before the walk, `routers` are the routers that were walked, and `seen` is what
    each one's list of routes held. While `REVISION == revision` and the routers still list what was seen, the state is
    current. The lists are read from the routers each time, because a user may give a router another list. They are
    compared by identity first, in C: that is a small part of what routing a request through them costs.
    """

    __slots__ = (
        "hides_endpoints",
        "may_have_groups",
        "may_have_policies",
        "methods",
        "revision",
        "root",
        "root_owner",
        "routers",
        "seen",
    )

    def __init__(
        self,
        root: object,
        *,
        root_owner: str = "",
        may_have_policies: bool = False,
        may_have_groups: bool = False,
        hides_endpoints: bool = False,
        methods: frozenset[str] | None = None,
        revision: list[object],
        routers: Sequence[Any] = (),
        seen: Sequence[list[Any]] = (),
    ) -> None:
        """Keep what was found."""
        self.root = root
        self.root_owner = root_owner
        self.may_have_policies = may_have_policies
        self.may_have_groups = may_have_groups
        self.hides_endpoints = hides_endpoints
        self.methods = methods
        self.revision = revision
        self.routers = routers
        self.seen = [*seen]

    def with_policies(self) -> RouteState:
        """Return the same state of an app in which a hidden endpoint turned out to have a policy."""
        return RouteState(
            self.root,
            root_owner=self.root_owner,
            may_have_policies=True,
            may_have_groups=True,
            hides_endpoints=True,
            revision=self.revision,
            routers=self.routers,
            seen=self.seen,
        )


# Before the routes were looked at: never current.
UNKNOWN_ROUTES = RouteState(None, revision=[None])
