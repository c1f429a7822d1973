"""Every code has a page, in the repository and in the installed package."""

import re

import pytest

from crossorigin.browser import BrowserReason
from crossorigin.doctor.findings import FINDINGS, FindingCode
from crossorigin.doctor.pages import all_codes, nearest, page_of
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.errors import IssueCode


@pytest.mark.parametrize("code", all_codes())
def test_every_code_has_a_page(code: str) -> None:
    """The page begins with its title, and its links to other files are plain text."""
    page = page_of(code)
    assert page
    assert page.startswith("# ")
    assert code in page
    assert re.search(r"\]\((?!https?:)", page) is None


def test_every_kind_of_code_is_among_them() -> None:
    """Of issues, of decisions, of browsers and of findings."""
    assert {*IssueCode, *Reason, *BrowserReason, *FindingCode} == set(all_codes())


def test_a_page_is_the_document() -> None:
    """The page of an issue is the one that the documents have."""
    page = page_of("method-wrong-case")
    assert page is not None
    assert "## How to fix it" in page
    assert "(https://fetch.spec.whatwg.org/#concept-method-normalize)" in page


def test_a_word_that_is_two_codes_has_both_pages() -> None:
    """A malformed origin can occur in a policy and in a request."""
    page = page_of("origin-malformed")
    assert page is not None
    assert page.startswith("# `origin-malformed`: A string is not a valid origin")
    assert page.endswith(
        "The reason for a decision: refused, because it is not an origin in the form that browsers send.\n"
    )


def test_the_page_of_a_finding_is_a_document_too() -> None:
    """The page has the texts of the finding in the report."""
    page = page_of("missing-vary")
    assert page is not None
    assert "## What the report says" in page
    assert FINDINGS[FindingCode.MISSING_VARY].fix.partition(",")[0] in page


def test_how_each_server_is_set_up_is_a_page_too() -> None:
    """The pages that refer to it name the command that prints it."""
    page = page_of("fixes")
    assert page is not None
    assert "nginx" in page
    assert any("(`crossorigin explain fixes`)" in (page_of(code) or "") for code in BrowserReason)


def test_an_unknown_code_has_no_page_but_neighbors() -> None:
    """Similar codes are suggested, the nearest first, whatever their case is."""
    assert page_of("alow-origin-mismatch") is None
    assert nearest("Alow-Origin-Mismatch")[0] == "allow-origin-mismatch"
    assert nearest("§") == []
