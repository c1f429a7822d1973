"""The API that the demo serves: the documented app, and beside it the routes the page calls.

The documentation's example answers `GET /` alone. The page also sends a JSON POST and a PUT;
their routes are added here, from outside, so that `documented` stays as it is documented.
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
    """Answer a JSON POST with what it brought."""
    return {"message": "Received", "body": body}


@routes.put("/")
async def replace(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a JSON PUT with what it brought."""
    return {"message": "Replaced", "body": body}


app.include_router(routes)


def documented_policy() -> Policy:
    """Return the policy that the documented call of `add_middleware` describes.

    Read from that call rather than written again: what the page explains is what is served.
    """
    [middleware] = app.user_middleware
    options: dict[str, Any] = middleware.kwargs
    with warnings.catch_warnings():
        # The served app gives the policy's remark itself, as it starts: once is enough.
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy(**options)
