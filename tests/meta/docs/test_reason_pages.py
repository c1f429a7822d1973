"""Every reason of the browser model has a page, and the exchanges on the page really happen.

The tests of all documents check the Python blocks and the links.
"""

import ast
import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from crossorigin.browser import (
    ENGINES,
    BrowserReason,
    BrowserRequest,
    EngineName,
    Verdict,
    asgi_transport,
    console_text,
    firefox_category,
    run_async,
)
from tests.meta.docs.documents import REASONS, ROOT, rows_of
from tests.meta.docs.reason_page import (
    CONSOLES,
    SECTIONS,
    blocks_of,
    fix_lines,
    page_of,
    read_console,
    read_exchange,
    read_fix,
    replay,
    sections_of,
)

INDEX = REASONS / "index.md"
FIXES = REASONS / "fixes.md"
NOT_CORS = ROOT / "docs" / "not-cors.md"
PAGES = [*map(page_of, BrowserReason)]

# Reasons that no setting of a server fixes: the page sends a wrong request, a redirect is wrong, or nothing answers.
_BY_OTHERS = {
    BrowserReason.FORBIDDEN_METHOD,
    BrowserReason.CORS_DISABLED_SCHEME,
    BrowserReason.REDIRECT_CONTAINS_CREDENTIALS,
    BrowserReason.REDIRECT_NOT_FOLLOWED,
    BrowserReason.REDIRECT_INVALID,
    BrowserReason.REDIRECT_OF_STREAM,
    BrowserReason.TOO_MANY_REDIRECTS,
    BrowserReason.NETWORK_ERROR,
}
_BY_SERVERS = [reason for reason in BrowserReason if reason not in _BY_OTHERS]
_SERVERS = ["Starlette's own middleware", "Flask-Cors", "django-cors-headers", "nginx"]
_STANDARD = re.compile(r"\(https://fetch\.spec\.whatwg\.org/#[a-z0-9-]+\)")


def fetch(app: Any, request: BrowserRequest, engine: EngineName) -> Verdict:
    """Return the verdict of a browser on an app."""
    return asyncio.run(run_async(request, asgi_transport(app), engine=engine))


def test_every_reason_has_one_page_and_no_page_is_left_over() -> None:
    """The folder contains the index, the shared fixes and one page for each reason."""
    assert {path.name for path in REASONS.iterdir()} == {
        *(f"{reason}.md" for reason in BrowserReason),
        "index.md",
        "fixes.md",
    }


def test_the_index_lists_the_pages_by_their_titles() -> None:
    """The index lists each reason once, in the order of the enum, with the title of its page."""
    titles = [path.read_text("utf-8").partition("\n")[0] for path in PAGES]
    listed = re.findall(r"^- \[(`(.+)`)\]\(\2\.md\)(: .+)$", INDEX.read_text("utf-8"), flags=re.MULTILINE)
    assert [f"# {code}{sentence}" for code, _, sentence in listed] == titles
    assert [code for _, code, _ in listed] == list(map(str, BrowserReason))


def test_what_a_console_says_leads_to_its_page() -> None:
    """Every message has a phrase in the index with a link to its page, and no phrase links to another page."""
    rows = rows_of(INDEX, "The console says")
    for path in PAGES:
        messages = [text for text in read_console(path).values() if text]
        leading = [row["The console says"] for row in rows if path.stem in row["Page"].split(", ")]
        assert all(any(words in message for words in leading) for message in messages), path.stem
        # One reason can have different messages, which its page shows together.
        assert all(words in path.read_text("utf-8") for words in leading), path.stem


@pytest.mark.parametrize("reason", BrowserReason)
def test_a_page_has_its_parts(reason: BrowserReason) -> None:
    """The title has the code, four parts follow, and the third one links to the rule of the standard."""
    sections = sections_of(page_of(reason))
    assert page_of(reason).read_text("utf-8").startswith(f"# `{reason}`: ")
    assert list(sections) == SECTIONS
    assert _STANDARD.search(sections["Why"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", BrowserReason)
def test_what_happened_ends_in_the_reason(reason: BrowserReason, engine: EngineName) -> None:
    """The script sends the requests on the page, and with the responses on the page it fails for this reason."""
    assert replay(read_exchange(page_of(reason)), engine).reason == reason


@pytest.mark.parametrize("reason", BrowserReason)
def test_a_page_shows_what_the_consoles_print(reason: BrowserReason) -> None:
    """The messages are exact and belong to the exchange, with Firefox's category; or the page shows none."""
    shown = read_exchange(page_of(reason))
    verdicts = {engine: replay(shown, engine) for engine in CONSOLES}
    assert read_console(page_of(reason)) == {engine: console_text(told) for engine, told in verdicts.items()}
    said = re.search(r"^Firefox, as `(\w+)`:$", sections_of(page_of(reason))[SECTIONS[0]], flags=re.MULTILINE)
    assert (said and said[1]) == firefox_category(verdicts["firefox"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", BrowserReason)
def test_the_fix_lets_the_request_pass(reason: BrowserReason, engine: EngineName) -> None:
    """With the app of the fix, the page can read the response in every engine. The route of the page exists."""
    (block,) = blocks_of(sections_of(page_of(reason))["The fix"], "python")
    names: dict[str, Any] = {}
    exec(block, names)  # The code comes from our documents.
    verdict = fetch(names["app"], read_fix(page_of(reason)), engine)
    assert verdict.reason is None
    assert verdict.type != "opaque"
    responses = [exchange.response for exchange in verdict.exchanges if not exchange.request.preflight]
    assert responses[0]
    found = any(isinstance(route, APIRoute) for route in names["app"].routes)
    assert responses[0].status in ({200, 302, 307} if found else {404})


@pytest.mark.parametrize("reason", _BY_SERVERS)
def test_a_page_has_a_fix_for_each_server(reason: BrowserReason) -> None:
    """There is code for us and for four other servers. It is Python, except for nginx."""
    lines = fix_lines(page_of(reason))
    assert list(lines) == _SERVERS
    for code in [*lines["Flask-Cors"], *(code for code in lines["django-cors-headers"] if " " in code)]:
        ast.parse(code)
    assert re.match(r"CORS\(app, ", lines["Flask-Cors"][0])
    assert lines["django-cors-headers"][0].startswith("CORS_ALLOWED_ORIGINS = ")
    assert lines["nginx"][0] == "add_header Access-Control-Allow-Origin $cors_origin always;"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", _BY_SERVERS)
def test_the_line_for_starlettes_own_middleware_lets_the_request_pass(
    reason: BrowserReason, engine: EngineName
) -> None:
    """It works in an app of FastAPI."""
    app = FastAPI()
    exec(fix_lines(page_of(reason))[_SERVERS[0]][0], {"app": app, "CORSMiddleware": CORSMiddleware})
    assert fetch(app, read_fix(page_of(reason)), engine).reason is None


@pytest.mark.parametrize("reason", sorted(_BY_OTHERS))
def test_a_page_whose_fix_is_the_same_everywhere_says_so(reason: BrowserReason) -> None:
    """Such a page has no list of servers."""
    assert not fix_lines(page_of(reason))


@pytest.mark.parametrize("path", [*PAGES, FIXES], ids=lambda path: path.stem)
def test_nginx_loses_no_header(path: Path) -> None:
    """Every line that adds a header has `always`, none is inside an `if`, and none sends an unchecked origin."""
    code = "\n".join([*blocks_of(path.read_text("utf-8"), "nginx"), *fix_lines(path).get("nginx", [])])
    added = re.findall(r"add_header .*?;", code)
    assert all(line.endswith(" always;") for line in added)
    assert "Allow-Origin $http_origin" not in code
    assert not re.search(r"if \([^)]*\)\s*\{[^}]*add_header", code)


def test_the_shared_fixes_are_one_for_each_server() -> None:
    """Ours is the first, and each has a block. The code for packages that are not installed here is at least Python."""
    sections = sections_of(FIXES)
    assert list(sections) == ["crossorigin", *_SERVERS]
    assert [bool(re.search(r"^```(python|py|nginx)$", text, flags=re.MULTILINE)) for text in sections.values()] == [
        True
    ] * 5
    for block in blocks_of(FIXES.read_text("utf-8"), "py"):
        ast.parse(block)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("server", ["crossorigin", "Starlette's own middleware"])
def test_the_shared_fixes_let_both_pages_pass(server: str, engine: EngineName) -> None:
    """They can send cookies, the methods and the header on the page. Another page is refused."""
    (block,) = blocks_of(sections_of(FIXES)[server], "python")
    names: dict[str, Any] = {}
    exec(block, names)  # The code comes from our documents.
    for name, passes in {"app": True, "admin": True, "evil": False}.items():
        request = BrowserRequest(
            url="https://api.example.com/items",
            origin=f"https://{name}.example.com",
            method="DELETE",
            headers=(("X-Token", "t"),),
            credentials="include",
        )
        assert fetch(names["app"], request, engine).allowed is passes


def test_each_thing_that_is_not_cors_says_what_each_console_shows() -> None:
    """Messages that the page does not know are marked, and the page lists the error of the script in each browser."""
    names = list(CONSOLES.values())
    for heading, text in sections_of(NOT_CORS).items():
        shown = re.findall(r"^\| (Chrome and Edge|Firefox|Safari) \|", text, flags=re.MULTILINE)
        assert shown == names or blocks_of(text, "python") or heading == "A redirect to a login page"
