"""Run a request through an ASGI middleware in process, with a bare app inside."""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.cases.table import Request, Response

BODY = b"the app's own"


@dataclass(slots=True)
class Exchange:
    """The result of a request: whether the app ran, and every message that was sent."""

    app_ran: bool = False
    messages: list[MutableMapping[str, Any]] = field(default_factory=list)

    @property
    def by(self) -> str:
        """Return who answered, in the words of the table."""
        return "app" if self.app_ran else "preflight"

    @property
    def status(self) -> int:
        """Return the status of the response."""
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> Iterable[Sequence[bytes]]:
        """Return the header lines of the response."""
        lines: Iterable[Sequence[bytes]] = self.messages[0]["headers"]
        return lines

    @property
    def body(self) -> bytes:
        """Return the body of the response."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])


def exchange(wrap: Callable[[Any], Any], request: Request, response: Response) -> Exchange:
    """Send a request through the middleware that `wrap` adds to an app that answers with `response`."""
    done = Exchange()
    own = list(response.headers)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        done.app_ran = True
        await send({"type": "http.response.start", "status": response.status, "headers": own})
        await send({"type": "http.response.body", "body": BODY})

    async def receive() -> dict[str, Any]:
        raise AssertionError("CORS never reads a body")

    async def send(message: MutableMapping[str, Any]) -> None:
        done.messages.append(message)

    scope = {
        "type": "http",
        "method": request.method,
        "path": "/",
        "headers": [(name.lower(), value) for name, value in request.headers],
    }
    finish(wrap(app)(scope, receive, send))
    assert own == list(response.headers), "the app's own list was changed"
    return done


def finish(awaitable: Any) -> None:
    """Run a coroutine that never waits, without an event loop."""
    try:
        awaitable.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")
