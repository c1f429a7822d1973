"""Choose the policy that decides a request: the one nearest to what serves it, or else the app's. They never merge.

Before the app has routed a request its policy is looked up; afterward the scope tells what served it. What no
endpoint served (a 404, a 405, a crash on the way) is looked up too, by the path and the method that came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from crossorigin.adapters.starlette.route_policy import ATTACHED, RoutePolicy, own_policy
from crossorigin.adapters.starlette.routes import Found, find
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from crossorigin.adapters.starlette.routes import Fitting
    from crossorigin.policy.policy import Policy

_METHOD_NOT_ALLOWED = 405


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Hold what decides a request.

    `place` names whose policy it is, and is empty for the app's; `own` tells that it is the endpoint's, or
    its route's, and `served` that an endpoint is known.
    """

    policy: Policy
    plan: Plan
    place: str = ""
    own: bool = False
    served: bool = False


class Chooser:
    """Choose among the policies of one layer and of the routes inside it."""

    __slots__ = ("_debug", "_default", "_plans", "_ready", "_served_by_default")

    def __init__(self, policy: Policy, plan: Plan, *, debug: bool) -> None:
        """Hold what decides where no route has a policy."""
        self._default = Chosen(policy=policy, plan=plan)
        self._served_by_default = replace(self._default, served=True)
        self._debug = debug
        # One for equal policies, so that a path whose methods share one is known for it.
        self._plans: dict[Policy, Plan] = {policy: plan}
        # The same again, for a policy hashes all that it lists.
        self._ready: dict[RoutePolicy, Plan] = {}

    @property
    def methods(self) -> frozenset[str]:
        """Return every method that any of the policies allows."""
        return ATTACHED.methods.union(allowed_methods(self._default.policy.allow_methods))

    def ahead(self, app: object, scope: Mapping[str, Any], method: str, fitting: Fitting | None = None) -> Chosen:
        """Choose for a scope that the app has not seen, as if it came with this method; `fitting` as for `find`."""
        return self._by(find(app, {**scope, "method": method}, fitting))

    def afterward(self, app: object, before: Mapping[str, Any], scope: Mapping[str, Any], status: int) -> Chosen:
        """Choose for a response: `before` is the scope as it came, and `scope` what the app made of it."""
        endpoint = scope.get("endpoint")
        if endpoint is None or endpoint is before.get("endpoint") or status == _METHOD_NOT_ALLOWED:
            return self._by(find(app, before))
        own = own_policy(endpoint, scope["method"])
        # What has no name is no function and no class: it may be a mounted app, or a layer around one. Where the scope
        # is copied in there, what served leaves no trace, and may have a nearer policy.
        if hasattr(endpoint, "__qualname__"):
            if own is not None:
                return self._of(own, own=True, served=True)
            if not ATTACHED.groups:
                return self._served_by_default
        asked = {"path": scope["path"], "method": scope["method"]}
        changed = any(before[key] != value for key, value in asked.items())
        if changed:
            # By a middleware on the way, or by what is mounted, for its own use.
            rewritten = find(app, {**before, **asked})
            if rewritten is not None and rewritten.endpoint is endpoint:
                return self._by(rewritten)
        found = find(app, before)
        if own is not None and (changed or found is None):
            return self._of(own, own=True, served=True)
        return self._by(found)

    def _by(self, found: Found | None) -> Chosen:
        return self._default if found is None else self._of(found.nearest, own=found.own, served=found.served)

    def _of(self, attached: RoutePolicy | None, *, own: bool, served: bool) -> Chosen:
        if attached is None:
            return self._served_by_default if served else self._default
        plan = self._ready.get(attached)
        if plan is None:
            plan = self._plans.get(attached.policy) or Plan(attached.policy, debug=self._debug)
            self._plans[attached.policy] = self._ready[attached] = plan
        return Chosen(policy=attached.policy, plan=plan, place=attached.place, own=own, served=served)
