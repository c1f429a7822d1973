"""Policies and page requests drawn together, and the report on a pair that breaks a law.

A plain random generator draws ten thousand pairs in the time in which Hypothesis draws a tenth of them. It does not
shrink failures, so `smallest` removes everything that is not needed from a failing pair.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.properties.strategies import DEFAULTS, MATCHES, METHODS, NAMES, ORIGINS, PATTERNS, REGEXES

Line = tuple[bytes, bytes]

API = "https://api.example"
OTHER = "https://other.example"

# Each with its words and whether a browser asks about it.
HEADERS = [
    ("Accept", "text/html", False),
    ("accept", "text/html;q=(1)", True),
    ("Accept-Language", "de, en;q=0.5", False),
    ("Accept-Language", "de_DE", True),
    ("Content-Language", "x" * 129, True),
    ("Content-Type", "text/plain;charset=UTF-8", False),
    ("Content-Type", "application/json", True),
    ("CONTENT-TYPE", "multipart/form-data; boundary=x", False),
    ("Range", "bytes=0-99", False),
    ("Range", "bytes=-99", True),
    ("Authorization", "Bearer t", True),
    ("X-Token", "t", True),
    ("x-token", "t", True),
    ("X-A", "1", True),
    ("x-a-b", "1", True),
    ("If-Match", '"e"', True),
    ("X-Evil", "1", True),
    # Left out, so never asked about.
    ("Cookie", "a=b", False),
    ("Sec-Token", "t", False),
    ("X-HTTP-Method-Override", "PUT, TRACE", False),
]
_STRANGERS = [
    "null",
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://evilapp.example.com",
    "https://appxexample.com",
    "http://localhost:8081",
    "https://app.example.com:444",
    "http://127.0.0.1:3001",
    API,
]
_OWN = [
    (b"content-type", b"text/plain"),
    (b"X-Id", b"1"),
    (b"ETag", b'"e"'),
    (b"Link", b"</>"),
    (b"set-cookie", b"a=b"),
    (b"Vary", b"Accept"),
    (b"access-control-allow-origin", b"*"),
    (b"Access-Control-Allow-Origin", b"https://evil.example"),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"X-Id, link"),
    (b"Access-Control-Expose-Headers", b"*"),
    (b"access-control-expose-headers", b"b@d"),
    (b"access-control-allow-methods", b"PUT"),
]
_LOCATIONS = [
    "/end",
    f"{API}/end",
    f"{OTHER}/end",
    "https://me:pw@other.example/end",
    "ftp://api.example/",
    "https://",
    "/again",
]


@dataclass(frozen=True)
class Pair:
    """The options of a policy, the request of a page, and the response of the app."""

    options: dict[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    debug: bool = False
    request: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str, bool], ...] = ()
    own: tuple[Line, ...] = ()
    status: int = 200
    # The target of a redirect from "/", if there is one; "/again" redirects to itself.
    location: str | None = None


def options(random: Random) -> dict[str, Any]:
    """Draw the options of a valid policy."""
    drawn = dict(DEFAULTS)
    if random.random() < 0.2:
        drawn["allow_origins"] = ["*"]
    else:
        drawn["allow_origins"] = random.sample([*ORIGINS, *PATTERNS], random.randint(1, 5))
        drawn["allow_credentials"] = random.random() < 0.75
        if not drawn["allow_credentials"] and random.random() < 0.5:
            drawn["allow_origins"].append("null")
        drawn["allow_origin_regex"] = random.choice([None, None, *REGEXES])
    drawn["allow_methods"] = random.choice(
        [["*"], ["*"], ["*", "LOCK"], ["GET"], [], *(random.sample([*METHODS, "*"], 5) for _ in range(5))]
    )
    drawn["allow_headers"] = random.choice([["*"], ["*", "X-Token"], *(random.sample(NAMES, 3) for _ in range(3)), []])
    drawn["expose_headers"] = random.sample(["X-Id", "ETag", "link", "*"], random.randint(0, 3))
    drawn["max_age"] = random.choice([None, 0, 600])
    if "*" not in drawn["allow_origins"] and random.random() < 0.2:
        drawn.update(allow_origins=[random.choice(ORIGINS)], allow_origin_regex=None, constant_allow_origin=True)
    return drawn


def _origin(random: Random, drawn: dict[str, Any]) -> str:
    if random.random() < 0.18:
        return random.choice(_STRANGERS)
    if drawn["allow_origin_regex"] is not None and random.random() < 0.3:
        return MATCHES[drawn["allow_origin_regex"]]
    listed = random.choice(drawn["allow_origins"])
    if listed == "*":
        return random.choice([*ORIGINS, "null", "https://any.example"])
    port = random.choice(["", ":8080"])
    name = listed.replace("://*.", f"://{random.choice(['a', 'b.c'])}.")
    return name.removesuffix(":*") + port if name.endswith(":*") else name


def _method(random: Random, drawn: dict[str, Any]) -> str:
    chance = random.random()
    if chance < 0.35:
        return random.choice(["GET", "POST", "HEAD"])
    listed = [method for method in drawn["allow_methods"] if method != "*"]
    if chance < 0.85 and listed:
        return random.choice(listed)
    return random.choice([*METHODS, "get", "put", "patch", "CHICKEN", "trace"])


def pair(random: Random, drawn: dict[str, Any]) -> Pair:
    """Draw a request to an API with this policy, most often an allowed one."""
    wanted = {name.lower() for name in drawn["allow_headers"]}
    known = [line for line in HEADERS if "*" in wanted or not line[2] or line[0].lower() in {*wanted, "content-type"}]
    headers = {line[0].lower(): line for line in random.sample(known, random.choice([0, 0, 1, 2, 3]))}
    if random.random() < 0.2:
        line = random.choice(HEADERS)
        headers[line[0].lower()] = line
    request = {
        "url": f"{API}/" if random.random() < 0.995 else "file:///etc/hosts",
        "origin": _origin(random, drawn),
        "method": _method(random, drawn),
        "credentials": random.choice(["omit", "same-origin", "include"]),
        "mode": random.choices(["cors", "no-cors", "same-origin"], [87, 9, 4])[0],
        "redirect": random.choices(["follow", "error", "manual"], [80, 10, 10])[0],
        "upload_listener": random.random() < 0.2,
    }
    location = random.choice(_LOCATIONS) if random.random() < 0.25 else None
    may_have_body = request["method"].upper() not in {"GET", "HEAD"}
    may_have_stream = may_have_body and request["mode"] != "no-cors"
    request["stream"] = may_have_stream and random.random() < (0.3 if location else 0.02)
    return Pair(
        options=drawn,
        debug=random.random() < 0.5,
        request=request,
        headers=tuple(headers.values()),
        own=tuple(random.sample(_OWN, random.randint(0, 5))),
        status=random.choice([302, 307] if location else [200, 204, 304, 401, 500]),
        location=location,
    )


def smallest(broken: Pair, breaks: Callable[[Pair], bool]) -> Pair:
    """Remove everything from a pair that is not needed to break the law."""
    for smaller in _smaller(broken):
        if breaks(smaller):
            return smallest(smaller, breaks)
    return broken


def _smaller(given: Pair) -> Iterator[Pair]:
    yield from (replace(given, debug=False) for _ in range(given.debug))
    if (given.location, given.status) != (None, 200):
        yield replace(given, location=None, status=200)
    for name in ("headers", "own"):
        lines = getattr(given, name)
        for index in range(len(lines)):
            yield replace(given, **{name: lines[:index] + lines[index + 1 :]})
    for name in set(given.request) - {"url", "origin"}:
        yield replace(given, request={key: value for key, value in given.request.items() if key != name})
    for name, value in given.options.items():
        if isinstance(value, list):
            for index in range(len(value)):
                yield replace(given, options={**given.options, name: value[:index] + value[index + 1 :]})
        elif value != DEFAULTS[name]:
            yield replace(given, options={**given.options, name: DEFAULTS[name]})
