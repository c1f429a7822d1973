"""The cause if the app did not answer at all. Pure."""

from collections.abc import Mapping

from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import ALLOW_ORIGIN, Situation

_NO_PROXY = "the proxy could not reach the app"
_GATEWAY: Mapping[int, str] = {
    502: _NO_PROXY,
    503: f"{_NO_PROXY}, or the app is starting, overloaded or closed for maintenance",
    504: "the proxy could not reach the app in time",
    # The numbers of Cloudflare.
    **dict.fromkeys((520, 521, 522, 523, 525, 526, 530), _NO_PROXY),
    524: "the proxy could not reach the app in time",
}
_REACH = (
    "Start the app, and compare the address and the port at which it listens with those in the proxy (proxy_pass in"
    " nginx). The log of the proxy says what failed. Then check again."
)
_TOO_MANY = 429
_LIMIT = (
    "Wait, and check again. So that pages can read such an answer, let OPTIONS pass what limits the requests, and put"
    " the CORS layer outside it."
)


def unavailable_cause(situation: Situation) -> Cause | None:
    """Return the cause if the app did not answer at all: a proxy could not reach it, or something limits requests.

    What the app allows is not known then, so there is no code. An app in this process has no proxy in front of it.
    """
    status, response = situation.status, situation.response
    if situation.recognized.app is not None or response is None or response.lines(ALLOW_ORIGIN):
        return None
    what = "The preflight" if situation.in_preflight else "The request"
    if status in _GATEWAY:
        text = (
            f"{what} is answered with {status}, and without CORS headers: {_GATEWAY[status]}. What the app allows is"
            " not known."
        )
        return Cause(code=CauseCode.APP_UNREACHABLE, text=text, fix=_REACH)
    if status == _TOO_MANY:
        text = (
            f"{what} is answered with 429 (Too Many Requests), and without CORS headers: something that limits the rate"
            " of requests answered instead of the app. What the app allows is not known."
        )
        return Cause(code=CauseCode.RATE_LIMITED, text=text, fix=_LIMIT)
    return None
