"""The server of the page, which also serves the record of the API, the explanation of the policy, and its editor.

It is a second server, not a route of the API, so that the page has another origin. It answers under every host name.
The page's requests to it are same-origin, so a page that the API refuses can still show what the API recorded.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import Protocol, runtime_checkable

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse

from crossorigin import Policy
from demo.editable import EditableApi, Json, explanation_to_json
from demo.editing import editing_routes
from demo.recorder import App, Exchange, Recorder
from demo.scenario import ALLOWED_ORIGIN, REQUESTS, expected_verdict

_STATIC = files("demo") / "static"
_MEDIA_TYPES = {
    "page.css": "text/css",
    "commands.js": "text/javascript",
    "dom.js": "text/javascript",
    "page.js": "text/javascript",
    "panel.js": "text/javascript",
}
_FIRST_DOCUMENTED_LINE = "from fastapi import FastAPI"

# Cookies ignore ports: the browser also sends a cookie of http://localhost:8080 to http://localhost:8000 if the page
# includes credentials. This cookie makes the difference visible.
_COOKIE = "crossorigin-demo=1; Path=/; SameSite=Lax; HttpOnly"


@runtime_checkable
class LiveApi(Protocol):
    """An API whose policy or origins change while it serves."""

    @property
    def apps(self) -> tuple[App, ...]:
        """The apps whose lifespan the server has to run."""
        ...

    async def show_explanation(self, method: str, origin: str, request_headers: Iterable[str]) -> Json:
        """Explain the decision on a page's request."""
        ...

    async def show_state(self) -> Json:
        """Return what applies now."""
        ...


def page_app(*, recorder: Recorder, policy: Policy, live: LiveApi | None, api: str, page_port: int) -> FastAPI:
    """Return the app that serves the page; the page calls `api`, a serialized origin.

    `policy` is explained if the API is not live.
    """
    app = FastAPI(openapi_url=None)
    if isinstance(live, EditableApi):
        app.include_router(editing_routes(live, page_port=page_port))
    common_headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        # The page loads everything from its own server and connects only to that server and the API.
        "Content-Security-Policy": f"default-src 'self'; connect-src 'self' {api}; img-src data:",
    }

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(_static("page.html"), headers={**common_headers, "Set-Cookie": _COOKIE})

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in _MEDIA_TYPES:
            raise HTTPException(404)
        return Response(_static(name), media_type=_MEDIA_TYPES[name], headers=common_headers)

    @app.get("/scenario")
    async def scenario(origin: str) -> Json:
        return {
            "api": api,
            "configuration": _documented_code(),
            "expected": expected_verdict(origin),
            "listed": ALLOWED_ORIGIN,
            "otherPage": _other_page(origin, page_port),
            "requests": [request.to_json() for request in REQUESTS],
        }

    @app.get("/exchanges")
    async def exchanges(id: str) -> list[Exchange]:  # noqa: A002  # the parameter's name in the URL
        return recorder.exchanges(id)

    @app.get("/explain")
    async def explain(method: str, origin: str, headers: str = "") -> Json:
        names = [name for name in headers.split(",") if name]
        if live is not None:
            return await live.show_explanation(method, origin, names)
        return explanation_to_json(policy.explain(method, origin, names))

    @app.get("/policy")
    async def state() -> Json | None:
        return None if live is None else await live.show_state()

    return app


def _static(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _documented_code() -> str:
    source = (files("demo") / "documented.py").read_text(encoding="utf-8")
    return source[source.index(_FIRST_DOCUMENTED_LINE) :]


def _other_page(origin: str, page_port: int) -> str:
    allowed, refused = f"http://localhost:{page_port}", f"http://127.0.0.1:{page_port}"
    return refused if origin == allowed else allowed
