"""Servers with an app of an ASGI framework, each started once."""

from tests.real.wsgi.conftest import running

__all__ = ["running"]
