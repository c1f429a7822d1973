"""Origins that are not those of web pages: `null`, and the origin of an extension."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Playwright

from tests.real.browser.api import starlette_api
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.servers import Visitor

# The frame or worker loads when it receives a message, and answers its sender.
_INSIDE = """
onmessage = ({data: [url, options], ports: [port]}) => fetch(url, options)
    .then(answer => ({status: answer.status}), error => ({error: error.name}))
    .then(answer => port.postMessage({...answer, origin: self.origin}))
"""
_FRAME = """
inside => new Promise(resolve => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>${inside}</` + "script>";
    frame.onload = () => resolve();
    document.body.append(frame);
    self.tell = (message, port) => frame.contentWindow.postMessage(message, "*", [port]);
})
"""
_WORKER = """
inside => {
    const worker = new Worker("data:text/javascript," + encodeURIComponent(inside));
    self.tell = (message, port) => worker.postMessage(message, [port]);
}
"""
_TELL = """
message => new Promise(resolve => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = event => resolve(event.data);
    tell(message, port2);
})
"""
_PUT = {"method": "PUT"}
_INCLUDE = {"credentials": "include"}
_NO_ORIGIN = "MissingAllowOriginHeader"
_PAGE = "page.html"


@pytest.mark.parametrize(
    ("origins", "fetch", "blocked", "arrives"),
    [
        (["{origin}"], {}, _NO_ORIGIN, ["GET"]),
        (["{origin}"], _PUT, f"Preflight{_NO_ORIGIN}", ["OPTIONS"]),
        (["null"], {}, None, ["GET"]),
        (["null"], _PUT, None, ["OPTIONS", "PUT"]),
        (["null"], _INCLUDE, "InvalidAllowCredentials", ["GET"]),
        (["*"], _PUT, None, ["OPTIONS", "PUT"]),
    ],
    ids=["not listed", "not listed, PUT", "listed", "listed, PUT", "listed, credentials", "any"],
)
@pytest.mark.parametrize("script", [_FRAME, _WORKER], ids=["sandboxed frame", "data: worker"])
async def test_what_has_no_origin_of_its_own_is_null(
    visit_alone: Visit,
    serve: Serve,
    origin: str,
    *,
    script: str,
    origins: list[str],
    fetch: dict[str, Any],
    blocked: str | None,
    arrives: list[str],
) -> None:
    """A sandboxed frame and a `data:` worker of a listed page send `null`, and read what `null` or `*` may read."""
    allowed = [listed.replace("{origin}", origin) for listed in origins]
    place = serve(starlette_api(allow_origins=allowed, allow_methods=["PUT"]))
    page = await visit_alone("app.localhost")
    await page.run(script, _INSIDE)
    await page.child()
    answer = await page.load(_TELL, place.url("/echo"), **fetch)
    assert answer["origin"] == "null"
    assert answer.get("reason") == blocked
    assert place.arrived == arrives
    assert set(place.origins) == {"null"}


@pytest.fixture(scope="module")
async def extension(
    playwright: Playwright, chromium_launch: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Visitor]:
    """A page of an extension without host permissions."""
    folder: Path = tmp_path_factory.mktemp("extension")
    (folder / "manifest.json").write_text(json.dumps({"manifest_version": 3, "name": "page", "version": "1"}))
    (folder / _PAGE).write_text("<!doctype html><title>page</title><body>")
    options = {**chromium_launch, "args": [*chromium_launch["args"], "--enable-unsafe-extension-debugging"]}
    context = await playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"), **options, ignore_default_args=["--disable-extensions"]
    )
    assert context.browser
    session = await context.browser.new_browser_cdp_session()
    loaded = await session.send("Extensions.loadUnpacked", {"path": str(folder)})
    yield await Visitor.visit(context, f"chrome-extension://{loaded['id']}/{_PAGE}")
    await context.close()


@pytest.mark.parametrize(
    ("listed", "policy", "fetch", "blocked", "arrives"),
    [
        ("{own}", {}, {}, None, ["GET"]),
        ("{own}", {}, _PUT, None, ["OPTIONS", "PUT"]),
        ("{own}", {"allow_credentials": True}, {**_PUT, **_INCLUDE}, None, ["OPTIONS", "PUT"]),
        ("{other}", {}, {}, _NO_ORIGIN, ["GET"]),
        ("{other}", {}, _PUT, f"Preflight{_NO_ORIGIN}", ["OPTIONS"]),
        ("*", {}, _PUT, None, ["OPTIONS", "PUT"]),
    ],
    ids=["listed", "listed, PUT", "listed, credentials", "not listed", "not listed, PUT", "any"],
)
async def test_an_extensions_page_is_listed_like_any_other(
    extension: Visitor,
    serve: Serve,
    *,
    listed: str,
    policy: dict[str, Any],
    fetch: dict[str, Any],
    blocked: str | None,
    arrives: list[str],
) -> None:
    """`chrome-extension://` with an ID is an origin. If it is listed, it is allowed, and another ID is not."""
    own = await extension.run("self.origin")
    assert own.startswith("chrome-extension://")
    origin = {"{own}": own, "{other}": f"chrome-extension://{'a' * 32}", "*": "*"}[listed]
    place = serve(starlette_api(allow_origins=[origin], allow_methods=["PUT"], **policy))
    answer = await extension.fetch(place.url("/echo"), **fetch)
    assert answer.get("reason") == blocked
    assert place.arrived == arrives
    assert set(place.origins) == {own}
