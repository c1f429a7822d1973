"""The system checks, which `manage.py check` and `runserver` run. Their ids are `crossorigin.<code>`."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning  # noqa: A004  # Django's names
from django.utils.module_loading import import_string

from crossorigin.adapters.django.middleware import CORSMiddleware
from crossorigin.adapters.django.options import old_name_message, read_options
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crossorigin.adapters.django.options import DjangoOptions
    from crossorigin.policy.errors import PolicyIssue
    from crossorigin.policy.policy import Policy

_MIDDLEWARE = "crossorigin.django.CORSMiddleware"
_PEER = "corsheaders.middleware.CorsMiddleware"
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_STATIC_FILES = "django.contrib.staticfiles"
# What a response of a middleware outside CORSMiddleware is.
_OUTSIDE = {
    "whitenoise.middleware.WhiteNoiseMiddleware": "its static files",
    "django.middleware.security.SecurityMiddleware": "its redirect to https",
    "django.middleware.common.CommonMiddleware": "its redirect to a path with a slash",
    "django.middleware.locale.LocaleMiddleware": "its redirect to a language",
    "django.contrib.auth.middleware.LoginRequiredMiddleware": "its redirect to the login page",
    _CSRF: "its 403",
}
# Names in one message. Nobody reads more.
_MAX_SHOWN = 5
_ANY_PORT = ":*"


def check_cors(**_: Any) -> list[CheckMessage]:
    """Return the messages about the settings and the middleware."""
    messages = [*_check_middleware()]
    try:
        options = read_options()
    except InvalidPolicyError as error:
        return [*messages, *(_message(Error, issue) for issue in error.issues)]
    return [*messages, *_check_options(options), *_check_csrf(options.policy), *_check_static_files()]


def _check_middleware() -> Iterator[CheckMessage]:
    names = [*settings.MIDDLEWARE]
    own = [index for index, name in enumerate(names) if _is_ours(name)]
    if not own:
        yield Error(
            "CORSMiddleware is not in MIDDLEWARE, so that no CORS setting and no cors(...) has an effect.",
            hint=f'Put "{_MIDDLEWARE}" first in MIDDLEWARE, or remove "crossorigin.django" from INSTALLED_APPS.',
            id="crossorigin.middleware-missing",
        )
        return
    if len(own) > 1:
        yield Error(
            f"CORSMiddleware is {len(own)} times in MIDDLEWARE. Only the first one has an effect.",
            hint="Remove all but the first one.",
            id="crossorigin.middleware-repeated",
        )
    if _PEER in names:
        yield Warning(
            "The middleware of django-cors-headers is in MIDDLEWARE too. It answers preflights, or its headers are "
            "replaced.",
            hint=f'Remove "{_PEER}" from MIDDLEWARE, and "corsheaders" from INSTALLED_APPS.',
            id="crossorigin.other-cors-middleware",
        )
    outside = [name for name in names[: own[0]] if name != _PEER]
    if outside:
        shown = ", ".join(f"{name} ({_OUTSIDE[name]})" if name in _OUTSIDE else name for name in outside[:_MAX_SHOWN])
        more = len(outside) - _MAX_SHOWN
        yield Warning(
            "CORSMiddleware is not first in MIDDLEWARE. Responses of the middleware before it have no CORS headers, "
            f"and preflights reach it first: {shown}{f', and {more} more' if more > 0 else ''}.",
            hint=f'Put "{_MIDDLEWARE}" first in MIDDLEWARE.',
            id="crossorigin.middleware-not-first",
        )


def _is_ours(name: str) -> bool:
    try:
        found = import_string(name)
    except ImportError:
        # Django reports it.
        return False
    return isinstance(found, type) and issubclass(found, CORSMiddleware)


def _check_options(options: DjangoOptions) -> Iterator[CheckMessage]:
    for issue in options.warnings:
        yield _message(Warning, issue)
    for old, new in options.old_names.items():
        yield Warning(old_name_message(old, new), id="crossorigin.old-setting-name")
    if not options.is_configured:
        yield Warning(
            "No setting says which origins are allowed, so that no other origin is.",
            hint='Set CORS_ALLOWED_ORIGINS = ["https://app.example.com"], or CORS_ALLOWED_ORIGINS = [] to allow none.',
            id="crossorigin.no-origins",
        )
    if options.middleware.debug and not settings.DEBUG:
        yield Warning(
            "CORS_DEBUG is on and DEBUG is off. Responses to refused preflights show what the policy allows.",
            hint="CORS_DEBUG = DEBUG",
            id="crossorigin.debug-in-production",
        )


def _check_csrf(policy: Policy) -> Iterator[CheckMessage]:
    """Name the allowed origins whose unsafe requests with cookies Django refuses with 403."""
    if not policy.allow_credentials or _CSRF not in settings.MIDDLEWARE:
        return
    trusted = {*settings.CSRF_TRUSTED_ORIGINS}
    missing = [
        origin
        for origin in policy.allow_origins
        if origin.startswith(("https://", "http://")) and not _is_trusted(origin, trusted)
    ]
    if missing:
        more = len(missing) - _MAX_SHOWN
        listed = ", ".join(f'"{origin}"' for origin in missing[:_MAX_SHOWN])
        yield Warning(
            "Pages of these allowed origins can send cookies, but Django's protection against CSRF answers their POST "
            f"requests with 403: {listed}{f', and {more} more' if more > 0 else ''}.",
            hint=f"If they may change data, add them to CSRF_TRUSTED_ORIGINS{_advice_on_ports(missing)}. Otherwise, "
            "remove POST and the other methods that change data from CORS_ALLOW_METHODS, and silence this check.",
            id="crossorigin.csrf-untrusted-origin",
        )


def _is_trusted(origin: str, trusted: set[str]) -> bool:
    """Return whether Django trusts an origin: it is listed, or its host or a parent of it is listed with a wildcard."""
    if origin.endswith(_ANY_PORT):
        # Listing it has no effect.
        return False
    scheme, _, host = origin.partition("://")
    parents = [f"{scheme}://*{host[index:]}" for index, char in enumerate(host) if char == "."]
    return not trusted.isdisjoint([origin, f"{scheme}://*.{host}", *parents])


def _advice_on_ports(origins: list[str]) -> str:
    if any(origin.endswith(_ANY_PORT) for origin in origins):
        return ", which has no wildcard for ports: list each port"
    return ""


def _check_static_files() -> Iterator[CheckMessage]:
    if settings.DEBUG and _STATIC_FILES in settings.INSTALLED_APPS:
        yield Info(
            "The static files of runserver have no CORS headers, because it serves them outside the middleware.",
            hint="If pages of other origins load them, add staticfiles_urlpatterns() to urlpatterns and start the "
            "server with runserver --nostatic. Otherwise, silence this check.",
            id="crossorigin.static-files",
        )


def _message(level: type[Error | Warning], issue: PolicyIssue) -> CheckMessage:
    shown, reason, *_ = str(issue).split("\n")
    return level(f"{shown}: {reason.strip()}", hint=issue.hint, id=f"crossorigin.{issue.code}")
