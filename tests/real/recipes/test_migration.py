"""The page about coming from Starlette names the tested versions, and the changes between them."""

import re
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware as Theirs
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware, InvalidPolicyError
from tests.unit.adapters.asgi.scopes import ORIGIN, PREFLIGHT_VARY, UNTRUSTED

_ROOT = Path(__file__).resolve().parents[3]
_PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
_SEVEN = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def pinned(lock: str, package: str) -> str:
    """Return the version in a lock file."""
    [found] = re.findall(
        rf"^{package}==(\S+)", (_ROOT / "requirements" / f"{lock}.txt").read_text("utf-8"), re.MULTILINE
    )
    return found


@pytest.mark.parametrize("package", ["starlette", "fastapi"])
def test_the_page_names_the_versions_that_are_tested(package: str) -> None:
    """The oldest and newest versions are those of the two lock files, and one of them is installed."""
    oldest, newest = pinned("oldest", package), pinned("dev", package)
    page = (_ROOT / "docs" / "migrate-from-starlette.md").read_text("utf-8")
    name = {"starlette": "Starlette", "fastapi": "FastAPI"}[package]
    assert f"{name} {oldest} to {newest}" in page
    assert version(package) in {oldest, newest}


def test_the_options_stand_where_they_do_in_the_newest() -> None:
    """The oldest version lacks one parameter before the last two, so positional arguments for these raise an error."""
    theirs = list(signature(Theirs).parameters)
    ours = list(signature(CORSMiddleware).parameters)
    if version("starlette") == pinned("oldest", "starlette"):
        ours.remove("allow_private_network")
    assert ours[: len(theirs)] == theirs
    options = ([ORIGIN], ["GET"], [], False, None, ["X-Total-Count"], 600)
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(Starlette(), *options)  # type: ignore[arg-type]
    assert [issue.field for issue in caught.value.issues] == ["allow_private_network", "expose_headers"]


async def hello(request: Request) -> PlainTextResponse:
    """Answer on one route."""
    return PlainTextResponse("hello")


@pytest.mark.parametrize(
    ("options", "method", "headers", "field", "oldest", "now"),
    [
        ({"allow_origins": [ORIGIN]}, "GET", {}, "vary", None, "Origin"),
        ({"allow_origins": [ORIGIN]}, "GET", {"Origin": UNTRUSTED}, "vary", None, "Origin"),
        ({"allow_origins": [ORIGIN]}, "OPTIONS", _PREFLIGHT, "vary", "Origin", PREFLIGHT_VARY),
        (
            {"allow_origins": [ORIGIN], "allow_methods": ["*"]},
            "OPTIONS",
            _PREFLIGHT,
            "access-control-allow-methods",
            _SEVEN,
            f"{_SEVEN}, QUERY",
        ),
        (
            {"allow_origins": ["*"]},
            "GET",
            {"Origin": UNTRUSTED, "Cookie": "a=b"},
            "access-control-allow-origin",
            UNTRUSTED,
            "*",
        ),
    ],
    ids=["no origin", "a stranger", "a preflight", "every method", "a cookie"],
)
def test_what_came_since_the_oldest_is_ours_too(
    *, options: dict[str, list[str]], method: str, headers: dict[str, str], field: str, oldest: str | None, now: str
) -> None:
    """Starlette's current class answers as ours does, and its oldest supported class does not."""
    ours, theirs = (
        TestClient(wrap(Starlette(routes=[Route("/", hello)]), **options)).request(method, "/", headers=headers)
        for wrap in (CORSMiddleware, Theirs)
    )
    assert ours.headers[field] == now
    assert theirs.headers.get(field) == (oldest if version("starlette") == pinned("oldest", "starlette") else now)
