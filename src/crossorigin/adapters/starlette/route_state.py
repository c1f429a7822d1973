"""The state of an app's routes, as a middleware knows it, and the signal to scan them again.

Every middleware imports this module, and most need nothing else about routes. It therefore defines a plain class,
because defining a dataclass takes three times as long.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# The list is empty until a policy is attached in this process. Each attachment puts a new object in it, so that every
# middleware notices the change and scans its app again.
REVISION: list[object] = []
# Reads a router's list of routes. It is implemented in C, so it is fast.
ROUTES_OF = attrgetter("routes")


class RouteState:
    """The result of a scan of the routes of an app, which is `root`.

    - `root_owner`: the name of the app if a policy is attached to `root` itself, where it has no effect.
    - `may_have_policies`: whether a route has a policy, or may have one that only the routing of a request finds.
    - `may_have_groups`: whether a policy may be attached to a router, a mount or an app around an endpoint.
    - `hides_endpoints`: whether some part of the app has no visible routes, so that its endpoint is known only after
      the app has run, from the scope.
    - `methods`: the methods that the policies of the routes allow, or None if only the routing of a request finds them.
    - `revision`: what `REVISION` held before the scan.
    - `routers`: the routers that were scanned, and `seen`: what the list of routes of each one held.

    The state is current while `REVISION == revision` and the lists of the routers equal `seen`. The lists are read from
    the routers each time, because a user may replace a router's list. Comparing them costs little compared to routing a
    request, because it compares identities first, in C.
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
        """Keep the result of a scan."""
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
        """Return this state, changed for an app in which a hidden endpoint was found to have a policy."""
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


# The state before the first scan, which is never current.
UNKNOWN_ROUTES = RouteState(None, revision=[None])
