"""Code that adds CORS to a server that has none. It breaks no cross-origin request, because none was allowed. Pure."""

from collections.abc import Callable, Mapping, Sequence

from crossorigin.doctor.evidence import ALLOW_HEADERS, ALLOW_METHODS, Situation, Wanted
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.layers import AppFacts
from crossorigin.doctor.servers import Server
from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.literals import list_literal

_BEFORE_MAIN = ', above any if __name__ == "__main__"'
END = f"As the last line of the module{_BEFORE_MAIN}:"


def whole(situation: Situation) -> tuple[Edit, ...]:
    """Return the edits that add CORS, or none if there is no code for the server."""
    write = _WRITERS.get(situation.recognized.server)
    return () if write is None else write(situation)


def header_lines(situation: Situation) -> tuple[str, ...]:
    """Return the lines that any server must send. What its answers allow already stays allowed."""
    wanted = situation.wanted
    any_origin = situation.allows_any and not wanted.credentials
    granted = [
        f"Access-Control-Allow-Origin: {WILDCARD if any_origin else wanted.origin}",
        *(["Access-Control-Allow-Credentials: true"] if wanted.credentials else []),
        *([] if any_origin else ["Vary: Origin"]),
    ]
    if not wanted.preflight:
        return tuple(granted)
    methods = sorted({*(situation.listed(ALLOW_METHODS) or ()), wanted.method})
    names = _merged(sorted(situation.listed(ALLOW_HEADERS) or ()), wanted.names)
    lists = [
        f"Access-Control-Allow-Methods: {', '.join(methods)}",
        *([f"Access-Control-Allow-Headers: {', '.join(names)}"] if names else []),
    ]
    return (
        "# In the answer to OPTIONS, with status 204:",
        *granted,
        *lists,
        f"# In every answer to {wanted.method}, errors too:",
        *granted,
    )


def _merged(listed: list[str], added: Sequence[str]) -> list[str]:
    """Return header names that are listed, and those that are missing there. Case does not matter."""
    known = {name.lower() for name in listed}
    return [*listed, *(name for name in added if name.lower() not in known)]


def options_for(wanted: Wanted) -> list[str]:
    """Return the arguments of CORSMiddleware."""
    methods = list(dict.fromkeys(["GET", wanted.method]))
    return [
        f"allow_origins={list_literal([wanted.origin])},",
        *([f"allow_methods={list_literal(methods)},"] if methods != ["GET"] else []),
        *([f"allow_headers={list_literal(wanted.names)},"] if wanted.names else []),
        *(["allow_credentials=True,"] if wanted.credentials else []),
    ]


def add_middleware(target: str, options: list[str], imported: str = "crossorigin") -> str:
    """Return the call that adds the middleware to a FastAPI or Starlette app."""
    call = [f"{target}.add_middleware(", "    CORSMiddleware,", *(f"    {option}" for option in options), ")"]
    return "\n".join([f"from {imported} import CORSMiddleware", "", *call])


def wrap(name: str, options: list[str], imported: str = "crossorigin") -> str:
    """Return the assignment that wraps an app."""
    call = [f"{name} = CORSMiddleware(", f"    {name},", *(f"    {option}" for option in options), ")"]
    return "\n".join([f"from {imported} import CORSMiddleware", "", *call])


def place_of(app: AppFacts | None) -> str:
    """Return where code goes that follows everything else."""
    if app is None:
        return END
    if app.is_made:
        return f"In {app.name}() in {app.module}, on the app, before it is returned:"
    above = _BEFORE_MAIN if app.has_main else ""
    return f"As the last line of {app.module.replace('.', '/')}.py{above}:"


def _fastapi(situation: Situation) -> tuple[Edit, ...]:
    app = situation.recognized.app
    code = add_middleware(_target_of(app), options_for(situation.wanted))
    of_module = f"As the last line of the module with the FastAPI or Starlette object app{_BEFORE_MAIN}:"
    return (Edit(kind="end", place=of_module if app is None else place_of(app), code=code),)


def _asgi(situation: Situation) -> tuple[Edit, ...]:
    app = situation.recognized.app
    name = "app" if app is None or app.is_made else app.name
    if app is not None and app.kind.startswith("quart."):
        # The name stays that of the Quart app, so that its commands and decorators keep working.
        name = f"{name}.asgi_app"
    return (Edit(kind="end", place=place_of(app), code=wrap(name, options_for(situation.wanted))),)


def _wsgi(situation: Situation) -> tuple[Edit, ...]:
    app = situation.recognized.app
    name = "app" if app is None or app.is_made else app.name
    code = wrap(name, options_for(situation.wanted), "crossorigin.wsgi")
    return (Edit(kind="end", place=place_of(app), code=code),)


def _flask_app(situation: Situation) -> tuple[Edit, ...]:
    app, options = situation.recognized.app, options_for(situation.wanted)
    call = ["CORS(", f"    {_target_of(app)},", *(f"    {option}" for option in options), ")"]
    code = "\n".join(["from crossorigin.flask import CORS", "", *call])
    return (Edit(kind="end", place=place_of(app), code=code),)


def _target_of(app: AppFacts | None) -> str:
    return "app" if app is None or app.is_made or app.target is None else app.target


def _flask(situation: Situation) -> tuple[Edit, ...]:
    wanted, app = situation.wanted, situation.recognized.app
    lines = [
        "from flask_cors import CORS",
        "",
        "CORS(",
        f"    {_target_of(app)},",
        f"    origins={list_literal([wanted.origin])},",
        *([f"    allow_headers={list_literal(wanted.names)},"] if wanted.names else []),
        *(["    supports_credentials=True,"] if wanted.credentials else []),
        ")",
    ]
    of_module = f"As the last line of the module that creates the app{_BEFORE_MAIN}:"
    place = of_module if app is None else place_of(app)
    return (Edit(kind="end", place=place, code="\n".join(lines)),)


def _django(situation: Situation) -> tuple[Edit, ...]:
    return _settings(
        situation,
        "corsheaders.defaults",
        'INSTALLED_APPS = [*INSTALLED_APPS, "corsheaders"]',
        'MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *MIDDLEWARE]',
    )


def _django_app(situation: Situation) -> tuple[Edit, ...]:
    return _settings(
        situation,
        "crossorigin.django",
        'INSTALLED_APPS = ["crossorigin.django", *INSTALLED_APPS]',
        'MIDDLEWARE = ["crossorigin.django.CORSMiddleware", *MIDDLEWARE]',
    )


def _settings(situation: Situation, default_lists: str, *installation: str) -> tuple[Edit, ...]:
    wanted = situation.wanted
    names = [name.lower() for name in wanted.names]
    lines = [
        *([f"from {default_lists} import default_headers", ""] if names else []),
        f"CORS_ALLOWED_ORIGINS = {list_literal([wanted.origin])}",
        *([f"CORS_ALLOW_HEADERS = [*default_headers, {list_literal(names)[1:-1]}]"] if names else []),
        *(["CORS_ALLOW_CREDENTIALS = True"] if wanted.credentials else []),
        *installation,
    ]
    return (Edit(kind="end", place="As the last lines of settings.py:", code="\n".join(lines)),)


def _express(situation: Situation) -> tuple[Edit, ...]:
    wanted = situation.wanted
    lines = [
        'const cors = require("cors");',
        "app.use(",
        "  cors({",
        f"    origin: {list_literal([wanted.origin])},",
        *([f"    allowedHeaders: {list_literal(wanted.names)},"] if wanted.names else []),
        *(["    credentials: true,"] if wanted.credentials else []),
        "  }),",
        ");",
    ]
    # In an ES module there is no `require`.
    place = "Before all routes and other app.use calls, after npm install cors (in an ES module, import cors instead):"
    return (Edit(kind="first", place=place, code="\n".join(lines)),)


def _aiohttp(situation: Situation) -> tuple[Edit, ...]:
    wanted = situation.wanted
    names = list_literal(wanted.names)[1:-1]
    allowed = f"({names},)" if wanted.names else "()"
    lines = [
        "import contextlib",
        "",
        "import aiohttp_cors",
        "",
        "cors = aiohttp_cors.setup(",
        "    app,",
        "    defaults={",
        f'        "{wanted.origin}": aiohttp_cors.ResourceOptions(',
        *(["            allow_credentials=True,"] if wanted.credentials else []),
        f"            allow_headers={allowed},",
        "        )",
        "    },",
        ")",
        "for route in list(app.router.routes()):",
        "    # A route that has CORS already keeps it.",
        "    with contextlib.suppress(ValueError):",
        "        cors.add(route)",
    ]
    return (Edit(kind="end", place="After the last route, before the app runs:", code="\n".join(lines)),)


def _aiohttp_app(situation: Situation) -> tuple[Edit, ...]:
    app = situation.recognized.app
    call = ["setup(", f"    {_target_of(app)},", *(f"    {option}" for option in options_for(situation.wanted)), ")"]
    code = "\n".join(["from crossorigin.aiohttp import setup", "", *call])
    # `web.run_app` returns only when the app stops.
    place = "Before the app runs:" if app is None or not app.is_made else place_of(app)
    return (Edit(kind="end", place=place, code=code),)


def _nginx(situation: Situation) -> tuple[Edit, ...]:
    wanted = situation.wanted
    granted = [
        "add_header Access-Control-Allow-Origin $cors_origin always;",
        *(["add_header Access-Control-Allow-Credentials $cors_credentials always;"] if wanted.credentials else []),
        "add_header Vary Origin always;",
    ]
    lists = [
        f"add_header Access-Control-Allow-Methods {wanted.method};",
        *([f'add_header Access-Control-Allow-Headers "{", ".join(wanted.names)}";'] if wanted.names else []),
    ]
    maps = [
        "map $http_origin $cors_origin {",
        f'    "{wanted.origin}" $http_origin;',
        "}",
        *(["map $cors_origin $cors_credentials {", '    "~." true;', "}"] if wanted.credentials else []),
        *(
            [
                "# Only preflights from this origin are answered here.",
                'map "$request_method $cors_origin $http_access_control_request_method"',
                "    $cors_preflight {",
                r'    "~^OPTIONS \S+ \S" 1;',
                "}",
            ]
            if wanted.preflight
            else []
        ),
    ]
    block = list(granted)
    if wanted.preflight:
        # An `if` block that has add_header inherits none.
        block += ["if ($cors_preflight) {", *(f"    {line}" for line in [*granted, *lists]), "    return 204;", "}"]
    return (
        Edit(kind="http", place="In the http block:", code="\n".join(maps)),
        Edit(kind="location", place="In the location that serves the URL:", code="\n".join(block)),
    )


_WRITERS: Mapping[Server, Callable[[Situation], tuple[Edit, ...]]] = {
    Server.FASTAPI: _fastapi,
    Server.ASGI: _asgi,
    Server.FLASK_APP: _flask_app,
    Server.AIOHTTP_APP: _aiohttp_app,
    Server.WSGI: _wsgi,
    Server.FLASK: _flask,
    Server.DJANGO_APP: _django_app,
    Server.DJANGO: _django,
    Server.EXPRESS: _express,
    Server.AIOHTTP: _aiohttp,
    Server.NGINX: _nginx,
}
