"""Patterns match whole leading labels and any port, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin.fetch.origin import parse_origin
from crossorigin.policy.pattern import ANY_PORT, OriginPattern, can_be_listed, parse_pattern, patterns_of
from tests.example_counts import ExampleCounts
from tests.unit.fetch.strategies import near_misses, origin_texts

LONGEST_BASE = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 59])


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "subdomains"),
    [
        ("https://app.example.com", "https", "app.example.com", None, False),
        ("https://app.example.com:8443", "https", "app.example.com", 8443, False),
        ("https://*.example.com", "https", "example.com", None, True),
        ("https://*.example.com:8443", "https", "example.com", 8443, True),
        ("https://*.example.com:*", "https", "example.com", ANY_PORT, True),
        ("https://*.example.com.", "https", "example.com.", None, True),
        ("https://*.xn--bcher-kva.example", "https", "xn--bcher-kva.example", None, True),
        ("https://*.a", "https", "a", None, True),
        ("http://*.localhost:*", "http", "localhost", ANY_PORT, True),
        ("http://localhost:*", "http", "localhost", ANY_PORT, False),
        ("http://127.0.0.1:*", "http", "127.0.0.1", ANY_PORT, False),
        ("http://[::1]:*", "http", "[::1]", ANY_PORT, False),
        ("http://[::1]", "http", "[::1]", None, False),
        ("http://192.168.*.*:*", "http", "192.168.*.*", ANY_PORT, False),
        ("http://192.168.1.*", "http", "192.168.1.*", None, False),
        ("http://10.*.*.*:3000", "http", "10.*.*.*", 3000, False),
        ("http://172.16.*.*", "http", "172.16.*.*", None, False),
        ("http://172.31.255.*", "http", "172.31.255.*", None, False),
        ("app://.", "app", ".", None, False),
        ("app://.:*", "app", ".", ANY_PORT, False),
        ("tauri://*.localhost", "tauri", "localhost", None, True),
        (f"https://*.{LONGEST_BASE}", "https", f"{LONGEST_BASE}", None, True),
    ],
)
def test_a_pattern_is_read_into_its_parts(text: str, scheme: str, host: str, port: object, subdomains: object) -> None:
    """The wildcard leaves the host, the port may be any, and the text is written back as it was."""
    pattern = parse_pattern(text)
    assert pattern is not None
    assert (pattern.scheme, pattern.host, pattern.port, pattern.subdomains) == (scheme, host, port, subdomains)
    assert (pattern.subdomains or pattern.port == ANY_PORT or "*" in pattern.host) is ("*" in text)
    assert str(pattern) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "https",
        "https://",
        "https://*",
        "https://*:*",
        "https://*.",
        "https://*.:*",
        "https://*..",
        "https://192.168.*.*",
        "app://192.168.*.*",
        "http://192.*.*.*",
        "http://192.168.*",
        "http://192.168.*.1",
        "http://192.168.1*.*",
        "http://192.168.1.*.*",
        "http://192.168.1..*",
        "http://192.168.01.*",
        "http://192.168.256.*",
        "http://172.15.*.*",
        "http://172.32.*.*",
        "http://172.*.*.*",
        "http://100.64.*.*",
        "http://203.0.113.*",
        "http://127.0.0.*",
        "http://*.*.*.*",
        "http://*.192.168.*.*",
        "http://10.0.0.*:80",
        "http://10.0.0.*:80:*",
        "http://10.0.0.*:",
        "http://10.0.0.*:*:*",
        "http://10.0.0.*.",
        "http://10.example.*.*",
        "app://*.",
        "app://*..",
        "https://*.*",
        "https://*.*.example.com",
        "https://**.example.com",
        "https://*example.com",
        "https://*-app.example.com",
        "https://app-*.example.com",
        "https://app.*.example.com",
        "https://app.*",
        "https://example.*",
        "https://.example.com",
        "https://*..example.com",
        "*://example.com",
        "http*://example.com",
        "*.example.com",
        "//*.example.com",
        "https://*.example.com/",
        "https://*.example.com:",
        "https://*.example.com:443",
        "https://*.example.com:0",
        "https://*.example.com:8*",
        "https://*.example.com:**",
        "https://*.example.com:*:*",
        "https://*.example.com:80:*",
        "https://*.example.com:*/",
        "https://*.example.com\n",
        "https://*.example.com:*\n",
        "https://*.Example.com",
        "https://user@*.example.com",
        "https://*.127.0.0.1",
        "https://*.0.0.1",
        "https://*.1",
        "https://*.0x7f",
        "https://*.127.0.0.1.",
        "https://*.[::1]",
        "https://*.[::1]:*",
        "tauri://*.127.0.0.1",
        "tauri://*.127.0.0.1.",
        "https://[*]",
        "https://[::*]",
        "https://*.xn--a",
        f"https://*.{LONGEST_BASE}d",
        "s" * 65 + "://*.a",
    ],
)
def test_a_wildcard_anywhere_else_is_no_pattern(text: str) -> None:
    """A `*` is a whole leading label or a whole port; before an IP address, and within a name, it is nothing."""
    assert parse_pattern(text) is None


def test_without_a_wildcard_patterns_are_origins() -> None:
    """A text without `*` is a pattern exactly if it is an origin, and then the same one."""
    counts = ExampleCounts()

    @given(near_misses().filter(lambda text: "*" not in text))
    def law(text: str) -> None:
        pattern, origin = parse_pattern(text), parse_origin(text)
        counts.count(positive=origin is not None)
        if origin is None:
            assert pattern is None
        else:
            assert pattern == OriginPattern(origin.scheme, origin.host, origin.port, subdomains=False)
            assert not pattern.subdomains
            assert pattern.port != ANY_PORT

    law()
    counts.require(positive=0.2)


@st.composite
def wildcards(draw: st.DrawFn) -> str:
    """Draw an origin with a `*` put before its host, in place of its port, both, or anywhere."""
    valid = origin_texts.filter(lambda text: parse_pattern(text.replace("://", "://*.", 1)) is not None)
    text = draw(valid | valid | near_misses())
    kind = draw(st.sampled_from(["label", "port", "both", "label", "port", "both", "anywhere"]))
    if kind in {"label", "both"}:
        text = text.replace("://", "://*.", 1)
    if kind in {"port", "both"}:
        scheme, _, rest = text.partition("://")
        text = f"{scheme}://{rest if '[' in rest else rest.split(':')[0]}:*"
    place = draw(st.integers(0, len(text)))
    return text[:place] + "*" + text[place:] if kind == "anywhere" else text


def test_a_pattern_is_written_as_it_was_read() -> None:
    """What parses as a pattern serializes to the same text, and matches at least one origin."""
    counts = ExampleCounts()

    @given(wildcards())
    def law(text: str) -> None:
        pattern = parse_pattern(text)
        counts.count(positive=pattern is not None)
        if pattern is not None:
            assert str(pattern) == text
            matched = parse_origin(text.replace("://*.", "://a.").removesuffix(":*"))
            assert matched is not None
            assert text in {*patterns_of(matched), str(matched)}

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize(
    ("origin", "patterns"),
    [
        (
            "https://a.b.example.com:8443",
            [
                "https://a.b.example.com:*",
                "https://*.b.example.com:8443",
                "https://*.b.example.com:*",
                "https://*.example.com:8443",
                "https://*.example.com:*",
                "https://*.com:8443",
                "https://*.com:*",
            ],
        ),
        ("https://example.com", ["https://example.com:*", "https://*.com", "https://*.com:*"]),
        ("http://localhost", ["http://localhost:*"]),
        ("http://localhost.", ["http://localhost.:*"]),
        ("http://a.localhost.", ["http://a.localhost.:*", "http://*.localhost.", "http://*.localhost.:*"]),
        ("http://[::1]:3000", ["http://[::1]:*"]),
        (
            "http://10.0.0.7:3000",
            [
                "http://10.0.0.7:*",
                "http://10.0.0.*:3000",
                "http://10.0.0.*:*",
                "http://10.0.*.*:3000",
                "http://10.0.*.*:*",
                "http://10.*.*.*:3000",
                "http://10.*.*.*:*",
            ],
        ),
    ],
)
def test_the_patterns_of_an_origin_come_nearest_first(origin: str, patterns: list[str]) -> None:
    """Each pattern that matches an origin is generated, from its own host up to the top-level name, never `*` alone."""
    parsed = parse_origin(origin)
    assert parsed is not None
    assert list(patterns_of(parsed)) == patterns


def test_an_origin_has_at_most_two_patterns_for_each_label() -> None:
    """Requests can cause only little work, and no pattern is generated twice."""
    counts = ExampleCounts()

    @given(origin_texts)
    def law(text: str) -> None:
        origin = parse_origin(text)
        counts.count(positive=origin is not None)
        if origin is not None:
            patterns = list(patterns_of(origin))
            assert len(patterns) <= 2 * len(origin.host.split("."))
            assert len(set(patterns)) == len(patterns)

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize(
    "text", ["*", "null", "https://a", "https://*.a:*", "tauri://localhost", "wsx://a", "filer://a"]
)
def test_a_policy_may_list_patterns_and_the_two_words(text: str) -> None:
    """`*`, `null` and every pattern of a scheme that pages have."""
    assert can_be_listed(text)


@pytest.mark.parametrize("text", ["", "NULL", "**", "https://a/", "file://a", "ws://a", "wss://*.a", "file://*.a:*"])
def test_a_policy_may_list_nothing_else(text: str) -> None:
    """What looks like an origin, of a scheme that no page's origin has, is refused too."""
    assert not can_be_listed(text)
