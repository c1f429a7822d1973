"""The page's own server: the page, the record of the API, and the policy's explanation.

It is a second server and not a route of the API, so that the page is of another origin. It
answers for every origin it is reached under. What the page asks of it is same-origin, so a
page the API refuses can still show what the API recorded.
"""

from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from crossorigin import Policy
from demo.recorder import Exchange, Recorder
from demo.scenario import ALLOWED_ORIGIN, REQUESTS, expected_verdict

_STATIC = files("demo") / "static"
_FIRST_DOCUMENTED_LINE = "from fastapi import FastAPI"

# Cookies know no ports: one set by http://localhost:8080 goes to http://localhost:8000 too,
# where the page asks for credentials. So that there is something to see.
_COOKIE = "crossorigin-demo=1; Path=/; SameSite=Lax; HttpOnly"


def page_app(*, recorder: Recorder, policy: Policy, api: str, page_port: int) -> FastAPI:
    """Return the app that serves the page which calls `api`, a serialized origin."""
    app = FastAPI(openapi_url=None)
    headers_of_all = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        # Nothing of the page comes from elsewhere, and it talks to the API alone.
        "Content-Security-Policy": f"default-src 'self'; connect-src 'self' {api}; img-src data:",
    }

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(_static("page.html"), headers={**headers_of_all, "Set-Cookie": _COOKIE})

    @app.get("/page.css")
    async def style() -> Response:
        return Response(_static("page.css"), media_type="text/css", headers=headers_of_all)

    @app.get("/page.js")
    async def script() -> Response:
        return Response(_static("page.js"), media_type="text/javascript", headers=headers_of_all)

    @app.get("/scenario")
    async def scenario(origin: str) -> dict[str, Any]:
        return {
            "api": api,
            "configuration": _documented_code(),
            "expected": expected_verdict(origin),
            "listed": ALLOWED_ORIGIN,
            "otherPage": _other_page(origin, page_port),
            "requests": [request.to_json() for request in REQUESTS],
        }

    @app.get("/exchanges")
    async def exchanges(id: str) -> list[Exchange]:  # noqa: A002  # the name in the URL
        return recorder.exchanges(id)

    @app.get("/explain")
    async def explain(method: str, origin: str, headers: str = "") -> dict[str, Any]:
        explanation = policy.explain(
            method=method,
            origin=origin,
            request_headers=[name for name in headers.split(",") if name],
        )
        return {"allowed": explanation.allowed, "text": str(explanation)}

    return app


def _static(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _documented_code() -> str:
    source = (files("demo") / "documented.py").read_text(encoding="utf-8")
    return source[source.index(_FIRST_DOCUMENTED_LINE) :]


def _other_page(origin: str, page_port: int) -> str:
    allowed, refused = f"http://localhost:{page_port}", f"http://127.0.0.1:{page_port}"
    return refused if origin == allowed else allowed
