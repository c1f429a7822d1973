"""The lifespan protocol, as a server runs it, for the tests of the startup."""

from typing import Any

from tests.unit.adapters.asgi.scopes import App, Message


async def start(app: App) -> tuple[list[Message], Exception | None]:
    """Start an app. Return the messages that it sends and the exception that it raises, if any."""
    sent: list[Message] = []

    async def receive() -> Message:
        # The second message arrives when the server stops.
        return {"type": "lifespan.shutdown" if sent else "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    try:
        await app(scope, receive, send)
    except Exception as error:
        return sent, error
    return sent, None
