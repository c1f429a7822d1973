"""A repaired origin has the host of the original text, however damaged its scheme is."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from crossorigin.policy.check.origin_repair import repair
from tests.example_counts import ExampleCounts
from tests.unit.policy.check.test_origin_repair import spelled_urls, url_like

_SCHEMES = ["http", "https", "HTTP", "Https", "htttp", "htps", "hxxps", "htp", "httpss", "ttps", "ws", "wss"]
_SEPARATORS = ["://", "//", ":/", ":", ".//", ";//", ",//", ": //", " ://", ":////", ":\\\\", "\uff1a//", "", "/"]
_FRONTS = [
    "",
    "",
    "",
    "origin: ",
    "CORS_ORIGIN=",
    "- ",
    "1. ",
    '"',
    "\u201c",
    "'",
    "<",
    "https://",
    "http://",
    "https//",
]
_ENDS = ["", "", "/", ";", ",", '"', "\u201d", "'", ">", "/login", "?x=1", " ", ":"]
_HOSTS = ["app.example.com", "localhost", "www.example.com", "127.0.0.1", "[::1]", "*.example.com", "api", "a.b.c"]
_PORTS = ["", "", ":3000", ":8443"]
_HOST = re.compile(r".*?://(\[.*\]|[^:]*)")


def host_of(origin: str) -> str:
    """Return the host of an origin or a pattern."""
    match = _HOST.match(origin)
    assert match is not None
    return match[1]


def test_a_damaged_scheme_is_never_part_of_the_host() -> None:
    """The only suggested host is the one in the text, with its port; or there is no suggestion."""
    counts = ExampleCounts()
    drawn = [st.sampled_from(texts) for texts in (_FRONTS, _SCHEMES, _SEPARATORS, _HOSTS, _PORTS, _ENDS)]

    @given(st.tuples(*drawn))
    def law(parts: tuple[str, ...]) -> None:
        front, scheme, separator, host, port, end = parts
        # `https://httpapp.example.com` is an origin, and `htttpapp.example.com` a name like any other.
        is_scheme = scheme.lower() in {"http", "https"} and "//" not in front
        between = separator if separator or is_scheme else "://"
        origins = repair(f"{front}{scheme}{between}{host}{port}{end}")
        counts.count(positive=bool(origins))
        assert {host_of(origin) for origin in origins} <= {host}, parts
        assert all(origin.endswith(port) for origin in origins)

    law()
    counts.require(positive=0.2)


def test_the_host_of_a_fix_is_in_the_text() -> None:
    """This holds for any text. The spelling of an address and of a name outside ASCII may change."""
    counts = ExampleCounts()

    @given(url_like | spelled_urls() | spelled_urls())
    def law(text: str) -> None:
        hosts = [host_of(origin) for origin in repair(text) if "://" in origin]
        names = [host for host in hosts if not re.search(r"xn--|\[|[0-9]\.?$", host)]
        written = re.sub(r"[\t\n\r\u00ad]", "", unicodedata.normalize("NFKC", text)).lower().replace("\u3002", ".")
        counts.count(positive=bool(names))
        assert all(host.removeprefix("*.") in written for host in names), (text, names)

    law()
    counts.require(positive=0.1)


def test_two_origins_with_nothing_between_them_are_both_offered() -> None:
    """Python joins two strings without a comma between them. Neither host contains the other's scheme."""
    hosts = st.sampled_from([host for host in _HOSTS if "*" not in host])

    @given(hosts, hosts, st.sampled_from(_PORTS), st.sampled_from(["http://", "https://"]))
    def law(first: str, second: str, port: str, scheme: str) -> None:
        origins = repair(f"http://{first}{port}{scheme}{second}")
        assert origins == tuple(dict.fromkeys([f"http://{first}{port}", f"{scheme}{second}"]))

    law()
