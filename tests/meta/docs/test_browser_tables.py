"""The tables of the browser page are complete: every reason, every message and every public name."""

from crossorigin import browser, testing
from crossorigin.browser import BrowserReason, advice
from crossorigin.browser.texts import TEXTS
from tests.meta.docs.documents import ROOT, prose_of, rows_of

PAGE = ROOT / "docs" / "browser.md"
TESTING = ROOT / "docs" / "testing.md"


def test_every_reason_is_documented() -> None:
    """Each row has Chromium's name, the meaning and the fix, in the order of the enum."""
    assert [tuple(row.values()) for row in rows_of(PAGE, "Reason")] == [
        (str(reason), reason.cors_error or "", advice(reason).meaning, advice(reason).fix) for reason in BrowserReason
    ]


def test_every_text_is_documented() -> None:
    """Each row has the message of an engine, in the order of the list."""
    shown = [tuple(row.values()) for row in rows_of(PAGE, "Refusal")]
    texts = [(reason, TEXTS[reason]) for reason in BrowserReason if reason in TEXTS]
    assert shown == [
        (str(reason), *(text or "" for text in (told.chromium, told.firefox, told.webkit))) for reason, told in texts
    ]


def test_every_public_name_is_documented() -> None:
    """Each name is on this page or on the page about testing."""
    for name in browser.__all__:
        assert f"`{name}" in prose_of(PAGE), name
    for name in testing.__all__:
        assert f"`{name}" in prose_of(TESTING), name
