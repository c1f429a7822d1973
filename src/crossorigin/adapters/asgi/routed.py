"""Serve connections whose policy depends on the route.

A preflight is decided ahead of the app, and so is what may never reach it. Every other response is decided when it
starts, by what the app has routed the request to: a look-up saved, and right also where a middleware changed the path.
"""

from __future__ import annotations

from functools import partial

from crossorigin.adapters.asgi.enforcement import is_foreign, refuse_handshake, refuse_request
from crossorigin.adapters.asgi.headers import decide_preflight, lines_of
from crossorigin.adapters.asgi.nesting import tell_of_root
from crossorigin.adapters.starlette.middleware_stack import root_of
from crossorigin.adapters.starlette.route_policy import policy_of
from crossorigin.fetch.methods import STANDARD_METHODS
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crossorigin.adapters.common.arguments import Behavior
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, Receive, Scope, Send
    from crossorigin.adapters.starlette.selection import Chooser, Chosen
    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.decide.plan import Plan

    Tell = Callable[[Decision, Scope, Chosen], None]


# Longer than any that a policy allows.
_LONGEST_METHOD = 4096


class Routed:
    """Serve connections of one layer; `app` is what it calls."""

    __slots__ = ("_behavior", "_chooser", "_narrow", "_tell", "_told")

    def __init__(self, chooser: Chooser, behavior: Behavior, tell: Tell) -> None:
        """Hold what chooses, how to behave, and whom to tell of decisions."""
        self._chooser = chooser
        self._behavior = behavior
        self._tell = tell
        # As many as there are kinds of paths.
        self._narrow: dict[tuple[Plan, frozenset[str], bool], Plan] = {}
        self._told = False

    def around(self, app: ASGIApp, kind: str, layer: object) -> ASGIApp:
        """Return what serves a connection of this kind."""
        if kind == "websocket":
            return partial(self._serve_handshake, app, layer)
        return partial(self._serve_request, app, layer) if kind == "http" else app

    def inside(self, app: ASGIApp, kind: str, layer: object) -> ASGIApp:
        """Return what serves it inside another layer, as `Attendant.inside` does."""
        if kind == "http":
            return partial(self._serve_inside, app, layer) if self._behavior.blocks else app
        return self.around(app, kind, layer)

    async def _serve_request(self, app: ASGIApp, layer: object, scope: Scope, receive: Receive, send: Send) -> None:
        root = self._root(app, layer, scope)
        if scope["method"] == "OPTIONS" and await self._answer_preflight(root, scope, send):
            return
        # The router writes into the scope where it has gone.
        before = dict(scope)
        origin = lines_of(scope["headers"], b"origin")
        ahead: Chosen | None = None
        if self._behavior.blocks:
            ahead = self._chooser.ahead(root, before, scope["method"])
            decision = ahead.plan.decide_actual(origin)
            self._tell(decision, scope, ahead)
            if is_foreign(decision, origin, scope):
                await refuse_request(decision, send)
                return

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            chosen = self._chooser.afterward(root, before, scope, message["status"])
            decision = chosen.plan.decide_actual(origin)
            if ahead is None or ahead.plan is not chosen.plan:
                self._tell(decision, scope, chosen)
            return send({**message, "headers": decision.response.apply(message.get("headers", ()))})

        await app(scope, receive, send_with_headers)

    def _root(self, app: ASGIApp, layer: object, scope: Scope) -> object:
        root = root_of(layer, app, scope)
        attached = None if self._told else policy_of(root)
        if attached is not None:
            self._told = True
            tell_of_root(attached.place)
        return root

    async def _answer_preflight(self, root: object, scope: Scope, send: Send) -> bool:
        """Answer an OPTIONS request, if it is a CORS-preflight request; tell whether it was."""
        lines = lines_of(scope["headers"], b"access-control-request-method")
        if not lines:
            return False
        # Cut, for routers hash it: whatever is longer is refused.
        chosen, plan = self.choose_for_preflight(root, scope, lines[0][:_LONGEST_METHOD].decode("latin-1"))
        asked = decide_preflight(plan, scope["headers"])
        if asked is None:
            return False
        self._tell(asked, scope, chosen)
        answer = asked.response
        await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
        await send({"type": "http.response.body", "body": answer.body})
        return True

    def choose_for_preflight(self, root: object, scope: Scope, method: str) -> tuple[Chosen, Plan]:
        """Choose what decides a preflight that asks for a method, and the plan that answers it."""
        # Together they walk the routes once, and not for each method.
        ahead = partial(self._chooser.ahead, root, scope, fitting={})
        chosen = ahead(method)
        return chosen, self._plan_of(chosen, method, ahead)

    def _plan_of(self, chosen: Chosen, requested: str, ahead: Callable[[str], Chosen]) -> Plan:
        """Return the plan of what was chosen, which grants other methods of the path only where it decides them too."""
        limits = self._behavior.served_methods_only
        allowed = allowed_methods(chosen.policy.allow_methods)
        # Also those that this policy does not allow: what two policies grant, a browser puts together.
        asked = self._chooser.methods.union(STANDARD_METHODS)
        at = {method: chosen if method == requested else ahead(method) for method in asked}
        # https://fetch.spec.whatwg.org/#concept-cache: a browser keeps an answer by address, not by method. It holds
        # for all methods that it lists, and its header names for every method that it may send.
        mixed = any(other.served and other.plan is not chosen.plan for other in at.values())
        granted = frozenset(method for method in allowed if at[method].plan is chosen.plan)
        if limits and any(other.served for other in at.values()):
            granted = frozenset(method for method in granted if at[method].served)
        elif not mixed:
            return chosen.plan
        key = chosen.plan, granted, mixed
        if key not in self._narrow:
            self._narrow[key] = chosen.plan.narrowed(granted, uncached=mixed)
        return self._narrow[key]

    async def _serve_inside(self, app: ASGIApp, layer: object, scope: Scope, receive: Receive, send: Send) -> None:
        origin = lines_of(scope["headers"], b"origin")
        chosen = self._chooser.ahead(self._root(app, layer, scope), scope, scope["method"])
        decision = chosen.plan.decide_actual(origin)
        if is_foreign(decision, origin, scope):
            self._tell(decision, scope, chosen)
            await refuse_request(decision, send)
        else:
            await app(scope, receive, send)

    async def _serve_handshake(self, app: ASGIApp, layer: object, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self._chooser.ahead(self._root(app, layer, scope), scope, "GET")
        # On an endpoint that serves a WebSocket, a policy can mean nothing else.
        if not self._behavior.check_websockets and not chosen.own:
            await app(scope, receive, send)
            return
        origin = lines_of(scope["headers"], b"origin")
        decision = chosen.plan.decide_actual(origin)
        self._tell(decision, scope, chosen)
        if is_foreign(decision, origin, scope):
            await refuse_handshake(decision, scope, send)
        else:
            await app(scope, receive, send)
