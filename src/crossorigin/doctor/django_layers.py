"""The CORS layers of Django projects: the middleware of crossorigin.django, and django-cors-headers.

Django is not imported for it. Both middlewares have the same settings, and their options are written with the names of
`Policy`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crossorigin.adapters.django.setting_names import (
    ALL_ORIGINS,
    LIVE_ORIGINS,
    OLD_NAMES,
    OPTIONS,
    ORIGINS,
    POLICY,
    REGEXES,
)
from crossorigin.doctor.layers import UNUSED_SETTINGS, Layer, Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

_HANDLERS = {("django.core.handlers.wsgi", "WSGIHandler"), ("django.core.handlers.asgi", "ASGIHandler")}
_OURS = "crossorigin.django."
_THEIRS = "corsheaders."
_OUR_OWNER = "crossorigin.adapters.django.CORSMiddleware"
_WHITELIST = "CORS_ORIGIN_WHITELIST"
_URLS = "CORS_URLS_REGEX"


def is_django_app(app: object) -> bool:
    """Return whether an app is the WSGI or ASGI app of a Django project."""
    return any((base.__module__, base.__qualname__) in _HANDLERS for base in type(app).__mro__)


def allowed_hosts() -> tuple[str, ...]:
    """Return the hosts that the project serves. While developing, an empty list means this machine."""
    settings: Any = sys.modules["django.conf"].settings
    hosts = tuple(settings.ALLOWED_HOSTS)
    return hosts if hosts or not settings.DEBUG else (".localhost", "127.0.0.1", "[::1]")


def read_django(path: str) -> Iterator[Layer]:
    """Yield the CORS middleware of the project, or the settings for one that is missing.

    The name of the settings is that of the app with the middleware, if it is installed.
    """
    # They are loaded, because the app was created with them.
    settings: Any = sys.modules["django.conf"].settings
    limit = _limit(settings, path)
    if not any(name.startswith((_OURS, _THEIRS)) for name in settings.MIDDLEWARE):
        unused = _layer(UNUSED_SETTINGS, "corsheaders" if _THEIRS[:-1] in settings.INSTALLED_APPS else "", settings)
        if unused.options or not unused.is_read:
            yield unused
    for name in settings.MIDDLEWARE:
        if name.startswith(_OURS):
            layer = _layer(_OUR_OWNER, "CORSMiddleware of crossorigin.django", settings)
            yield replace(layer, limit=limit)
        elif name.startswith(_THEIRS):
            layer = _layer("corsheaders.CorsMiddleware", "CorsMiddleware of django-cors-headers", settings)
            yield replace(layer, limit=limit)


def _limit(settings: Any, path: str) -> Limit | None:
    """Return the setting that limits CORS to other paths, or None if it applies to the path."""
    pattern: Any = getattr(settings, _URLS, None)
    written = getattr(pattern, "pattern", pattern)
    try:
        applies = not isinstance(written, str) or re.match(pattern, path)
    except re.error:
        return None
    return None if applies else Limit(_URLS, (written,), path)


def _layer(owner: str, name: str, settings: Any) -> Layer:
    live = _live_origins(settings)
    policy = getattr(settings, POLICY, None)
    if policy is not None:
        return Layer(owner=owner, name=name, options={"policy": policy, **live})
    options = {option: getattr(settings, name) for name, option in OPTIONS.items() if hasattr(settings, name)}
    old_name = _WHITELIST if hasattr(settings, _WHITELIST) and not hasattr(settings, ORIGINS) else ""
    if old_name and owner != _OUR_OWNER:
        options["allow_origins"] = getattr(settings, old_name)
    if getattr(settings, ALL_ORIGINS, False):
        options["allow_origins"] = ["*"]
    others = {*OLD_NAMES} - ({_WHITELIST} if owner != _OUR_OWNER else set())
    is_read = not any(getattr(settings, name, None) for name in (REGEXES, *others))
    known = options if is_read else {}
    return Layer(owner=owner, name=name, options={**known, **live}, is_read=is_read, origins_name=old_name)


def _live_origins(settings: Any) -> dict[str, object]:
    """Return the live origins as an option, if there are some. The module of a dotted path was imported by the app."""
    given = getattr(settings, LIVE_ORIGINS, None)
    if isinstance(given, str):
        module, _, name = given.rpartition(".")
        given = getattr(sys.modules.get(module), name, None)
    return {} if given is None else {"origins": given}
