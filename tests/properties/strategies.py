"""Policies, requests and responses that are deliberately close to each other.

Random text never matches a policy. So a request is made from what its policy allows, and about half of the requests are
then changed in one place: a neighbor of an allowed origin, a prefix of an allowed method, or one comma too many.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from hypothesis import strategies as st

from tests.properties import reference

Line = tuple[bytes, bytes]

DEFAULTS: dict[str, Any] = {
    "allow_origins": [],
    "allow_methods": ["GET"],
    "allow_headers": [],
    "allow_credentials": False,
    "allow_origin_regex": None,
    "allow_private_network": False,
    "expose_headers": [],
    "max_age": 600,
    "constant_allow_origin": False,
    "dangerously_allow_public_suffixes": False,
}

ORIGINS = [
    "https://app.example.com",
    "https://example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "http://localhost",
    "http://127.0.0.1:3000",
    "http://[::1]:8000",
    "capacitor://localhost",
    "https://xn--bcher-kva.example",
    "https://foo_bar.example.com.",
]
PATTERNS = [
    "https://*.example.com",
    "https://*.app.example.com",
    "http://localhost:*",
    "https://*.example.net:*",
    "https://*.example.org:8443",
    "http://[::1]:*",
]
# With these there are more patterns than a short list may have.
TENANTS = [f"https://*.tenant-{number}.example.com{port}" for number in range(8) for port in ("", ":8443", ":*")]
SITES = [f"https://site-{number}.example" for number in range(40)]
REGEXES = [r"https://pr-[0-9]+\.example\.com", r"https?://(a|b)\.example\.org(:[0-9]+)?", r"[a-z+]+://x\.(y|z)"]
# What each regular expression above allows.
MATCHES = {REGEXES[0]: "https://pr-17.example.com", REGEXES[1]: "http://b.example.org:81", REGEXES[2]: "ab+c://x.y"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "LOCK", "x-get"]
NAMES = ["X-Token", "Authorization", "x-a", "X-A-B", "Range", "CONTENT-TYPE", "If-Match"]

_SPOILED_ORIGINS = [
    b"",
    b"null",
    b"null",
    b"NULL",
    b"*",
    b"https://evil.example",
    b"https://evil.example",
    b"https://evil.example:8443",
    b"tauri://localhost",
    b"https://example.com:443",
    b"http://127.1",
    b"http://0x7f.0.0.1",
    b"http://[0::1]",
    b"https://.example.com",
    b"https://*.example.com",
    b"\xff\xfe",
    b"a" * 326,
    b"a" * 327,
    b"s" * 64 + b"://" + b".".join([b"a" * 63] * 3 + [b"b" * 61]) + b":65535",
    b"s" * 64 + b"://" + b".".join([b"a" * 63] * 3 + [b"b" * 62]) + b":65535",
]
_TAILS = [
    "/",
    " ",
    "\t",
    "\n",
    "\x00",
    "\xe9",
    ":",
    ":0",
    ":80",
    ":443",
    ":8443",
    ":08443",
    ":65536",
    "8",
    ".",
    "..",
    "?",
]
_TAILS += [
    "#",
    "@",
    ",",
    "m",
    ".evil.example",
    "@evil.example",
    ":80.evil.example",
    "-evil.example",
    "\u00a0",
    "\u3002",
]
# Characters that a person or a lenient parser takes for the same letter.
TWINS = {"a": "\u0430", "e": "\u0435", "o": "\u03bf", "s": "\u017f", "i": "\u0131", "k": "\u212a", ".": "\u3002"}
_SPOILED_NAMES = [b"x-evil", b"x", b"x-token-2", b"x tok", b"x\xe9", b"b@d", b"*", b"\x00", b"\n", b"x-token\r\nx: y"]


def flip() -> st.SearchStrategy[bool]:
    """Draw one of two values with equal probability."""
    return st.booleans()


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw all options of a valid policy."""
    options = dict(DEFAULTS)
    if draw(st.integers(0, 5)) == 0:
        options["allow_origins"] = ["*"]
    else:
        who = draw(st.sampled_from(["credentials", "credentials", "null", ""]))
        options["allow_credentials"] = who == "credentials"
        options["allow_origins"] = draw(origin_lists()) + ["null"] * (who == "null")
        options["allow_origin_regex"] = draw(st.sampled_from([None, None, *REGEXES]))
        if draw(st.integers(0, 5)) == 0:
            one = [draw(st.sampled_from(ORIGINS))]
            options |= {"allow_origins": one, "allow_origin_regex": None, "constant_allow_origin": True}
    methods = st.lists(st.sampled_from([*METHODS, "*"]), min_size=1, max_size=5, unique=True)
    options["allow_methods"] = draw(methods) if draw(st.integers(0, 9)) < 9 else []
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique_by=str.lower))
    if draw(st.integers(0, 9)) == 0:
        # The list itself is long enough to determine the limit for requested names.
        names.append("X-Long" * 400)
    options["allow_headers"] = names + (["*"] if draw(st.integers(0, 3)) == 0 else [])
    options["expose_headers"] = draw(st.lists(st.sampled_from(["X-Id", "ETag", "link", "*"]), max_size=3, unique=True))
    options["max_age"] = draw(st.sampled_from([None, 0, 5, 600, 86400]))
    options["allow_private_network"] = draw(flip())
    return options


@st.composite
def origin_lists(draw: st.DrawFn) -> list[str]:
    """Draw one origin, some origins and patterns, sixteen patterns, more, or many origins."""
    size = draw(st.sampled_from(["one", "some", "some", "sixteen", "more", "many"]))
    if size == "one":
        return [draw(st.sampled_from(ORIGINS))]
    some = draw(st.lists(st.sampled_from([*ORIGINS, *PATTERNS]), min_size=1, max_size=5, unique=True))
    patterns = [text for text in some if "*" in text]
    more = {"some": [], "sixteen": TENANTS[: 16 - len(patterns)], "more": TENANTS[: draw(st.integers(17, 24))]}
    return some + more.get(size, SITES)


def origins_allowed(options: dict[str, Any]) -> list[str]:
    """Return origins that the policy allows, at least one for each listed one."""
    origins = {MATCHES[options["allow_origin_regex"]]} if options["allow_origin_regex"] else set()
    for text in options["allow_origins"]:
        for labels in ("a", "b.c") if "*." in text else ("",):
            host = text.replace("://*.", f"://{labels}.")
            origins |= {host.removesuffix(":*"), host.removesuffix("*") + "8080"} if host.endswith(":*") else {host}
    return sorted({"https://any.example" if text == "*" else text for text in origins})


def origin_allowed(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw an origin that the policy allows, about half of them by the regular expression."""
    known = origins_allowed(options)
    by_regex = MATCHES.get(options["allow_origin_regex"])
    return st.sampled_from(known + [by_regex] * len(known) if by_regex else known).map(str.encode)


def origin_spoiled(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw a value that is close to an allowed origin, and usually not an origin."""
    known = origins_allowed(options)
    pairs = st.tuples(st.sampled_from(known), st.sampled_from(known), st.integers(0, 2**16))
    near = pairs.map(lambda drawn: neighbors(drawn[0], drawn[1], drawn[2]))
    other = {"listed": st.sampled_from(_SPOILED_ORIGINS), "binary": st.binary(max_size=12)}
    return st.sampled_from(["near", "near", "near", *other]).flatmap(lambda kind: other.get(kind, near))


def neighbors(near: str, other: str, which: int) -> bytes:
    """Return values that are one change away from an origin, or made of two."""
    scheme, _, rest = near.partition("://")
    host, end = other.rpartition("//")[2], rest.rpartition(".")[2]
    fronts = ["evil", "evil-", "evil.", ".", "a..", "*.", "_.", "www.", "user@", "evil.example/.", "evil.example:1."]
    fronts += ["evil.example#.", "evil.example@", "\u00e9.", "\u200b", f"{host}.", f"{host}-", host, f"{host}:80."]
    spelled = [f"{scheme}://{front}{rest}" for front in fronts]
    spelled += [near + other, f"{near},{other}", f"{near} {other}", f"{near}.{host}", f"{near}{host}"]
    spelled += [near.upper(), near.title(), f"{scheme.upper()}://{rest}", f"{scheme}://{rest.swapcase()}"]
    spelled += [near[:-1], near[1:], near.replace(".", "x", 1), near.replace(".", "", 1), f"{scheme}:{rest}", rest]
    spelled += [f"http://{rest}", f"https://{rest}", f"ws://{rest}", f"x{near}", f" {near}", f"{scheme}://{end}"]
    spelled += [near.replace(letter, twin, 1) for letter, twin in TWINS.items()] + [near + tail for tail in _TAILS]
    return spelled[which % len(spelled)].encode()


def method_allowed(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw a method that the policy allows, or GET if there is none."""
    listed = [method for method in options["allow_methods"] if method != "*"]
    standard = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"]
    known = listed + (standard if "*" in options["allow_methods"] else [])
    return st.sampled_from(known or ["GET"]).map(str.encode)


def name_allowed(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw a header name that the policy allows, in some case."""
    known = ["accept", "Content-Type", *options["allow_headers"]]
    if "*" in known:
        known += ["x-anything", "Y"]
    spelled = sorted({change(name) for name in known for change in (str.lower, str.upper, str)})
    return st.sampled_from(spelled).map(str.encode)


# White space around a name, repetitions of the last name, empty elements, and the positions of line breaks. Without
# repetitions, the list has the form of browsers: sorted, in lower case, without white space.
_FORMS = [(b"", 0, 0, 0)] * 12
_FORMS += product([b"", b" ", b"\t", b" \t "], [1, 2, 30], [0, 1, 16], [0, 1, 3])


@st.composite
def name_lines(draw: st.DrawFn, options: dict[str, Any], *, spoil: bool) -> list[bytes]:
    """Draw the lines of a list of header names, in the form of browsers or in another one.

    A spoiled list is invalid.
    """
    names = draw(st.lists(name_allowed(options), max_size=4))
    if spoil:
        strange = st.one_of(st.sampled_from(_SPOILED_NAMES), st.binary(max_size=4), name_allowed(options).map(_glued))
        names.insert(draw(st.integers(0, len(names))), draw(strange))
    space, times, empty, cut = draw(st.sampled_from(_FORMS))
    if times == 0:
        return [b",".join(sorted({name.lower() for name in names}))] if names else []
    parts = [space + name + space for name in names[:-1] + names[-1:] * times]
    parts = [b""] * (empty // 2) + parts + [b""] * (empty - empty // 2)
    return [b",".join(parts[start:end]) for start, end in pairwise(sorted({0, cut, cut + 2, len(parts)}))]


def _glued(name: bytes) -> bytes:
    return name + b"-" + name


def long_lists(options: dict[str, Any]) -> st.SearchStrategy[list[bytes]]:
    """Draw lines of as many bytes as are read, or of more."""
    space, line = reference.space_for_names(options), b"content-type"
    good = b"accept," * (space // 7)
    return st.sampled_from(
        [
            lines
            for size in (space, space + 1, space + 1, space + 5_000)
            for lines in (
                [line.ljust(size)],
                [line, b"\t" * (size - len(line))],
                [good + b" " * (size - len(good))],
                [good[:-1], b"a" * (size - len(good) + 1)],
                [b"x" * size],
            )
        ]
    )


def sparse_lists(options: dict[str, Any]) -> st.SearchStrategy[list[bytes]]:
    """Draw lines with as many empty elements as are read over, or with more."""
    return st.sampled_from(
        [
            lines
            for over in (0, 1, 1, 2_000)
            for lines in (
                [b"accept" + b"," * (16 + over)],
                [b"," * (8 + over), b"accept, ,," + b" ," * 5],
                [b""] * (16 + over),
                [b"", b"accept"] * 16 + [b""] * over,
            )
        ]
    )


SHAPES: dict[str, Callable[[Sequence[Line]], Iterable[Sequence[bytes]]]] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda lines: (line for line in lines),
    "list of lists": lambda lines: [list(line) for line in lines],
    "tuple of lists": lambda lines: tuple(list(line) for line in lines),
}
MISSING = "missing"


@dataclass(frozen=True)
class GeneratedRequest:
    """A request, whose headers have one of the shapes that servers use."""

    method: str
    headers: tuple[Line, ...]
    shape: str


@dataclass(frozen=True)
class AppResponse:
    """The response of the app. In some shapes it has no headers."""

    status: int
    own: tuple[Line, ...]
    shape: str


@dataclass(frozen=True)
class Exchanged:
    """A policy, a request, and the response of the app."""

    options: dict[str, Any]
    debug: bool
    asked: GeneratedRequest
    said: AppResponse


VARIES = [
    b"Accept",
    b"Accept",
    b"accept",
    b"Origin",
    b"origin",
    b"ORIGIN ",
    b"Accept, Origin",
    b"Accept,origin",
    b"origin, Accept",
    b"*",
    b" * ",
    b"*, Origin",
    b"Cookie, *",
    b"",
    b",",
    b" ,Cookie,, X-Origin",
    b"Origin-X, Original",
    b"Accept , Accept-Encoding",
    b"Accept,Accept-Encoding",
    b"AcceptOrigin",
    b"**",
    b"X\xe9",
]
_OWN_VALUES = [b"*", b"true", b"https://evil.example", b"X-A, x-id", b"*, X-B", b"b@d, X-C", b"", b"600"]
_CASES = [bytes.lower, bytes.lower, bytes.title, bytes.upper, bytes.swapcase]
_CORS_LINES = [
    (spell(b"access-control-" + name), value)
    for name in [
        b"allow-origin",
        b"allow-credentials",
        b"allow-methods",
        b"allow-headers",
        b"expose-headers",
        b"max-age",
    ]
    for spell in _CASES
    for value in _OWN_VALUES
]
_VARY_LINES = [(spell(b"vary"), value) for spell in _CASES for value in VARIES]
_NAMES = [b"content-type", b"ETag", b"set-cookie", b"X-A", b"x-a", b"x b", b"Link", b"Cache-Control", b"var", b"vary-x"]
_NAMES += [
    b"origin",
    b"access-control-allow-origin-x",
    b"x-access-control-allow-origin",
    b"access-control-request-method",
]
_OTHER_LINES = [(name, b"value") for name in _NAMES]
# About half of the headers are CORS headers, and half of those are `Vary`.
_ANY_LINE = st.one_of(*map(st.sampled_from, (_CORS_LINES, _VARY_LINES, _OTHER_LINES)))


def own_headers(*, least: int = 0) -> st.SearchStrategy[list[Line]]:
    """Draw the headers that an app sets itself."""
    return st.lists(_ANY_LINE, min_size=least, max_size=6)


@st.composite
def answers(draw: st.DrawFn) -> AppResponse:
    """Draw the response of an app, often a plain one, often with CORS headers and several lines of `Vary`."""
    kind = draw(st.sampled_from(["ours", "ours", "ours", "plain", "none"]))
    own = draw(own_headers(least=2)) if kind == "ours" else _OTHER_LINES[:3] if kind == "plain" else []
    shapes = [*SHAPES, *([MISSING] * 3 if not own else [])]
    return AppResponse(draw(st.sampled_from([200, 204, 304, 307, 404, 500])), tuple(own), draw(st.sampled_from(shapes)))


ORIGIN_SPOILS = ("near", "null", "absent", "repeated", "long")
PREFLIGHT_SPOILS = (
    "method",
    "malformed method",
    "long method",
    "repeated method",
    "names",
    "long names",
    "sparse names",
    "all",
)
_SPOILS = [""] * 12 + [*ORIGIN_SPOILS * 2, *PREFLIGHT_SPOILS]
_BAD_METHODS = {
    "method": [*map(str.encode, METHODS), b"get", b"PAT", b"PATCHES", b"*", b"TRACE", b"CHICKEN", b"M" * 256],
    "malformed method": [b"", b"PUT ", b"PUT,GET", b"G\xe9T", b"GET\n", b" GET", b"G\x00T"],
    "long method": [b"M" * 257, b"GET".ljust(5000)],
    "all": [b"", b"PAT"],
}


@st.composite
def requests(draw: st.DrawFn, options: dict[str, Any], spoil: str | None = None) -> GeneratedRequest:
    """Draw a request, spoiled in the one way that is named; in any or none if it is None; "preflight" is none."""
    if spoil is None:
        spoil = draw(st.sampled_from(_SPOILS))
    asking = spoil in {"preflight", *PREFLIGHT_SPOILS} or draw(flip())
    origins = [draw(origin_spoiled(options) if spoil in {"near", "all"} else origin_allowed(options))]
    bad = {"null": [b"null"], "absent": [], "repeated": origins * 2, "long": [origins[0].ljust(327, b"a")]}
    headers = [(b"origin", origin) for origin in bad.get(spoil, origins)]
    if asking:
        methods = st.sampled_from(_BAD_METHODS[spoil]) if spoil in _BAD_METHODS else method_allowed(options)
        times = 2 if spoil == "repeated method" else 1
        headers += [(b"access-control-request-method", draw(methods))] * times
        beyond = {"long names": long_lists, "sparse names": sparse_lists}.get(spoil)
        names = beyond(options) if beyond else name_lines(options, spoil=spoil in {"names", "all"})
        headers += [(b"access-control-request-headers", line) for line in draw(names)]
        asks = draw(st.sampled_from([[], [], [b"true"], [b"True"], [b"true", b"true"]]))
        headers += [(b"access-control-request-private-network", line) for line in asks]
    turn = draw(st.integers(0, len(headers)))
    headers = [*headers[turn:], (b"accept", b"*/*"), *headers[:turn]]
    method = draw(st.sampled_from(["OPTIONS"] * 6 + ["options", "LOCK"] if asking else _OTHER_METHODS))
    return GeneratedRequest(method, tuple(headers), draw(st.sampled_from(["list", "list", "tuple", "list of lists"])))


_OTHER_METHODS = ["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
