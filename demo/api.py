"""The API of the demo: the documented app plus the routes that the page calls.

The example of the documentation handles only `GET /`. The page also sends a POST and a PUT with JSON. Their routes
are added in this module so that `documented` stays identical to the documentation.
"""

import warnings
from typing import Any

from fastapi import APIRouter

from crossorigin import CrossOriginWarning, Policy
from demo.documented import app

__all__ = ["app", "documented_policy"]

routes = APIRouter()


@routes.post("/")
async def receive(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a JSON POST."""
    return {"message": "Received", "body": body}


@routes.put("/")
async def replace(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a JSON PUT."""
    return {"message": "Replaced", "body": body}


app.include_router(routes)


def documented_policy() -> Policy:
    """Return the policy that the documented call of `add_middleware` describes.

    The options are read from that call, so the page always explains the policy that is served.
    """
    [middleware] = app.user_middleware
    options: dict[str, Any] = middleware.kwargs
    with warnings.catch_warnings():
        # The served app already reports the warning of this policy when it starts.
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy(**options)
