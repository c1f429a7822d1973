"""What Chromium lets a page read, and its reason if it blocks the response, case by case.

The reason is the browser's own code, `Network.loadingFailed.corsErrorStatus.corsError`, not a text of its console.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from crossorigin.browser import BrowserRequest, Verdict, asgi_transport, run_async
from tests.real.browser.api import fastapi_api
from tests.real.browser.conftest import Serve, Visit

# Chromium's codes.
NO_ORIGIN = "MissingAllowOriginHeader"
OTHER_ORIGIN = "AllowOriginMismatch"
NO_ORIGIN_PREFLIGHT = "PreflightMissingAllowOriginHeader"
BAD_STATUS = "PreflightInvalidStatus"
NO_METHOD = "MethodDisallowedByPreflightResponse"
NO_HEADER = "HeaderDisallowedByPreflightResponse"
NO_CREDENTIALS = "InvalidAllowCredentials"
NO_CREDENTIALS_PREFLIGHT = "PreflightInvalidAllowCredentials"
NO_WILDCARD = "WildcardOriginNotAllowed"
NO_WILDCARD_PREFLIGHT = "PreflightWildcardOriginNotAllowed"

_JSON = {"Content-Type": "application/json"}
_TOKEN = {"X-Token": "t"}
_INCLUDE = {"credentials": "include"}


def listed(**more: Any) -> dict[str, Any]:
    """Return a policy that lists one page's origin."""
    return {"allow_origins": ["http://app.localhost:{port}"], **more}


_DEFAULT = listed()
_FULL = listed(allow_methods=["*"], allow_headers=["*"])
_LISTS = listed(allow_methods=["GET", "PUT", "PATCH"], allow_headers=["X-Token"])
_CREDENTIALS = listed(allow_credentials=True)
_CREDENTIALS_FULL = listed(allow_credentials=True, allow_methods=["*"], allow_headers=["*"])
_CONSTANT = listed(constant_allow_origin=True, allow_credentials=True, allow_methods=["PUT"])
_WILDCARD = {"allow_origins": ["*"]}
_WILDCARD_FULL = {"allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"]}
_PATTERN = {"allow_origins": ["http://*.sub.localhost:{port}"], "allow_methods": ["*"]}
_ANY_PORT = {"allow_origins": ["http://app.localhost:*"]}
_REGEX = {"allow_origin_regex": r"http://app\d\.localhost:\d+"}
_NULL = {"allow_origins": ["null"], "allow_methods": ["*"]}
_DEBUG = {"debug": True}
_OPAQUE = "app.localhost/sandboxed"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fetch and its expected result.

    It has the policy, the page, the request, the expected verdict of the browser, and the requests that arrive.
    """

    name: str
    policy: dict[str, Any]
    page: str = "app.localhost"
    path: str = "/echo"
    fetch: dict[str, Any] = field(default_factory=dict)
    # The reason why it is blocked; None if the page reads the response.
    blocked: str | None = None
    status: int = 200
    # The methods that arrive; OPTIONS is the preflight.
    arrives: list[str]


def method(name: str, **more: Any) -> dict[str, Any]:
    """Return the options of a fetch."""
    return {"method": name, **more}


_CASES = [
    # The origin.
    Case(name="GET, listed", policy=_DEFAULT, arrives=["GET"]),
    Case(name="GET, not listed", policy=_DEFAULT, page="evil.localhost", blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, empty policy", policy={}, blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, the listed host below another", policy=_DEFAULT, page="app.localhost.evil.localhost",
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, the listed host as a suffix", policy=_DEFAULT, page="evilapp.localhost",
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, listed without its port", policy={"allow_origins": ["http://app.localhost"]},
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, listed with another scheme", policy={"allow_origins": ["https://app.localhost:{port}"]},
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, a trailing dot is another host", policy=_DEFAULT, page="app.localhost.",
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="GET, a listed trailing dot", policy={"allow_origins": ["http://app.localhost.:{port}"]},
         page="app.localhost.", arrives=["GET"]),
    Case(name="GET, an underscore", policy={"allow_origins": ["http://foo_bar.localhost:{port}"]},
         page="foo_bar.localhost", arrives=["GET"]),
    Case(name="GET, an A-label", policy={"allow_origins": ["http://xn--bcher-kva.localhost:{port}"]},
         page="bücher.localhost", arrives=["GET"]),
    Case(name="GET, upper case in the address", policy=_DEFAULT, page="APP.LOCALHOST", arrives=["GET"]),
    Case(name="GET, an IPv4 address", policy={"allow_origins": ["http://127.0.0.1:{port}"]}, page="0x7f.1",
         arrives=["GET"]),
    Case(name="PUT, not listed", policy=_FULL, page="evil.localhost", fetch=method("PUT"),
         blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    Case(name="JSON POST, not listed", policy=_FULL, page="evil.localhost",
         fetch=method("POST", headers=_JSON, body="{}"), blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    Case(name="text POST, not listed, needs no preflight", policy=_FULL, page="evil.localhost",
         fetch=method("POST", body="x"), blocked=NO_ORIGIN, arrives=["POST"]),
    Case(name="PUT, not listed, debug", policy={**_FULL, **_DEBUG}, page="evil.localhost", fetch=method("PUT"),
         blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    # One response for every origin.
    Case(name="constant, listed", policy=_CONSTANT, fetch=_INCLUDE, arrives=["GET"]),
    Case(name="constant, not listed", policy=_CONSTANT, page="evil.localhost", blocked=OTHER_ORIGIN, arrives=["GET"]),
    Case(name="constant, not listed, credentials", policy=_CONSTANT, page="evil.localhost", fetch=_INCLUDE,
         blocked=OTHER_ORIGIN, arrives=["GET"]),
    Case(name="constant, null", policy=_CONSTANT, page=_OPAQUE, blocked=OTHER_ORIGIN, arrives=["GET"]),
    Case(name="constant, listed, PUT", policy=_CONSTANT, fetch=method("PUT"), arrives=["OPTIONS", "PUT"]),
    Case(name="constant, not listed, PUT", policy=_CONSTANT, page="evil.localhost", fetch=method("PUT"),
         blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    # Patterns, ports and regular expressions.
    Case(name="pattern, one label", policy=_PATTERN, page="a.sub.localhost", arrives=["GET"]),
    Case(name="pattern, two labels", policy=_PATTERN, page="b.a.sub.localhost", fetch=method("PUT"),
         arrives=["OPTIONS", "PUT"]),
    Case(name="pattern, never its apex", policy=_PATTERN, page="sub.localhost", blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="pattern, whole labels", policy=_PATTERN, page="evilsub.localhost", fetch=method("PUT"),
         blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    Case(name="any port", policy=_ANY_PORT, arrives=["GET"]),
    Case(name="any port, another host", policy=_ANY_PORT, page="evil.localhost", blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="regex", policy=_REGEX, page="app1.localhost", arrives=["GET"]),
    Case(name="regex, another host", policy=_REGEX, page="app12.localhost", blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="regex, only a part matches", policy={"allow_origin_regex": r"http://app1\.localhost"},
         page="app1.localhost", blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="regex, only a part matches, PUT",
         policy={"allow_origin_regex": r"http://app1\.localhost", "allow_methods": ["PUT"]}, page="app1.localhost",
         fetch=method("PUT"), blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    # Methods.
    Case(name="HEAD", policy=_DEFAULT, fetch=method("HEAD"), arrives=["HEAD"]),
    Case(name="text POST needs no preflight", policy=_DEFAULT, fetch=method("POST", body="x"), arrives=["POST"]),
    Case(name="PUT, all methods", policy=_FULL, fetch=method("PUT"), arrives=["OPTIONS", "PUT"]),
    Case(name="put is PUT", policy=_LISTS, fetch=method("put"), arrives=["OPTIONS", "PUT"]),
    Case(name="DELETE, all methods", policy=_FULL, fetch=method("DELETE"), arrives=["OPTIONS", "DELETE"]),
    Case(name="PATCH, listed", policy=_LISTS, fetch=method("PATCH"), arrives=["OPTIONS", "PATCH"]),
    Case(name="patch is not PATCH", policy=_LISTS, fetch=method("patch"), blocked=BAD_STATUS, arrives=["OPTIONS"]),
    Case(name="patch is not PATCH, debug", policy={**_LISTS, **_DEBUG}, fetch=method("patch"), blocked=NO_METHOD,
         arrives=["OPTIONS"]),
    Case(name="patch is not a standard method", policy=_FULL, fetch=method("patch"), blocked=BAD_STATUS,
         arrives=["OPTIONS"]),
    Case(name="QUERY, all methods", policy=_FULL, fetch=method("QUERY"), arrives=["OPTIONS", "QUERY"]),
    Case(name="a method of one's own, listed", policy=listed(allow_methods=["CHICKEN"]), fetch=method("CHICKEN"),
         arrives=["OPTIONS", "CHICKEN"]),
    Case(name="a method of one's own, not listed", policy=_FULL, fetch=method("CHICKEN"), blocked=BAD_STATUS,
         arrives=["OPTIONS"]),
    Case(name="DELETE, not listed", policy=_LISTS, fetch=method("DELETE"), blocked=BAD_STATUS, arrives=["OPTIONS"]),
    Case(name="DELETE, not listed, debug", policy={**_LISTS, **_DEBUG}, fetch=method("DELETE"), blocked=NO_METHOD,
         arrives=["OPTIONS"]),
    Case(name="PUT, no method listed, debug", policy=listed(allow_methods=[], **_DEBUG), fetch=method("PUT"),
         blocked=BAD_STATUS, arrives=["OPTIONS"]),
    Case(name="GET with a header, GET not listed", policy=listed(allow_methods=["PUT"], allow_headers=["X-Token"]),
         fetch={"headers": _TOKEN}, blocked=BAD_STATUS, arrives=["OPTIONS"]),
    # A 200 would make the browser allow it, because GET is safelisted. With `debug`, the status must not be 200.
    Case(name="GET with a header, GET not listed, debug",
         policy=listed(allow_methods=["PUT"], allow_headers=["X-Token"], **_DEBUG),
         fetch={"headers": _TOKEN}, blocked=BAD_STATUS, arrives=["OPTIONS"]),
    # Request headers.
    Case(name="JSON POST", policy=listed(allow_methods=["POST"]), fetch=method("POST", headers=_JSON, body="{}"),
         arrives=["OPTIONS", "POST"]),
    Case(name="PUT with a listed header", policy=_LISTS, fetch=method("PUT", headers=_TOKEN),
         arrives=["OPTIONS", "PUT"]),
    Case(name="PUT with any header", policy=_FULL, fetch=method("PUT", headers={**_TOKEN, **_JSON, "X-Other": "o"}),
         arrives=["OPTIONS", "PUT"]),
    Case(name="safelisted headers with unsafe values", policy=_DEFAULT,
         fetch={"headers": {"Accept": "a" * 200, "Content-Language": "@"}}, arrives=["OPTIONS", "GET"]),
    Case(name="a header that is not listed", policy=_LISTS, fetch=method("PUT", headers={"X-Other": "o"}),
         blocked=BAD_STATUS, arrives=["OPTIONS"]),
    Case(name="a header that is not listed, debug", policy={**_LISTS, **_DEBUG},
         fetch=method("PUT", headers={"X-Other": "o"}), blocked=NO_HEADER, arrives=["OPTIONS"]),
    Case(name="GET with a header that is not listed, debug", policy={**_LISTS, **_DEBUG},
         fetch={"headers": {"X-Token": "t", "X-Other": "o"}}, blocked=NO_HEADER, arrives=["OPTIONS"]),
    Case(name="method and header refused, debug", policy={**_LISTS, **_DEBUG},
         fetch=method("DELETE", headers={"X-Other": "o"}), blocked=NO_METHOD, arrives=["OPTIONS"]),
    Case(name="Authorization, any header", policy=_FULL, fetch={"headers": {"Authorization": "Bearer x"}},
         arrives=["OPTIONS", "GET"]),
    Case(name="Authorization, any header, credentials", policy=_CREDENTIALS_FULL,
         fetch={"headers": {"Authorization": "Bearer x"}, **_INCLUDE}, arrives=["OPTIONS", "GET"]),
    Case(name="Authorization, not listed", policy=_LISTS, fetch={"headers": {"Authorization": "Bearer x"}},
         blocked=BAD_STATUS, arrives=["OPTIONS"]),
    # Credentials.
    Case(name="GET with credentials", policy=_CREDENTIALS, fetch=_INCLUDE, arrives=["GET"]),
    Case(name="GET without credentials, policy with", policy=_CREDENTIALS, fetch={"credentials": "omit"},
         arrives=["GET"]),
    Case(name="PUT with credentials and any header", policy=_CREDENTIALS_FULL,
         fetch=method("PUT", headers={**_TOKEN, **_JSON}, **_INCLUDE), arrives=["OPTIONS", "PUT"]),
    Case(name="GET with credentials, policy without", policy=_DEFAULT, fetch=_INCLUDE, blocked=NO_CREDENTIALS,
         arrives=["GET"]),
    Case(name="PUT with credentials, policy without", policy=_FULL, fetch=method("PUT", **_INCLUDE),
         blocked=NO_CREDENTIALS_PREFLIGHT, arrives=["OPTIONS"]),
    Case(name="GET with credentials, not listed", policy=_CREDENTIALS, page="evil.localhost", fetch=_INCLUDE,
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="DELETE with credentials, not listed, debug",
         policy=listed(allow_credentials=True, allow_methods=["PUT"], **_DEBUG), fetch=method("DELETE", **_INCLUDE),
         blocked=NO_METHOD, arrives=["OPTIONS"]),
    # Any origin.
    Case(name="any origin, GET", policy=_WILDCARD, page="evil.localhost", arrives=["GET"]),
    Case(name="any origin, omit", policy=_WILDCARD, fetch={"credentials": "omit"}, arrives=["GET"]),
    Case(name="any origin, PUT with headers", policy=_WILDCARD_FULL, page="evil.localhost",
         fetch=method("PUT", headers={**_TOKEN, **_JSON}), arrives=["OPTIONS", "PUT"]),
    Case(name="any origin, GET with credentials", policy=_WILDCARD, fetch=_INCLUDE, blocked=NO_WILDCARD,
         arrives=["GET"]),
    Case(name="any origin, PUT with credentials", policy=_WILDCARD_FULL, fetch=method("PUT", **_INCLUDE),
         blocked=NO_WILDCARD_PREFLIGHT, arrives=["OPTIONS"]),
    Case(name="any origin, method not listed", policy=_WILDCARD, fetch=method("PUT"), blocked=BAD_STATUS,
         arrives=["OPTIONS"]),
    Case(name="any origin, method not listed, debug", policy={**_WILDCARD, **_DEBUG}, fetch=method("PUT"),
         blocked=NO_METHOD, arrives=["OPTIONS"]),
    # A page can read every status.
    *(
        Case(name=f"status {status}", policy=_DEFAULT, path=f"/status/{status}", status=status, arrives=["GET"])
        for status in (201, 204, 304, 400, 401, 403, 404, 405, 429, 500, 503)
    ),
    Case(name="status 404 after a preflight", policy=_FULL, path="/status/404", fetch=method("PUT"), status=404,
         arrives=["OPTIONS", "PUT"]),
    Case(name="status 304 to If-None-Match", policy=listed(allow_headers=["If-None-Match"]), path="/status/304",
         fetch={"headers": {"If-None-Match": '"e"'}}, status=304, arrives=["OPTIONS", "GET"]),
    Case(name="the router's own 404", policy=_DEFAULT, path="/nowhere", status=404, arrives=["GET"]),
    Case(name="the router's own 405", policy=_FULL, path="/stream", fetch=method("PUT"), status=405,
         arrives=["OPTIONS", "PUT"]),
    Case(name="status 500, not listed", policy=_DEFAULT, page="evil.localhost", path="/status/500",
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="a stream", policy=_DEFAULT, path="/stream", arrives=["GET"]),
    # A route that allows every origin is not affected.
    Case(name="a route's own CORS, listed", policy=_DEFAULT, path="/own-cors", arrives=["GET"]),
    Case(name="a route's own CORS, not listed", policy=_DEFAULT, page="evil.localhost", path="/own-cors",
         blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="a route's own CORS, credentials", policy=_CREDENTIALS, path="/own-cors", fetch=_INCLUDE,
         arrives=["GET"]),
    # Redirects.
    Case(name="redirect 307 on the same API", policy=_DEFAULT, path="/redirect/307?to=../echo",
         arrives=["GET", "GET"]),
    Case(name="redirect 307 of a JSON POST", policy=listed(allow_methods=["POST"]),
         path="/redirect/307?to=../echo", fetch=method("POST", headers=_JSON, body="{}"),
         arrives=["OPTIONS", "POST", "OPTIONS", "POST"]),
    Case(name="redirect 303 of a text POST", policy=_DEFAULT, path="/redirect/303?to=../echo",
         fetch=method("POST", body="x"), arrives=["POST", "GET"]),
    Case(name="redirect 307, not listed", policy=_DEFAULT, page="evil.localhost", path="/redirect/307?to=../echo",
         blocked=NO_ORIGIN, arrives=["GET"]),
    # Opaque origins.
    Case(name="null, not listed", policy=_FULL, page=_OPAQUE, blocked=NO_ORIGIN, arrives=["GET"]),
    Case(name="null, not listed, PUT", policy=_FULL, page=_OPAQUE, fetch=method("PUT"),
         blocked=NO_ORIGIN_PREFLIGHT, arrives=["OPTIONS"]),
    Case(name="null, listed", policy=_NULL, page=_OPAQUE, arrives=["GET"]),
    Case(name="null, listed, PUT", policy=_NULL, page=_OPAQUE, fetch=method("PUT"), arrives=["OPTIONS", "PUT"]),
    Case(name="null, listed, credentials", policy=_NULL, page=_OPAQUE, fetch=_INCLUDE, blocked=NO_CREDENTIALS,
         arrives=["GET"]),
    Case(name="null, any origin", policy=_WILDCARD, page=_OPAQUE, arrives=["GET"]),
    Case(name="null, any label and any port", policy={"allow_origins": ["http://*.localhost:*"]}, page=_OPAQUE,
         blocked=NO_ORIGIN, arrives=["GET"]),
]  # fmt: skip


def with_port(policy: dict[str, Any], port: int) -> dict[str, Any]:
    """Add the pages' port to the origins of a policy."""
    origins = [origin.replace("{port}", str(port)) for origin in policy.get("allow_origins", [])]
    return {**policy, "allow_origins": origins}


async def foresee(case: Case, api: Any, origin: str) -> Verdict:
    """Return the verdict of the Chromium model on the same fetch, with the same app in process."""
    asked = {"method": "GET", "headers": {}, "credentials": "same-origin", "body": None, **case.fetch}
    typed = any(name.lower() == "content-type" for name in asked["headers"])
    request = BrowserRequest(
        url=f"http://api.localhost{case.path}",
        origin=origin,
        method=asked["method"],
        headers=tuple(asked["headers"].items()),
        credentials=asked["credentials"],
        body=None if asked["body"] is None else asked["body"].encode(),
        content_type=None if asked["body"] is None or typed else "text/plain;charset=UTF-8",
    )
    return await run_async(request, asgi_transport(api), engine="chromium")


def test_the_cases_have_names_of_their_own() -> None:
    """Each row is a case, and the table has enough of them."""
    assert len({case.name for case in _CASES}) == len(_CASES) >= 40


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
async def test_chromium_judges_as_expected(case: Case, visit: Visit, serve: Serve, page_port: int) -> None:
    """The page reads what the policy allows. Otherwise Chromium and its model report the same reason."""
    api = fastapi_api(**with_port(case.policy, page_port))
    place = serve(api)
    host, _, path = case.page.partition("/")
    page = await visit(host, f"/{path}")
    foreseen = await foresee(case, api, await page.run("self.origin"))
    assert (None if foreseen.reason is None else foreseen.reason.cors_error) == case.blocked
    assert foreseen.status == case.status or case.blocked is not None
    assert [exchange.request.method for exchange in foreseen.exchanges] == case.arrives
    answer = await page.fetch(place.url(case.path), **case.fetch)
    assert answer.get("reason") == case.blocked
    assert answer.get("status") == (case.status if case.blocked is None else None)
    assert place.arrived == case.arrives
    assert set(place.origins) == {await page.run("self.origin")}
