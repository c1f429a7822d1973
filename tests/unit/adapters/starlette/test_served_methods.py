"""A preflight allows the methods of the policy of its path. With `served_methods_only`, they must also be served."""

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
# The lists and the max-age of a response to a preflight. A refused one has neither.
Granted = tuple[bytes, bytes] | None


async def granted(app: Any, method: str, path: str, name: str) -> Granted:
    """Return what a preflight allows."""
    sent = await preflight(app, method, path, name)
    if sent[0]["status"] != 200:
        return None
    return b"".join(values(sent, ALLOW_METHODS)), b"".join(values(sent, MAX_AGE))


def mixed() -> list[Route]:
    """Return routes of one path with several policies, and routes of another path with one policy."""
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
    """A browser caches a preflight by its URL, so the response is not cached if the path has several policies."""
    app = with_layer(FastAPI(routes=mixed()))
    assert await granted(app, method, path, name) == expected


class Items(HTTPEndpoint):
    """A class that serves two methods."""

    async def get(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse(request.method)

    async def put(self, request: Request) -> PlainTextResponse:
        """Answer."""
        return PlainTextResponse(request.method)


class Fewer(Items):
    """A subclass that no longer serves one of them."""

    put: Any = None


SERVED = [
    ("PUT", "/function", "app", (b"PUT, DELETE", b"600")),
    ("GET", "/function", "app", None),
    ("GET", "/class", "app", (b"GET, PUT", b"600")),
    ("DELETE", "/class", "app", None),
    # Served and safelisted, but not in the list.
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
    """Functions and classes are supported, with and without per-route policies."""

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
    """The reason is different from that of a method that is not listed."""
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
    """Custom methods of the policy are looked up too, and long ones are refused first."""
    policy = Policy(allow_origins=["https://route.example"], allow_methods=["PURGE", "GET"])
    app = with_layer(
        FastAPI(routes=[Route("/x", cors(policy)(answers()), methods=["PURGE"])]), served_methods_only=True
    )
    assert await granted(app, "PURGE", "/x", "route") == (b"PURGE", b"600")
    assert await granted(app, "PURGE" + "E" * 100_000, "/x", "route") is None
