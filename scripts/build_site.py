"""Build the site of the documents into site/, and hold it: links lead somewhere, nothing comes from another host.

The builder looks at links between Markdown files; this looks at what a reader clicks, and at what a page loads. And
it lets the search find a console's message where it is explained.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# What a page loads by itself, and the attribute that names it. A link waits for its reader.
_LOADED = {"audio": "src", "embed": "src", "iframe": "src", "img": "src", "link": "href", "script": "src"}

# A row of the index of reasons: what a console says, and the pages it leads to.
_ROW = re.compile(r"^\| `(.+)` \| (\[.+\)) \|$", re.MULTILINE)
_PAGE = re.compile(r"\(([a-z-]+)\.md\)")
# A message of a console, as the search has it.
_MESSAGE = re.compile(r"<pre><code>.*?</code></pre>", re.DOTALL)


class Page(HTMLParser):
    """What a page names: its own places, where its links lead, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one tag names."""
        named = {name: value for name, value in attrs if value}
        self.places |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if (attribute := _LOADED.get(tag)) in named:
            self.loaded.append(named[attribute])


def build(root: Path) -> bool:
    """Build from nothing, for a kept page does not notice that a docstring has changed."""
    # `strict` fails on a link to a document that is not there.
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--clean", "--strict"]
    if subprocess.run(command, cwd=root, check=False).returncode:
        return False
    # Its links begin at the root of a host, and the site may lie anywhere.
    (root / "site" / "404.html").unlink()
    return True


def add_messages(root: Path) -> None:
    """Give each message of a console an entry of its own in the search, with the words it is known by for its title.

    The search ranks by titles first, and by what stands first in them.
    """
    words: defaultdict[str, list[str]] = defaultdict(list)
    for said, pages in _ROW.findall((root / "docs" / "reasons" / "index.md").read_text("utf-8")):
        for page in _PAGE.findall(pages):
            words[f"reasons/{page}.html#what-the-console-says"].append(escape(said, quote=False))
    path = root / "site" / "search.json"
    index = json.loads(path.read_text("utf-8"))
    entries: list[dict[str, Any]] = [entry for entry in index["items"] if entry["location"] in words]
    # Of several that say the same, the first is found first: Chromium says so if it is a preflight.
    entries.sort(key=lambda entry: "/preflight-" in entry["location"])
    shown = [
        {**entry, "title": next(said for said in words[entry["location"]] if said in text), "text": text}
        for entry in entries
        for text in _MESSAGE.findall(entry["text"])
    ]
    titles = {entry["title"] for entry in shown}
    # What a page names beside its messages, for another way there.
    beside = [
        {**entry, "title": said, "text": said}
        for entry in entries
        for said in words[entry["location"]]
        if said not in titles
    ]
    index["items"] += [*shown, *beside]
    path.write_text(json.dumps(index, ensure_ascii=False), "utf-8")


def problems_of(site: Path) -> list[str]:
    """Tell of links that lead nowhere, pages that none leads to, and what is loaded from elsewhere."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found: list[str] = []
    reached = {site / "index.html"}
    for path, page in pages.items():
        where = path.relative_to(site)
        found += [f"{where}: {url} is loaded from another host" for url in page.loaded if urlsplit(url).netloc]
        for url in (*page.links, *page.loaded):
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            # A path from the root stays one here, and is not below the site.
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not (target.is_relative_to(site) and target.is_file()):
                found.append(f"{where}: {url} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
                found.append(f"{where}: {url} names a heading that is not there")
            if target != path:
                reached.add(target)
    return found + [f"{path.relative_to(site)}: no page leads here" for path in pages if path not in reached]


def main() -> int:
    """Build in the current directory, and print what is wrong."""
    root = Path.cwd()
    if not build(root):
        return 1
    add_messages(root)
    problems = problems_of(root / "site")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
