"""Origins that no server should allow by accident, and what its answers to them show. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from crossorigin.browser import BrowserRequest, HttpRequest, HttpResponse, browse
from crossorigin.browser.check import text_lines
from crossorigin.doctor.detect import ALLOW_ORIGIN
from crossorigin.doctor.findings import Finding, FindingCode
from crossorigin.fetch.methods import normalize_method
from crossorigin.fetch.origin import OPAQUE_ORIGIN, parse_origin
from crossorigin.policy.check.public_suffix import is_private, registrable_domain

_NOBODY = "crossorigin-probe.invalid"
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOrigin:
    """An origin, the finding if it is allowed, and how it resembles the page's."""

    origin: str
    code: FindingCode
    likeness: str


def probe_origins(origin: str) -> Iterator[ProbeOrigin]:
    """Yield an unrelated origin, `null`, and origins that look like the page's `origin`.

    >>> [probe.origin for probe in probe_origins("https://app.example.com")][3:]
    ['https://crossorigin-probeexample.com', 'https://appxexample.com', 'http://app.example.com']
    """
    yield ProbeOrigin(
        origin=f"https://{_NOBODY}", code=FindingCode.ANY_ORIGIN_REFLECTED, likeness="an unrelated origin"
    )
    if origin != OPAQUE_ORIGIN:
        yield ProbeOrigin(origin=OPAQUE_ORIGIN, code=FindingCode.NULL_ORIGIN_ALLOWED, likeness="an opaque origin")
    page = parse_origin(origin)
    if page is None:
        return
    port = "" if page.port is None else f":{page.port}"
    likes = [(f"{page.scheme}://{host}{port}", likeness) for host, likeness in _look_alikes(page.host)]
    if page.scheme == "https":
        likes.append((f"http://{page.host}{port}", "the page's host without TLS"))
    for like, likeness in likes:
        yield ProbeOrigin(origin=like, code=FindingCode.LOOKALIKE_ORIGIN_ALLOWED, likeness=likeness)


def _look_alikes(host: str) -> Iterator[tuple[str, str]]:
    """Yield hosts that a partial comparison takes for `host`."""
    name = host.removesuffix(".")
    if not name or name.startswith("["):  # the host of `app://.`, or an IPv6 address
        return
    yield f"{name}.{_NOBODY}", "a name that begins like the page's"
    if _is_address(name) or is_private(name):
        return
    yield f"crossorigin-probe{registrable_domain(name)}", "a name that ends like the page's"
    if name.count(".") > 1:
        yield name.replace(".", "x", 1), "the page's name with a letter in place of a dot"


def probe_request(request: BrowserRequest, probe: ProbeOrigin) -> HttpRequest | None:
    """Return the first request of the probe's page: a preflight, or a request that changes nothing.

    The result is None if nothing is sent.
    """
    # A request with an upload listener needs a preflight, whatever its method.
    asks_first = normalize_method(request.method) not in _SAFE
    asking = replace(request, origin=probe.origin, mode="cors", redirect="follow", upload_listener=asks_first)
    return next(browse(asking), None)


def findings_of(answers: Iterable[tuple[ProbeOrigin, HttpResponse]]) -> tuple[Finding, ...]:
    """Return what the answers show. If every origin is allowed, look-alikes are not reported separately."""
    found: list[Finding] = []
    for probe, response in answers:
        if text_lines(response, ALLOW_ORIGIN) != (probe.origin,):
            continue
        credentials = text_lines(response, "Access-Control-Allow-Credentials") == ("true",)
        how = "with" if credentials else "without"
        detail = f"{probe.origin} is allowed, {how} credentials: it is {probe.likeness}."
        found.append(Finding(code=probe.code, header=ALLOW_ORIGIN, detail=detail))
    any_origin = any(finding.code is FindingCode.ANY_ORIGIN_REFLECTED for finding in found)
    return tuple(found[:1] if any_origin else found)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
