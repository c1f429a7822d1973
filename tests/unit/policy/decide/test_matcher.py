"""The index of a policy's origins finds exactly what a plain comparison with each of them finds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossorigin.fetch.origin import is_common_origin, parse_origin
from crossorigin.policy.decide.matcher import OriginMatcher
from tests.example_counts import ExampleCounts
from tests.properties import reference

POOL = [
    "https://example.com",
    "https://*.example.com",
    "https://*.example.com:8443",
    "https://*.example.com:*",
    "https://app.example.com",
    "https://app.example.com:8443",
    "https://*.app.example.com",
    "https://app.example.com:*",
    "https://*.example.com.",
    "https://*.com",
    "http://localhost",
    "http://localhost:*",
    "http://*.localhost:3000",
    "http://127.0.0.1:*",
    "http://[::1]:*",
    "http://[::1]:8443",
    "tauri://localhost",
    "null",
]
# With these there are more patterns than a short list may have.
TENANTS = [f"https://*.t{number}.example.com{port}" for number in range(8) for port in ("", ":8443", ":*")]

_affixes = st.sampled_from(
    ["", "", "", "a.", "app.", "a.b.c.", "evil", "evil-", "xexample.com.", ".", "a..", "*.", "user@", "*"]
)
_suffixes = st.sampled_from(["", "", "", "", ".", "..", ".evil.example", "evil", "m", "/", "\n", "%00"])
_ports = st.sampled_from(["", "", ":8443", ":3000", ":443", ":80", ":0", ":65536", ":*", ":8443:8443", "8443"])
_hosts = st.sampled_from(sorted({reference.split_text(text)[1].removeprefix("*.") for text in POOL[:-1]}))
_schemes = st.sampled_from(["https", "https", "http", "http", "tauri", "HTTPS", "ws", "https:"])
_neighbors = st.builds(
    lambda scheme, prefix, host, suffix, port: f"{scheme}://{prefix}{host}{suffix}{port}",
    _schemes,
    _affixes,
    _hosts,
    _suffixes,
    _ports,
)
_twins = {"a": "\u0430", "o": "\u03bf", "s": "\u017f", "i": "\u0131", ".": "\u3002"}
_joined = st.builds(
    lambda one, glue, other: f"{one}{glue}{other}".replace("*.", "a."),
    st.sampled_from(POOL[:-1]),
    st.sampled_from(["", ".", "-", ",", " ", "@", ":"]),
    st.sampled_from(POOL) | _hosts,
)
_twisted = st.builds(
    lambda text, twin: text.replace("*.", "a.").replace(*twin, 1),
    st.sampled_from(POOL),
    st.sampled_from(sorted(_twins.items())),
)


@st.composite
def listed_and_asked(draw: st.DrawFn) -> tuple[list[str], str]:
    """Draw the list of a policy, and an origin that it allows, or a similar one."""
    patterns = draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=len(POOL)))
    patterns = TENANTS[: draw(st.sampled_from([0, 15, 16, 17, len(TENANTS)]))] + patterns
    if draw(st.booleans()):
        return patterns, draw(_neighbors | _joined | _twisted | st.sampled_from(POOL))
    text = draw(st.sampled_from(patterns))
    text = text.replace("*.", draw(st.sampled_from(["a.", "a.b.", "app.", "-."])))
    return patterns, text.replace(":*", draw(st.sampled_from(["", ":1", ":8443"])))


def test_the_matcher_is_a_plain_comparison_with_each_pattern() -> None:
    """For hosts made of similar, shorter and longer names, the result is that of a plain comparison."""
    counts = ExampleCounts()

    @given(listed_and_asked())
    @example((["https://*.example.com"], "https://example.com"))
    @example((["https://*.example.com"], "https://.example.com"))
    @example((["https://*.example.com"], "https://a.example.com."))
    @example((["http://[::1]:*"], "http://[::1]:1:1"))
    def law(drawn: tuple[list[str], str]) -> None:
        patterns, text = drawn
        options = {"allow_origins": patterns, "allow_origin_regex": None}
        expected = reference.origin_is_allowed(options, [text.encode()])
        counts.count(positive=expected, negative=not expected, many=len(patterns) > 16)
        assert OriginMatcher(patterns).allows(text.encode()) is expected

    law()
    counts.require(positive=0.2, negative=0.1, many=0.2)


@pytest.mark.parametrize(
    "origin", ["https://example.com", "https://example.com:8443", "https://.example.com", "https://wexample.com"]
)
def test_the_apex_is_not_below_itself(origin: str) -> None:
    """`*.` matches at least one whole label."""
    assert not OriginMatcher(["https://*.example.com", "https://*.example.com:*"]).allows(origin.encode())


def test_the_nearest_pattern_is_the_one_that_is_named() -> None:
    """If several patterns match, the one with the longest host is named, and a fixed port before any port."""
    matcher = OriginMatcher(reversed(POOL))
    found = {text: matcher.find_pattern(origin) for text in _FOUND if (origin := parse_origin(text))}
    assert found == _FOUND


_FOUND = {
    "https://app.example.com": "https://app.example.com:*",
    "https://a.app.example.com": "https://*.app.example.com",
    "https://b.example.com": "https://*.example.com",
    "https://b.example.com:8443": "https://*.example.com:8443",
    "https://b.example.com:1": "https://*.example.com:*",
    "https://other.com": "https://*.com",
    "https://other.org": None,
    "http://[::1]:8443": "http://[::1]:*",
}


@pytest.mark.parametrize(
    "value", [b"null", b"NULL", b"", b"*", b"https://*.a.example", b"http://localhost:*", b"https://\xff.a.example"]
)
def test_what_is_no_origin_matches_no_pattern_and_no_regex(value: bytes) -> None:
    """The text of a pattern, an unlisted `null` and bytes outside ASCII are not allowed."""
    assert not OriginMatcher(["https://*.a.example", "http://localhost:*"], ".*").allows(value)


def test_null_is_allowed_where_it_is_listed() -> None:
    """`null` is compared exactly."""
    matcher = OriginMatcher(["null"])
    assert matcher.allows(b"null")
    assert not matcher.allows(b"Null")
    assert matcher.exact == {b"null"}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.example.org", True),
        ("https://a.example.org.evil.example", False),
        ("http://a.example.org", False),
        ("https://a.example.org:8443", False),
        ("https://a.example.org\n", False),
        ("https://exact.example", True),
        ("https://x.pattern.example", True),
    ],
)
def test_a_regex_matches_the_whole_origin_or_nothing(origin: str, allowed: object) -> None:
    """The expression must match from the first byte to the last, in addition to the list."""
    matcher = OriginMatcher(["https://exact.example", "https://*.pattern.example"], r"https://.*\.example\.org")
    assert matcher.allows(origin.encode()) is allowed


def test_without_patterns_and_regex_nothing_is_found() -> None:
    """An empty list allows no origin."""
    origin = parse_origin("https://a.example")
    assert origin is not None
    matcher = OriginMatcher([])
    assert not matcher.allows(b"https://a.example")
    assert matcher.find_pattern(origin) is None
    assert not matcher.matches_regex(origin)


_TEXTS = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https", "https", "https", "app", "HTTPS"]),
    st.lists(
        st.sampled_from(["a", "example", "com", "xn--a", "xn--4ca", "b_-", "1", "127", "0x7f", "A", "", "a" * 64]),
        min_size=1,
        max_size=5,
    ).map(".".join)
    | st.sampled_from(["[::1]", "localhost", "app.example.com", "a.b.example.com", "a.com", "127.0.0.1"])
    | st.sampled_from(["localhost", "app.example.com", "a.b.example.com", "a.com"]),
    st.just("")
    | st.sampled_from(
        ["", ":80", ":443", ":8443", ":8443", ":1024", ":64999", ":65535", ":65536", ":99999", ":0", ":", ":1:2"]
    ),
)
_LISTED = [
    "https://*.example.com",
    "http://*.com:8443",
    "http://localhost:*",
    "https://*.b.example.com:*",
    "https://a.com:*",
]
_MATCHING = ["https://app.example.com", "http://a.com:8443", "http://localhost:1024", "https://a.b.example.com:64999"]


def test_the_common_form_is_recognized_and_matched_in_the_same_way() -> None:
    """The fast path accepts only origins, and finds a pattern exactly if the slow path does."""
    counts = ExampleCounts()

    @given(_TEXTS | st.sampled_from(_MATCHING), st.sets(st.sampled_from(_LISTED)) | st.just({*_LISTED}))
    def law(text: str, listed: set[str]) -> None:
        value = text.encode()
        is_common = is_common_origin(value)
        counts.count(common=is_common, uncommon=not is_common)
        if is_common:
            origin = parse_origin(text)
            assert origin is not None
            matcher = OriginMatcher(listed)
            is_matched = matcher.find_pattern(origin) is not None
            counts.count(matched=is_matched)
            assert matcher.matches_pattern(value) == is_matched

    law()
    counts.require(common=0.1, uncommon=0.1, matched=0.01)
    assert is_common_origin(b"https://app.example.com")
    assert not is_common_origin(b"https://app.example.com\n")
