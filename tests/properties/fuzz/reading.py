r"""Read the bytes of a fuzzer as the input of a target. Every input is valid, and people can write one.

A line of an input ends at a line feed. Inside a line, `\n` is a line feed. At its end, `\*300` repeats the text after
the colon, and `\#300` the whole line, so that a short input can exceed every limit.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Line = tuple[bytes, bytes]

_REPEATED = re.compile(rb"\\([*#])([0-9]{1,4})\Z")
_MOST_BYTES = 20_000
_MOST_LINES = 500

OPTIONS = {
    "o": "allow_origins",
    "m": "allow_methods",
    "h": "allow_headers",
    "c": "allow_credentials",
    "r": "allow_origin_regex",
    "p": "allow_private_network",
    "e": "expose_headers",
    "a": "max_age",
    "s": "constant_allow_origin",
    "d": "dangerously_allow_public_suffixes",
}


class Measured(bytes):
    """Bytes that count how many of them were read by a method, a comparison or a table."""

    read = 0

    def __eq__(self, other: object) -> bool:
        """Compare. This reads both values if their lengths are equal."""
        if isinstance(other, bytes) and len(other) == len(self):
            Measured.read += len(self)
        return bytes.__eq__(self, other)

    def __hash__(self) -> int:
        """Hash, which reads all bytes."""
        Measured.read += len(self)
        return bytes.__hash__(self)


def _measured(name: str) -> Any:
    plain = getattr(bytes, name)

    def method(self: Measured, *arguments: Any) -> Any:
        Measured.read += len(self)
        result = plain(self, *arguments)
        if isinstance(result, list):
            return [Measured(part) for part in result]
        return Measured(result) if isinstance(result, bytes) else result

    return method


for _name in ("__contains__", "__iter__", "count", "decode", "find", "isascii", "lower", "lstrip", "partition"):
    setattr(Measured, _name, _measured(_name))
for _name in ("replace", "rstrip", "split", "startswith", "strip", "title", "translate", "upper"):
    setattr(Measured, _name, _measured(_name))


@dataclass(frozen=True)
class Given:
    """A request, the policy that decides it, and the response of the app."""

    policy: int
    flags: str
    method: str
    request: tuple[Line, ...]
    own: tuple[Line, ...]

    def lines(self, name: bytes) -> list[bytes]:
        """Return the values of a field of the request."""
        return [value for given, value in self.request if given == name]


def read_exchange(data: bytes) -> Given:
    """Read `0ds OPTIONS`, then the headers of the request and, behind a `<`, those of the app's response.

    The first sign picks the policy, the letters behind it are flags: see `targets`.
    """
    head, *rest = data.split(b"\n")
    choice, _, method = head.decode("latin-1").partition(" ")
    request: list[Line] = []
    own: list[Line] = []
    for line in rest:
        name, value, times = _read_line(line)
        if name.startswith(b"<"):
            own += [(name[1:], value)] * times
        else:
            # Servers give the names in lower case.
            request += [(name.lower(), Measured(value))] * times
    return Given(
        policy=ord(choice[0]) - ord("0") if choice else 0,
        flags=choice[1:],
        method=method,
        request=tuple(request[:_MOST_LINES]),
        own=tuple(own[:_MOST_LINES]),
    )


def read_lines(data: bytes) -> list[bytes]:
    """Read the lines of a field."""
    values = [(b": " + line) for line in data.split(b"\n")]
    lines = [value for line in values for _, value, times in [_read_line(line)] for value in [value] * times]
    return lines[:_MOST_LINES]


def _read_line(line: bytes) -> tuple[bytes, bytes, int]:
    repeated = _REPEATED.search(line)
    name, _, value = line[: repeated.start() if repeated else None].replace(b"\\n", b"\n").partition(b":")
    value = value.removeprefix(b" ")
    times = int(repeated[2]) if repeated else 1
    if repeated and repeated[1] == b"*":
        return name, (value * times)[:_MOST_BYTES], 1
    return name, value, max(1, min(times, _MOST_BYTES // (len(value) + 1)))


class Unspeakable:
    """A value without a text, which a program could pass by mistake."""

    def __str__(self) -> str:
        """Raise an exception."""
        raise RuntimeError("no text")

    __repr__ = __str__


def read_options(data: bytes) -> dict[str, Any]:
    """Read options, one a line: a letter for the name, a sign for the type, and the value.

    `o+https://a.example` adds an element to a list, `o=text` gives a string, `a#600` a number, `c?1` a bool;
    `x=name` names an option that there is not.
    """
    options: dict[str, Any] = {}
    for line in data.split(b"\n"):
        text = line.replace(b"\\n", b"\n").decode("utf-8", "surrogateescape")
        letters = list(OPTIONS)
        if text.startswith("x"):
            options[text[2:]] = text
            continue
        name = OPTIONS.get(text[:1]) or OPTIONS[letters[ord(text[:1] or "o") % len(letters)]]
        options[name] = _read_value(text[1:2], text[2:], options.get(name))
    return options


def _read_value(kind: str, text: str, before: Any) -> Any:
    read = _KINDS.get(kind)
    return [*_list(before), text] if read is None else read(text, before)


def _list(before: Any) -> list[Any]:
    return list(before) if isinstance(before, list | set) else []


def _one(text: str) -> Iterator[str]:
    yield text


_KINDS: dict[str, Callable[[str, Any], Any]] = {
    "=": lambda text, _: text,
    "#": lambda text, _: int(text) if re.fullmatch("-?[0-9]{1,400}", text) else len(text),
    "?": lambda text, _: text == "1",
    "~": lambda _, __: None,
    ".": lambda text, _: float(text) if re.fullmatch("-?[0-9]{1,20}|nan|inf", text) else 0.5,
    "b": lambda text, _: text.encode("utf-8", "surrogateescape"),
    "{": lambda text, _: {text: text},
    "s": lambda text, before: {*_list(before), text},
    "g": lambda text, _: _one(text),
    "@": lambda _, __: Unspeakable(),
    "(": lambda text, before: [*_list(before), (text, text)],
    "!": lambda text, before: [*_list(before), text.encode("utf-8", "surrogateescape")],
}
