"""Write what allows a refused request as code for one server, to be pasted. Pure.

What is known of the options in use is kept, and what the page asks for added, so that pasting it takes nothing from
other pages.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from crossorigin.browser import ENGINES, BrowserReason, Verdict, advice
from crossorigin.browser.headers import header_list
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.servers import Recognized, Server
from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS, normalize_method
from crossorigin.fetch.origin import OPAQUE_ORIGIN
from crossorigin.fetch.safelist import cors_unsafe_request_header_names
from crossorigin.policy.literals import list_literal, literal

# What the configuration of a server decides; the rest is the page's, or an address that is wrong.
_OF_SERVER = frozenset(
    {
        BrowserReason.MISSING_ALLOW_ORIGIN_HEADER,
        BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES,
        BrowserReason.INVALID_ALLOW_ORIGIN_VALUE,
        BrowserReason.ALLOW_ORIGIN_MISMATCH,
        BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED,
        BrowserReason.INVALID_ALLOW_CREDENTIALS,
        BrowserReason.PREFLIGHT_INVALID_STATUS,
        BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE,
        BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE,
        BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE,
        BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Hold what mends a refusal: in words, and as code for a server, None where no server can mend it.

    `on` names what the policy of a route stands on that the code is for; None if it is for the app's.
    """

    server: Server
    text: str
    code: str | None = None
    on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Hold what a server has to allow."""

    origin: str
    method: str
    names: tuple[str, ...]
    credentials: bool
    around: bool = False
    by_hand: bool = False


def fix_of(verdict: Verdict, recognized: Recognized) -> Fix | None:
    """Return what mends a refusal, or None where nothing is refused."""
    reason = verdict.reason
    if reason is None:
        return None
    text = advice(reason).fix
    method = normalize_method(verdict.request.method)
    if method not in STANDARD_METHODS and method.upper() in STANDARD_METHODS:
        text = (
            f"The page has to say {method.upper()}: browsers leave {method} as it is, and methods are compared by case."
        )
        return Fix(server=recognized.server, text=text)
    # An opaque origin is everybody's: nobody is told to allow it.
    if reason.for_request() not in _OF_SERVER or verdict.request.origin == OPAQUE_ORIGIN:
        return Fix(server=recognized.server, text=text)
    misplaced = _response_headers_in(verdict)
    if misplaced:
        # With such a header the page is wrong, whatever the server allows.
        text = f"Remove {', '.join(misplaced)} from the page's request: only responses have such headers."
        if reason.for_request() is BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE and not _wanted(verdict).names:
            return Fix(server=recognized.server, text=text)
        text = f"{text} {advice(reason).fix}"
    on = policy_of(verdict.exchanges[-1].response) if verdict.exchanges else None
    if on is not None:
        return Fix(server=recognized.server, text=text, code=_route(_wanted(verdict), on, recognized.server), on=on)
    code = _WRITERS[recognized.server](replace(_wanted(verdict), by_hand=recognized.wraps), recognized.options)
    return Fix(server=recognized.server, text=text, code=code)


def _sent_names(verdict: Verdict) -> list[str]:
    """Return the names of the headers that the page sets and that need a preflight, as it spells them."""
    lines = header_list(verdict.request, ENGINES["standard"])
    spelled = {name.lower(): name.decode("latin-1") for name, _ in lines}
    return [spelled[name] for name in cors_unsafe_request_header_names(lines)]


def _response_headers_in(verdict: Verdict) -> list[str]:
    return [name for name in _sent_names(verdict) if name.lower() in ALL_CORS_RESPONSE_HEADERS]


def _wanted(verdict: Verdict) -> Wanted:
    request = verdict.request
    crashed = not verdict.exchanges[-1].request.preflight and (verdict.status or 0) >= 500
    return Wanted(
        origin=request.origin,
        method=normalize_method(request.method),
        names=tuple(name for name in _sent_names(verdict) if name.lower() not in ALL_CORS_RESPONSE_HEADERS),
        credentials=request.includes_credentials,
        around=crashed,
    )


def _listed(known: object) -> list[str]:
    is_collection = isinstance(known, list | tuple | set | frozenset)
    return [*map(str, cast("Iterable[object]", known))] if is_collection else []


def _origins(known: object, origin: str, *, credentials: bool) -> list[str]:
    """Return what is listed and the origin: with credentials `*` goes, and so does the origin misspelled."""
    listed = _listed(known)
    if WILDCARD in listed and not credentials:
        return [WILDCARD]
    kept = [value for value in listed if value != WILDCARD and value.rstrip("/").lower() != origin]
    return [*kept, origin]


def _names(known: object, wanted: Iterable[str]) -> list[str]:
    """Return what is listed and what is wanted, each once; both middlewares write `*` out where they have to."""
    listed = _listed(known)
    return listed if WILDCARD in listed else list(dict.fromkeys([*listed, *wanted]))


def _options(wanted: Wanted, known: Mapping[str, object]) -> dict[str, object]:
    """Return the options of Starlette's middleware and of ours, which have one spelling."""
    options = {name: value for name, value in known.items() if name != "policy"}
    policy = known.get("policy")
    if policy is not None:
        options |= getattr(policy, "to_dict", dict[str, object])()
    credentials = wanted.credentials or options.get("allow_credentials") is True
    options["allow_origins"] = _origins(options.get("allow_origins"), wanted.origin, credentials=credentials)
    # GET is allowed where no methods are named.
    options["allow_methods"] = _names(options.get("allow_methods", ["GET"]), [wanted.method])
    options["allow_headers"] = _names(options.get("allow_headers"), wanted.names)
    if wanted.credentials:
        options["allow_credentials"] = True
    return {name: value for name, value in options.items() if value is not False and value not in ([], (), None)}


def _asgi(imported: str | None) -> Callable[[Wanted, Mapping[str, object]], str]:
    def write(wanted: Wanted, known: Mapping[str, object]) -> str:
        options = [f"    {name}={_value(value)}" for name, value in _options(wanted, known).items()]
        imports = [] if imported is None else [f"from {imported} import CORSMiddleware", ""]
        # What `add_middleware` adds stands inside of what answers a crash; ours moves outside of it by itself.
        if wanted.by_hand or (wanted.around and imported != _OURS):
            return "\n".join([*imports, "app = CORSMiddleware(", "    app,", *options, ")"])
        return "\n".join([*imports, "app.add_middleware(", "    CORSMiddleware,", *options, ")"])

    return write


def _wsgi(wanted: Wanted, known: Mapping[str, object]) -> str:
    return _asgi(f"{_OURS}.wsgi")(replace(wanted, by_hand=True), known)


def _flask_extension(wanted: Wanted, known: Mapping[str, object]) -> str:
    options = [f"    {name}={_value(value)}" for name, value in _options(wanted, known).items()]
    return "\n".join([f"from {_OURS}.flask import CORS", "", "CORS(", "    app,", *options, ")"])


def _aiohttp(wanted: Wanted, known: Mapping[str, object]) -> str:
    options = [f"    {name}={_value(value)}" for name, value in _options(wanted, known).items()]
    return "\n".join([f"from {_OURS}.aiohttp import setup", "", "setup(", "    app,", *options, ")"])


def _route(wanted: Wanted, on: str, server: Server) -> str:
    options = [f"    {name}={_value(value)}" for name, value in _options(wanted, {}).items()]
    if server is Server.CROSSORIGIN_FLASK:
        return _flask_route(wanted, on, options)
    # A router and an app have their kind before their name, and no decorator.
    module = "aiohttp" if server is Server.CROSSORIGIN_AIOHTTP else "fastapi"
    opening, closing = ("cors(", f")(...)  # {on}") if " " in on else ("@cors(", ")")
    return "\n".join([f"from {_OURS}.{module} import cors", "", opening, *options, closing])


def _flask_route(wanted: Wanted, on: str, options: list[str]) -> str:
    """Return the code for the owner of a policy in a Flask app: a blueprint, a path in `resources`, or a view."""
    if on.startswith("Blueprint "):
        name, call = "CORS", ["CORS(", f"    ...,  # {on}", *options, ")"]
    elif on.startswith("resources["):
        path = on.removeprefix("resources[").removesuffix("]")
        items = ", ".join(f'"{key}": {_value(value)[:-1]}' for key, value in _options(wanted, {}).items())
        name, call = "CORS", ["CORS(", "    app,", f"    resources={{{path}: {{{items}}}}},  # and the others", ")"]
    else:
        name, call = "cross_origin", ["@cross_origin(", *options, ")"]
    return "\n".join([f"from {_OURS}.flask import {name}", "", *call])


def _value(value: object) -> str:
    if isinstance(value, str):
        return f"{literal(value)},"
    if isinstance(value, list | tuple):
        return f"{list_literal(cast('Iterable[str]', value))},"
    return f"{value!r}," if isinstance(value, int) else "...,  # as it is"


def _flask(wanted: Wanted, _: Mapping[str, object]) -> str:
    lines = [
        "from flask_cors import CORS",
        "",
        "CORS(",
        "    app,",
        f"    origins={list_literal([wanted.origin])},",
        f"    methods={list_literal([wanted.method])},",
        *([f"    allow_headers={list_literal(wanted.names)},"] if wanted.names else []),
        *(["    supports_credentials=True,"] if wanted.credentials else []),
        ")",
        "",
        "",
        "# Flask-Cors leaves Vary out where it lists one origin.",
        "@app.after_request",
        "def vary(response):",
        '    response.vary.add("Origin")',
        "    return response",
    ]
    return "\n".join(lines)


def _django(wanted: Wanted, _: Mapping[str, object]) -> str:
    lines = [
        '# settings.py: "corsheaders" in INSTALLED_APPS, and in MIDDLEWARE, before all others,',
        '# "corsheaders.middleware.CorsMiddleware".',
        f"CORS_ALLOWED_ORIGINS = {list_literal([wanted.origin])}",
        f"CORS_ALLOW_METHODS = {list_literal([wanted.method])}",
        *([f"CORS_ALLOW_HEADERS = {list_literal(wanted.names)}"] if wanted.names else []),
        *(["CORS_ALLOW_CREDENTIALS = True"] if wanted.credentials else []),
    ]
    return "\n".join(lines)


def _nginx(wanted: Wanted, _: Mapping[str, object]) -> str:
    granted = [
        "add_header Access-Control-Allow-Origin $cors_origin always;",
        *(["add_header Access-Control-Allow-Credentials true always;"] if wanted.credentials else []),
        "add_header Vary Origin always;",
    ]
    lists = [
        f"add_header Access-Control-Allow-Methods {wanted.method};",
        *([f'add_header Access-Control-Allow-Headers "{", ".join(wanted.names)}";'] if wanted.names else []),
    ]
    lines = [
        "# In http. Nothing is sent to an origin that is not listed.",
        "map $http_origin $cors_origin {",
        f'    "{wanted.origin}" $http_origin;',
        "}",
        "",
        "# In location. An if that adds headers inherits none, so they stand twice; what is behind nginx sets none.",
        *granted,
        "if ($request_method = OPTIONS) {",
        *(f"    {line}" for line in [*granted, *lists]),
        "    return 204;",
        "}",
    ]
    return "\n".join(lines)


def _headers(wanted: Wanted, _: Mapping[str, object]) -> str:
    granted = [
        f"Access-Control-Allow-Origin: {wanted.origin}",
        *(["Access-Control-Allow-Credentials: true"] if wanted.credentials else []),
        "Vary: Origin",
    ]
    lists = [
        f"Access-Control-Allow-Methods: {wanted.method}",
        *([f"Access-Control-Allow-Headers: {', '.join(wanted.names)}"] if wanted.names else []),
    ]
    return "\n".join(
        ["# To OPTIONS, with status 204:", *granted, *lists, "", f"# To {wanted.method}, errors too:", *granted]
    )


_OURS = "crossorigin"
_WRITERS: Mapping[Server, Callable[[Wanted, Mapping[str, object]], str]] = {
    Server.CROSSORIGIN: _asgi(_OURS),
    Server.CROSSORIGIN_FLASK: _flask_extension,
    Server.CROSSORIGIN_WSGI: _wsgi,
    Server.CROSSORIGIN_AIOHTTP: _aiohttp,
    Server.STARLETTE: _asgi("starlette.middleware.cors"),
    Server.ASGI: _asgi(_OURS),
    Server.FLASK: _flask,
    Server.DJANGO: _django,
    Server.NGINX: _nginx,
    Server.UNKNOWN: _headers,
}
