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

    from crossorigin.policy.policy import Policy

_PREFIX = "CORS_"


class CORSMiddleware:
    """Middleware that answers CORS preflights and sets the CORS headers of all other responses of a Django project.

    Put `"crossorigin.django.CORSMiddleware"` first in `MIDDLEWARE`, so that the responses of the other middleware have
    their headers too, and preflights are answered before redirects and authentication. The options are settings:
    `CORS_ALLOWED_ORIGINS` and the other settings of django-cors-headers, or `CORS_POLICY`, a `Policy` or `LivePolicy`.
    `CORS_LIVE_ORIGINS`, `LiveOrigins` or their dotted path, are allowed in addition.

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
        # Read here, so that an invalid setting is an error at startup.
        self._settings: _Settings | None = _Settings(self._forget_handler)
        # The handler of these settings. The first request stores it here, and also starts the live origins.
        self._handler: Handler | None = None
        # The connection is weak, so that it does not keep the middleware.
        setting_changed.connect(self._forget_settings)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        if self._is_async:
            return self._serve_async(request)
        handler = self._handler or self._start()
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
        handler = self._handler or await self._start_async()
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
            self._settings = None
            self._forget_handler()

    def _forget_handler(self) -> None:
        self._handler = None

    def _start(self) -> Handler:
        """Return the handler of this request and the next ones, after the live origins were loaded.

        Raises:
            RuntimeError: The live origins are not loaded, and `require` is set.
        """
        read = self._read_settings()
        if read.origins is not None:
            from crossorigin.adapters.common.origin_start import start_origins

            start_origins(read.origins)
        return self._use(read)

    async def _start_async(self) -> Handler:
        """Do the same as `_start`. Django has no lifespan, so the first requests wait, without blocking the others.

        Raises:
            RuntimeError: As in `_start`.
        """
        read = self._read_settings()
        if read.origins is not None:
            from crossorigin.adapters.common.origin_start import start_origins_async

            await start_origins_async(read.origins)
        return self._use(read)

    def _read_settings(self) -> _Settings:
        read = self._settings
        if read is None:
            read = self._settings = _Settings(self._forget_handler)
        return read

    def _use(self, read: _Settings) -> Handler:
        handler = self._handler = read.handler
        # If another thread has replaced the policy in the meantime, the next request uses the new handler.
        if read.handler is not handler or self._settings is not read:
            self._forget_handler()
        return handler


class _Settings:
    """The settings as they were read, with the handler of their policy, which a `LivePolicy` can replace.

    A middleware drops this object when it reads its settings again, so that the live policy no longer calls it.
    """

    __slots__ = ("__weakref__", "_on_replace", "handler", "origins", "policy")

    def __init__(self, on_replace: Callable[[], None]) -> None:
        """Read the settings, and compile their policy. `on_replace` is called when `handler` has been replaced."""
        options = read_options()
        warn_about(options)
        self._on_replace = on_replace
        self.origins = options.middleware.origins
        self.policy = options.policy
        self.handler = Handler(options.policy, options.middleware, options.urls, options.names)
        if options.middleware.live_policy is not None:
            options.middleware.live_policy.subscribe(self)

    def prepare_policy(self, policy: Policy) -> Callable[[], None]:
        """Compile another policy, and return the function that starts to use it. `LivePolicy` calls it.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other settings.
        """
        handler = self.handler.with_policy(policy)

        def use() -> None:
            handler.describe_by_policy()
            self.policy, self.handler = policy, handler
            self._on_replace()

        return use
