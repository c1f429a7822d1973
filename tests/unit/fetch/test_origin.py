"""Origins are accepted in the form that browsers send, and in no other."""

import ada_url
import pytest
from hypothesis import given

from crossorigin.fetch.origin import DEFAULT_PORTS, MAX_ORIGIN, OPAQUE_ORIGIN, Origin, parse_origin, parse_origin_bytes
from tests.example_counts import ExampleCounts
from tests.unit.fetch.strategies import near_misses, origin_texts, web_origin_texts

LONGEST_HOST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
assert len(LONGEST_HOST) == 253

# What a page is served from, and what browsers were seen to send for it.
PAGES = [
    ("http://localhost:80/", "http://localhost"),
    ("http://APP2.LOCALHOST:8000/", "http://app2.localhost:8000"),
    ("http://bücher.localhost:8000/", "http://xn--bcher-kva.localhost:8000"),
    ("http://0x7f.1:8000/", "http://127.0.0.1:8000"),
    ("http://[0:0::0001]:8000/", "http://[::1]:8000"),
    ("http://[::ffff:127.0.0.1]:8000/", "http://[::ffff:7f00:1]:8000"),
    ("http://foo_bar.localhost:8000/", "http://foo_bar.localhost:8000"),
    ("http://a-.localhost:8000/", "http://a-.localhost:8000"),
    ("http://localhost.:8000/", "http://localhost.:8000"),
]

ACCEPTED = [
    ("https://app.example.com", Origin("https", "app.example.com")),
    ("https://app.example.com:8443", Origin("https", "app.example.com", 8443)),
    ("https://a", Origin("https", "a")),
    ("https://-", Origin("https", "-")),
    ("https://-a-.example", Origin("https", "-a-.example")),
    ("https://_dmarc.example", Origin("https", "_dmarc.example")),
    ("https://example.com.", Origin("https", "example.com.")),
    ("https://xn--bcher-kva.example", Origin("https", "xn--bcher-kva.example")),
    ("https://a.xn--fa-hia.de:1", Origin("https", "a.xn--fa-hia.de", 1)),
    ("http://a.xn--.b-xn--a", None),
    ("http://localhost:443", Origin("http", "localhost", 443)),
    ("https://localhost:80", Origin("https", "localhost", 80)),
    ("http://127.0.0.1:65535", Origin("http", "127.0.0.1", 65535)),
    ("http://0.0.0.0", Origin("http", "0.0.0.0")),  # This is an address of a test, to which nothing is bound.
    ("http://255.255.255.255", Origin("http", "255.255.255.255")),
    ("http://1a.2", None),
    ("http://1.2a", Origin("http", "1.2a")),
    ("http://0xg", Origin("http", "0xg")),
    ("http://[::1]:3000", Origin("http", "[::1]", 3000)),
    ("http://[::]", Origin("http", "[::]")),
    ("http://[2001:db8::1:0:0:1]", Origin("http", "[2001:db8::1:0:0:1]")),
    ("http://[1:2:3:4:5:6:7:8]", Origin("http", "[1:2:3:4:5:6:7:8]")),
    ("http://[1:0:3:4:5:6:7:8]", Origin("http", "[1:0:3:4:5:6:7:8]")),
    ("tauri://localhost", Origin("tauri", "localhost")),
    ("capacitor://localhost", Origin("capacitor", "localhost")),
    (
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        Origin("chrome-extension", "abcdefghijklmnopabcdefghijklmnop"),
    ),
    (
        "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
        Origin("moz-extension", "2c127fa4-62c7-7e4f-90e5-472b45eecfdc"),
    ),
    ("app+x.y-z1://host:80", Origin("app+x.y-z1", "host", 80)),
    # The IPv4 rules apply to http and https only.
    ("app://1.2.3", Origin("app", "1.2.3")),
    # Electron's pages: Chromium serializes the host of a standard scheme as it is.
    ("app://.", Origin("app", ".")),
    ("app://.:8080", Origin("app", ".", 8080)),
    ("app://256.256.256.256", Origin("app", "256.256.256.256")),
    ("app://0x7f", Origin("app", "0x7f")),
    ("app://xn--a", Origin("app", "xn--a")),
    ("app://[::1]", Origin("app", "[::1]")),
    # Electron's pages of a registered scheme.
    ("app://.", Origin("app", ".")),
    ("app://.:80", Origin("app", ".", 80)),
]

REFUSED = [
    "",
    "null",
    "NULL",
    "*",
    "https",
    "https:",
    "https://",
    "https:/a.example",
    "https:a.example",
    "//a.example",
    "a.example",
    "://a.example",
    "1https://a.example",
    "-https://a.example",
    "HTTPS://a.example",
    "https://A.example",
    "https://a.example/",
    "https://a.example\\",
    "https://a.example/path",
    "https://a.example?",
    "https://a.example#",
    "https://user@a.example",
    "https://user:pw@a.example",
    "https://@a.example",
    " https://a.example",
    "https://a.example ",
    "https://a.example\n",
    "https://a.example:8443\n",
    "https://[::1]\n",
    "https://a\t.example",
    "https://a.example\0",
    "https://a..b",
    "https://.a",
    "https://.",
    "http://.:80",
    "app://..",
    "app://.a",
    "app://",
    "https://a.example..",
    "https://a.example:",
    "https://a.example:0",
    "https://a.example:00",
    "https://a.example:080",
    "https://a.example:8O",
    "https://a.example:+80",
    "https://a.example:-1",
    "https://a.example:65536",
    "https://a.example:99999",
    "https://a.example:100000",
    "https://a.example:443",
    "http://a.example:80",
    "http://[::1]:80",
    "https://a.example:*",
    "https://*.example",
    "https://a.example,https://b.example",
    "https://a.example https://b.example",
    "https://bücher.example",
    "https://b\u0131cher.example",
    "https://a\u3002example",
    "https://a.example:\u0661",
    "https://\ud800.example",
    "https://%61.example",
    "http://1",
    "http://1.2.3",
    "http://1.2.3.4.5",
    "http://1.2.3.4.",
    "http://01.2.3.4",
    "http://1.2.3.04",
    "http://1.2.3.256",
    "http://256.1.1.1",
    "http://0x7f.0.0.1",
    "http://0x",
    "http://a.0x",
    "http://a.1",
    "http://a.1.",
    "http://2130706433",
    "http://a.example.09",
    "http://xn--",
    "http://xn--a",
    "http://xn--abc-",
    "http://xn--b\u00fccher",
    "http://xn--BCHER-KVA",
    "http://xn--99999999999",
    # Decodes to a capital letter, which would have been written otherwise.
    "http://xn--Bcher-kva",
    "http://xn--bcher-4oa",
    "http://[]",
    "http://[",
    "http://[::1",
    "http://::1",
    "http://::1]",
    "http://[::1]]",
    "http://[[::1]]",
    "http://[::1]a",
    "http://a[::1]",
    "http://[::1%25eth0]",
    "http://[::1%1]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::0001]",
    "http://[0::1]",
    "http://[::A]",
    "http://[::ffff:127.0.0.1]",
    "http://[1::2::3]",
    "http://[1:::2]",
    "http://[:1]",
    "http://[1:2:3:4:5:6:7]",
    "http://[1:2:3:4:5:6:7:8:9]",
    "http://[1:2:3:4:5:6:7::]",
    "http://[1:0:0:4:0:0:0:8]",
    "http://[::12345]",
    "http://[v1.a]",
    "http://[1.2.3.4]",
]


@pytest.mark.parametrize(("page", "sent"), PAGES)
def test_what_browsers_were_seen_to_send_is_an_origin(page: str, sent: str) -> None:
    """Each origin that a browser sent is read and written back byte for byte; the page's own address is none."""
    assert str(parse_origin(sent)) == sent
    assert parse_origin(page) is None
    assert parse_origin(page.removesuffix("/")) is None or page == f"{sent}/"


@pytest.mark.parametrize(("text", "origin"), [case for case in ACCEPTED if case[1]])
def test_an_origin_is_read_into_its_parts(text: str, origin: Origin) -> None:
    """A serialized origin parses to scheme, host and port, as text and as bytes, and serializes to itself."""
    assert parse_origin(text) == origin
    assert parse_origin_bytes(text.encode()) == origin
    assert str(origin) == text


@pytest.mark.parametrize("text", [*REFUSED, *(text for text, origin in ACCEPTED if origin is None)], ids=ascii)
def test_nothing_else_is_an_origin(text: str) -> None:
    """A text that no browser sends as an origin parses to None, and so do its bytes."""
    assert parse_origin(text) is None
    assert parse_origin_bytes(text.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize(
    "value", [b"https://b\xfccher.example", b"https://b\xc3\xbccher.example", b"\xff", b"https://a.example\xa0"]
)
def test_bytes_beyond_ascii_are_no_origin(value: bytes) -> None:
    """They are refused in any encoding."""
    assert parse_origin_bytes(value) is None


def test_null_is_no_tuple_origin_and_has_one_spelling() -> None:
    """`null` parses to nothing; it is compared by its name."""
    assert OPAQUE_ORIGIN == "null"
    assert parse_origin(OPAQUE_ORIGIN) is None
    assert parse_origin_bytes(b"null") is None


@pytest.mark.parametrize(
    ("longest", "too_long"),
    [
        ("s" * 64 + "://a", "s" * 65 + "://a"),
        ("https://" + "a" * 63 + ".com", "https://" + "a" * 64 + ".com"),
        ("https://a." + "b" * 63, "https://a." + "b" * 64),
        (f"https://{LONGEST_HOST}", f"https://{LONGEST_HOST}d"),
        (f"https://{LONGEST_HOST}.", f"https://{LONGEST_HOST}d."),
        ("http://a:65535", "http://a:65536"),
        ("http://a:1", "http://a:0"),
        ("http://[1111:2222:3333:4444:5555:6666:7777:8888]", "http://[1111:2222:3333:4444:5555:6666:7777:88888]"),
        ("s" * 64 + f"://{LONGEST_HOST}:65535", "s" * 64 + f"://{LONGEST_HOST}.:65535"),
    ],
    ids=["scheme", "label", "last label", "host", "host with final dot", "port", "lowest port", "IPv6", "whole"],
)
def test_each_limit_holds_to_the_letter(longest: str, too_long: str) -> None:
    """The longest of its kind is an origin, and one more is none."""
    assert str(parse_origin(longest)) == longest
    assert parse_origin_bytes(longest.encode()) == parse_origin(longest)
    assert parse_origin(too_long) is None
    assert parse_origin_bytes(too_long.encode()) is None


def test_the_longest_origin_has_the_stated_length() -> None:
    """326 bytes are 64 of scheme, 253 of host and 5 of port, with the separators between them."""
    assert MAX_ORIGIN == 326 == len("s" * 64 + f"://{LONGEST_HOST}:65535")


def test_default_ports_are_those_of_the_schemes_pages_have() -> None:
    """The default port of http and https is omitted. Other schemes have none."""
    assert DEFAULT_PORTS == {"http": 80, "https": 443}


def test_reading_and_writing_an_origin_is_a_round_trip() -> None:
    """What parses serializes to the same text, and parses from it to the same origin."""
    counts = ExampleCounts()

    @given(near_misses())
    def law(text: str) -> None:
        origin = parse_origin(text)
        counts.count(positive=origin is not None)
        assert parse_origin_bytes(text.encode()) == origin
        if origin is not None:
            assert str(origin) == text
            assert parse_origin(str(origin)) == origin

    law()
    counts.require(positive=0.2)


@given(origin_texts)
def test_no_origin_has_a_second_spelling(text: str) -> None:
    """Upper case, a final slash, a final line feed and white space never make an origin of an origin."""
    for spelled in (text.upper(), f"{text}/", f"{text}\n", f" {text}", f"{text}\0"):
        assert parse_origin(spelled) is None


def test_every_web_origin_is_its_own_origin_to_an_independent_parser() -> None:
    """An accepted http or https origin is one for an independent parser of the URL standard too."""
    counts = ExampleCounts()

    @given(near_misses(web_origin_texts))
    def law(text: str) -> None:
        origin = parse_origin(text)
        accepted = origin is not None and origin.scheme in DEFAULT_PORTS
        counts.count(positive=accepted)
        if accepted:
            assert ada_url.URL(text).origin == text

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize("text", [text for text, origin in ACCEPTED if origin and origin.scheme in DEFAULT_PORTS])
def test_each_listed_web_origin_is_one_to_an_independent_parser(text: str) -> None:
    """The independent parser agrees on the accepted examples above."""
    assert ada_url.URL(text).origin == text
