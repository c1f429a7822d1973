"""Repairs of the text of an expression, guessing what its author intended.

A repair is only a guess: `dangers` and `mistakes` check each repaired expression before it is suggested.
"""

from __future__ import annotations

import re
from itertools import combinations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRIVATE_RANGES = r"(10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+)"
# The private part of a network whose first octet alone contains public addresses too.
_PRIVATE_PARTS = {
    "100": r"100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+",
    "172": r"172\.(1[6-9]|2\d|3[01])\.\d+\.\d+",
    "192": r"192\.168\.\d+\.\d+",
}
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
_PARTLY_PUBLIC = re.compile(rf"(?<![\d.])(100|172|192)(?:\\\.{_OPEN_OCTET}){{3}}")
# The beginning of a private network, and a part after it that matches any text.
_PRIVATE_START = re.compile(
    r"(?<![\d.])(10|127|192\\?\.168|172\\?\.(?:1[6-9]|2[0-9]|3[01]|\((?:\?:)?1\[6-9\]\|2(?:\\d|\[0-9\])\|3\[0-?1\]\)))"
    r"((?:\\?\.[0-9]+)*)(?:\\?\.)?(?:\.|\\S|\[\^[^\]]*\])[*+](?=([:(]|[$|)]|\Z))"
)
_LOCAL_HOST = re.compile(r"(?:localhost|127(?:\\?\.[0-9]+){3}|\\\[::1\\\])\)?\Z")
_PORT = r"(:\d+)?"
_OCTETS = 4


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
    """Remove each unbounded part after a host: at the end, or before `|` or `)`. After `localhost` it is a port."""
    return _replace_open_ends(text, "")


def end_with_port(text: str) -> str:
    """Replace each unbounded part after a host by an optional port."""
    return _replace_open_ends(text, _PORT)


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
        has_colon = kept[-2:] == [":", "?"]
        if has_colon:
            del kept[-2:]
        kept.append(_PORT if has_colon or _ends_on_this_machine(kept) else replacement)
    return "".join(kept)


def _ends_on_this_machine(parts: list[str]) -> bool:
    # An address has at most 20 parts, with the bracket after it.
    return _LOCAL_HOST.search("".join(parts[-20:])) is not None


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


def close_addresses(text: str) -> str:
    """Replace a part that matches every IPv4 address, or every one after an octet, by the private ranges."""
    closed = _OPEN_ADDRESS.sub(lambda _: PRIVATE_RANGES, text)
    return _PARTLY_PUBLIC.sub(lambda found: _PRIVATE_PARTS[found[1]], closed)


def close_networks(text: str) -> str:
    r"""Let only digits follow the beginning of a private network, as in `192\.168\..*`."""
    return _PRIVATE_START.sub(_closed_network, text)


def _closed_network(found: re.Match[str]) -> str:
    network, octets, behind = found.groups()
    count = (1 if network in {"10", "127"} else 2) + octets.count(".")
    if count >= _OCTETS:
        return found[0]
    start = re.sub(r"(?<!\\)\.", r"\\.", network + octets)
    before, after = found.string[: found.start()], found.string[found.end() :]
    has_port = behind in {":", "("} or (before.count("(") > before.count(")") and ":" in after)
    return start + r"\.\d+" * (_OCTETS - count) + ("" if has_port else _PORT)


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
    text = re.sub(r"://(?:\*\\?\.)+", r"://.*\\.", text)
    text = re.sub(r"://\*(?=[a-z0-9])", r"://(.+\\.)?", text)
    text = re.sub(r"://\*(?=[-:]|$)", "://.*", text)
    text = re.sub(r"(?:(?<=[0-9])(?:\\\.\*)+)(?=$|[$|):(])", lambda found: found[0].replace("*", r"\d+"), text)
    text = re.sub(r":\*(?=$|[$|)])", r":\\d+", text)
    parts = parts_of(text)
    done: list[str] = []
    for index, part in enumerate(parts):
        is_glob = part == "*" and len(done) > 0 and (done[-1].isalnum() or done[-1] == "-")
        behind = parts[index + 1] if index + 1 < len(parts) else "$"
        if is_glob and behind in {".", r"\.", "-"}:
            done.append(".*")
        elif is_glob and behind in {"$", "|", ")"} and done[-1] != "-":
            done.append(_PORT if _ends_on_this_machine(done) else "")
        else:
            done.append(part)
    return "".join(done)


def without_atoms(text: str) -> str:
    """Replace atomic groups and possessive counts by ordinary ones."""
    parts = ["(?:" if part == "(?>" else part for part in parts_of(text)]
    return "".join(
        part[:-1] if len(part) > 1 and _COUNT.fullmatch(part) and part[-1] == "+" else part for part in parts
    )


# The mistakes in expressions that match hosts of other people, each with its repair.
REPAIRS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("In an expression, * repeats the character before it", replace_globs),
    ("A part of the address can be any text", close_networks),
    ("An unescaped dot matches any character", escape_dots),
    ("It does not say where the host ends", cut_open_ends),
    ("It does not say where the host ends", end_with_port),
    ("There is no dot before the domain name", add_dots),
)


def repaired(text: str) -> Iterator[tuple[str, str]]:
    """Yield possible mistakes with the repaired expressions: first single repairs, then combinations of two.

    Wildcards of file names are always replaced, because without that the expression does not mean what it seems to.
    """
    seen = {text}
    always = REPAIRS[:1] if replace_globs(text) != text else ()
    others = REPAIRS[len(always) :]
    for repairs in ((), *combinations(others, 1), *combinations(others, 2)):
        fixed = text
        for _, repair in (*always, *repairs):
            fixed = repair(fixed)
        if fixed not in seen:
            seen.add(fixed)
            first, *more = dict.fromkeys(why for why, _ in (*always, *repairs))
            yield " and ".join([first, *(f"{why[0].lower()}{why[1:]}" for why in more)]), fixed
