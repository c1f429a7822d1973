"""A layer of Pyramid that refuses a private path before the view, as a security policy does.

Pyramid finds it by its name when the app is built, so it is in a module of its own.
"""

from typing import Any

from pyramid.httpexceptions import HTTPUnauthorized


def authenticate(handler: Any, registry: Any) -> Any:
    """Return a handler that refuses one path."""
    return lambda request: HTTPUnauthorized() if request.path == "/private" else handler(request)
