"""Hold the ASGI middleware: any ASGI 3 server, any ASGI app; the drop-in for Starlette's and FastAPI's.

It reads the facts of a request, lets the plan decide, and writes headers. It never judges, keeps nothing of a
request on itself, and never raises on account of one.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from copy import copy
from functools import partial
from threading import Lock
from weakref import WeakValueDictionary

from crossorigin.adapters.asgi.attendant import Attendant, guard
from crossorigin.adapters.asgi.headers import decide_preflight
from crossorigin.adapters.asgi.nesting import MARK, Place, mark, tell_of_staying, tell_of_two
from crossorigin.adapters.common.arguments import read_arguments
from crossorigin.adapters.starlette.route_policy import ATTACHED
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable
    from typing import Any, ClassVar

    from crossorigin.adapters.common.arguments import OnRefused
    from crossorigin.adapters.common.asgi_types import ASGIApp, Message, OnDecision, Receive, Scope, Send
    from crossorigin.policy.policy import Policy

_OK = 200

# What subclasses of Starlette's class override, and what says the same here.
_INSTEAD = {
    "is_allowed_origin": "allow_origins with patterns such as https://*.example.com, or allow_origin_regex",
    "preflight_response": "the options of Policy, or a middleware of its own outside this one",
    "simple_response": "the options of Policy, or a middleware of its own outside this one",
    "send": "a middleware of its own outside this one",
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

    # All that there are in the process: alone, a layer need not look for another one around it.
    # By their identity, for a subclass may have no hash.
    _layers: ClassVar[WeakValueDictionary[int, CORSMiddleware]] = WeakValueDictionary()  # one for all
    _lock: ClassVar[Lock] = Lock()

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
        behavior: dict[str, object] = {
            "debug": debug,
            "outermost": outermost,
            "check_websockets": check_websockets,
            "served_methods_only": served_methods_only,
            "on_refused": on_refused,
            "on_decision": on_decision,
        }
        try:
            self.policy, read = read_arguments(policy, options, behavior)
        except InvalidPolicyError as error:
            import logging

            logging.getLogger("crossorigin").critical("%s", error)
            raise
        self.app = app
        self._ready = Plan(self.policy, debug=debug)
        self._plan: Plan | None = None
        self._place = Place(taken=not read.outermost)
        self._attendant = Attendant(self.policy, self._ready, read)
        # Whether more is asked than headers, of every request.
        self._asked = read.debug or read.blocks or read.served_methods_only or read.on_decision is not None
        self._join()

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901  # see below
        """Serve one connection; a `lifespan` passes through untouched, and so does a `websocket` that may."""
        # Every request comes through here, so what is asked of each stands here: a call costs as much as three of
        # these branches. `docs/performance.md` has the figures.
        plan = self._plan
        if plan is None or scope["type"] != "http":
            serve = self._attend(scope)
            if serve is not None:
                await serve(scope, receive, send)
                return
            plan = self._ready
        if scope["method"] == "OPTIONS":
            asked = decide_preflight(plan, scope["headers"])
            if asked is not None:
                answered = asked.response
                if answered.status != _OK:
                    self._attendant.note_refusal(asked, scope)
                await send({"type": "http.response.start", "status": answered.status, "headers": [*answered.headers]})
                await send({"type": "http.response.body", "body": answered.body})
                return
        decision = plan.constant
        if decision is None:
            lines, origin = 0, b""
            # One plain pass over the headers: whatever C does for it costs more, a dict or a map too.
            for name, value in scope["headers"]:
                if name == b"origin":
                    lines, origin = lines + 1, value
            if not lines:
                decision = plan.absent
            else:
                # Looked up here, for the call cost as much; measured first, for hashing a megabyte reads all of it.
                decision = plan.listed.get(origin) if lines == 1 and len(origin) <= MAX_ORIGIN else None
                if decision is None:
                    decision = plan.repeated if lines > 1 else plan.judge_origin(origin)
                    # Nothing is granted: what `allowed` says, at a thirtieth of its cost.
                    if decision.response.allow_origin is None:
                        self._attendant.note_refusal(decision, scope)
        response = decision.response

        # A plain function that hands on the awaitable: a coroutine of its own would cost every chunk of a stream.
        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                # A new message, for the app may use its own again. A dict copies itself at half the cost of a display.
                answer: dict[str, Any] = message.copy() if type(message) is dict else dict(message)  # pyright: ignore[reportUnknownVariableType]  # narrowed to a dict of unknowns
                answer["headers"] = response.apply(answer.get("headers", ()))
                return send(answer)
            return send(message)

        await self.app(scope, receive, send_with_headers)

    def _attend(self, scope: Scope) -> ASGIApp | None:
        """Return what serves a first scope, what is no request, and what asks for more; None if the short way does."""
        place = self._place
        # Read before the place is taken, for then this may be the layer outside it.
        app = self.app
        # Some hand one lifespan to several apps at a time, which are not in each other.
        outer = scope.get(MARK) if scope["type"] != "lifespan" else None
        if outer is place:
            return app
        if outer is None and not place.taken:
            self._take_place(scope)
        alone = len(self._layers) == 1
        if alone and self._plan is None:
            self._settle()
        moved = place.outermost is not None and place.outermost is not self
        if moved and place.unlinked:
            serve = app
        elif outer is not None:
            tell_of_two(scope, place, outer)
            return self._attendant.inside(app, scope["type"], self)
        elif alone and scope["type"] == "http" and not self._asked and not ATTACHED.any:
            return None
        else:
            guarded = moved and place.guarded and scope["type"] == "http"
            serve = self._attendant.around(guard(app) if guarded else app, scope["type"], self)
        return serve if alone else partial(mark, serve, place)

    def _take_place(self, scope: Scope) -> None:
        """Move outside all layers of the app that this one was added to; a copy does, which shares the place."""
        place = self._place
        place.taken = True
        app = scope.get("app")
        built = getattr(app, "middleware_stack", None)
        if app is None or built is None or built is self:
            self._join()
            return
        from crossorigin.adapters.starlette import middleware_stack as stack

        # What a subclass does in a call of its own is meant for where it stands.
        found = stack.around(self, app) if type(self).__call__ is CORSMiddleware.__call__ else []
        if not found:
            tell_of_staying(scope, place)
            self._join()
            return
        outermost = copy(self)
        holder = stack.holder_of_own(app, built)
        outermost.app = built if holder is None else holder.app
        if holder is None or not stack.link(holder, outermost):
            outermost.app = built
            app.middleware_stack = outermost
        place.outermost = outermost
        place.guarded = stack.passes_exceptions_on(found)
        # Before the app has started nothing is under way that has passed by the new place: the old one may go.
        if scope["type"] == "lifespan" and stack.link(found[-1], self.app):
            place.unlinked = True
            with self._lock:
                self._layers.pop(id(self), None)
        outermost._join()  # noqa: SLF001  # of the same class

    def _join(self) -> None:
        """Count this layer among those of the process."""
        with self._lock:
            self._layers[id(self)] = self
        self.settle()

    @classmethod
    def settle(cls) -> None:
        """Let each layer of the process take the short way if it can, after something changed that it depends on."""
        with cls._lock:
            for layer in list(cls._layers.values()):
                layer._settle()  # noqa: SLF001  # of the same class

    def _settle(self) -> None:
        short = self._place.taken and not self._asked and len(self._layers) == 1 and not ATTACHED.any
        self._plan = self._ready if short else None
