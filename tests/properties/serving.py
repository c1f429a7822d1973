"""One middleware around an app with a given response, and the visible part of an exchange."""

import warnings
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossorigin import CORSMiddleware, CrossOriginWarning, Decision, Policy
from tests.cases.asgi import finish
from tests.properties import reference
from tests.properties.strategies import MISSING, SHAPES, AppResponse, GeneratedRequest, Line

Message = MutableMapping[str, Any]
CORS = {f"access-control-{name}".encode() for name in reference.OWNED} | {b"access-control-allow-private-network"}


def build(options: dict[str, Any]) -> Policy:
    """Build a policy and ignore its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy(**options)


@dataclass(frozen=True)
class Served:
    """The result of a request: who answered, the status, the body of a preflight, and the headers."""

    by: str
    status: int
    body: bytes
    headers: list[Line]


class MiddlewareInstance:
    """One instance of the middleware for any number of requests."""

    def __init__(self, policy: Policy, *, debug: bool) -> None:
        """Wrap an app that sends the messages in the scope."""
        # It is outermost from the start, so that no request is served in another way.
        self.middleware = CORSMiddleware(say, policy=policy, debug=debug, outermost=False)

    def serve(self, asked: GeneratedRequest, said: AppResponse) -> Served:
        """Send a request to the app with the given response. The server then changes the objects that it was sent."""
        start = message(said)
        before, given = dict(start), start.get("headers")
        served, sent = self.exchange(asked, start)
        # A change by a server must affect neither the message of the app nor the next response.
        sent["headers"].insert(0, (b"access-control-allow-origin", b"https://outer.example"))
        sent["headers"].append((b"vary", b"X-Outer"))
        sent.clear()
        assert start == before, "the app's message was changed"
        if isinstance(given, list | tuple):
            assert list(map(tuple, given)) == list(said.own), "the app's own list was changed"
        return served

    def exchange(self, asked: GeneratedRequest, start: Message) -> tuple[Served, Message]:
        """Send a request, to which the app answers with this message. Return the response, parsed and raw."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope = scope_of(asked, start)
        finish(self.middleware(scope, receive, send))
        return served_by(scope, sent), sent[0]


def message(said: AppResponse) -> dict[str, Any]:
    """Return the first message of the app's response."""
    start: dict[str, Any] = {"type": "http.response.start", "status": said.status, "trailers": True}
    return start if said.shape == MISSING else {**start, "headers": SHAPES[said.shape](said.own)}


def scope_of(asked: GeneratedRequest, start: Message) -> dict[str, Any]:
    """Return the scope of a request, which contains the response for the app."""
    headers = SHAPES[asked.shape](asked.headers)
    return {"type": "http", "method": asked.method, "path": "/", "headers": headers, "start": start, "by": "preflight"}


async def say(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the messages in the scope."""
    scope["by"] = "app"
    await send(scope["start"])
    await send({"type": "http.response.body", "body": b"the app's own"})


async def receive() -> dict[str, Any]:
    """Fail, because CORS never reads a body."""
    raise AssertionError


def served_by(scope: Message, sent: Sequence[Message]) -> Served:
    """Parse the response."""
    start, body = sent
    headers = [(bytes(name), bytes(value)) for name, value in start["headers"]]
    extra = {"trailers": True} if scope["by"] == "app" else {}
    assert {**start, "headers": []} == {
        "type": "http.response.start",
        "status": start["status"],
        "headers": [],
        **extra,
    }
    assert body == {"type": "http.response.body", "body": body["body"]}
    return Served(scope["by"], start["status"], b"" if scope["by"] == "app" else body["body"], headers)


def decide(policy: Policy, asked: GeneratedRequest, *, debug: bool) -> Decision:
    """Decide a request without an adapter."""

    def lines(name: str) -> list[bytes]:
        return reference.lines_of(asked.headers, name)

    return policy.decide(
        asked.method,
        origin=lines("origin"),
        request_method=lines("access-control-request-method"),
        request_headers=lines("access-control-request-headers"),
        request_private_network=lines("access-control-request-private-network"),
        debug=debug,
    )


def seen(headers: Iterable[Line]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return every CORS header, and the elements of `Vary` in order."""
    lines = list(headers)
    cors = sorted((name.lower().decode(), value.decode()) for name, value in lines if name.lower() in CORS)
    return cors, reference.elements(reference.lines_of(lines, "vary"))


def others(headers: Iterable[Line]) -> list[Line]:
    """Return the headers that this library does not write."""
    return [(name, value) for name, value in headers if name.lower() not in CORS | {b"vary"}]
