"""The strict grammar of an origin, used for the origins of a policy and for those of requests.

https://fetch.spec.whatwg.org/#serialized-origin: `scheme "://" host [":" port]`, and nothing else. Because both sides
use one grammar, comparing bytes is enough: an origin has exactly one valid spelling. Parsing is linear in the length
of the text, and anything longer than `MAX_ORIGIN` is refused before it is parsed.
"""

import re
from dataclasses import dataclass

from crossorigin.fetch.host import MAX_LABEL, is_domain, is_ipv6, is_web_host

# 64 for the scheme, 3 for `://`, 253 for the host, 1 for `:` and 5 for the port.
MAX_ORIGIN = 326

# The serialization of an opaque origin, such as a sandboxed frame, a `data:` URL, a file, or a request that was
# redirected through a third origin.
OPAQUE_ORIGIN = "null"

# https://url.spec.whatwg.org/#default-port, for the schemes of pages that send an Origin. `ws` and `wss` are not
# listed because the origin of a WebSocket handshake is the page's.
DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_PORT = 65535

_PARTS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,63})://"
    r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^:\[\]]*))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?\Z"
)

# A domain whose last label starts with a letter, and no port or one that is not the default of a scheme. In such a
# short origin, no label can be too long.
_MAX_COMMON = MAX_LABEL
_COMMON = re.compile(
    rb"https?://(?:(?!xn--)[a-z0-9_-]++\.)*+(?!xn--)[a-z][a-z0-9_-]*+(?::(?:[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?\Z"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A tuple origin; `str()` serializes it as a browser does.

    `host` includes the brackets of an IPv6 address. `port` is None if the URL's port is absent or the default.
    """

    scheme: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        """Serialize the origin. https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin."""
        return f"{self.scheme}://{self.host}" if self.port is None else f"{self.scheme}://{self.host}:{self.port}"


def parse_origin(text: str) -> Origin | None:
    """Parse a serialized tuple origin, or return None for anything that a browser would not have sent.

    The result for `null` is None because `null` is not a tuple origin; other modules compare it as text.

    >>> parse_origin("https://app.example.com:8443")
    Origin(scheme='https', host='app.example.com', port=8443)
    >>> parse_origin("https://app.example.com/") is None
    True
    """
    if len(text) > MAX_ORIGIN:
        return None
    parts = _PARTS.match(text)
    if parts is None:
        return None
    scheme, ipv6, name, digits = parts.groups()
    port = int(digits) if digits else None
    if port is not None and (port > MAX_PORT or DEFAULT_PORTS.get(scheme) == port):
        return None
    if ipv6 is not None:
        return Origin(scheme, f"[{ipv6}]", port) if is_ipv6(ipv6) else None
    if scheme in DEFAULT_PORTS:
        return Origin(scheme, name, port) if is_web_host(name) else None
    # Electron loads pages from `app://./index.html`, and Chromium serializes that host as a dot.
    return Origin(scheme, name, port) if name == "." or is_domain(name) else None


def parse_origin_bytes(value: bytes) -> Origin | None:
    """Parse the value of an `Origin` line as received, or return None; an origin has ASCII bytes only."""
    if len(value) > MAX_ORIGIN or not value.isascii():
        return None
    return parse_origin(value.decode("ascii"))


def is_common_origin(value: bytes) -> bool:
    """Return whether `value` is an origin in the form that most pages have: http or https, a short domain, any port.

    Punycode, addresses and a final dot are left out. It costs a fifth of `parse_origin_bytes`. False says nothing,
    because `parse_origin_bytes` accepts other origins too.

    >>> is_common_origin(b"http://localhost:5173")
    True
    """
    return len(value) <= _MAX_COMMON and _COMMON.match(value) is not None
