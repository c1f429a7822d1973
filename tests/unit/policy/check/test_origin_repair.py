"""Any text for an origin is classified and, if possible, repaired, and none raises."""

import subprocess
import sys

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import IssueCode as Code
from crossorigin.policy.check.origin_repair import diagnose, repair
from crossorigin.policy.pattern import can_be_listed
from tests.example_counts import ExampleCounts
from tests.unit.fetch.strategies import near_misses
from tests.unit.fetch.test_origin import PAGES


@pytest.mark.parametrize(("page", "sent"), PAGES)
def test_the_url_of_a_page_is_repaired_to_its_origin(page: str, sent: str) -> None:
    """A URL from the address bar is replaced by the value in the `Origin` header."""
    assert repair(page) == (sent,)


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "https://a.example",
        "https://*.a.example:*",
        "http://[::1]:*",
        "tauri://localhost",
        "wsx://a",
        "filer://a",
    ],
)
def test_what_may_be_listed_has_nothing_wrong(text: str) -> None:
    """Origins, patterns, `*` and `null` have no error."""
    assert diagnose(text) is None
    assert repair(text) == (text,)


@pytest.mark.parametrize(
    ("text", "code", "replacements"),
    [
        ("https://a.example/", Code.ORIGIN_TRAILING_SLASH, ["https://a.example"]),
        ("https://a.example//", Code.ORIGIN_TRAILING_SLASH, ["https://a.example"]),
        ("https://*.a.example:*/", Code.ORIGIN_TRAILING_SLASH, ["https://*.a.example:*"]),
        ("https://a.example/b/", Code.ORIGIN_PATH, ["https://a.example"]),
        ("https://a.example/X", Code.ORIGIN_PATH, ["https://a.example"]),
        (r"https://.*\.example\.com/$", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        ("https://a.example/?x", Code.ORIGIN_QUERY, ["https://a.example"]),
        ("https://a.example#", Code.ORIGIN_QUERY, ["https://a.example"]),
        ("https://me@a.example", Code.ORIGIN_USERINFO, ["https://a.example"]),
        ("https://app.example.com@evil.example", Code.ORIGIN_USERINFO, []),
        (" *", Code.ORIGIN_WHITESPACE, ["*"]),
        ("'*'", Code.ORIGIN_MALFORMED, ["*"]),
        ("https://me:a@b@a.example:8443", Code.ORIGIN_USERINFO, ["https://a.example:8443"]),
        ("a.example", Code.ORIGIN_MISSING_SCHEME, ["https://a.example"]),
        ("//a.example/", Code.ORIGIN_MISSING_SCHEME, ["https://a.example"]),
        ("://a.example", Code.ORIGIN_MISSING_SCHEME, ["https://a.example"]),
        ("*.a.example", Code.ORIGIN_MISSING_SCHEME, ["https://*.a.example"]),
        ("localhost", Code.ORIGIN_MISSING_SCHEME, ["http://localhost"]),
        ("localhost:*", Code.ORIGIN_MISSING_SCHEME, ["http://localhost:*"]),
        ("LOCALHOST:80/", Code.ORIGIN_MISSING_SCHEME, ["http://localhost"]),
        ("app.localhost.:3000", Code.ORIGIN_MISSING_SCHEME, ["http://app.localhost.:3000"]),
        ("127.0.0.1:8000", Code.ORIGIN_MISSING_SCHEME, ["http://127.0.0.1:8000"]),
        ("[::1]:8000", Code.ORIGIN_MISSING_SCHEME, ["http://[::1]:8000"]),
        ("::1", Code.ORIGIN_MISSING_SCHEME, ["http://[::1]"]),
        ("2001:db8::1", Code.ORIGIN_MISSING_SCHEME, ["https://[2001:db8::1]"]),
        ("me@localhost:3000", Code.ORIGIN_MISSING_SCHEME, ["http://localhost:3000"]),
        ("X.example", Code.ORIGIN_MISSING_SCHEME, ["https://x.example"]),
        ("X:8", Code.ORIGIN_MISSING_SCHEME, ["https://x:8"]),
        ("none", Code.ORIGIN_MISSING_SCHEME, []),
        ("none.", Code.ORIGIN_MISSING_SCHEME, []),
        ("192.168.1.1", Code.ORIGIN_MISSING_SCHEME, ["https://192.168.1.1"]),
        ("https:/a.example", Code.ORIGIN_MISSPELLED_SCHEME, ["https://a.example"]),
        ("https:a.example", Code.ORIGIN_MISSPELLED_SCHEME, ["https://a.example"]),
        ("https:///a.example", Code.ORIGIN_MALFORMED, ["https://a.example"]),
        ("httphttp://a.example", Code.ORIGIN_MISSPELLED_SCHEME, ["http://a.example"]),
        ("httphttps://*.a.example", Code.ORIGIN_MISSPELLED_SCHEME, ["https://*.a.example"]),
        ("https://a.example\\", Code.ORIGIN_TRAILING_SLASH, ["https://a.example"]),
        (r"https://a\.example\\"[:-1], Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        ("about:blank", Code.ORIGIN_MALFORMED, []),
        (" data:text/html,x", Code.ORIGIN_MALFORMED, []),
        ("data:8080", Code.ORIGIN_MISSING_SCHEME, ["https://data:8080"]),
        ("ws:a.example", Code.ORIGIN_MISSPELLED_SCHEME, ["http://a.example"]),
        ("http:8000", Code.ORIGIN_MISSING_SCHEME, []),
        ("HTTPS://A.EXAMPLE", Code.ORIGIN_UPPERCASE, ["https://a.example"]),
        ("https://A.xn--BCHER-kva", Code.ORIGIN_UPPERCASE, ["https://a.xn--bcher-kva"]),
        ("http://[::A]", Code.ORIGIN_NONCANONICAL_IP, ["http://[::a]"]),
        ("Null", Code.ORIGIN_UPPERCASE, ["null"]),
        (" null", Code.ORIGIN_WHITESPACE, ["null"]),
        ("'null'", Code.ORIGIN_MALFORMED, ["null"]),
        ("https://a.example:443", Code.ORIGIN_DEFAULT_PORT, ["https://a.example"]),
        ("http://a.example:080", Code.ORIGIN_DEFAULT_PORT, ["http://a.example"]),
        ("https://a.example:", Code.ORIGIN_INVALID_PORT, ["https://a.example"]),
        ("https://a.example:0008443", Code.ORIGIN_INVALID_PORT, ["https://a.example:8443"]),
        ("https://a.example:0", Code.ORIGIN_INVALID_PORT, []),
        ("https://a.example:65536", Code.ORIGIN_INVALID_PORT, []),
        ("https://a.example:100000", Code.ORIGIN_INVALID_PORT, []),
        ("https://a.example:X80", Code.ORIGIN_INVALID_PORT, []),
        ("https://a.example:-1", Code.ORIGIN_INVALID_PORT, []),
        ("https://a.example:port", Code.ORIGIN_INVALID_PORT, []),
        ("https://a.example:\u0663", Code.ORIGIN_INVALID_PORT, []),
        ("wss://a.example:443", Code.ORIGIN_WEBSOCKET_SCHEME, ["https://a.example"]),
        ("ws://*.a.example:*", Code.ORIGIN_WEBSOCKET_SCHEME, ["http://*.a.example:*"]),
        ("ws://a.example:443", Code.ORIGIN_WEBSOCKET_SCHEME, ["http://a.example:443"]),
        ("https://bücher.example", Code.ORIGIN_NON_ASCII, ["https://xn--bcher-kva.example"]),
        ("https://*.BÜCHER.example:*", Code.ORIGIN_NON_ASCII, ["https://*.xn--bcher-kva.example:*"]),
        ("https://faß.de", Code.ORIGIN_NON_ASCII, ["https://xn--fa-hia.de"]),
        ("https://a\u3002example", Code.ORIGIN_NON_ASCII, ["https://a.example"]),
        ("https://\uff11\uff12\uff17.1", Code.ORIGIN_NON_ASCII, ["https://127.0.0.1"]),
        ("https://ab\u0308\u202ec.example", Code.ORIGIN_NON_ASCII, []),
        ("https://a.example\u3001", Code.ORIGIN_MALFORMED, ["https://a.example"]),
        ("https://a.example\uff0chttps://b.example", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.example"]),
        ("https://a\u2013b.example", Code.ORIGIN_NON_ASCII, []),
        ("https://a.example\u2026", Code.ORIGIN_NON_ASCII, []),
        ("https://col\u00b7legi.example", Code.ORIGIN_NON_ASCII, ["https://xn--collegi-xma.example"]),
        ("https://\ud800", Code.ORIGIN_NON_ASCII, []),
        ("http://0x7f.1", Code.ORIGIN_NONCANONICAL_IP, ["http://127.0.0.1"]),
        ("http://127.0.0.1.", Code.ORIGIN_NONCANONICAL_IP, ["http://127.0.0.1"]),
        ("http://1.2.3.4.5", Code.ORIGIN_NONCANONICAL_IP, []),
        ("http://[0:0::1]:8000", Code.ORIGIN_NONCANONICAL_IP, ["http://[::1]:8000"]),
        ("http://[X::1]", Code.ORIGIN_NONCANONICAL_IP, []),
        ("http://[::1%25lo]", Code.ORIGIN_NONCANONICAL_IP, []),
        ("http://[::1", Code.ORIGIN_NONCANONICAL_IP, []),
        ("http://*.127.0.0.1", Code.ORIGIN_WILDCARD_BEFORE_IP, ["http://127.0.0.1"]),
        ("foo://*.127.0.0.1.", Code.ORIGIN_WILDCARD_BEFORE_IP, ["foo://127.0.0.1."]),
        ("http://*.[::1]:*", Code.ORIGIN_WILDCARD_BEFORE_IP, ["http://[::1]:*"]),
        ("https://*a.example", Code.ORIGIN_MISPLACED_WILDCARD, ["https://a.example", "https://*.a.example"]),
        ("*://a.example", Code.ORIGIN_MISPLACED_WILDCARD, ["https://a.example", "http://a.example"]),
        ("http*://a.example", Code.ORIGIN_MISPLACED_WILDCARD, ["https://a.example", "http://a.example"]),
        ("*://*.a.example:*", Code.ORIGIN_MISPLACED_WILDCARD, ["https://*.a.example:*", "http://*.a.example:*"]),
        ("https://*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("http://192.168.*", Code.ORIGIN_MISPLACED_WILDCARD, ["http://192.168.*.*"]),
        ("http://10.*:3000", Code.ORIGIN_MISPLACED_WILDCARD, ["http://10.*.*.*:3000"]),
        ("http://192.168.1.*.*", Code.ORIGIN_MISPLACED_WILDCARD, ["http://192.168.1.*"]),
        ("192.168.1.*:5173", Code.ORIGIN_MISSING_SCHEME, ["http://192.168.1.*:5173"]),
        ("http://192.168.*.*:*/", Code.ORIGIN_TRAILING_SLASH, ["http://192.168.*.*:*"]),
        ("http//172.20.*.*", Code.ORIGIN_MISSPELLED_SCHEME, ["http://172.20.*.*"]),
        ("https://192.168.*.*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("http://203.0.113.*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("http://192.168.*.5", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("http://.*", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        ("0.0.0.0:3000", Code.ORIGIN_MISSING_SCHEME, ["http://0.0.0.0:3000"]),
        ("https://*-app.example", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://*a*.example", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://a.*.example", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://**a.example", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://*.*.example", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://a.example:80*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://*a..example", Code.ORIGIN_MISPLACED_WILDCARD, []),
        # Without the wildcard, the rest is the address of somebody else.
        ("http://*.168.1.1", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://*.1", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://**.a.example", Code.ORIGIN_MISPLACED_WILDCARD, ["https://*.a.example"]),
        ("https://a.example*", Code.ORIGIN_MISPLACED_WILDCARD, ["https://a.example"]),
        ("https://*.a.example*", Code.ORIGIN_MISPLACED_WILDCARD, ["https://*.a.example"]),
        ("http://localhost*", Code.ORIGIN_MISPLACED_WILDCARD, ["http://localhost:*"]),
        ("http://127.0.0.1*", Code.ORIGIN_MISPLACED_WILDCARD, ["http://127.0.0.1:*"]),
        ("http://localhost*:3000", Code.ORIGIN_MISPLACED_WILDCARD, ["http://localhost:3000"]),
        ("http://localhost:**", Code.ORIGIN_MISPLACED_WILDCARD, ["http://localhost:*"]),
        ("http://local*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        ("https://a.example.*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        # Networks.
        ("http://192.168.1.0/24", Code.ORIGIN_PATH, ["http://192.168.1.*"]),
        ("192.168.0.0/16", Code.ORIGIN_PATH, ["http://192.168.*.*"]),
        ("http://10.0.0.0:3000/8", Code.ORIGIN_PATH, ["http://10.*.*.*:3000"]),
        ("172.16.0.0/12", Code.ORIGIN_PATH, []),
        ("https://192.168.1.0/24", Code.ORIGIN_PATH, []),
        ("203.0.113.0/24", Code.ORIGIN_PATH, []),
        # Schemes of apps and extensions.
        ("capacitor:localhost", Code.ORIGIN_MALFORMED, ["capacitor://localhost"]),
        ("tauri//localhost", Code.ORIGIN_MALFORMED, ["tauri://localhost"]),
        (f"chrome-extension:{'a' * 32}/", Code.ORIGIN_MALFORMED, [f"chrome-extension://{'a' * 32}"]),
        ("capacitor:3000", Code.ORIGIN_MISSING_SCHEME, ["https://capacitor:3000"]),
        ("vscode-webview://*", Code.ORIGIN_MISPLACED_WILDCARD, []),
        # The text of a set or a tuple.
        (
            "{'https://a.example', 'https://b.example'}",
            Code.MULTIPLE_ORIGINS,
            ["https://a.example", "https://b.example"],
        ),
        (
            "('https://a.example', 'https://b.example')",
            Code.MULTIPLE_ORIGINS,
            ["https://a.example", "https://b.example"],
        ),
        ("file:///a", Code.ORIGIN_FILE_SCHEME, []),
        (" FILE://a", Code.ORIGIN_FILE_SCHEME, []),
        ("", Code.ORIGIN_EMPTY, []),
        ("\n", Code.ORIGIN_EMPTY, []),
        (" https://a.example ", Code.ORIGIN_WHITESPACE, ["https://a.example"]),
        ("https://a.exa\u00admple", Code.ORIGIN_WHITESPACE, ["https://a.example"]),
        ("https://a b", Code.ORIGIN_WHITESPACE, []),
        ('"https://a.example"', Code.ORIGIN_MALFORMED, ["https://a.example"]),
        ("https://", Code.ORIGIN_MALFORMED, []),
        ("https://a..b", Code.ORIGIN_MALFORMED, []),
        ("https://%61.example", Code.ORIGIN_MALFORMED, []),
        ("s" * 65 + "://a", Code.ORIGIN_MALFORMED, []),
        ("https://a.example,https://b.example/", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.example"]),
        ("https://a.example https://a.example", Code.MULTIPLE_ORIGINS, ["https://a.example"]),
        ('["https://a.example", "http://b.example"]', Code.MULTIPLE_ORIGINS, ["https://a.example", "http://b.example"]),
        ("https://a.example, *", Code.MULTIPLE_ORIGINS, ["https://a.example", "*"]),
        ("https://a.example, https://b.X", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.x"]),
        ("https://a.example;b.example", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.example"]),
        (r"'https://.*\.a.example', 'null'", Code.MULTIPLE_ORIGINS, ["https://*.a.example", "null"]),
        ("https://a.example,file:///", Code.MULTIPLE_ORIGINS, []),
        (r"https://.*\.a\.example", Code.ORIGIN_LOOKS_LIKE_REGEX, ["https://*.a.example"]),
        (
            r"^https?://[^.]+\.a\.example$",
            Code.ORIGIN_LOOKS_LIKE_REGEX,
            ["https://*.a.example", "http://*.a.example"],
        ),
        (r"(https://app\.example\.com)", Code.ORIGIN_LOOKS_LIKE_REGEX, ["https://app.example.com"]),
        (r"^http://localhost(:\d+)?$", Code.ORIGIN_LOOKS_LIKE_REGEX, ["http://localhost:*"]),
        (r"http://localhost:[0-9]+", Code.ORIGIN_LOOKS_LIKE_REGEX, ["http://localhost:*"]),
        ("https?://a.example", Code.ORIGIN_LOOKS_LIKE_REGEX, ["https://a.example", "http://a.example"]),
        ("[https://a.example]", Code.ORIGIN_MALFORMED, ["https://a.example"]),
        ("http://localhost:5173 # vite", Code.ORIGIN_WHITESPACE, ["http://localhost:5173"]),
        ("http://localhost:5173 // the front end", Code.ORIGIN_WHITESPACE, ["http://localhost:5173"]),
        ("http://localhost:5173:5173", Code.ORIGIN_INVALID_PORT, ["http://localhost:5173"]),
        ("https//:a.example", Code.ORIGIN_MISSPELLED_SCHEME, ["https://a.example"]),
        ("https://a.example | https://b.example", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.example"]),
        ("https://a.example && https://b.example", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.example"]),
        ("https://a.example and https://b.example", Code.MULTIPLE_ORIGINS, ["https://a.example", "https://b.example"]),
        ("http://$HOST:3000", Code.ORIGIN_MALFORMED, []),
        ("https://{settings.host}", Code.ORIGIN_MALFORMED, []),
        ("%FRONTEND_URL%", Code.ORIGIN_MALFORMED, []),
        ("None", Code.ORIGIN_MISSING_SCHEME, []),
        (r"https://(.+)\.a\.example:8443", Code.ORIGIN_LOOKS_LIKE_REGEX, ["https://*.a.example:8443"]),
        (r"https://.*a\.example", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        ("https://(a|b).example", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        ("https://.*", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        (".*", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
        ("https://[a-z]+.example", Code.ORIGIN_LOOKS_LIKE_REGEX, []),
    ],
    ids=ascii,
)
def test_an_error_is_named_and_repaired(text: str, code: Code, replacements: list[str]) -> None:
    """The first error is the code. The replacement fixes all errors, or the hint says what to do."""
    diagnosis = diagnose(text)
    assert diagnosis is not None
    assert (diagnosis.code, list(diagnosis.replacements)) == (code, replacements)
    assert diagnosis.reason
    assert diagnosis.instruction.endswith(".")
    assert repair(text) == tuple(replacements)


def test_all_errors_of_a_text_are_reported() -> None:
    """The reason has a sentence for each error."""
    diagnosis = diagnose(" WSS://me@BÜCHER.example:443/x?y ")
    assert diagnosis is not None
    for words in ("whitespace", "user name", "path", "upper-case", "ws: or wss:", "not ASCII", "default port"):
        assert words in diagnosis.reason
    assert diagnosis.replacements == ("https://xn--bcher-kva.example",)


def reason_of(text: str) -> str:
    """Return the reason for a text."""
    diagnosis = diagnose(text)
    assert diagnosis is not None
    return diagnosis.reason


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("https://A.example/", ["https://a.example/", "https://A.example"]),
        ("WSS://a.example:443", ["https://A.example", "wss://a.example", "https://a.example:443"]),
        ("localhost", ["a.example"]),
        ("HTTPS://a.example:8443", ["https://A.example"]),
        ("http://[::g]:80", ["http://[::g]"]),
    ],
)
def test_an_error_is_reported_in_the_same_words_wherever_it_is(text: str, alone: list[str]) -> None:
    """A text with several errors has the sentence of each, in order, and nothing else."""
    assert reason_of(text) == " ".join(map(reason_of, alone))


@pytest.mark.parametrize("text", ['"https://a.example"', "\u201chttps://a.example\u201d", "<https://a.example>", "*,"])
def test_what_is_around_an_origin_is_named(text: str) -> None:
    """If nothing else is wrong, the characters around it are the reason."""
    diagnosis = diagnose(text)
    assert diagnosis is not None
    assert "the quotes or other characters around it" in diagnosis.reason


def test_a_host_before_an_at_sign_is_explained() -> None:
    """The text before the @ looks like the origin, and browsers connect to the host after it."""
    diagnosis = diagnose("https://app.example.com@evil.example")
    assert diagnosis is not None
    assert diagnosis.instruction == "remove everything up to the @; browsers connect to the host after it."


def test_an_address_is_taken_apart_up_to_a_length() -> None:
    """A longer text has no fix, because no origin is that long."""
    longest = "https://a.example/".ljust(2048, "x")
    assert repair(longest) == ("https://a.example",)
    assert repair(f"{longest}x") == ()


URL_ATOMS = [
    *("https", "http", "HTTPS", "ws", "wss", "file", "foo", "://", ":/", "//", ":", "/", "\\", "?", "#", "@", "[", "]"),
    *("::1", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.1", "0x7f.1", "1.2.3.4.5", "a", "A", "b.example", "localhost"),
    *(".", "..", "*", "*.", ":*", "-", "_", "%41", " ", "\t", "\n", ",", ";", "ü", "ß", "Σ", "\u3002", "\uff0e", "İ"),
    *("xn--", "xn--bcher-kva", "80", "443", "0", "65536", "\u0663", "\uff18", "²", "①", "א", "null", "NULL", "(", ")"),
    *("'", '"', "\\.", ".*", "|", "+", "$", "^", "\x00", "\ud800", "\u00ad", "\u200d", "\u0308", "\u0345"),
]
url_like = st.lists(st.sampled_from(URL_ATOMS), min_size=1, max_size=9).map("".join)


SPELLED_HOSTS = [
    *(
        "a.example",
        "A.Example",
        "localhost",
        "LOCALHOST.",
        "127.1",
        "0x7f.0.0.1",
        "0177.1",
        "1.2.3.4.",
        "[::1]",
        "[0:0::1]",
    ),
    *("[::FFFF:1.2.3.4]", "bücher.example", "BÜCHER.Example", "faß.de", "пример.example", "例え.example", "Å.example"),
    *("a_b.example", "-a-.example", "a\u3002example", "\uff21\uff22.example", "xn--bcher-kva.example"),
]


@st.composite
def spelled_urls(draw: st.DrawFn) -> str:
    """Draw the URL of a page in a spelling that a person may use."""
    scheme = draw(st.sampled_from(["https", "http", "HTTP", "Https"]))
    user = draw(st.sampled_from(["", "", "", "me@", "me:secret@", "a@b:c@"]))
    host = draw(st.sampled_from(SPELLED_HOSTS))
    port = draw(st.sampled_from(["", "", ":", ":80", ":443", ":8080", ":00080", ":08443", ":65535"]))
    tail = draw(st.sampled_from(["", "", "/", "//", "/a/b", "?x=1", "#y", "/?x#y", "/a:80@b"]))
    space = draw(st.sampled_from(["", "", " ", "\n", "\t"]))
    return f"{space}{scheme}://{user}{host}{port}{tail}{space}"


def test_no_text_is_too_odd_to_be_judged() -> None:
    """Any text has a result. There is no error exactly for valid elements, and each fix is valid."""
    counts = ExampleCounts()

    def judge(text: str) -> None:
        diagnosis = diagnose(text)
        assert (diagnosis is None) is can_be_listed(text)
        counts.count(positive=diagnosis is not None and bool(diagnosis.replacements))
        if diagnosis is not None:
            assert diagnosis.reason
            assert diagnosis.instruction
            assert all(map(can_be_listed, diagnosis.replacements))
            assert text not in diagnosis.replacements

    # Two runs, so that both kinds of texts occur often enough.
    given(url_like | st.text(max_size=40) | near_misses())(judge)()
    given(spelled_urls())(judge)()
    counts.require(positive=0.2)


def test_the_fix_is_the_origin_that_a_browser_would_send() -> None:
    """For any spelling of a URL, the replacement agrees with an independent parser of the URL standard."""
    counts = ExampleCounts()

    @given(spelled_urls())
    def law(text: str) -> None:
        counts.count(positive=not can_be_listed(text))
        assert repair(text) == (ada_url.URL(text).origin,)

    law()
    counts.require(positive=0.5)


LONG = """
import sys
from crossorigin.policy.check.origin_repair import diagnose
size = 10**6
unit = eval(sys.argv[1])
body = (unit * (size // len(unit) + 1))[:size]
for text in (body, "https://" + body, "https://a.example, " + body, body + ":", "https://" + body + ":80/"):
    found = diagnose(text)
    assert found is not None
    assert len(found.reason) < 1000
print("done")
"""


@pytest.mark.parametrize(
    "unit",
    [
        "'['",
        "'[::'",
        "'a'",
        "'a.'",
        "'0'",
        "'f'",
        "'/'",
        "'@'",
        "':'",
        "'*.'",
        "' '",
        "','",
        "'\\u00fc'",
        "'\\u0301\\u0327'",
        "'\\u200b'",
        "''.join(map(chr, range(0x4e00, 0x9e00)))",
    ],
)
def test_a_text_of_a_megabyte_is_refused_and_that_is_all(unit: str) -> None:
    """The work stays in proportion: whatever a text repeats, its diagnosis ends."""
    # Only an endless run would reach the limit.
    run = subprocess.run([sys.executable, "-c", LONG, unit], capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout == "done\n"
