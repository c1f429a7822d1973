"""A wrong argument for the middleware of a mounted app is reported when the app around it starts."""

import gc
from functools import partial
from typing import Any

import fastapi.routing
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, LiveOrigins, LivePolicy, Policy
from crossorigin.adapters.asgi.mounted_layers import check_mounts
from crossorigin.policy.decide.plan import Plan
from tests.unit.adapters.asgi.lifespans import start
from tests.unit.adapters.asgi.scopes import ORIGIN, exchange, http_scope
from tests.unit.adapters.asgi.test_failed_startup import WRONG, Answering, Configured


def child_with(*args: Any, made: Any = CORSMiddleware, **options: Any) -> FastAPI:
    """Return an app with a title and a middleware."""
    child = FastAPI(title="Child", routes=[Route("/", PlainTextResponse("hello"))])
    child.add_middleware(made, *args, **options)
    return child


def around(*routes: Any, **options: Any) -> Starlette:
    """Return an app with these routes and a valid policy."""
    app = Starlette(routes=[*routes])
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], **options)
    return app


def included(child: Any) -> FastAPI:
    """Return an app that includes a router with the child in it."""
    router = APIRouter()
    router.mount("/api", child)
    app = FastAPI()
    app.include_router(router)
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    return app


class Wrapping:
    """A layer around a mounted app."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)


WAYS: dict[str, Any] = {
    "a mount": lambda child: around(Mount("/api", child)),
    "a mount in a mount": lambda child: around(Mount("/api", Starlette(routes=[Mount("/v1", child)]))),
    "a router in a mount": lambda child: around(Mount("/api", Router([Mount("/v1", child)]))),
    "a host": lambda child: around(Host("api.example.com", child)),
    "a route": lambda child: around(Route("/api", child)),
    "a wrapped app": lambda child: around(Mount("/api", Wrapping(child))),
    "an outer middleware that stays": lambda child: around(Mount("/api", child), outermost=False),
    "an app wrapped by hand": lambda child: CORSMiddleware(
        Starlette(routes=[Mount("/api", child)]), allow_origins=[ORIGIN]
    ),
}
# Older releases of FastAPI do not include the mounts of a router.
if hasattr(fastapi.routing, "_IncludedRouter"):
    WAYS["an included router"] = included


@pytest.mark.parametrize("name", WAYS)
async def test_a_wrong_policy_of_a_mounted_app_fails_the_startup(name: str) -> None:
    """The message names the mounted app, and the stack of that app was not built."""
    child = child_with(**WRONG)
    [message], error = await start(WAYS[name](child))
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("In FastAPI 'Child', mounted at '")
    assert "would let every website" in message["message"]
    assert isinstance(error, InvalidPolicyError)
    assert error.__notes__ == [message["message"].partition("\n")[0]]
    assert child.middleware_stack is None


async def test_all_mounted_apps_are_reported_together() -> None:
    """Each app is named once, with the path of its mount."""
    grandchild = child_with(allow_origin=[ORIGIN])
    child = child_with(((),) * 20, **WRONG)
    child.mount("/v1", grandchild)
    child.mount("/v2", grandchild)
    app = around(Mount("/api", child))
    app.router.routes.append(Mount("/self", app))
    [message], _ = await start(app)
    places = [line for line in message["message"].splitlines() if line.startswith("In ")]
    assert places == ["In FastAPI 'Child', mounted at '/api':", "In FastAPI 'Child', mounted at '/api/v1':"]


@pytest.mark.parametrize(
    ("made", "args", "options"),
    [
        (CORSMiddleware, ([ORIGIN],), {}),
        (partial(CORSMiddleware, [ORIGIN]), (), {"allow_methods": ["PUT"]}),
        (Answering, (), {}),
        # The constructor of a subclass may have side effects.
        (Configured, (), {}),
        # The iterator can be read only once, by the app itself.
        (CORSMiddleware, (), {"allow_origins": iter(["*"]), "allow_credentials": True}),
    ],
)
async def test_any_other_middleware_is_left_alone(made: Any, args: Any, options: Any) -> None:
    """The app starts, and the mounted app has not built its stack."""
    child = child_with(*args, made=made, **options)
    sent, error = await start(around(Mount("/api", child)))
    assert ([message["type"] for message in sent], error) == (
        ["lifespan.startup.complete", "lifespan.shutdown.complete"],
        None,
    )
    assert child.middleware_stack is None


async def test_a_partial_is_validated_with_its_arguments() -> None:
    """The options of both middlewares are validated separately."""
    child = child_with(made=partial(CORSMiddleware, allow_credentials=True), allow_origins=["*"])
    [message], _ = await start(around(Mount("/api", child)))
    assert "would let every website" in message["message"]


async def test_a_mounted_app_warns_when_it_builds_its_own_middleware() -> None:
    """The validation gives no warnings, so that each warning is given once."""
    child = child_with(allow_origins=[ORIGIN, ORIGIN])
    app = around(Mount("/api", child))
    await start(app)
    with pytest.warns(CrossOriginWarning, match="duplicate"):
        await exchange(app, {**http_scope(), "path": "/api/"})


async def test_a_mounted_app_that_was_built_is_not_validated_again() -> None:
    """A stack that is already built is not validated again."""
    child = child_with(allow_origins=[ORIGIN])
    await exchange(child, http_scope())
    child.user_middleware[0].kwargs["allow_origins"] = ["nonsense"]
    sent, _ = await start(around(Mount("/api", child)))
    assert sent[0]["type"] == "lifespan.startup.complete"


def test_the_validation_leaves_nothing_behind_in_live_handles() -> None:
    """The validation loads no origins and keeps nothing, and a live policy can be replaced afterward."""
    loads: list[int] = []

    def load() -> list[str]:
        loads.append(1)
        return [ORIGIN]

    live, origins = LivePolicy(Policy(allow_methods=["GET"])), LiveOrigins.polled(load)
    child = child_with(policy=live, origins=origins)
    before = {id(thing) for thing in gc.get_objects() if type(thing) in {CORSMiddleware, Plan}}
    assert check_mounts(around(Mount("/api", child)), CORSMiddleware) is None
    left = [thing for thing in gc.get_objects() if type(thing) in {CORSMiddleware, Plan} and id(thing) not in before]
    assert left == []
    assert [*live._users] == []
    assert [*origins._table._listeners] == []
    assert origins._poller is not None
    assert not origins._poller._started.locked()
    assert loads == []
    live.replace(Policy(allow_methods=["PUT"]))


def test_the_validation_finds_errors_next_to_live_handles() -> None:
    """They are found at the start as well."""
    child = child_with(policy=LivePolicy(Policy(allow_origins=["*"])), origins=LiveOrigins())
    assert check_mounts(around(Mount("/api", child)), CORSMiddleware) is not None
