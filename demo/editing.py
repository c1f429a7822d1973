"""The routes of the page's server that edit the policy of the API.

They accept only requests of the demo's own page. Without these checks, any website that is open in the same browser
could send them: a form needs no permission of CORS, and a host name of an attacker can resolve to this machine.
"""

import json
from collections.abc import Callable
from typing import cast

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from crossorigin import InvalidPolicyError
from demo.editable import EditableApi, Json, issue_to_json

_MAX_BODY = 64 * 1024
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def editing_routes(api: EditableApi, *, page_port: int) -> APIRouter:
    """Return the routes that edit the policy and the live origins of `api`, for a page on this port."""
    router = APIRouter()
    hosts = frozenset(f"{host}:{page_port}" for host in _LOCAL_HOSTS)

    @router.put("/policy")
    async def edit_policy(request: Request) -> JSONResponse:
        options = await _body_from_page(request, hosts)
        return _result(api, lambda: api.edit(options))

    @router.delete("/policy")
    async def reset(request: Request) -> JSONResponse:
        await _body_from_page(request, hosts)
        return _result(api, api.reset)

    @router.put("/origins")
    async def add_origin(request: Request) -> JSONResponse:
        origin = _origin_in(await _body_from_page(request, hosts))
        return _result(api, lambda: api.add_origin(origin))

    @router.delete("/origins")
    async def remove_origin(request: Request) -> JSONResponse:
        origin = _origin_in(await _body_from_page(request, hosts))
        return _result(api, lambda: api.remove_origin(origin))

    return router


async def _body_from_page(request: Request, hosts: frozenset[str]) -> Json:
    """Return the JSON object that the demo's own page has sent."""
    _check_page(request, hosts)
    return await _read_json(request)


def _check_page(request: Request, hosts: frozenset[str]) -> None:
    """Refuse a request that was not sent by a script of the demo's own page.

    `Host` is compared with the names of this machine because of DNS rebinding: the page of an attacker's host name that
    resolves to 127.0.0.1 is same-origin with this server. Browsers always send `Origin` with these methods, and scripts
    cannot set it.
    """
    host = request.headers.get("host", "")
    if host not in hosts or request.headers.get("origin") != f"http://{host}":
        raise HTTPException(403, "Only the page of the demo can edit the policy.")
    # A form cannot send this type. From another origin, it causes a preflight, which this server does not allow.
    if request.headers.get("content-type") != "application/json":
        raise HTTPException(415, "Expected Content-Type: application/json.")


async def _read_json(request: Request) -> Json:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise HTTPException(413, f"The body is larger than {_MAX_BODY} bytes.")
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise HTTPException(400, "The body is not a JSON object.")
    return cast("Json", read)


def _origin_in(body: Json) -> str:
    origin = body.get("origin")
    if not isinstance(origin, str):
        raise HTTPException(400, 'Expected {"origin": "https://..."}.')
    return origin


def _result(api: EditableApi, edit: Callable[[], list[Json] | None]) -> JSONResponse:
    """Edit, and return the state and the warnings, or the errors if nothing has changed."""
    try:
        found = edit()
    except InvalidPolicyError as error:
        return JSONResponse({"errors": [issue_to_json(issue) for issue in error.issues]}, status_code=422)
    return JSONResponse({"state": api.state(), "warnings": found or []})
