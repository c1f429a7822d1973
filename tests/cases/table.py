"""The shared table: what a policy, a request and an app's own headers must come to, whatever carries them.

Each `*.toml` next to this module holds cases of one theme; every adapter runs them all. A `[[case]]` has

    name       a sentence that states the promise
    policy     the name of a policy in `policies.toml`, or the options themselves
    live       in `live.toml`: the live origins next to the policy
    removed    in `live.toml`: origins that were live, and that sent a request before they were removed
    debug      whether the adapter runs with `debug=True` (default: false)
    method     the request's method (default: GET)
    request    the request's header lines, `[name, value]`
    status     the app's own status (default: 200)
    response   the app's own header lines (default: a content type)
    expect     `by` (preflight or app), and
               `status`, `body` for a preflight, which the app never sees,
               `cors`: every Access-Control-* header of the final response, each on one line; no other is there,
               `vary`: the elements of its Vary, no more and no fewer (default for a preflight: the usual four),
               `reasons`: the codes of the decision

Header text is Latin-1. Text that would be long is written in parts: a list of strings, of `{ text, times }`, and of
`{ names, count, join }`, where `names` is a format for a number. A list option takes `{ names, count }` too. `{ none =
true }` means None.

`cases` returns those of all themes but `live`, and `live_cases` those with live origins.

`policies_that_do_not_start` and `policies_that_warn` read the other two lists: options, and the code and field of
each issue. Where `through` is "middleware", the options are the arguments of the middleware, and a `policy` among
them that is a table is made a Policy.
"""

import tomllib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crossorigin import CrossOriginWarning, LiveOrigins, Policy

Line = tuple[bytes, bytes]

_HERE = Path(__file__).resolve().parent
_LISTS = {
    "configurations.toml",
    "live.toml",
    "policies.toml",
    "public_configurations.toml",
    "refused.toml",
    "warned.toml",
}
_PREFLIGHT_VARY = (
    b"Origin",
    b"Access-Control-Request-Method",
    b"Access-Control-Request-Headers",
    b"Access-Control-Request-Private-Network",
)
_APP_HEADERS = [["Content-Type", "text/plain"]]
_TEXT = b"text/plain; charset=utf-8"
_PREFIX = b"access-control-"
_VARY = b"vary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request: a method, and header lines as a server passes them."""

    method: str
    headers: tuple[Line, ...]

    def lines(self, name: str) -> list[bytes]:
        """Return the values of all lines of a header."""
        return [value for given, value in self.headers if given.lower() == name.lower().encode()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The response of the app."""

    status: int
    headers: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The expected result. The names in `cors` are in lower case, and `body` is None if the app answers."""

    by: str
    status: int
    body: bytes | None
    cors: Mapping[bytes, bytes]
    vary: tuple[bytes, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case of the table."""

    name: str
    theme: str
    options: Mapping[str, Any]
    debug: bool
    request: Request
    response: Response
    expected: Expected
    live: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def origins(self) -> LiveOrigins:
        """Return the live origins, including those that are removed later."""
        return LiveOrigins([*self.live, *self.removed])

    def policy(self) -> Policy:
        """Build the policy and ignore its warnings, which other cases test."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossOriginWarning)
            return Policy(**self.options)

    def problems(self, *, by: str, status: int, headers: Iterable[Sequence[bytes]], body: bytes = b"") -> list[str]:
        """Return the differences from the expected response. `body` matters only for a preflight."""
        lines = [(bytes(name), bytes(value)) for name, value in headers]
        told = [
            _differ("answered by", by, self.expected.by),
            _differ("status", status, self.expected.status),
            _differ("CORS headers", _cors_lines(lines), sorted(self.expected.cors.items())),
            _differ("Vary", sorted(vary_elements(lines)), sorted(self.expected.vary)),
        ]
        if by == "preflight":
            told.append(_differ("body", body, self.expected.body))
            told.append(_differ("Content-Type", _values(lines, b"content-type"), [_TEXT]))
            told.append(_differ("Content-Length", _values(lines, b"content-length"), [str(len(body)).encode()]))
        else:
            told.append(_differ("the app's other headers", _others(lines), _others(self.response.headers)))
        return [problem for problem in told if problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """Invalid options, and the code and field of each issue, in order."""

    name: str
    through: str
    options: Mapping[str, Any]
    issues: tuple[tuple[str, str], ...]


def vary_elements(lines: Iterable[Line]) -> list[bytes]:
    """Return the elements of `Vary` in all its lines."""
    elements = [part.strip(b" \t") for value in _values(lines, _VARY) for part in value.split(b",")]
    return [element for element in elements if element]


def _values(lines: Iterable[Line], name: bytes) -> list[bytes]:
    return [value for given, value in lines if given.lower() == name]


def _cors_lines(lines: Iterable[Line]) -> list[Line]:
    return sorted((name.lower(), value) for name, value in lines if name.lower().startswith(_PREFIX))


def _others(lines: Iterable[Line]) -> list[Line]:
    lowered = [(name.lower(), value) for name, value in lines]
    return [(name, value) for name, value in lowered if name != _VARY and not name.startswith(_PREFIX)]


def _differ(what: str, found: object, expected: object) -> str:
    return "" if found == expected else f"{what}: found {found!r}, expected {expected!r}"


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases of all themes."""
    named = _read("policies.toml")
    return tuple(
        _case(path.stem, raw, named)
        for path in sorted(_HERE.glob("*.toml"))
        if path.name not in _LISTS
        for raw in _read(path.name)["case"]
    )


@cache
def live_cases() -> tuple[Case, ...]:
    """Return the cases with live origins, for adapters that take them."""
    named = _read("policies.toml")
    return tuple(_case("live", raw, named) for raw in _read("live.toml")["case"])


@cache
def policies_that_do_not_start() -> tuple[Faulty, ...]:
    """Return the options that are refused."""
    return tuple(map(_faulty, _read("refused.toml")["refused"]))


@cache
def policies_that_warn() -> tuple[Faulty, ...]:
    """Return the options that cause a warning."""
    return tuple(map(_faulty, _read("warned.toml")["warned"]))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text("utf-8"))


def _case(theme: str, raw: Mapping[str, Any], named: Mapping[str, Any]) -> Case:
    unknown = raw.keys() - {"name", "policy", "debug", "method", "request", "status", "response", "expect"}
    unknown -= {"live", "removed"} if theme == "live" else set()
    assert not unknown, f"{raw['name']}: {unknown}"
    policy = raw["policy"]
    return Case(
        name=raw["name"],
        theme=theme,
        options=_options(named[policy] if isinstance(policy, str) else policy),
        debug=raw.get("debug", False),
        request=Request(method=raw.get("method", "GET"), headers=_lines(raw.get("request", []))),
        response=Response(status=raw.get("status", 200), headers=_lines(raw.get("response", _APP_HEADERS))),
        expected=_expected(raw["expect"], raw.get("status", 200)),
        live=tuple(raw.get("live", ())),
        removed=tuple(raw.get("removed", ())),
    )


def _expected(raw: Mapping[str, Any], app_status: int) -> Expected:
    by = raw["by"]
    unknown = raw.keys() - ({"by", "cors", "vary", "reasons"} | ({"status", "body"} if by == "preflight" else set()))
    assert not unknown, unknown
    return Expected(
        by=by,
        status=raw["status"] if by == "preflight" else app_status,
        body=raw["body"].encode() if by == "preflight" else None,
        cors={name.lower().encode(): _bytes(value) for name, value in raw["cors"].items()},
        vary=tuple(map(_bytes, raw["vary"])) if "vary" in raw else _preflight_vary(by),
        reasons=tuple(raw["reasons"]),
    )


def _preflight_vary(by: str) -> tuple[bytes, ...]:
    assert by == "preflight", "only a preflight has a usual Vary"
    return _PREFLIGHT_VARY


def _faulty(raw: Mapping[str, Any]) -> Faulty:
    return Faulty(
        name=raw["name"],
        through=raw.get("through", "policy"),
        options=_options(raw["options"]),
        issues=tuple((code, field) for code, field in raw["issues"]),
    )


def _options(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _option(value) for name, value in raw.items()}


def _option(value: Any) -> Any:
    if value == {"none": True}:
        return None
    if not isinstance(value, list):
        return value
    elements: list[Any] = []
    for element in value:
        elements += _names(element) if isinstance(element, dict) else [element]
    return elements


def _names(part: Mapping[str, Any]) -> list[str]:
    return [part["names"].format(number) for number in range(part["count"])]


def _lines(raw: Iterable[Sequence[Any]]) -> tuple[Line, ...]:
    return tuple((name.encode("latin-1"), _bytes(value)) for name, value in raw)


def _bytes(value: Any) -> bytes:
    parts = value if isinstance(value, list) else [value]
    return "".join(map(_part, parts)).encode("latin-1")


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    return part["join"].join(_names(part)) if "names" in part else part["text"] * part["times"]
