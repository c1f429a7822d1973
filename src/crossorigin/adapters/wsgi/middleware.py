"""WSGI middleware for any WSGI server and app. This module contains the fast path; `handler` serves the rest.

It reads the CORS fields of a request, lets the plan decide, and sets headers. It makes no decisions itself, keeps no
request data, hands the body of a response on untouched, and never raises because of a request.
"""

from __future__ import annotations

from functools import partial
from itertools import count

from crossorigin.adapters.common.arguments import check_policy, logs_invalid_arguments
from crossorigin.adapters.common.notices import log_notice
from crossorigin.adapters.common.reporting import Reporter
from crossorigin.adapters.common.route_policies import Selection
from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.adapters.wsgi.arguments import read_wsgi_arguments
from crossorigin.adapters.wsgi.environ import MARK, decide_preflight, is_preflight, read_facts, send_preflight
from crossorigin.adapters.wsgi.handler import Handler, OnePolicy
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Unpack

    from crossorigin.adapters.common.arguments import MiddlewareOptions, OnRefused
    from crossorigin.adapters.common.wsgi_types import Environ, ExcInfo, StartResponse, WSGIApp
    from crossorigin.adapters.wsgi.handler import Selector
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.options import PolicyOptions
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

_NUMBERS = count()


class Layer:
    """One middleware around a WSGI app: `policy` is the policy of the app, and `plan` its plan.

    `selector` selects the policy of a request. It is only used if `is_fast` is False.
    """

    __slots__ = (
        "_handler",
        "_has_warned",
        "_mark",
        "_options",
        "_reporter",
        "app",
        "is_fast",
        "plan",
        "policy",
        "selector",
    )

    def __init__(
        self,
        app: WSGIApp,
        policy: Policy,
        options: MiddlewareOptions,
        *,
        names: Mapping[str, str] | None = None,
        by_owner: Mapping[str, str] | None = None,
    ) -> None:
        """Compile the policy. `names` and `by_owner` are for the log; see `Reporter`."""
        self.app = app
        self.policy = policy
        self._options = options
        self.plan = TextPlan(Plan(policy, debug=options.debug, live=options.origins))
        self.selector: Selector = OnePolicy(Selection(policy=policy, plan=self.plan))
        self.is_fast = not (options.debug or options.blocks or options.on_decision is not None)
        # It refers to no object, so that an environ can be copied deeply.
        self._mark = next(_NUMBERS)
        self._has_warned = False
        self._reporter = Reporter(policy, options, read_facts, names, by_owner)
        self._handler = Handler(options, self._reporter, self._mark)

    def with_policy(self, policy: Policy) -> Layer:
        """Return the same layer with another policy, and with the hook and the log of this one.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other arguments.
        """
        check_policy(policy, self._options)
        layer = Layer(self.app, policy, self._options)
        layer._mark, layer._has_warned = self._mark, self._has_warned
        layer._reporter = self._reporter.with_policy(policy)
        layer._handler = Handler(self._options, layer._reporter, self._mark)
        return layer

    def describe_by_policy(self) -> None:
        """Describe refusals by the policy of this layer, which has replaced another one."""
        self._reporter.describe_by_policy()

    def serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        # Hot path: helper functions are inlined on purpose. One call costs as much as three of these branches.
        if not self.is_fast or "crossorigin.layer" in environ:
            return self._serve_fully(environ, start_response)
        plan = self.plan
        if environ["REQUEST_METHOD"] == "OPTIONS" and is_preflight(environ):
            answer = decide_preflight(plan, environ)
            if answer.is_refused:
                self._reporter.log_refusal(answer.decision, environ, environ["HTTP_ORIGIN"])
            return send_preflight(answer, start_response)
        decided = plan.constant
        if decided is None:
            origin = environ.get("HTTP_ORIGIN")
            if origin is None:
                decided = plan.absent
            else:
                # The length comes first, because hashing a megabyte reads all of it.
                decided = plan.listed.get(origin) if len(origin) <= MAX_ORIGIN else None
                if decided is None:
                    decided = plan.decide_actual(origin)
                    if decided.is_refused:
                        self._reporter.log_refusal(decided.decision, environ, origin)
        apply = decided.apply

        def start(
            status: str, headers: list[Sequence[str]], exc_info: ExcInfo | None = None
        ) -> Callable[[bytes], object]:
            if exc_info is None:
                return start_response(status, apply(headers))
            # https://peps.python.org/pep-3333/#the-start-response-callable: otherwise the traceback refers to itself.
            try:
                return start_response(status, apply(headers), exc_info)
            finally:
                exc_info = None

        environ["crossorigin.layer"] = self._mark
        return self.app(environ, start)

    def _serve_fully(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        mark = environ.get(MARK)
        # If the mark is our own, an app has copied the environ of its request and serves it as a new request.
        if mark is None or mark == self._mark:
            return self._handler.serve(self.selector, self.app, environ, start_response)
        self._warn_about_outer()
        return self._handler.serve_inside(self.selector, self.app, environ, start_response)

    def _warn_about_outer(self) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        log_notice(
            "A CORSMiddleware or CORS(app) does not set CORS headers, because it is inside another one, which "
            "answers the preflights and sets the headers. Only its on_refused still applies. Remove it if you do "
            "not use that."
        )


class CORSMiddleware:
    """Middleware that answers CORS preflights and sets the CORS headers of all other responses of a WSGI app.

    It works with every WSGI app and server: Bottle, Pyramid, Falcon, CherryPy, or your own. Pass either the options of
    `Policy` or a `policy`. For Flask, use `crossorigin.flask`, which also knows routes.

    Args:
        app: The WSGI app to wrap.
        policy: A `Policy` to use instead of the options, or a `LivePolicy`, which can be replaced while the server
            runs. It is an error to pass both a policy and options.
        debug: Whether to help with debugging. Allowed requests are logged as DEBUG. A preflight that is refused for its
            method or headers is answered with 200 if browsers refuse the request anyway, so that the browser console
            names the method or header instead of the status. Leave it off in production, because such a response
            shows what the policy allows.
        on_refused: What to do with an actual request whose `Origin` is neither allowed nor the server's own. With
            "pass", the app answers, and the browser prevents the page from reading the response. With "block", the
            middleware answers 403.
        on_decision: A function that is called with each decision and the environ. The decision is also in
            `environ["crossorigin"]`. Its exceptions are logged and do not affect the request.
        origins: `LiveOrigins`, exact origins that may change while the server runs. They are allowed in addition to
            those of the policy.
        **options: The options of `Policy`.

    An exception that leaves the app reaches the server, whose response has no CORS headers.

    Raises:
        InvalidPolicyError: An argument is invalid. The message is also logged as CRITICAL on the logger `crossorigin`.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> def application(environ, start_response): ...
    >>> application = CORSMiddleware(application, allow_origins=["https://app.example.com"])
    """

    @logs_invalid_arguments
    def __init__(
        self,
        app: WSGIApp,
        *,
        policy: Policy | LivePolicy | None = None,
        debug: bool = False,
        on_refused: OnRefused = "pass",
        on_decision: OnDecision | None = None,
        origins: LiveOrigins | None = None,
        **options: Unpack[PolicyOptions],
    ) -> None:
        """Validate the arguments and compile the policy."""
        self.policy, read = read_wsgi_arguments(
            policy, {**options}, debug=debug, on_refused=on_refused, on_decision=on_decision, origins=origins
        )
        self.origins = read.origins
        self._layer = Layer(app, self.policy, read)
        self._serve = self._first_server()
        self._live_policy = read.live_policy
        if read.live_policy is not None:
            read.live_policy.subscribe(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copy, which has to learn of new policies as well."""
        self.__dict__.update(state)
        if self._live_policy is not None:
            self._live_policy.subscribe(self)

    def prepare_policy(self, policy: Policy) -> Callable[[], None]:
        """Compile another policy, and return the function that starts to use it. `LivePolicy` calls it.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other arguments.
        """
        layer = self._layer.with_policy(policy)

        def use() -> None:
            layer.describe_by_policy()
            self.policy, self._layer = policy, layer
            self._serve = self._first_server()

        return use

    def _first_server(self) -> WSGIApp:
        return self._layer.serve if self.origins is None else partial(self._start, self.origins)

    def _start(self, origins: LiveOrigins, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the first request, after the live origins were loaded.

        Raises:
            RuntimeError: They are not loaded, and nothing is served without them.
        """
        from crossorigin.adapters.common.origin_start import start_origins

        start_origins(origins)
        layer = self._layer
        self._serve = layer.serve
        # If another thread has replaced the policy in the meantime, its layer applies.
        if self._layer is not layer:
            self._serve = self._first_server()
        return layer.serve(environ, start_response)

    @property
    def app(self) -> WSGIApp:
        """The wrapped app."""
        return self._layer.app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        return self._serve(environ, start_response)
