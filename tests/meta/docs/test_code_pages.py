"""Every issue code has a page, and the page is correct.

`test_examples.py` runs the code blocks of all documents. It compares the messages with the ones
that are shown, and the corrected policies must neither fail nor warn.
"""

import re
from pathlib import Path

import pytest

from crossorigin import IssueCode
from tests.meta.docs.documents import POLICY_ERRORS, ROOT, prose_of

PAGES = ROOT / "docs" / "codes"
INDEX = PAGES / "index.md"

_HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MESSAGE_CODE = re.compile(r"^  \[(.+)\]$", re.MULTILINE)


def page_of(code: str) -> Path:
    """Return the path of the page of a code."""
    return PAGES / f"{code}.md"


def blocks_of(section: str, language: str) -> list[str]:
    """The blocks of one language in a part of a page."""
    return [block for named, block in _BLOCK.findall(section) if named == language]


def test_every_code_has_one_page_and_no_page_is_left_over() -> None:
    """The folder contains the index and one page for each code."""
    assert {path.stem for path in PAGES.iterdir()} == {*map(str, IssueCode), "index"}


def test_the_index_lists_the_pages_by_their_titles() -> None:
    """The index lists each code once, in the order of the enum, with the title of its page."""
    titles = [page_of(code).read_text("utf-8").partition("\n")[0] for code in IssueCode]
    listed = re.findall(r"^- \[(`(.+)`)\]\(\2\.md\)(: .+)$", INDEX.read_text("utf-8"), flags=re.MULTILINE)
    assert [f"# {code}{sentence}" for code, _, sentence in listed] == titles
    assert [code for _, code, _ in listed] == list(map(str, IssueCode))


@pytest.mark.parametrize("code", IssueCode)
def test_a_page_shows_its_message_and_what_to_write(code: IssueCode) -> None:
    """The example has this code only, the reasons follow, and the corrected code has no error and no warning."""
    _, *parts = _HEADING.split(page_of(code).read_text("utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert list(sections)[:3] == ["Example", "What it means", "How to fix it"]
    assert list(sections)[3:] in ([], ["Other cases"])
    (message,) = blocks_of(sections["Example"], "text")
    assert set(_MESSAGE_CODE.findall(message)) == {code}
    right, *others = ["".join(blocks_of(sections[heading], "python")) for heading in list(sections)[2:]]
    assert re.search(r"\b(Policy|Policy\.from_dict|CORSMiddleware|LiveOrigins)\(", right)
    assert not re.search(r"\b(except|catch_warnings|simplefilter)\b", "".join([right, *others]))


def test_the_table_links_every_code() -> None:
    """Each code in the tables of errors and warnings links to its page."""
    linked = re.findall(r"^\| \[`(.+?)`\]\(codes/\1\.md\) \|", prose_of(POLICY_ERRORS), flags=re.MULTILINE)
    assert list(dict.fromkeys(linked)) == list(map(str, IssueCode))
    assert not re.search(rf"^\| `({'|'.join(IssueCode)})` \|", prose_of(POLICY_ERRORS), flags=re.MULTILINE)
