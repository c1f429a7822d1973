"""Selection of the policy that applies to a request: the one nearest to its endpoint, or the policy of the app.

Policies are never merged. There are two selectors. `OnePolicy` always selects the policy of the app. `ByRoute` finds
the endpoint of the request: by the framework's own routing before the app has run, and from the scope afterward. If no
endpoint served the request (a 404, a 405, an earlier crash), the path and the method of the request are looked up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from crossorigin.adapters.starlette.route_memory import RouteMemory
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
            """Whether `afterward` always selects the same as `ahead`."""
            ...

        def ahead(self, method: str) -> Selection:
            """Select for a request before the app runs, as if it had this method."""
            ...

        def preflight(self, requested_method: bytes) -> tuple[Selection, Plan]:
            """Select for a preflight that requests a method, and return the selection and the plan that answers it."""
            ...

        def afterward(self, scope: Scope, status: int) -> Selection:
            """Select for a response. `scope` is the scope after the app has changed it."""
            ...

    class PolicySelector(Protocol):
        """The selection of policies for all requests of one middleware."""

        def for_request(self, scope: Scope, routes: RouteState) -> Lookup:
            """Start the selection for one request. `scope` is as it arrived, and `routes` are those of the app."""
            ...


_METHOD_NOT_ALLOWED = 405
# The part of a requested method that routers see. Methods that a policy allows are shorter.
_LONGEST_METHOD = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The policy that applies to a request, and its plan.

    `owner` is the name of the object that the policy is attached to, and empty for the policy of the app.
    `is_endpoint_policy` is whether it is attached to the endpoint or its route. `has_endpoint` is whether an endpoint
    is known.
    """

    policy: Policy
    plan: Plan
    owner: str = ""
    is_endpoint_policy: bool = False
    has_endpoint: bool = False


class OnePolicy:
    """The policy of the app for every request, both as the selector and as the look-up of each request."""

    __slots__ = ("_selection",)
    is_known_ahead = True

    def __init__(self, policy: Policy, plan: Plan) -> None:
        """Create the only selection."""
        self._selection = Selection(policy=policy, plan=plan)

    def for_request(self, scope: Scope, routes: RouteState) -> Lookup:
        """Return this object, because the selection does not depend on the request."""
        return self

    def ahead(self, method: str) -> Selection:
        """Select for a request before the app runs."""
        return self._selection

    def preflight(self, requested_method: bytes) -> tuple[Selection, Plan]:
        """Select for a preflight."""
        return self._selection, self._selection.plan

    def afterward(self, scope: Scope, status: int) -> Selection:
        """Select for a response."""
        return self._selection


class ByRoute:
    """The policies of one middleware and of the routes inside it, selected by route."""

    __slots__ = (
        "_by_owner",
        "_by_policy",
        "_default",
        "_default_of_endpoint",
        "_is_debug",
        "_memory",
        "_narrowed",
        "_served_methods_only",
    )

    def __init__(self, policy: Policy, plan: Plan, *, debug: bool, served_methods_only: bool) -> None:
        """Start with the policy of the app, which applies where no route has its own."""
        self._default = Selection(policy=policy, plan=plan)
        self._default_of_endpoint = replace(self._default, has_endpoint=True)
        self._is_debug = debug
        self._served_methods_only = served_methods_only
        self._memory: RouteMemory | None = None
        # Equal policies have the same plan, so that methods with equal policies are recognized by it. The live origins
        # of the app are not part of its policy, so an equal policy of a route does not have its plan then.
        self._by_policy: dict[Policy, Plan] = {policy: plan} if plan.live is None else {}
        # The same plans by attached policy, because hashing a policy reads everything that it lists.
        self._by_owner: dict[RoutePolicy, Plan] = {}
        # There are as many entries as there are different sets of methods on a path.
        self._narrowed: dict[tuple[Plan, frozenset[str], bool], Plan] = {}

    def for_request(self, scope: Scope, routes: RouteState) -> RouteLookup:
        """Start the selection for one request, with the scope as it arrived."""
        memory = self._memory
        if memory is None or memory.routes is not routes:
            memory = self._memory = RouteMemory(routes)
        return RouteLookup(self, memory, dict(scope))

    def select_found(self, found: Found | None) -> Selection:
        """Select for the result of a look-up."""
        if found is None:
            return self._default
        return self.select(found.nearest, is_endpoint_policy=found.is_endpoint_policy, has_endpoint=found.has_endpoint)

    def select(self, attached: RoutePolicy | None, *, is_endpoint_policy: bool, has_endpoint: bool) -> Selection:
        """Select an attached policy, or the policy of the app if there is none."""
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
        """Return the plan that answers a preflight. It allows only the methods of the path that its policy applies to.

        `of_routes` are the methods that the policies of the routes allow.

        https://fetch.spec.whatwg.org/#concept-cache: a browser caches the response by URL, not by method. It applies
        the response to all methods that it lists, and its header names to every method.
        """
        allowed = allowed_methods(selection.policy.allow_methods)
        # Methods that this policy does not allow matter too, because a browser combines what two responses allow.
        ours = allowed_methods(self._default.policy.allow_methods)
        methods = {*of_routes, *ours, *STANDARD_METHODS}
        at = {method: selection if method == requested else ahead(method) for method in methods}
        is_mixed = any(other.has_endpoint and other.plan is not selection.plan for other in at.values())
        granted = frozenset(method for method in allowed if at[method].plan is selection.plan)
        if self._served_methods_only and any(other.has_endpoint for other in at.values()):
            granted = frozenset(method for method in granted if at[method].has_endpoint)
        elif not is_mixed:
            return selection.plan
        key = selection.plan, granted, is_mixed
        if key not in self._narrowed:
            self._narrowed[key] = selection.plan.narrowed(granted, uncached=is_mixed)
        return self._narrowed[key]


class RouteLookup:
    """The selection for one request. Its scope was copied on arrival, because the router writes into it later."""

    __slots__ = ("_before", "_memory", "_routes", "_selector")
    is_known_ahead = False

    def __init__(self, selector: ByRoute, memory: RouteMemory, before: Mapping[str, Any]) -> None:
        """Start without a look-up."""
        self._selector = selector
        self._memory = memory
        self._routes = memory.routes
        self._before = before

    def ahead(self, method: str, match_cache: dict[Any, Any] | None = None) -> Selection:
        """Select for a request before the app runs, as if it had this method."""
        return self._selector.select_found(find(self._routes.root, {**self._before, "method": method}, match_cache))

    def preflight(self, requested_method: bytes) -> tuple[Selection, Plan]:
        """Select for a preflight that requests a method, and return the selection and the plan that answers it."""
        # The method is truncated, because routers hash it. A longer one is refused anyway.
        method = requested_method[:_LONGEST_METHOD].decode("latin-1")
        key = self._memory.key_of_fitting(self._before, method)
        known: tuple[Selection, Plan] | None = self._memory.get(key)
        if known is not None:
            return known
        # With a shared cache, the routes are walked once instead of once for each method.
        ahead = partial(self.ahead, match_cache={})
        selection = ahead(method)
        methods = self._routes.methods
        of_routes = ATTACHED_METHODS if methods is None else methods
        selected = selection, self._selector.plan_for(selection, method, ahead, of_routes)
        self._memory.keep(key, selected)
        return selected

    def afterward(self, scope: Scope, status: int) -> Selection:  # noqa: PLR0911  # early returns
        """Select for a response. `scope` is the scope after the app has changed it."""
        selector, before, endpoint = self._selector, self._before, scope.get("endpoint")
        if endpoint is None or endpoint is before.get("endpoint") or status == _METHOD_NOT_ALLOWED:
            return selector.select_found(find(self._routes.root, before))
        own = endpoint_policy(endpoint, scope["method"])
        # An endpoint without a name is neither a function nor a class. It may be a mounted app, or a layer around one.
        # If such an app copies the scope, the endpoint inside it is not visible, and may have a nearer policy.
        if hasattr(endpoint, "__qualname__"):
            if own is not None:
                return selector.select(own, is_endpoint_policy=True, has_endpoint=True)
            if not self._routes.may_have_groups:
                return selector.select(None, is_endpoint_policy=False, has_endpoint=True)
        now = {"path": scope["path"], "method": scope["method"]}
        has_changed = any(before[key] != value for key, value in now.items())
        if has_changed:
            # A middleware may have rewritten the path or the method, or a mounted app may have changed them for itself.
            rewritten = find(self._routes.root, {**before, **now})
            if rewritten is not None and rewritten.endpoint is endpoint:
                return selector.select_found(rewritten)
        # A mounted app has another root path, and may be mounted in several places.
        is_direct = own is None and not has_changed and scope.get("root_path") == before.get("root_path")
        key = self._memory.key_of_served(scope, endpoint) if is_direct else None
        known: Selection | None = self._memory.get(key)
        if known is not None:
            return known
        found = find(self._routes.root, before)
        if own is not None and (has_changed or found is None):
            return selector.select(own, is_endpoint_policy=True, has_endpoint=True)
        selection = selector.select_found(found)
        if found is not None and found.endpoint is endpoint:
            self._memory.keep(key, selection)
        return selection
