"""Reports of decisions to the hook and the logs, for every adapter whose requests are described by `RequestFacts`."""

from __future__ import annotations

from crossorigin.adapters.common.text_encoding import encode_value
from crossorigin.policy.decide.decisions import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.decide.request_facts import RequestFacts
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import DecisionHook, OnDecision
    from crossorigin.telemetry.refusal_log import RefusalLog

    ReadFacts = Callable[[Any], RequestFacts]


class Reporter:
    """The hook and the logs of one middleware.

    `read_facts` returns the facts of a request of the framework. It is called only if something is logged or observed.
    `names` has the settings of options that users write under another name, and `by_owner` the descriptions of owners
    that refuse for another reason than a list, both for the log.
    """

    __slots__ = ("_by_owner", "_hook", "_names", "_options", "_policy", "_read_facts", "_refusal_log")

    def __init__(
        self,
        policy: Policy,
        options: MiddlewareOptions,
        read_facts: ReadFacts,
        names: Mapping[str, str] | None = None,
        by_owner: Mapping[str, str] | None = None,
    ) -> None:
        """Store the arguments. The hook and the log are created on first use."""
        self._policy = policy
        self._options = options
        self._names = names
        self._by_owner = by_owner
        self._read_facts = read_facts
        self._hook: DecisionHook | None = None
        self._refusal_log: RefusalLog | None = None

    def with_policy(self, policy: Policy) -> Reporter:
        """Return a reporter for another policy of the same middleware, with the hook and the log of this one."""
        reporter = Reporter(policy, self._options, self._read_facts, self._names, self._by_owner)
        reporter._hook, reporter._refusal_log = self._hook, self._refusal_log
        return reporter

    def describe_by_policy(self) -> None:
        """Describe refusals by the policy of this reporter, which has replaced another one."""
        if self._refusal_log is not None:
            self._refusal_log.use(self._policy)

    def report(self, decision: Decision, request: Any, origin: str, *, policy: Policy, owner: str = "") -> None:
        """Pass a decision on to the hook and to the log.

        `origin` is the value of `Origin`, or empty. `policy` is the policy that decided, and `owner` names the object
        that it is attached to, empty for the policy of the app.
        """
        if self._options.on_decision is not None:
            self._call_hook(self._options.on_decision, decision, request)
        if not decision.allowed:
            if decision.origin is not Reason.ORIGIN_ABSENT:
                self.log_refusal(decision, request, origin, policy=policy, owner=owner)
        elif self._options.debug:
            from crossorigin.telemetry.refusal_log import log_allowed

            log_allowed(decision, self._read_facts(request), owner)

    def _call_hook(self, on_decision: OnDecision, decision: Decision, request: Any) -> None:
        if self._hook is None:
            from crossorigin.telemetry.hook import DecisionHook

            self._hook = DecisionHook(on_decision)
        self._hook.call(decision, self._read_facts(request) if self._hook.wants_facts else request)

    def log_refusal(
        self, decision: Decision, request: Any, origin: str, *, policy: Policy | None = None, owner: str = ""
    ) -> None:
        """Log a refused request with the reason, or only count it if the same refusal was logged before."""
        log = self._refusal_log
        if log is None:
            from crossorigin.telemetry.refusal_log import RefusalLog

            log = self._refusal_log = RefusalLog(
                self._policy, self._options.origins, names=self._names, by_owner=self._by_owner
            )
        if not log.counts(decision, encode_value(origin), owner):
            log.write(decision, self._read_facts(request), policy=policy, owner=owner)
