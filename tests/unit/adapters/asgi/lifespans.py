"""What the tests of start-up share: one lifespan, as a server runs it."""

from typing import Any

from tests.unit.adapters.asgi.scopes import App, Message


async def start(app: App) -> tuple[list[Message], Exception | None]:
    """Start an app; return what it sends and the exception it raises, if any."""
    sent: list[Message] = []

    async def receive() -> Message:
        # A second message comes when the server stops.
        return {"type": "lifespan.shutdown" if sent else "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    try:
        await app(scope, receive, send)
    except Exception as error:
        return sent, error
    return sent, None
