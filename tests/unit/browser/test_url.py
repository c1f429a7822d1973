"""URLs, as far as CORS uses them."""

import string

import ada_url
import pytest

from crossorigin.browser.url import locate, looks_like_a_url, parse_url, scheme_of


@pytest.mark.parametrize(
    ("text", "origin", "whole"),
    [
        ("https://api.example", "https://api.example", "https://api.example/"),
        ("HTTPS://API.Example:443/A?b#c", "https://api.example", "https://api.example/A?b#c"),
        ("http://api.example:8080/", "http://api.example:8080", "http://api.example:8080/"),
        ("http://api.example:443/", "http://api.example:443", "http://api.example:443/"),
        ("http://api.example:/x", "http://api.example", "http://api.example/x"),
        ("http://0x7f.1/", "http://127.0.0.1", "http://127.0.0.1/"),
        ("http://[0:0::1]:99/", "http://[::1]:99", "http://[::1]:99/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example", "http://xn--bcher-kva.example/"),
        ("http://bücher.example./", "http://xn--bcher-kva.example.", "http://xn--bcher-kva.example./"),
        ("http://a%2Eexample/", "http://a.example", "http://a.example/"),
        ("http:\\\\api.example\\x", "http://api.example", "http://api.example/x"),
        ("http://api.example/a\\b\\..?\\", "http://api.example", "http://api.example/a/?\\"),
        (" http://api.\texample/ü b?ü \n", "http://api.example", "http://api.example/%C3%BC%20b?%C3%BC"),
        ("\0\x0bhttp://api.example/../a/./b/..\x1f", "http://api.example", "http://api.example/a/"),
        ("http://api.example/\xa0", "http://api.example", "http://api.example/%C2%A0"),
        ("http://api.example/!", "http://api.example", "http://api.example/!"),
        ("http://me:pw@api.example/", "http://api.example", "http://api.example/"),
        ("https://api.example?q", "https://api.example", "https://api.example/?q"),
        ("https://api.example#", "https://api.example", "https://api.example/#"),
        ("http:api.example", "http://api.example", "http://api.example/"),
        ("http://api.example:65535/%20%41", "http://api.example:65535", "http://api.example:65535/%20%41"),
    ],
)
def test_a_url_is_read_as_browsers_do(text: str, origin: str, whole: str) -> None:
    """Its origin is serialized and the rest is kept. An independent parser has the same origin."""
    url = parse_url(text)
    assert url is not None
    assert (str(url.origin), url.with_fragment) == (origin, whole)
    assert str(url) == whole.partition("#")[0]
    assert ada_url.URL(text).origin == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.example",
        "/x",
        "//api.example/",
        "ftp://api.example/",
        "file:///x",
        "http://",
        "http:///",
        "http://:80/",
        "http://api.example:65536/",
        "http://api.example:x/",
        "http://a b/",
        "http://1.2.3.256/",
        "http://[::1/",
        "http://[x]/",
        "http://api.example..\u3002/",
        "http://a\u3002\ud800/",
        "http://xn--a/",
        "\xa0http://api.example/",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    """A URL that a browser would not fetch has no origin."""
    assert parse_url(text) is None


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("http://me:pw@a.example/", True),
        ("http://me@a.example/", True),
        ("http://:pw@a.example/", True),
        ("http://@a.example/", False),
        ("http://:@a.example/", False),
        ("http://a.example/@", False),
    ],
)
def test_a_user_name_or_password_is_seen(text: str, *, has: bool) -> None:
    """An empty one counts as missing."""
    url = parse_url(text)
    assert url is not None
    assert url.has_userinfo is has


@pytest.mark.parametrize("char", string.ascii_letters + string.digits)
def test_every_letter_and_digit_counts(char: str) -> None:
    """This holds in a user name and at the end of a URL, where white space is removed."""
    url = parse_url(f"http://{char}@a.example/{char} ")
    assert url is not None
    assert (url.has_userinfo, url.target) == (True, f"/{char}")


@pytest.mark.parametrize(
    ("location", "whole"),
    [
        (b"/b", "https://api.example:8443/b#here"),
        (b"b?c", "https://api.example:8443/a/b?c#here"),
        (b"../b", "https://api.example:8443/b#here"),
        (b"?q", "https://api.example:8443/a/?q#here"),
        (b"", "https://api.example:8443/a/?x#here"),
        (b"#there", "https://api.example:8443/a/?x#there"),
        (b"//other.example/b", "https://other.example/b#here"),
        (b"\\\\other.example/b", "https://other.example/b#here"),
        (b"/\\other.example", "https://other.example/#here"),
        (b"http://other.example:80", "http://other.example/#here"),
        (b"/\xc3\xbc", "https://api.example:8443/%C3%BC#here"),
        (b"https:evil.example/x", "https://api.example:8443/a/evil.example/x#here"),
        (b"https:/evil.example/x", "https://api.example:8443/evil.example/x#here"),
        (b"HTTPS:\\x\\y?\\", "https://api.example:8443/x/y?\\#here"),
        (b"https:", "https://api.example:8443/a/?x#here"),
        (b"https:?q", "https://api.example:8443/a/?q#here"),
        (b"https:#g", "https://api.example:8443/a/?x#g"),
        (b"https:a:b", "https://api.example:8443/a/a:b#here"),
        (b" ht\ttps:../b", "https://api.example:8443/b#here"),
        (b"https:/\\other.example/", "https://other.example/#here"),
        (b"https:///other.example/", "https://other.example/#here"),
        (b"http:other.example/b", "http://other.example/b#here"),
        (b"?", "https://api.example:8443/a/?#here"),
        (b"b//c/./d", "https://api.example:8443/a/b//c/d#here"),
        (b"../../..//b/.", "https://api.example:8443//b/#here"),
        (b"/b/%2E./c/%2e%2E", "https://api.example:8443/#here"),
        (b"b/%2e/c/%2E", "https://api.example:8443/a/b/c/#here"),
        (b"/b/c/.%2e/d", "https://api.example:8443/b/d#here"),
        (b"\x01//other.example/b\x1f ", "https://other.example/b#here"),
        (b"//", None),
        (b"https://", None),
        (b"ftp://api.example/", None),
        (b"data:,x", None),
    ],
)
def test_a_location_leads_from_where_it_stands(location: bytes, whole: str | None) -> None:
    """An independent parser resolves it in the same way. It keeps the fragment if the target has none."""
    base = parse_url("https://api.example:8443/a/?x#here")
    assert base is not None
    found = locate(location, base)
    assert (found and found.with_fragment) == whole
    if found is not None:
        href = ada_url.URL(location.decode(), base=base.with_fragment).href
        assert found.with_fragment == (href if "#" in href else f"{href}#here")


@pytest.mark.parametrize("base", ["https://api.example/a/b", "https://api.example/a/b?c/?d"])
def test_a_relative_location_replaces_the_last_part_of_the_path(base: str) -> None:
    """It is resolved relative to the last slash of the path, whatever slashes the query has."""
    url = parse_url(base)
    assert url is not None
    found = locate(b"e", url)
    assert str(found) == ada_url.URL("e", base=base).href == "https://api.example/a/e"


def test_a_location_that_is_no_utf_8_leads_somewhere() -> None:
    """The host is the same, and the app handles such bytes in the path."""
    base = parse_url("https://api.example/")
    assert base is not None
    found = locate(b"//other.example/\xff", base)
    assert found is not None
    assert str(found.origin) == "https://other.example"


def test_a_location_may_bring_userinfo() -> None:
    """It is detected, also if the fragment is kept."""
    base = parse_url("https://api.example/#here")
    assert base is not None
    found = locate(b"https://me@other.example/", base)
    assert found is not None
    assert found.has_userinfo
    plain = parse_url("https://api.example/")
    assert plain is not None
    assert locate(b"/b", plain) == parse_url("https://api.example/b")


@pytest.mark.parametrize(
    ("text", "scheme"), [("HTTP://x", "http"), ("a+b-.1:", "a+b-.1"), ("1a:", None), (":", None), ("x/y:z", None)]
)
def test_a_scheme_is_recognized(text: str, scheme: str | None) -> None:
    """It is the text before the first colon, in lower case."""
    assert scheme_of(text) == scheme


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("https://app.example", True),
        ("https://*.example", True),
        ("app:x", True),
        ("localhost:8000", True),
        ("https://", False),
        ("https://app.example:99999", False),
        ("app.example", False),
        ("**", False),
        ("NULL", False),
        ("", False),
    ],
)
def test_what_looks_like_a_url_is_recognized(text: str, *, does: bool) -> None:
    """The distinction between another origin and an invalid URL is that of Chromium."""
    assert looks_like_a_url(text) is does
