"""The names of the options in each package, and what is allowed if an option is not given. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from crossorigin.doctor.servers import Server

_STARLETTE_DEFAULTS = ("GET",)
_ALL = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_EXPRESS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
_DJANGO = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
_DJANGO_HEADERS = ("accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """How one package spells what has to be allowed.

    `form` is how an option is written: as an argument of a call, as a setting of Django, as a property in JavaScript,
    as `app.config[...]` of Flask, or as an item of a dict. `call` is where the options are, and `shown` how a report
    writes it if not as a call. `methods_by_default`, `headers_by_default` and `any_header_by_default` are what applies
    without the option.
    `default_lists` is the module with the default lists, if a new list would replace them. `old_origins` is the old
    name of the option with the origins, which the package still reads.
    """

    call: str
    shown: str = ""
    origins: str
    methods: str
    headers: str
    credentials: str
    exposed: str
    form: Literal["argument", "setting", "property", "config", "item"] = "argument"
    methods_by_default: tuple[str, ...] = ()
    headers_by_default: tuple[str, ...] = ()
    any_header_by_default: bool = False
    default_lists: str = ""
    old_origins: str = ""

    def name_of(self, option: str) -> str:
        """Return what the package calls an option of `Policy`: one of the three lists."""
        names = {"allow_origins": self.origins, "allow_methods": self.methods, "allow_headers": self.headers}
        return names[option]


_PYTHON = Vocabulary(
    call="CORSMiddleware",
    shown="the call with CORSMiddleware",
    origins="allow_origins",
    methods="allow_methods",
    headers="allow_headers",
    credentials="allow_credentials",
    exposed="expose_headers",
    methods_by_default=_STARLETTE_DEFAULTS,
)
_DJANGO_SETTINGS = Vocabulary(
    call="settings.py",
    origins="CORS_ALLOWED_ORIGINS",
    methods="CORS_ALLOW_METHODS",
    headers="CORS_ALLOW_HEADERS",
    credentials="CORS_ALLOW_CREDENTIALS",
    exposed="CORS_EXPOSE_HEADERS",
    form="setting",
    methods_by_default=_DJANGO,
    headers_by_default=_DJANGO_HEADERS,
    default_lists="corsheaders.defaults",
)
_OWN_FLASK = replace(_PYTHON, call="CORS", shown="")
VOCABULARIES: Mapping[Server, Vocabulary] = {
    Server.CROSSORIGIN: _PYTHON,
    Server.CROSSORIGIN_AIOHTTP: replace(_PYTHON, call="setup", shown=""),
    Server.CROSSORIGIN_DJANGO: replace(_DJANGO_SETTINGS, default_lists="crossorigin.django"),
    Server.CROSSORIGIN_FLASK: _OWN_FLASK,
    Server.CROSSORIGIN_WSGI: _PYTHON,
    Server.STARLETTE: _PYTHON,
    Server.FASTAPI: _PYTHON,
    Server.LITESTAR: Vocabulary(
        call="CORSConfig",
        origins="allow_origins",
        methods="allow_methods",
        headers="allow_headers",
        credentials="allow_credentials",
        exposed="expose_headers",
        methods_by_default=_ALL,
        any_header_by_default=True,
    ),
    Server.FLASK: Vocabulary(
        call="CORS",
        origins="origins",
        methods="methods",
        headers="allow_headers",
        credentials="supports_credentials",
        exposed="expose_headers",
        methods_by_default=_ALL,
        any_header_by_default=True,
    ),
    Server.DJANGO: replace(_DJANGO_SETTINGS, old_origins="CORS_ORIGIN_WHITELIST"),
    Server.SOCKETIO: Vocabulary(
        call="AsyncServer",
        shown="AsyncServer(...) or Server(...) of Socket.IO",
        origins="cors_allowed_origins",
        methods="",
        headers="",
        credentials="cors_credentials",
        exposed="",
        methods_by_default=_ALL,
        any_header_by_default=True,
    ),
    Server.EXPRESS: Vocabulary(
        call="cors",
        origins="origin",
        methods="methods",
        headers="allowedHeaders",
        credentials="credentials",
        exposed="exposedHeaders",
        form="property",
        methods_by_default=_EXPRESS,
        any_header_by_default=True,
    ),
}
# The options of `CORS` in the configuration of a Flask app.
FLASK_CONFIG = replace(
    _OWN_FLASK,
    call="app.config",
    origins="CORS_ALLOW_ORIGINS",
    methods="CORS_ALLOW_METHODS",
    headers="CORS_ALLOW_HEADERS",
    credentials="CORS_ALLOW_CREDENTIALS",
    exposed="CORS_EXPOSE_HEADERS",
    form="config",
)
