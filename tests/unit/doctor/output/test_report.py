"""The report as text, and as a document that follows its schema."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crossorigin.browser import BrowserRequest, EngineName, HttpResponse, Verdict, run
from crossorigin.doctor.diagnosis import Diagnosis, diagnose
from crossorigin.doctor.output.document import document, not_run
from crossorigin.doctor.output.report import report
from tests.unit.browser.scripted_fetch import API, PAGE, answer, redirect

SCHEMA = json.loads((files("crossorigin.doctor") / "check.schema.json").read_text("utf-8"))
BROWSERS: tuple[EngineName, ...] = ("chromium", "firefox", "webkit")


def diagnosis(*answers: HttpResponse | None, engines: tuple[EngineName, ...] = BROWSERS, **asked: Any) -> Diagnosis:
    """Diagnose the same answers for each browser."""
    request = BrowserRequest(**{"url": f"{API}/items", "origin": PAGE, **asked})
    verdicts: list[Verdict] = []
    for engine in engines:
        left = iter(answers)
        verdicts.append(run(request, lambda _, left=left: next(left), engine=engine))
    return diagnose(verdicts)


def text(found: Diagnosis, *, width: int = 100) -> str:
    """Return the whole text."""
    return "\n".join(line.text for line in report(found, width=width))


def test_a_refusal_is_reported_from_the_verdict_to_the_exchange() -> None:
    """The verdict, the cause and the fix come first; the exchange with the header that caused it comes last."""
    refused = answer(204, {"Vary": "Origin", "Set-Cookie": "session=secret"}, allow_origin=PAGE, allow_methods="GET")
    asked = {"method": "PUT", "headers": (("Authorization", "Bearer secret"),)}
    assert text(diagnosis(refused, **asked), width=80) == (
        """\
Chrome, Firefox and Safari would block this:
method-disallowed-by-preflight-response

Cause
   The origin is allowed, but not the method PUT and the header Authorization.
   The request fails at the preflight, OPTIONS https://api.example/items, in
   exchange 1 of 1.

Fix
   Let the server send these lines:

       # In the answer to OPTIONS, with status 204:
       Access-Control-Allow-Origin: https://app.example
       Vary: Origin
       Access-Control-Allow-Methods: GET, PUT
       Access-Control-Allow-Headers: Authorization
       # In every answer to PUT, errors too:
       Access-Control-Allow-Origin: https://app.example
       Vary: Origin

1. OPTIONS https://api.example/items (preflight)
   > Accept: */*
   > Access-Control-Request-Method: PUT
   > Access-Control-Request-Headers: authorization
   > Origin: https://app.example
   < status 204
   < Vary: Origin
   < Access-Control-allow-origin: https://app.example
   < Access-Control-allow-methods: GET   <-- here

More: crossorigin explain method-disallowed-by-preflight-response; --verbose
shows all exchanges and console messages"""
    )


def test_console_messages_are_shown_on_request() -> None:
    """They are the longest block, and the reader has usually just seen one of them."""
    found = diagnosis(answer(200))
    assert "What the consoles say" not in text(found)
    told = "\n".join(line.text for line in report(found, width=80, verbose=True))
    assert "What the consoles say\n   Chrome: Access to fetch at 'https://api.example/items' from origin\n" in told


def test_an_allowed_request_is_reported_in_a_line_and_its_exchange() -> None:
    """There is nothing to fix."""
    found = diagnosis(answer(allow_origin="*"))
    assert found.clean
    assert text(found) == (
        """\
Chrome, Firefox and Safari would allow this: status 200

1. GET https://api.example/items
   > Origin: https://app.example
   < status 200
   < Access-Control-allow-origin: *"""
    )


def test_an_edit_says_where_it_goes_and_what_to_write_if_there_is_no_list() -> None:
    """For Flask by URL, the options are unknown, so an element is added."""
    flask = answer(200, {"Server": "Werkzeug/3"}, allow_origin=PAGE, allow_methods="GET")
    told = text(diagnosis(flask, method="PURGE", headers=(("X-Token", "1"),)))
    assert '   Add to methods in CORS(...):\n\n       "PURGE",\n\n   If methods is not set yet, write instead:' in told
    assert '       methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "PURGE"],\n' in told
    assert '       "X-Token",\n\n   If allow_headers is not set, leave it out.\n' in told


def test_long_and_repeated_lines_are_cut() -> None:
    """A server can send thousands of lines, or one of many kilobytes."""
    lines = [("Access-Control-Allow-Origin", f"https://{n}.example") for n in range(3000)]
    found = diagnosis(answer(200, [*lines, ("Vary", "x" * 60_000)]))
    assert "   < ... 2997 more lines of access-control-allow-origin" in text(found)
    assert len(text(found)) < 5_000
    assert len(json.dumps(document(found))) < 40_000


def test_what_else_was_noticed_is_reported_with_its_fix() -> None:
    """This includes reports without a refusal."""
    found = diagnosis(answer(allow_origin=PAGE, allow_methods="PUT", max_age="1h"), answer(418), method="PUT")
    told = text(replace(found, cause=None))
    assert "Also noticed\n   max-age-capped\n      In exchange 1: Access-Control-Max-Age is 1h.\n" in told
    assert (
        "   error-without-cors-headers\n      In exchange 2: PUT is answered with 418, and the page cannot see that.\n"
        in told
    )
    assert "      Fix: Send a whole number of seconds up to 86400.\n" in told


def test_what_was_noticed_alone_leads_to_its_page() -> None:
    """Without a refusal, there is no page of a reason."""
    told = text(
        diagnosis(answer(allow_origin=PAGE, allow_methods="PUT", max_age="1h"), answer(allow_origin="*"), method="PUT")
    )
    assert "\n\nMore: crossorigin explain max-age-capped; --verbose" in told


def test_a_finding_that_the_cause_explains_is_not_repeated() -> None:
    """The document has it all the same."""
    asked = {"method": "PUT", "headers": (("X-Token", "1"),)}
    found = diagnosis(answer(400, allow_origin=PAGE, allow_methods="GET"), **asked)
    assert "Also noticed" not in text(found)
    assert {finding["code"] for finding in document(found)["findings"]} == {"preflight-refused-by-lists"}


@pytest.mark.parametrize(
    ("answers", "asked", "line"),
    [
        (
            [answer(allow_origin="*")],
            {"mode": "no-cors"},
            "would allow this, but the page cannot read the response",
        ),
        ([answer()], {"url": f"{PAGE}/"}, "would allow this, because it is the page's own origin: status 200"),
        ([None], {}, "would block this: network-error"),
    ],
)
def test_the_verdict_says_what_the_page_gets(
    answers: list[HttpResponse | None], asked: dict[str, Any], line: str
) -> None:
    """The page gets a response, one that it cannot read, one of its own server, or none."""
    assert text(diagnosis(*answers, **asked)).partition("\n")[0] == f"Chrome, Firefox and Safari {line}"


def test_browsers_that_differ_have_separate_verdicts() -> None:
    """Safari keeps DELETE only for the same URL, and the others would follow the redirect with it."""
    upper = diagnosis(answer(allow_origin=PAGE), method="POST", credentials="include", engines=("standard",))
    assert text(upper).startswith("A browser that follows the Fetch standard would block this:")
    doubled = answer(200, [("Access-Control-Allow-Credentials", ""), ("Access-Control-Allow-Credentials", "true")])
    allowing = HttpResponse(status=200, headers=(*doubled.headers, (b"Access-Control-Allow-Origin", PAGE.encode())))
    found = diagnosis(allowing, credentials="include")
    line = "Firefox would allow this; Chrome and Safari would block it: invalid-allow-credentials"
    assert text(found).startswith(f"{line}\n")
    assert not found.lead.allowed


@pytest.mark.parametrize(
    ("answers", "asked", "step"),
    [
        ([], {"method": "TRACE"}, "The request fails before anything is sent."),
        ([redirect(f"{API}/2")], {"url": f"{PAGE}/", "mode": "same-origin"}, "The request fails at the redirect to"),
        ([answer()], {}, "The request fails at the request, GET https://api.example/items, in exchange 1 of 1."),
    ],
)
def test_the_step_that_failed_is_named(answers: list[HttpResponse], asked: dict[str, Any], step: str) -> None:
    """The page's own call, the way to where a redirect leads, a preflight, the request."""
    assert f"\n   {step}" in text(diagnosis(*answers, **asked))


def test_a_status_can_be_what_is_guilty() -> None:
    """And a header that is not there is marked as missing."""
    assert "   < status 400   <-- here\n" in text(diagnosis(answer(400, allow_origin=PAGE), method="PUT"))
    assert "   < no Access-Control-Allow-Origin   <-- here" in text(diagnosis(answer()))
    assert "   < no answer   <-- here" in text(diagnosis(None))


def test_no_terminal_obeys_a_server() -> None:
    """Characters that are not printable are escaped everywhere."""
    hostile = answer(200, allow_origin="https://a.example\x1b[2J\x9b")
    told = text(diagnosis(hostile))
    assert "\x1b" not in told
    assert "\x9b" not in told
    assert r"https://a.example\x1b[2J\x9b   <-- here" in told


def test_a_value_that_does_not_matter_is_not_told() -> None:
    """It may be a secret, and reports are pasted into issues."""
    asked = {"headers": (("Authorization", "Bearer secret"), ("Accept-Language", "de")), "method": "PUT"}
    granted = answer(
        204, {"Set-Cookie": "secret"}, allow_origin=PAGE, allow_methods="PUT", allow_headers="Authorization"
    )
    found = diagnosis(granted, answer(allow_origin=PAGE), **asked)
    assert found.clean
    assert "   > Authorization: ...\n   > Accept-Language: de\n" in text(found)
    for told in (text(found), json.dumps(document(found))):
        assert "secret" not in told


@pytest.mark.parametrize("width", [60, 80, 200])
def test_everything_but_code_keeps_to_the_width(width: int) -> None:
    """Headers and console messages are folded; code stays as it is, to be copied."""
    vary = {"Vary": ", ".join(f"Access-Control-Request-{n}" for n in range(20)), "WWW-Authenticate": "x" * 300}
    lines = report(diagnosis(answer(401, vary), method="PUT"), width=width, verbose=True)
    assert [line.text for line in lines if len(line.text) > width and line.style != "code"] == []


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([answer(allow_origin="*")], {}),
        ([answer(401)], {"method": "PUT", "credentials": "include", "headers": (("X-Token", "1"),)}),
        ([answer(500, [("Access-Control-Max-Age", "1h")] * 2)], {}),
        ([], {"method": "TRACE"}),
        ([None], {}),
        ([answer(allow_origin="é")], {"mode": "cors"}),
    ],
)
def test_the_document_keeps_to_its_schema(answers: list[HttpResponse | None], asked: dict[str, Any]) -> None:
    """This holds for refused and allowed requests, with and without findings, and for any response."""
    found = diagnosis(*answers, **asked)
    written = json.loads(json.dumps(document(found)))
    Draft202012Validator(SCHEMA).validate(written)
    assert written["outcome"] == ("failed" if found.failed else "clean" if found.clean else "warnings")
    assert [browser["engine"] for browser in written["browsers"]] == list(BROWSERS)
    assert len(written["exchanges"]) == len(found.lead.exchanges)


def test_the_document_of_what_could_not_run_keeps_to_it_too() -> None:
    """It contains the reason."""
    Draft202012Validator(SCHEMA).validate(not_run("dns", "There is no address."))


def test_the_schema_is_one_and_refuses_what_it_does_not_know() -> None:
    """A field that is not in the schema is an error."""
    Draft202012Validator.check_schema(SCHEMA)
    found = document(diagnosis(answer(allow_origin="*")))
    assert not Draft202012Validator(SCHEMA).is_valid({**found, "new": 1})
    assert not Draft202012Validator(SCHEMA).is_valid({**found, "schema_version": 1})
