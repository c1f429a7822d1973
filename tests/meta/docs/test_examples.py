"""Every example of the documents runs and has the result that is shown."""

import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from crossorigin.browser import is_aiohttp_app, is_wsgi_app
from tests.meta.docs.documents import DOCUMENTS, FINDINGS, NAMES, README, REASONS, ROOT, TUTORIAL
from tests.meta.docs.exchange import send, send_aiohttp, send_wsgi

_PRINTED = "_printed"
_RUN = PythonEvaluator()
_HEADER = re.compile(r"([\w-]+): (.*)")

# `js` and `sh` blocks are not run. The commands of `sh` blocks are checked below.
_LANGUAGES = {"http", "js", "python", "sh", "text", "tree"}
# The tests of these pages read the other blocks: what consoles print, and configurations. `py` needs other packages.
_LANGUAGES_OF_REASONS = {*_LANGUAGES, "console", "nginx", "py"}
# `tests/real/tutorial`, `tests/real/deployment` and the tests of the pages themselves run these blocks.
_LANGUAGES_OF_PAGES = {
    "docs/deployment.md": {*_LANGUAGES, "nginx"},
    "docs/installation.md": {*_LANGUAGES, "requirements"},
    "docs/live-stores.md": {*_LANGUAGES, "console", "py", "sql"},
    "docs/tutorial.md": {*_LANGUAGES, "console", "html", "log", "page"},
}


def run_python(example: Example) -> None:
    """Run a block, and keep what it prints for the `text` block that must follow."""
    assert not example.namespace.get(_PRINTED), f"{example.path}: nothing shows what the block before prints"
    output = io.StringIO()
    with redirect_stdout(output):
        _RUN(example)
    example.namespace[_PRINTED] = output.getvalue()


def compare_output(example: Example) -> None:
    """Compare a `text` block with what the `python` block before it printed."""
    assert example.parsed.rstrip() == example.namespace.pop(_PRINTED, "").rstrip()


def compare_exchange(example: Example) -> None:
    """Send the request of an `http` block to the document's `app`, and compare the whole answer."""
    request, response, *body = example.parsed.rstrip("\n").split("\n\n", 2)
    request_line, *request_headers = request.splitlines()
    status_line, *response_headers = response.splitlines()
    method, path, _ = request_line.split(" ")
    app = example.namespace["app"]
    send_to = send_aiohttp if is_aiohttp_app(app) else send_wsgi if is_wsgi_app(app) else send
    answer = send_to(app, method, [_header(line) for line in request_headers], path)
    assert str(answer.status) == status_line.split(" ")[1]
    expected = sorted((name.lower(), value) for name, value in map(_header, response_headers))
    assert sorted(answer.headers) == expected
    assert answer.body.rstrip("\n") == "".join(body)


def check_tree(example: Example) -> None:
    """Check that each folder of a `tree` block exists, below the less indented one before it."""
    above: list[tuple[int, Path]] = [(-1, ROOT)]
    for line in example.parsed.splitlines():
        indent = len(line) - len(line.lstrip())
        while above[-1][0] >= indent:
            above.pop()
        folder = above[-1][1] / line.split()[0]
        assert folder.is_dir(), line
        above.append((indent, folder))


def _header(line: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(line)
    assert match, line
    return match[1], match[2]


def _python_blocks() -> PythonCodeBlockParser:
    parser = PythonCodeBlockParser()
    parser.codeblock_parser = CodeBlockParser("python", run_python)
    return parser


_PYTHON = [_python_blocks(), CodeBlockParser("text", compare_output)]
SYBIL = Sybil(
    parsers=[*_PYTHON, CodeBlockParser("http", compare_exchange), CodeBlockParser("tree", check_tree)],
)
# The exchanges of these pages are not responses of an app; the tests of these pages replay them.
_OF_REASONS = Sybil(parsers=_PYTHON)


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path != TUTORIAL], ids=lambda path: path.stem)
def test_every_example_of_a_document_does_what_it_shows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python blocks run, `text` is what the previous block printed, and `http` is what the app answers."""
    document = (_OF_REASONS if path.parent in {REASONS, FINDINGS} else SYBIL).parse(path)
    # Messages about a function name its module, which most readers call `main`.
    document.namespace["__name__"] = "main"
    # Litestar looks up annotations in the module of a handler.
    monkeypatch.setitem(sys.modules, "main", ModuleType("main"))
    for example in document.examples():
        example.evaluate()
    assert not document.namespace.get(_PRINTED), "nothing shows what the last block prints"


_INDEXES = sorted((ROOT / "docs").glob("*/index.md"))
_PAGES = [*sorted((ROOT / "docs").glob("*.md")), *_INDEXES, README]


@pytest.mark.parametrize("name", [path.relative_to(ROOT).as_posix() for path in _PAGES])
def test_a_page_opens_with_an_example(name: str) -> None:
    """A reader finds something to copy before the second heading."""
    opening = re.split(r"^## ", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)[0]
    assert "```" in opening


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_block_is_of_a_language_that_is_looked_after(path: Path) -> None:
    """Every language of a block has a test, so that no example is skipped."""
    fences = re.findall(r"^ *```(.*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    of_page = _LANGUAGES_OF_PAGES.get(path.relative_to(ROOT).as_posix(), _LANGUAGES)
    assert set(fences[::2]) <= (_LANGUAGES_OF_REASONS if path.parent in {REASONS, FINDINGS} else of_page)
    assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_make_command_exists(path: Path) -> None:
    """Every target in a document exists in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text("utf-8"), flags=re.MULTILINE)
    assert set(named) <= targets
