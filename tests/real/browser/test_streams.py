"""A request whose body is a stream always needs a preflight and, in Chromium, HTTP/2."""

from collections.abc import Generator
from typing import Any

import pytest

from tests.real.browser.api import starlette_api
from tests.real.browser.conftest import Serve, Visit
from tests.real.browser.secure import SecureSite
from tests.real.browser.servers import Api, Place

_STREAM = """
([url, options]) => fetch(url, {method: "POST", duplex: "half", body: new Blob(["abc"]).stream(), ...options})
    .then(async answer => ({body: await answer.text()}), error => ({error: error.name}))
"""


@pytest.fixture(scope="module")
def serve_securely(tmp_path_factory: pytest.TempPathFactory) -> Generator[Serve]:
    """Serve an app below its own path, over HTTP/2."""
    api = Api()
    with SecureSite(api, tmp_path_factory.mktemp("certificate")) as site:
        yield lambda app: Place(api, site.port, app, "https")


@pytest.mark.parametrize(
    ("host", "policy", "fetch", "blocked"),
    [
        ("app.localhost", {"allow_methods": ["POST"]}, {}, None),
        ("app.localhost", {"allow_methods": ["*"], "allow_credentials": True}, {"credentials": "include"}, None),
        ("app.localhost", {"allow_methods": ["PUT"]}, {}, "PreflightInvalidStatus"),
        ("evil.localhost", {"allow_methods": ["POST"]}, {}, "PreflightMissingAllowOriginHeader"),
    ],
    ids=["listed", "credentials", "POST not listed", "not listed"],
)
async def test_a_stream_asks_for_post(
    visit: Visit,
    serve_securely: Serve,
    origin: str,
    *,
    host: str,
    policy: dict[str, Any],
    fetch: dict[str, Any],
    blocked: str | None,
) -> None:
    """A preflight for POST without custom headers is decided by the list, and the whole body arrives."""
    place = serve_securely(starlette_api(allow_origins=[origin], **policy))
    answer = await (await visit(host)).load(_STREAM, place.url("/echo"), **fetch)
    assert answer.get("reason") == blocked
    assert place.arrived == (["OPTIONS"] if blocked else ["OPTIONS", "POST"])
    asked = {name: value for name, value in place.exchanges[0].sent.items() if name.startswith("access-control-")}
    assert asked == {"access-control-request-method": "POST"}
    if not blocked:
        assert '"body":"abc"' in answer["body"]


async def test_a_stream_ends_at_http_1(visit: Visit, serve: Serve, origin: str) -> None:
    """Over HTTP/1.1 the preflight is allowed, but Chromium does not send the request. The policy did not refuse it."""
    place = serve(starlette_api(allow_origins=[origin], allow_methods=["POST"]))
    answer = await (await visit("app.localhost")).load(_STREAM, place.url("/echo"))
    assert answer["reason"] == "net::ERR_ALPN_NEGOTIATION_FAILED"
    assert [(exchange.method, exchange.status) for exchange in place.exchanges] == [("OPTIONS", 200)]
