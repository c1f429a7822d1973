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
from collections import defaultdict
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
# A console message as it appears in the search index.
_MESSAGE = re.compile(r"<pre><code>.*?</code></pre>", re.DOTALL)


# The documents of the root folder, with the name of their page.
_ROOT_PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
_LINK = re.compile(r"\[([^]]*)\]\(([^)]*)\)")
_HOME = "crossorigin: CORS for FastAPI, Starlette and ASGI"


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

    The search ranks matches in titles first, and those at the start of a title highest.
    """
    phrases: defaultdict[str, list[str]] = defaultdict(list)
    for phrase, pages in _ROW.findall((root / "docs" / "reasons" / "index.md").read_text("utf-8")):
        for page in _PAGE.findall(pages):
            phrases[f"reasons/{page}.html#what-the-console-says"].append(escape(phrase, quote=False))
    path = root / "site" / "search.json"
    index = json.loads(path.read_text("utf-8"))
    entries: list[dict[str, Any]] = [entry for entry in index["items"] if entry["location"] in phrases]
    # Entries with the same message are found in this order. Those of preflights come last because Chromium mentions
    # the preflight in its message.
    entries.sort(key=lambda entry: "/preflight-" in entry["location"])
    messages = [
        {**entry, "title": next(phrase for phrase in phrases[entry["location"]] if phrase in text), "text": text}
        for entry in entries
        for text in _MESSAGE.findall(entry["text"])
    ]
    titles = {entry["title"] for entry in messages}
    # The index of reasons lists more phrases than the pages show as messages.
    other_phrases = [
        {**entry, "title": phrase, "text": phrase}
        for entry in entries
        for phrase in phrases[entry["location"]]
        if phrase not in titles
    ]
    index["items"] += [*messages, *other_phrases]
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
    if not build(root):
        return 1
    add_messages(root)
    problems = problems_of(root / "site")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
