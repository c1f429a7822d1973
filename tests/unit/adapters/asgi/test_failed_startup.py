"""An app whose middleware has a wrong argument answers the lifespan with the message, and serves nothing."""

import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, Policy
from tests.unit.adapters.asgi.lifespans import start
from tests.unit.adapters.asgi.scopes import ORIGIN, answering, exchange, http_scope

WRONG: dict[str, Any] = {"allow_origins": ["*"], "allow_credentials": True}


class Failing:
    """Origins that cannot be read."""

    def __iter__(self) -> Iterator[str]:
        """Fail."""
        message = "no database"
        raise ConnectionError(message)


WRONG_ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "a policy": ((), WRONG, "would let every website act as your user"),
    "an unknown name": ((), {"allow_origin": [ORIGIN]}, "rename it to allow_origins"),
    "an argument of the middleware": ((), {"on_refused": "deny"}, 'Expected "pass" or "block"'),
    "no policy": ((), {"policy": {"allow_origins": [ORIGIN]}}, "Expected a Policy, got dict"),
    "a policy and options": ((), {"policy": Policy(), "allow_origins": [ORIGIN]}, "only one of them can apply"),
    "too many positions": (((),) * 20, {}, "CORSMiddleware: TypeError: "),
    "an iterable that raises": ((), {"allow_origins": Failing()}, "CORSMiddleware: ConnectionError: no data"),
}


class Answering:
    """An outer middleware that answers every request itself, and does not handle the lifespan."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        if scope["type"] == "http":
            await PlainTextResponse("secret")(scope, receive, send)


class Configured(CORSMiddleware):
    """A subclass that sets its options, as users write it."""

    def __init__(self, app: Any) -> None:
        super().__init__(app, **WRONG)
        self.name = "configured"


class ConfiguredByPosition(CORSMiddleware):
    """A subclass whose constructor takes only positional arguments."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, **WRONG)


class AnsweringItself(Configured):
    """A subclass that answers without calling the middleware."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        await PlainTextResponse("mine")(scope, receive, send)


def built_on(framework: type[Starlette], *added: Any, **options: Any) -> Starlette:
    """Return an app with these middlewares, of which the first one has the options."""
    app = framework(routes=[Route("/", PlainTextResponse("hello"))])
    first, *others = added
    app.add_middleware(first, **options)
    for other in others:
        app.add_middleware(other)
    return app


async def assert_fails(app: Any, text: str) -> Exception:
    """Assert that a server that starts the app prints a text once, and that no request is served afterward."""
    [message], error = await start(app)
    assert message["type"] == "lifespan.startup.failed"
    assert text in message["message"]
    assert error is not None
    for _ in range(3):
        with pytest.raises(type(error)):
            await exchange(app, http_scope("GET", ("origin", ORIGIN)))
    return error


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize("name", WRONG_ARGUMENTS)
async def test_every_wrong_argument_fails_the_startup(
    name: str, framework: type[Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    """The server prints the message, so it is not logged in addition."""
    args, options, text = WRONG_ARGUMENTS[name]
    app = framework()
    app.add_middleware(CORSMiddleware, *args, **options)
    await assert_fails(app, text)
    assert caplog.records == []


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize("added", [CORSMiddleware, Configured, ConfiguredByPosition, AnsweringItself])
@pytest.mark.parametrize("outer", [[], [Answering], [Answering, CORSMiddleware]])
async def test_no_outer_layer_answers_under_a_wrong_policy(
    framework: type[Starlette], added: type, outer: list[type]
) -> None:
    """A layer further out is not built, because it could hide the lifespan and answer requests."""
    options = WRONG if added is CORSMiddleware else {}
    await assert_fails(built_on(framework, added, *outer, **options), "would let every website")


async def test_a_wrong_policy_outside_a_right_one_fails_too() -> None:
    """If any of several middlewares has an error, nothing is served."""
    app = built_on(Starlette, CORSMiddleware, Answering, Configured)
    await assert_fails(app, "would let every website")


async def test_a_partial_fails_as_the_class_does() -> None:
    """`functools.partial` calls the class from C, so the app is still its caller."""
    await assert_fails(built_on(FastAPI, partial(CORSMiddleware, **WRONG), Answering), "would let every website")


async def test_a_warning_that_is_an_error_fails_the_startup() -> None:
    """With `python -W error`, a policy with a warning is refused like an invalid one."""
    app = built_on(Starlette, CORSMiddleware, allow_origins=[ORIGIN, ORIGIN])
    with warnings.catch_warnings(action="error"):
        error = await assert_fails(app, "CORSMiddleware: CrossOriginWarning: ")
    assert isinstance(error, CrossOriginWarning)


def test_the_test_client_raises_the_error() -> None:
    """A user's test that starts the app fails with the same error as the constructor."""
    with pytest.raises(InvalidPolicyError, match="would let every website"):  # noqa: SIM117  # nothing else may raise
        with TestClient(built_on(FastAPI, CORSMiddleware, **WRONG)):
            pytest.fail("it started")


async def test_the_error_does_not_grow_with_each_request() -> None:
    """The same exception is raised again for each request, and its traceback does not grow."""
    app = built_on(Starlette, CORSMiddleware, **WRONG)
    await start(app)
    depths = []
    for _ in range(3):
        with pytest.raises(InvalidPolicyError) as caught:
            await exchange(app, http_scope())
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(set(depths)) == 1


async def test_granian_gets_no_exception_because_it_would_print_the_message_twice() -> None:
    """If a function of Granian is among the callers, only the message is sent."""
    app = built_on(Starlette, CORSMiddleware, **WRONG)
    granian: dict[str, Any] = {"__name__": "granian.asgi"}
    exec("async def serve(app, scope, receive, send):\n    await app(scope, receive, send)", granian)
    sent, error = await start(partial(granian["serve"], app))
    assert ([message["type"] for message in sent], error) == (["lifespan.startup.failed"], None)


class Reading(Configured):
    """A subclass whose constructor reads attributes of the middleware."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.origins = self.policy.allow_origins


class Slotted(Configured):
    """A subclass with `__slots__`, whose class cannot be changed."""

    __slots__ = ("_own",)


def made(app: Any) -> CORSMiddleware:
    """Construct the middleware in a function, which could catch the error."""
    return CORSMiddleware(app, **WRONG)


RAISING: dict[str, Callable[[type[Starlette]], Any]] = {
    "a subclass that reads the policy": lambda framework: built_on(framework, Reading, Answering),
    "a subclass with slots": lambda framework: built_on(framework, Slotted, Answering),
    "a function": lambda framework: built_on(framework, made, Answering),
}


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize("name", RAISING)
async def test_what_cannot_be_answered_is_raised_and_logged(
    name: str, framework: type[Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    """The server may start, but the app cannot build its stack, so every request ends with the error."""
    app = RAISING[name](framework)
    sent, error = await start(app)
    assert (sent, type(error)) == ([], InvalidPolicyError)
    with pytest.raises(InvalidPolicyError):
        await exchange(app, http_scope())
    [first, *_] = caplog.records
    assert (first.name, first.levelno) == ("crossorigin", logging.CRITICAL)
    assert "would let every website" in first.getMessage()


def test_an_error_that_is_no_invalid_policy_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A TypeError of Python is not changed, in a direct call and in the constructor of a subclass."""
    with pytest.raises(ConnectionError):
        CORSMiddleware(answering(), allow_origins=Failing())

    class Continuing(CORSMiddleware):
        def __init__(self, app: Any) -> None:
            super().__init__(app, allow_origins=Failing())
            self.origins = self.policy.allow_origins

    with pytest.raises(ConnectionError), TestClient(built_on(FastAPI, Continuing)):
        pytest.fail("it started")
    assert caplog.records == []


def test_built_by_hand_it_raises(caplog: pytest.LogCaptureFixture) -> None:
    """Outside a lifespan the error is raised where the stack is built, and logged."""
    app = built_on(FastAPI, CORSMiddleware, **WRONG)
    with pytest.raises(InvalidPolicyError):
        app.build_middleware_stack()
    with pytest.raises(InvalidPolicyError):
        TestClient(app).get("/")
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL] * 2


async def test_an_app_that_another_one_builds_while_it_starts_raises() -> None:
    """Only the app whose lifespan is served may answer it."""
    inner = built_on(FastAPI, CORSMiddleware, **WRONG)

    async def lifespan(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            inner.build_middleware_stack()

    outer = Starlette(routes=[Mount("/", PlainTextResponse("hello"))])
    outer.add_middleware(lambda _: lifespan)
    sent, error = await start(outer)
    assert (sent, type(error)) == ([], InvalidPolicyError)


async def test_an_app_that_builds_its_stack_in_its_own_way_raises() -> None:
    """Without the list of layers, an outer layer could answer requests, so the error is raised."""

    class Own(Starlette):
        def build_middleware_stack(self) -> Any:
            return CORSMiddleware(self.router, **WRONG)

    sent, error = await start(Own())
    assert (sent, type(error)) == ([], InvalidPolicyError)


async def test_the_middlewares_of_the_app_are_not_touched() -> None:
    """The app's list of layers is not changed, also in an app that reads it without a copy."""

    class Uncopied(Starlette):
        def build_middleware_stack(self) -> Any:
            middleware = self.user_middleware
            app: Any = self.router
            for cls, args, kwargs in reversed(middleware):
                app = cls(app, *args, **kwargs)
            return app

    for framework, answers in ((Starlette, True), (Uncopied, False)):
        app = framework(middleware=[Middleware(Answering), Middleware(CORSMiddleware, **WRONG)])
        sent, _ = await start(app)
        assert (len(sent) == 1) == answers
        assert len(app.user_middleware) == 2
