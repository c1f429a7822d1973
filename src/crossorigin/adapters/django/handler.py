"""Handler of the requests of one project: it selects the policy, answers preflights and edits responses.

It knows nothing of settings and of `async`: `middleware` calls it before and after the rest of the project.
"""

from __future__ import annotations

from itertools import count

from crossorigin.adapters.common.arguments import check_policy
from crossorigin.adapters.common.enforcement import decide_blocking
from crossorigin.adapters.common.notices import log_notice
from crossorigin.adapters.common.reporting import Reporter
from crossorigin.adapters.common.route_policies import AttachedPolicy, RoutePlans
from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.adapters.django.headers import edit_headers
from crossorigin.adapters.django.request import (
    decide_preflight_of,
    is_preflight,
    note_owner,
    outer_mark,
    preflight_response,
    read_facts,
    refusal_response,
)
from crossorigin.adapters.django.routing import ViewFinder
from crossorigin.adapters.django.setting_names import URLS_REGEX
from crossorigin.adapters.django.signals import SignalPlans, check_request_enabled, may_ask
from crossorigin.adapters.wsgi.environ import DECISION, MARK, ORIGIN, REQUEST_METHOD
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from re import Pattern

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.route_policies import Selection
    from crossorigin.adapters.django.views import ViewPolicies
    from crossorigin.policy.decide.decisions import ActualDecision, Decision

_NUMBERS = count()
_BY_OWNER = {URLS_REGEX: "It does not match the path, so that no other origin is allowed there."}
# The part of a requested method that is looked up. Methods that a policy allows are shorter.
_LONGEST_METHOD = 4096


class Handler:
    """The handler of one middleware. `urls` matches the paths to which the policy of the settings applies.

    `names` has the settings of its options, for the log, unless the policy is a value.
    """

    __slots__ = (
        "_by_view",
        "_constant",
        "_decide",
        "_decides_ahead",
        "_has_warned",
        "_is_fast",
        "_mark",
        "_nobody",
        "_options",
        "_reporter",
        "_signal_plans",
        "_urls",
        "plans",
        "views",
    )

    def __init__(
        self,
        policy: Policy,
        options: MiddlewareOptions,
        urls: Pattern[str] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Compile the policy. The views are read when they are first needed."""
        plan = TextPlan(Plan(policy, debug=options.debug, live=options.origins))
        self.plans = RoutePlans(policy, plan, debug=options.debug, served_methods_only=options.served_methods_only)
        self.views = ViewFinder()
        self._by_view = self.views.by_view
        self._options = options
        self._constant, self._decide = plan.constant, plan.decide_actual
        # These need the decision before the view runs.
        self._decides_ahead = options.debug or options.blocks or options.on_decision is not None
        self._is_fast = urls is None and not self._decides_ahead
        self._urls = urls
        self._nobody = self.plans.select(AttachedPolicy(Policy(), URLS_REGEX))
        self._signal_plans = SignalPlans(policy, debug=options.debug)
        self._reporter = Reporter(policy, options, read_facts, names, _BY_OWNER)
        # It refers to no object, so that an environ can be copied deeply.
        self._mark = f"django-{next(_NUMBERS)}"
        self._has_warned = False

    def with_policy(self, policy: Policy) -> Handler:
        """Return the same handler with another policy, and with the views, the hook and the log of this one.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other settings.
        """
        check_policy(policy, self._options)
        handler = Handler(policy, self._options, self._urls)
        handler._mark, handler._has_warned = self._mark, self._has_warned
        handler.views, handler._by_view = self.views, self._by_view
        handler._reporter = self._reporter.with_policy(policy)
        return handler

    def describe_by_policy(self) -> None:
        """Describe refusals by the policy of this handler, which has replaced another one."""
        self._reporter.describe_by_policy()

    def select_default(self, path: str) -> Selection:
        """Return the selection for views without their own policy."""
        urls = self._urls
        return self.plans.app if urls is None or urls.match(path) else self._nobody

    def can_be_fast(self, request: HttpRequest) -> bool:
        """Mark a request, and return whether `finish_fast` can do all that it needs.

        A marked request still goes through `start` if this returns False.
        """
        meta = request.META
        if request.method == "OPTIONS" or not self._is_fast or MARK in meta or MARK in getattr(request, "scope", ()):
            return False
        meta[MARK] = self._mark
        return True

    def finish_fast(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Set the headers of a response to a request that `can_be_fast`."""
        # Hot path: what `find`, `policy_of` and `edit_headers` do is inlined on purpose. A call costs as much as three
        # of these look-ups.
        match = request.resolver_match
        view = None if match is None else self._by_view.get(id(match.func))
        if view is None:
            view = self.views.find(request)
        attached = None if view is None else view.by_method.get(request.method or "", view.default)
        if attached is not None:
            self._finish(request, response, self.plans.select(attached))
            return
        answer = self._constant or self._decide(request.META.get(ORIGIN))
        if answer.is_refused:
            self._log(answer.decision, request, self.plans.app)
        edit_headers(answer, response.headers)

    def may_ask_signal(self, request: HttpRequest, default: Selection) -> bool:
        """Return whether the signal can allow the origin of a request, which the selection refuses."""
        return bool(check_request_enabled.receivers) and may_ask(default.plan.decide_actual(request.META.get(ORIGIN)))

    def select_signaled(self, request: HttpRequest) -> Selection:
        """Return the selection for a request that the signal allows."""
        return self._signal_plans.select(request.META[ORIGIN])

    def start(self, request: HttpRequest, default: Selection) -> HttpResponse | None:
        """Return the response to a request that Django's other middleware and views must not see, or None."""
        meta = request.META
        mark = outer_mark(request)
        if mark is not None and mark != self._mark:
            return self._start_inside(request, default)
        meta[MARK] = self._mark
        if request.method == "OPTIONS" and is_preflight(request):
            return self._answer_preflight(request, default)
        return self._decide_ahead(request, default) if self._decides_ahead else None

    def finish(self, request: HttpRequest, response: HttpResponseBase, default: Selection) -> None:
        """Set the headers of a response."""
        # Another middleware around this one sets the headers.
        if request.META.get(MARK) != self._mark:
            return
        view = self.views.find(request)
        self._finish(request, response, self._select(default, view, request.method or ""))

    def _finish(self, request: HttpRequest, response: HttpResponseBase, selection: Selection) -> None:
        answer = selection.plan.decide_actual(request.META.get(ORIGIN))
        if self._decides_ahead:
            # The same decision was reported before the view ran.
            if request.META.get(DECISION) is not answer.decision:
                self._report(answer.decision, request, selection)
        else:
            note_owner(request, selection.owner)
            if answer.is_refused:
                self._log(answer.decision, request, selection)
        edit_headers(answer, response.headers)

    def select_preflight(
        self, default: Selection, view: ViewPolicies | None, method: str
    ) -> tuple[Selection, TextPlan]:
        """Return the selection for a requested method, and the plan that answers its preflight."""
        selection = default
        if view is None:
            return selection, selection.plan
        attached = view.policy_of(method[:_LONGEST_METHOD].upper())
        if attached is not None:
            selection = self.plans.select(attached)
        if not (view.is_mixed or self._options.served_methods_only):
            return selection, selection.plan
        served = {
            name: default if policy is None else self.plans.select(policy) for name, policy in view.by_method.items()
        }
        return selection, self.plans.plan_for_preflight(selection, served)

    def _select(self, default: Selection, view: ViewPolicies | None, method: str) -> Selection:
        attached = None if view is None else view.policy_of(method)
        return default if attached is None else self.plans.select(attached)

    def _answer_preflight(self, request: HttpRequest, default: Selection) -> HttpResponse:
        view = self.views.find_ahead(request)
        selection, plan = self.select_preflight(default, view, request.META[REQUEST_METHOD])
        answer = decide_preflight_of(plan, request)
        if self._decides_ahead:
            self._report(answer.decision, request, selection)
        else:
            note_owner(request, selection.owner)
            if answer.is_refused:
                self._log(answer.decision, request, selection)
        return preflight_response(answer)

    def _decide_ahead(self, request: HttpRequest, default: Selection) -> HttpResponse | None:
        selection = self._select(default, self.views.find_ahead(request), request.method or "")
        decision, is_blocked = self._decide_for_blocking(request, selection)
        self._report(decision, request, selection)
        return refusal_response(decision) if is_blocked else None

    def _start_inside(self, request: HttpRequest, default: Selection) -> HttpResponse | None:
        """Serve one request inside another middleware, which answers preflights and sets the headers.

        Blocking still applies inside it, because it can only refuse more requests.
        """
        self._warn_about_outer()
        if not self._options.blocks:
            return None
        selection = self._select(default, self.views.find_ahead(request), request.method or "")
        decision, is_blocked = self._decide_for_blocking(request, selection)
        if not is_blocked:
            return None
        self._report(decision, request, selection)
        return refusal_response(decision)

    def _decide_for_blocking(self, request: HttpRequest, selection: Selection) -> tuple[ActualDecision, bool]:
        """Return the decision before the view runs, and whether it blocks the request."""
        decision = selection.plan.decide_actual(request.META.get(ORIGIN)).decision
        if not self._options.blocks:
            return decision, False
        return decide_blocking(decision, read_facts(request))

    def _report(self, decision: Decision, request: HttpRequest, selection: Selection) -> None:
        meta = request.META
        note_owner(request, selection.owner)
        meta[DECISION] = decision
        self._reporter.report(decision, request, meta.get(ORIGIN, ""), policy=selection.policy, owner=selection.owner)

    def _log(self, decision: Decision, request: HttpRequest, selection: Selection) -> None:
        self._reporter.log_refusal(
            decision, request, request.META[ORIGIN], policy=selection.policy, owner=selection.owner
        )

    def _warn_about_outer(self) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        log_notice(
            "The CORSMiddleware of crossorigin.django does not set CORS headers, because it is inside another "
            "CORSMiddleware, which answers the preflights and sets the headers. Only its CORS_ON_REFUSED still "
            "applies. Remove one of the two."
        )
