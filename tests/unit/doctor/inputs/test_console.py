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


def test_anything_else_is_not_a_message() -> None:
    """A guess would be worse."""
    assert read_console("Uncaught TypeError: Failed to fetch") is None
