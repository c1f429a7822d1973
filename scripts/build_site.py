"""Build the documentation site into site/, then check its links and that it loads nothing from other hosts.

The pages are those of docs/, and the changelog, the security policy and the guide for contributors. Zensical checks the
links between Markdown files. This script checks the links and resources of the built pages. It also adds console
messages to the search index, so that a search finds the page that explains a message.
"""

import json
import re
import shutil
import subprocess
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# The elements whose URL a page loads automatically, with the attribute that contains the URL.
_LOADED = {"audio": "src", "embed": "src", "iframe": "src", "img": "src", "link": "href", "script": "src"}

# A row of the index of reasons: a console message, and the pages that explain it.
_ROW = re.compile(r"^\| `(.+)` \| (\[.+\)) \|$", re.MULTILINE)
_PAGE = re.compile(r"\(([a-z-]+)\.md\)")
# Words that most messages contain, and the pages that explain the most common of these messages.
_COMMON_PHRASES = (
    "blocked by CORS policy",
    "Cross-Origin Request Blocked",
    "Access to fetch at",
    "Access to XMLHttpRequest at",
    "CORS error",
)
_COMMON_PAGES = "(missing-allow-origin-header.md), (preflight-missing-allow-origin-header.md)"
# A console message as it appears in the search index.
_MESSAGE = re.compile(r"<pre><code>.*?</code></pre>", re.DOTALL)


# An example in a docstring, up to an empty line or the end of the docstring.
_DOCTEST = re.compile(r"^( *)>>> .*\n(?:\1(?!\"\"\")\S.*\n)*", re.MULTILINE)
# The documents of the root folder, with the name of their page.
_ROOT_PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
_LINK = re.compile(r"\[([^]]*)\]\(([^)]*)\)")
_HOME = "crossorigin: CORS for FastAPI, Django, Flask and aiohttp"


class Page(HTMLParser):
    """The anchors, links and loaded resources of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the anchors and URLs of one tag."""
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if (attribute := _LOADED.get(tag)) in values:
            self.loaded.append(values[attribute])


def copy_pages(root: Path) -> None:
    """Copy all pages to build/docs, and change the links between docs/ and the root folder accordingly."""
    pages = root / "build" / "docs"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(root / "docs", pages)
    for path in pages.glob("*.md"):
        path.write_text(_LINK.sub(_change_link_to_root, path.read_text("utf-8")), "utf-8")
    for name, page in _ROOT_PAGES.items():
        (pages / page).write_text(_LINK.sub(_change_link_from_root, (root / name).read_text("utf-8")), "utf-8")


def copy_sources(root: Path) -> None:
    """Copy src/ to build/src, with a heading before the examples in docstrings.

    The site builder would take the lines of an example without a heading, which begin with `>>>`, for quotations.
    """
    sources = root / "build" / "src"
    shutil.rmtree(sources, ignore_errors=True)
    shutil.copytree(root / "src", sources, ignore=shutil.ignore_patterns("__pycache__"))
    for path in sources.rglob("*.py"):
        path.write_text(_DOCTEST.sub(_with_heading, path.read_text("utf-8")), "utf-8")


def _with_heading(example: re.Match[str]) -> str:
    lines = [f"    {line}" for line in example[0].splitlines()]
    return "\n".join([f"{example[1]}Examples:", *lines]) + "\n"


def _change_link_to_root(link: re.Match[str]) -> str:
    name, _, anchor = link[2].removeprefix("../").partition("#")
    return f"[{link[1]}]({_ROOT_PAGES[name]}#{anchor})" if name in _ROOT_PAGES else link[0]


def _change_link_from_root(link: re.Match[str]) -> str:
    if link[2].startswith("docs/"):
        return f"[{link[1]}]({link[2].removeprefix('docs/')})"
    if link[2].startswith(("#", "https://")):
        return link[0]
    changed = _change_link_to_root(link)
    # Other files of the repository are not on the site.
    return link[1] if changed == link[0] else changed


def build(root: Path) -> bool:
    """Build the site from scratch and return whether that succeeded.

    An incremental build would not notice a changed docstring.
    """
    # `--strict` fails on a link to a missing document.
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--clean", "--strict"]
    if subprocess.run(command, cwd=root, check=False).returncode:
        return False
    # The links of 404.html are absolute paths, but the site can be served below any path.
    (root / "site" / "404.html").unlink()
    home = root / "site" / "index.html"
    home.write_text(re.sub("<title>.*?</title>", f"<title>{_HOME}</title>", home.read_text("utf-8"), count=1), "utf-8")
    return True


def add_messages(root: Path) -> None:
    """Add a search entry for each console message, titled with the characteristic words of the message.

    The search ranks matches in titles first, and those at the start of a title highest. The index of reasons lists the
    most common reason first.
    """
    rows = _ROW.findall((root / "docs" / "reasons" / "index.md").read_text("utf-8"))
    path = root / "site" / "search.json"
    index = json.loads(path.read_text("utf-8"))
    entries: dict[str, dict[str, Any]] = {entry["location"]: entry for entry in index["items"]}
    added: list[dict[str, Any]] = []
    for phrase, listed in [*((phrase, _COMMON_PAGES) for phrase in _COMMON_PHRASES), *rows]:
        title = escape(phrase, quote=False)
        pages = _PAGE.findall(listed)
        # A phrase that many pages share finds the two most common ones first.
        for page in pages[:2]:
            entry = entries[f"reasons/{page}.html#what-the-console-says"]
            shown = [text for text in _MESSAGE.findall(entry["text"]) if title in text]
            # The text decides between two pages: only Chromium's message for a preflight mentions it. Not every phrase
            # is shown as a message on its page.
            added.append({**entry, "title": title, "text": shown[0] if shown and len(pages) <= 2 else title})
    index["items"] = [*added, *index["items"]]
    path.write_text(json.dumps(index, ensure_ascii=False), "utf-8")


def problems_of(site: Path) -> list[str]:
    """Return the broken links, the pages without a link to them, and the resources from other hosts."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found: list[str] = []
    linked = {site / "index.html"}
    for path, page in pages.items():
        where = path.relative_to(site)
        found += [f"{where}: {url} is loaded from another host" for url in page.loaded if urlsplit(url).netloc]
        for url in (*page.links, *page.loaded):
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            # A path that starts with / resolves to a file outside the site, so it counts as broken.
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not (target.is_relative_to(site) and target.is_file()):
                found.append(f"{where}: broken link: {url}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{where}: broken link, no such heading: {url}")
            if target != path:
                linked.add(target)
    return found + [f"{path.relative_to(site)}: no page links here" for path in pages if path not in linked]


def main() -> int:
    """Build the site of the current directory, print its problems, and return the exit status."""
    root = Path.cwd()
    copy_pages(root)
    copy_sources(root)
    if not build(root):
        return 1
    add_messages(root)
    problems = problems_of(root / "site")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
