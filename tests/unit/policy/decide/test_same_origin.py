"""Requests of the server's own pages are recognized, and those of other pages are not."""

from collections.abc import Callable

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin.adapters.asgi.headers import read_facts
from crossorigin.fetch.origin import MAX_ORIGIN, parse_origin_bytes
from crossorigin.policy.decide.request_facts import RequestFacts
from crossorigin.policy.decide.same_origin import is_same_origin
from tests.example_counts import ExampleCounts
from tests.properties.counting import Watched

ORIGIN = b"https://app.example.com"
HOST = (b"host", b"app.example.com")


def facts(origin: list[bytes], headers: list[tuple[bytes, bytes]]) -> RequestFacts:
    """The facts of a request with these `Origin` lines, and these other headers."""
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    return read_facts(scope)._replace(origin=origin)


def site(value: bytes) -> tuple[bytes, bytes]:
    """The line of `Sec-Fetch-Site`."""
    return (b"sec-fetch-site", value)


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        pytest.param([b"https://evil.example"], [site(b"same-origin"), HOST], id="the browser says so"),
        pytest.param([b"null"], [site(b"same-origin"), HOST], id="a page without a referrer, in two engines"),
        pytest.param([ORIGIN], [(b"accept", b"*/*"), HOST, (b"cache-control", b"no-cache")], id="the host"),
        pytest.param([ORIGIN], [(b"host", b"APP.Example.COM")], id="the host in another case"),
        pytest.param([ORIGIN], [(b"host", b"app.example.com:443")], id="the default port written out"),
        pytest.param([b"http://app.example.com"], [(b"host", b"app.example.com:80")], id="the one of http"),
        pytest.param([b"http://app.example.com"], [HOST], id="a scheme that Host does not tell"),
        pytest.param([b"http://localhost:8000"], [(b"host", b"localhost:8000")], id="a port"),
        pytest.param([b"http://[::1]:8000"], [(b"host", b"[::1]:8000")], id="an address with a port"),
        pytest.param([b"http://[2001:db8::a]"], [(b"host", b"[2001:DB8::A]")], id="an address in another case"),
        pytest.param([b"http://[::1]"], [(b"host", b"[::1]:80")], id="an address with the default port"),
        pytest.param([b"https://app.example.com."], [(b"host", b"app.example.com.")], id="a final dot"),
    ],
)
def test_a_page_of_the_server_is_of_the_same_origin(origin: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    """`Sec-Fetch-Site` counts first. Without it, Origin and Host are compared."""
    assert is_same_origin(facts(origin, headers))


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        pytest.param([ORIGIN], [site(b"cross-site"), HOST], id="another site"),
        pytest.param([ORIGIN], [site(b"same-site"), HOST], id="the same site"),
        pytest.param([ORIGIN], [site(b"none"), HOST], id="no site"),
        pytest.param([ORIGIN], [site(b""), HOST], id="an empty word"),
        pytest.param([ORIGIN], [site(b"Same-Origin"), HOST], id="a word no browser spells so"),
        pytest.param([ORIGIN], [site(b"same-origin"), site(b"same-origin"), HOST], id="two words"),
        pytest.param([ORIGIN], [site(b"cross-site"), site(b"same-origin"), HOST], id="two different words"),
        pytest.param([ORIGIN], [(b"sec-fetch-mode", b"same-origin"), (b"accept", b"x")], id="another field"),
        pytest.param([ORIGIN], [], id="no Host"),
        pytest.param([ORIGIN], [(b"from", b"app.example.com")], id="another field as long as Host"),
        pytest.param([ORIGIN], [HOST, HOST], id="two Hosts"),
        pytest.param([], [HOST], id="no Origin"),
        pytest.param([ORIGIN, ORIGIN], [HOST], id="two Origins"),
        pytest.param([b"null"], [(b"host", b"null")], id="an opaque origin"),
        pytest.param([b""], [(b"host", b"")], id="nothing"),
        pytest.param([b"https://"], [(b"host", b"")], id="no host on either side"),
        pytest.param([b"https://app.example.com/"], [(b"host", b"app.example.com/")], id="a path on both sides"),
        pytest.param([b"https://a_b@c"], [(b"host", b"a_b@c")], id="userinfo on both sides"),
        pytest.param([b"https://APP.example.com"], [HOST], id="an Origin that no browser sends"),
        pytest.param([b"https://app.example.com:443"], [(b"host", b"app.example.com:443")], id="a default port in it"),
        pytest.param([ORIGIN], [(b"host", b"app.example.com:80")], id="the default port of the other scheme"),
        pytest.param([ORIGIN], [(b"host", b"app.example.com:8443")], id="another port"),
        pytest.param([b"https://app.example.com:8443"], [HOST], id="a port that Host lacks"),
        pytest.param([b"https://app.example.com:8443"], [(b"host", b"app.example.com:8443:443")], id="two ports"),
        pytest.param([b"https://a..b"], [(b"host", b"a..b:443")], id="no host, with a port"),
        pytest.param([ORIGIN], [(b"host", b"example.com")], id="the host above"),
        pytest.param([ORIGIN], [(b"host", b"evil.app.example.com")], id="a host below"),
        pytest.param([ORIGIN], [(b"host", b"app.example.com.")], id="a final dot in Host"),
        pytest.param([b"tauri://localhost"], [(b"host", b"localhost")], id="a scheme that no server is called by"),
        pytest.param([b"http://[::1]"], [(b"host", b"::1")], id="an address without brackets"),
    ],
)
def test_nothing_else_is(origin: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    """Another value, a duplicate line, a malformed Origin, and another host or port are not same-origin."""
    assert not is_same_origin(facts(origin, headers))


_schemes = st.sampled_from(["http", "https"])
_hosts = st.sampled_from(["app.example.com", "example.com", "localhost", "127.0.0.1", "[::1]", "[2001:db8::a]", "a."])
_ports = st.sampled_from(["", "", "", ":80", ":443", ":8000"])
_authorities = st.tuples(_hosts, _ports)
_spellings = st.sampled_from([str.lower, str.lower, str.upper, str.title])


def test_without_the_browsers_word_it_agrees_with_the_url_standard() -> None:
    """Without Sec-Fetch-Site, they are same-origin if the URL of Origin's scheme and of Host has this origin."""
    counts = ExampleCounts()

    @given(_schemes, _authorities, st.none() | _ports, st.none() | _authorities, _spellings)
    def agrees(
        scheme: str,
        named: tuple[str, str],
        port: str | None,
        other: tuple[str, str] | None,
        spell: Callable[[str], str],
    ) -> None:
        origin = f"{scheme}://{''.join(named)}"
        value = spell("".join(other or (named[0], named[1] if port is None else port)))
        expected = ada_url.URL(origin).origin == origin == ada_url.URL(f"{scheme}://{value}").origin
        counts.count(same=expected, other=not expected)
        assert is_same_origin(RequestFacts(origin=[origin.encode()], host=[value.encode()])) is expected

    agrees()
    counts.require(same=0.1, other=0.2)


_values = st.sampled_from([ORIGIN, b"null", b"app.example.com", b"same-origin", b"https://a:b", b"\xff"]) | st.binary()
_names = st.sampled_from([b"host", b"sec-fetch-site", b"accept", b"HOST"]) | st.binary(max_size=14)


@given(st.lists(_values, max_size=2), st.lists(st.tuples(_names, _values), max_size=4))
def test_any_bytes_have_an_answer(origin: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    """Nothing raises. Without Sec-Fetch-Site, a same-origin request has one Host and one valid origin."""
    sites = [value for name, value in headers if name == b"sec-fetch-site"]
    same = is_same_origin(facts(origin, headers))
    if sites:
        assert same is (sites == [b"same-origin"])
    elif same:
        assert parse_origin_bytes(origin[0]) is not None
        assert [name for name, _ in headers].count(b"host") == len(origin) == 1


@pytest.mark.parametrize("field", [b"host", b"sec-fetch-site", b"origin"])
def test_what_is_too_long_is_not_looked_at(field: bytes) -> None:
    """A megabyte in any of the three is measured, and not read."""
    endless = Watched(b"a" * 10**6)
    given_lines = {b"host": [b"app.example.com"], b"origin": [ORIGIN], b"sec-fetch-site": []} | {field: [endless]}
    origin = given_lines.pop(b"origin")
    headers = [(name, value) for name, values in given_lines.items() for value in values]
    assert not is_same_origin(facts(origin, headers))
    assert endless.done == []


def test_what_has_the_greatest_length_is_looked_at() -> None:
    """The limit is that of an origin, so every valid Origin and Host is read."""
    for length in (MAX_ORIGIN, MAX_ORIGIN + 1):
        origin, host = Watched(b"a" * length), Watched(b"a" * length)
        assert not is_same_origin(facts([origin], [HOST]))
        assert not is_same_origin(RequestFacts(origin=[ORIGIN], host=[host]))
        assert bool(origin.done) is bool(host.done) is (length == MAX_ORIGIN)
