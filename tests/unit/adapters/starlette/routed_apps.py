"""Policies and endpoints for the tests of per-route policies: each response shows which one decided and served."""

from collections.abc import Callable, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from crossorigin import CORSMiddleware, Policy
from crossorigin.fastapi import cors
from tests.unit.adapters.asgi.scopes import Message, http_scope, preflight_scope, receive

METHODS = ["GET", "PUT", "DELETE"]
ALLOW_ORIGIN, ALLOW_METHODS, MAX_AGE = (
    b"access-control-allow-origin",
    b"access-control-allow-methods",
    b"access-control-max-age",
)
# The origin that each policy allows is its name.
POLICIES = {
    name: Policy(allow_origins=[f"https://{name}.example"], allow_methods=METHODS)
    for name in ("app", "route", "router", "outer", "mount")
}
Endpoint = Callable[..., Any]


def by(name: str) -> Callable[[Any], Any]:
    """Decorate an object with the policy of this name."""
    return cors(POLICIES[name])


def answers(status: int = 200) -> Endpoint:
    """Return an endpoint of either framework."""

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(status), status)

    return endpoint


def with_layer(app: Any, **arguments: Any) -> Any:
    """Add the middleware to an app."""
    app.add_middleware(CORSMiddleware, policy=POLICIES["app"], **arguments)
    return app


async def sent_by(app: Any, scope: dict[str, Any]) -> list[Message]:
    """Return all messages that an app sends before it ends or crashes."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except (ZeroDivisionError, ValueError):
        assert sent, "nothing answered a crash"
    return sent


def values(messages: Iterable[Message], field: bytes) -> list[bytes]:
    """Return the values of a header of the response."""
    return [value for message in messages for name, value in message.get("headers", ()) if name == field]


def at(scope: dict[str, Any], path: str, **more: Any) -> dict[str, Any]:
    """Change the path of a scope."""
    return {**scope, "path": path, "raw_path": path.encode(errors="surrogatepass"), **more}


async def preflight(
    app: Any, method: str, path: str, name: str = "app", *headers: tuple[str, str], **more: Any
) -> list[Message]:
    """Send a preflight from a page that one of the policies allows."""
    return await sent_by(app, at(preflight_scope(f"https://{name}.example", method, *headers), path, **more))


async def request(
    app: Any, method: str, path: str, name: str = "app", *headers: tuple[str, str], **more: Any
) -> list[Message]:
    """Send the request itself."""
    return await sent_by(app, at(http_scope(method, ("origin", f"https://{name}.example"), *headers), path, **more))


async def deciders(app: Any, method: str, path: str, *headers: tuple[str, str], **more: Any) -> str:
    """Return the name of the policy that decides the preflight and the response, or both names if they differ."""
    told = [
        "+".join(
            [name for name in POLICIES if values(await ask(app, method, path, name, *headers, **more), ALLOW_ORIGIN)]
        )
        for ask in (preflight, request)
    ]
    return told[0] if told[0] == told[1] else " and then ".join(told)
