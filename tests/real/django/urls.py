"""The views of the project: each kind of response, as functions, a stream, a file, and views of DRF."""

import io
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from rest_framework.exceptions import NotAuthenticated
from rest_framework.views import APIView

from crossorigin.django import cors

PARTNER = "https://partner.example"


@sync_and_async_middleware
def authenticate(get_response: Any) -> Any:
    """Refuse a private path before the view."""
    from asgiref.sync import iscoroutinefunction

    if iscoroutinefunction(get_response):

        async def call_async(request: Any) -> Any:
            if request.path == "/private":
                return HttpResponse("login", status=401)
            return await get_response(request)

        return call_async

    def call(request: Any) -> Any:
        return HttpResponse("login", status=401) if request.path == "/private" else get_response(request)

    return call


@csrf_exempt
@require_GET
@never_cache
def ok(request: Any) -> HttpResponse:
    """Answer a GET."""
    return HttpResponse("ok")


@never_cache
def echo(request: Any) -> HttpResponse:
    """Return the posted data, and use the session."""
    request.session["posted"] = True
    return HttpResponse(request.body)


def cached(request: Any) -> HttpResponse:
    """Return a cached response: a new number for each request that reaches the view."""
    cached.count += 1  # type: ignore[attr-defined]
    return HttpResponse(str(cached.count))  # type: ignore[attr-defined]


cached.count = 0  # type: ignore[attr-defined]


def parts() -> Iterator[bytes]:
    """Yield a stream."""
    yield b"one "
    yield b"two"


async def parts_async() -> Any:
    """Yield a stream under ASGI."""
    for part in parts():
        yield part


@never_cache
def stream(request: Any) -> StreamingHttpResponse:
    """Return a stream, synchronous or asynchronous as the server requires."""
    return StreamingHttpResponse(parts_async() if hasattr(request, "scope") else parts(), content_type="text/plain")


def file(request: Any) -> Any:
    """Return a file. Under ASGI, Django warns about files that it reads synchronously."""
    if hasattr(request, "scope"):
        return HttpResponse("a static file\n", headers={"Content-Disposition": "attachment"})
    return FileResponse(io.BytesIO(b"a static file\n"), as_attachment=True, filename="file.txt")


def crash(request: Any) -> HttpResponse:
    """Raise an exception."""
    raise ZeroDivisionError


class Framework(APIView):
    """A view of Django REST Framework that requires authentication."""

    def get(self, request: Any) -> HttpResponse:
        """Raise an exception that the framework answers."""
        raise NotAuthenticated


urlpatterns = [
    path("ok", ok),
    path("echo", echo),
    path("cached", cached),
    path("private", ok),
    path("stream", stream),
    path("file", file),
    path("redirect", lambda _: HttpResponseRedirect("/ok")),
    path("slash/", ok),
    path("crash", crash),
    path("framework", Framework.as_view()),
    path("partner", cors(allow_origins=[PARTNER])(lambda _: HttpResponse("partner"))),
    *staticfiles_urlpatterns(),
]
