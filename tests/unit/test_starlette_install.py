"""`install` puts the middleware around an app at once; the app stays what it is."""

import inspect
import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

import crossorigin.fastapi
import crossorigin.starlette
from crossorigin import CORSMiddleware, InvalidPolicyError, Policy
from crossorigin.policy.options import DEFAULTS
from crossorigin.starlette import explain, install
from tests.unit.adapters.asgi.scopes import ORIGIN, OTHER, UNTRUSTED, Witness
from tests.unit.adapters.asgi.test_outermost import ROUTES, Unauthorized, every_framework, own_body

POLICY = Policy(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])


def test_there_is_one_class_and_one_function() -> None:
    """Each framework module exports the same objects as the package."""
    assert crossorigin.fastapi.CORSMiddleware is crossorigin.starlette.CORSMiddleware is CORSMiddleware
    assert crossorigin.fastapi.install is install


def test_the_arguments_are_those_of_the_middleware() -> None:
    """Each has the same default. The options are in the policy, and the position is always the outermost."""
    theirs = inspect.signature(CORSMiddleware).parameters
    expected = theirs.keys() - DEFAULTS.keys() - {"app", "policy", "outermost"}
    ours = {name: option for name, option in inspect.signature(install).parameters.items() if name in expected}
    assert ours.keys() == expected
    assert ours == {name: theirs[name] for name in expected}


@every_framework
def test_the_very_first_request_is_served_at_the_outermost_place(framework: type[Starlette]) -> None:
    """Without a lifespan too: the app's own handler answers, a later layer answers, and both are readable."""
    app = framework(routes=ROUTES, exception_handlers={Exception: own_body})
    install(app, POLICY)
    assert type(app) is framework
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.get("/crash", headers={"Origin": ORIGIN})
    assert answer.json() == {"own": "ZeroDivisionError"}
    assert answer.headers["access-control-allow-origin"] == ORIGIN


ADD, INSTALL, INSTALL_LATE = "add_middleware", "install", "install after the start"


@every_framework
@pytest.mark.parametrize("is_started", [True, False], ids=["lifespan", "no lifespan"])
@pytest.mark.parametrize(
    ("first", "second", "applies"),
    [
        (ADD, ADD, OTHER),
        (INSTALL, INSTALL, OTHER),
        (ADD, INSTALL, OTHER),
        (INSTALL, ADD, ORIGIN),
        (ADD, INSTALL_LATE, OTHER),
        (INSTALL, INSTALL_LATE, OTHER),
    ],
)
def test_which_of_two_applies_depends_on_no_lifespan(
    framework: type[Starlette], first: str, second: str, applies: str, *, is_started: bool
) -> None:
    """It is the last one that was installed, or else the last one that was added. The explanation agrees."""
    app = framework(routes=ROUTES)

    def put(way: str, origin: str) -> None:
        if way is ADD:
            app.add_middleware(CORSMiddleware, allow_origins=[origin])
        else:
            install(app, Policy(allow_origins=[origin]))

    put(first, ORIGIN)
    if second is not INSTALL_LATE:
        put(second, OTHER)
    client = TestClient(app)
    with client if is_started else nullcontext():
        client.get("/")
        if second is INSTALL_LATE:
            put(second, OTHER)
        for origin in (ORIGIN, OTHER):
            is_allowed = origin == applies
            for _ in range(2):
                answer = client.get("/", headers={"Origin": origin})
                assert ("access-control-allow-origin" in answer.headers) is is_allowed
            asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            assert (client.options("/", headers=asked).status_code == 200) is is_allowed
            assert explain(app, "GET", "/", origin).allowed is is_allowed


def test_what_is_added_later_stands_inside() -> None:
    """The order of the calls does not matter."""
    app = FastAPI(routes=[*ROUTES])
    install(app, POLICY)
    app.add_middleware(Unauthorized)
    client = TestClient(app)
    answer = client.get("/", headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, ORIGIN)
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    assert client.options("/", headers=asks).status_code == 200


def test_an_app_that_has_started_can_be_given_one() -> None:
    """From then on all answers carry the headers."""
    app = Starlette(routes=ROUTES)
    with TestClient(app) as client:
        assert "access-control-allow-origin" not in client.get("/", headers={"Origin": ORIGIN}).headers
        install(app, POLICY)
        assert client.get("/", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN


def test_it_takes_the_arguments_of_the_middleware(caplog: pytest.LogCaptureFixture) -> None:
    """Each does what it does there."""
    decisions: list[Any] = []

    def note(decision: Any, _: Any) -> None:
        decisions.append(decision)

    app = Starlette(routes=ROUTES)
    install(app, POLICY, debug=True, check_websockets=True, on_refused="block", on_decision=note)
    client = TestClient(app)
    with caplog.at_level(logging.DEBUG, logger="crossorigin"):
        assert client.get("/", headers={"Origin": UNTRUSTED, "Host": "api.example.com"}).status_code == 403
        asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "DELETE"}
        assert client.options("/", headers=asks).status_code == 200
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/", headers={"Origin": UNTRUSTED}):
        pass
    assert len(decisions) == 3
    assert {record.levelno for record in caplog.records} >= {logging.WARNING}


def test_a_wrong_argument_fails_where_it_is_written() -> None:
    """Nothing waits for the first request."""
    app = FastAPI()
    arguments: dict[str, Any] = {"on_refused": "403"}
    with pytest.raises(InvalidPolicyError):
        install(app, POLICY, **arguments)
    assert TestClient(app).get("/openapi.json", headers={"Origin": ORIGIN}).headers.get("vary") is None


@pytest.mark.parametrize(
    "app",
    [Witness(), CORSMiddleware(PlainTextResponse("hello"), policy=POLICY), None],
    ids=lambda app: type(app).__name__,
)
def test_what_is_no_app_of_starlettes_is_refused(app: Any) -> None:
    """The message says how such an app is wrapped."""
    with pytest.raises(TypeError, match=r"app = CORSMiddleware\(app, policy=policy\)"):
        install(app, POLICY)


def test_it_holds_when_the_stack_is_built_again() -> None:
    """Some tools build the stack of a started app again: requests stay blocked, and responses keep their headers."""
    app = Starlette(routes=ROUTES)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.get("/")
        install(app, POLICY, on_refused="block")
        for _ in range(2):
            refused = client.get("/", headers={"Origin": UNTRUSTED, "Host": "api.example.com"})
            assert refused.status_code == 403
            answer = client.get("/crash", headers={"Origin": ORIGIN})
            assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
            app.middleware_stack = app.build_middleware_stack()


def installed(app: Starlette, policy: Policy) -> None:
    """Install one more."""
    install(app, policy)


def added(app: Starlette, policy: Policy) -> None:
    """Add one in the usual way."""
    app.add_middleware(CORSMiddleware, policy=policy)


@pytest.mark.parametrize("before", [installed, added])
@pytest.mark.parametrize("served", [lambda client: client, nullcontext], ids=["lifespan", "no lifespan"])
def test_next_to_another_one_a_response_has_one_owner(
    before: Callable[[Starlette, Policy], None], served: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """One of the two decides for all responses, the other does nothing, and one warning reports that."""
    app = Starlette(routes=ROUTES)
    before(app, Policy(allow_origins=[OTHER]))
    install(app, POLICY)
    client = TestClient(app, raise_server_exceptions=False)
    with served(client):
        owners = {
            tuple(
                origin
                for origin in (ORIGIN, OTHER)
                if client.get(path, headers={"Origin": origin}).headers.get_list("access-control-allow-origin")
                == [origin]
            )
            for path in ("/", "/crash", "/missing", "/")
        }
    assert len(owners) == 1
    assert len(owners.pop()) == 1
    assert sum("does not set CORS headers" in record.getMessage() for record in caplog.records) == 1
