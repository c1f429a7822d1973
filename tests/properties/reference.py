"""A reference implementation of the same rules: slow, without tables, and without any code of the library.

It takes what the author of a policy wrote and what a server passes, and returns what must be sent. The laws compare the
library with it, and neither is derived from the other.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Line = tuple[bytes, bytes]

STANDARD_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"]
SAFELISTED_NAMES = ["Accept", "Accept-Language", "Content-Language", "Content-Type"]
READABLE = ["cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"]
OWNED = ["allow-origin", "allow-credentials", "allow-methods", "allow-headers", "expose-headers", "max-age"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
OTHER_SIGNS = "!#$%&'*+-.^_`|~"


@dataclass(frozen=True)
class Answer:
    """The expected response: CORS headers by name in lower case, and the elements of `Vary` in order."""

    by: str
    status: int
    body: bytes
    cors: dict[str, str]
    vary: list[str]


def answer(
    options: Mapping[str, Any], method: str, headers: Sequence[Line], status: int, own: Sequence[Line], *, debug: bool
) -> Answer:
    """Return the expected response to a request if the app answers with `status` and the headers `own`."""
    origins = lines_of(headers, "origin")
    methods = lines_of(headers, "access-control-request-method")
    if method == "OPTIONS" and origins and methods:
        return preflight(options, headers, debug=debug)
    return actual(options, origins, status, own)


def lines_of(headers: Sequence[Line], name: str) -> list[bytes]:
    """Return the values of all lines of a header."""
    return [value for given, value in headers if given.decode("latin-1").lower() == name]


def preflight(options: Mapping[str, Any], headers: Sequence[Line], *, debug: bool) -> Answer:
    """Return the expected response to a preflight."""
    origins = lines_of(headers, "origin")
    methods = lines_of(headers, "access-control-request-method")
    names = lines_of(headers, "access-control-request-headers")
    asks = lines_of(headers, "access-control-request-private-network")
    failing = []
    if not origin_is_allowed(options, origins):
        failing.append("origin")
    if not (len(methods) == 1 and methods[0].decode("latin-1") in methods_allowed(options)):
        failing.append("method")
    if not names_are_allowed(options, names):
        failing.append("headers")
    body = "Disallowed CORS " + ", ".join(failing) if failing else "OK"
    code = 400 if failing else 200
    if failing and "origin" not in failing and debug and refused_by_every_browser(options, methods, names):
        code = 200
    cors = {} if "origin" in failing else grant(options, origins)
    if code == 200:
        cors |= lists(options, names)
    if not failing and options["max_age"] is not None:
        cors["access-control-max-age"] = str(options["max_age"])
    if not failing and options["allow_private_network"] and asks == [b"true"]:
        cors["access-control-allow-private-network"] = "true"
    vary = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
    return Answer("preflight", code, body.encode(), cors, [*vary, "Access-Control-Request-Private-Network"])


def grant(options: Mapping[str, Any], origins: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of every response to an allowed origin."""
    if "*" in options["allow_origins"]:
        named = "*"
    elif options["constant_allow_origin"]:
        named = options["allow_origins"][0]
    else:
        named = origins[0].decode()
    cors = {"access-control-allow-origin": named}
    if options["allow_credentials"]:
        cors["access-control-allow-credentials"] = "true"
    return cors


def lists(options: Mapping[str, Any], names: Sequence[bytes]) -> dict[str, str]:
    """Return the lists of methods and names in the response to a preflight."""
    cors = {}
    if methods_allowed(options):
        cors["access-control-allow-methods"] = ", ".join(methods_allowed(options))
    if "*" not in options["allow_headers"]:
        cors["access-control-allow-headers"] = ", ".join(names_listed(options))
    elif names_are_allowed(options, names):
        once: list[str] = []
        for name in elements(names):
            if name.lower() not in [earlier.lower() for earlier in once]:
                once.append(name)
        if once:
            cors["access-control-allow-headers"] = ", ".join(once)
    return cors


def refused_by_every_browser(options: Mapping[str, Any], methods: Sequence[bytes], names: Sequence[bytes]) -> bool:
    """Return whether a browser that reads the real lists refuses the request."""
    if len(methods) == 1:
        method = methods[0].decode("latin-1")
        unlisted = method not in methods_allowed(options) and method not in {"GET", "HEAD", "POST"}
        short = len(method) <= max(256, *map(len, methods_allowed(options)), 0)
        if is_token(method) and short and unlisted and methods_allowed(options):
            return True
    asked = elements(names)
    return within_limits(options, names) and all(map(is_token, asked)) and not names_are_allowed(options, names)


def methods_allowed(options: Mapping[str, Any]) -> list[str]:
    """Return the allowed methods, in the order in which they are sent."""
    given = options["allow_methods"]
    allowed = list(STANDARD_METHODS) if "*" in given else []
    for method in given:
        if method != "*" and method not in allowed:
            allowed.append(method)
    return allowed


def names_listed(options: Mapping[str, Any]) -> list[str]:
    """Return the listed header names, sorted, each in one spelling."""
    listed = list(SAFELISTED_NAMES)
    for name in options["allow_headers"]:
        if name != "*" and name.lower() not in [known.lower() for known in listed]:
            listed.append(name)
    return sorted(listed, key=str.lower)


def within_limits(options: Mapping[str, Any], lines: Sequence[bytes]) -> bool:
    """Return whether the requested names are within the limits."""
    empty = [element for line in lines for element in line.split(b",") if not element.strip(b" \t")]
    return sum(len(line) for line in lines) <= space_for_names(options) and len(empty) <= 16


def space_for_names(options: Mapping[str, Any]) -> int:
    """Return how many bytes of requested names are read."""
    return max(4096, 2 * len(", ".join(names_listed(options))))


def names_are_allowed(options: Mapping[str, Any], lines: Sequence[bytes]) -> bool:
    """Return whether every requested name is allowed."""
    if not within_limits(options, lines):
        return False
    if "*" in options["allow_headers"]:
        return all(is_token(name) for name in elements(lines))
    return {name.lower() for name in elements(lines)} <= {name.lower() for name in names_listed(options)}


def elements(lines: Sequence[bytes]) -> list[str]:
    """Return the elements of a list in all its lines, without empty ones."""
    found = [element.strip(" \t") for line in lines for element in line.decode("latin-1").split(",")]
    return [element for element in found if element]


def is_token(text: str) -> bool:
    """Return whether a text is a token."""
    return text != "" and all(sign in LETTERS + LETTERS.upper() + DIGITS + OTHER_SIGNS for sign in text)


def actual(options: Mapping[str, Any], origins: Sequence[bytes], status: int, own: Sequence[Line]) -> Answer:
    """Return the headers of an actual response."""
    constant = "*" in options["allow_origins"] or options["constant_allow_origin"]
    cors: dict[str, str] = {}
    if constant or origin_is_allowed(options, origins):
        cors = grant(options, origins)
        exposed = names_exposed(options, own)
        if exposed:
            cors["access-control-expose-headers"] = ", ".join(exposed)
    vary = elements(lines_of(own, "vary"))
    if not constant and "*" not in vary and "origin" not in [element.lower() for element in vary]:
        vary.append("Origin")
    return Answer("app", status, b"", cors, vary)


def names_exposed(options: Mapping[str, Any], own: Sequence[Line]) -> list[str]:
    """Return the names of response headers that a page may read."""
    wanted = list(options["expose_headers"])
    by_the_app = [name for name in elements(lines_of(own, "access-control-expose-headers")) if is_token(name)]
    wanted += [name for name in by_the_app if not name.lower().startswith("access-control-")]
    if options["allow_credentials"] and "*" in wanted:
        wanted = [name for name in wanted if name != "*"]
        for raw, _ in own:
            name = raw.decode("latin-1")
            hidden = [*READABLE, "set-cookie", "set-cookie2"]
            if is_token(name) and name.lower() not in hidden and not name.lower().startswith("access-control-"):
                wanted.append(name)
    once: list[str] = []
    for name in wanted:
        if name.lower() not in [earlier.lower() for earlier in once]:
            once.append(name)
    return once


def origin_is_allowed(options: Mapping[str, Any], lines: Sequence[bytes]) -> bool:
    """Return whether the Origin of a request is allowed."""
    listed = options["allow_origins"]
    if "*" in listed:
        return True
    if len(lines) != 1 or len(lines[0]) > 326 or not lines[0].isascii():
        return False
    text = lines[0].decode()
    if text == "null":
        return "null" in listed
    if split_origin(text) is None:
        return False
    if text in listed or any(pattern_fits(pattern, text) for pattern in listed):
        return True
    regex = options["allow_origin_regex"]
    return regex is not None and re.fullmatch(regex, text) is not None


def pattern_fits(pattern: str, origin: str) -> bool:
    """Return whether a listed pattern matches an origin."""
    parts, wanted = split_origin(origin), split_text(pattern)
    if parts is None or "*" not in pattern:
        return False
    scheme, host, port = parts
    if scheme != wanted[0] or wanted[2] not in {"*", port}:
        return False
    if wanted[1].startswith("*."):
        return host.endswith(wanted[1][1:]) and len(host) > len(wanted[1][1:])
    return host == wanted[1]


def split_text(text: str) -> tuple[str, str, str]:
    """Return scheme, host and port as they are written. The port is empty if there is none."""
    scheme, _, rest = text.partition("://")
    if rest.startswith("["):
        host, _, port = rest.partition("]")
        return scheme, host + "]", port.removeprefix(":")
    host, _, port = rest.partition(":")
    return scheme, host, port


def split_origin(text: str) -> tuple[str, str, str] | None:
    """Return scheme, host and port of a serialized origin, or None for another text."""
    scheme, host, port = split_text(text)
    written = f"{scheme}://{host}" + (f":{port}" if port else "")
    if written != text or not 1 <= len(scheme) <= 64 or scheme[0] not in LETTERS:
        return None
    if any(sign not in LETTERS + DIGITS + "+.-" for sign in scheme):
        return None
    if port and not port_is_right(scheme, port):
        return None
    return (scheme, host, port) if host_is_right(scheme, host) else None


def port_is_right(scheme: str, port: str) -> bool:
    """Return whether a port is written as browsers write it."""
    if any(sign not in DIGITS for sign in port) or port[0] == "0" or len(port) > 5:
        return False
    return int(port) <= 65535 and (scheme, port) not in {("http", "80"), ("https", "443")}


def host_is_right(scheme: str, host: str) -> bool:
    """Return whether a host is written as browsers write it."""
    if host.startswith("["):
        return address_is_right(ipaddress.IPv6Address, host.removeprefix("[").removesuffix("]"))
    if host == ".":
        return scheme not in {"http", "https"}  # ``app://.`` is an origin of desktop applications.
    labels = host.removesuffix(".").split(".")
    if not 1 <= len(host.removesuffix(".")) <= 253:
        return False
    for label in labels:
        if not 1 <= len(label) <= 63 or any(sign not in LETTERS + DIGITS + "-_" for sign in label):
            return False
    last = labels[-1]
    hexadecimal = last.startswith("0x") and all(sign in DIGITS + "abcdef" for sign in last[2:])
    if scheme in {"http", "https"} and (hexadecimal or all(sign in DIGITS for sign in last)):
        return address_is_right(ipaddress.IPv4Address, host)
    return True


def address_is_right(read: Callable[[str], object], text: str) -> bool:
    """Return whether an address is written as browsers write it.

    Addresses with an embedded IPv4 address do not occur.
    """
    try:
        return str(read(text)) == text
    except ValueError:
        return False
