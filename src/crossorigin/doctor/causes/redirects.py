"""Causes that a redirect shows: to https, away from https, to the same path with a slash. Pure."""

from urllib.parse import urljoin, urlsplit

from crossorigin.browser import Exchange
from crossorigin.browser.check import text_lines
from crossorigin.browser.preflight import REDIRECT_STATUSES
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import Situation
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.wording import cut

_PROXY = (
    "If a proxy in front of the server ends TLS, the server must trust its headers: start uvicorn with"
    " --proxy-headers --forwarded-allow-ips and the address of the proxy, and let the proxy send X-Forwarded-Proto."
)


def redirect_cause(situation: Situation) -> Cause | None:
    """Return what the redirects show, or None. A redirect that was followed only counts if it left https."""
    found = [(exchange, target) for exchange in situation.verdict.exchanges if (target := target_of(exchange))]
    left = next((pair for pair in found if _leaves_https(*pair)), None)
    if left is not None:
        return _https_cause(situation, *left)
    if not found or found[-1][0] is not situation.last:
        return None
    return _cause(situation, *found[-1])


def _leaves_https(exchange: Exchange, target: str) -> bool:
    old, new = urlsplit(exchange.request.url), urlsplit(target)
    return old.hostname == new.hostname and (old.scheme, new.scheme) == ("https", "http")


def target_of(exchange: Exchange) -> str | None:
    """Return the absolute URL that an exchange redirects to, or None."""
    response = exchange.response
    if response is None or response.status not in REDIRECT_STATUSES:
        return None
    location = text_lines(response, "Location")
    return urljoin(exchange.request.url, location[0]) if len(location) == 1 else None


def _cause(situation: Situation, exchange: Exchange, target: str) -> Cause:
    url = exchange.request.url
    old, new = urlsplit(url), urlsplit(target)
    same_host = old.hostname == new.hostname
    edits = _edits(situation, target)
    if same_host and (old.scheme, new.scheme) == ("http", "https") and old.path == new.path:
        text = f"The server redirects http to https, from {cut(url)} to {cut(target)}."
        return Cause(code=CauseCode.REDIRECT_TO_HTTPS, text=text, fix=_use(target), edits=edits)
    if same_host and _differ_in_slash(url, target):
        what = "with a slash at the end" if new.path.endswith("/") else "without the slash at the end"
        text = f"The server redirects to the same path {what}: from {cut(url)} to {cut(target)}."
        return Cause(code=CauseCode.REDIRECT_TO_SLASH, text=text, fix=_use(target), edits=edits)
    text = f"The server redirects from {cut(url)} to {cut(target)}."
    if any(word in new.path.lower() for word in ("login", "signin", "sign-in", "auth", "sso")):
        text += " This looks like a login page, which a page cannot follow with fetch."
        fix = "Answer requests without a login with 401 instead of a redirect, and OPTIONS before authentication."
        return Cause(code=CauseCode.AUTHENTICATION, text=text, fix=fix)
    fix = "Request the target of the redirect in the page, or send CORS headers with the redirect."
    return Cause(code=CauseCode.REDIRECT_TO_OTHER_URL, text=text, fix=fix, edits=edits)


def _differ_in_slash(url: str, target: str) -> bool:
    old, new = urlsplit(url).path, urlsplit(target).path
    return old != new and old.rstrip("/") == new.rstrip("/")


def _https_cause(situation: Situation, exchange: Exchange, target: str) -> Cause:
    url = exchange.request.url
    text = (
        f"The server redirects from https to http, from {cut(url)} to {cut(target)}. Browsers block that as mixed"
        " content. The server does not know that it is served over https."
    )
    right = target.replace("http://", "https://", 1)
    slash = _differ_in_slash(url, right)
    fix = f"{_PROXY} Or: {_use(right)}" if slash else _PROXY
    edits = _edits(situation, right) if slash else ()
    return Cause(code=CauseCode.REDIRECT_LEAVES_HTTPS, text=text, fix=fix, edits=edits)


def _use(target: str) -> str:
    return f"Request {cut(target)} in the page, so that there is no redirect."


def _edits(situation: Situation, target: str) -> tuple[Edit, ...]:
    """Return the URL to write in the page, if the same request is known to work there."""
    if situation.evidence.works_at != target:
        return ()
    return (Edit(kind="url", place="In the page, request this URL:", code=target),)
