"""The page of a code: of a policy's issue, a browser's reason, a decision's reason, or a finding.

The pages are the files in `docs/codes`, `docs/reasons` and `docs/findings`, which are installed with the package. The
reason of a decision has only a sentence.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from crossorigin.browser import BrowserReason
from crossorigin.doctor.findings import FindingCode
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.errors import IssueCode

_PACKAGED = "pages"
_NEAREST = 5
_LINK = re.compile(r"\[((?:`[^`]*`|[^\]`])+)\]\((?!https?:)([^)]*)\)")
# The complete configuration of each server, to which many pages link.
FIXES = "fixes"


def all_codes() -> tuple[str, ...]:
    """Return every code that has a page, each once, sorted."""
    codes = {*map(str, IssueCode), *map(str, BrowserReason), *map(str, Reason), *map(str, FindingCode)}
    return tuple(sorted(codes))


def nearest(code: str) -> list[str]:
    """Return the codes that are similar to an unknown one, the nearest first."""
    return get_close_matches(code.lower(), all_codes(), _NEAREST)


def page_of(code: str) -> str | None:
    """Return the page of a code as Markdown; None if there is no such code.

    A word can be the code of two things. The result then has both pages.
    """
    return "\n".join(_pages(code)) or None


def _pages(code: str) -> Iterator[str]:
    if code in set(IssueCode):
        yield _document(f"codes/{code}.md")
    if code in set(BrowserReason):
        yield _document(f"reasons/{code}.md")
    if code in set(Reason):
        yield _decision(code)
    if code == FIXES:
        yield _document(f"reasons/{FIXES}.md")
    if code in set(FindingCode):
        yield _document(f"findings/{code}.md")


def _document(path: str) -> str:
    return _LINK.sub(_unlinked, (_folder() / path).read_text("utf-8"))


def _unlinked(link: re.Match[str]) -> str:
    """Return the words of a link to another file, which a terminal cannot follow."""
    return f"{link[1]} (`crossorigin explain {FIXES}`)" if f"{FIXES}.md" in link[2] else link[1]


def _folder() -> Traversable:
    packaged = files("crossorigin.doctor") / _PACKAGED
    # In an editable installation, the documents are next to the source.
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "docs"


def _decision(code: str) -> str:
    row = re.search(rf"^\| `{code}` \| (\w+) \| (.+) \|$", _document("behavior.md"), re.MULTILINE)
    assert row, code  # noqa: S101  # the documents are tested to have them all
    return f"# `{code}`\n\nThe reason for a decision: {row[1]}, because {row[2]}.\n"
