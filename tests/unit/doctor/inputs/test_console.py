"""Console messages lead to their reasons."""

from typing import Any

import pytest

from crossorigin.browser import BrowserReason, HttpResponse, console_text
from crossorigin.doctor.inputs.console import read_console
from tests.unit.browser.scripted_fetch import API, PAGE, answer, fetch, redirect

CASES: list[tuple[list[HttpResponse | None], dict[str, Any]]] = [
    ([answer(200)], {}),
    ([answer(200, allow_origin="https://b.example")], {}),
    ([answer(200, allow_origin="a b")], {}),
    ([answer(200, allow_origin="*")], {"credentials": "include"}),
    ([answer(200, allow_origin=PAGE)], {"credentials": "include"}),
    ([answer(400, allow_origin=PAGE)], {"method": "PUT"}),
    ([answer(204)], {"method": "PUT"}),
    ([redirect(f"{API}/2")], {"method": "PUT"}),
    ([answer(204, allow_origin=PAGE, allow_methods="GET")], {"method": "PUT"}),
    ([answer(204, allow_origin=PAGE, allow_methods="PUT")], {"method": "PUT", "headers": (("X-Token", "1"),)}),
    ([answer(204, allow_origin=PAGE, allow_methods="A B")], {"method": "PUT"}),
]


@pytest.mark.parametrize(("answers", "asked"), CASES)
def test_the_message_of_chrome_leads_back_to_its_reason(
    answers: list[HttpResponse | None], asked: dict[str, Any]
) -> None:
    """With the URL and the origin, for a preflight and for the request itself."""
    verdict = fetch(*answers, engine="chromium", **asked)
    said = console_text(verdict)
    assert said is not None
    message = read_console(f"[Error] {said}\n")
    assert message is not None
    assert message.reason is verdict.reason
    assert (message.url, message.origin) == (f"{API}/", PAGE)


@pytest.mark.parametrize("engine", ["firefox", "webkit"])
@pytest.mark.parametrize(("answers", "asked"), CASES)
def test_the_messages_of_other_browsers_lead_to_a_reason_with_the_same_message(
    answers: list[HttpResponse | None], asked: dict[str, Any], engine: Any
) -> None:
    """These messages do not always distinguish the preflight from the request, or one value from several."""
    verdict = fetch(*answers, engine=engine, **asked)
    said = console_text(verdict)
    assert said is not None
    message = read_console(said)
    assert message is not None
    ambiguous = {
        BrowserReason.MISSING_ALLOW_ORIGIN_HEADER,
        BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES,
        BrowserReason.INVALID_ALLOW_ORIGIN_VALUE,
        BrowserReason.ALLOW_ORIGIN_MISMATCH,
    }
    status = {BrowserReason.PREFLIGHT_INVALID_STATUS, BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT}
    assert verdict.reason is not None
    found, right = message.reason.for_request(), verdict.reason.for_request()
    assert found is right or {found, right} <= ambiguous or {found, right} <= status


_CHROME = f"Access to fetch at '{API}/items' from origin '{PAGE}' has been blocked by CORS policy: "
_FIREFOX = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at"
    f" {API}/items. (Reason: "
)
_PREFLIGHT = f"{_CHROME}Response to preflight request doesn't pass access control check: "
_HEADER = f"{_FIREFOX}CORS header \u2018Access-Control-Allow-Origin\u2019 "
_COPIED = f"""items.js:12
    {_CHROME}No \u2018Access-Control-Allow-Origin\u2019 header is present on the requested resource.
load @ items.js:12
GET net::ERR_FAILED 200 (OK)"""
_OLD_HEADER = (
    f"{_FIREFOX}missing token \u2018x-a\u2019 in CORS header \u2018Access-Control-Allow-Headers\u2019 from CORS"
    " preflight channel)."
)
_FILE = (
    "Access to script at 'file:///C:/main.js' from origin 'null' has been blocked by CORS policy: Cross origin requests"
    " are only supported for protocol schemes: http, data, chrome, https."
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # Cut, and copied with line numbers, other messages or entities.
        (f"{_CHROME}No 'Access-Control-Allow-Origin' header is pres", "missing-allow-origin-header"),
        (
            f"{_PREFLIGHT}It does not have HTTP ok st\u2026",
            "preflight-invalid-status",
        ),
        (
            _COPIED,
            "missing-allow-origin-header",
        ),
        (f"{_CHROME}Method PUT is not allowed by".replace("'", "&#39;"), None),
        (
            f"{_CHROME}Redirect is not allowed for a preflight request.".replace("'", "&#39;"),
            "preflight-disallowed-redirect",
        ),
        # Of older browsers.
        (
            f"XMLHttpRequest cannot load {API}/items. Response for preflight is invalid (redirect)",
            "preflight-disallowed-redirect",
        ),
        ("Origin https://app.example is not allowed by Access-Control-Allow-Origin.", "missing-allow-origin-header"),
        ("[Error] Preflight response is not successful", "preflight-invalid-status"),
        ("Access-Control-Allow-Origin cannot contain more than one origin.", "multiple-allow-origin-values"),
        (f"{_FIREFOX}CORS header 'Access-Control-Allow-Origin' missing).", "missing-allow-origin-header"),
        (f"{_FIREFOX}CORS preflight channel did not succeed).", "preflight-invalid-status"),
        (
            _OLD_HEADER,
            "header-disallowed-by-preflight-response",
        ),
        (
            f"{_FIREFOX}Multiple CORS header \u2018Access-Control-Allow-Origin\u2019 not allowed).",
            "multiple-allow-origin-values",
        ),
        # Messages of several reasons. The value decides, or the commonest reason.
        (
            f"{_HEADER}does not match \u2018{API}\u2019).",
            "allow-origin-mismatch",
        ),
        (
            f"{_HEADER}does not match \u2018a b\u2019).",
            "invalid-allow-origin-value",
        ),
        (
            f"{_HEADER}does not match \u2018{PAGE}, {PAGE}\u2019).",
            "multiple-allow-origin-values",
        ),
        (f"{_FIREFOX}CORS request did not succeed). Status code: (null).", "network-error"),
        (f"{_FIREFOX}CORS request did not succeed).", "network-error"),
        (f"{_FIREFOX}CORS request not http).", "cors-disabled-scheme"),
        (f"{_FIREFOX}CORS header \u2018Access-Control-Allow-Or", None),
        (
            _FILE,
            "cors-disabled-scheme",
        ),
    ],
)
def test_a_message_that_is_cut_or_old_leads_to_its_reason(text: str, reason: str | None) -> None:
    """Unless the beginning is that of several messages."""
    message = read_console(text)
    assert (None if message is None else message.reason.value) == reason


def test_the_url_of_an_old_message_ends_before_the_full_stop() -> None:
    """The origin is quoted there."""
    message = read_console(
        f"XMLHttpRequest cannot load {API}/items. No 'Access-Control-Allow-Origin' header is present on the requested"
        f" resource. Origin '{PAGE}' is therefore not allowed access."
    )
    assert message is not None
    assert (message.url, message.origin) == (f"{API}/items", PAGE)


def test_anything_else_is_not_a_message() -> None:
    """A guess would be worse."""
    assert read_console("Uncaught TypeError: Failed to fetch") is None
