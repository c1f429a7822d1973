"""The responses that the adapter sends by itself, and the routing result with which aiohttp sends them."""

from __future__ import annotations

from aiohttp.web import HTTPNotFound, Response, UrlMappingMatchInfo
from aiohttp.web_urldispatcher import SystemRoute

from crossorigin.adapters.common.enforcement import FORBIDDEN, refusal_body, refusal_pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiohttp.typedefs import Handler
    from aiohttp.web import Application, Request

    from crossorigin.adapters.common.text_headers import TextPreflight
    from crossorigin.policy.decide.decisions import ActualDecision

# Every result needs a route. This one is shared, and only its handling of `Expect: 100-continue` is used.
_ROUTE = SystemRoute(HTTPNotFound())


class Answered(UrlMappingMatchInfo):
    """The result of routing a request that is answered with `response`, whatever the app would do.

    It has no apps, so that neither their middlewares nor their signals see the request: authentication must not refuse
    a preflight, which never has credentials.
    """

    __slots__ = ("_response",)

    def __init__(self, response: Response) -> None:
        """Store the response."""
        super().__init__({}, _ROUTE)
        self._response = response

    @property
    def handler(self) -> Handler:
        """The function that returns the response."""
        return self._respond

    async def _respond(self, _: Request) -> Response:
        return self._response

    def add_app(self, app: Application) -> None:
        """Note the app for `request.app`, but do not add it to the apps."""
        if self._current_app is None:
            self._current_app = app


def answer_preflight(preflight: TextPreflight) -> Answered:
    """Return the answer to a preflight."""
    return Answered(Response(status=preflight.status, headers=preflight.headers, body=preflight.body))


def refuse(decision: ActualDecision) -> Answered:
    """Return the answer to a blocked request."""
    body = refusal_body(decision)
    return Answered(Response(status=FORBIDDEN, headers=refusal_pairs(body), body=body))
