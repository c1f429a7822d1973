"""Policies, requests and responses that come close to each other on purpose.

Text drawn blindly never matches a policy. So a request is made from what its policy allows, and then, as often as
not, spoiled in one place: a neighbor of an allowed origin, a prefix of an allowed method, one comma too many.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

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
REGEXES = [r"https://pr-[0-9]+\.example\.com", r"https?://(a|b)\.example\.org(:[0-9]+)?", r"[a-z+]+://x\.(y|z)"]
# What each regular expression above lets in.
MATCHES = {REGEXES[0]: "https://pr-17.example.com", REGEXES[1]: "http://b.example.org:81", REGEXES[2]: "ab+c://x.y"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "LOCK", "x-get"]
NAMES = ["X-Token", "Authorization", "x-a", "X-A-B", "Range", "CONTENT-TYPE", "If-Match"]

_SPOILED_ORIGINS = [
    b"",
    b"null",
    b"NULL",
    b"*",
    b"https://evil.example",
    b"https://app.example.com.evil.example",
    b"https://evilapp.example.com",
    b"https://appXexample.com",
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
_TAILS = [b"/", b" ", b"\t", b"\n", b"\x00", b"\xe9", b":", b":0", b":80", b":443", b":8443", b".", b"?", b"#", b"@"]
_HEADS = [b" ", b"x", b"X", b"evil.", b"https://"]
_SPOILED_METHODS = [
    b"",
    b"get",
    b"PAT",
    b"PATCHES",
    b"PUT ",
    b"PUT,GET",
    b"*",
    b"TRACE",
    b"G\xe9T",
    b"GET\n",
    b"CHICKEN",
]
_SPOILED_NAMES = [b"x-evil", b"x", b"x-token-2", b"x tok", b"x\xe9", b"b@d", b"*", b"\x00", b"\n", b"x-token\r\nx: y"]


def flip() -> st.SearchStrategy[bool]:
    """Return one of two, as often the other."""
    return st.booleans()


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the options of a policy that starts, all of them."""
    options = dict(DEFAULTS)
    if draw(st.integers(0, 5)) == 0:
        options["allow_origins"] = ["*"]
    else:
        listed = draw(st.lists(st.sampled_from([*ORIGINS, *PATTERNS]), min_size=1, max_size=5, unique=True))
        options["allow_credentials"] = draw(flip())
        if not options["allow_credentials"] and draw(flip()):
            listed.append("null")
        options["allow_origins"] = listed
        options["allow_origin_regex"] = draw(st.sampled_from([None, None, *REGEXES]))
    options["allow_methods"] = draw(st.lists(st.sampled_from([*METHODS, "*"]), max_size=5, unique=True))
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique_by=str.lower))
    if draw(st.integers(0, 9)) == 0:
        # Long enough for the list itself to set how much may be asked for.
        names += [f"X-Long-Header-Name-{number:04}" for number in range(200)]
    options["allow_headers"] = names + (["*"] if draw(st.integers(0, 3)) == 0 else [])
    options["expose_headers"] = draw(st.lists(st.sampled_from(["X-Id", "ETag", "link", "*"]), max_size=3, unique=True))
    options["max_age"] = draw(st.sampled_from([None, 0, 5, 600, 86400]))
    options["allow_private_network"] = draw(flip())
    return options


def origin_allowed(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw an origin that the policy lets in."""
    origins: list[str] = []
    for text in options["allow_origins"]:
        for labels in ("a", "b.c"):
            for port in (":8080", ""):
                host = text.replace("://*.", f"://{labels}.")
                origins.append(host.removesuffix(":*") + port if host.endswith(":*") else host)
    if options["allow_origin_regex"] is not None:
        origins.append(MATCHES[options["allow_origin_regex"]])
    known = sorted({"https://any.example" if text == "*" else text for text in origins})
    return st.sampled_from(known).map(str.encode)


def origin_spoiled(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw a value that is close to an allowed origin, and most often is none."""
    near = origin_allowed(options)
    return st.one_of(
        st.sampled_from(_SPOILED_ORIGINS),
        near.flatmap(lambda value: st.sampled_from([value + tail for tail in _TAILS])),
        near.flatmap(lambda value: st.sampled_from([head + value for head in _HEADS])),
        near.map(lambda value: value.replace(b"://", b"://x")),
        near.map(lambda value: value.replace(b"https:", b"http:")),
        near.map(lambda value: value.replace(b".", b"-", 1)),
        near.map(bytes.upper),
        near.map(lambda value: value[:-1]),
        st.binary(max_size=12),
    )


def method_allowed(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw a method that the policy lets in, GET where there is none."""
    listed = [method for method in options["allow_methods"] if method != "*"]
    standard = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"]
    known = listed + (standard if "*" in options["allow_methods"] else [])
    return st.sampled_from(known or ["GET"]).map(str.encode)


def name_allowed(options: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw a header name that the policy lets in, in some case."""
    known = ["accept", "Content-Type", *options["allow_headers"]]
    if "*" in known:
        known += ["x-anything", "Y"]
    spelled = sorted({change(name) for name in known for change in (str.lower, str.upper, str)})
    return st.sampled_from(spelled).map(str.encode)


@st.composite
def name_lines(draw: st.DrawFn, options: dict[str, Any], *, spoil: bool) -> list[bytes]:
    """Draw the lines of a list of header names, with spaces and empty elements, and perhaps beyond a limit."""
    names = draw(st.lists(name_allowed(options), max_size=4))
    space = draw(st.sampled_from([b"", b"", b" ", b"\t", b" \t "]))
    empty = draw(st.sampled_from([0, 0, 1, 16] + ([17] if spoil else [])))
    if spoil:
        names.insert(
            draw(st.integers(0, len(names))), draw(st.one_of(st.sampled_from(_SPOILED_NAMES), st.binary(max_size=4)))
        )
    padding = draw(st.sampled_from([0, 0, 0, 4096, 4097, 9_000])) if spoil else 0
    parts = [space + name + space for name in names] + [b""] * empty
    parts = list(draw(st.permutations(parts))) if len(parts) < 8 else parts
    cut = draw(st.integers(0, len(parts)))
    lines = [b",".join(part) for part in (parts[:cut], parts[cut:]) if part]
    if padding and lines:
        lines[0] += b" " * max(0, padding - sum(map(len, lines)))
    return lines


@dataclass(frozen=True)
class Exchanged:
    """Hold a policy, a request, and what the app would answer."""

    options: dict[str, Any]
    method: str
    headers: tuple[Line, ...]
    status: int
    own: tuple[Line, ...]
    debug: bool


_VARY = st.sampled_from(
    [b"Accept", b"Origin", b"origin, Accept", b"*", b"*, Origin", b"", b" ,Cookie,, X-Origin", b"X\xe9"]
)
_OWN_VALUES = st.sampled_from(
    [b"*", b"true", b"https://evil.example", b"X-A, x-id", b"*, X-B", b"b@d, X-C", b"", b"600"]
)
_CORS_NAMES = st.sampled_from(
    [
        b"access-control-allow-origin",
        b"access-control-allow-credentials",
        b"access-control-allow-methods",
        b"access-control-allow-headers",
        b"access-control-expose-headers",
        b"access-control-max-age",
    ]
)
_OTHER_NAMES = st.sampled_from(
    [b"content-type", b"ETag", b"set-cookie", b"X-A", b"x-a", b"x b", b"Link", b"Cache-Control"]
)


def spelled(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Draw names in any case."""
    return names.flatmap(lambda name: st.sampled_from([name, name.title(), name.upper(), name.swapcase()]))


def own_headers() -> st.SearchStrategy[list[Line]]:
    """Draw the headers that an app sets by itself."""
    return st.lists(
        st.one_of(
            st.tuples(spelled(_CORS_NAMES), _OWN_VALUES),
            st.tuples(spelled(st.just(b"vary")), _VARY),
            st.tuples(_OTHER_NAMES, st.just(b"value")),
        ),
        max_size=7,
    )


@st.composite
def exchanges(draw: st.DrawFn) -> Exchanged:
    """Draw a whole exchange: half of them preflights, and of each kind more than half allowed."""
    options = draw(policies())
    spoil = draw(st.sampled_from(["", "", "", "origin", "method", "names", "all"]))
    headers: list[Line] = []
    if draw(st.integers(0, 9)) != 0:
        bad = spoil in {"origin", "all"}
        value = draw(origin_spoiled(options) if bad else origin_allowed(options))
        headers += [(b"origin", value)] * (2 if bad and draw(st.integers(0, 5)) == 0 else 1)
    asking = draw(st.integers(0, 9)) < 6
    if asking or draw(st.integers(0, 4)) == 0:
        bad = spoil in {"method", "all"}
        spoiled = st.one_of(st.sampled_from(METHODS).map(str.encode), st.sampled_from(_SPOILED_METHODS))
        value = draw(spoiled if bad else method_allowed(options))
        headers += [(b"access-control-request-method", value)] * (2 if bad and draw(st.integers(0, 5)) == 0 else 1)
        lines = draw(name_lines(options, spoil=spoil in {"names", "all"}))
        headers += [(b"access-control-request-headers", line) for line in lines]
        asks = draw(st.sampled_from([[], [], [b"true"], [b"True"], [b"true", b"true"]]))
        headers += [(b"access-control-request-private-network", line) for line in asks]
    method = (
        "OPTIONS" if asking else draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "options", "LOCK"]))
    )
    return Exchanged(
        options=options,
        method=method,
        headers=tuple(draw(st.permutations(headers))),
        status=draw(st.sampled_from([200, 204, 304, 307, 404, 500])),
        own=tuple(draw(own_headers())),
        debug=draw(flip()),
    )
