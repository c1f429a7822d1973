"""Every reason of the browser's side has its page, and what the page says happens.

That the Python blocks run, and links lead somewhere, is held where all documents are.
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

# What no server's setting fixes: the page asks for what it may not, a redirect is wrong, or nothing answers.
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
    """What a browser makes of an app."""
    return asyncio.run(run_async(request, asgi_transport(app), engine=engine))


def test_every_reason_has_one_page_and_no_page_is_left_over() -> None:
    """The directory holds the pages of the closed list, the index, and the fixes that they share."""
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
    """Every message of every page has words in the index that lead there, and no words lead to a page without them."""
    rows = rows_of(INDEX, "The console says")
    for path in PAGES:
        messages = [text for text in read_console(path).values() if text]
        leading = [row["The console says"] for row in rows if path.stem in row["Page"].split(", ")]
        assert all(any(words in message for words in leading) for message in messages), path.stem
        # One reason can have other words for another way there, which its page names next to them.
        assert all(words in path.read_text("utf-8") for words in leading), path.stem


@pytest.mark.parametrize("reason", BrowserReason)
def test_a_page_has_its_parts(reason: BrowserReason) -> None:
    """Its title names it, four parts follow, and the third names the rule in the standard."""
    sections = sections_of(page_of(reason))
    assert page_of(reason).read_text("utf-8").startswith(f"# `{reason}`: ")
    assert list(sections) == SECTIONS
    assert _STANDARD.search(sections["Why"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", BrowserReason)
def test_what_happened_ends_in_the_reason(reason: BrowserReason, engine: EngineName) -> None:
    """What the script asks for is what goes over the wire, and with these answers the request fails so."""
    assert replay(read_exchange(page_of(reason)), engine).reason == reason


@pytest.mark.parametrize("reason", BrowserReason)
def test_a_page_shows_what_the_consoles_print(reason: BrowserReason) -> None:
    """The messages are exact, belong to the exchange of the page, and have Firefox's name; or there are none."""
    shown = read_exchange(page_of(reason))
    verdicts = {engine: replay(shown, engine) for engine in CONSOLES}
    assert read_console(page_of(reason)) == {engine: console_text(told) for engine, told in verdicts.items()}
    said = re.search(r"^Firefox, as `(\w+)`:$", sections_of(page_of(reason))[SECTIONS[0]], flags=re.MULTILINE)
    assert (said and said[1]) == firefox_category(verdicts["firefox"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", BrowserReason)
def test_the_fix_lets_the_request_pass(reason: BrowserReason, engine: EngineName) -> None:
    """The app of the fix answers so that the page can read it, in every engine; a route, if one is shown, is found."""
    (block,) = blocks_of(sections_of(page_of(reason))["The fix"], "python")
    names: dict[str, Any] = {}
    exec(block, names)  # the documents are ours
    verdict = fetch(names["app"], read_fix(page_of(reason)), engine)
    assert verdict.reason is None
    assert verdict.type != "opaque"
    responses = [exchange.response for exchange in verdict.exchanges if not exchange.request.preflight]
    assert responses[0]
    found = any(isinstance(route, APIRoute) for route in names["app"].routes)
    assert responses[0].status in ({200, 302, 307} if found else {404})


@pytest.mark.parametrize("reason", _BY_SERVERS)
def test_a_page_has_a_fix_for_each_server(reason: BrowserReason) -> None:
    """Beside ours, the four others, each with code that can be read; it is Python but for nginx."""
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
    """In an app of FastAPI's."""
    app = FastAPI()
    exec(fix_lines(page_of(reason))[_SERVERS[0]][0], {"app": app, "CORSMiddleware": CORSMiddleware})
    assert fetch(app, read_fix(page_of(reason)), engine).reason is None


@pytest.mark.parametrize("reason", sorted(_BY_OTHERS))
def test_a_page_whose_fix_is_the_same_everywhere_says_so(reason: BrowserReason) -> None:
    """It has no list of servers."""
    assert not fix_lines(page_of(reason))


@pytest.mark.parametrize("path", [*PAGES, FIXES], ids=lambda path: path.stem)
def test_nginx_loses_no_header(path: Path) -> None:
    """Every line that adds a header has `always`, none is inside an `if`, and none sends back an unchecked origin."""
    code = "\n".join([*blocks_of(path.read_text("utf-8"), "nginx"), *fix_lines(path).get("nginx", [])])
    added = re.findall(r"add_header .*?;", code)
    assert all(line.endswith(" always;") for line in added)
    assert "Allow-Origin $http_origin" not in code
    assert not re.search(r"if \([^)]*\)\s*\{[^}]*add_header", code)


def test_the_shared_fixes_are_one_for_each_server() -> None:
    """Ours first, each with a block; those of packages that the tests do not have are at least Python."""
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
    """With cookies, the methods and the header that are named there; another page is refused."""
    (block,) = blocks_of(sections_of(FIXES)[server], "python")
    names: dict[str, Any] = {}
    exec(block, names)  # the documents are ours
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
    """Unknown messages are marked as such, and the page lists the error that a script gets in each browser."""
    names = list(CONSOLES.values())
    for heading, text in sections_of(NOT_CORS).items():
        shown = re.findall(r"^\| (Chrome and Edge|Firefox|Safari) \|", text, flags=re.MULTILINE)
        assert shown == names or blocks_of(text, "python") or heading == "A redirect to a login page"
