"""Hold the question whether a refused request came from a page of the server's own origin.

Browsers send `Origin` to their own server too, with every method but GET and HEAD and with every WebSocket
handshake, so an origin that no policy lists may be no stranger's: https://fetch.spec.whatwg.org/#origin-header. It
is asked for every request that is refused, so it is one pass over the headers, and compares nothing unmeasured.
"""

from collections.abc import Iterable, Sequence

from crossorigin.fetch.origin import DEFAULT_PORTS, MAX_ORIGIN, parse_origin_bytes

_DEFAULT_PORTS = {scheme.encode(): f":{port}".encode() for scheme, port in DEFAULT_PORTS.items()}


def is_same_origin(origin: Sequence[bytes], headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a request came from a page of the origin that it goes to.

    `origin` are the values of its `Origin` lines; `headers` are all its headers, with their names in lower case, as
    ASGI has them. It is same-origin if its one `Sec-Fetch-Site` line says `same-origin`; without such a line, if its
    one `Origin` is an http or https origin with the host and port of its one `Host` line, compared without case, where
    the default port of the origin's scheme may be written or left out. Anything else is not same-origin.

    What it cannot tell, so that it replaces neither a check of `Host` nor tokens against CSRF:

    - the scheme: `Host` has none, and behind a proxy the server's own says nothing. Without `Sec-Fetch-Site`, a page
      of `http://app.example.com` that calls `https://app.example.com` counts as same-origin.
    - a `Host` that a proxy has changed: without `Sec-Fetch-Site`, the server's own pages are then not same-origin.
    - DNS rebinding: a stranger's name that leads to this server is same-origin with itself, by either header.

    https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header

    >>> is_same_origin([b"https://app.example.com"], [(b"host", b"app.example.com")])
    True
    >>> is_same_origin([b"https://evil.example"], [(b"host", b"app.example.com"), (b"sec-fetch-site", b"cross-site")])
    False
    """
    hosts = sites = 0
    host = site = b""
    for name, value in headers:
        # By its length first, as it costs less than to compare.
        length = len(name)
        if length == 4:  # of `host`
            if name == b"host":
                hosts, host = hosts + 1, value
        elif length == 14 and name == b"sec-fetch-site":  # of itself
            sites, site = sites + 1, value
    if sites:
        return sites == 1 and site == b"same-origin"
    return hosts == 1 and len(origin) == 1 and _is_at(origin[0], host)


def _is_at(origin: bytes, host: bytes) -> bool:
    """Tell whether an `Origin` line names the host and port of a `Host` line."""
    if len(origin) > MAX_ORIGIN or len(host) > MAX_ORIGIN:
        return False
    scheme, _, authority = origin.partition(b"://")
    # Of any other scheme, it is never the origin of a web server.
    default_port = _DEFAULT_PORTS.get(scheme)
    if default_port is None:
        return False
    host = host.lower()
    if host == authority:
        return parse_origin_bytes(origin) is not None
    if host != authority + default_port:
        return False
    parsed = parse_origin_bytes(origin)
    return parsed is not None and parsed.port is None
