"""Servers with the aiohttp app, each started once."""

from tests.real.wsgi.conftest import running

__all__ = ["running"]
