"""The cause if what the page asks for is not allowed, or not known to be. Pure."""

from crossorigin.browser import advice
from crossorigin.browser.check import text_lines
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.causes.elsewhere import nothing_handles
from crossorigin.doctor.causes.origins import nearest
from crossorigin.doctor.evidence import ALLOW_METHODS, ALLOW_ORIGIN, Situation, options_of
from crossorigin.doctor.fixes.options import OWN, Needs, edits_of, needs_by_answers, needs_by_options
from crossorigin.doctor.fixes.vocabulary import VOCABULARIES
from crossorigin.doctor.fixes.whole import header_lines, whole
from crossorigin.doctor.servers import Server, server_of

_ADD = (
    "Add CORS for this page. If something in the server allows other origins in a way that these answers do not show,"
    " list these origins, too."
)
_SEND = "Let the server send these lines:"
_BY_HAND = (
    "The code of the app or a proxy seems to set the headers, not a CORS package: a package answers preflights with"
    " Access-Control-Allow-Methods."
)
_BY_THE_APP = "The code of the app sets the headers itself, because it has no CORS package or middleware that is known."


def not_listed(situation: Situation) -> Cause:
    """Return the cause if nothing more specific was found: the options or the answers do not allow the request."""
    server, layer = situation.recognized.server, situation.layer
    if situation.recognized.app is not None and layer is not None:
        owner = server_of(layer.owner) or server
        needs = needs_by_options(situation, options_of(layer), owner)
        if needs.nothing and _is_own_refusal(situation, owner):
            return _not_served(situation)
        if needs.nothing:
            return _unclear(situation, f"The options of {layer.name} allow the request already.")
        return _with_needs(situation, needs, owner)
    if not situation.has_layer:
        failing = _failing_express(situation)
        if failing is not None:
            return failing
        code, text = nothing_handles(situation)
        edits = whole(situation)
        headers = () if edits else header_lines(situation)
        fix = _ADD if edits else _SEND
        return Cause(code=code, text=text, fix=fix, edits=edits, headers=headers)
    return _with_needs(situation, needs_by_answers(situation), server)


def _failing_express(situation: Situation) -> Cause | None:
    """Return the cause if an Express app fails for this origin, as with the origin function in the manual of cors."""
    failed = [response for response in situation.responses if response.status >= 500]
    if situation.recognized.server is not Server.EXPRESS or len(failed) < len(situation.responses):
        return None
    text = (
        f"The server answers {failed[-1].status} to requests from {situation.wanted.origin}, preflights included. An"
        " origin function of the cors package that calls back with an error does that."
    )
    fix = (
        "Add the origin to the list that the function uses, and refuse others with callback(null, false) instead of an"
        " error. If there is no such function, look at the server's log."
    )
    return Cause(code=CauseCode.ORIGIN_NOT_LISTED, text=text, fix=fix)


def _with_needs(situation: Situation, needs: Needs, server: Server) -> Cause:
    if needs.nothing:
        return _unclear(situation, "The answers allow everything that the page asks for.")
    text, code = _text_of(situation, needs)
    if server is Server.SOCKETIO:
        return _socketio(situation, needs)
    by_hand = _sent_by_hand(situation, needs)
    if by_hand:
        return Cause(code=code, text=f"{text} {by_hand}", fix=_SEND, headers=header_lines(situation))
    if server not in VOCABULARIES:
        names = [layer.name for layer in situation.cors_layers]
        fix = f"Allow it in {names[0]}, so that the server sends these lines:" if names else _SEND
        return Cause(code=code, text=text, fix=fix, headers=header_lines(situation))
    edits = edits_of(situation, needs, server)
    fix = f"Allow {_missing(situation, needs)}. Everything else stays as it is."
    if situation.recognized.app is None and server in OWN and needs.method and not needs.origin:
        fix += (
            f" If {situation.wanted.method} is listed already, served_methods_only is on, and no route accepts it here."
        )
    return Cause(code=code, text=text, fix=fix, edits=edits)


def _is_own_refusal(situation: Situation, server: Server) -> bool:
    """Return whether the middleware of crossorigin refused a preflight of an origin that it allows."""
    response = situation.response
    allowed = response is not None and text_lines(response, ALLOW_ORIGIN) == (situation.wanted.origin,)
    return server in OWN and allowed and situation.in_preflight and situation.status == 400


def _not_served(situation: Situation) -> Cause:
    wanted = situation.wanted
    text = (
        f"The options allow {wanted.method}, but no route of the app accepts {wanted.method} at this path, and"
        " served_methods_only refuses such preflights."
    )
    fix = f"Correct the method or the URL in the page, or add a route for {wanted.method}."
    return Cause(code=CauseCode.METHOD_NOT_SERVED, text=text, fix=fix)


def _socketio(situation: Situation, needs: Needs) -> Cause:
    """Return the cause if Socket.IO refuses an origin. By default, it allows only its own, which has to stay."""
    origin = situation.wanted.origin
    if not needs.origin:
        edits = edits_of(situation, Needs(credentials=needs.credentials), Server.SOCKETIO)
        text = f"The origin is allowed, but not {_missing(situation, needs)}."
        return Cause(code=CauseCode.NOT_LISTED, text=text, fix="Allow credentials.", edits=edits)
    text = f"Socket.IO does not allow {origin}: cors_allowed_origins does not list it."
    near = nearest(situation)
    text += f" It lists {near[0]}: {near[1]}." if near else " Without this option, it allows only its own origin."
    fix = f"Allow {origin} in cors_allowed_origins of AsyncServer(...) or Server(...)."
    if situation.layer is not None:
        edits = edits_of(situation, needs, Server.SOCKETIO)
        return Cause(code=CauseCode.ORIGIN_NOT_LISTED, text=text, fix=fix, edits=edits)
    fix += (
        " If the option is not set, list the origin of this server, too: its own pages lose access otherwise. If the"
        " option is a function, change the function."
    )
    return Cause(code=CauseCode.ORIGIN_NOT_LISTED, text=text, fix=fix)


def _sent_by_hand(situation: Situation, needs: Needs) -> str:
    """Return in words why the headers do not come from the CORS package of the server, or "" if they may.

    The cors package lists methods in each preflight, and so do Starlette's class and django-cors-headers. Flask-Cors
    lists them for a method that it allows, such as GET. All of them answer with a 2xx, or 400.
    """
    if situation.recognized.app is not None:
        is_known = situation.cors_layers or policy_of(situation.response) is not None
        return "" if is_known else _BY_THE_APP
    has_package = situation.recognized.server in {Server.DJANGO, Server.EXPRESS, Server.FASTAPI, Server.FLASK}
    if needs.origin or not has_package or not situation.in_preflight:
        return ""
    return _BY_HAND if situation.listed(ALLOW_METHODS) is None else ""


def _unclear(situation: Situation, text: str) -> Cause:
    fix = (
        f"{advice(situation.reason).fix} No code is shown, because the options are right: look at what is outside the"
        " CORS layer, such as other middleware, a proxy, or a second CORS layer."
    )
    return Cause(code=CauseCode.ANSWERED_ELSEWHERE, text=text, fix=fix)


def _text_of(situation: Situation, needs: Needs) -> tuple[str, CauseCode]:
    wanted = situation.wanted
    if needs.origin:
        text = f"A CORS layer answers, but it does not list {wanted.origin}."
        near = nearest(situation)
        if near is not None:
            text += f" It lists {near[0]}: {near[1]}."
        elif situation.layer is None and not situation.in_preflight and situation.response is not None:
            text += _or_a_proxy(situation)
        return text, CauseCode.ORIGIN_NOT_LISTED
    return f"The origin is allowed, but not {_missing(situation, needs)}.", CauseCode.NOT_LISTED


def _missing(situation: Situation, needs: Needs) -> str:
    """Return what is not allowed, in words."""
    wanted = situation.wanted
    missing = [
        *([wanted.origin] if needs.origin else []),
        *([f"the method {wanted.method}"] if needs.method else []),
        *([f"the header {name}" for name in needs.names]),
        *(["credentials"] if needs.credentials else []),
    ]
    return " and ".join(missing)


def _or_a_proxy(situation: Situation) -> str:
    response = situation.response
    # These send the header to every origin.
    if situation.recognized.server in {Server.STARLETTE, Server.FASTAPI, Server.EXPRESS}:
        return ""
    if response is None or not response.lines("Access-Control-Allow-Credentials"):
        return ""
    return " Or a proxy removes Access-Control-Allow-Origin, while Access-Control-Allow-Credentials comes through."
