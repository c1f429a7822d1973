"""The compared middlewares: none, two minimal ones, those of other libraries, and ours.

Each function takes the app and Starlette's options. It returns None if the library does not support an option; the
table then shows a gap.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from bench.traffic import App, Message, Receive, Scope, Send

Options = dict[str, Any]


def bare(app: App, _options: Options) -> App:
    """Return the app itself."""
    return app


class Nothing:
    """A middleware that passes everything through."""

    def __init__(self, app: App) -> None:
        """Wrap the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app."""
        await self.app(scope, receive, send)


class Wrap:
    """A middleware that only wraps `send`, the minimum for one that sees responses."""

    def __init__(self, app: App) -> None:
        """Wrap the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app with a wrapped `send`."""

        def wrapped(message: Message) -> Awaitable[None]:
            return send(message)

        await self.app(scope, receive, wrapped)


def nothing(app: App, _options: Options) -> App:
    """Return a middleware that does nothing."""
    return Nothing(app)


def wrap(app: App, _options: Options) -> App:
    """Return a middleware that only wraps `send`."""
    return Wrap(app)


def starlette(app: App, options: Options) -> App:
    """Return Starlette's middleware."""
    from starlette.middleware.cors import CORSMiddleware

    options = dict(options)
    patterns = [origin for origin in options["allow_origins"] if "*." in origin or ":*" in origin]
    if patterns:
        # Starlette has no wildcard patterns, so its users write a regular expression.
        options["allow_origins"] = [origin for origin in options["allow_origins"] if origin not in patterns]
        options["allow_origin_regex"] = "|".join(
            origin.replace(".", r"\.").replace(":*", r"(?::\d+)?").replace("*\\", "[a-z0-9-]+\\") for origin in patterns
        )
    return CORSMiddleware(app, **options)


def asgi_cors(app: App, options: Options) -> App | None:
    """Return asgi-cors, which does not support credentials, exposed headers or preflights."""
    if options.get("allow_credentials"):
        return None
    origins = options["allow_origins"]
    wrapped: App = import_module("asgi_cors").asgi_cors(
        app,
        allow_all="*" in origins,
        hosts=[origin for origin in origins if "*" not in origin],
        host_wildcards=[origin for origin in origins if "*." in origin],
        methods=options.get("allow_methods"),
        headers=options.get("allow_headers"),
    )
    return wrapped


def litestar(app: App, options: Options) -> App:
    """Return Litestar's middleware, whose framework answers preflights."""
    defaults: Options = {"allow_methods": ["GET"], "allow_headers": []}  # the defaults of Starlette
    config = import_module("litestar.config.cors").CORSConfig(**{**defaults, **options})
    wrapped: App = import_module("litestar.middleware._internal.cors").CORSMiddleware(app, config)
    return wrapped


def ours(app: App, options: Options) -> App:
    """Return our middleware. The option `live` is a function that returns the live origins."""
    from crossorigin import CORSMiddleware, LiveOrigins

    if "live" in options:
        options = {**options, "origins": LiveOrigins(options["live"]())}
        del options["live"]
    return CORSMiddleware(app, **options)


CONTENDERS: dict[str, Callable[[App, Options], App | None]] = {
    "bare": bare,
    "nothing": nothing,
    "wrap": wrap,
    "starlette": starlette,
    "asgi-cors": asgi_cors,
    "litestar": litestar,
    "ours": ours,
}
