"""The documents, and functions that read their prose, tables and code blocks."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"
POLICY = ROOT / "docs" / "policy.md"
POLICY_ERRORS = ROOT / "docs" / "policy-errors.md"
BEHAVIOR = ROOT / "docs" / "behavior.md"
MIGRATION = ROOT / "docs" / "migrate-from-starlette.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
REASONS = ROOT / "docs" / "reasons"
FINDINGS = ROOT / "docs" / "findings"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CELL_END = re.compile(r"(?<!\\)\|")
_CODE_SPAN = re.compile(r"`([^`]*)`")
_LINK = re.compile(r"\[(`[^`]*`|[^]`]*)\]\([^)]*\)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def prose_of(path: Path) -> str:
    """The text of a document without its blocks of code."""
    return _FENCED.sub("", path.read_text("utf-8"))


def plain(cell: str) -> str:
    """The text of a cell as a reader sees it: code unchanged, without links and escapes, and `<br>` as a new line."""
    parts = _CODE_SPAN.split(_LINK.sub(r"\1", cell.strip()).replace(r"\|", "|").replace("<br>", "\n"))
    return "".join(part if index % 2 else _ESCAPE.sub(r"\1", part) for index, part in enumerate(parts))


def rows_of(path: Path, first: str) -> list[dict[str, str]]:
    """The rows of every table whose first column is called `first`, each by its columns' names, read plainly."""
    rows: list[dict[str, str]] = []
    columns: list[str] | None = None
    for line in prose_of(path).splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        cells = [plain(cell) for cell in _CELL_END.split(line)[1:-1]]
        if columns is None:
            columns = cells
        elif columns[0] == first and set(cells[0]) != {"-"}:
            rows.append(dict(zip(columns, cells, strict=True)))
    return rows


def names_of(rows: list[dict[str, str]]) -> list[str]:
    """The first cell of each row, without repetitions, in order."""
    return list(dict.fromkeys(next(iter(row.values())) for row in rows))


def sections_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each heading of a document, read plainly, with the text below it."""
    parts = re.split(r"^#+ (.+)$", prose_of(path), flags=re.MULTILINE)
    return zip(map(plain, parts[1::2]), parts[2::2], strict=True)


def anchors_of(path: Path) -> set[str]:
    """The anchors of the headings of a document."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title, _ in sections_of(path)}
