"""Repairs of the text of an expression, guessing what its author intended.

A repair is only a guess: `causes` checks each repaired expression before it is suggested.
"""

from __future__ import annotations

import re
from itertools import combinations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRIVATE_RANGES = r"(10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+)"
_PART = re.compile(
    r"""
    \\. | \[\^?\]?(?:\\.|[^\]\\])*\]    # an escape, a class
    | \(\?(?:[:=!>]|<[=!]|P<\w+>|[a-zA-Z-]*:?) | \(  # the beginning of a group
    | (?:[*+?]|\{\d*,?\d*\})[?+]?      # a count
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_COUNT = re.compile(r"[*+?{].*")
_OPEN_ATOM = re.compile(r"\.|\[.*\]|\\[wWsSdD]")
_OPEN_NAME = re.compile(r"\.|\[.*[a-zA-Z^].*\]|\\[wWSD]")
_BRACKETS = frozenset({"(", "(?:", ")"})
_OPEN_OCTET = r"(?:\\d|\[0-9\]|\[\\d\])(?:\+|\*|\{\d(?:,\d*)?\})"
_OPEN_ADDRESS = re.compile(
    rf"(?:{_OPEN_OCTET}\\\.){{3}}{_OPEN_OCTET}"
    rf"|\((?:\?:)?{_OPEN_OCTET}\\\.\)\{{3\}}{_OPEN_OCTET}"
    r"|\[(?:0-9|\\d)\\?\.\]\+|\[\\?\.(?:0-9|\\d)\]\+"
)


def parts_of(text: str) -> list[str]:
    """Return the parts of an expression: escapes, classes, beginnings of groups, counts and single characters."""
    return _PART.findall(text)


def escape_dots(text: str) -> str:
    """Escape each dot without a count, because it was probably intended as a literal dot."""
    parts = parts_of(text)
    following = [*parts[1:], ""]
    return "".join(
        r"\." if part == "." and not _COUNT.fullmatch(after) else part
        for part, after in zip(parts, following, strict=True)
    )


def cut_open_ends(text: str) -> str:
    """Remove each unbounded part after a host: at the end, or before `|` or `)`."""
    return _replace_open_ends(text, "")


def end_with_port(text: str) -> str:
    """Replace each unbounded part after a host by an optional port."""
    return _replace_open_ends(text, r"(:\d+)?")


def _replace_open_ends(text: str, replacement: str) -> str:
    parts = parts_of(text)
    kept: list[str] = []
    for index, part in enumerate(parts):
        if not kept or not _is_open_count(part) or not _OPEN_ATOM.fullmatch(kept[-1]):
            kept.append(part)
            continue
        # Directly after `://` the whole host is unbounded, after a dot a label, and after `:` the port: not the end.
        before = next((other for other in reversed(kept[:-1]) if other not in _BRACKETS), "/")
        behind = next((other for other in parts[index + 1 :] if other not in _BRACKETS), "$")
        if before in {"/", r"\.", ".", ":"} or behind not in {"$", "|", r"\Z"}:
            kept.append(part)
            continue
        kept.pop()
        kept.append(replacement)
    return "".join(kept)


def add_dots(text: str) -> str:
    """Write a dot between each unbounded part and the name that follows it."""
    parts = parts_of(text)
    done: list[str] = []
    for index, part in enumerate(parts):
        if part in {r"\.", "."} and _follows_open(done) and parts[index + 1 : index + 2] == ["?"]:
            parts[index + 1] = ""
            done.append(r"\.")
            continue
        is_name = len(part) == 1 and part.isalnum()
        if is_name and _follows_open(done):
            # The dot is inserted before brackets between the two, as in `(.*)example` and `.*(example|other)`.
            place = len(done)
            while done[place - 1] in _BRACKETS:
                place -= 1
            done.insert(place, r"\.")
        done.append(part)
    return "".join(done)


def _follows_open(done: list[str]) -> bool:
    place = len(done)
    while place and done[place - 1] in _BRACKETS:
        place -= 1
    return place >= 2 and _is_open_count(done[place - 1]) and _OPEN_ATOM.fullmatch(done[place - 2]) is not None


def _is_open_count(part: str) -> bool:
    return part[:1] in {"*", "+"} or (part[:1] == "{" and "," in part)


def unify_backslashes(text: str) -> str:
    """Replace double backslashes, which are not needed in raw strings and settings files, by single ones."""
    return text.replace("\\\\", "\\")


def lower_letters(text: str) -> str:
    r"""Convert letters to lower case, except in escapes such as `\S`."""
    return re.sub(r"\\.|\(\?P|[A-Z]", lambda found: found[0] if len(found[0]) > 1 else found[0].lower(), text)


def close_addresses(text: str) -> str:
    """Replace a part that matches every IPv4 address by the private ranges."""
    return _OPEN_ADDRESS.sub(lambda _: PRIVATE_RANGES, text)


def branches_of(text: str) -> list[str]:
    """Return the outermost alternatives of an expression."""
    branches = [[""]]
    depth = 0
    for part in parts_of(text):
        depth += (part[0] == "(") - (part == ")")
        if part == "|" and depth == 0:
            branches.append([])
        else:
            branches[-1].append(part)
    return ["".join(branch) for branch in branches]


def without_branches(text: str, *beginnings: str) -> str:
    """Remove the outermost alternatives that start with one of the given texts."""
    return "|".join(branch for branch in branches_of(text) if not branch.lstrip("^(").startswith(beginnings))


def name_hosts(text: str, name: str) -> str:
    """Replace each part that matches any name, such as `.*` or `[a-z-]+`, by one name."""
    kept: list[str] = []
    for part in parts_of(text):
        if kept and _is_open_count(part) and _OPEN_NAME.fullmatch(kept[-1]):
            kept[-1] = name
        else:
            kept.append(part)
    return "".join(kept)


def replace_globs(text: str) -> str:
    """Replace the wildcards of file names, as in `https://*.example.com` and `http://localhost:*`, by expressions."""
    text = re.sub(r"://(\(?:\?:)?\*\\?\.", lambda found: f"://{found[1] or ''}.*\\.", text)
    return re.sub(r":\*(?=$|[$|)])", r":\\d+", text)


def without_atoms(text: str) -> str:
    """Replace atomic groups and possessive counts by ordinary ones."""
    parts = ["(?:" if part == "(?>" else part for part in parts_of(text)]
    return "".join(
        part[:-1] if len(part) > 1 and _COUNT.fullmatch(part) and part[-1] == "+" else part for part in parts
    )


# The mistakes in expressions that match hosts of other people, each with its repair.
REPAIRS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("In an expression, * repeats the character before it", replace_globs),
    ("An unescaped dot matches any character", escape_dots),
    ("It does not say where the host ends", cut_open_ends),
    ("It does not say where the host ends", end_with_port),
    ("There is no dot before the domain name", add_dots),
)


def repaired(text: str) -> Iterator[tuple[str, str]]:
    """Yield possible mistakes with the repaired expressions: first single repairs, then combinations of two."""
    seen = {text}
    for repairs in (*combinations(REPAIRS, 1), *combinations(REPAIRS, 2)):
        fixed = text
        for _, repair in repairs:
            fixed = repair(fixed)
        if fixed not in seen:
            seen.add(fixed)
            first, *others = dict.fromkeys(why for why, _ in repairs)
            yield " and ".join([first, *(f"{why[0].lower()}{why[1:]}" for why in others)]), fixed
