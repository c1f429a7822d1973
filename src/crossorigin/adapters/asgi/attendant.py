"""Serve connections of which more is asked than headers: enforcement, hooks, logs, and a crash at the very start.

`asgi.py` has the short way, which most requests take; what is decided is the same.
"""

from __future__ import annotations

from functools import partial

from crossorigin.adapters.asgi.enforcement import is_foreign, refuse_handshake, refuse_request
from crossorigin.adapters.asgi.headers import decide_preflight, lines_of
from crossorigin.adapters.starlette.route_policy import ATTACHED
from crossorigin.policy.decide.decisions import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable

    from crossorigin.adapters.asgi.routed import Routed
    from crossorigin.adapters.common.arguments import Behavior
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, Receive, Scope, Send
    from crossorigin.adapters.starlette.selection import Chosen
    from crossorigin.policy.decide.decisions import ActualDecision, Decision
    from crossorigin.policy.decide.plan import Plan
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.refusal_log import Refusals

_CRASHED = b"Internal Server Error"
_CRASHED_HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(_CRASHED)).encode()),
)


class Attendant:
    """Do all that one layer was asked for."""

    __slots__ = ("_behavior", "_plan", "_policy", "_refusals", "_routed")

    def __init__(self, policy: Policy, plan: Plan, behavior: Behavior) -> None:
        """Hold what decides, and how to behave."""
        self._policy = policy
        self._plan = plan
        self._behavior = behavior
        self._refusals: Refusals | None = None
        self._routed: Routed | None = None

    def around(self, app: ASGIApp, kind: str, layer: object) -> ASGIApp:
        """Return what serves a connection of this kind; `layer` is the middleware that this is done for."""
        if self._by_route:
            return self.for_routes().around(app, kind, layer)
        if kind == "websocket" and self._behavior.check_websockets:
            return partial(self._serve_handshake, app)
        return partial(self._serve_request, app) if kind == "http" else app

    def inside(self, app: ASGIApp, kind: str, layer: object) -> ASGIApp:
        """Return what serves it inside another layer, which answers the preflights and writes the headers.

        What was asked for beside them is done nevertheless, for it only ever refuses.
        """
        if self._by_route:
            return self.for_routes().inside(app, kind, layer)
        if kind == "http":
            return partial(self._serve_inside, app) if self._behavior.blocks else app
        return self.around(app, kind, layer)

    @property
    def _by_route(self) -> bool:
        return ATTACHED.any or self._behavior.served_methods_only

    def for_routes(self) -> Routed:
        """Return what serves by route, made when it is first needed."""
        if self._routed is None:
            from crossorigin.adapters.asgi.routed import Routed
            from crossorigin.adapters.starlette.selection import Chooser

            chooser = Chooser(self._policy, self._plan, debug=self._behavior.debug)
            self._routed = Routed(chooser, self._behavior, self.tell)
        return self._routed

    async def _serve_request(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        asked = decide_preflight(self._plan, scope["headers"]) if scope["method"] == "OPTIONS" else None
        if asked is not None:
            self.tell(asked, scope)
            answer = asked.response
            await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
            await send({"type": "http.response.body", "body": answer.body})
            return
        decision, origin = self._decide(scope)
        self.tell(decision, scope)
        if self._behavior.blocks and is_foreign(decision, origin, scope):
            await refuse_request(decision, send)
            return
        response = decision.response

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                return send({**message, "headers": response.apply(message.get("headers", ()))})
            return send(message)

        await app(scope, receive, send_with_headers)

    async def _serve_inside(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        decision, origin = self._decide(scope)
        if is_foreign(decision, origin, scope):
            self.tell(decision, scope)
            await refuse_request(decision, send)
        else:
            await app(scope, receive, send)

    async def _serve_handshake(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        decision, origin = self._decide(scope)
        self.tell(decision, scope)
        if is_foreign(decision, origin, scope):
            await refuse_handshake(decision, scope, send)
        else:
            await app(scope, receive, send)

    def _decide(self, scope: Scope) -> tuple[ActualDecision, list[bytes]]:
        origin = lines_of(scope["headers"], b"origin")
        return self._plan.decide_actual(origin), origin

    def tell(self, decision: Decision, scope: Scope, chosen: Chosen | None = None) -> None:
        """Tell whoever asked of a decision: the callable, the scope and the log."""
        place = "" if chosen is None else chosen.place
        if place:
            scope["crossorigin.route"] = place
        elif chosen is not None:
            # What blocked or did not may have been another route's policy, decided ahead.
            scope.pop("crossorigin.route", None)
        if self._behavior.on_decision is not None:
            from crossorigin.telemetry.refusal_log import tell

            scope["crossorigin"] = decision
            tell(self._behavior.on_decision, decision, scope)
        if not decision.allowed:
            if decision.origin is not Reason.ORIGIN_ABSENT:
                self.note_refusal(decision, scope, chosen)
        elif self._behavior.debug:
            from crossorigin.telemetry.refusal_log import note_allowed

            note_allowed(decision, scope, place)

    def note_refusal(self, decision: Decision, scope: Scope, chosen: Chosen | None = None) -> None:
        """Let the log say what was refused, and why."""
        if self._refusals is None:
            from crossorigin.telemetry.refusal_log import Refusals

            self._refusals = Refusals(self._policy)
        if chosen is None:
            self._refusals.note(decision, scope)
        else:
            self._refusals.note(decision, scope, policy=chosen.policy, place=chosen.place)


def guard(app: ASGIApp) -> ASGIApp:
    """Return an app that answers where another one crashes: what stands further out would, and not by way of here."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        def noting(message: Message) -> Awaitable[None]:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            return send(message)

        try:
            await app(scope, receive, noting)
        except Exception:  # whatever it is, the fuzzer would report it
            if not started:
                await send({"type": "http.response.start", "status": 500, "headers": _CRASHED_HEADERS})
                await send({"type": "http.response.body", "body": _CRASHED})
            raise

    return guarded
