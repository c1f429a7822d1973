"""Django middleware, for WSGI and ASGI: the order of the steps of a request, and when the settings are read."""

from __future__ import annotations

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.signals import setting_changed

from crossorigin.adapters.common.arguments import logs_invalid_arguments
from crossorigin.adapters.django.handler import Handler
from crossorigin.adapters.django.options import read_options, warn_about
from crossorigin.adapters.django.signals import ask, check_request_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_PREFIX = "CORS_"


class CORSMiddleware:
    """Middleware that answers CORS preflights and sets the CORS headers of all other responses of a Django project.

    Put `"crossorigin.django.CORSMiddleware"` first in `MIDDLEWARE`, so that the responses of the other middleware have
    their headers too, and preflights are answered before redirects and authentication. The options are settings:
    `CORS_ALLOWED_ORIGINS` and the other settings of django-cors-headers, or `CORS_POLICY`, a `Policy`.

    Raises:
        InvalidPolicyError: A setting is invalid, so that `get_wsgi_application()` and `get_asgi_application()` raise.
            The message is also logged as CRITICAL on the logger `crossorigin`.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.
        UserWarning: A setting has an old name.

    https://fetch.spec.whatwg.org/#http-cors-protocol
    """

    sync_capable = True
    async_capable = True

    @logs_invalid_arguments
    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        """Read the settings and compile the policy."""
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)  # pyright: ignore[reportDeprecated]  # it also knows those that asgiref marks
        if self._is_async:
            markcoroutinefunction(self)
        self._handler: Handler | None = _build_handler()
        # The connection is weak, so that it does not keep the middleware.
        setting_changed.connect(self._forget_settings)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        if self._is_async:
            return self._serve_async(request)
        handler = self._handler or self._rebuild()
        # `has_listeners` takes a lock, and most projects have no receiver.
        if handler.can_be_fast(request) and not check_request_enabled.receivers:
            fast: HttpResponseBase = self.get_response(request)
            handler.finish_fast(request, fast)
            return fast
        default = handler.select_default(request.path_info)
        if handler.may_ask_signal(request, default) and ask(request):
            default = handler.select_signaled(request)
        answer = handler.start(request, default)
        if answer is not None:
            return answer
        response: HttpResponseBase = self.get_response(request)
        handler.finish(request, response, default)
        return response

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        handler = self._handler or self._rebuild()
        if handler.can_be_fast(request) and not check_request_enabled.receivers:
            fast: HttpResponseBase = await self.get_response(request)
            handler.finish_fast(request, fast)
            return fast
        default = handler.select_default(request.path_info)
        # Receivers may query the database, which Django forbids in an event loop.
        if handler.may_ask_signal(request, default) and await sync_to_async(ask)(request):
            default = handler.select_signaled(request)
        answer = handler.start(request, default)
        if answer is not None:
            return answer
        response: HttpResponseBase = await self.get_response(request)
        handler.finish(request, response, default)
        return response

    def _forget_settings(self, *, setting: str, **_: Any) -> None:
        """Read the settings again for the next request, because a test has overridden one."""
        if setting.startswith(_PREFIX):
            self._handler = None

    def _rebuild(self) -> Handler:
        handler = self._handler = _build_handler()
        return handler


def _build_handler() -> Handler:
    options = read_options()
    warn_about(options)
    return Handler(options.policy, options.middleware, options.urls, options.names)
