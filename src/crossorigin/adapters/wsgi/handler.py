"""Handler of WSGI requests that need more than headers: blocking, hooks, debug logs and per-route policies.

Most requests take the fast path in `middleware.py` instead, which makes the same decisions. A `Selector` selects the
policy, so the handler does not know about routes.
"""

from __future__ import annotations

from functools import partial

from crossorigin.adapters.common.enforcement import decide_blocking
from crossorigin.adapters.common.text_headers import TextHeaders
from crossorigin.adapters.wsgi.environ import (
    DECISION,
    MARK,
    ORIGIN,
    OWNER,
    decide_preflight,
    is_preflight,
    read_facts,
    send_preflight,
    send_refusal,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Protocol

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.reporting import Reporter
    from crossorigin.adapters.common.route_policies import Selection
    from crossorigin.adapters.common.text_headers import TextPreflight
    from crossorigin.adapters.common.text_plan import TextPlan
    from crossorigin.adapters.common.wsgi_types import Environ, ExcInfo, StartResponse, WSGIApp

    Apply = Callable[[Iterable[Sequence[str]]], list[Sequence[str]]]

    class Selector(Protocol):
        """The selection of policies for the requests of one middleware."""

        @property
        def is_known_ahead(self) -> bool:
            """Whether `afterward` always selects the same as `ahead`."""
            ...

        def ahead(self, environ: Environ) -> Selection:
            """Select for a request before the app runs."""
            ...

        def preflight(self, environ: Environ) -> tuple[Selection, TextPlan]:
            """Select for a preflight, and return the plan that answers it."""
            ...

        def afterward(self, environ: Environ) -> Selection:
            """Select for a response when it starts."""
            ...


class OnePolicy:
    """The selector of an app with one policy."""

    __slots__ = ("_selection",)
    is_known_ahead = True

    def __init__(self, selection: Selection) -> None:
        """Store the only selection."""
        self._selection = selection

    def ahead(self, environ: Environ) -> Selection:
        """Select for a request before the app runs."""
        return self._selection

    def preflight(self, environ: Environ) -> tuple[Selection, TextPlan]:
        """Select for a preflight."""
        return self._selection, self._selection.plan

    def afterward(self, environ: Environ) -> Selection:
        """Select for a response."""
        return self._selection


class Handler:
    """The handler of one middleware, whose mark is `mark`."""

    __slots__ = ("_mark", "_observes", "_options", "_reporter")

    def __init__(self, options: MiddlewareOptions, reporter: Reporter, mark: object) -> None:
        """Store the arguments."""
        self._options = options
        # Whether decisions that allow a request are reported too.
        self._observes = options.debug or options.on_decision is not None
        self._reporter = reporter
        self._mark = mark

    def serve(
        self, selector: Selector, app: WSGIApp, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request."""
        if is_preflight(environ):
            selection, plan = selector.preflight(environ)
            preflight = decide_preflight(plan, environ)
            self._report(preflight, environ, selection)
            if preflight.is_refused or not selection.answers_options:
                return send_preflight(preflight, start_response)
            environ[MARK] = self._mark
            return app(environ, starting(preflight.apply, start_response))
        ahead: TextHeaders | None = None
        if selector.is_known_ahead or self._options.blocks:
            selection = selector.ahead(environ)
            ahead, is_blocked = self._decide_ahead(selection, environ)
            self._report(ahead, environ, selection)
            if is_blocked:
                return send_refusal(ahead.decision, start_response)
        environ[MARK] = self._mark
        return app(environ, starting(partial(self._apply_late, selector, environ, ahead), start_response))

    def serve_inside(
        self, selector: Selector, app: WSGIApp, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request inside another CORSMiddleware, which answers preflights and sets the headers.

        Blocking still applies inside it, because it can only refuse more requests.
        """
        if self._options.blocks:
            selection = selector.ahead(environ)
            answer, is_blocked = self._decide_ahead(selection, environ)
            if is_blocked:
                self._report(answer, environ, selection)
                return send_refusal(answer.decision, start_response)
        return app(environ, start_response)

    def _decide_ahead(self, selection: Selection, environ: Environ) -> tuple[TextHeaders, bool]:
        """Return the decision before the app runs, and whether it blocks the request."""
        answer = selection.plan.decide_actual(environ.get(ORIGIN))
        if not self._options.blocks:
            return answer, False
        decision, is_blocked = decide_blocking(answer.decision, read_facts(environ))
        if decision is not answer.decision:
            answer = TextHeaders(decision)
        return answer, is_blocked

    def _apply_late(
        self, selector: Selector, environ: Environ, ahead: TextHeaders | None, headers: Iterable[Sequence[str]]
    ) -> list[Sequence[str]]:
        selection = selector.afterward(environ)
        answer = selection.plan.decide_actual(environ.get(ORIGIN))
        # The same decision was reported before the app ran.
        if ahead is None or answer.decision is not ahead.decision:
            self._report(answer, environ, selection)
        return answer.apply(headers)

    def _report(self, answer: TextHeaders | TextPreflight, environ: Environ, selection: Selection) -> None:
        if selection.owner:
            environ[OWNER] = selection.owner
        else:
            # The policy that was selected before the app ran may have been that of a route.
            environ.pop(OWNER, None)
        if not self._observes and not answer.is_refused:
            return
        decision = answer.decision
        if self._options.on_decision is not None:
            environ[DECISION] = decision
        self._reporter.report(
            decision, environ, environ.get(ORIGIN, ""), policy=selection.policy, owner=selection.owner
        )


def starting(apply: Apply, start_response: StartResponse) -> StartResponse:
    """Return a `start_response` that sends the headers that `apply` returns for those of the app."""

    def start(status: str, headers: list[Sequence[str]], exc_info: ExcInfo | None = None) -> Callable[[bytes], object]:
        if exc_info is None:
            return start_response(status, apply(headers))
        # https://peps.python.org/pep-3333/#the-start-response-callable: without this, the traceback refers to itself.
        try:
            return start_response(status, apply(headers), exc_info)
        finally:
            exc_info = None

    return start
