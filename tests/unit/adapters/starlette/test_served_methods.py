"""A preflight grants the methods that the policy decides at its path, and on request only those that are served."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from crossorigin import Policy
from crossorigin.fastapi import cors
from crossorigin.policy.decide.decisions import Reason
from tests.unit.adapters.starlette.routed_apps import (
    ALLOW_METHODS,
    MAX_AGE,
    POLICIES,
    answers,
    by,
    preflight,
    values,
    with_layer,
)

LISTED = b"GET, PUT, DELETE"
# What a preflight lists and for how long, and nothing where it is refused.
Granted = tuple[bytes, bytes] | None


async def granted(app: Any, method: str, path: str, name: str) -> Granted:
    """Return what a preflight is granted."""
    sent = await preflight(app, method, path, name)
    if sent[0]["status"] != 200:
        return None
    return b"".join(values(sent, ALLOW_METHODS)), b"".join(values(sent, MAX_AGE))


def mixed() -> list[Route]:
    """Return routes of one path with policies of their own, and others of one."""
    return [
        Route("/mixed", by("route")(answers()), methods=["GET"]),
        Route("/mixed", answers(), methods=["PUT"]),
        Route("/two", by("route")(answers()), methods=["PUT"]),
        Route(
            "/two",
            cors(allow_origins=["https://route.example"], allow_methods=["DELETE"])(answers()),
            methods=["DELETE"],
        ),
        Route("/same", by("route")(answers()), methods=["GET"]),
        Route("/same", by("route")(answers()), methods=["PUT"]),
        Route("/app", cors(POLICIES["app"])(answers()), methods=["GET"]),
        Route("/app", answers(), methods=["PUT"]),
        Route("/one", by("route")(answers()), methods=["GET"]),
    ]


@pytest.mark.parametrize(
    ("method", "path", "name", "expected"),
    [
        ("GET", "/mixed", "route", (b"GET", b"0")),
        ("PUT", "/mixed", "app", (b"PUT, DELETE", b"0")),
        ("PUT", "/mixed", "route", None),
        ("DELETE", "/mixed", "app", (b"PUT, DELETE", b"0")),
        ("PUT", "/two", "route", (b"PUT", b"0")),
        ("DELETE", "/two", "route", (b"DELETE", b"0")),
        ("GET", "/two", "app", (b"GET", b"0")),
        ("PUT", "/same", "route", (LISTED, b"600")),
        ("GET", "/app", "app", (LISTED, b"600")),
        ("GET", "/one", "route", (LISTED, b"600")),
        ("PUT", "/nowhere", "app", (LISTED, b"600")),
    ],
)
async def test_a_browser_keeps_no_grant_for_what_another_policy_decides(
    method: str, path: str, name: str, expected: Granted
) -> None:
    """It keeps an answer by address: so the list is the policy's own, and not kept where there is another one."""
    app = with_layer(FastAPI(routes=mixed()))
    assert await granted(app, method, path, name) == expected


class Items(HTTPEndpoint):
    """Serves two methods."""

    async def get(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse(request.method)

    async def put(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse(request.method)


class Fewer(Items):
    """Serves one of them no more."""

    put: Any = None


SERVED = [
    ("PUT", "/function", "app", (b"PUT, DELETE", b"600")),
    ("GET", "/function", "app", None),
    ("GET", "/class", "app", (b"GET, PUT", b"600")),
    ("DELETE", "/class", "app", None),
    # Served and safelisted, and not listed.
    ("HEAD", "/class", "app", None),
    ("PUT", "/fewer", "app", None),
    ("GET", "/fewer", "app", (b"GET", b"600")),
    ("DELETE", "/any", "app", (LISTED, b"600")),
    ("DELETE", "/sub/x", "app", (LISTED, b"600")),
    ("DELETE", "/nowhere", "app", (LISTED, b"600")),
    ("PUT", "/function", "route", None),
    ("GET", "/mixed", "route", (b"GET", b"0")),
    ("PUT", "/mixed", "app", (b"PUT", b"0")),
    ("DELETE", "/mixed", "app", None),
    ("QUERY", "/query", "app", None),
]


@pytest.mark.parametrize("with_policies", [True, False])
@pytest.mark.parametrize(("method", "path", "name", "expected"), SERVED)
async def test_on_request_only_what_is_served_is_granted(
    method: str, path: str, name: str, expected: Granted, *, with_policies: bool
) -> None:
    """By functions and classes; with or without policies of routes."""

    async def raw(scope: Any, receive: Any, send: Any) -> None: ...

    routes: list[Any] = [
        Route("/function", answers(), methods=["PUT", "DELETE"]),
        Route("/class", Items),
        Route("/fewer", Fewer),
        Route("/any", type("Raw", (), {"__call__": staticmethod(raw)})()),
        Route("/query", answers(), methods=["QUERY"]),
        Mount("/sub", raw),
        *(mixed() if with_policies or path == "/mixed" else []),
    ]
    app = with_layer(Starlette(routes=routes), served_methods_only=True)
    assert await granted(app, method, path, name) == expected


async def test_what_is_not_served_is_refused_for_that() -> None:
    """The reason tells it from a method that is not listed."""
    told: list[Any] = []
    app = with_layer(
        FastAPI(routes=[Route("/x", answers())]),
        served_methods_only=True,
        on_decision=lambda decision, _: told.append(decision.method),
    )
    for method in ("GET", "PUT", "PATCH"):
        await preflight(app, method, "/x")
    assert told == [Reason.METHOD_LISTED, Reason.METHOD_NOT_SERVED, Reason.METHOD_NOT_LISTED]


async def test_a_method_of_nobody_s_may_be_listed_and_served() -> None:
    """What the policy names is asked for too, and long ones are cut before anybody looks."""
    policy = Policy(allow_origins=["https://route.example"], allow_methods=["PURGE", "GET"])
    app = with_layer(
        FastAPI(routes=[Route("/x", cors(policy)(answers()), methods=["PURGE"])]), served_methods_only=True
    )
    assert await granted(app, "PURGE", "/x", "route") == (b"PURGE", b"600")
    assert await granted(app, "PURGE" + "E" * 100_000, "/x", "route") is None
