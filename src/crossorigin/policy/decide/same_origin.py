"""Detection of same-origin requests among those that a policy refuses.

Browsers send `Origin` to their own server too, with every method but GET and HEAD and with every WebSocket handshake,
so an origin that no policy lists may be the server's own: https://fetch.spec.whatwg.org/#origin-header. The check runs
for every refused request, so the length of a value is checked before the value is compared.
"""

from __future__ import annotations

from crossorigin.fetch.origin import DEFAULT_PORTS, MAX_ORIGIN, parse_origin_bytes
from crossorigin.policy.decide.decisions import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossorigin.policy.decide.request_facts import RequestFacts

# With these reasons, the `Origin` line was found to be a valid origin.
_NOT_LISTED, _NOT_LIVE = Reason.ORIGIN_NOT_LISTED, Reason.ORIGIN_NOT_LIVE
_DEFAULT_PORTS = {scheme.encode(): f":{port}".encode() for scheme, port in DEFAULT_PORTS.items()}


def is_same_origin(request: RequestFacts, reason: Reason | None = None) -> bool:
    """Return whether a request came from a page of the origin that it is sent to.

    A request with one `Sec-Fetch-Site` line is same-origin if the line is `same-origin`. Without such a line, it is
    same-origin if its one `Origin` is an http or https origin with the host and port of its one `Host` line. They are
    compared without case, and the default port of the origin's scheme may be omitted. Any other request is not
    same-origin. With the `reason` of a decision on the origin, a valid origin is not parsed again.

    The result replaces neither a check of `Host` nor CSRF tokens, because three things are invisible to it:

    - The scheme: `Host` does not contain it, and a server behind a proxy does not know it. Without `Sec-Fetch-Site`, a
      page of `http://app.example.com` that calls `https://app.example.com` counts as same-origin.
    - A `Host` changed by a proxy: without `Sec-Fetch-Site`, the server's own pages are then not same-origin.
    - DNS rebinding: an attacker's name that resolves to this server is same-origin with itself, by either header.

    https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header

    >>> from crossorigin.policy.decide.request_facts import RequestFacts
    >>> is_same_origin(RequestFacts(origin=[b"https://app.example.com"], host=[b"app.example.com"]))
    True
    >>> is_same_origin(RequestFacts(origin=[b"https://app.example.com"], sec_fetch_site=[b"cross-site"]))
    False
    """
    if request.sec_fetch_site:
        return says_same_origin(request.sec_fetch_site)
    return has_host_of_origin(request.origin, request.host, reason)


def says_same_origin(sec_fetch_site: Sequence[bytes]) -> bool:
    """Return whether the lines of `Sec-Fetch-Site` say that a request is same-origin."""
    return len(sec_fetch_site) == 1 and sec_fetch_site[0] == b"same-origin"


def has_host_of_origin(origin: Sequence[bytes], host: Sequence[bytes], reason: Reason | None = None) -> bool:
    """Return whether the one `Origin` line is a web origin at the host and port of the one `Host` line."""
    if len(host) != 1 or len(origin) != 1:
        return False
    return _is_at(origin[0], host[0], is_valid=reason is _NOT_LISTED or reason is _NOT_LIVE)


def _is_at(origin: bytes, host: bytes, *, is_valid: bool) -> bool:
    """Return whether an `Origin` line names the host and port of a `Host` line."""
    if len(origin) > MAX_ORIGIN or len(host) > MAX_ORIGIN:
        return False
    scheme, _, authority = origin.partition(b"://")
    # An origin of any other scheme is never the origin of a web server.
    default_port = _DEFAULT_PORTS.get(scheme)
    if default_port is None:
        return False
    host = host.lower()
    if host == authority:
        return is_valid or parse_origin_bytes(origin) is not None
    if host != authority + default_port:
        return False
    parsed = parse_origin_bytes(origin)
    return parsed is not None and parsed.port is None
