"""Origins, and near misses of origins."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

LABEL_LETTERS = "abcxyz019-_"

schemes = st.sampled_from(["https", "http", "http", "https", "tauri", "chrome-extension", "a+b.c-1", "s" * 64])
labels = st.text(LABEL_LETTERS, min_size=1, max_size=8) | st.sampled_from(
    ["localhost", "example", "com", "xn--bcher-kva", "xn--fa-hia", "a" * 63, "0x7f", "-", "_"]
)
domains = st.builds(
    lambda parts, dot: ".".join(parts) + dot,
    st.lists(labels, min_size=1, max_size=4),
    st.sampled_from(["", "", "", "."]),
)
ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.sampled_from(["[::1]", "[::]", "[2001:db8::1]", "[fe80::1:0:0:1]", "[::ffff:7f00:1]", "[1:0:2:3:4:5:6:7]"])
ports = st.just("") | st.integers(1, 65535).map(lambda port: f":{port}")


def _join(scheme: str, host: str, port: str) -> str:
    return f"{scheme}://{host}{port}"


origin_texts: SearchStrategy[str] = st.builds(_join, schemes, domains | ipv4 | ipv6, ports)
web_origin_texts: SearchStrategy[str] = st.builds(
    _join, st.sampled_from(["http", "https"]), domains | ipv4 | ipv6, ports
)

_slips = st.sampled_from(
    [
        "/",
        "//",
        "\\",
        ":",
        ".",
        "..",
        "-",
        "_",
        "@",
        "#",
        "?",
        "%41",
        " ",
        "\n",
        "\t",
        "\0",
        "A",
        "ü",
        "*",
        "[",
        "]",
        "0",
        ":80",
        ":443",
        "xn--",
        "0x",
        ":65536",
        ":080",
        ".evil.example",
        "\u200b",
        "\u3002",
        "\xa0",
    ]
)
# What a person, or a lenient parser, takes for the same sign.
_twins = st.sampled_from(
    [
        ("a", "\u0430"),
        ("o", "\u03bf"),
        ("s", "\u017f"),
        ("i", "\u0131"),
        ("k", "\u212a"),
        (".", "\u3002"),
        ("1", "\uff11"),
    ]
)


@st.composite
def near_misses(draw: st.DrawFn, texts: SearchStrategy[str] = origin_texts) -> str:
    """Draw an origin, often with one slip of the pen."""
    text = draw(texts)
    place = draw(st.integers(0, len(text)))
    slip = draw(_slips)
    sign, twin = draw(_twins)
    host = text.partition("://")[2]
    misses = {
        "none": text,
        "insert": text[:place] + slip + text[place:],
        "end": text + slip,
        "drop": text[:place] + text[place + 1 :],
        "double": text[:place] + text[place : place + 1] + text[place:],
        "upper": text.upper(),
        "http": text.replace("https", "http"),
        "twin": text.replace(sign, twin, 1),
        "glued": text + host,
        "user": text.replace("://", f"://{host}@", 1),
    }
    return misses[draw(st.sampled_from(["none", "none", *misses]))]
