"""The command, with servers on loopback."""

import json
from importlib.resources import files

from jsonschema import Draft202012Validator

from tests.real.doctor.misbehaving_servers import MisbehavingServer, authenticating, lasting, reflecting
from tests.unit.doctor.command import check

SCHEMA = json.loads((files("crossorigin.doctor") / "check.schema.json").read_text("utf-8"))


def test_the_scheme_of_a_url_is_read_in_any_case() -> None:
    """The scheme is not case-sensitive, as in browsers."""
    with MisbehavingServer(lasting) as server:
        assert f"1. GET {server.url}\n" in check(server.url.replace("http", "HTTP", 1)).stdout


def test_a_probe_says_whom_it_is_for() -> None:
    """The warning appears before anything is sent, and without the option no other origin is tried."""
    with MisbehavingServer(reflecting) as server:
        result = check(server.url, "-X", "PUT", "--credentials", "--probe")
        assert result.exit_code == 1
        said = "Trying origins that should be refused. Do this only to servers that you own.\n"
        assert result.stderr.startswith(said)
        assert "   any-origin-reflected\n" in result.stdout
        assert check(server.url, "-X", "PUT", "--credentials").exit_code == 0


def test_a_document_is_printed_whole_and_keeps_to_its_schema() -> None:
    """The document is everything on stdout."""
    with MisbehavingServer(authenticating) as server:
        result = check(server.url, "-X", "PUT", "--format", "json")
    told = json.loads(result.stdout)
    Draft202012Validator(SCHEMA).validate(told)
    assert (result.exit_code, told["allowed"], told["outcome"]) == (1, False, "failed")
    assert [finding["code"] for finding in told["findings"]] == ["preflight-needs-authentication"]


def test_a_finding_about_a_response_that_a_page_can_read_is_an_exit_code() -> None:
    """The exit code is 1 although browsers allow the page, because the server has another problem."""
    with MisbehavingServer(lasting) as server:
        result = check(server.url, "-X", "PUT", "--fail-on", "warning")
        assert check(server.url, "-X", "PUT").exit_code == 0
    assert result.exit_code == 1
    assert result.stdout.startswith("Chrome, Firefox and Safari would allow this: status 200\n")
