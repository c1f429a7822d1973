"""The parts of an http or https URL that matter to CORS, and the resolution of a `Location`.

This is the parser of the URL standard without the rules that affect only bytes of the path, which matter only to the
app. The host is serialized as browsers do because origins are compared by it.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from crossorigin.fetch.host import ends_in_a_number, is_web_host, serialize_ipv4, serialize_ipv6, to_ace_label
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
# https://url.spec.whatwg.org/#concept-basic-url-parser: C0 controls and spaces around a URL are ignored.
_SURROUNDING = "".join(map(chr, range(0x21)))
_SAME_SEGMENT = frozenset({".", "%2e"})
_PARENT_SEGMENT = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})
# These characters are already percent-encoded or have a meaning in a URL.
_UNQUOTED = "!$%&'()*+,-./:;=?@[]_~|^{}\"`\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An http or https URL; `str()` omits the fragment, as a request does."""

    origin: Origin
    target: str
    fragment: str | None = None
    has_userinfo: bool = False

    def __str__(self) -> str:
        """Return the URL as it is requested."""
        return f"{self.origin}{self.target}"

    @property
    def with_fragment(self) -> str:
        """The URL with its fragment, which preflight caches use as a key although requests do not include it."""
        return str(self) if self.fragment is None else f"{self}#{self.fragment}"


def scheme_of(text: str) -> str | None:
    """Return the scheme of a URL in lower case, or None if the URL is not absolute."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else None


def parse_url(text: str) -> Url | None:
    """Parse an absolute http or https URL, or return None for anything else.

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
    path = quote(_without_dot_segments((parts["path"] or "/").replace("\\", "/")), safe=_UNQUOTED)
    query = quote(parts["query"] or "", safe=_UNQUOTED)
    return Url(
        origin=Origin(scheme, host, None if port == DEFAULT_PORTS[scheme] else port),
        target=path + query,
        fragment=None if parts["fragment"] is None else parts["fragment"][1:],
        has_userinfo=bool((parts["userinfo"] or "").strip(":")),
    )


def locate(value: bytes, base: Url) -> Url | None:
    """Resolve a `Location` against `base`; return None if the result is not an http or https URL.

    The result keeps the fragment of `base` if `Location` has none.

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
    # https://url.spec.whatwg.org/#scheme-state: a scheme equal to the base's is ignored unless two slashes follow it.
    rest = text if scheme is None else text[len(scheme) + 1 :]
    path = _BEYOND_PATH.sub("", rest)
    suffix = rest[len(path) :]
    path = path.replace("\\", "/")
    if path.startswith("//"):
        return f"{base.origin.scheme}:{path}{suffix}"
    base_path = base.target.partition("?")[0]
    if not path:
        return f"{base.origin}{base_path if suffix.startswith('?') else base.target}{suffix}"
    return f"{base.origin}{path if path.startswith('/') else base_path[: base_path.rindex('/') + 1] + path}{suffix}"


def _without_dot_segments(path: str) -> str:
    """Resolve the dot segments of a path: https://url.spec.whatwg.org/#path-state."""
    kept: list[str] = []
    segments = path[1:].split("/")
    for segment in segments:
        if segment.lower() in _PARENT_SEGMENT:
            del kept[-1:]
        elif segment.lower() not in _SAME_SEGMENT:
            kept.append(segment)
    if segments[-1].lower() in _SAME_SEGMENT | _PARENT_SEGMENT:
        kept.append("")
    return "/" + "/".join(kept)


def _cleaned(text: str) -> str:
    return _IGNORED.sub("", text.strip(_SURROUNDING))


def looks_like_a_url(text: str) -> bool:
    """Return whether `text` is an absolute URL of any scheme; its host may contain `*`, as in a pattern."""
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
        labels = [to_ace_label(label) if label else "" for label in _DOTS.split(name)]
        # An invalid label becomes a dot, which makes the host invalid.
        host = ".".join("." if label is None else label for label in labels)
    if ends_in_a_number(host):
        return serialize_ipv4(host)
    return host if is_web_host(host) else None
