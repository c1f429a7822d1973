"""Hold the origin: one strict grammar for what a policy lists and what a request brings.

https://fetch.spec.whatwg.org/#serialized-origin: `scheme "://" host [":" port]`, and nothing else. One grammar on
both sides is what makes comparing bytes enough: two spellings of one origin cannot both be origins. Parsing is
linear in the length of the text and refuses anything longer than `MAX_ORIGIN` before it looks.
"""

import re
from dataclasses import dataclass

from crossorigin.fetch.host import is_domain, is_ipv6, is_web_host

# 64 of scheme, `://`, 253 of host, `:` and 5 of port.
MAX_ORIGIN = 326

# How an opaque origin is serialized: a sandboxed frame, a `data:` URL, a file, a redirect through a third origin.
OPAQUE_ORIGIN = "null"

# https://url.spec.whatwg.org/#default-port, of the schemes that send an Origin. `ws` and `wss` are not listed: the
# origin of a WebSocket handshake is that of its page.
DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_PORT = 65535

_PARTS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,63})://"
    r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^:\[\]]*))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?\Z"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Hold a tuple origin; `str()` serializes it to the bytes a browser sends.

    `host` keeps the brackets of an IPv6 address; `port` is None where the URL's port is the default one or absent.
    """

    scheme: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        """Serialize the origin. https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin."""
        return f"{self.scheme}://{self.host}" if self.port is None else f"{self.scheme}://{self.host}:{self.port}"


def parse_origin(text: str) -> Origin | None:
    """Parse a serialized tuple origin; return None for anything a browser would not have sent.

    `null` is not a tuple origin: it names nobody, so it is None here and compared by its one spelling elsewhere.

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
    known = is_web_host(name) if scheme in DEFAULT_PORTS else is_domain(name)
    return Origin(scheme, name, port) if known else None


def parse_origin_bytes(value: bytes) -> Origin | None:
    """Parse the value of an `Origin` line as it arrived; bytes beyond ASCII are no origin."""
    if len(value) > MAX_ORIGIN or not value.isascii():
        return None
    return parse_origin(value.decode("ascii"))
