"""Requests over the network to servers on loopback, some of which misbehave."""

import asyncio
import socket
from pathlib import Path

import pytest

from crossorigin.browser import BrowserRequest, HttpRequest
from crossorigin.doctor.asking.probe import CannotRunError, network, recording
from crossorigin.doctor.asking.run_checks import Check, check
from crossorigin.doctor.diagnosis import Diagnosis
from tests.real.doctor.misbehaving_servers import (
    PAGE,
    Behavior,
    MisbehavingServer,
    authenticating,
    doubling,
    failing,
    lasting,
    obeyed,
    redirecting,
    reflecting,
    secure,
)

# Only ends a hang.
_PATIENCE = 30


async def diagnose(
    url: str,
    method: str = "GET",
    *,
    probe: bool = False,
    patience: float = _PATIENCE,
    insecure: bool = False,
    sent: list[HttpRequest] | None = None,
) -> Diagnosis:
    """Check a URL in all browsers."""
    request = BrowserRequest(url=url, origin=PAGE, method=method, credentials="include" if probe else "same-origin")
    kept = [] if sent is None else sent
    transport = recording(network(timeout=patience, insecure=insecure), lambda asked, _: kept.append(asked))
    return await check(Check(request=request, engines=("chromium", "firefox", "webkit"), probe=probe), transport)


@pytest.mark.parametrize(
    ("behavior", "method", "reason", "findings"),
    [
        (reflecting, "GET", None, ["missing-vary"]),
        (reflecting, "PUT", None, []),
        (doubling, "GET", "multiple-allow-origin-values", ["duplicate-header"]),
        (authenticating, "PUT", "preflight-missing-allow-origin-header", ["preflight-needs-authentication"]),
        (redirecting, "PUT", "preflight-disallowed-redirect", ["preflight-redirected"]),
        (failing, "PUT", "missing-allow-origin-header", ["error-without-cors-headers"]),
        (lasting, "PUT", None, ["max-age-capped"]),
        (obeyed, "GET", "invalid-allow-origin-value", []),
    ],
)
async def test_misbehaving_servers_are_diagnosed(
    behavior: Behavior, method: str, reason: str | None, findings: list[str]
) -> None:
    """Each server is refused for its reason, and its other problems are reported."""
    with MisbehavingServer(behavior) as server:
        found = await diagnose(server.url, method)
    assert found.lead.reason == reason
    assert [str(finding.code) for finding in found.findings] == findings


async def test_one_request_serves_all_browsers() -> None:
    """Requests that differ only in the order of their headers are sent once."""
    sent: list[HttpRequest] = []
    with MisbehavingServer(lasting) as server:
        await diagnose(server.url, "PUT", sent=sent)
    assert [request.method for request in sent] == ["OPTIONS", "PUT"]
    assert server.asked == [f"{method} {PAGE}" for method in ("OPTIONS", "PUT")]


async def test_a_failure_is_remembered_too() -> None:
    """A request without a response is remembered too, and not sent again."""
    asked: list[HttpRequest] = []

    async def nowhere(request: HttpRequest) -> None:
        asked.append(request)

    transport = recording(nowhere, lambda *_: asked.clear())
    request = HttpRequest(url="http://api.example/", method="GET", headers=(), credentials=False)
    assert [await transport(request), await transport(request)] == [None, None]
    assert asked == [request]


async def test_a_server_of_one_origin_needs_no_vary() -> None:
    """One more request, as a page of another origin, gets the same response, so nothing is reported."""

    def constant(method: str, origin: str) -> tuple[int, list[tuple[str, str]]]:
        return 200, [("Access-Control-Allow-Origin", PAGE)]

    with MisbehavingServer(constant) as server:
        found = await diagnose(server.url)
    assert found.clean
    assert server.asked == [f"GET {PAGE}", "GET https://crossorigin-check.invalid"]


async def test_a_probe_finds_whom_a_server_lets_in() -> None:
    """If the method can change data, only preflights are sent."""
    with MisbehavingServer(reflecting) as server:
        found = await diagnose(server.url, "PUT", probe=True)
    assert [str(finding.code) for finding in found.findings] == ["any-origin-reflected"]
    assert "with credentials" in found.findings[0].detail
    assert [asked for asked in server.asked if not asked.startswith("OPTIONS ")] == [f"PUT {PAGE}"]


async def test_untrusted_origins_are_tried_only_when_asked_for() -> None:
    """Without `--probe`, nothing is sent but the requests of the page."""
    with MisbehavingServer(reflecting) as server:
        await diagnose(server.url, "PUT")
    assert set(server.asked) == {f"OPTIONS {PAGE}", f"PUT {PAGE}"}


async def test_what_no_page_can_send_is_not_probed_either() -> None:
    """A forbidden method is not sent, as in browsers."""
    with MisbehavingServer(reflecting) as server:
        found = await diagnose(server.url, "TRACE", probe=True)
    assert found.lead.reason == "forbidden-method"
    assert server.asked == []


async def test_a_server_that_closes_the_connection_of_a_probe_is_checked() -> None:
    """The verdict for the page is known, and an untrusted origin without a response counts as refused."""

    def wary(method: str, origin: str) -> tuple[int, list[tuple[str, str]]] | None:
        if origin != PAGE:
            return None
        return 200, [("Access-Control-Allow-Origin", PAGE)]

    with MisbehavingServer(wary) as server:
        assert (await diagnose(server.url)).clean
        found = await diagnose(server.url, probe=True)
    assert found.findings == ()


async def test_a_method_is_sent_as_it_is_written() -> None:
    """Browsers do not change the case of `patch`, and servers distinguish it from PATCH."""
    with MisbehavingServer(reflecting) as server:
        await network(timeout=_PATIENCE, insecure=False)(
            HttpRequest(url=server.url, method="patch", headers=((b"Origin", PAGE.encode()),), credentials=False)
        )
    assert server.asked == [f"patch {PAGE}"]


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"),
    [
        ("ALL_PROXY", "none://proxy.example", "usage", "The proxy of the environment cannot be used: "),
        ("SSL_CERT_FILE", "/not/there", "tls", "The certificates of the environment cannot be read: "),
    ],
)
async def test_an_unusable_environment_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, kind: str, message: str
) -> None:
    """The check ends with an error instead of a finding."""
    monkeypatch.setenv(name, value)
    told = await kind_of("http://api.invalid/")
    assert (told[0], told[1].startswith(message)) == (kind, True)


async def kind_of(url: str, *, patience: float = _PATIENCE, insecure: bool = False) -> tuple[str, str]:
    """Return the kind of error that prevents a check."""
    with pytest.raises(CannotRunError) as caught:
        await diagnose(url, patience=patience, insecure=insecure)
    return caught.value.kind, str(caught.value)


async def test_a_closed_port_is_named() -> None:
    """No program listens on the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    kind, message = await kind_of(url)
    assert kind == "connection"
    assert message.startswith(f"Nothing answers at {url}: ")


async def test_a_host_without_an_address_is_named() -> None:
    """The name is reserved and never has an address."""
    kind, message = await kind_of("http://crossorigin-check.invalid/")
    assert (kind, message.partition(":")[0]) == ("dns", "The host crossorigin-check.invalid has no address")


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n"])
async def test_garbage_is_no_answer(raw: bytes) -> None:
    """A connection that is closed without a response is an error too."""
    with MisbehavingServer(raw=raw) as server:
        kind, message = await kind_of(server.url)
    assert kind == "protocol"
    assert message.startswith(f"{server.url} did not answer with HTTP: ")


async def test_a_server_that_never_answers_is_given_up() -> None:
    """The check ends after the timeout."""
    with MisbehavingServer() as server:
        kind, message = await kind_of(server.url, patience=0.2)
    assert (kind, message) == ("timeout", f"{server.url} did not answer within 0.2 seconds.")


async def test_a_certificate_that_nobody_vouches_for_is_reported(tmp_path: Path) -> None:
    """With `--insecure`, the certificate is accepted."""
    with secure(tmp_path) as site:
        url = f"https://localhost:{site.port}/"
        kind, message = await kind_of(url)
        assert kind == "tls"
        assert "--insecure" in message
        assert (await diagnose(url, insecure=True)).clean


async def test_a_server_without_tls_is_reported() -> None:
    """The message does not blame a certificate."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        kind, message = await kind_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert kind == "tls"
    assert message.endswith(" A browser would stop here too.")


async def test_a_url_that_the_client_does_not_take_is_reported() -> None:
    """A browser may accept URLs that the client does not accept."""
    assert await kind_of(f"http://127.0.0.1:1/{'a' * 70000}") == (
        "usage",
        "This URL cannot be requested: URL too long.",
    )
