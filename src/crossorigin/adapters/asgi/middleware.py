"""ASGI middleware for any ASGI 3 server and app, a drop-in replacement for Starlette's and FastAPI's CORSMiddleware.

It reads the CORS fields of a request, lets the `Plan` (the compiled policy) decide, and sets headers. It makes no
decisions itself, keeps no request data, and never raises because of a request. This module contains the fast path;
`handler` serves all other connections.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from functools import partial

from crossorigin.adapters.asgi.construction import watches_construction
from crossorigin.adapters.asgi.enforcement import refuse_request
from crossorigin.adapters.asgi.handler import Handler
from crossorigin.adapters.asgi.headers import decide_preflight
from crossorigin.adapters.asgi.nesting import (
    Position,
    find_mark,
    is_mounted_in_itself,
    serve_marked,
    warn_about_outer,
    warn_about_root_policy,
)
from crossorigin.adapters.asgi.subclasses import check_subclass
from crossorigin.adapters.common.arguments import check_policy, read_arguments
from crossorigin.adapters.starlette.route_state import REVISION, ROUTES_OF, UNKNOWN_ROUTES, RouteState
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.argument_names import reports_unknown_names
from crossorigin.policy.decide.decisions import ActualDecision, Reason
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.options import options_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from typing import Any

    from crossorigin.adapters.common.arguments import OnRefused
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, Receive, Scope, Send
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.decide.response import ResponseHeaders
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

_OK = 200


class CORSMiddleware:
    """Middleware that answers CORS preflights and sets the CORS headers of all other responses.

    It works with every ASGI app and server, and replaces the `CORSMiddleware` of Starlette and FastAPI: the options
    have the same names, order and defaults. Pass either the options of `Policy` or a `policy`.

    Args:
        app: The ASGI app to wrap. `app.add_middleware` passes it.
        policy: A `Policy` to use instead of the options, or a `LivePolicy`, which can be replaced while the server
            runs. It is an error to pass both a policy and options.
        debug: Whether to help with debugging. Allowed requests are logged as DEBUG. A preflight that is refused for its
            method or headers is answered with 200 if browsers refuse the request anyway, so that the browser console
            names the method or header instead of the status. Leave it off in production, because such a response
            shows what the policy allows.
        outermost: Whether to move outside all middleware of a Starlette or FastAPI app when the app starts. Responses
            of that middleware, such as a 500 after a crash, then have CORS headers too, and no other middleware answers
            a preflight.
        check_websockets: Whether to refuse WebSocket handshakes whose `Origin` is neither allowed nor the server's own.
            Browsers do not apply CORS to WebSockets.
        served_methods_only: Whether a preflight allows only those methods of the policy that the routes of a Starlette
            or FastAPI app serve at its path.
        on_refused: What to do with an actual request whose `Origin` is neither allowed nor the server's own. With
            "pass", the app answers, and the browser prevents the page from reading the response. With "block", the
            middleware answers 403.
        on_decision: A function that is called with each decision and the scope. The decision is also in
            `scope["crossorigin"]`. Its exceptions are logged and do not affect the request.
        origins: `LiveOrigins`, exact origins that may change while the server runs. They are allowed in addition to
            those of the policy.

    The other arguments are those of `Policy`.

    Raises:
        InvalidPolicyError: An argument is invalid. The message is also logged as CRITICAL on the logger `crossorigin`,
            because frameworks that build their middleware late may hide the exception. A Starlette or FastAPI app that
            builds its middleware during the lifespan startup does not raise: it answers `lifespan.startup.failed` with
            the message, so that the server does not start.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    In FastAPI and Starlette, add it to the app:

    >>> from fastapi import FastAPI
    >>> app = FastAPI()
    >>> app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)

    In any other framework, wrap the ASGI app:

    >>> async def app(scope, receive, send): ...
    >>> app = CORSMiddleware(app, allow_origins=["https://app.example.com"])
    """

    @watches_construction
    @reports_unknown_names
    def __init__(  # noqa: PLR0917  # existing code relies on the names and their order
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
        policy: Policy | LivePolicy | None = None,
        debug: bool = False,
        outermost: bool = True,
        check_websockets: bool = False,
        served_methods_only: bool = False,
        on_refused: OnRefused = "pass",
        on_decision: OnDecision | None = None,
        origins: LiveOrigins | None = None,
    ) -> None:
        """Validate the arguments and compile the policy."""
        options = options_in(locals())
        arguments: dict[str, object] = {
            "debug": debug,
            "outermost": outermost,
            "check_websockets": check_websockets,
            "served_methods_only": served_methods_only,
            "on_refused": on_refused,
            "on_decision": on_decision,
            "origins": origins,
        }
        self.policy, read = read_arguments(policy, options, arguments)
        self.app = app
        self.origins = read.origins
        # The live origins until they are loaded.
        self._pending_origins = read.origins
        self._options = read
        self._plan = Plan(self.policy, debug=debug, live=read.origins)
        self._handler = Handler(self.policy, self._plan, read)
        # Whether each request is reported to a hook or the debug log, or may be blocked.
        self._has_observer = read.debug or read.blocks or read.on_decision is not None
        self._passes_websockets = self._passes_requests = False
        self._served_methods_only = read.served_methods_only
        self.position = Position(is_final=not read.outermost)
        self._mark = self.position.mark
        # The plan if HTTP requests may take the fast path, otherwise None.
        self._fast_plan: Plan | None = None
        self._use(UNKNOWN_ROUTES)
        if read.live_policy is not None:
            read.live_policy.subscribe(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copy, such as the one at the outermost position, which has to learn of new policies as well."""
        self.__dict__.update(state)
        if self._options.live_policy is not None:
            self._options.live_policy.subscribe(self)

    def prepare_policy(self, policy: Policy) -> Callable[[], None]:
        """Compile another policy, and return the function that starts to use it. `LivePolicy` calls it.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other arguments.
        """
        check_policy(policy, self._options)
        plan = Plan(policy, debug=self._options.debug, live=self._options.origins)
        handler = self._handler.with_policy(policy, plan)

        def use() -> None:
            handler.describe_by_policy()
            self.policy, self._plan, self._handler = policy, plan, handler
            # Last, because a request that takes the fast path at this moment uses one plan or the other.
            self._fast_plan = None

        return use

    def __init_subclass__(cls) -> None:
        """Refuse a subclass that overrides a method of Starlette's class, because the method would never be called.

        Raises:
            TypeError: The subclass has such a method. The message says what to use instead.
        """
        super().__init_subclass__()
        check_subclass(cls)

    @property
    def may_move(self) -> bool:
        """Whether it may leave its position. The code of a subclass with its own `__call__` may depend on it."""
        return type(self).__call__ is CORSMiddleware.__call__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915  # see below
        """Serve one connection. A `lifespan`, and a `websocket` that is not checked, pass through unchanged."""
        # Hot path: helper functions are inlined on purpose. One call costs as much as three of these branches.
        # docs/performance.md has the figures.
        # The key of the mark is a literal, and the routes are compared only if a policy was attached: both are
        # measurably faster.
        plan = self._fast_plan
        if (
            plan is None
            or scope["type"] != "http"
            or "crossorigin.layer" in scope
            or (
                REVISION
                and (self._revision != REVISION or (self._routers and [*map(ROUTES_OF, self._routers)] != self._seen))
            )
        ):
            # A request that an outer middleware serves, and a WebSocket that is not checked, pass through unchanged.
            # Requests come first, because a page opens a WebSocket only once.
            if self._passes_requests and scope["type"] == "http":
                # One look-up of the mark, because `in` and a subscript cost twice as much.
                try:
                    is_inside = scope["crossorigin.layer"] is not self._mark
                except KeyError:
                    is_inside = False
                if is_inside:
                    await self.app(scope, receive, send)
                    return
            if self._passes_websockets and scope["type"] == "websocket" and not REVISION:
                await self.app(scope, receive, send)
                return
            serve = self._prepare(scope)
            if serve is not None:
                await serve(scope, receive, send)
                return
            plan = self._plan
        if scope["method"] == "OPTIONS":
            preflight = decide_preflight(plan, scope["headers"])
            if preflight is not None:
                answer = preflight.response
                if self._has_observer:
                    self._handler.observe(preflight, scope)
                elif answer.status != _OK:
                    self._handler.log_refusal(preflight, scope)
                await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
                await send({"type": "http.response.body", "body": answer.body})
                return
        decision = plan.constant
        if decision is None or self._has_observer:
            origin, is_repeated = None, False
            # A plain loop over the headers: a dict or a map costs more than it saves.
            for name, value in scope["headers"]:
                if name == b"origin":
                    is_repeated, origin = origin is not None, value
            if origin is None:
                decision = plan.absent
            else:
                # The look-up is inlined, because a call costs as much as the look-up. The length comes first, because
                # hashing reads the whole value.
                decision = None if is_repeated or len(origin) > MAX_ORIGIN else plan.listed.get(origin)
                if decision is None:
                    decision = plan.repeated if is_repeated else plan.judge_origin(origin)
                    # Same answer as `decision.allowed`, 30 times cheaper. An endpoint that the scan of the routes did
                    # not see may still allow the origin, so its response is decided later.
                    if decision.response.allow_origin is None and not (self._hides_endpoints or self._has_observer):
                        handler = self._handler
                        if not handler.counts_refusal(decision, origin):
                            handler.log_refusal(decision, scope, origin=origin)
            if self._has_observer:
                decision = self._handler.observe_actual(decision, scope)
                if self._handler.blocks(decision, scope):
                    await refuse_request(decision, send)
                    return
        response: ResponseHeaders | LateHeaders = decision.response
        if self._hides_endpoints:
            response = LateHeaders((self, scope, scope.get("endpoint"), decision))

        # A plain function that returns the awaitable, because a coroutine would cost time for each chunk of a stream.
        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                # Nearly every message has headers. In that case, `try` costs half as much as `get`.
                try:
                    headers = message["headers"]
                except KeyError:
                    headers = ()
                # The message is copied, because the app may use it again. Setting the headers within the dict display
                # would cost more.
                answer = {**message}
                answer["headers"] = response.apply(headers)
                return send(answer)
            return send(message)

        scope["crossorigin.layer"] = self._mark
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            # `del` costs half as much as `pop`.
            try:  # noqa: SIM105
                del scope["crossorigin.layer"]
            except KeyError:
                pass

    def _prepare(self, scope: Scope) -> ASGIApp | None:  # noqa: C901  # one branch for each kind of connection
        """Return an ASGI app that serves the connection, or None if the fast path can serve it."""
        if self._pending_origins is not None:
            self._start(self._pending_origins, scope)
        position = self.position
        # Read before a move, because a move can replace `self.app` with an app further in.
        app = self.app
        outer = find_mark(scope)
        if outer is None and not position.is_final:
            self._move_out(scope)
        move = position.move
        has_left = move is not None and move.to is not self
        if outer == position.mark:
            # The mark is our own. If this middleware has moved, its copy further out already serves the request. If the
            # app is mounted in itself, this middleware already serves it. Otherwise the scope is a copy of one that was
            # marked before, and is served as a new request.
            if has_left or is_mounted_in_itself(scope):
                return app
            outer = None
        if scope["type"] == "lifespan" or (move is not None and has_left and move.is_unlinked):
            return self._passing_to(app, scope)
        routes = self._scan_routes(scope, app)
        if outer is not None:
            warn_about_outer(scope, position, outer)
            serve = self._handler.inside(app, scope["type"], routes)
            self._passes_requests = self._passes_requests or (scope["type"] == "http" and serve is self.app)
            return serve
        if routes.root_owner:
            warn_about_root_policy(routes.root_owner, position)
        if scope["type"] == "http" and not has_left and self._can_be_fast(routes):
            live_policy = self._options.live_policy
            if live_policy is None:
                self._begin_fast_path(routes)
            else:
                # Otherwise the old plan could be stored after `replace` has returned.
                live_policy.unless_changing(partial(self._begin_fast_path, routes))
            return None
        if move is not None and has_left and move.is_unguarded and scope["type"] == "http":
            from crossorigin.adapters.asgi.outermost import answer_crashes

            app = answer_crashes(app)
        serve = self._handler.around(app, scope["type"], routes)
        self._passes_websockets = scope["type"] == "websocket" and serve is self.app
        return serve if serve is app else partial(serve_marked, serve, position.mark)

    def _start(self, origins: LiveOrigins, scope: Scope) -> None:
        """Start to load the live origins. Only a lifespan waits for them: see `_passing_to`.

        Raises:
            RuntimeError: The origins are not loaded, and nothing is served without them.
        """
        if scope["type"] == "lifespan":
            origins.start()
        else:
            from crossorigin.adapters.common.origin_start import check_origins

            check_origins(origins)
        if origins.first_load() is None:
            self._pending_origins = None

    def _passing_to(self, app: ASGIApp, scope: Scope) -> ASGIApp:
        """Return an app for a lifespan, or `app`.

        A lifespan waits for stored origins. It fails if a mounted app has a middleware with an error.
        """
        if scope["type"] != "lifespan":
            return app
        from crossorigin.adapters.asgi.mounted_layers import check_mounts
        from crossorigin.adapters.starlette.middleware_stack import root_of

        app = check_mounts(root_of(self, app, scope), CORSMiddleware) or app
        if self._pending_origins is None:
            return app
        from crossorigin.adapters.asgi.origin_start import after_origins

        return after_origins(self._pending_origins, app)

    def _can_be_fast(self, routes: RouteState) -> bool:
        """Return whether the policy of the app applies to every request, as far as its routes are known."""
        # Observers need the decision that applies, which is known too late if an endpoint is hidden.
        is_known = not (self._has_observer and routes.hides_endpoints)
        return is_known and not self._served_methods_only and not routes.may_have_policies

    def _begin_fast_path(self, routes: RouteState) -> None:
        self._fast_plan = self._plan
        # If another thread has found policies in the meantime, its state applies.
        if self._routes is not routes:
            self._fast_plan = None

    def _move_out(self, scope: Scope) -> None:
        """Move outside all middleware of the app that this middleware was added to, if there is such an app."""
        self.position.is_final = True
        app = scope.get("app")
        if getattr(app, "middleware_stack", None) is None:
            return
        from crossorigin.adapters.asgi.outermost import move_out

        self.position.move = move_out(self, app, scope, may_move=self.may_move)

    def _scan_routes(self, scope: Scope, app: ASGIApp) -> RouteState:
        """Return the scan of the app's routes, after a new scan if the routes may have changed."""
        routes = self._routes
        if self._revision != REVISION or [*map(ROUTES_OF, self._routers)] != self._seen:
            from crossorigin.adapters.starlette.middleware_stack import root_of

            root = root_of(self, app, scope)
            if REVISION:
                from crossorigin.adapters.starlette.route_scan import scan_routes

                routes = scan_routes(root)
            else:
                routes = RouteState(root, revision=[])
            self._use(routes)
            position = self.position
            position.describe(scope, self.policy)
            self._mark = position.mark
        return routes

    def _use(self, routes: RouteState) -> None:
        """Use a scan of the app's routes from now on."""
        self._routes = routes
        self._passes_websockets = False
        # These attributes are copied, because every request reads them.
        self._revision, self._routers, self._seen = routes.revision, routes.routers, routes.seen
        self._hides_endpoints = routes.hides_endpoints
        self._fast_plan = None

    def decide_late(self, scope: Scope, routed_to: object, decision: ActualDecision) -> ActualDecision:
        """Return the decision by the endpoint's own policy, or `decision` if it has none. For `LateHeaders` only."""
        if scope.get("endpoint", routed_to) is not routed_to:
            late = self._handler.decide_by_endpoint(scope, self._routes)
            if late is not None:
                # The app has a per-route policy that the scan did not see, so each request is looked up from now on.
                self._use(self._routes.with_policies())
                return late
        if decision.origin is not Reason.ORIGIN_ABSENT and not decision.allowed:
            self._handler.log_refusal(decision, scope)
        return decision


class LateHeaders(tuple[CORSMiddleware, "Scope", object, ActualDecision]):
    """The headers of a response from an app whose endpoints are unknown until the response starts.

    The endpoint may have its own policy. The fields are the middleware, the scope, the endpoint that was set in the
    scope before the app ran, and the decision by the app's policy. Creating a tuple costs a third of creating an
    object.
    """

    __slots__ = ()

    def apply(self, headers: Iterable[Sequence[bytes]]) -> list[Sequence[bytes]]:
        """Return the header list to send instead of `headers`."""
        middleware, scope, routed_to, decision = self
        if decision.response.allow_origin is None or scope.get("endpoint") is not routed_to:
            decision = middleware.decide_late(scope, routed_to, decision)
        return decision.response.apply(headers)
