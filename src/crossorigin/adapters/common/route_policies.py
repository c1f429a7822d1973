"""Policies attached to routes, for adapters whose framework has a router: one registry for each adapter.

A policy is stored as an attribute of the object that it is attached to, so nothing in the process is shared, and
`functools.wraps` copies it to a wrapper. The adapter finds the object of a request by the framework's own routing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from crossorigin.policy.policy import Policy


@dataclass(frozen=True, slots=True, eq=False)
class AttachedPolicy:
    """A policy and its owner, which is the name of the object that the policy is attached to.

    - `answers_options`: whether the object answers its preflights itself, with the status and the body of its own
      response.
    - `others`: the policies after it, if the object has a list of policies. The first whose origins match decides.
    - `varies`: whether it is one of a list, so that its responses depend on the origin even if it allows all of them.
    """

    policy: Policy
    owner: str
    answers_options: bool = False
    others: tuple[AttachedPolicy, ...] = ()
    varies: bool = False


class RouteRegistry:
    """The policies that one adapter attaches. `attribute` is the name under which it stores them.

    `usage` is how users write it, for messages.
    """

    __slots__ = ("_attribute", "_decorated", "_usage")

    def __init__(self, attribute: str, usage: str) -> None:
        """Store the arguments."""
        self._attribute = attribute
        self._decorated = f"{attribute}decorated__"
        self._usage = usage

    def attach(self, thing: Any, attached: AttachedPolicy) -> None:
        """Attach a policy to `thing`.

        Raises:
            TypeError: It already has a policy, or its attributes cannot be set.
        """
        if self._attribute in getattr(thing, "__dict__", ()):
            raise TypeError(
                f"{attached.owner} already has a policy, and policies are not merged. Remove one of the two "
                f"{self._usage} calls."
            )
        try:
            setattr(thing, self._attribute, attached)
        except (AttributeError, TypeError):
            raise TypeError(
                f"{self._usage} cannot attach a policy to {attached.owner}, because its attributes cannot be set. Put "
                "it on the function or class instead."
            ) from None

    def policy_of(self, thing: object) -> AttachedPolicy | None:
        """Return the policy that is attached to `thing` itself, or None."""
        attached = getattr(thing, self._attribute, None)
        # A mock or a proxy may return something for any attribute name, so the type is checked.
        return attached if isinstance(attached, AttachedPolicy) else None

    def mark_decorated(self, function: object) -> None:
        """Note that there is a decorated form of a function, which says nothing about the policy of the function."""
        # Some callables, such as built-in functions, have no attributes that can be set.
        with suppress(AttributeError, TypeError):
            setattr(function, self._decorated, True)

    def without_policy(self, served: Iterable[object]) -> list[Any]:
        """Return the functions that are served as they are, although there is a decorated form that is not served."""
        functions: list[Any] = [*{id(function): function for function in served}.values()]
        with_policy = {
            id(wrapped) for function in functions if self.policy_of(function) for wrapped in _chain(function)
        }
        return [
            function
            for function in functions
            if self._decorated in getattr(function, "__dict__", ()) and id(function) not in with_policy
        ]


def _chain(function: object) -> Iterator[object]:
    """Yield a function and the functions that it wraps."""
    while function is not None:
        yield function
        function = getattr(function, "__wrapped__", None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """The policy that applies to a request, and its plan. `owner` is empty for the policy of the app."""

    policy: Policy
    plan: TextPlan
    owner: str = ""
    answers_options: bool = False


class RoutePlans:
    """The plans of the policies of one app, compiled when they are first needed.

    - `app`: the selection of the policy of the app.
    - `served_methods_only`: whether a preflight allows only methods that its path serves.
    """

    __slots__ = ("_by_attached", "_by_policy", "_debug", "_narrowed", "app", "served_methods_only")

    def __init__(self, policy: Policy, plan: TextPlan, *, debug: bool, served_methods_only: bool) -> None:
        """Start with the policy of the app."""
        self.app = Selection(policy=policy, plan=plan)
        self.served_methods_only = served_methods_only
        self._debug = debug
        # Equal policies share a plan, so that methods with equal policies are recognized by it. The live origins of the
        # app are not part of its policy, so an equal policy of a route does not share its plan then.
        self._by_policy: dict[tuple[Policy, bool], TextPlan] = {}
        if plan.plan.live is None:
            self._by_policy[policy, False] = plan
        # Requests find their plan by identity, because hashing a policy reads everything that it lists.
        self._by_attached: dict[AttachedPolicy, Selection] = {}
        # There are as many entries as there are different sets of methods on a path.
        self._narrowed: dict[tuple[TextPlan, frozenset[str], bool], TextPlan] = {}

    def select(self, attached: AttachedPolicy | None) -> Selection:
        """Return the selection of an attached policy, or of the policy of the app if there is none."""
        if attached is None:
            return self.app
        known = self._by_attached.get(attached)
        if known is None:
            key = attached.policy, attached.varies
            plan = self._by_policy.get(key)
            if plan is None:
                compiled = Plan(attached.policy, debug=self._debug)
                plan = self._by_policy[key] = TextPlan(
                    compiled.varying() if attached.varies else compiled, name_type=self.app.plan.name_type
                )
            known = self._by_attached[attached] = Selection(
                policy=attached.policy, plan=plan, owner=attached.owner, answers_options=attached.answers_options
            )
        return known

    def plan_for_preflight(
        self, selection: Selection, served: Mapping[str, Selection], *, unserved: Selection | None = None
    ) -> TextPlan:
        """Return the plan that answers a preflight. It allows only the methods of the path that its policy applies to.

        `served` has the selection for each method that the path serves, and `unserved` is the selection for all other
        methods, by default the policy of the app.

        https://fetch.spec.whatwg.org/#concept-cache: a browser caches the response by URL, not by method. It applies
        the response to all methods that it lists, and its header names to every method.
        """
        plan = selection.plan
        is_mixed = any(other.plan is not plan for other in served.values())
        narrows_to_served = self.served_methods_only and bool(served)
        if not is_mixed and not narrows_to_served:
            return plan
        other_methods = None if narrows_to_served else unserved or self.app
        at = {method: served.get(method, other_methods) for method in allowed_methods(selection.policy.allow_methods)}
        granted = frozenset(method for method, other in at.items() if other is not None and other.plan is plan)
        key = plan, granted, is_mixed
        if key not in self._narrowed:
            self._narrowed[key] = plan.narrowed(granted, uncached=is_mixed)
        return self._narrowed[key]
