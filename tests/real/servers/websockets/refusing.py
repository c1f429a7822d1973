"""An app that refuses untrusted origins, served by real servers."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from crossorigin import CORSMiddleware, Policy
from tests.real.servers.marked_app import lifespan, mark


async def hello(request: Request) -> Response:
    """Answer."""
    mark(request.method)
    return PlainTextResponse("hello")


async def socket(websocket: WebSocket) -> None:
    """Send the name of the server's class that serves the connection."""
    mark("socket")
    await websocket.accept()
    await websocket.send_text(type(getattr(websocket._receive, "__self__", None)).__name__)
    await websocket.close()


app = CORSMiddleware(
    Starlette(
        routes=[Route("/", hello, methods=["GET", "POST", "OPTIONS"]), WebSocketRoute("/socket", socket)],
        lifespan=lifespan,
    ),
    policy=Policy(allow_origins=["https://app.example.com", "https://*.example.org"], allow_methods=["GET", "POST"]),
    check_websockets=True,
    on_refused="block",
)
