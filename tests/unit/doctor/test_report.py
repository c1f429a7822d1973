"""What a report says: as text, and as a document that keeps to its schema."""

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crossorigin.browser import BrowserRequest, EngineName, HttpResponse, Verdict, run
from crossorigin.doctor.diagnosis import Diagnosis, diagnose
from crossorigin.doctor.document import document, not_run
from crossorigin.doctor.report import report
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


def test_a_refusal_is_told_from_the_verdict_to_the_fix() -> None:
    """The verdict, the step, the exchange with its guilty header, the consoles, the fix, and where to read on."""
    refused = answer(204, {"Vary": "Origin", "Set-Cookie": "session=secret"}, allow_origin=PAGE, allow_methods="GET")
    asked = {"method": "PUT", "headers": (("Authorization", "Bearer secret"),)}
    assert text(diagnosis(refused, **asked)) == (
        """\
Chrome, Firefox and Safari would block this: method-disallowed-by-preflight-response

It fails at the preflight, OPTIONS https://api.example/items, in exchange 1 of 1.
Access-Control-Allow-Methods does not list the method. Methods are case-sensitive; with credentials,
* is not a wildcard.

1. OPTIONS https://api.example/items (preflight)
   > Accept: */*
   > Access-Control-Request-Method: PUT
   > Access-Control-Request-Headers: authorization
   > Origin: https://app.example
   < status 204
   < Vary: Origin
   < Access-Control-allow-origin: https://app.example
   < Access-Control-allow-methods: GET   <-- here

What the consoles say
   Chrome: Access to fetch at 'https://api.example/items' from origin 'https://app.example' has been blocked by CORS"""
        """ policy: Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.
   Firefox: Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at"""
        """ https://api.example/items. (Reason: Did not find method in CORS header ‘Access-Control-Allow-Methods’).
   Safari: Method PUT is not allowed by Access-Control-Allow-Methods.

Fix
   List the method exactly as the page sends it.
   For any server (nothing in its answers tells what it is), together with what is allowed already:

       # To OPTIONS, with status 204:
       Access-Control-Allow-Origin: https://app.example
       Vary: Origin
       Access-Control-Allow-Methods: PUT
       Access-Control-Allow-Headers: Authorization

       # To PUT, errors too:
       Access-Control-Allow-Origin: https://app.example
       Vary: Origin

More of it: crossorigin explain method-disallowed-by-preflight-response"""
    )


def test_what_is_allowed_and_clean_is_told_in_a_line_and_its_exchange() -> None:
    """There is nothing to mend."""
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


def test_what_else_was_noticed_is_told_with_its_fix() -> None:
    """Also where nothing is refused."""
    found = diagnosis(answer(allow_origin=PAGE, allow_methods="PUT", max_age="1h"), answer(404), method="PUT")
    told = text(found)
    assert "Also noticed\n   max-age-capped\n      In exchange 1: Access-Control-Max-Age is 1h.\n" in told
    assert (
        "   error-without-cors-headers\n      In exchange 2: PUT is answered with 404, and the page cannot see that.\n"
        in told
    )
    assert "      Fix: Send a whole number of seconds up to 86400.\n" in told


def test_what_was_noticed_alone_leads_to_its_page() -> None:
    """Where nothing blocks, there is no reason to read of."""
    told = text(
        diagnosis(answer(allow_origin=PAGE, allow_methods="PUT", max_age="1h"), answer(allow_origin="*"), method="PUT")
    )
    assert told.endswith("\n\nMore of it: crossorigin explain max-age-capped")


def test_what_was_noticed_twice_is_explained_once() -> None:
    """Each with what was seen."""
    asked = {"method": "PUT", "headers": (("X-Token", "1"),)}
    told = text(diagnosis(answer(400, allow_origin=PAGE, allow_methods="GET"), **asked))
    seen = "      In exchange 1: Access-Control-Allow-"
    assert f"{seen}Methods does not allow PUT.\n{seen}Headers does not allow x-token.\n      The preflight" in told
    assert told.count("Fix: List it") == 1


@pytest.mark.parametrize(
    ("answers", "asked", "line"),
    [
        (
            [answer(allow_origin="*")],
            {"mode": "no-cors"},
            "would allow this, and the page cannot look into the response",
        ),
        ([answer()], {"url": f"{PAGE}/"}, "would allow this, for it is the page's own origin: status 200"),
        ([None], {}, "would block this: network-error"),
    ],
)
def test_the_verdict_says_what_the_page_gets(
    answers: list[HttpResponse | None], asked: dict[str, Any], line: str
) -> None:
    """A response, one that it cannot look into, its own, or none."""
    assert text(diagnosis(*answers, **asked)).partition("\n")[0] == f"Chrome, Firefox and Safari {line}"


def test_browsers_that_differ_are_told_apart() -> None:
    """Safari keeps DELETE only where it is; the others would follow the redirect with it."""
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
        ([], {"method": "TRACE"}, "It fails before anything is sent."),
        ([redirect(f"{API}/2")], {"url": f"{PAGE}/", "mode": "same-origin"}, "It fails on the way to"),
        ([answer()], {}, "It fails at the request, GET https://api.example/items, in exchange 1 of 1."),
    ],
)
def test_the_step_that_failed_is_named(answers: list[HttpResponse], asked: dict[str, Any], step: str) -> None:
    """The page's own call, the way to where a redirect leads, a preflight, the request."""
    assert f"\n{step}" in text(diagnosis(*answers, **asked))


def test_a_status_can_be_what_is_guilty() -> None:
    """And a header that is not there is marked as missing."""
    assert "   < status 400   <-- here\n" in text(diagnosis(answer(400, allow_origin=PAGE), method="PUT"))
    assert "   < no Access-Control-Allow-Origin   <-- here" in text(diagnosis(answer()))
    assert "   < no answer   <-- here" in text(diagnosis(None))


def test_no_terminal_obeys_a_server() -> None:
    """What is not printable is escaped, wherever it is repeated."""
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
def test_sentences_keep_to_the_width(width: int) -> None:
    """Headers, messages and code stay whole, to be copied."""
    lines = [line.text for line in report(diagnosis(answer(401), method="PUT"), width=width)]
    whole = ("Chrome", "   Chrome", "   Firefox", "   Safari", "   >", "   <", "1.", "More of it", "      ")
    assert [line for line in lines if len(line) > width and not line.startswith(whole)] == []


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
    """Refused or allowed, with findings or without, whatever was sent."""
    found = diagnosis(*answers, **asked)
    written = json.loads(json.dumps(document(found)))
    Draft202012Validator(SCHEMA).validate(written)
    assert written["outcome"] == ("clean" if found.clean else "findings")
    assert [browser["engine"] for browser in written["browsers"]] == list(BROWSERS)
    assert len(written["exchanges"]) == len(found.lead.exchanges)


def test_the_document_of_what_could_not_run_keeps_to_it_too() -> None:
    """It says why."""
    Draft202012Validator(SCHEMA).validate(not_run("dns", "There is no address."))


def test_the_schema_is_one_and_refuses_what_it_does_not_know() -> None:
    """A field that nobody described does not pass."""
    Draft202012Validator.check_schema(SCHEMA)
    found = document(diagnosis(answer(allow_origin="*")))
    assert not Draft202012Validator(SCHEMA).is_valid({**found, "new": 1})
    assert not Draft202012Validator(SCHEMA).is_valid({**found, "schema_version": 2})
