"""Selection of the policy that applies to a request of an aiohttp app, by aiohttp's own routing.

The policy nearest to the handler applies; policies are never merged: that of the handler (or of the method of a view
class), of its view class, of the innermost sub-app that has one, or of the app. A 404 or a 405 has no handler, so the
policy of its sub-app or of the app applies. Of a list of policies, the first whose origins match decides.
"""

from __future__ import annotations

from typing import cast

from aiohttp import hdrs
from aiohttp.web import HTTPMethodNotAllowed
from multidict import istr

from crossorigin.adapters.aiohttp.registry import REGISTRY, policy_key
from crossorigin.adapters.common.route_policies import RoutePlans
from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from aiohttp.abc import AbstractMatchInfo
    from aiohttp.web import Application, Request

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.route_policies import AttachedPolicy, Selection

    Resolve = Callable[[Request], Awaitable[AbstractMatchInfo]]

# No route serves it, so the router answers with the methods that the path serves.
_NO_METHOD = ""


class AppPlans:
    """The policies of one app, and the plans of all policies in it.

    They belong together: a live policy replaces the whole object, and a request reads it once.

    - `attached`: the policies of the app. Of a list, the first one has the live origins.
    - `plans`: the plans.
    """

    __slots__ = ("attached", "plans")

    def __init__(self, attached: AttachedPolicy, options: MiddlewareOptions) -> None:
        """Compile the first policy. The others are compiled when they are first needed."""
        policy, is_debug = attached.policy, options.debug
        plan = TextPlan(Plan(policy, debug=is_debug, live=options.origins), name_type=istr)
        self.attached = attached
        self.plans = RoutePlans(policy, plan, debug=is_debug, served_methods_only=options.served_methods_only)

    def choose(self, attached: AttachedPolicy | None, origin: str | None) -> Selection:
        """Return the selection of attached policies, or of those of the app, for an origin."""
        if attached is None:
            # The first policy of a list allows exact origins or patterns, so its plan varies as it is.
            selection, others = self.plans.app, self.attached.others
        else:
            selection, others = self.plans.select(attached), attached.others
        if not others or selection.plan.decide_actual(origin).decision.allowed:
            return selection
        chosen = map(self.plans.select, others)
        return next((other for other in chosen if other.plan.decide_actual(origin).decision.allowed), selection)


class AiohttpRoutes:
    """The selector of one app.

    - `app`: the policies of the app and the plans.
    - `has_policies`: whether a handler or sub-app has its own policy.
    """

    __slots__ = ("_route", "app", "has_policies")

    def __init__(self, route: Resolve, app: AppPlans) -> None:
        """Start without a look-up. `route` is how the router of the app resolves a request."""
        self._route = route
        self.app = app
        self.has_policies = False

    def use(self, route: Resolve) -> None:
        """Look up routes with another router."""
        self._route = route

    @property
    def plan(self) -> TextPlan:
        """The plan of the policy of the app, the first if there is a list."""
        return self.app.plans.app.plan

    def scan(self, handlers: Iterable[object], apps: Iterable[Application]) -> None:
        """Find out whether one of the handlers or sub-apps has its own policy."""
        on_handlers = any(REGISTRY.policy_of(handler) is not None for handler in handlers)
        self.has_policies = on_handlers or any(policy_key() in app for app in apps)

    def select(self, match: AbstractMatchInfo, method: str, origin: str | None) -> Selection:
        """Select for a request that aiohttp has routed."""
        return self.app.choose(self._attached(match, method) if self.has_policies else None, origin)

    def is_on_handler(self, match: AbstractMatchInfo, request: Request) -> bool:
        """Return whether the handler of a request has its own policy."""
        return any(REGISTRY.policy_of(owner) is not None for owner in _owners(match, request.method))

    async def preflight(self, request: Request, origin: str | None, method: str) -> tuple[Selection, TextPlan]:
        """Select for a preflight, by the method that it requests, and return the plan that answers it."""
        app = self.app
        if not self.has_policies and not app.plans.served_methods_only:
            selection = app.choose(None, origin)
            return selection, selection.plan
        selection = app.choose(await self._resolve(request, method), origin)
        served = {name: app.choose(found, origin) for name, found in (await self._served(request, selection)).items()}
        plan = app.plans.plan_for_preflight(selection, served, unserved=app.choose(None, origin))
        return selection, plan

    async def _resolve(self, request: Request, method: str) -> AttachedPolicy | None:
        found = await self._match(request, method)
        return None if found is None else self._attached(found, method)

    async def _served(self, request: Request, selection: Selection) -> dict[str, AttachedPolicy | None]:
        """Return the methods that a path serves, each with the policy that is attached to its handler."""
        found = await self._match(request, _NO_METHOD)
        error = None if found is None else found.http_exception
        names: Iterable[str] = hdrs.METH_ALL | {*allowed_methods(selection.policy.allow_methods)}
        if error is not None:
            names = error.allowed_methods if isinstance(error, HTTPMethodNotAllowed) else ()
        served: dict[str, AttachedPolicy | None] = {}
        for name in names:
            match = await self._match(request, name)
            if match is not None and match.http_exception is None and _serves(match.handler, name):
                served[name] = self._attached(match, name)
        return served

    async def _match(self, request: Request, method: str) -> AbstractMatchInfo | None:
        try:
            return await self._route(request.clone(method=method))
        except Exception:  # noqa: BLE001  # a rule or resource of the app fails, so no handler serves it
            return None

    def _attached(self, match: AbstractMatchInfo, method: str) -> AttachedPolicy | None:
        for owner in _owners(match, method):
            attached = REGISTRY.policy_of(owner)
            if attached is not None:
                return attached
        # These are only the sub-apps: aiohttp adds the app itself later. A custom router may not know them.
        for app in reversed(getattr(match, "apps", ())):
            if policy_key() in app:
                return cast("AttachedPolicy", app[policy_key()])
        return None


def sub_apps(app: Application) -> list[Application]:
    """Return the apps that are mounted in an app, at any depth."""
    direct = [found for resource in app.router.resources() if (found := resource.get_info().get("app")) is not None]
    return [*direct, *(deeper for found in direct for deeper in sub_apps(found))]


def handlers_of(app: Application) -> list[Any]:
    """Return the handlers of an app, and for view classes also their methods."""
    handlers: list[Any] = [route.handler for route in app.router.routes()]
    views = [handler for handler in handlers if isinstance(handler, type)]
    return handlers + [getattr(view, name.lower(), None) for view in views for name in hdrs.METH_ALL]


def _owners(match: AbstractMatchInfo, method: str) -> tuple[Any, ...]:
    handler = match.handler
    if isinstance(handler, type) and method in hdrs.METH_ALL:
        return getattr(handler, method.lower(), None), handler
    return (handler,)


def _serves(handler: object, method: str) -> bool:
    """Return whether a handler serves a method. The route of a view class takes all methods."""
    return not isinstance(handler, type) or (method in hdrs.METH_ALL and hasattr(handler, method.lower()))
