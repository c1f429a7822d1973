"""Files that `StaticFiles` serves: fonts, images, ranges, responses with 304, and missing files."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from crossorigin import CORSMiddleware, Policy
from tests.real.recipes.serving import Served, served, statuses
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_POLICY = Policy(
    allow_origins=[ORIGIN],
    allow_methods=["GET", "PUT"],
    allow_headers=["Range", "If-None-Match"],
    expose_headers=["Content-Range", "ETag"],
)
_CONTENT = bytes(range(256)) * 40


def _added(framework: type[Starlette], folder: Path) -> Any:
    app = framework()
    app.mount("/static", StaticFiles(directory=folder))
    app.add_middleware(CORSMiddleware, policy=_POLICY)
    return app


def _of_the_mount(_: type[Starlette], folder: Path) -> Any:
    files = StaticFiles(directory=folder)
    return Starlette(routes=[Mount("/static", files, middleware=[Middleware(CORSMiddleware, policy=_POLICY)])])


def _around_the_files(framework: type[Starlette], folder: Path) -> Any:
    app = framework()
    app.mount("/static", CORSMiddleware(StaticFiles(directory=folder), policy=_POLICY))
    return app


_WAYS = {
    "Starlette": (_added, Starlette),
    "FastAPI": (_added, FastAPI),
    "of the mount": (_of_the_mount, Starlette),
    "around the files": (_around_the_files, FastAPI),
}


@pytest.fixture(params=_WAYS.values(), ids=_WAYS.keys(), scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """A server of one folder of files, with the middleware added in each of the ways."""
    folder = tmp_path_factory.mktemp("files")
    for name in ("font.woff2", "picture.png", "film.mp4"):
        (folder / name).write_bytes(_CONTENT)
    make, framework = request.param
    with served(make(framework, folder)) as server:
        yield server


def test_a_page_may_use_a_font_and_read_an_image(server: Served) -> None:
    """Browsers request fonts, and images with `crossorigin`, with CORS. An untrusted page gets neither."""
    for path, initiator in (("/static/font.woff2", "font"), ("/static/picture.png", "image")):
        verdict = server.fetch(path, origin=ORIGIN, initiator=initiator)
        assert statuses(verdict) == [200]
        assert verdict.readable
        refused = server.fetch(path, origin=UNTRUSTED, initiator=initiator)
        assert refused.reason == "missing-allow-origin-header"


def test_an_image_without_crossorigin_is_shown_to_everyone(server: Served) -> None:
    """Without `crossorigin`, the browser shows the picture and the page cannot read it."""
    verdict = server.fetch("/static/picture.png", origin=UNTRUSTED, initiator="image", mode="no-cors")
    assert statuses(verdict) == [200]
    assert verdict.type == "opaque"


@pytest.mark.parametrize(
    ("wanted", "asked_first", "part"),
    [
        ("bytes=0-3", False, slice(0, 4)),
        ("bytes=10236-", False, slice(10236, 10240)),
        ("bytes=-4", True, slice(-4, None)),
    ],
)
def test_a_part_of_a_file_may_be_read(server: Served, *, wanted: str, asked_first: bool, part: slice) -> None:
    """A range has the same CORS headers as the whole file. A range relative to the end needs a preflight."""
    verdict = server.fetch("/static/film.mp4", origin=ORIGIN, headers=(("Range", wanted),))
    assert statuses(verdict) == [200] * asked_first + [206]
    assert "content-range" in verdict.exposed
    with server.ask("GET", "/static/film.mp4", {"Origin": ORIGIN, "Range": wanted}) as answer:
        assert (answer.status, answer.read()) == (206, _CONTENT[part])


def test_a_part_that_is_not_there_is_an_error_to_read(server: Served) -> None:
    """A 416 for a range beyond the end has the same CORS headers."""
    assert statuses(server.fetch("/static/film.mp4", origin=ORIGIN, headers=(("Range", "bytes=20000-"),))) == [416]


def test_what_has_not_changed_may_be_read(server: Served) -> None:
    """A 304 allows the origin of its request and has `Vary: Origin`, so that a cache distinguishes pages."""
    first = server.fetch("/static/font.woff2", origin=ORIGIN, initiator="font")
    response = first.exchanges[-1].response
    assert response is not None
    [etag] = response.lines("etag")
    again = server.fetch("/static/font.woff2", origin=ORIGIN, headers=(("If-None-Match", etag.decode()),))
    assert statuses(again) == [200, 304]
    for origin, granted in ((ORIGIN, ORIGIN), (UNTRUSTED, None)):
        with server.ask("GET", "/static/font.woff2", {"Origin": origin, "If-None-Match": etag.decode()}) as answer:
            assert answer.status == 304
            assert answer.headers["Access-Control-Allow-Origin"] == granted
            assert answer.headers.get_all("Vary") == ["Origin"]


def test_without_an_origin_a_file_says_what_it_depends_on(server: Served) -> None:
    """A cached response to an image without CORS is not used for a page that needs CORS."""
    with server.ask("GET", "/static/picture.png") as answer:
        assert (answer.status, answer.headers.get_all("Vary")) == (200, ["Origin"])


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_an_error_of_the_files_may_be_read(framework: type[Starlette], tmp_path: Path) -> None:
    """A page can read the 404 for a missing file and the 405 for a write."""
    (tmp_path / "font.woff2").write_bytes(_CONTENT)
    with served(_added(framework, tmp_path)) as server:
        assert statuses(server.fetch("/static/nothing", origin=ORIGIN)) == [404]
        assert statuses(server.fetch("/static/font.woff2", origin=ORIGIN, method="PUT")) == [200, 405]


def test_around_the_files_alone_their_errors_are_answered_outside(tmp_path: Path) -> None:
    """`StaticFiles` raises its 404, and the app around it answers, so the middleware must be outside that app."""
    with served(_around_the_files(FastAPI, tmp_path)) as server:
        verdict = server.fetch("/static/nothing", origin=ORIGIN)
        assert (verdict.reason, verdict.status) == ("missing-allow-origin-header", 404)
