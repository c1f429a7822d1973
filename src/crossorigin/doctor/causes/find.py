"""The search for the cause of a refusal: the most specific explanation first. Pure."""

from difflib import get_close_matches

from crossorigin.browser import BrowserReason
from crossorigin.browser.check import text_lines
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.causes.doubled import doubled_cause
from crossorigin.doctor.causes.elsewhere import (
    answered_elsewhere,
    authentication_cause,
    crash_cause,
    removed_by_proxy,
)
from crossorigin.doctor.causes.hosts import host_cause
from crossorigin.doctor.causes.limits import limited_cause, unreached_cause, unused_cause
from crossorigin.doctor.causes.not_listed import not_listed
from crossorigin.doctor.causes.origins import difference
from crossorigin.doctor.causes.page import OF_SERVER, page_cause
from crossorigin.doctor.causes.redirects import redirect_cause
from crossorigin.doctor.causes.unavailable import unavailable_cause
from crossorigin.doctor.evidence import ALLOW_ORIGIN, Situation, options_of, texts_in
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.fixes.options import needs_by_answers, needs_by_options
from crossorigin.doctor.fixes.vocabulary import VOCABULARIES
from crossorigin.doctor.fixes.whole import header_lines
from crossorigin.doctor.servers import Server, server_of
from crossorigin.doctor.wording import cut
from crossorigin.fetch.origin import OPAQUE_ORIGIN
from crossorigin.policy.literals import list_literal, literal
from crossorigin.policy.options import DEFAULTS, is_list_like


def find_cause(situation: Situation) -> Cause | None:
    """Return the cause of a refusal, or None if the reason itself says everything."""
    cause = page_cause(situation) or redirect_cause(situation)
    if cause is not None or situation.reason.for_request() not in OF_SERVER:
        return cause
    for find in (
        _unknown_option,
        doubled_cause,
        # The settings show these two, whatever the answer is.
        limited_cause,
        unused_cause,
        host_cause,
        unreached_cause,
        authentication_cause,
        unavailable_cause,
        crash_cause,
        answered_elsewhere,
        removed_by_proxy,
        _not_covered,
        _wildcard,
        _constant_origin,
    ):
        cause = find(situation)
        if cause is not None:
            return cause
    return not_listed(situation)


def _unknown_option(situation: Situation) -> Cause | None:
    layer = situation.layer
    if layer is None or server_of(layer.owner) is not Server.STARLETTE:
        return None
    unknown = [name for name in layer.options if name not in DEFAULTS]
    if not unknown:
        return None
    name, near = unknown[0], get_close_matches(unknown[0], DEFAULTS, 1)
    text = f"CORSMiddleware has no option {name}, so the app fails with a TypeError."
    if not near or near[0] in layer.options:
        return Cause(code=CauseCode.UNKNOWN_OPTION, text=text, fix=f"Remove {name}.")
    value = layer.options[name]
    fixed = {near[0]: value, **{key: kept for key, kept in layer.options.items() if key != name}}
    code = f"{near[0]}={list_literal(texts_in(value)) if is_list_like(value) else literal(value)},"
    edits: tuple[Edit, ...] = ()
    if len(unknown) == 1 and isinstance(value, str | list | tuple | bool) and _is_enough(situation, fixed):
        edits = (Edit(kind="set", place=f"In place of {name}:", code=code, name=name, within="CORSMiddleware"),)
    return Cause(code=CauseCode.UNKNOWN_OPTION, text=text, fix=f"Its name is {near[0]}.", edits=edits)


def _is_enough(situation: Situation, options: dict[str, object]) -> bool:
    return needs_by_options(situation, options, Server.STARLETTE).nothing


def _wildcard(situation: Situation) -> Cause | None:
    if not situation.wanted.credentials or not (situation.allows_any or _lists_wildcard(situation)):
        return None
    # With credentials, some packages answer "*" in the options with the origin of the page. Something else is missing.
    if situation.response is not None and text_lines(situation.response, ALLOW_ORIGIN) == (situation.wanted.origin,):
        return None
    server = situation.recognized.server
    words = VOCABULARIES.get(server, VOCABULARIES[Server.STARLETTE])
    text = (
        'Every origin is allowed ("*"), and the page sends credentials. Browsers never combine the two: the answer must'
        " name the origin, and have Access-Control-Allow-Credentials: true."
    )
    fix = (
        "If the page needs no cookies, send the request without credentials. Otherwise, replace the wildcard with the"
        f" list of your origins, {literal(situation.wanted.origin)} and every other one that uses this server"
    )
    fix += (
        f" ({words.origins}), and turn on {words.credentials}."
        if server in VOCABULARIES
        else ", and allow credentials."
    )
    return Cause(
        code=CauseCode.WILDCARD_WITH_CREDENTIALS, text=text, fix=f"{fix} Origins that are not listed lose access."
    )


def _lists_wildcard(situation: Situation) -> bool:
    return situation.layer is not None and "*" in texts_in(options_of(situation.layer).get("allow_origins"))


def _constant_origin(situation: Situation) -> Cause | None:
    """Return the cause if the server sends an origin that is not the page's."""
    if situation.reason.for_request() is not BrowserReason.ALLOW_ORIGIN_MISMATCH or situation.response is None:
        return None
    sent = text_lines(situation.response, ALLOW_ORIGIN)[0]
    words = difference(sent, situation.wanted.origin)
    text = f"The server sends Access-Control-Allow-Origin: {cut(sent)}, and the page is {situation.wanted.origin}"
    text += f": {words}." if words else ". It seems to send the same origin to every page."
    if sent == OPAQUE_ORIGIN:
        text += " null allows only pages without an origin, and any site can make such pages."
    edits: tuple[Edit, ...] = ()
    fix = "Send the origin of the page, with Vary: Origin. If several pages use the server, compare with a list."
    if situation.recognized.server is Server.EXPRESS:
        both = (
            [situation.wanted.origin]
            if words and sent.rstrip("/") == situation.wanted.origin
            else [
                sent,
                situation.wanted.origin,
            ]
        )
        needs = needs_by_answers(situation)
        if not (needs.method or needs.names or needs.credentials):
            edits = (
                Edit(
                    kind="set",
                    place="In cors({...}), set:",
                    code=f"origin: {list_literal(both)},",
                    name="origin",
                    within="cors",
                ),
            )
            fix = "Write a list, from which the cors package sends the origin of the page."
    headers = () if edits else header_lines(situation)
    return Cause(code=CauseCode.CONSTANT_ORIGIN, text=text, fix=fix, edits=edits, headers=headers)


def _not_covered(situation: Situation) -> Cause | None:
    """Return the cause if the headers are in the answer to GET, but not in those to preflights."""
    if not situation.misses_preflights:
        return None
    text = (
        f"The server sends CORS headers in its answer to GET, but the preflight is answered with {situation.status} and"
        " without them: what sets them does not handle OPTIONS here."
    )
    if not situation.origin_allowed:
        text += f" To GET, it does not allow {situation.wanted.origin} either."
    fix = (
        "Let OPTIONS reach what sets the headers. A CORS middleware must be outside the routes, and a proxy must pass"
        " OPTIONS to the app. If the code of the app sets the headers itself, let it send these lines:"
    )
    return Cause(code=CauseCode.PREFLIGHT_NOT_COVERED, text=text, fix=fix, headers=header_lines(situation))
