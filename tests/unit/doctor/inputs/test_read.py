"""Recordings and pasted texts are diagnosed without sending anything."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crossorigin.doctor.cli import cli
from tests.unit.doctor.command import PAGE

API = "https://api.example.com/items"
_ASKS = "Access-Control-Request"
CURL = f"""curl '{API}' \\
  -X 'PUT' \\
  -H 'accept: */*' \\
  -H 'authorization: Bearer secret' \\
  -H 'content-type: application/json' \\
  -b 'session=secret' \\
  -H 'origin: {PAGE}' \\
  -H 'sec-fetch-mode: cors' \\
  -H 'user-agent: Mozilla/5.0' \\
  --data-raw '{{"a":1}}'
"""
PREFLIGHT = f"""HTTP/2 204
access-control-allow-origin: {PAGE}
access-control-allow-credentials: true
access-control-allow-methods: PUT
access-control-allow-headers: content-type
"""


def check(*words: str, stdin: str = "") -> Result:
    """Run the command with a text on stdin."""
    return CliRunner().invoke(cli, ["check", *words], input=stdin)


def document(result: Result) -> dict[str, Any]:
    """Return the document of a result."""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def entry(method: str, status: int, sent: dict[str, str], got: dict[str, str]) -> dict[str, Any]:
    """Return an entry of a HAR file."""

    def lines(headers: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in headers.items()]

    request = {"method": method, "url": API, "headers": lines({"Origin": PAGE, **sent})}
    return {"request": request, "response": {"status": status, "headers": lines(got)}}


def har(*entries: dict[str, Any]) -> str:
    """Return a HAR file."""
    return json.dumps({"log": {"entries": entries}})


def test_a_har_file_is_diagnosed() -> None:
    """Each request of another origin, with the preflight before it."""
    asks = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-token"}
    preflight = entry(
        "OPTIONS", 200, asks, {"access-control-allow-origin": PAGE, "access-control-allow-methods": "PUT"}
    )
    blocked = entry("PUT", 0, {"X-Token": "secret", "Cookie": "a=secret"}, {})
    result = check("--har", "-", "--format", "json", stdin=har(preflight, blocked))
    found = document(result)
    assert result.exit_code == 1
    assert (found["recorded"], found["cause"]["code"]) == (True, "not-listed")
    assert "secret" not in result.output


def test_what_a_har_file_lacks_is_not_recorded() -> None:
    """Chrome records no response to a request that it blocks."""
    result = check("--har", "-", "--format", "json", stdin=har(entry("PUT", 0, {"X-Token": "1"}, {})))
    found = document(result)
    assert (result.exit_code, found["error"]["kind"]) == (2, "not-recorded")
    assert "The response to the preflight OPTIONS" in found["error"]["message"]


@pytest.mark.parametrize("with_request", [True, False])
def test_a_preflight_may_follow_its_request_or_be_alone(with_request: bool) -> None:
    """Chrome records it after the request. Some browsers record nothing else of a blocked request."""
    asks = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-token"}
    preflight = entry("OPTIONS", 405, asks, {"Server": "nginx"})
    blocked = entry("PUT", 0, {"X-Token": "secret", "Content-Type": "application/json"}, {})
    text = har(*([blocked] if with_request else []), preflight)
    found = document(check("--har", "-", "--format", "json", stdin=f"\ufeff{text}"))
    assert (found["request"]["method"], found["cause"]["code"]) == ("PUT", "no-options-handler")
    assert "content-type,x-token" in json.dumps(found["exchanges"])


def test_redirects_in_a_har_file_are_followed() -> None:
    """They are one request of the page. If the target is not recorded, there is no verdict."""
    first = entry("GET", 307, {}, {"access-control-allow-origin": PAGE, "location": f"{API}/"})
    second = entry("GET", 200, {}, {"content-type": "text/html"})
    second["request"]["url"] = f"{API}/"
    found = document(check("--har", "-", "--format", "json", stdin=har(first, second)))
    assert found["reason"]["code"] == "missing-allow-origin-header"
    assert [exchange["status"] for exchange in found["exchanges"]] == [307, 200]
    found = document(check("--har", "-", "--format", "json", stdin=har(first)))
    assert found["error"]["kind"] == "not-recorded"


def test_a_request_that_was_answered_has_passed_its_preflight() -> None:
    """Some browsers leave preflights out of HAR files."""
    answered = entry("PUT", 200, {"X-Token": "1"}, {"access-control-allow-origin": PAGE})
    assert check("--har", "-", "--url", "items", stdin=har(answered)).exit_code == 0


@pytest.mark.parametrize(("text", "words"), [("{}", []), ("x", []), (har(), []), (har(), ["--url", "other"])])
def test_a_har_file_without_requests_is_a_usage_error(text: str, words: list[str]) -> None:
    """With a document."""
    result = check("--har", "-", *words, "--format", "json", stdin=text)
    assert (result.exit_code, document(result)["error"]["kind"]) == (2, "usage")


def test_a_curl_command_alone_sends_nothing() -> None:
    """The result says what is not recorded, and has the command that sends the request, without secrets."""
    result = check("--curl", "-", stdin=CURL)
    assert result.exit_code == 2
    assert f"--origin {PAGE} -X PUT -H 'authorization: ...' -H 'content-type: application/json'" in result.stderr
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("text", "command"),
    [
        # The escapes of bash.
        (
            f"curl '{API}' -H 'Origin: {PAGE}' -H $'x-name: it\\'s' --data-raw $'{{\\n\\u0021}}'",
            "-X POST -H 'x-name: ...'",
        ),
        # For the command line of Windows.
        (
            f'curl ^"{API}?a=1^&b=2^" ^\r\n -X ^"PUT^" ^\r\n -H ^"origin: {PAGE}^" ^\r\n -d ^"^{{^\\^"it\'s^\\^"^}}^"',
            f"crossorigin check '{API}?a=1&b=2' --origin {PAGE} -X PUT",
        ),
        # The preflight itself.
        (
            f"curl {API} -X OPTIONS -H 'Origin: {PAGE}' -H '{_ASKS}-Method: PUT' -H '{_ASKS}-Headers:content-type,x-a'",
            f"--origin {PAGE} -X PUT -H 'content-type: application/json' -H 'x-a: ...'",
        ),
    ],
)
def test_a_curl_command_of_any_shell_is_read(text: str, command: str) -> None:
    """Also that of a preflight, from which the request of the page follows."""
    result = check("--curl", "-", stdin=text)
    assert command in result.stderr


def test_a_command_to_paste_is_quoted() -> None:
    """A recording can come from anyone, and a shell would run what it contains."""
    said = (
        "Access to fetch at 'https://api.example.com/$(id);reboot' from origin 'https://app.example.com' has been"
        " blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
    )
    shown = check("--console", "-", stdin=said).stdout
    assert "crossorigin check 'https://api.example.com/$(id);reboot' --origin https://app.example.com\n" in shown
    blocked = entry("PUT", 0, {"X-'`id`'": "1"}, {})
    assert """-H 'X-'"'"'`id`'"'"': ...'""" in check("--har", "-", stdin=har(blocked)).stderr


def test_a_curl_command_and_its_response_are_diagnosed(tmp_path: Any) -> None:
    """The header that the preflight does not list is named."""
    (tmp_path / "curl").write_text(CURL, "utf-8")
    result = check("--curl", str(tmp_path / "curl"), "--response", "-", "--format", "json", stdin=PREFLIGHT)
    found = document(result)
    assert (result.exit_code, found["request"]["credentials"]) == (1, "include")
    assert found["cause"]["text"] == "The origin is allowed, but not the header authorization."


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("< HTTP/1.1 200 OK\n< Access-Control-Allow-Origin: *\n", "clean"),
        ("Access-Control-Allow-Origin: *\nContent-Type: text/html", "clean"),
        ("Content-Type: text/html", "failed"),
        ("Access-Control-Allow-Origin:\n*\nContent-Type:\ntext/html", "clean"),
        ("access-control-allow-origin\nhttps://old.example\nvary\nOrigin\nserver\nnginx", "failed"),
        ("Status Code: 404 Not Found\nAccess-Control-Allow-Origin: *", "failed"),
    ],
)
def test_a_pasted_response_is_diagnosed(text: str, outcome: str) -> None:
    """With a status line or without, as curl or a browser writes it."""
    result = check(API, "--origin", PAGE, "--response", "-", "--format", "json", stdin=text)
    assert document(result)["outcome"] == outcome


def test_two_pasted_responses_are_those_to_the_preflight_and_to_the_request() -> None:
    """In this order."""
    both = f"{PREFLIGHT}\nHTTP/2 200\naccess-control-allow-origin: {PAGE}\n"
    result = check(API, "--origin", PAGE, "-X", "PUT", "--response", "-", stdin=both)
    assert result.exit_code == 0
    assert "status 200" in result.stdout


@pytest.mark.parametrize(
    ("words", "text", "kind"),
    [
        (["-X", "PUT"], "Access-Control-Allow-Methods: PUT", "not-recorded"),
        (["-X", "PUT"], "HTTP/1.1 204\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 5", "not-recorded"),
        ([], "nothing", "usage"),
    ],
)
def test_a_pasted_response_that_does_not_decide_has_no_verdict(words: list[str], text: str, kind: str) -> None:
    """The status of a preflight matters, and so does what the page would get after it."""
    result = check(API, "--origin", PAGE, *words, "--response", "-", "--format", "json", stdin=text)
    found = document(result)
    if found["outcome"] == "not-run":
        assert (result.exit_code, found["error"]["kind"]) == (2, kind)
    else:
        assert found["reason"]["code"] == "method-disallowed-by-preflight-response"


def test_a_console_message_is_explained() -> None:
    """With its fix, and the command that finds the cause."""
    said = (
        f"Access to fetch at '{API}' from origin '{PAGE}' has been blocked by CORS policy: No"
        " 'Access-Control-Allow-Origin' header is present on the requested resource."
    )
    result = check("--console", "-", stdin=said)
    assert result.exit_code == 1
    assert result.stdout.startswith("This message means: missing-allow-origin-header\n\nCause\n")
    assert f"crossorigin check {API} --origin {PAGE}\n" in result.stdout
    found = document(check("--console", "-", "--format", "json", stdin=said))
    assert (found["outcome"], found["url"], found["origin"]) == ("message", API, PAGE)
    assert check("--console", "-", stdin="Failed to fetch").exit_code == 2


def test_texts_that_do_not_go_together_are_a_usage_error(tmp_path: Any) -> None:
    """A HAR file has its own responses."""
    (tmp_path / "har").write_text(har(), "utf-8")
    result = check("--har", str(tmp_path / "har"), "--response", "-")
    assert result.exit_code == 2
    assert "--har and --response cannot be used together" in result.stderr
