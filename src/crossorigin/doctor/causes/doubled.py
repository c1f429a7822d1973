"""Causes of headers that are sent twice. Pure."""

from crossorigin.browser import BrowserReason
from crossorigin.browser.check import text_lines
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import ALLOW_CREDENTIALS, ALLOW_ORIGIN, Situation
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.servers import Server
from crossorigin.doctor.wording import cut

_REASONS = {
    BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES: ALLOW_ORIGIN,
    BrowserReason.INVALID_ALLOW_CREDENTIALS: ALLOW_CREDENTIALS,
}
_SOCKETIO = (
    "Socket.IO sets its own CORS headers, and another layer adds the same ones, so Access-Control-Allow-Origin is sent"
    " twice."
)


def doubled_cause(situation: Situation) -> Cause | None:
    """Return why a header has several values, or None if the refusal has another reason."""
    header, response = _REASONS.get(situation.reason.for_request()), situation.response
    if header is None or response is None:
        return None
    lines = text_lines(response, header)
    if len(lines) < 2:
        return _one_line(lines) if header == ALLOW_ORIGIN else None
    if _is_socketio(situation):
        return _socketio()
    if situation.recognized.server is Server.NGINX or _says_nginx(situation):
        return _nginx(situation, lines)
    layers = [layer.name for layer in situation.cors_layers]
    text = f"{header} is sent on {len(lines)} lines: {cut(', '.join(lines))}. Two places set it"
    text += f": {layers[0]} and another one in the app or in a proxy." if layers else ", often the app and a proxy."
    return Cause(code=CauseCode.DOUBLED, text=text, fix="Let only one place set the CORS headers.")


def _one_line(lines: tuple[str, ...]) -> Cause:
    text = f"Access-Control-Allow-Origin is a list of origins: {cut(lines[0])}. Browsers accept a single origin only."
    fix = (
        "Compare the Origin header of the request with your list, and send back only that origin, with Vary: Origin."
        " CORS packages do that if their option gets a list instead of one string."
    )
    return Cause(code=CauseCode.SEVERAL_ORIGINS_IN_ONE_LINE, text=text, fix=fix)


def _is_socketio(situation: Situation) -> bool:
    app = situation.recognized.app
    if app is not None:
        return app.serves_socketio
    return "/socket.io/" in situation.verdict.request.url


def _socketio() -> Cause:
    fix = (
        "Let only one of them set the headers. cors_allowed_origins=[] in AsyncServer(...) or Server(...) turns off"
        " those of Socket.IO. Before, list in the other layer every origin that Socket.IO allows."
    )
    return Cause(code=CauseCode.DOUBLED_BY_SOCKETIO, text=_SOCKETIO, fix=fix)


def _says_nginx(situation: Situation) -> bool:
    response = situation.response
    return response is not None and any(line.startswith(b"nginx") for line in response.lines("Server"))


def _nginx(situation: Situation, lines: tuple[str, ...]) -> Cause:
    text = (
        f"nginx adds Access-Control-Allow-Origin to an answer that already has it: {cut(', '.join(lines))}. The app"
        " behind nginx sets the same header."
    )
    fix = (
        "Let only one of them set it. Either remove add_header Access-Control-... in nginx, or remove the header of the"
        " app there with proxy_hide_header."
    )
    other = situation.evidence.other
    origin = situation.wanted.origin
    # nginx sends its value to every origin, so no page of another origin can lose what the app allows.
    is_constant = other is not None and {*text_lines(other, ALLOW_ORIGIN)} & {*lines}
    if not (is_constant and {*lines} <= {origin, "*"} and (len({*lines}) == 1) and not situation.in_preflight):
        return Cause(code=CauseCode.DOUBLED_BY_PROXY, text=text, fix=fix)
    response = situation.response
    assert response is not None  # noqa: S101  # it has the lines
    doubled = [ALLOW_ORIGIN] + ([ALLOW_CREDENTIALS] if len(response.lines(ALLOW_CREDENTIALS)) > 1 else [])
    edit = Edit(
        kind="location",
        place="In the location that has proxy_pass:",
        code="\n".join(f"proxy_hide_header {name};" for name in doubled),
    )
    fix = "Remove the header of the app in nginx. As nginx sends its own value to every origin, nobody loses access."
    return Cause(code=CauseCode.DOUBLED_BY_PROXY, text=text, fix=fix, edits=(edit,))
