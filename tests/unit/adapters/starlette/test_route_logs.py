"""The log names the owner of the policy, and requests for many routes cannot increase the number of lines."""

import logging

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from crossorigin.fastapi import cors
from crossorigin.telemetry.refusal_log import MAX_LINES
from tests.unit.adapters.starlette.routed_apps import answers, by, preflight, request, with_layer

PLACE = "tests.unit.adapters.starlette.routed_apps.answers.<locals>.endpoint"


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """Return the lines of the log."""
    return [
        record.getMessage() for record in caplog.records if record.name == "crossorigin" and record.levelno == level
    ]


async def test_a_refusal_names_whose_policy_it_was(caplog: pytest.LogCaptureFixture) -> None:
    """The advice is based on the lists of that policy."""
    inner = by("mount")(Starlette(routes=[Route("/x", answers())]))
    app = with_layer(FastAPI(title="Main", routes=[Route("/x", by("route")(answers())), Mount("/sub", inner)]))
    await request(app, "GET", "/x", "other")
    await preflight(app, "PATCH", "/sub/x", "mount")
    await request(app, "GET", "/y", "other")
    by_mount = "by the policy of Starlette. 'PATCH' is not in allow_methods; add it if your API uses it."
    advice = 'If you trust this origin, add "https://other.example" to allow_origins.'
    assert lines(caplog) == [
        f"refused (origin-not-listed): GET '/x' from 'https://other.example', by the policy of {PLACE}. {advice}",
        f"refused (method-not-listed): preflight for PATCH '/sub/x' from 'https://mount.example', {by_mount}",
        f"refused (origin-not-listed): GET '/y' from 'https://other.example'. {advice}",
    ]


async def test_two_owners_of_one_name_have_separate_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Two routers without a prefix have the same name."""
    app = FastAPI()
    for name in ("one", "two"):
        router = cors(allow_origins=[f"https://{name}.example"])(APIRouter())
        router.add_api_route(f"/{name}", answers())
        app.include_router(router)
    with_layer(app)
    for name in ("one", "two"):
        await request(app, "GET", f"/{name}", f"www.{name}")
    for line, name in zip(lines(caplog), ("one", "two"), strict=True):
        assert f"by the policy of APIRouter. https://{name}.example is allowed," in line


async def test_all_policies_together_write_ten_lines(caplog: pytest.LogCaptureFixture) -> None:
    """The limit does not apply to each policy separately."""
    app = FastAPI()
    for number in range(3 * MAX_LINES):
        app.mount(f"/{number}", by("mount")(Starlette(routes=[Route("/x", answers())])))
    with_layer(app)
    for number in range(3 * MAX_LINES):
        await request(app, "GET", f"/{number}/x", f"stranger-{number}")
    assert len(lines(caplog)) == MAX_LINES


async def test_a_place_is_written_in_printable_ascii(caplog: pytest.LogCaptureFixture) -> None:
    """Any name of an owner is escaped."""
    odd = by("mount")(FastAPI(title="Caf\u00e9\n\x1b[31m\u202e", routes=[Route("/x", answers())]))
    app = with_layer(FastAPI(routes=[Mount("/sub", odd)]))
    await request(app, "GET", "/sub/x\r\u202e", "other")
    [line] = lines(caplog)
    assert r"by the policy of FastAPI 'Caf\xe9\n\x1b[31m\u202e'." in line
    assert line.isascii()
    assert line.isprintable()


async def test_what_is_allowed_is_named_too_in_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Each line has the owner."""
    caplog.set_level(logging.DEBUG, "crossorigin")
    app = with_layer(FastAPI(routes=[Route("/x", by("route")(answers())), Route("/y", answers())]), debug=True)
    await request(app, "GET", "/x", "route")
    await request(app, "GET", "/y", "app")
    assert lines(caplog, logging.DEBUG) == [
        f"allowed (origin-listed): GET '/x' from 'https://route.example', by the policy of {PLACE}",
        "allowed (origin-listed): GET '/y' from 'https://app.example'",
    ]
