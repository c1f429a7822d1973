"""Paste a fix as a person would, in the place that its kind and its text describe."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Edit = Mapping[str, Any]
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def paste(source: str, edits: Sequence[Edit]) -> str:
    """Return the source with every edit in its place.

    Raises:
        AssertionError: An edit has no place in the source.
    """
    for edit in edits:
        source = _PASTES[edit["kind"]](source, edit)
    return source


def _end(source: str, edit: Edit) -> str:
    return f"{source}\n{edit['code']}\n"


def _first(source: str, edit: Edit) -> str:
    assert "// first" in source
    return source.replace("// first", edit["code"], 1)


def _set(source: str, edit: Edit) -> str:
    return _assign(source, edit["name"], edit["within"], edit["code"])


def _assign(source: str, name: str, within: str, code: str) -> str:
    if within == "settings.py":
        return f"{source}\n{code}\n"
    if within == "app.config":
        return _configure(source, name, code)
    present = _find(rf"\b{name}(?:=|\"?: )", source, within)
    if present is not None:
        end = _end_of_value(source, present.end())
        return f"{source[: present.start()]}{code.removesuffix(',')}{source[end:]}"
    end = _end_of_call(source, within)
    before = source[:end].rstrip()
    comma = "" if before.endswith((",", "(", "{")) else ","
    return f"{before}{comma}\n{code}\n{source[end:]}"


def _configure(source: str, name: str, code: str) -> str:
    present = re.search(rf'^app\.config\["{name}"\] = .*\n', source, re.MULTILINE)
    place = present or re.search(r"^(?=CORS\()", source, re.MULTILINE)
    assert place is not None
    return f"{source[: place.start()]}{code}\n{source[place.end() :]}"


def _add(source: str, edit: Edit) -> str:
    present = _find(rf"\b{edit['name']}(?: = |=|\"?: )[\[{{]", source, edit["within"])
    if present is not None:
        return f"{source[: present.end()]}{edit['code']} {source[present.end() :]}"
    if edit["define"] is None:
        return source
    return _assign(source, edit["name"], edit["within"], edit["define"])


def _find(pattern: str, source: str, within: str) -> re.Match[str] | None:
    """Return the first match after the start of the call, or elsewhere, as for a list with a name."""
    call = _call(source, within)
    start = 0 if call is None else call.start()
    return re.compile(pattern).search(source, start) or re.search(pattern, source)


def _replace(source: str, edit: Edit) -> str:
    start = re.search(r"^\w+\.add_middleware\(\s*CORSMiddleware\b", source, re.MULTILINE)
    assert start is not None
    end = _closing(source, source.index("(", start.start())) + 1
    return _end(source[: start.start()] + source[end:], edit)


def _marked(mark: str) -> Any:
    def insert(source: str, edit: Edit) -> str:
        assert mark in source
        return source.replace(mark, edit["code"], 1)

    return insert


def _end_of_call(source: str, name: str) -> int:
    """Return the position of the last bracket of the call with `name`."""
    call = _call(source, name)
    assert call is not None, name
    opening = call.end() - 1 if name.startswith("resources[") else source.index("(", call.start())
    if source[opening + 1] == "{":
        opening += 1
    return _closing(source, opening)


def _call(source: str, name: str) -> re.Match[str] | None:
    """Return the position of the options of a call, or of a path in `resources`."""
    if name.startswith("resources["):
        return re.search(rf'"{re.escape(name[11:-2])}": {{', source)
    if name.startswith("Route("):
        return re.search(re.escape(name[:-1]), source)
    return re.search(rf"(?:add_m|M)iddleware\(\s*{name}\b", source) or re.search(rf"\b{name}\(", source)


def _closing(source: str, opening: int) -> int:
    depth = 0
    for place in range(opening, len(source)):
        depth += (source[place] in _CLOSING) - (source[place] in _CLOSING.values())
        if depth == 0:
            return place
    raise AssertionError("no closing bracket")


def _end_of_value(source: str, start: int) -> int:
    depth = 0
    for place in range(start, len(source)):
        if depth == 0 and source[place] in ",)}\n":
            return place
        depth += (source[place] in _CLOSING) - (source[place] in _CLOSING.values())
    return len(source)


_PASTES = {
    "end": _end,
    "first": _first,
    "set": _set,
    "add": _add,
    "replace": _replace,
    "http": _marked("# http"),
    "location": _marked("# location"),
    "url": lambda source, _: source,
}
