"""Only the page of the demo can edit the policy, and every answer says what to do."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from anyio import to_thread

from demo.editable import EditableApi
from demo.serving import serving

# The documented list names an http origin with credentials, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")

ROUTES = [("PUT", "/policy"), ("DELETE", "/policy"), ("PUT", "/origins"), ("DELETE", "/origins")]
ORIGIN = "https://shop.example"


@dataclass(frozen=True)
class Answer:
    """A response of the page's server."""

    status: int
    json: Any
    headers: dict[str, str]


async def send(page: str, method: str, path: str, body: object, **headers: str | None) -> Answer:
    """Send a request as the page does; `headers` replaces single header lines, and None leaves one out."""
    lines = {"Host": urlsplit(page).netloc, "Origin": page, "Content-Type": "application/json"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in {**lines, **given}.items() if value is not None}

    def exchange() -> Answer:
        parts = urlsplit(page)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
        try:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.putrequest(method, path, skip_host=True)
            for name, value in {**kept, "Content-Length": str(len(content))}.items():
                connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()), {k.lower(): v for k, v in answer.getheaders()})
        finally:
            connection.close()

    return await to_thread.run_sync(exchange)


async def test_both_pages_can_edit(api: EditableApi) -> None:
    """The page of either origin edits the policy, and gets the new state."""
    options = {"allow_origins": ["https://a.example"]}
    async with serving(api=api, port=0, page_port=0) as addresses:
        for number, page in enumerate((addresses.allowed, addresses.refused), 1):
            answer = await send(page, "PUT", "/policy", options)
            assert (answer.status, answer.json) == (200, {"state": api.state(), "warnings": []})
            assert answer.json["state"]["revision"] == number
        assert (await send(addresses.allowed, "PUT", "/origins", {"origin": ORIGIN})).json["state"]["origins"] == [
            ORIGIN
        ]
        assert (await send(addresses.refused, "DELETE", "/origins", {"origin": ORIGIN})).json["state"]["origins"] == []
        assert (await send(addresses.refused, "DELETE", "/policy", {})).json["state"]["edited"] is False


async def test_errors_and_warnings_are_those_of_the_library(api: EditableApi) -> None:
    """An issue has its field, code, reason and fix; a policy with an error is not used."""
    async with serving(api=api, port=0, page_port=0) as addresses:
        refused = await send(addresses.allowed, "PUT", "/policy", {"allow_origins": ["https://a.example/"], "max": 1})
        assert refused.status == 422
        assert refused.json["errors"][0] == {
            "field": "allow_origins[0]",
            "code": "origin-trailing-slash",
            "reason": "It ends with a slash. Browsers send origins without one, so it would never match.",
            "fix": '"https://a.example"',
        }
        assert [error["code"] for error in refused.json["errors"]] == ["origin-trailing-slash", "unknown-option"]
        assert api.state()["edited"] is False
        accepted = await send(addresses.allowed, "PUT", "/policy", {"max_age": 86401})
        assert [(issue["field"], issue["code"]) for issue in accepted.json["warnings"]] == [
            ("max_age", "max-age-above-browser-limits")
        ]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_other_pages_are_refused(api: EditableApi, method: str, path: str) -> None:
    """Another origin, another host name, a form and an answer without an origin cannot edit."""
    before = api.state()
    async with serving(api=api, port=0, page_port=0) as addresses:
        page, host = addresses.allowed, urlsplit(addresses.allowed).netloc
        attempts: list[tuple[int, dict[str, str | None]]] = [
            (403, {"Origin": "https://evil.example"}),
            (403, {"Origin": "null"}),
            (403, {"Origin": None}),
            # Same-site, but another origin: the API itself, and the page of the other host name.
            (403, {"Origin": addresses.api}),
            (403, {"Origin": addresses.refused}),
            # DNS rebinding: the name of the attacker resolves to this machine, so its page is same-origin.
            (403, {"Host": "evil.example", "Origin": "http://evil.example"}),
            (
                403,
                {"Host": f"evil.example:{host.partition(':')[2]}", "Origin": page.replace("localhost", "evil.example")},
            ),
            (403, {"Origin": page.replace("http:", "https:")}),
            (415, {"Content_Type": "text/plain"}),
            (415, {"Content_Type": "application/x-www-form-urlencoded"}),
            (415, {"Content_Type": None}),
        ]
        for status, headers in attempts:
            answer = await send(page, method, path, {"origin": ORIGIN, "allow_origins": [ORIGIN]}, **headers)
            assert (answer.status, api.state()) == (status, before), headers
            assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_another_origin_gets_no_preflight(api: EditableApi, method: str, path: str) -> None:
    """The server of the page allows no other origin, so that a browser does not send the edit."""
    async with serving(api=api, port=0, page_port=0) as addresses:
        asked = {"Origin": "https://evil.example", "Access_Control_Request_Method": method}
        answer = await send(addresses.allowed, "OPTIONS", path, {}, **asked)
        assert answer.status == 405
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "The body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[" * 60_000, 400, "The body is not JSON: "),
        (b"[]", 400, "The body is not a JSON object."),
        (b"{" + b" " * 65_536 + b"}", 413, "The body is larger than 65536 bytes."),
        (b'{"origin": 1}', 400, 'Expected {"origin": "https://..."}.'),
    ],
)
async def test_a_body_that_cannot_be_read_is_named(api: EditableApi, body: bytes, status: int, message: str) -> None:
    """Each wrong body has its status and its message, and changes nothing."""
    async with serving(api=api, port=0, page_port=0) as addresses:
        answer = await send(addresses.allowed, "PUT", "/origins", body)
    assert answer.status == status
    assert answer.json["detail"].startswith(message)
    assert api.state()["revision"] == 0


async def test_the_api_itself_cannot_be_edited(api: EditableApi) -> None:
    """The routes are those of the page's server only."""
    async with serving(api=api, port=0, page_port=0) as addresses:
        for method, path in ROUTES:
            assert (await send(addresses.api, method, path, {})).status == 404
