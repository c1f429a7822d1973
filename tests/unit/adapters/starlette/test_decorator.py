"""The decorator attaches a policy to an object, and a response has the headers of the policy that decides it."""

import asyncio
import functools
import unittest.mock
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

import crossorigin.fastapi
import crossorigin.starlette
from crossorigin import CORSMiddleware, InvalidPolicyError, IssueCode, Policy
from crossorigin.adapters.starlette.route_policy import policy_of
from crossorigin.fastapi import cors, explain, install
from crossorigin.policy.decide.decisions import ActualDecision, Decision, PreflightDecision
from tests.unit.adapters.asgi.scopes import http_scope
from tests.unit.adapters.starlette.routed_apps import (
    POLICIES,
    answers,
    at,
    by,
    deciders,
    preflight,
    request,
    sent_by,
    values,
    with_layer,
)

PAGE = "https://page.example"
PUBLIC = Policy(allow_origins=["*"])


def test_there_is_one_decorator() -> None:
    """Every framework module exports the same decorator."""
    assert crossorigin.fastapi.cors is crossorigin.starlette.cors is cors
    assert crossorigin.fastapi.explain is crossorigin.starlette.explain is explain


def endpoint() -> None:
    """Serve."""


@pytest.mark.parametrize(
    ("decorator", "policy"),
    [
        (cors, Policy()),
        (lambda: cors(None), Policy()),
        (lambda: cors(PUBLIC), PUBLIC),
        (lambda: cors(policy=PUBLIC), PUBLIC),
        (lambda: cors(allow_origins=["*"]), PUBLIC),
        (
            lambda: cors(
                allow_origins=[PAGE],
                allow_methods=["PUT"],
                allow_headers=["X-A"],
                allow_credentials=True,
                allow_origin_regex=r"https://app-\d\.example\.com",
                allow_private_network=True,
                expose_headers=["X-B"],
                max_age=1,
            ),
            Policy(
                allow_origins=[PAGE],
                allow_methods=["PUT"],
                allow_headers=["X-A"],
                allow_credentials=True,
                allow_origin_regex=r"https://app-\d\.example\.com",
                allow_private_network=True,
                expose_headers=["X-B"],
                max_age=1,
            ),
        ),
    ],
)
def test_it_takes_a_policy_or_its_options_and_returns_what_it_stands_on(
    decorator: Callable[[], Callable[[Any], Any]], policy: Policy
) -> None:
    """It takes a policy, options, or None for no other origin, and returns the decorated object."""

    def served() -> None: ...

    assert decorator()(served) is served
    attached = policy_of(served)
    assert attached is not None
    assert attached.policy == policy
    assert attached.owner == f"{__name__}.{served.__qualname__}"


def test_a_partial_is_named_by_its_function() -> None:
    """The name of the class says nothing, and a partial has no other name."""
    inner = functools.partial(functools.partial(endpoint))
    attached = policy_of(by("route")(inner))
    assert attached is not None
    assert attached.owner == f"partial({__name__}.endpoint)"


@pytest.mark.parametrize("arguments", [(), (PUBLIC,)])
def test_an_unknown_option_is_not_lost(arguments: tuple[Policy, ...]) -> None:
    """An unknown option is an error that names it, with a policy and without one."""
    with pytest.raises(InvalidPolicyError) as caught:
        cors(*arguments, allow_orgins=[PAGE])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    (issue,) = caught.value.issues
    assert issue.field == "allow_orgins"
    assert issue.hint == "rename it to allow_origins."


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda: cors(allow_origins=[f"{PAGE}/"]), IssueCode.ORIGIN_TRAILING_SLASH),
        (lambda: cors(PUBLIC, allow_methods=["PUT"]), IssueCode.POLICY_AND_OPTIONS),
        (lambda: cors(None, allow_origins=["*"]), IssueCode.POLICY_AND_OPTIONS),
        *[(lambda value=value: cors(value), IssueCode.NOT_A_POLICY) for value in ([], "", False, 0, {}, [PAGE], PAGE)],
    ],
)
def test_an_error_is_raised_by_the_decorator(wrong: Callable[[], object], code: IssueCode) -> None:
    """The error is raised before an object is decorated. An empty mapping is not None."""
    with pytest.raises(InvalidPolicyError) as caught:
        wrong()
    assert [issue.code for issue in caught.value.issues] == [code]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An object that serves and whose attributes cannot be set."""

    def __call__(self) -> None:
        """Serve."""


class Serving:
    """A class with a method that serves."""

    def serve(self) -> None:
        """Serve."""


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        (3, "int is none of these"),
        ("/items", "str is none of these"),
        (None, "NoneType is none of these"),
        (Serving().serve, r"cannot attach a policy to [\w.]*test_decorator\.Serving\.serve, because"),
        (len, r"cannot attach a policy to [\w.]*builtins\.len, because"),
        (int, r"cannot attach a policy to [\w.]*builtins\.int, because"),
        (Sealed(), "cannot attach a policy to Sealed, because"),
        (staticmethod(endpoint), r"above @staticmethod on .*endpoint\. Put it below"),
    ],
)
def test_what_can_hold_no_policy_is_refused(thing: Any, told: str) -> None:
    """The error names the object."""
    with pytest.raises(TypeError, match=told):
        by("route")(thing)


@pytest.mark.parametrize("bare", [endpoint, HTTPEndpoint, APIRouter(), FastAPI(), Mount("/", answers())])
def test_without_parentheses_it_says_what_to_write(bare: Any) -> None:
    """The error appears above a function and in a call."""
    with pytest.raises(TypeError, match=r"Write @cors\(allow_origins=\[\.\.\.\]\) instead"):
        cors(bare)


def test_as_a_middleware_it_says_what_to_add() -> None:
    """The app would pass itself and the options."""
    app = Starlette(middleware=[Middleware(cors, allow_origins=["*"])])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"use app\.add_middleware\(CORSMiddleware, allow_origins=\[\.\.\.\]\)"):
        TestClient(app).get("/")


@pytest.mark.parametrize("kind", [FastAPI, APIRouter])
def test_as_a_dependency_it_says_what_to_write(kind: type[FastAPI | APIRouter]) -> None:
    """FastAPI would take the argument for a query parameter, and answer 422 to every request."""
    router = kind()
    with pytest.raises(
        TypeError, match=r"Depends\(cors\(\.\.\.\)\) has no effect.*Write @cors\(\.\.\.\) at the endpoint"
    ):
        router.get("/", dependencies=[Depends(cors(allow_origins=["*"]))])(endpoint)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (answers, r"routed_apps\.answers\.<locals>\.endpoint"),
        (lambda: type("Own", (HTTPEndpoint,), {}), r"test_decorator\.Own"),
        (lambda: APIRouter(prefix="/in"), "APIRouter '/in'"),
        (APIRouter, "APIRouter"),
        (lambda: FastAPI(title="Mine"), "FastAPI 'Mine'"),
        (lambda: Mount("/sub", answers()), "Mount '/sub'"),
        (lambda: Route("/x", answers()), "Route '/x'"),
    ],
)
def test_one_thing_has_one_policy(thing: Callable[[], Any], name: str) -> None:
    """The error names the owner of the first policy."""
    with pytest.raises(TypeError, match=f"{name} already has a policy"):
        by("route")(by("mount")(thing()))


def test_what_answers_to_any_name_has_no_policy() -> None:
    """An object such as a mock, which has every attribute, has no policy."""
    assert policy_of(unittest.mock.MagicMock()) is None


def many() -> Any:
    """Return an app with routes that end in every possible way."""
    app = FastAPI()

    @app.get("/number/{number}")
    @by("route")
    def number(number: int) -> int:
        if number == 404:
            raise HTTPException(404)
        return 1 // number

    @app.get("/plain/{number}")
    def plain(number: int) -> int:
        return 1 // number

    @app.get("/teapot")
    @by("route")
    def teapot() -> PlainTextResponse:
        return PlainTextResponse("", 405)

    return with_layer(app)


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/number/1", 200, "route"),
        ("GET", "/number/x", 422, "route"),
        ("GET", "/number/404", 404, "route"),
        ("GET", "/number/0", 500, "route"),
        ("PUT", "/number/1", 405, "app"),
        ("GET", "/teapot", 405, "route"),
        ("GET", "/plain/1", 200, "app"),
        ("GET", "/plain/0", 500, "app"),
        ("GET", "/nowhere", 404, "app"),
    ],
)
async def test_however_a_request_ends_the_policy_of_its_route_decides(
    method: str, path: str, status: int, name: str
) -> None:
    """Pages that can read the normal responses of a route can read its errors too."""
    app = many()
    assert (await request(app, method, path))[0]["status"] == status
    assert await deciders(app, method, path) == name


class Crashing:
    """A middleware that fails before the app is called."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise an exception."""
        if scope["type"] == "http":
            raise ZeroDivisionError
        await self.app(scope, receive, send)


@pytest.mark.parametrize("installed", [True, False])
async def test_a_crash_on_the_way_has_the_policy_of_the_route(*, installed: bool) -> None:
    """The router was not reached, so the policy is looked up by path and method."""
    app = FastAPI(routes=[Route("/x", by("route")(answers())), Route("/y", answers())])
    if installed:
        install(app, POLICIES["app"])
        app.add_middleware(Crashing)
    else:
        with_layer(app).add_middleware(Crashing)
        with TestClient(app):
            pass
    assert [await deciders(app, "GET", path) for path in ("/x", "/y")] == ["route", "app"]


async def test_none_allows_no_page() -> None:
    """The CORS headers of the app are removed, and `Vary` is sent."""

    @cors(None)
    async def private(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", headers={"Access-Control-Allow-Origin": "*"})

    app = with_layer(Starlette(routes=[Route("/", private)]))
    assert await deciders(app, "GET", "/") == ""
    assert values(await request(app, "GET", "/"), b"vary") == [b"Origin"]


async def test_a_policy_on_the_app_itself_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The policy of the middleware applies to the app. The log says once that the other one has no effect."""
    app = by("outer")(with_layer(FastAPI(title="Mine", routes=[Route("/", answers())])))
    for path in ("/", "/new"):
        assert await deciders(app, "GET", path) == "app"
        # Another route makes the middleware look at the app again.
        app.router.routes.append(Route("/new", answers()))
    told = [record.getMessage() for record in caplog.records if "has no effect" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("cors(...) on FastAPI 'Mine' has no effect, because the outermost app uses")


@pytest.mark.parametrize("installed", [True, False])
async def test_debug_names_the_method_by_the_policy_that_refuses_it(*, installed: bool) -> None:
    """The lists in the response are those of the policy that refuses."""
    app = FastAPI(routes=[Route("/x", by("route")(answers()), methods=["PATCH"])])
    if installed:
        install(app, POLICIES["app"], debug=True)
    else:
        with_layer(app, debug=True)
    sent = await preflight(app, "PATCH", "/x", "route")
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"Disallowed CORS method")
    assert values(sent, b"access-control-allow-methods") == [b"GET, PUT, DELETE"]


@pytest.mark.parametrize("inside", [True, False], ids=["inside another", "alone"])
async def test_what_is_blocked_is_blocked_by_the_policy_of_the_route(*, inside: bool) -> None:
    """A private route runs for its own pages only, and a public one runs for all pages."""
    ran: list[str] = []

    def running(name: str) -> Any:
        async def run(request: Request) -> PlainTextResponse:
            ran.append(name)
            return PlainTextResponse("")

        return run

    routes = [
        Route("/public", cors(allow_origins=["*"])(running("public"))),
        Route("/private", by("route")(running("private"))),
        Route("/none", cors(None)(running("none"))),
        Mount("/sub", by("mount")(Starlette(routes=[Route("/x", running("sub"))]))),
        Route("/else", running("else")),
    ]
    app: Any = with_layer(Starlette(routes=routes), on_refused="block")
    if inside:
        app = CORSMiddleware(app, policy=POLICIES["outer"])
    told = {}
    for name in ("app", "route", "mount"):
        for path in ("/public", "/private", "/none", "/sub/x", "/else"):
            [start, *_] = await request(app, "GET", path, name)
            assert start["status"] in {200, 403}
            if start["status"] == 200:
                told.setdefault(name, []).append(ran[-1])
    assert told == {"app": ["public", "else"], "route": ["public", "private"], "mount": ["public", "sub"]}
    assert len(ran) == 6


async def test_hooks_get_each_decision_once_with_its_owner() -> None:
    """The scope has the owner of the policy, or none if the app's policy decides."""
    told: list[tuple[type[Decision], bool, str | None]] = []

    def note(decision: Decision, scope: Any) -> None:
        told.append((type(decision), decision.allowed, scope.get("crossorigin.route")))

    shown = by("route")(answers())
    place = f"{shown.__module__}.{shown.__qualname__}"
    for more in ({}, {"on_refused": "block"}):
        app = with_layer(FastAPI(routes=[Route("/x", shown), Route("/y", answers())]), on_decision=note, **more)
        for path, name in (("/x", "route"), ("/x", "app"), ("/y", "app")):
            await preflight(app, "GET", path, name)
            await request(app, "GET", path, name)
        assert told == [
            (PreflightDecision, True, place),
            (ActualDecision, True, place),
            (PreflightDecision, False, place),
            (ActualDecision, False, place),
            (PreflightDecision, True, None),
            (ActualDecision, True, None),
        ]
        told.clear()


async def test_blocking_decides_once_more_where_something_else_was_served() -> None:
    """If a middleware changed the path, the response has the headers of the route that served."""

    class Elsewhere(Crashing):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if "path" in scope:
                scope["path"] = "/x"
            await self.app(scope, receive, send)

    told: list[Any] = []

    def note(decision: Decision, scope: Any) -> None:
        told.append((decision.allowed, "crossorigin.route" in scope))

    routes = [Route("/x", by("route")(answers())), Route("/z", cors(allow_origins=["*"])(answers()))]
    app = FastAPI(routes=routes)
    app.add_middleware(Elsewhere)
    with_layer(app, on_refused="block", on_decision=note)
    sent = await request(app, "GET", "/y")
    assert values(sent, b"access-control-allow-origin") == []
    assert told == [(True, False), (False, True)]
    told.clear()
    routes[0].endpoint = answers()
    await request(app, "GET", "/z")
    assert told == [(True, True), (True, False)]


def test_an_explanation_names_the_route() -> None:
    """The explanation uses the same look-up, whether the app has started or not."""
    app = FastAPI(routes=[Route("/x/{n:int}", by("route")(answers())), Route("/y", answers())])
    with_layer(app)
    for _ in range(2):
        told = {path: explain(app, "get", path, "https://route.example") for path in ("/x/1", "/x/y", "/y")}
        assert {path: told[path].allowed for path in told} == {"/x/1": True, "/x/y": False, "/y": False}
        owner = "tests.unit.adapters.starlette.routed_apps.answers.<locals>.endpoint"
        assert f"Decided by the policy of {owner}." in str(told["/x/1"])
        assert "Decided by the policy of" not in str(told["/y"])
        with TestClient(app):
            pass
    wrapped: Any = CORSMiddleware(app, policy=POLICIES["outer"])
    assert explain(wrapped, "GET", "/y", "https://outer.example").allowed
    with pytest.raises(ValueError, match="FastAPI has no CORSMiddleware"):
        explain(FastAPI(), "GET", "/", PAGE)


async def test_requests_at_a_time_are_decided_each_by_its_own_route() -> None:
    """No data of a request is stored where another request could read it."""
    app = with_layer(
        FastAPI(
            routes=[
                Route("/x", by("route")(answers())),
                Mount("/sub", by("mount")(FastAPI(routes=[Route("/x", answers())]))),
            ]
        )
    )
    paths = ["/x", "/sub/x", "/y"] * 20
    told = await asyncio.gather(*(deciders(app, "GET", path) for path in paths))
    assert told == ["route", "mount", "app"] * 20


async def test_an_options_request_that_is_no_preflight_reaches_the_app() -> None:
    """An OPTIONS request without `Origin` or Access-Control-Request-Method reaches the app."""
    app = with_layer(FastAPI(routes=[Route("/x", by("route")(answers(204)), methods=["OPTIONS"])]))
    for headers in ([("access-control-request-method", "PUT")], [("origin", "https://route.example")]):
        [start, *_] = await sent_by(app, at(http_scope("OPTIONS", *headers), "/x"))
        assert start["status"] == 204
