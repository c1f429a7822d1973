"""The layer around one aiohttp app: what it does before the app's middlewares run, and when a response is sent.

It wraps the router of the app, because that runs before every middleware: there it answers preflights, and refuses
handshakes and requests. The signal `on_response_prepare` sets the headers of every other response. Nothing in the
signal raises, because aiohttp would close the connection without a response.
"""

from __future__ import annotations

from typing import Any, cast

from crossorigin.adapters.aiohttp.answers import answer_preflight, refuse
from crossorigin.adapters.aiohttp.arguments import attached_policy
from crossorigin.adapters.aiohttp.checks import check_cors, log_failure, warn_about_inner
from crossorigin.adapters.aiohttp.headers import set_headers
from crossorigin.adapters.aiohttp.registry import layer_key
from crossorigin.adapters.aiohttp.requests import (
    DECIDED,
    ORIGIN,
    OWNER,
    REQUEST_METHOD,
    decide_preflight,
    is_handshake,
    read_facts,
    value_of,
)
from crossorigin.adapters.aiohttp.routing import AiohttpRoutes, AppPlans, handlers_of, sub_apps
from crossorigin.adapters.common.arguments import check_policy
from crossorigin.adapters.common.enforcement import decide_blocking
from crossorigin.adapters.common.reporting import Reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.abc import AbstractMatchInfo
    from aiohttp.web import Application, Request, StreamResponse

    from crossorigin.adapters.aiohttp.answers import Answered
    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.route_policies import AttachedPolicy, Selection
    from crossorigin.adapters.common.text_plan import TextPlan
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.policy import Policy


class _Done(tuple[Any, ...]):
    """An awaitable that is done. Creating and running a coroutine instead costs as much as the look-up of an origin."""

    __slots__ = ()
    __await__: Any = tuple.__iter__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


_DONE = cast("Awaitable[None]", _Done())


class Layer:
    """The layer around one app. `routes` selects the policy of a request.

    `resolve` and `prepare` are functions and not coroutines, because aiohttp only awaits what they return.
    """

    __slots__ = (
        "__weakref__",
        "_app",
        "_fast_plan",
        "_has_failed",
        "_is_checked",
        "_is_scanned",
        "_is_simple",
        "_options",
        "_outer",
        "_reporter",
        "_reports_all",
        "_route",
        "_router",
        "routes",
    )

    def __init__(self, app: Application, attached: AttachedPolicy, options: MiddlewareOptions) -> None:
        """Compile the policy. The routes are scanned when the app starts, and when the first request arrives."""
        self._app = app
        self._options = options
        self._reporter = Reporter(attached.policy, options, read_facts)
        self._router: Any = app.router
        self._route = self._router.resolve
        self.routes = AiohttpRoutes(self._route, AppPlans(attached, options))
        self._reports_all = options.debug or options.on_decision is not None
        refuses = options.blocks or options.check_websockets
        self._is_simple = not (self._reports_all or refuses or options.served_methods_only or attached.others)
        # The plan of an app that needs only headers and preflights. It is None until the routes are scanned.
        self._fast_plan: TextPlan | None = None
        self._is_checked = self._is_scanned = False
        self._has_failed = False
        self._outer: Layer | None = None
        if options.live_policy is not None:
            options.live_policy.subscribe(self)

    def prepare_policy(self, policy: Policy) -> Callable[[], None]:
        """Compile another policy, and return the function that starts to use it. `LivePolicy` calls it.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other arguments.
        """
        check_policy(policy, self._options)
        compiled = AppPlans(attached_policy((policy,), ""), self._options)
        reporter = self._reporter.with_policy(policy)

        def use() -> None:
            reporter.describe_by_policy()
            self._reporter, self.routes.app = reporter, compiled
            # An app without a fast plan gets none: a request that has begun would be finished in another way.
            if self._fast_plan is not None:
                self._fast_plan = self.routes.plan
                # The app around this one may have claimed it in the meantime.
                if self._outer is not None:
                    self._fast_plan = None

        return use

    @property
    def policy(self) -> Policy:
        """The policy of the app, the first if there is a list."""
        return self.routes.app.attached.policy

    @property
    def has_several_policies(self) -> bool:
        """Whether the app has a list of policies."""
        return bool(self.routes.app.attached.others)

    @property
    def origins(self) -> LiveOrigins | None:
        """The live origins of the app, or None."""
        return self._options.origins

    def install(self) -> None:
        """Add the layer to the app."""
        app = self._app
        self._router.resolve = self.resolve
        app.on_response_prepare.append(self.prepare)
        app.on_startup.append(self.start)

    async def start(self, app: Application) -> None:
        """Load the live origins when the app starts, and become the last receiver of the signal.

        Code after `setup` may have added more receivers.

        Raises:
            RuntimeError: A sub-app uses aiohttp-cors, or live origins that are required are not loaded.
            TypeError: A handler has a policy that would have no effect.
        """
        if self._options.origins is not None:
            from crossorigin.adapters.common.origin_start import start_origins_async

            await start_origins_async(self._options.origins)
        if not app.on_response_prepare.frozen:
            app.on_response_prepare.remove(self.prepare)
            app.on_response_prepare.append(self.prepare)
        if app.router is not self._router:
            self._follow(app.router)
        self._begin()

    def _follow(self, router: Any) -> None:
        """Use another router, because packages for faster routing replace that of the app."""
        # The new router may call the old one.
        del self._router.resolve
        self._router, self._route = router, router.resolve
        self.routes.use(self._route)
        router.resolve = self.resolve

    def resolve(self, request: Request) -> Awaitable[AbstractMatchInfo]:
        """Route a request, or answer it: the method of the app's router."""
        if self._fast_plan is None or request.method == "OPTIONS":
            return self._resolve(request)
        return self._route(request)

    def prepare(self, request: Request, response: StreamResponse) -> Awaitable[None]:
        """Set the headers of a response: the receiver of the signal."""
        # Hot path: helper functions are inlined on purpose.
        try:
            plan = self._fast_plan
            if plan is None:
                self._prepare_fully(request, response)
                return _DONE
            decided = plan.constant
            if decided is None:
                lines = request.headers.getall(ORIGIN, None)
                if lines is None:
                    decided = plan.absent
                else:
                    origin = lines[0] if len(lines) == 1 else ",".join(lines)
                    decided = plan.decide_actual(origin)
                    if decided.is_refused:
                        self._reporter.log_refusal(decided.decision, request, origin)
            set_headers(response, decided)
        except Exception as error:  # noqa: BLE001  # aiohttp would close the connection without a response
            self._report_failure(error)
        return _DONE

    def select_for_page(self, method: str, path: str, origin: str | None) -> tuple[Selection, TextPlan]:
        """Select for the preflight of a page's request, outside a server.

        Raises:
            RuntimeError: As in `start`, or a resource of the app waits for something.
        """
        from aiohttp.test_utils import make_mocked_request

        self._scan()
        lookup = self.routes.preflight(make_mocked_request("OPTIONS", path), origin, method)
        # aiohttp's own router never waits, so no event loop is needed.
        try:
            lookup.send(None)
        except StopIteration as done:
            found: tuple[Selection, TextPlan] = done.value
            return found
        lookup.close()
        raise RuntimeError("A resource of this app waits for something to find a route, which only a server can do.")

    def _prepare_fully(self, request: Request, response: StreamResponse) -> None:
        if self._outer is None:
            set_headers(response, request[DECIDED])

    async def _resolve(self, request: Request) -> AbstractMatchInfo:
        if not self._is_scanned:
            if self._options.origins is not None:
                from crossorigin.adapters.common.origin_start import check_origins

                check_origins(self._options.origins)
            self._begin()
        if self._outer is None and request.method == "OPTIONS":
            origin, method = value_of(request, ORIGIN), value_of(request, REQUEST_METHOD)
            if origin is not None and method is not None:
                return await self._answer_preflight(request, origin, method)
        match = await self._route(request)
        if self._fast_plan is not None:
            return match
        return self._enforce_inside(match, request) if self._outer is not None else self._enforce(match, request)

    async def _answer_preflight(self, request: Request, origin: str, method: str) -> Answered:
        selection, plan = await self.routes.preflight(request, origin, method)
        preflight = decide_preflight(plan, origin, method, request)
        if selection.owner:
            request[OWNER] = selection.owner
        self._report(preflight.decision, request, selection)
        return answer_preflight(preflight)

    def _enforce(self, match: AbstractMatchInfo, request: Request) -> AbstractMatchInfo:
        """Decide an actual request, and answer it if it must not reach the handler."""
        # A middleware may look up another path with a clone of the request, as the one for slashes does.
        is_clone = DECIDED in request
        origin = value_of(request, ORIGIN)
        selection = self.routes.select(match, request.method, origin)
        decided = request[DECIDED] = selection.plan.decide_actual(origin)
        if selection.owner:
            request[OWNER] = selection.owner
        decision, is_blocked = decided.decision, False
        if self._refuses(match, request):
            decision, is_blocked = decide_blocking(decision, read_facts(request))
        if is_blocked or (not is_clone and (decided.is_refused or self._reports_all)):
            self._report(decision, request, selection)
        return refuse(decision) if is_blocked else match

    def _enforce_inside(self, match: AbstractMatchInfo, request: Request) -> AbstractMatchInfo:
        """Block a request inside another layer, which sets the headers. Blocking can only refuse more requests."""
        if self._options.blocks:
            origin = value_of(request, ORIGIN)
            selection = self.routes.select(match, request.method, origin)
            decision, is_blocked = decide_blocking(selection.plan.decide_actual(origin).decision, read_facts(request))
            if is_blocked:
                self._report(decision, request, selection)
                return refuse(decision)
        return match

    def _refuses(self, match: AbstractMatchInfo, request: Request) -> bool:
        """Return whether foreign requests like this one are refused.

        The check is the only purpose of a policy on a handler that serves WebSockets.
        """
        if self._options.blocks:
            return True
        return is_handshake(request) and (self._options.check_websockets or self.routes.is_on_handler(match, request))

    def _report(self, decision: Decision, request: Request, selection: Selection) -> None:
        origin = value_of(request, ORIGIN) or ""
        self._reporter.report(decision, request, origin, policy=selection.policy, owner=selection.owner)

    def _begin(self) -> None:
        """Prepare for requests: scan the routes, and use the fast plan if it fits.

        Raises:
            RuntimeError: A sub-app uses aiohttp-cors.
            TypeError: A handler has a policy that would have no effect.
        """
        self._scan()
        if self._outer is None and self._is_simple and not self.routes.has_policies:
            # If another thread replaces the policy in the meantime, its plan applies.
            while self._fast_plan is not self.routes.plan:
                self._fast_plan = self.routes.plan
        # Routes can be added while the app starts, so the scan counts when no more can be added.
        self._is_scanned = self._app.frozen

    def _scan(self) -> None:
        """Find out whether handlers and sub-apps have policies, and whether a sub-app has its own CORS.

        Raises:
            RuntimeError: A sub-app uses aiohttp-cors.
            TypeError: A handler has a policy that would have no effect.
        """
        handlers, apps = handlers_of(self._app), sub_apps(self._app)
        if not self._is_checked:
            self._is_checked = True
            check_cors(handlers, apps)
        for app in apps:
            if layer_key() in app:
                self._claim(app[layer_key()])
        self.routes.scan(handlers, apps)

    def _claim(self, inner: Layer) -> None:
        """Become the owner of the requests of a sub-app with its own layer."""
        if inner._outer is None:  # an object of the same class
            warn_about_inner()
        inner._outer = self  # an object of the same class
        inner._fast_plan = None

    def _report_failure(self, error: Exception) -> None:
        """Log the first exception of the signal. The response has no CORS headers of ours."""
        if self._has_failed:
            return
        self._has_failed = True
        log_failure(error)
