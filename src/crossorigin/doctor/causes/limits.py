"""A CORS layer that is limited to other paths, or is missing, so that its settings have no effect. Pure."""

import re

from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import Situation, options_of
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.fixes.options import edits_by_words, edits_of, needs_by_options
from crossorigin.doctor.fixes.vocabulary import VOCABULARIES
from crossorigin.doctor.layers import ADDED_ROUTES, UNUSED_SETTINGS, Limit
from crossorigin.doctor.servers import Server, server_of
from crossorigin.policy.literals import list_literal, literal

_NOT_ALLOWED = 405


def limited_cause(situation: Situation) -> Cause | None:
    """Return the cause if the only CORS layer of the app is for other paths."""
    layers = situation.cors_layers
    if len(layers) != 1 or layers[0].limit is None:
        return None
    [layer], limit = layers, layers[0].limit
    if limit.option == ADDED_ROUTES:
        text = f"aiohttp-cors handles only routes that were passed to {ADDED_ROUTES}, and that of {limit.path} was not."
        fix = f"Pass the route of {limit.path} to {ADDED_ROUTES}, and allow {situation.wanted.origin} there."
        return Cause(code=CauseCode.PATH_NOT_COVERED, text=text, fix=fix)
    patterns = " or ".join(map(literal, limit.patterns))
    text = f"{limit.option} limits CORS to paths that match {patterns}, and {limit.path} does not match."
    if limit.option == "resources":
        return Cause(
            code=CauseCode.PATH_NOT_COVERED, text=text, fix="Add the path.", edits=(_resource(situation, limit),)
        )
    edits = _setting(limit)
    server = server_of(layer.owner)
    if edits and layer.is_read and server is not None:
        edits += edits_of(situation, needs_by_options(situation, options_of(layer), server), server)
    fix = f"Extend {limit.option}, so that it matches the path. Everything else stays as it is."
    return Cause(code=CauseCode.PATH_NOT_COVERED, text=text, fix=fix, edits=edits)


def unreached_cause(situation: Situation) -> Cause | None:
    """Return the cause if the CORS layer is on a route that does not accept OPTIONS: no preflight reaches it."""
    layer, methods = situation.layer, None if situation.layer is None else situation.layer.methods
    if layer is None or methods is None or "OPTIONS" in methods:
        return None
    if not situation.in_preflight or situation.status != _NOT_ALLOWED:
        return None
    text = (
        f"{layer.name} is on {layer.on}, which does not accept OPTIONS. The router answers the preflight with 405"
        f" before {layer.name} sees it."
    )
    accepted = [method for method in methods if method != "HEAD" or "GET" not in methods]
    edit = Edit(
        kind="set",
        place=f"In {layer.on}, set:",
        code=f"methods={list_literal([*accepted, 'OPTIONS'])},",
        name="methods",
        within=layer.on,
    )
    server = server_of(layer.owner)
    needs = None if server is None else needs_by_options(situation, options_of(layer), server)
    more = () if needs is None or server is None else edits_of(situation, needs, server)
    fix = "Let the route accept OPTIONS, or add the middleware to the app or a Mount instead."
    return Cause(code=CauseCode.PREFLIGHT_NOT_COVERED, text=text, fix=fix, edits=(*more, edit))


def unused_cause(situation: Situation) -> Cause | None:
    """Return the cause if a Django project has settings for CORS, and no middleware that reads them."""
    app = situation.recognized.app
    layers = () if app is None else app.layers
    unused = next((layer for layer in layers if layer.owner == UNUSED_SETTINGS), None)
    if unused is None:
        return None
    server = Server.DJANGO if unused.name else Server.CROSSORIGIN_DJANGO
    needs = needs_by_options(situation, options_of(unused), server)
    allowed = edits_by_words(situation, needs, VOCABULARIES[server], unused.options)
    code = 'MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *MIDDLEWARE]'
    if not unused.name:
        added = 'INSTALLED_APPS = ["crossorigin.django", *INSTALLED_APPS]'
        code = f'{added}\nMIDDLEWARE = ["crossorigin.django.CORSMiddleware", *MIDDLEWARE]'
    return Cause(
        code=CauseCode.SETTINGS_WITHOUT_MIDDLEWARE,
        text="The settings have options for CORS, but MIDDLEWARE has no CORS middleware, so they have no effect.",
        fix="Add the middleware at the start of MIDDLEWARE.",
        edits=(*allowed, Edit(kind="end", place="As the last lines of settings.py:", code=code)),
    )


def _resource(situation: Situation, limit: Limit) -> Edit:
    """Return the edit that adds the path to those of Flask-Cors. Nothing was allowed there before."""
    wanted = situation.wanted
    methods = list(dict.fromkeys(["GET", wanted.method]))
    options = [
        f'"origins": {list_literal([wanted.origin])}',
        *([f'"methods": {list_literal(methods)}'] if wanted.preflight else []),
        *([f'"allow_headers": {list_literal(wanted.names)}'] if wanted.names else []),
        *(['"supports_credentials": True'] if wanted.credentials else []),
    ]
    code = f"{literal(re.escape(limit.path) + '$')}: {{{', '.join(options)}}},"
    return Edit(kind="add", place="Add to resources={...} in CORS(...):", code=code, name="resources", within="CORS")


def _setting(limit: Limit) -> tuple[Edit, ...]:
    """Return the edit that extends the setting of Django, or none if its expression cannot be part of a larger one."""
    whole = f"(?:{limit.patterns[0]})|^{re.escape(limit.path)}$"
    try:
        re.compile(whole)
    except re.error:
        return ()
    code = f"{limit.option} = {literal(whole)}"
    return (Edit(kind="set", place="In settings.py, set:", code=code, name=limit.option, within="settings.py"),)
