"""A Django project in this process: the settings are configured once, and overridden for each use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.conf import settings
from django.test.utils import override_settings
from django.urls import clear_url_caches

OURS = "crossorigin.django.CORSMiddleware"


def configure() -> None:
    """Configure the settings that all uses share, unless another test did."""
    if not settings.configured:
        settings.configure(
            LOGGING_CONFIG=None,
            SECRET_KEY=__name__,
            ALLOWED_HOSTS=["*"],
            USE_TZ=True,
            REST_FRAMEWORK={
                "UNAUTHENTICATED_USER": None,
                "DEFAULT_AUTHENTICATION_CLASSES": [],
                "DEFAULT_PERMISSION_CLASSES": [],
                "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            },
        )
        django.setup()


@contextmanager
def project(views: dict[str, Callable[..., Any]] | list[Any], **overridden: Any) -> Iterator[None]:
    """Use these URL patterns, or views by path, and these settings."""
    from django.urls import path

    configure()
    patterns = [path(route, view) for route, view in views.items()] if isinstance(views, dict) else views
    given = {"ROOT_URLCONF": tuple(patterns), "MIDDLEWARE": [OURS], "ALLOWED_HOSTS": ["*"], **overridden}
    with override_settings(**given):
        try:
            yield
        finally:
            clear_url_caches()
