"""Handler of connections that need more than headers: blocking, hooks, debug logs and per-route policies.

Most requests take the fast path in `middleware.py` instead, which makes the same decisions. There is one function for
each kind of connection. A `PolicySelector` selects the policy, so the handler does not know about routes.
"""

from __future__ import annotations

from functools import partial

from crossorigin.adapters.asgi.enforcement import refuse_handshake, refuse_request
from crossorigin.adapters.asgi.headers import decide_preflight, first_origin, is_from_own_page, lines_of, read_facts
from crossorigin.adapters.common.enforcement import decide_blocking, is_foreign
from crossorigin.policy.decide.cross_site import SAFE_METHODS, decision_for_blocking
from crossorigin.policy.decide.decisions import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, Receive, Scope, Send
    from crossorigin.adapters.starlette.route_state import RouteState
    from crossorigin.adapters.starlette.selection import ByRoute, Lookup, OnePolicy, PolicySelector, Selection
    from crossorigin.policy.decide.decisions import ActualDecision, Decision
    from crossorigin.policy.decide.plan import Plan
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import DecisionHook, OnDecision
    from crossorigin.telemetry.refusal_log import RefusalLog

    StartLookup = Callable[[Scope], Lookup]
    CountsRefusal = Callable[[Decision, bytes], bool]

_UNKNOWN_STATUS = 0
_ABSENT = Reason.ORIGIN_ABSENT


class Handler:
    """The handler of one middleware."""

    __slots__ = ("_by_route", "_hook", "_one_policy", "_options", "_plan", "_policy", "_refusal_log", "counts_refusal")

    def __init__(self, policy: Policy, plan: Plan, options: MiddlewareOptions) -> None:
        """Store the arguments. Everything else is created on first use, and most middlewares never use it."""
        self._policy = policy
        self._plan = plan
        self._options = options
        self._one_policy: OnePolicy | None = None
        self._by_route: ByRoute | None = None
        self._hook: DecisionHook | None = None
        self._refusal_log: RefusalLog | None = None
        # The method of the log that counts a refusal that was logged before. Calling it directly saves a call.
        self.counts_refusal: CountsRefusal = _counts_nothing

    def with_policy(self, policy: Policy, plan: Plan) -> Handler:
        """Return a handler for another policy of the same middleware, with the hook and the log of this one."""
        handler = Handler(policy, plan, self._options)
        handler._hook = self._hook
        handler._refusal_log = self._refusal_log
        handler.counts_refusal = self.counts_refusal
        return handler

    def describe_by_policy(self) -> None:
        """Describe refusals by the policy of this handler, which has replaced another one."""
        if self._refusal_log is not None:
            self._refusal_log.use(self._policy)

    def around(self, app: ASGIApp, scope_type: str, routes: RouteState) -> ASGIApp:
        """Return an ASGI app that serves a connection of this type for `app`, or `app` if there is nothing to add."""
        selector = self._selector(routes)
        start = partial(selector.for_request, routes=routes)
        if scope_type == "http":
            return partial(self._serve_request, start, app)
        if scope_type == "websocket" and (self._options.check_websockets or selector is self._by_route):
            return partial(self._serve_handshake, start, app)
        return app

    def inside(self, app: ASGIApp, scope_type: str, routes: RouteState) -> ASGIApp:
        """Return an ASGI app that serves a connection inside another CORSMiddleware.

        The outer one answers preflights and sets the headers. Blocking still applies inside it, because it can only
        refuse more requests.
        """
        if scope_type != "http":
            return self.around(app, scope_type, routes)
        if not self._options.blocks:
            return app
        start = partial(self._selector(routes).for_request, routes=routes)
        return partial(self._serve_inside, start, app)

    def _selector(self, routes: RouteState) -> PolicySelector:
        if routes.may_have_policies or routes.hides_endpoints or self._options.served_methods_only:
            return self.by_route()
        if self._one_policy is None:
            from crossorigin.adapters.starlette.selection import OnePolicy

            self._one_policy = OnePolicy(self._policy, self._plan)
        return self._one_policy

    def by_route(self) -> ByRoute:
        """Return the selector for per-route policies. It is created when it is first needed."""
        if self._by_route is None:
            from crossorigin.adapters.starlette.selection import ByRoute

            self._by_route = ByRoute(
                self._policy,
                self._plan,
                debug=self._options.debug,
                served_methods_only=self._options.served_methods_only,
            )
        return self._by_route

    async def _serve_request(
        self, start: StartLookup, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        lookup = start(scope)
        if scope["method"] == "OPTIONS" and await self._answer_preflight(lookup, scope, send):
            return
        origin = lines_of(scope["headers"], b"origin")
        ahead: Selection | None = None
        decision_ahead: ActualDecision | None = None
        if lookup.is_known_ahead or self._options.blocks:
            ahead = lookup.ahead(scope["method"])
            decision_ahead = ahead.plan.decide_actual(origin)
            is_blocked = False
            if self._options.blocks:
                decision_ahead, is_blocked = decide_blocking(decision_ahead, read_facts(scope))
            self._report(decision_ahead, scope, ahead)
            if is_blocked:
                await refuse_request(decision_ahead, send)
                return

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            selection = lookup.afterward(scope, message["status"])
            if decision_ahead is not None and ahead is not None and ahead.plan is selection.plan:
                decision = decision_ahead
            else:
                decision = selection.plan.decide_actual(origin)
                self._report(decision, scope, selection)
            return send({**message, "headers": decision.response.apply(message.get("headers", ()))})

        await app(scope, receive, send_with_headers)

    async def _answer_preflight(self, lookup: Lookup, scope: Scope, send: Send) -> bool:
        """Answer an OPTIONS request if it is a CORS-preflight request; return whether it was."""
        lines = lines_of(scope["headers"], b"access-control-request-method")
        if not lines:
            return False
        selection, plan = lookup.preflight(lines[0])
        decision = decide_preflight(plan, scope["headers"])
        if decision is None:
            return False
        self._report(decision, scope, selection)
        answer = decision.response
        await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
        await send({"type": "http.response.body", "body": answer.body})
        return True

    async def _serve_inside(self, start: StartLookup, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        selection = start(scope).ahead(scope["method"])
        request = read_facts(scope)
        decision, is_blocked = decide_blocking(selection.plan.decide_actual(request.origin), request)
        if is_blocked:
            self._report(decision, scope, selection)
            await refuse_request(decision, send)
        else:
            await app(scope, receive, send)

    async def _serve_handshake(
        self, start: StartLookup, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        selection = start(scope).ahead("GET")
        # This check is the only purpose of a policy on an endpoint that serves WebSockets.
        if not self._options.check_websockets and not selection.is_endpoint_policy:
            await app(scope, receive, send)
            return
        request = read_facts(scope)
        decision = selection.plan.decide_actual(request.origin)
        self._report(decision, scope, selection)
        if is_foreign(decision, request):
            await refuse_handshake(decision, scope, send)
        else:
            await app(scope, receive, send)

    def observe(self, decision: Decision, scope: Scope) -> None:
        """Report a decision by the policy of the app to the hook and the log."""
        self._report(decision, scope, None)

    def observe_actual(self, decision: ActualDecision, scope: Scope) -> ActualDecision:
        """Report a decision on an actual request, and return it. With blocking, its reason may have changed."""
        if self._options.blocks and decision.origin is _ABSENT and scope["method"] not in SAFE_METHODS:
            decision = decision_for_blocking(decision, read_facts(scope))
        self._report(decision, scope, None)
        return decision

    def blocks(self, decision: ActualDecision, scope: Scope) -> bool:
        """Return whether a request must be refused, instead of only being unreadable."""
        if not self._options.blocks or decision.origin.allows or decision.origin is _ABSENT:
            return False
        return not is_from_own_page(scope["headers"], first_origin(scope["headers"]), decision.origin)

    def decide_by_endpoint(self, scope: Scope, routes: RouteState) -> ActualDecision | None:
        """Return the decision of the endpoint's own policy on a response, or None if the app's policy applies.

        This is for apps whose endpoints are known only when a response starts.
        """
        from crossorigin.adapters.starlette.route_policy import endpoint_policy

        if endpoint_policy(scope.get("endpoint"), scope["method"]) is None:
            return None
        # The app has changed the scope, so the endpoint is removed before the look-up.
        before = {**scope, "endpoint": None}
        selection = self.by_route().for_request(before, routes).afterward(scope, _UNKNOWN_STATUS)
        decision = selection.plan.decide_actual(lines_of(scope["headers"], b"origin"))
        self._report(decision, scope, selection)
        return decision

    def _report(self, decision: Decision, scope: Scope, selection: Selection | None) -> None:
        """Pass a decision on to the scope, the hook and the log. The selection is None for the policy of the app."""
        owner = "" if selection is None else selection.owner
        if owner:
            scope["crossorigin.route"] = owner
        elif "crossorigin.route" in scope:
            # The policy that was selected before the app ran may have been that of a route.
            del scope["crossorigin.route"]
        if self._options.on_decision is not None:
            scope["crossorigin"] = decision
            self._call_hook(self._options.on_decision, decision, scope)
        if not decision.allowed:
            if decision.origin is not _ABSENT:
                self.log_refusal(decision, scope, selection)
        elif self._options.debug:
            from crossorigin.telemetry.refusal_log import is_debugging, log_allowed

            if is_debugging():
                log_allowed(decision, read_facts(scope), owner)

    def _call_hook(self, on_decision: OnDecision, decision: Decision, scope: Scope) -> None:
        if self._hook is None:
            from crossorigin.telemetry.hook import DecisionHook

            self._hook = DecisionHook(on_decision)
        self._hook.call(decision, read_facts(scope) if self._hook.wants_facts else scope)

    def log_refusal(
        self,
        decision: Decision,
        scope: Scope,
        selection: Selection | None = None,
        *,
        origin: bytes | None = None,
    ) -> None:
        """Log a refused request with the reason, or only count it if the same refusal was logged before.

        `origin` is the first `Origin` line, if the caller has read it and `counts_refusal` has not counted the request.
        """
        log = self._refusal_log or self._new_log()
        owner = "" if selection is None else selection.owner
        if origin is None:
            origin = first_origin(scope["headers"])
            if log.counts(decision, origin, owner):
                return
        if is_from_own_page(scope["headers"], origin, decision.origin):
            return
        if not log.counts_without_line():
            log.write(decision, read_facts(scope), policy=None if selection is None else selection.policy, owner=owner)

    def _new_log(self) -> RefusalLog:
        from crossorigin.telemetry.refusal_log import RefusalLog

        log = self._refusal_log = RefusalLog(self._policy, self._options.origins)
        self.counts_refusal = log.counts
        return log


def _counts_nothing(_decision: Decision, _origin: bytes) -> bool:
    """Return False: nothing was logged before."""
    return False
