"""The middleware and the signal of one aiohttp app.

The middleware answers preflights, and refuses handshakes and requests. The signal `on_response_prepare` sets the
headers of every other response, because errors, streams and WebSockets do not return through the middleware before
their headers are sent. Nothing in the signal raises, because aiohttp would close the connection without a response.
"""

from __future__ import annotations

from typing import Any, cast

from aiohttp.web import middleware

from crossorigin.adapters.aiohttp.registry import layer_key, owner_of
from crossorigin.adapters.aiohttp.requests import (
    DECIDED,
    ORIGIN,
    OWNER,
    REQUEST_METHOD,
    Answer,
    answer_preflight,
    decide_preflight,
    is_handshake,
    read_facts,
    refuse,
    value_of,
)
from crossorigin.adapters.aiohttp.routing import AiohttpRoutes, handlers_of, sub_apps
from crossorigin.adapters.common.enforcement import is_foreign
from crossorigin.adapters.common.reporting import Reporter
from crossorigin.adapters.common.route_policies import RoutePlans
from crossorigin.adapters.common.text_headers import EDITED_NAMES
from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.policy.decide.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp.typedefs import Handler, Middleware
    from aiohttp.web import Application, Request, StreamResponse

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.route_policies import AttachedPolicy, Selection
    from crossorigin.adapters.common.text_headers import TextHeaders
    from crossorigin.policy.decide.decisions import Decision

_ASGI_ATTRIBUTE = "__crossorigin__"


class _Done(tuple[Any, ...]):
    """An awaitable that is done. Creating and running a coroutine instead costs as much as the look-up of an origin."""

    __slots__ = ()
    __await__: Any = tuple.__iter__  # pyright: ignore[reportUnknownMemberType]


_DONE = cast("Awaitable[None]", _Done())


class Layer:
    """The middleware of one app. `routes` selects the policy of a request.

    `middleware` and `prepare` are functions and not coroutines, because aiohttp only awaits what they return.
    """

    __slots__ = (
        "_app",
        "_fast_plan",
        "_has_failed",
        "_is_scanned",
        "_is_simple",
        "_options",
        "_outer",
        "_reporter",
        "middleware",
        "routes",
    )

    def __init__(self, app: Application, attached: AttachedPolicy, options: MiddlewareOptions) -> None:
        """Compile the policy. The routes are scanned when the app starts, and when the first request arrives."""
        self._app = app
        self._options = options
        self._reporter = Reporter(attached.policy, options, read_facts)
        plan = TextPlan(Plan(attached.policy, debug=options.debug))
        plans = RoutePlans(attached.policy, plan, debug=options.debug, served_methods_only=options.served_methods_only)
        self.routes = AiohttpRoutes(app, attached, plans)
        needs_more = options.debug or options.blocks or options.check_websockets or options.on_decision is not None
        self._is_simple = not needs_more and not options.served_methods_only and not attached.others
        # The plan of an app that needs only headers and preflights. It is None until the routes are scanned.
        self._fast_plan: TextPlan | None = None
        self._is_scanned = False
        self._has_failed = False
        self._outer: Layer | None = None
        self.middleware = self._new_middleware()

    def _new_middleware(self) -> Middleware:
        @middleware
        def crossorigin(request: Request, handler: Handler) -> Awaitable[StreamResponse]:
            if self._fast_plan is None or request.method == "OPTIONS":
                return self._serve(request, handler)
            return handler(request)

        return crossorigin

    async def start(self, app: Application) -> None:
        """Move to the outermost place when the app starts, because code after `setup` may have added more.

        Raises:
            RuntimeError: A handler or an app has CORS that would not work.
        """
        if not app.on_response_prepare.frozen:
            app.middlewares.remove(self.middleware)
            app.middlewares.insert(0, self.middleware)
            app.on_response_prepare.remove(self.prepare)
            app.on_response_prepare.append(self.prepare)
        self._scan()

    def prepare(self, request: Request, response: StreamResponse) -> Awaitable[None]:
        """Set the headers of a response: the receiver of the signal."""
        # Hot path: helper functions are inlined on purpose.
        try:
            plan = self._fast_plan
            if plan is None:
                self._prepare_fully(request, response)
                return _DONE
            if type(response) is Answer:
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
            headers = response.headers
            ready = decided.ready
            if ready is not None and headers.keys().isdisjoint(EDITED_NAMES):
                headers.extend(ready)
            else:
                _edit(response, decided)
        except Exception as error:  # noqa: BLE001  # aiohttp would close the connection without a response
            self._report_failure(error)
        return _DONE

    def select_for_page(self, method: str, path: str, origin: str | None) -> tuple[Selection, TextPlan]:
        """Select for the preflight of a page's request, outside a server.

        Raises:
            RuntimeError: A handler or an app has CORS that would not work, or a resource of the app waits for
                something.
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
        raise RuntimeError("A resource of this app waits for something to find a route, so there is no explanation.")

    def _prepare_fully(self, request: Request, response: StreamResponse) -> None:
        if not self._is_scanned:
            self._scan()
        if self._outer is None and type(response) is not Answer:
            decided: TextHeaders | None = request.get(DECIDED)
            # No middleware runs if the header `Expect` is refused.
            _edit(response, self._decide(request) if decided is None else decided)

    async def _serve(self, request: Request, handler: Handler) -> StreamResponse:
        if not self._is_scanned:
            self._scan()
        if self._outer is None and request.method == "OPTIONS":
            origin, method = value_of(request, ORIGIN), value_of(request, REQUEST_METHOD)
            if origin is not None and method is not None:
                return await self._answer_preflight(request, origin, method)
        if self._fast_plan is not None:
            return await handler(request)
        return await self._serve_fully(request, handler)

    async def _answer_preflight(self, request: Request, origin: str, method: str) -> Answer:
        selection, plan = await self.routes.preflight(request, origin, method)
        preflight = decide_preflight(plan, origin, method, request)
        self._report(preflight.decision, request, selection)
        return answer_preflight(preflight)

    async def _serve_fully(self, request: Request, handler: Handler) -> StreamResponse:
        if self._outer is not None:
            # Blocking still applies inside another layer, because it can only refuse more requests.
            if self._options.blocks:
                selection = self.routes.select(request)
                decision = selection.plan.decide_actual(value_of(request, ORIGIN)).decision
                if is_foreign(decision, read_facts(request)):
                    self._report(decision, request, selection)
                    return refuse(decision)
            return await handler(request)
        decided = request[DECIDED] = self._decide(request)
        if self._refuses(request) and is_foreign(decided.decision, read_facts(request)):
            return refuse(decided.decision)
        return await handler(request)

    def _refuses(self, request: Request) -> bool:
        """Return whether foreign requests like this one are refused.

        The check is the only purpose of a policy on a handler that serves WebSockets.
        """
        if self._options.blocks:
            return True
        return is_handshake(request) and (self._options.check_websockets or self.routes.is_on_handler(request))

    def _decide(self, request: Request) -> TextHeaders:
        selection = self.routes.select(request)
        decided = selection.plan.decide_actual(value_of(request, ORIGIN))
        self._report(decided.decision, request, selection)
        return decided

    def _report(self, decision: Decision, request: Request, selection: Selection) -> None:
        if selection.owner:
            request[OWNER] = selection.owner
        origin = value_of(request, ORIGIN) or ""
        self._reporter.report(decision, request, origin, policy=selection.policy, owner=selection.owner)

    def _scan(self) -> None:
        """Find out whether handlers and sub-apps have policies, and whether a sub-app has its own CORS.

        Raises:
            RuntimeError: A handler or an app has CORS that would not work.
        """
        handlers, apps = handlers_of(self._app), sub_apps(self._app)
        for handler in handlers:
            if type(getattr(handler, _ASGI_ATTRIBUTE, None)).__module__.startswith("crossorigin."):
                raise RuntimeError(
                    f"cors(...) on {owner_of(handler)} has no effect in aiohttp. Import cors from crossorigin.aiohttp "
                    "instead."
                )
        for app in apps:
            _refuse_peer(app)
            if layer_key() in app:
                self._claim(app[layer_key()])
        self.routes.scan(handlers, apps)
        if self._outer is None and self._is_simple and not self.routes.has_policies:
            self._fast_plan = self.routes.plan
        # Routes can be added while the app starts, so the scan counts when no more can be added.
        self._is_scanned = self._app.frozen

    def _claim(self, inner: Layer) -> None:
        """Become the owner of the requests of a sub-app with its own layer."""
        if inner._outer is None:  # an object of the same class
            import contextlib
            import logging

            # A user's logging filter may raise, and that must not make the request fail.
            with contextlib.suppress(Exception):
                logging.getLogger("crossorigin").warning(
                    "setup(...) on a sub-app does not set CORS headers, because the app around it has its own setup, "
                    "which answers the preflights and sets the headers. Only its on_refused still applies. For another "
                    "policy, call cors(...)(subapp) instead."
                )
        inner._outer = self  # an object of the same class
        inner._fast_plan = None

    def _report_failure(self, error: Exception) -> None:
        """Log the first exception of the signal. The response has no CORS headers of ours."""
        if self._has_failed:
            return
        self._has_failed = True
        import contextlib
        import logging

        with contextlib.suppress(Exception):
            logging.getLogger("crossorigin").error(
                "The CORS headers of a response could not be set, and it was sent without them. Further failures are "
                "not logged.",
                exc_info=error,
            )


def _edit(response: StreamResponse, decided: TextHeaders) -> None:
    headers = response.headers
    pairs, removed = decided.edit(headers.items())
    for name in removed:
        headers.popall(name)
    for name, value in pairs:
        headers[name] = value


def _refuse_peer(app: Application) -> None:
    """Refuse aiohttp-cors in a sub-app: it runs after this layer, and closes the connection if a header is set."""
    for receiver in app.on_response_prepare:
        if getattr(receiver, "__module__", "").startswith("aiohttp_cors"):
            raise RuntimeError(
                "A sub-app still uses aiohttp-cors, which closes the connection if the CORS headers are already set. "
                "Remove aiohttp_cors.setup and cors.add, and use crossorigin.aiohttp only."
            )
