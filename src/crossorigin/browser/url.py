"""Hold an http or https URL, as far as CORS looks at it, and where a `Location` leads.

The URL standard's parser, without what only decides about bytes of the path: those are the app's matter. The host is
serialized as browsers do, for origins are compared by it.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from crossorigin.fetch.host import ends_in_a_number, is_web_host, serialize_ipv4, serialize_ipv6, to_a_label
from crossorigin.fetch.origin import DEFAULT_PORTS, MAX_PORT, Origin

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HTTP = re.compile(
    r"(?P<scheme>https?):[/\\]*(?:(?P<userinfo>[^/\\?#]*)@)?(?P<host>\[[^\]/\\?#]*\]|[^:/\\?#]*)(?::(?P<port>[0-9]*))?"
    r"(?P<path>[/\\][^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?\Z",
    re.IGNORECASE,
)
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_BEYOND_PATH = re.compile(r"[?#].*", re.DOTALL)
_IGNORED = re.compile(r"[\t\n\r]")
# https://url.spec.whatwg.org/#concept-basic-url-parser: what may stand around a URL, C0 controls and space.
_AROUND = "".join(map(chr, range(0x21)))
_HERE = frozenset({".", "%2e"})
_UP = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})
# Already encoded, or with a meaning of its own.
_KEPT = "!$%&'()*+,-./:;=?@[]_~|^{}\"`\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """Hold an http or https URL; `str()` writes it without its fragment, as a request line needs it."""

    origin: Origin
    target: str
    fragment: str | None = None
    has_userinfo: bool = False

    def __str__(self) -> str:
        """Write the URL as it is requested."""
        return f"{self.origin}{self.target}"

    @property
    def whole(self) -> str:
        """Return the URL with its fragment, which no request carries and every preflight cache looks at."""
        return str(self) if self.fragment is None else f"{self}#{self.fragment}"


def scheme_of(text: str) -> str | None:
    """Return the scheme of an absolute URL in lower case, or None if it has none."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else None


def parse_url(text: str) -> Url | None:
    """Parse an absolute http or https URL; None for anything else.

    >>> str(parse_url("HTTP://Bücher.example:80/a b#c"))
    'http://xn--bcher-kva.example/a%20b'
    """
    parts = _HTTP.match(_cleaned(text))
    if parts is None:
        return None
    scheme = parts["scheme"].lower()
    host = _serialize_host(parts["host"])
    port = int(parts["port"] or DEFAULT_PORTS[scheme])
    if host is None or port > MAX_PORT:
        return None
    path = quote(_without_dots((parts["path"] or "/").replace("\\", "/")), safe=_KEPT)
    query = quote(parts["query"] or "", safe=_KEPT)
    return Url(
        origin=Origin(scheme, host, None if port == DEFAULT_PORTS[scheme] else port),
        target=path + query,
        fragment=None if parts["fragment"] is None else parts["fragment"][1:],
        has_userinfo=bool((parts["userinfo"] or "").strip(":")),
    )


def locate(value: bytes, base: Url) -> Url | None:
    """Return where a `Location` leads from `base`, whose fragment it keeps if it has none; None for no http(s) URL.

    https://fetch.spec.whatwg.org/#concept-http-redirect-fetch
    """
    found = parse_url(_resolved(_cleaned(value.decode("utf-8", "replace")), base))
    if found is None or found.fragment is not None or base.fragment is None:
        return found
    return Url(origin=found.origin, target=found.target, fragment=base.fragment, has_userinfo=found.has_userinfo)


def _resolved(text: str, base: Url) -> str:
    scheme = scheme_of(text)
    if scheme not in {None, base.origin.scheme}:
        return text
    # https://url.spec.whatwg.org/#scheme-state: the base's own scheme says nothing, but before two slashes.
    rest = text if scheme is None else text[len(scheme) + 1 :]
    place = _BEYOND_PATH.sub("", rest)
    more = rest[len(place) :]
    place = place.replace("\\", "/")
    if place.startswith("//"):
        return f"{base.origin.scheme}:{place}{more}"
    path = base.target.partition("?")[0]
    if not place:
        return f"{base.origin}{path if more.startswith('?') else base.target}{more}"
    return f"{base.origin}{place if place.startswith('/') else path[: path.rindex('/') + 1] + place}{more}"


def _without_dots(path: str) -> str:
    """Resolve the dots in a path: https://url.spec.whatwg.org/#path-state."""
    kept: list[str] = []
    segments = path[1:].split("/")
    for segment in segments:
        if segment.lower() in _UP:
            del kept[-1:]
        elif segment.lower() not in _HERE:
            kept.append(segment)
    if segments[-1].lower() in _HERE | _UP:
        kept.append("")
    return "/" + "/".join(kept)


def _cleaned(text: str) -> str:
    return _IGNORED.sub("", text.strip(_AROUND))


def looks_like_a_url(text: str) -> bool:
    """Tell whether `text` is an absolute URL of any scheme, a pattern's `*` in its host not minded."""
    scheme = scheme_of(text)
    if scheme in DEFAULT_PORTS:
        return parse_url(text.replace("*", "x")) is not None
    return scheme is not None


def _serialize_host(text: str) -> str | None:
    if text.startswith("["):
        address = serialize_ipv6(text[1:-1])
        return None if address is None else f"[{address}]"
    name = unquote(text)
    host = name.lower()
    if not name.isascii():
        labels = [to_a_label(label) if label else "" for label in _DOTS.split(name)]
        # A dot too many is no part of any host.
        host = ".".join("." if label is None else label for label in labels)
    if ends_in_a_number(host):
        return serialize_ipv4(host)
    return host if is_web_host(host) else None
