"""Loads that are not a plain fetch: elements, fonts, event streams, uploads, and requests that outlive their page."""

from typing import Any

import pytest

from tests.real.browser.api import starlette_api
from tests.real.browser.conftest import Serve, Visit

_ELEMENT = """
([url, {tag, address, ...more}]) => new Promise(resolve => {
    const element = Object.assign(document.createElement(tag), more);
    element.onload = () => resolve({});
    element.onerror = () => resolve({error: "error"});
    element[address] = url;
    document.body.append(element);
})
"""
_FONT = "([url]) => new FontFace('own', `url(${url})`).load().then(() => ({}), error => ({error: error.name}))"
_EVENTS = """
([url, options]) => new Promise(resolve => {
    const source = new EventSource(url, options);
    source.onmessage = () => { source.close(); resolve({}); };
    source.onerror = () => { source.close(); resolve({error: "error"}); };
})
"""
_UPLOAD = """
([url, options]) => new Promise(resolve => {
    const request = Object.assign(new XMLHttpRequest(), options);
    request.open("POST", url);
    request.upload.onprogress = () => {};
    request.onload = () => resolve({status: request.status});
    request.onerror = () => resolve({error: "error"});
    request.send("x");
})
"""
_FETCH = "([url, options]) => fetch(url, options).then(() => ({}), error => ({error: error.name}))"
_BEACON = "url => navigator.sendBeacon(url, new Blob(['{}'], {type: 'application/json'}))"
_ON_LEAVING = """
url => addEventListener("pagehide", () => fetch(url, {
    keepalive: true, method: "POST", body: "{}", headers: {"Content-Type": "application/json"},
}))
"""


def element(tag: str, address: str, mode: str, **more: str) -> dict[str, Any]:
    """Return the script that creates an element with `crossorigin`."""
    return {"tag": tag, "address": address, "crossOrigin": mode, **more}


_IMAGE = ("img", "src")
_SCRIPT = ("script", "src")
_STYLE = ("link", "href")
_NAMED, _WITH = "anonymous", "use-credentials"
# Each load: its script, the route, the options, the methods that arrive, and whether it includes credentials.
_LOADS: dict[str, tuple[str, str, dict[str, Any], list[str], bool]] = {
    "image": (_ELEMENT, "/media/image", element(*_IMAGE, _NAMED), ["GET"], False),
    "image, credentials": (_ELEMENT, "/media/image", element(*_IMAGE, _WITH), ["GET"], True),
    "script": (_ELEMENT, "/media/script", element(*_SCRIPT, _NAMED, type="module"), ["GET"], False),
    "script, credentials": (_ELEMENT, "/media/script", element(*_SCRIPT, _WITH, type="module"), ["GET"], True),
    "style": (_ELEMENT, "/media/style", element(*_STYLE, _NAMED, rel="stylesheet"), ["GET"], False),
    "style, credentials": (_ELEMENT, "/media/style", element(*_STYLE, _WITH, rel="stylesheet"), ["GET"], True),
    "font": (_FONT, "/media/font", {}, ["GET"], False),
    "events": (_EVENTS, "/media/events", {}, ["GET"], False),
    "events, credentials": (_EVENTS, "/media/events", {"withCredentials": True}, ["GET"], True),
    "upload": (_UPLOAD, "/echo", {}, ["OPTIONS", "POST"], False),
    "upload, credentials": (_UPLOAD, "/echo", {"withCredentials": True}, ["OPTIONS", "POST"], True),
    "keepalive": (_FETCH, "/echo", {"keepalive": True}, ["GET"], False),
    "keepalive, PUT": (_FETCH, "/echo", {"keepalive": True, "method": "PUT"}, ["OPTIONS", "PUT"], False),
    "keepalive, PUT, credentials":
        (_FETCH, "/echo", {"keepalive": True, "method": "PUT", "credentials": "include"}, ["OPTIONS", "PUT"], True),
}  # fmt: skip
_METHODS = {"allow_methods": ["GET", "POST", "PUT"]}
# Each policy, and the browser's reasons for blocking a load without credentials and one with them.
_POLICIES: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "listed": ({"allow_origins": ["{origin}"]}, None, "InvalidAllowCredentials"),
    "listed, credentials": ({"allow_origins": ["{origin}"], "allow_credentials": True}, None, None),
    "any": ({"allow_origins": ["*"]}, None, "WildcardOriginNotAllowed"),
    "not listed": ({"allow_origins": ["https://a.example"]}, "MissingAllowOriginHeader", "MissingAllowOriginHeader"),
}


@pytest.mark.parametrize("policy", _POLICIES)
@pytest.mark.parametrize("load", _LOADS)
async def test_every_kind_of_load_is_judged_alike(
    visit: Visit, serve: Serve, origin: str, load: str, policy: str
) -> None:
    """Elements, fonts, event streams and uploads can read exactly what a fetch can read."""
    script, path, options, methods, included = _LOADS[load]
    given, without, with_credentials = _POLICIES[policy]
    blocked = with_credentials if included else without
    asks = methods[0] == "OPTIONS"
    origins = [listed.replace("{origin}", origin) for listed in given["allow_origins"]]
    place = serve(starlette_api(**{**given, **_METHODS, "allow_origins": origins}))
    answer = await (await visit("app.localhost")).load(script, place.url(path), **options)
    assert answer.get("reason") == (f"Preflight{blocked}" if blocked and asks else blocked)
    assert place.arrived == (methods[:1] if blocked else methods)
    assert set(place.origins) == {origin}


@pytest.mark.parametrize("listed", ["POST", "GET"])
async def test_an_upload_with_a_listener_asks_for_post(visit: Visit, serve: Serve, origin: str, listed: str) -> None:
    """A preflight for a safelisted method without custom headers is decided by the list, like any other preflight."""
    place = serve(starlette_api(allow_origins=[origin], allow_methods=[listed]))
    answer = await (await visit("app.localhost")).load(_UPLOAD, place.url("/echo"))
    assert answer.get("reason") == (None if listed == "POST" else "PreflightInvalidStatus")
    assert place.arrived == (["OPTIONS", "POST"] if listed == "POST" else ["OPTIONS"])
    asked = {name: value for name, value in place.exchanges[0].sent.items() if name.startswith("access-control-")}
    assert asked == {"access-control-request-method": "POST"}


@pytest.mark.parametrize(
    ("policy", "blocked"),
    [
        ({"allow_methods": ["POST"], "allow_credentials": True}, None),
        # A beacon includes credentials.
        ({"allow_methods": ["POST"]}, "PreflightInvalidAllowCredentials"),
        ({"allow_methods": ["PUT"], "allow_credentials": True}, "PreflightInvalidStatus"),
    ],
    ids=["allowed", "no credentials", "no POST"],
)
async def test_a_beacon_of_json_asks_first(
    visit: Visit, serve: Serve, origin: str, policy: dict[str, Any], blocked: str | None
) -> None:
    """A beacon whose body type a form cannot send needs a preflight that allows POST with credentials."""
    place = serve(starlette_api(allow_origins=[origin], **policy))
    page = await visit("app.localhost")
    url = place.url("/echo")
    assert await page.run(_BEACON, url)
    if blocked:
        assert await page.reason(url) == blocked
    else:
        await place.wait(2)
    assert place.arrived == (["OPTIONS"] if blocked else ["OPTIONS", "POST"])
    assert place.exchanges[0].sent["access-control-request-headers"] == "content-type"


async def test_a_request_that_outlives_its_page_asks_first(visit_alone: Visit, serve: Serve, origin: str) -> None:
    """When the user leaves a page, its preflight and the request that it allows are still sent."""
    place = serve(starlette_api(allow_origins=[origin], allow_methods=["POST"]))
    page = await visit_alone("app.localhost")
    await page.run(_ON_LEAVING, place.url("/echo"))
    await page.go("about:blank")
    await place.wait(2)
    assert place.arrived == ["OPTIONS", "POST"]
    assert place.origins == [origin, origin]
