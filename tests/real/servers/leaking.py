"""A middleware that remembers every request, which the memory test must detect."""

from typing import Any

from tests.real.servers.valid_policy import wrapped

seen: list[Any] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Keep the header lines, and call the app."""
    seen.append(scope.get("headers"))
    await wrapped(scope, receive, send)
