"""Code of users, and the errors that a type checker reports in it.

The code never runs. mypy and pyright must accept each line. A comment that ignores an error marks an intended one,
because an ignore comment without an error is an error itself.
"""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, assert_type

from fastapi import APIRouter, FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from crossorigin import (
    REMOVE,
    CORSMiddleware,
    Explanation,
    Fix,
    InvalidPolicyError,
    LiveOrigins,
    LivePolicy,
    LiveStatus,
    Policy,
    PolicyIssue,
)
from crossorigin.fastapi import cors, explain, install
from crossorigin.settings import policy_from_env
from crossorigin.settings.pydantic import Methods, Origins, PolicyField, RequestHeaders, ResponseHeaders

policy = Policy(
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=("GET", "PUT"),
    allow_headers={"X-Token"},
    allow_credentials=True,
    expose_headers=["ETag"],
    max_age=None,
)


# Instead of Starlette's class, in both frameworks.

fastapi_app = FastAPI()
fastapi_app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_methods=["*"],
    allow_headers=["*"],
    allow_credentials=True,
    allow_origin_regex=None,
    allow_private_network=False,
    expose_headers=["ETag"],
    max_age=600,
    constant_allow_origin=False,
    dangerously_allow_public_suffixes=False,
    debug=False,
)
fastapi_app.add_middleware(CORSMiddleware, policy=policy)
fastapi_app.add_middleware(CORSMiddleware, policy=policy, debug=True)

starlette_app = Starlette(middleware=[Middleware(CORSMiddleware, policy=policy)])
starlette_app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
starlette_app.add_middleware(CORSMiddleware, ["https://app.example.com"], ["GET"], ["X-Token"])
Starlette(middleware=[Middleware(CORSMiddleware, allow_origins=("https://app.example.com",))])


# Wrapped directly around any ASGI app.


async def plain(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Send nothing, with the types of the ASGI specification."""


async def typed(scope: Scope, receive: Receive, send: Send) -> None:
    """Send nothing, with Starlette's types."""
    await CORSMiddleware(starlette_app, policy=policy)(scope, receive, send)


wrapped: ASGIApp = CORSMiddleware(starlette_app, policy=policy)
wrapped = CORSMiddleware(fastapi_app, allow_origins=["https://app.example.com"])
wrapped = CORSMiddleware(plain, policy=policy)
wrapped = CORSMiddleware(typed, policy=policy)
wrapped = CORSMiddleware(wrapped, policy=policy)
fastapi_app.mount("/api", CORSMiddleware(starlette_app, policy=policy))


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Use the policy in a program."""
    try:
        print(Policy(allow_origins=["*"]).explain(method="GET", origin="https://app.example.com"))
    except InvalidPolicyError as error:
        issues: tuple[PolicyIssue, ...] = error.issues
        print(*(f"{issue.field}: {issue.hint}" for issue in issues), sep="\n")
        fixes: list[Fix] = [fix for issue in issues for fix in issue.fixes]
        print(*(fix.field for fix in fixes if fix.value is REMOVE))
        texts: list[str] = [fix.value for fix in fixes if isinstance(fix.value, str)]
        print(*texts)
    yield


# Per-route policies: a decorated object keeps its type.


@fastapi_app.get("/public/{item}")
@cors(allow_origins=["*"], allow_methods=("GET", "PUT"), allow_headers={"X-Token"}, max_age=None)
def public(item: int, *, deep: bool = False) -> str:
    """Serve a route that every page can read."""
    return f"{item} {deep}"


@cors(policy)
@fastapi_app.get("/partners")
async def partners(item: int) -> list[int]:
    """Serve a route that the pages of the policy can read."""
    return [item]


@cors(None)
class Closed(HTTPEndpoint):
    """A class that no page can read."""

    rooms = 3


served: str = public(1, deep=True)
assert_type(public(item=1), str)
assert_type(Closed.rooms, int)
assert_type(cors(policy)(APIRouter(prefix="/api")), APIRouter)
assert_type(cors(allow_origins=["*"])(FastAPI()), FastAPI)
assert_type(cors(policy=policy)(Mount("/static", plain)), Mount)
assert_type(explain(fastapi_app, "GET", "/public/1", "https://app.example.com", ["x-token"]), Explanation)
fastapi_app.mount("/reports", cors(policy)(starlette_app))
fastapi_app.add_middleware(CORSMiddleware, policy=policy, served_methods_only=True)
install(fastapi_app, policy, served_methods_only=True)


async def shelf() -> None:
    """Call an endpoint like any other function."""
    items: list[int] = await partners(1)
    print(items)


# From the environment, and with the types for pydantic.


class Settings(BaseSettings):
    """Read the settings of a service."""

    cors_origins: Origins = ()
    cors_methods: Methods = ("GET", "PUT")
    cors_headers: RequestHeaders = ()
    cors_exposed: ResponseHeaders = ()
    admin_origins: Origins | None = None
    public_api: PolicyField = Policy(allow_origins=["*"])
    admin_api: PolicyField = Field(default_factory=Policy)


settings = Settings(cors_origins=("https://app.example.com",), public_api=policy)
origins: tuple[str, ...] = settings.cors_origins
fastapi_app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=settings.cors_methods)
fastapi_app.add_middleware(CORSMiddleware, policy=settings.admin_api)


# Handles that change while the server runs.

customers = LiveOrigins(["https://shop.customer.example"])
live = LivePolicy(policy)
fastapi_app.add_middleware(CORSMiddleware, policy=live, origins=customers)
install(fastapi_app, live, origins=customers)
assert_type(customers.add("https://shop.customer.example"), bool)
assert_type(customers.status(), LiveStatus)
assert_type(live.replace(policy), Policy)


def load_origins() -> list[str]:
    """Load from a database."""
    return []


async def load_origins_async() -> set[str]:
    """Load from a database, in an event loop."""
    return set()


polled = [LiveOrigins.polled(load_origins), LiveOrigins.polled(load_origins_async, every=1, deadline=2.5)]
fastapi_app.add_middleware(CORSMiddleware, origins=["https://app.example.com"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
fastapi_app.add_middleware(CORSMiddleware, policy=policy_from_env())
policy = policy_from_env("ADMIN_CORS_", environ={"ADMIN_CORS_ALLOW_ORIGINS": "https://app.example.com"})
policy = policy_from_env(environ={"CORS_ALLOW_ORIGINS": None})


# Misspelled, misplaced or of a wrong type.

Policy(allow_orgins=["https://app.example.com"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
Policy(["https://app.example.com"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
Policy(max_age="600")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Policy(constant_allow_origin="https://app.example.com")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Policy(debug=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
CORSMiddleware(plain, allow_orgins=["https://app.example.com"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
CORSMiddleware(plain, policy={"allow_origins": ["*"]})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
fastapi_app.add_middleware(CORSMiddleware, allow_orgins=["*"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
starlette_app.add_middleware(CORSMiddleware, allow_credentials="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Middleware(CORSMiddleware, policy=policy, verbose=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
policy_from_env(environ={"CORS_MAX_AGE": 600})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
policy_from_env(environment={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
fastapi_app.add_middleware(CORSMiddleware, policy=settings.cors_origins)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
public("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cors(max_age="600")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cors(allow_orgins=["*"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cors(["*"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
fastapi_app.add_middleware(CORSMiddleware, served_methods_only="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
