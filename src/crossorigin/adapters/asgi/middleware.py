"""ASGI middleware for any ASGI 3 server and app: the drop-in for Starlette's and FastAPI's CORSMiddleware.

It reads the facts of a request, lets the plan decide, and writes headers. It never decides by itself, keeps nothing of
a request, and never raises because of one. This module has the fast path; `handler` serves what needs more.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from functools import partial

from crossorigin.adapters.asgi.handler import Handler
from crossorigin.adapters.asgi.headers import decide_preflight
from crossorigin.adapters.asgi.nesting import (
    Position,
    describe_place,
    find_outer,
    serve_marked,
    warn_of_outer,
    warn_of_root_policy,
)
from crossorigin.adapters.common.arguments import read_arguments
from crossorigin.adapters.starlette.route_state import REVISION, UNKNOWN_ROUTES, RouteState
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.decide.response import ResponseHeaders
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from crossorigin.adapters.common.arguments import OnRefused
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, Receive, Scope, Send
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

_OK = 200

# What subclasses of Starlette's class override, and what to write here instead.
_INSTEAD = {
    "is_allowed_origin": "allow_origins with patterns such as https://*.example.com, or allow_origin_regex",
    "preflight_response": "the options of Policy, or your own middleware outside this one",
    "simple_response": "the options of Policy, or your own middleware outside this one",
    "send": "your own middleware outside this one",
}


class CORSMiddleware:
    """Answer CORS-preflight requests and set the CORS headers of every other response.

    Takes the options of `Policy` by the names, order and defaults of Starlette's class, or a `policy`.

    Args:
        app: The ASGI app that is wrapped.
        policy: A `Policy`, in place of the options; naming both is an error.
        debug: Whether a preflight refused for its method or headers may be answered 200, where every browser refuses
            it all the same, so that the console names the method or the header instead of the status. Leave it off
            in production: it tells strangers what is allowed. Allowed requests are then logged too, as DEBUG.
        outermost: Whether to move outside all of a Starlette or FastAPI app's own layers when the app starts, so that
            what those answer, a bare 500 among it, carries its CORS headers too, and no other one answers a preflight.
        check_websockets: Whether to refuse a WebSocket handshake whose `Origin` is neither allowed nor the server's
            own. No browser applies CORS to a WebSocket.
        served_methods_only: Whether a preflight is granted, of the methods that the policy allows, only those that the
            routes of a Starlette or FastAPI app serve at its path.
        on_refused: What becomes of an actual request whose `Origin` is neither allowed nor the server's own: "pass"
            lets the app answer, and the browser keeps the page from reading it; "block" answers 403.
        on_decision: Called with each decision and the scope; it stands in `scope["crossorigin"]` too. What it raises
            is logged, and changes nothing.

    The other arguments are those of `Policy`.

    Raises:
        InvalidPolicyError: The policy is wrong. The message is also logged as CRITICAL on the logger `crossorigin`,
            because a framework that builds its middleware late may hide an exception from the one who deploys.

    Warns:
        CrossOriginWarning: Something in the policy does not do what it looks like.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> async def app(scope, receive, send): ...
    >>> app = CORSMiddleware(app, allow_origins=["https://app.example.com"])
    """

    def __init__(  # noqa: PLR0917  # the names and the order that code in use relies on
        self,
        app: ASGIApp,
        allow_origins: Iterable[str] = (),
        allow_methods: Iterable[str] = ("GET",),
        allow_headers: Iterable[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Iterable[str] = (),
        max_age: int | None = 600,
        *,
        constant_allow_origin: bool = False,
        dangerously_allow_public_suffixes: bool = False,
        policy: Policy | None = None,
        debug: bool = False,
        outermost: bool = True,
        check_websockets: bool = False,
        served_methods_only: bool = False,
        on_refused: OnRefused = "pass",
        on_decision: OnDecision | None = None,
    ) -> None:
        """Check the policy and make it ready."""
        options: dict[str, object] = {
            "allow_origins": allow_origins,
            "allow_methods": allow_methods,
            "allow_headers": allow_headers,
            "allow_credentials": allow_credentials,
            "allow_origin_regex": allow_origin_regex,
            "allow_private_network": allow_private_network,
            "expose_headers": expose_headers,
            "max_age": max_age,
            "constant_allow_origin": constant_allow_origin,
            "dangerously_allow_public_suffixes": dangerously_allow_public_suffixes,
        }
        arguments: dict[str, object] = {
            "debug": debug,
            "outermost": outermost,
            "check_websockets": check_websockets,
            "served_methods_only": served_methods_only,
            "on_refused": on_refused,
            "on_decision": on_decision,
        }
        try:
            self.policy, read = read_arguments(policy, options, arguments)
        except InvalidPolicyError as error:
            import logging

            logging.getLogger("crossorigin").critical("%s", error)
            raise
        self.app = app
        self._plan = Plan(self.policy, debug=debug)
        self._handler = Handler(self.policy, self._plan, read)
        self._needs_full_handling = (
            read.debug or read.blocks or read.served_methods_only or read.on_decision is not None
        )
        self.position = Position(is_final=not read.outermost)
        # The plan, where a request may take the fast path without a further look at this middleware or its app.
        self._fast_plan: Plan | None = None
        self._use(UNKNOWN_ROUTES)

    def __init_subclass__(cls) -> None:
        """Refuse a subclass that overrides what Starlette's class has: ignored, its check would be lost.

        Raises:
            TypeError: The subclass has such a method; the message says what to write instead.
        """
        super().__init_subclass__()
        for name, instead in _INSTEAD.items():
            if hasattr(cls, name):
                message = (
                    f"{cls.__name__}.{name} would never be called: CORSMiddleware has no such method. Use {instead}."
                )
                raise TypeError(message)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912  # see below
        """Serve one connection. A `lifespan` passes through untouched, and so does a `websocket` that nobody checks."""
        # Hot path: helper functions are inlined on purpose. One call costs as much as three of these branches.
        # docs/performance.md has the figures.
        # The mark is written as a literal, and nothing is compared before something was attached: both are measured.
        plan = self._fast_plan
        if (
            plan is None
            or scope["type"] != "http"
            or "crossorigin.layer" in scope
            or (REVISION and self._watched != self._seen)
        ):
            serve = self._prepare(scope)
            if serve is not None:
                await serve(scope, receive, send)
                return
            plan = self._plan
        if scope["method"] == "OPTIONS":
            preflight = decide_preflight(plan, scope["headers"])
            if preflight is not None:
                answer = preflight.response
                if answer.status != _OK:
                    self._handler.log_refusal(preflight, scope)
                await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
                await send({"type": "http.response.body", "body": answer.body})
                return
        decision = plan.constant
        if decision is None:
            origin, is_repeated = None, False
            # One plain pass over the headers: a dict or a map costs more than it saves.
            for name, value in scope["headers"]:
                if name == b"origin":
                    is_repeated, origin = origin is not None, value
            if origin is None:
                decision = plan.absent
            else:
                # Looked up here, because the call costs as much; measured first, because hashing reads all of it.
                decision = None if is_repeated or len(origin) > MAX_ORIGIN else plan.listed.get(origin)
                if decision is None:
                    decision = plan.repeated if is_repeated else plan.judge_origin(origin)
                    # Same answer as `decision.allowed`, 30 times cheaper.
                    if decision.response.allow_origin is None:
                        self._handler.log_refusal(decision, scope)
        response: ResponseHeaders | LateHeaders = decision.response
        if self._hides_endpoints:
            response = LateHeaders((self, scope, scope.get("endpoint"), decision.response))

        # A plain function that returns the awaitable: a coroutine here would be paid for each chunk of a stream.
        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                # Nearly every message has headers, and then this costs half as much as `get`.
                try:
                    headers = message["headers"]
                except KeyError:
                    headers = ()
                # A copy, because the app may use its message again; with the headers in the display it costs more.
                answer = {**message}
                answer["headers"] = response.apply(headers)
                return send(answer)
            return send(message)

        scope["crossorigin.layer"] = self
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            # Half the cost of `pop`.
            try:  # noqa: SIM105
                del scope["crossorigin.layer"]
            except KeyError:
                pass

    def _prepare(self, scope: Scope) -> ASGIApp | None:
        """Return what serves a connection that the fast path cannot serve; None if it can."""
        position = self.position
        # Read before a move: afterward, this may be the middleware outside.
        app = self.app
        outer = find_outer(scope)
        if outer is position:
            return app
        if outer is None and not position.is_final:
            self._move_out(scope)
        move = position.move
        has_left = move is not None and move.to is not self
        if scope["type"] == "lifespan" or (move is not None and has_left and move.is_unlinked):
            return app
        routes = self._scan_routes(scope, app)
        if outer is not None:
            warn_of_outer(scope, position, outer)
            return self._handler.inside(app, scope["type"], routes)
        is_fast = not (has_left or self._needs_full_handling or routes.may_have_policies)
        if is_fast and scope["type"] == "http":
            self._fast_plan = self._plan
            return None
        if move is not None and has_left and move.is_unguarded and scope["type"] == "http":
            from crossorigin.adapters.asgi.outermost import answer_crashes

            app = answer_crashes(app)
        serve = self._handler.around(app, scope["type"], routes)
        return serve if serve is app else partial(serve_marked, serve, self)

    def _move_out(self, scope: Scope) -> None:
        """Move outside all layers of the app that this middleware was added to, where there is such an app."""
        self.position.is_final = True
        app = scope.get("app")
        if getattr(app, "middleware_stack", None) is None:
            return
        from crossorigin.adapters.asgi.outermost import move_out

        # What a subclass does in its own __call__ is meant for the place where it is.
        may_move = type(self).__call__ is CORSMiddleware.__call__
        self.position.move = move_out(self, app, scope, may_move=may_move)

    def _scan_routes(self, scope: Scope, app: ASGIApp) -> RouteState:
        """Return what is known of the app's routes, after another look at them if anything may have changed."""
        routes = self._routes
        if self._watched != self._seen:
            from crossorigin.adapters.starlette.middleware_stack import root_of

            root = root_of(self, app, scope)
            if REVISION:
                from crossorigin.adapters.starlette.route_scan import scan_routes

                routes = scan_routes(root)
            else:
                routes = RouteState(root, seen=[])
            self._use(routes)
            position = self.position
            position.where = position.where or describe_place(scope)
            if routes.root_owner:
                warn_of_root_policy(routes.root_owner, position)
        return routes

    def _use(self, routes: RouteState) -> None:
        """Decide by what a scan found of the app's routes, until they change."""
        self._routes = routes
        # Its attributes once more, because every request reads them.
        self._watched, self._seen, self._hides_endpoints = routes.watched, routes.seen, routes.hides_endpoints
        self._fast_plan = None

    def headers_by_endpoint(self, scope: Scope) -> ResponseHeaders | None:
        """Return the headers that the endpoint's own policy sets; None if it has none. For `LateHeaders` alone."""
        decision = self._handler.decide_by_endpoint(scope, self._routes)
        if decision is None:
            return None
        # The app has policies by route, although they do not show: from now on, each request is looked up.
        self._use(self._routes.with_policies())
        return decision.response


class LateHeaders(tuple[CORSMiddleware, "Scope", object, ResponseHeaders]):
    """The headers of a response of an app that hides its endpoints: the one that served has perhaps its own policy.

    It holds the middleware, the scope, the endpoint that something outside had routed to, and the headers by the app's
    policy. A tuple costs a third of a class to build.
    """

    __slots__ = ()

    def apply(self, headers: Iterable[Sequence[bytes]]) -> list[Sequence[bytes]]:
        """Return the header list that is to be sent in place of `headers`."""
        middleware, scope, routed_to, response = self
        if scope.get("endpoint") is not routed_to:
            response = middleware.headers_by_endpoint(scope) or response
        return response.apply(headers)
