"""The tables of the browser's side are whole: every reason with its words, every text, every public name."""

from crossorigin import browser, testing
from crossorigin.browser import BrowserReason, advice
from crossorigin.browser.texts import TEXTS
from tests.meta.docs.documents import ROOT, prose_of, rows_of

PAGE = ROOT / "docs" / "browser.md"
TESTING = ROOT / "docs" / "testing.md"


def test_every_reason_is_documented() -> None:
    """With Chromium's name, what it means and what fixes it, in the order of the list."""
    assert [tuple(row.values()) for row in rows_of(PAGE, "Reason")] == [
        (str(reason), reason.cors_error or "", advice(reason).meaning, advice(reason).fix) for reason in BrowserReason
    ]


def test_every_text_is_documented() -> None:
    """As the engines print it, in the order of the list."""
    shown = [tuple(row.values()) for row in rows_of(PAGE, "Refusal")]
    texts = [(reason, TEXTS[reason]) for reason in BrowserReason if reason in TEXTS]
    assert shown == [
        (str(reason), *(text or "" for text in (told.chromium, told.firefox, told.webkit))) for reason, told in texts
    ]


def test_every_public_name_is_documented() -> None:
    """On the page of the browser's side, or on that of testing."""
    for name in browser.__all__:
        assert f"`{name}" in prose_of(PAGE), name
    for name in testing.__all__:
        assert f"`{name}" in prose_of(TESTING), name
