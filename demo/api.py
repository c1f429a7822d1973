"""The API of the demo: the documented app plus the routes that the page calls, with a policy that can be edited.

The example of the documentation handles only `GET /`. The page also sends a POST and a PUT with JSON. Their routes
are added in this module so that `documented` stays identical to the documentation.
"""

from typing import Any

from fastapi import APIRouter, FastAPI

from crossorigin import CORSMiddleware, LiveOrigins, LivePolicy, Policy
from demo import documented

routes = APIRouter()


@routes.post("/")
async def receive(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a JSON POST."""
    return {"message": "Received", "body": body}


@routes.put("/")
async def replace(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a JSON PUT."""
    return {"message": "Replaced", "body": body}


def create_api(policy: LivePolicy, origins: LiveOrigins | None) -> FastAPI:
    """Return an app with the documented route and those above, whose policy may change."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, policy=policy, origins=origins)
    app.include_router(documented.app.router)
    app.include_router(routes)
    return app


def documented_policy() -> Policy:
    """Return the policy that the documented call of `add_middleware` describes.

    The options are read from that call, so the demo always starts with the documented policy. Its warning appears once,
    because Python shows a warning of one line of code only once.
    """
    [middleware] = documented.app.user_middleware
    options: dict[str, Any] = middleware.kwargs
    return Policy(**options)
