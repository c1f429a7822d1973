"""Look-ups find the entry that is nearest to a refused origin, and the difference is described correctly."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import Policy
from crossorigin.fetch.origin import Origin, parse_origin
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.explain.nearest import MAX_COMPARED, MAX_IN_TABLE, Nearest
from crossorigin.policy.pattern import ANY_PORT, parse_pattern
from tests.example_counts import ExampleCounts
from tests.meta.docs.documents import ROOT, rows_of
from tests.properties.counting import steps_of


def nearest(origin: str, *listed: str, regex: str | None = None) -> tuple[str, str] | None:
    """Return what a policy has near an origin."""
    return Nearest(Policy(allow_origins=listed, allow_origin_regex=regex)).find(parsed(origin))


def parsed(text: str) -> Origin:
    """Return the parsed origin of a text."""
    origin = parse_origin(text)
    assert origin is not None
    return origin


DIFFERENCES = [
    ("https://app.example.com", "http://app.example.com", "the scheme differs"),
    ("capacitor://localhost", "http://localhost", "the scheme differs"),
    ("https://app.example.com", "https://app.example.com:8443", "the port differs"),
    ("http://localhost:8000", "http://localhost", "the port differs"),
    ("http://[::1]:8000", "http://[::1]:3000", "the port differs"),
    ("http://[::1]", "http://[::1]:3000", "the port differs"),
    ("https://app.example.com", "http://app.example.com:8000", "the scheme and the port differ"),
    ("http://localhost:*", "https://localhost:8000", "the scheme differs"),
    ("https://app.example.com", "https://app.example.com.", "the final dot differs"),
    ("https://app.example.com.", "https://app.example.com", "the final dot differs"),
    ("https://app.example.com", "http://app.example.com.:1", "the scheme and the final dot and the port differ"),
    ("https://*.example.com", "http://app.example.com", "the scheme differs"),
    ("https://*.example.com", "https://a.b.example.com:8443", "the port differs"),
    ("https://*.example.com:*", "https://a.b.example.com.:8443", "the final dot differs"),
    (
        "https://*.example.com",
        "https://example.com",
        "*.example.com matches the subdomains of example.com, but not example.com itself",
    ),
    (
        "https://*.example.com:8443",
        "https://example.com",
        "*.example.com matches the subdomains of example.com, but not example.com itself, and the port differs",
    ),
    (
        "https://example.com",
        "https://app.example.com",
        "a listed host does not cover its subdomains; https://*.example.com would",
    ),
    (
        "https://example.com",
        "http://a.b.example.com",
        "a listed host does not cover its subdomains, and the scheme differs",
    ),
    ("https://www.example.com", "https://example.com", "the refused host has no www. prefix"),
    ("http://localhost:3000", "http://127.0.0.1:3000", "browsers treat localhost and 127.0.0.1 as different hosts"),
    ("http://127.0.0.1:3000", "http://[::1]:3000", "browsers treat 127.0.0.1 and [::1] as different hosts"),
    (
        "http://[::1]:3000",
        "http://localhost",
        "browsers treat [::1] and localhost as different hosts, and the port differs",
    ),
]
MANY = [f"https://tenant-{number}.example.org" for number in range(MAX_IN_TABLE)]


@pytest.mark.parametrize(("listed", "origin", "differs"), DIFFERENCES)
def test_what_differs_is_said(listed: str, origin: str, differs: str) -> None:
    """For one entry and a similar origin, the text is as expected."""
    assert nearest(origin, "https://unrelated.example", listed) == (listed, differs)


@pytest.mark.parametrize(("listed", "origin", "differs"), [row for row in DIFFERENCES if "capacitor" not in row[0]])
def test_a_long_list_has_the_same_differences(listed: str, origin: str, differs: str) -> None:
    """Without a table, an entry with a frequent port and a web scheme is found, with the same text."""
    assert nearest(origin, *MANY, listed) == (listed, differs)


def test_a_long_list_leaves_out_what_is_rare() -> None:
    """Without a table, an entry with a rare port or scheme is not found for another one."""
    for listed in ("http://localhost:1", "capacitor://localhost"):
        assert nearest("http://localhost", *MANY[1:], listed) is not None
        assert nearest("http://localhost", *MANY, listed) is None


@pytest.mark.parametrize("row", rows_of(ROOT / "docs" / "logging.md", "Allowed"), ids=lambda row: row["Refused"])
def test_the_documents_show_what_is_said(row: dict[str, str]) -> None:
    """Each row of the table has the text for it."""
    allowed, refused, told = row.values()
    assert nearest(refused, allowed) == (allowed, told)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://evil.example",
        "https://example.com.evil.example",
        "https://evilexample.com",
        "https://com",
        "http://127.0.0.2",
    ],
)
def test_an_untrusted_origin_is_near_nothing(origin: str) -> None:
    """The text about a host that only resembles a listed one does not mention the listed one."""
    listed = ["https://example.com", "https://*.example.com", "https://*.www.evil.example", "http://localhost", "null"]
    assert nearest(origin, *listed) is None


def test_an_origin_that_is_listed_has_nothing_near() -> None:
    """There is no difference to describe."""
    assert nearest("https://a.example", "https://a.example") is None
    assert nearest("https://b.a.example", "https://*.a.example") is None


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (["https://a.example:8443", "https://a.example", "http://a.example:1"], "https://a.example"),
        (["https://a.example:8443", "https://a.example:9443"], "https://a.example:8443"),
        (["https://*.example", "https://a.example:8443"], "https://a.example:8443"),
        (["http://www.a.example", "http://example"], "http://example"),
        (["http://*.example:1", "http://example"], "http://*.example:1"),
    ],
)
def test_of_several_the_nearest_is_reported(listed: list[str], found: str) -> None:
    """The same host comes first, then fewer differences, then the order of the list."""
    told = nearest("http://a.example", *listed)
    assert told is not None
    assert told[0] == found


@pytest.mark.parametrize(
    ("origin", "found"),
    [
        ("http://a.example.com", ("https://a.example.com", "the scheme differs")),
        ("https://a.example.com:8443", ("https://a.example.com", "the port differs")),
        ("http://a.example.com:8443", ("https://a.example.com", "the scheme and the port differ")),
        ("https://a.example.com.", ("https://a.example.com", "the final dot differs")),
        ("capacitor://a.example.com", ("https://a.example.com", "the scheme differs")),
        ("https://a.example.net", None),
    ],
)
def test_a_neighbor_that_the_expression_matches_is_found(origin: str, found: tuple[str, str] | None) -> None:
    """With a regular expression, the result is an origin that it matches, not the expression."""
    assert nearest(origin, regex=r"https://[a-z]+\.example\.com") == found


def test_a_neighbor_is_reported_with_its_port() -> None:
    """It is exactly the origin that the expression matches."""
    told = nearest("https://a.example:8443", regex=r"http://[a-z]+\.example:8443")
    assert told == ("http://a.example:8443", "the scheme differs")


def test_the_list_goes_before_the_expression() -> None:
    """Listed origins come first, because they are visible in the policy."""
    told = nearest("http://a.example", "https://a.example:1", regex=r"https://a\.example")
    assert told == ("https://a.example:1", "the scheme and the port differ")


_hosts = ["example.com", "app.example.com", "www.example.com", "localhost", "127.0.0.1", "[::1]", "evil.example"]
_origins = st.builds(
    "{}://{}{}".format, st.sampled_from(["http", "https"]), st.sampled_from(_hosts), st.sampled_from(["", ":8000"])
)
_patterns = _origins | st.sampled_from(["https://*.example.com", "http://localhost:*", "https://*.example.com:*"])


def test_what_is_reported_is_true() -> None:
    """The entry is listed, and the origin matches after the described difference is removed."""
    counts = ExampleCounts()

    @given(st.lists(_patterns, max_size=6), _origins)
    def holds(listed: list[str], text: str) -> None:
        origin = parsed(text)
        refused = not OriginMatcher(listed).allows(text.encode())
        found = Nearest(Policy(allow_origins=sorted(set(listed)))).find(origin) if refused else None
        hosts = {pattern.host for pattern in map(parse_pattern, listed) if pattern}
        assert found is not None or not refused or origin.host not in hosts
        counts.count(found=found is not None, refused=refused)
        if found is None:
            return
        pattern = parse_pattern(found[0])
        assert found[0] in listed
        assert pattern is not None
        repaired = origin
        if "the scheme" in found[1]:
            repaired = replace(repaired, scheme=pattern.scheme)
        if "the port" in found[1]:
            assert pattern.port != ANY_PORT
            repaired = Origin(repaired.scheme, repaired.host, None if pattern.port is None else int(pattern.port))
        assert (str(repaired) != text) is (re.search(r"\bdiffers?\b", found[1]) is not None)
        told_of_host = any(word in found[1] for word in ("subdomains", "different hosts", "www."))
        assert OriginMatcher([found[0]]).allows(str(repaired).encode()) is not told_of_host

    holds()
    counts.require(found=0.2, refused=0.3)


@pytest.mark.parametrize("counts", [(10, MAX_IN_TABLE), (MAX_IN_TABLE + 1, 5 * MAX_IN_TABLE)])
def test_looking_takes_as_long_in_a_long_list(counts: tuple[int, int]) -> None:
    """The number of steps does not depend on the size of the policy."""
    few, many = (Nearest(Policy(allow_origins=[f"https://t{n}.example" for n in range(count)])) for count in counts)
    for text in ("http://t7.example", "https://evil.example.net", f"https://{'a.' * 120}example"):
        origin = parsed(text)
        assert many.find(origin) == few.find(origin)
        assert steps_of(lambda origin=origin: many.find(origin)) == steps_of(lambda origin=origin: few.find(origin))


def test_a_long_list_is_not_read_for_the_first_refusal() -> None:
    """The number of steps of the first search does not depend on the size of the policy."""
    origin = parsed(f"http://{'a.' * 120}t7.example")
    few, many = (
        Policy(allow_origins=[f"https://t{n}.example" for n in range(count)])
        for count in (MAX_IN_TABLE + 1, 20 * MAX_IN_TABLE)
    )
    assert steps_of(lambda: Nearest(few).find(origin)) == steps_of(lambda: Nearest(many).find(origin))


def test_many_ports_of_one_host_are_not_all_compared() -> None:
    """Above a number of entries for one host, more entries take no more steps, and one of the host is still found."""
    few, many = (
        Nearest(Policy(allow_origins=[f"http://localhost:{port}" for port in range(3000, 3000 + count)]))
        for count in (MAX_COMPARED, 10 * MAX_COMPARED)
    )
    origin = parsed("http://localhost:2999")
    assert few.find(origin) == many.find(origin) == ("http://localhost:3000", "the port differs")
    assert steps_of(lambda: few.find(origin)) == steps_of(lambda: many.find(origin))
    last = Policy(
        allow_origins=[f"https://localhost:{port}" for port in range(1, MAX_COMPARED)] + ["http://localhost:9"]
    )
    assert Nearest(last).find(parsed("http://localhost")) == ("http://localhost:9", "the port differs")
