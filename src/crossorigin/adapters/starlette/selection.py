"""The selection of the policy that decides a request: the one nearest to what serves it, or else the app's.

Policies never merge. There are two selectors. `OnePolicy` always selects the app's policy. `ByRoute` looks up what the
request leads to: by the framework's own routing before the app has routed it, and by what the scope says afterward.
What no endpoint served (a 404, a 405, a crash on the way) is looked up by the path and the method that came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from crossorigin.adapters.starlette.route_policy import ATTACHED_METHODS, RoutePolicy, endpoint_policy
from crossorigin.adapters.starlette.routes import Found, find
from crossorigin.fetch.methods import STANDARD_METHODS
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any, Protocol

    from crossorigin.adapters.common.asgi_types import Scope
    from crossorigin.adapters.starlette.route_state import RouteState
    from crossorigin.policy.policy import Policy

    class Lookup(Protocol):
        """The selection for one request."""

        @property
        def is_known_ahead(self) -> bool:
            """Return whether `afterward` selects what `ahead` does."""
            ...

        def ahead(self, method: str) -> Selection:
            """Select for a request that the app has not seen, as if it came with this method."""
            ...

        def preflight(self, requested_method: str) -> tuple[Selection, Plan]:
            """Select for a preflight that asks for a method, with the plan that answers it."""
            ...

        def afterward(self, scope: Scope, status: int) -> Selection:
            """Select for a response: `scope` is what the app made of it."""
            ...

    class PolicySelector(Protocol):
        """The selection of a policy, for all requests of one middleware."""

        def for_request(self, scope: Scope, routes: RouteState) -> Lookup:
            """Start the selection for one request, as it came; `routes` are those of the app."""
            ...


_METHOD_NOT_ALLOWED = 405


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What decides a request.

    `owner` names what the policy is attached to, and is empty for the app's. `is_endpoint_policy` is whether it is the
    endpoint's, or its route's. `has_endpoint` is whether an endpoint is known.
    """

    policy: Policy
    plan: Plan
    owner: str = ""
    is_endpoint_policy: bool = False
    has_endpoint: bool = False


class OnePolicy:
    """The app's policy for every request. It is a selector, and the look-up of each request."""

    __slots__ = ("_selection",)
    is_known_ahead = True

    def __init__(self, policy: Policy, plan: Plan) -> None:
        """Make the one selection."""
        self._selection = Selection(policy=policy, plan=plan)

    def for_request(self, scope: Scope, routes: RouteState) -> Lookup:
        """Return itself: nothing of a request matters."""
        return self

    def ahead(self, method: str) -> Selection:
        """Select for a request that the app has not seen."""
        return self._selection

    def preflight(self, requested_method: str) -> tuple[Selection, Plan]:
        """Select for a preflight."""
        return self._selection, self._selection.plan

    def afterward(self, scope: Scope, status: int) -> Selection:
        """Select for a response."""
        return self._selection


class ByRoute:
    """The policies of one middleware and of the routes inside it."""

    __slots__ = ("_by_owner", "_by_policy", "_default", "_default_of_endpoint", "_is_debug", "_limits", "_narrowed")

    def __init__(self, policy: Policy, plan: Plan, *, debug: bool, served_methods_only: bool) -> None:
        """Start with the app's policy, which decides where no route has one."""
        self._default = Selection(policy=policy, plan=plan)
        self._default_of_endpoint = replace(self._default, has_endpoint=True)
        self._is_debug = debug
        self._limits = served_methods_only
        # One plan for equal policies, so that a path whose methods share one is recognized by it.
        self._by_policy: dict[Policy, Plan] = {policy: plan}
        # The same plans by owner, because hashing a policy reads everything that it lists.
        self._by_owner: dict[RoutePolicy, Plan] = {}
        # As many as there are kinds of paths.
        self._narrowed: dict[tuple[Plan, frozenset[str], bool], Plan] = {}

    def for_request(self, scope: Scope, routes: RouteState) -> RouteLookup:
        """Start the selection for one request, as it came."""
        return RouteLookup(self, routes, dict(scope))

    def of_found(self, found: Found | None) -> Selection:
        """Select for what a look-up found."""
        if found is None:
            return self._default
        return self.of(found.nearest, is_endpoint_policy=found.is_endpoint_policy, has_endpoint=found.has_endpoint)

    def of(self, attached: RoutePolicy | None, *, is_endpoint_policy: bool, has_endpoint: bool) -> Selection:
        """Select a route's policy, or the app's if there is none."""
        if attached is None:
            return self._default_of_endpoint if has_endpoint else self._default
        plan = self._by_owner.get(attached)
        if plan is None:
            plan = self._by_policy.get(attached.policy) or Plan(attached.policy, debug=self._is_debug)
            self._by_policy[attached.policy] = self._by_owner[attached] = plan
        return Selection(
            policy=attached.policy,
            plan=plan,
            owner=attached.owner,
            is_endpoint_policy=is_endpoint_policy,
            has_endpoint=has_endpoint,
        )

    def plan_for(
        self, selection: Selection, requested: str, ahead: Callable[[str], Selection], of_routes: AbstractSet[str]
    ) -> Plan:
        """Return the plan that answers a preflight: it grants other methods of the path only where it decides them too.

        `of_routes` are the methods that the policies of the routes allow.

        https://fetch.spec.whatwg.org/#concept-cache: a browser keeps an answer by address, not by method. It holds for
        all methods that it lists, and its header names for every method that it may send.
        """
        allowed = allowed_methods(selection.policy.allow_methods)
        # Also methods that this policy does not allow: what two policies grant, a browser combines.
        ours = allowed_methods(self._default.policy.allow_methods)
        methods = {*of_routes, *ours, *STANDARD_METHODS}
        at = {method: selection if method == requested else ahead(method) for method in methods}
        is_mixed = any(other.has_endpoint and other.plan is not selection.plan for other in at.values())
        granted = frozenset(method for method in allowed if at[method].plan is selection.plan)
        if self._limits and any(other.has_endpoint for other in at.values()):
            granted = frozenset(method for method in granted if at[method].has_endpoint)
        elif not is_mixed:
            return selection.plan
        key = selection.plan, granted, is_mixed
        if key not in self._narrowed:
            self._narrowed[key] = selection.plan.narrowed(granted, uncached=is_mixed)
        return self._narrowed[key]


class RouteLookup:
    """The selection for one request, whose scope was copied as it came, because the router writes into it later."""

    __slots__ = ("_before", "_routes", "_selector")
    is_known_ahead = False

    def __init__(self, selector: ByRoute, routes: RouteState, before: Mapping[str, Any]) -> None:
        """Start without looking anything up."""
        self._selector = selector
        self._routes = routes
        self._before = before

    def ahead(self, method: str, match_cache: dict[Any, Any] | None = None) -> Selection:
        """Select for a request that the app has not seen, as if it came with this method."""
        return self._selector.of_found(find(self._routes.root, {**self._before, "method": method}, match_cache))

    def preflight(self, requested_method: str) -> tuple[Selection, Plan]:
        """Select for a preflight that asks for a method, with the plan that answers it."""
        # With one cache, the routes are walked once, and not for each method.
        ahead = partial(self.ahead, match_cache={})
        selection = ahead(requested_method)
        methods = self._routes.methods
        of_routes = ATTACHED_METHODS if methods is None else methods
        return selection, self._selector.plan_for(selection, requested_method, ahead, of_routes)

    def afterward(self, scope: Scope, status: int) -> Selection:
        """Select for a response: `scope` is what the app made of it."""
        selector, before, endpoint = self._selector, self._before, scope.get("endpoint")
        if endpoint is None or endpoint is before.get("endpoint") or status == _METHOD_NOT_ALLOWED:
            return selector.of_found(find(self._routes.root, before))
        own = endpoint_policy(endpoint, scope["method"])
        # An endpoint without a name is not a function or a class, but perhaps a mounted app, or a layer around one.
        # Where the scope is copied inside it, what served leaves no trace, and may have a nearer policy.
        if hasattr(endpoint, "__qualname__"):
            if own is not None:
                return selector.of(own, is_endpoint_policy=True, has_endpoint=True)
            if not self._routes.may_have_groups:
                return selector.of(None, is_endpoint_policy=False, has_endpoint=True)
        now = {"path": scope["path"], "method": scope["method"]}
        has_changed = any(before[key] != value for key, value in now.items())
        if has_changed:
            # By a middleware on the way, or by what is mounted, for its own use.
            rewritten = find(self._routes.root, {**before, **now})
            if rewritten is not None and rewritten.endpoint is endpoint:
                return selector.of_found(rewritten)
        found = find(self._routes.root, before)
        if own is not None and (has_changed or found is None):
            return selector.of(own, is_endpoint_policy=True, has_endpoint=True)
        return selector.of_found(found)
