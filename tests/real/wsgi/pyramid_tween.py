"""A tween of Pyramid that refuses a private path before the view, as a security policy does.

It has its own module because Pyramid finds it by its name when it builds the app.
"""

from typing import Any

from pyramid.httpexceptions import HTTPUnauthorized


def authenticate(handler: Any, registry: Any) -> Any:
    """Return a handler that refuses one path."""
    return lambda request: HTTPUnauthorized() if request.path == "/private" else handler(request)
