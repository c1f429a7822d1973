"""Causes outside the CORS options: another layer answered, or nothing handles the request. Pure."""

from collections.abc import Mapping

from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    Situation,
    is_refusal_of_aiohttp,
    options_of,
    texts_in,
)
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.fixes.options import needs_by_options
from crossorigin.doctor.fixes.whole import add_middleware, place_of
from crossorigin.doctor.servers import Server, is_cors, server_of
from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.errors import InvalidPolicyError
from crossorigin.policy.literals import list_literal, literal
from crossorigin.policy.options import DEFAULTS, is_list_like
from crossorigin.policy.policy import Policy

_FORBIDDEN = 403
_AUTHENTICATION = frozenset({401, 403, 407})
_MOVE_OUT = (
    "Add the CORS middleware after all other middleware, so that it is outside them. The CORSMiddleware of crossorigin"
    " moves there by itself."
)
# What answers in nginx itself, and where.
_OF_NGINX: Mapping[int, str] = {
    401: "look at auth_basic and auth_request",
    403: "look at deny, limit_except and auth_request",
    405: "look at return and limit_except",
    413: "raise client_max_body_size, which limits the body of a request",
    414: "raise large_client_header_buffers, which limits the length of a URL",
}


def authentication_cause(situation: Situation) -> Cause | None:
    """Return the cause if something that checks who sends a request answered before the CORS layer."""
    response = situation.response
    asks = response is not None and bool(response.lines("WWW-Authenticate"))
    if not (situation.status in _AUTHENTICATION or (asks and situation.status >= 400)):
        return None
    if not situation.in_preflight and not _is_allowed(situation):
        return None
    if response is not None and is_refusal_of_aiohttp(response):
        return None
    if situation.in_preflight and situation.status == _FORBIDDEN and not asks:
        text = (
            "The preflight is answered with 403: something forbids it before the CORS layer sees it, such as"
            " authentication, a firewall, or a list of allowed methods in a proxy. Browsers send preflights without"
            " cookies, Authorization and client certificates."
        )
    elif situation.in_preflight:
        text = (
            f"The preflight is answered with {situation.status}, because the server authenticates requests before it"
            " answers preflights. Browsers send preflights without cookies, Authorization and client certificates."
        )
    else:
        text = (
            f"The origin is allowed, but the answer {situation.status} was sent outside the CORS middleware, so the"
            " page cannot read it."
        )
    fix, edits = _move(situation)
    fix = fix or "Let OPTIONS pass the authentication, or set the CORS headers in a layer outside it."
    return Cause(code=CauseCode.AUTHENTICATION, text=text, fix=fix, edits=edits)


def crash_cause(situation: Situation) -> Cause | None:
    """Return the cause if the server failed, and the origin is allowed otherwise, or what it allows is not known."""
    if situation.status < 500:
        return None
    is_hidden = situation.misses_preflights or not situation.has_layer
    if situation.in_preflight and situation.recognized.app is None and is_hidden:
        return _failed_preflight(situation)
    if situation.in_preflight or not _is_allowed(situation):
        return None
    error = None if situation.response is None else situation.response.error
    raised = f" {type(error).__name__} was raised." if error is not None else ""
    text = (
        f"The server failed with {situation.status}, and that answer was sent outside the CORS middleware.{raised}"
        " The origin is allowed."
    )
    fix = "Fix the error first: the server's log has it."
    how, edits = _move(situation)
    if how:
        fix += f" So that pages can read such errors: {how[0].lower()}{how[1:]}"
    elif _is_nginx(situation):
        return None
    return Cause(code=CauseCode.CRASH, text=text, fix=fix, edits=edits)


def _failed_preflight(situation: Situation) -> Cause | None:
    if situation.recognized.server is Server.EXPRESS:
        return None
    text = (
        f"The server fails to answer the preflight: its status is {situation.status}, and it has no CORS headers. What"
        " the server allows is not known."
    )
    fix = "Fix the error first: the server's log has it. Then check again."
    return Cause(code=CauseCode.CRASH, text=text, fix=fix)


def answered_elsewhere(situation: Situation) -> Cause | None:
    """Return the cause if the origin is allowed, but this answer has no headers."""
    if not _is_allowed(situation) or situation.response is None or situation.response.lines(ALLOW_ORIGIN):
        return None
    status = situation.status
    if _is_nginx(situation) and status >= 400:
        text = (
            f"nginx adds headers to the status {status} only if add_header ends with always. If the app behind nginx"
            " sets the headers, nginx answered instead of the app."
        )
        fix = "Write always after every add_header Access-Control-... and add_header Vary."
        if status in _OF_NGINX:
            fix += f" If the app sets the headers: {_OF_NGINX[status]}."
        return Cause(code=CauseCode.NGINX_WITHOUT_ALWAYS, text=text, fix=fix)
    text = f"The origin is allowed, but this answer, with status {status}, was sent by another layer or changed by one."
    fix, edits = _move(situation)
    fix = fix or (
        "Look at what is outside the CORS middleware: other middleware, a proxy that removes"
        " Access-Control-Allow-Origin, or another server for this path."
    )
    return Cause(code=CauseCode.ANSWERED_ELSEWHERE, text=text, fix=fix, edits=edits)


def removed_by_proxy(situation: Situation) -> Cause | None:
    """Return the cause if a proxy lets Access-Control-Allow-Credentials through, but not Access-Control-Allow-Origin.

    Flask-Cors and django-cors-headers send the first only with the second. Other packages always send it.
    """
    response = situation.response
    if response is None or situation.recognized.server not in {Server.FLASK, Server.DJANGO}:
        return None
    if response.lines(ALLOW_ORIGIN) or not response.lines(ALLOW_CREDENTIALS):
        return None
    text = (
        "The app allows the origin, because Access-Control-Allow-Credentials comes through. Something in front of the"
        " app, such as a proxy, removes Access-Control-Allow-Origin."
    )
    fix = "Look for proxy_hide_header in nginx, or for the same in another proxy or gateway, and remove it."
    return Cause(code=CauseCode.REMOVED_BY_PROXY, text=text, fix=fix)


def _is_allowed(situation: Situation) -> bool:
    """Return whether the layer is known to allow what was refused, by an answer or by its options."""
    layer = situation.layer
    if layer is None:
        return situation.origin_allowed and not situation.in_preflight
    server = server_of(layer.owner)
    needs = needs_by_options(situation, options_of(layer), Server.STARLETTE if server is None else server)
    return needs.nothing if situation.in_preflight else not needs.origin


def _is_nginx(situation: Situation) -> bool:
    return situation.response is not None and any(
        line.lower().startswith((b"nginx", b"openresty")) for line in situation.response.lines("Server")
    )


def _move(situation: Situation) -> tuple[str, tuple[Edit, ...]]:
    """Return how to move the CORS layer of an app in this process outside everything else, and the code if possible."""
    app, layer = situation.recognized.app, situation.layer
    if app is None or layer is None:
        if situation.recognized.server in {Server.STARLETTE, Server.FASTAPI}:
            return _MOVE_OUT, ()
        return "", ()
    if server_of(layer.owner) not in {Server.STARLETTE, Server.CROSSORIGIN}:
        return "", ()
    outside = [other.name for other in app.layers[: app.layers.index(layer)] if not is_cors(other)]
    named = f" outside {', '.join(outside)}" if outside else " outside everything else"
    how = f"Move CORSMiddleware{named}."
    if server_of(layer.owner) is not Server.STARLETTE or layer.added_to is None or layer.added_to != app.target:
        by_itself = " Without outermost=False, it goes there by itself."
        return f"{how}{by_itself if layer.options.get('outermost') is False else ''}", ()
    code = _own_call(layer.added_to, layer.options)
    if code is None:
        return f"{how} Add it after all other middleware, or use the CORSMiddleware of crossorigin.", ()
    place = f"Remove the call that adds CORSMiddleware. {place_of(app)}"
    how = f"{how} The CORSMiddleware of crossorigin goes there by itself and takes the same options."
    return how, (Edit(kind="replace", place=place, code=code, name="add_middleware"),)


def _own_call(target: str, given: Mapping[str, object]) -> str | None:
    """Return the call that adds crossorigin's class with the same options, or None if that is not the same."""
    # In the class of Starlette, a pattern in the list allows nobody.
    has_pattern = any("*" in text and text != WILDCARD for text in texts_in(given.get("allow_origins")))
    if has_pattern or not set(given) <= set(DEFAULTS):
        return None
    try:
        Policy.from_dict(given)
    except InvalidPolicyError:
        return None
    written = [f"{name}={_source(value)}," for name, value in given.items()]
    return add_middleware(target, written)


def _source(value: object) -> str:
    if is_list_like(value):
        return list_literal(texts_in(value))
    return literal(value)


def nothing_handles(situation: Situation) -> tuple[CauseCode, str]:
    """Return why nothing answers with CORS headers."""
    status, in_preflight = situation.status, situation.in_preflight
    method = "OPTIONS" if in_preflight else situation.wanted.method
    if in_preflight and status in {405, 501}:
        return CauseCode.NO_OPTIONS_HANDLER, (
            f"Nothing handles OPTIONS here: the preflight is answered with {status}. No CORS middleware is in front of"
            " this path."
        )
    if status == 404:
        return CauseCode.NO_SUCH_PATH, (
            f"{method} is answered with 404: the path may be wrong, or nothing handles {method} there. No CORS"
            " middleware is in front of it."
        )
    return CauseCode.NO_CORS, "No answer of this server has CORS headers: it does not allow pages of other origins."
