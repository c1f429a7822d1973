"""The API of the demo as a Django project in one module."""

import json
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views import View

from crossorigin import LiveOrigins, LivePolicy


class Api(View):
    """The documented route, and the routes that the page calls."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        """Return the documented message."""
        return JsonResponse({"message": "Hello World"})

    async def post(self, request: HttpRequest) -> JsonResponse:
        """Return the body of a JSON POST."""
        return JsonResponse({"message": "Received", "body": json.loads(request.body)})

    async def put(self, request: HttpRequest) -> JsonResponse:
        """Return the body of a JSON PUT."""
        return JsonResponse({"message": "Replaced", "body": json.loads(request.body)})


urlpatterns = [path("", Api.as_view())]


settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["crossorigin.django"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["crossorigin.django.CORSMiddleware"],
    ROOT_URLCONF=__name__,
    # Nothing is signed.
    SECRET_KEY=__name__,
)


def create_api(policy: LivePolicy, origins: LiveOrigins | None) -> Any:
    """Return the ASGI app of the project, whose policy may change."""
    # The middleware reads the settings when the app is built, so that each app has its own.
    settings.CORS_POLICY = policy
    if origins is not None:
        settings.CORS_LIVE_ORIGINS = origins
    elif hasattr(settings, "CORS_LIVE_ORIGINS"):
        del settings.CORS_LIVE_ORIGINS
    return get_asgi_application()
