"""Hosts are written as browsers write them: IPv4, IPv6 and international names too."""

import ipaddress

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin.fetch.host import (
    ends_in_a_number,
    is_ace_label,
    is_domain,
    is_ipv4,
    is_ipv6,
    is_web_host,
    serialize_ipv4,
    serialize_ipv6,
    to_ace_label,
)
from tests.example_counts import ExampleCounts


def browser_host(host: str) -> str | None:
    """Return the host that an independent parser of the URL standard makes of `host`."""
    try:
        return ada_url.URL(f"http://{host}/").hostname
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0x", "0.0.0.0"),  # This is an address of a test, to which nothing is bound.
        ("0", "0.0.0.0"),
        ("4294967295", "255.255.255.255"),
        ("4294967296", None),
        ("1.16777215", "1.255.255.255"),
        ("1.16777216", None),
        ("1.2.65535", "1.2.255.255"),
        ("1.2.65536", None),
        ("1.2.3.255", "1.2.3.255"),
        ("1.2.3.256", None),
        ("256.1", None),
        ("1.2.3.4.5", None),
        ("1.2.3.4.0", None),
        ("1..2", None),
        ("", None),
        (".", None),
        ("09", None),
        ("0x7g", None),
        ("1.a", None),
        ("-1", None),
        ("\u0661", None),
        ("1" * 5000, None),
    ],
)
def test_an_ipv4_address_in_any_spelling_becomes_the_one_browsers_send(text: str, address: str | None) -> None:
    """Hexadecimal, octal, short and long forms are all one address, or none."""
    assert serialize_ipv4(text) == address


@st.composite
def ipv4_spellings(draw: st.DrawFn) -> str:
    """Draw one to five numbers in any base, most of them small enough for an address."""
    count = draw(st.sampled_from([1, 2, 3, 4, 4, 5]))
    most = [255] * (count - 1) + [256 ** max(5 - count, 1) - 1]
    numbers = [draw(st.integers(0, limit)) for limit in most]
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, count - 1))
        numbers[place] = most[place] + draw(st.integers(1, 300))
    return ".".join(draw(st.sampled_from(["{}", "{}", "0x{:x}", "0{:o}"])).format(number) for number in numbers)


def test_ipv4_spellings_are_read_as_an_independent_parser_reads_them() -> None:
    """For any mixture of numbers the address, or that there is none, is the same."""
    counts = ExampleCounts()

    @given(ipv4_spellings(), st.sampled_from(["", "."]))
    def law(text: str, dot: str) -> None:
        address = serialize_ipv4(text + dot)
        counts.count(positive=address is not None)
        assert address == browser_host(text + dot)
        if address is not None:
            assert is_ipv4(address)
            assert is_web_host(address)

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("::1", "::1"),
        ("0:0::0001", "::1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("::ffff:127.0.0.1", "::ffff:7f00:1"),
        ("2001:DB8::A", "2001:db8::a"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::1%eth0", None),
        ("::g", None),
        ("", None),
        ("1", None),
        (":::", None),
    ],
)
def test_an_ipv6_address_in_any_spelling_becomes_the_one_browsers_send(text: str, address: str | None) -> None:
    """The longest run of zeros is compressed, the first of equals; a zone is not part of a URL."""
    assert serialize_ipv6(text) == address
    assert is_ipv6(text) is (address == text)


@given(
    st.lists(st.sampled_from([0, 0, 0, 1, 0xABCD, 0xFFFF]), min_size=8, max_size=8),
    st.sampled_from(["exploded", "compressed", "upper", "dotted"]),
)
def test_ipv6_spellings_are_read_as_an_independent_parser_reads_them(pieces: list[int], spelling: str) -> None:
    """For any address, however spelled, the serialized form is the same, and the only one accepted."""
    address = ipaddress.IPv6Address(b"".join(piece.to_bytes(2, "big") for piece in pieces))
    forms = {
        "exploded": address.exploded,
        "compressed": address.compressed,
        "upper": address.exploded.upper(),
        "dotted": ":".join(f"{piece:x}" for piece in pieces[:6]) + f":{ipaddress.IPv4Address(address.packed[12:])}",
    }
    text = forms[spelling]
    assert f"[{serialize_ipv6(text)}]" == browser_host(f"[{text}]")
    assert is_ipv6(text) is (f"[{text}]" == browser_host(f"[{text}]"))


@pytest.mark.parametrize(
    ("host", "domain", "web"),
    [
        ("example.com", True, True),
        ("1.2.3", True, False),
        ("a.0x", True, False),
        ("0x7f", True, False),
        ("1.2.3.4", True, True),
        ("1.2.3.4.", True, False),
        ("a1", True, True),
        ("xn--bcher-kva", True, True),
        ("xn--a.de", True, False),
        ("a.xn--bcher-kva.xn--a", True, False),
        ("axn--a", True, True),
        ("", False, False),
        (".", False, False),
        ("a..b", False, False),
        ("a b", False, False),
        ("A", False, False),
        ("a\n", False, False),
        ("a:1", False, False),
        ("[::1]", False, False),
    ],
)
def test_a_web_host_is_a_domain_under_the_rules_of_web_addresses(host: str, domain: object, web: object) -> None:
    """The rules for IPv4 and Punycode apply to http and https only."""
    assert is_domain(host) is domain
    assert is_web_host(host) is web


@pytest.mark.parametrize("host", ["1", "1.", "a.1", "a.0x", "a.0x1f.", "0x", "0", "09"])
def test_a_host_that_ends_in_a_number_is_known(host: str) -> None:
    """A last label of digits or hexadecimal makes a browser look for an IPv4 address."""
    assert ends_in_a_number(host)


@pytest.mark.parametrize("host", ["", "a", "1a", "1.a", "0xg", "1.2..", "a1.", "\u0661"])
def test_a_host_that_ends_otherwise_is_known(host: str) -> None:
    """Anything else is a domain to a browser, or nothing."""
    assert not ends_in_a_number(host)


@pytest.mark.parametrize(
    ("label", "a_label"),
    [
        ("Example", "example"),
        ("bücher", "xn--bcher-kva"),
        ("BÜCHER", "xn--bcher-kva"),
        ("bu\u0308cher", "xn--bcher-kva"),
        ("faß", "xn--fa-hia"),
        ("FAẞ", "xn--fa-hia"),
        ("ﬀ", "ff"),
        ("Ⅷ", "viii"),
        ("①a", "1a"),
        ("\uff25\uff58", "ex"),
        ("münchen", "xn--mnchen-3ya"),
        ("пример", "xn--e1afmkfd"),
        ("ПРИМЕР", "xn--e1afmkfd"),
        ("例え", "xn--r8jz45g"),
        ("한국", "xn--3e0b707e"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "xn--3e0b707e"),
        ("مثال", "xn--mgbh0fb"),
        ("οδος", "xn--pxavbm"),
        ("ΟΔΟΣ", "xn--pxavbq"),
        ("ΣΑΣ", "xn--mxa9ab"),
        ("❤", "xn--qei"),
        ("❤\ufe0f", "xn--qei"),
        ("İ", "xn--i-9bb"),
    ],
)
def test_a_label_travels_as_browsers_write_it(label: str, a_label: str) -> None:
    """The result is exactly that of an independent parser of the URL standard."""
    assert browser_host(label) == a_label
    assert to_ace_label(label) == a_label


@pytest.mark.parametrize(
    "label",
    [
        "",
        " ",
        "a b",
        "a.b",
        "a/b",
        "a:b",
        "ä b",
        "ä.b",
        "ä/b",
        "\u0308a",
        "\ud800",
        "ä\x00",
        "a\u2028b",
        "a\u2029b",
        "a\u1680b",
        "\ue000",
        "\u0378",
        "ä\u202e",
        "ä" * 64,
        "\u0301\u0327" * 500,
        "ä" * 10**5,
        "ä\u3000b",
        "ä\uff0eb",
    ],
    ids=ascii,
)
def test_a_label_that_no_browser_takes_has_no_form(label: str) -> None:
    """White space, invisible and unassigned characters, and labels that are too long have no Punycode."""
    assert to_ace_label(label) is None


_ALPHABETS = [
    "abcAZ09-_",
    "äöüßÄÖÜéñçØ",
    "αβγδσςΑΒΓΔΣ",
    "абвгдАБВГД",
    "日本語中国例え",
    "カタカナひらがな",
    "ⓐ①ﬁＡ½"[:4],
    "❤☃\ufe0f",
    "한국어",
]


def test_names_in_many_scripts_travel_as_an_independent_parser_writes_them() -> None:
    """Any mixture of letters that browsers take gives the same label."""
    counts = ExampleCounts()

    @given(st.lists(st.sampled_from(_ALPHABETS).flatmap(st.sampled_from), min_size=1, max_size=8).map("".join))
    def law(label: str) -> None:
        host = browser_host(f"{label}.example")
        a_label = to_ace_label(label)
        counts.count(positive=host is not None)
        if host is not None and a_label is not None:
            assert f"{a_label}.example" == host
            assert not a_label.startswith("xn--") or is_ace_label(a_label)

    law()
    counts.require(positive=0.5)


@pytest.mark.parametrize("label", ["xn--bcher-kva", "xn--fa-hia", "xn--e1afmkfd", "xn--qei", "xn--3e0b707e"])
def test_a_label_that_a_browser_made_is_known(label: str) -> None:
    """Punycode that decodes to what would be written so again is accepted."""
    assert is_ace_label(label)


@pytest.mark.parametrize(
    "label",
    [
        "xn--",
        "xn--a",
        "xn--a-",
        "xn--abc-",
        "xn--bcher-4oa",
        "xn--99999999",
        "xn--\xfc",
        "xn--99999999999999999",
        "xn--0",
        "xn--B-eha",
    ],
)
def test_a_label_that_no_browser_makes_is_known(label: str) -> None:
    """Punycode that does not decode, decodes to ASCII, or would be written otherwise is refused."""
    assert not is_ace_label(label)


def test_a_label_may_fill_its_length() -> None:
    """A label of 63 characters, as it travels, is taken; one more is not."""
    longest = to_ace_label("ü" + "a" * 55)
    assert longest == f"xn--{'a' * 55}-oxf"
    assert len(longest) == 63
    assert to_ace_label("ü" + "a" * 56) is None


def test_what_is_read_of_a_label_is_bounded() -> None:
    """At most seven times the length of a label may be dropped from it."""
    assert to_ace_label("a" + "\u00ad" * 503) == "a"
    assert to_ace_label("a" + "\u00ad" * 504) is None
