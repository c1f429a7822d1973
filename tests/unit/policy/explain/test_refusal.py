"""The text for a refusal names what was refused and what to write, and contains nothing that could forge a log line."""

import ast
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import LiveOrigins, Policy, Reason
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.explain.refusal import MAX_SHOWN, RefusalDescriber, shown
from tests.properties.counting import Watched

APP = "https://app.example.com"
POLICY = Policy(allow_origins=[APP], allow_methods=["GET", "PATCH"], allow_headers=["X-Token"])


def words(
    origin: bytes | list[bytes],
    method: bytes | list[bytes] | None = None,
    headers: bytes | list[bytes] = b"",
    policy: Policy = POLICY,
) -> str:
    """Decide a request, or a preflight if there is a requested method, and return the text."""
    origins, methods, names = map(listed, (origin, method or [], headers))
    decision = policy.decide("OPTIONS", origin=origins, request_method=methods, request_headers=names)
    assert not decision.allowed
    return RefusalDescriber(policy).describe(decision, origins, methods, names)


def listed(lines: bytes | list[bytes]) -> list[bytes]:
    """Return one line or several."""
    return [lines] if isinstance(lines, bytes) else lines


ADD = 'If you trust this origin, add "{}" to allow_origins.'


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (
            b"http://app.example.com",
            "https://app.example.com is allowed, but the request came from http://app.example.com: the scheme differs. "
            + ADD.format("http://app.example.com"),
        ),
        (b"https://evil.example", ADD.format("https://evil.example")),
        (
            b"null",
            (
                "Sandboxed frames, data: URLs and files send null. So do requests that a third origin redirects to "
                "this one. Serve the page from its own origin, or request the target of the redirect directly."
            ),
        ),
        (
            b"https://app.example.com, https://other.example",
            "The Origin header contains several origins; browsers send exactly one.",
        ),
        (b"x" * 327, "The Origin header is longer than 326 bytes; no real origin is that long."),
        ([APP.encode()] * 2, "The request has several Origin headers; browsers send exactly one."),
        (
            b"https://app.example.com/",
            "It ends with a slash. Browsers send origins without one, so it would never match.",
        ),
        (b"", "The Origin header is empty; browsers send an origin, or null, or no Origin header."),
        (b"https://*.example.com", "It is a pattern, and browsers send the exact origin of a page."),
        (
            b"ws://app.example.com",
            (
                "No page is loaded from a ws: or wss: URL. A WebSocket handshake sends the origin of its page, which "
                "is http: or https:."
            ),
        ),
        (b"app.example.com", "It has no scheme; an origin starts with a scheme such as https://."),
        (
            b"https://\r\n\x1b",
            (
                "It contains whitespace or an invisible character; an origin never does. It is not a valid origin, so "
                "no browser can send it."
            ),
        ),
    ],
)
def test_an_origin_that_is_refused_has_its_words(origin: bytes | list[bytes], told: str) -> None:
    """A similar origin is named with the difference and the fix. A value that cannot be listed is called invalid."""
    assert words(origin) == told


def test_a_policy_without_origins_says_so() -> None:
    """The setting may be empty in one environment only. An expression allows origins too."""
    origin = b"https://app.example.com"
    advice = ADD.format("https://app.example.com")
    empty = "allow_origins is empty, so no other origin is allowed. "
    assert words(origin, policy=Policy()) == empty + advice
    assert words(origin, policy=Policy(allow_origin_regex=r"https://other\.example")) == advice


def test_an_insecure_origin_is_never_suggested_with_credentials() -> None:
    """If only the scheme differs, the page has to change."""
    policy = Policy(allow_origins=[APP], allow_credentials=True)
    told = "https://app.example.com is allowed, but the request came from http://app.example.com: the scheme differs. "
    assert words(b"http://app.example.com", policy=policy) == f"{told}Serve the page over https."
    assert words(b"http://evil.example", policy=policy) == ADD.format("http://evil.example")


@pytest.mark.parametrize(
    ("method", "told"),
    [
        (b"PUT", "'PUT' is not in allow_methods; add it if your API uses it."),
        (b"M-SEARCH", "'M-SEARCH' is not in allow_methods; add it if your API uses it."),
        (b"chicken", "'chicken' is not in allow_methods; add it if your API uses it."),
        (b"patch", "Methods are case-sensitive: write 'PATCH' in the page."),
        (b"query", "Methods are case-sensitive: write 'QUERY' in the page, and add it to allow_methods."),
        (b"TRACE", "Browsers do not let scripts send 'TRACE'."),
        (b"*", "'*' is not a method. Use the name of a method in the page."),
        (b"A B", "The requested method is not a valid token, so no browser sent it."),
        (b"A" * 300, "The requested method is over the length limit."),
        ([b"GET", b"GET"], "The request has several Access-Control-Request-Method headers; browsers send exactly one."),
    ],
)
def test_a_method_that_is_refused_has_its_words(method: bytes | list[bytes], told: str) -> None:
    """The missing method is named. One that allow_methods cannot contain is not suggested."""
    assert words(APP.encode(), method) == told


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (b"x-token,X-A, x-b,x-a", "'x-a', 'x-b' are not in allow_headers; add those that your API uses."),
        ([b"x-a", b"accept"], "'x-a' is not in allow_headers; add it if your API uses it."),
        (b"*", "Remove '*' from the page's request; it has no effect there."),
        (
            b"access-control-allow-origin,x-a",
            (
                "Remove 'access-control-allow-origin' from the page's request; it has no effect there. "
                "'x-a' is not in allow_headers; add it if your API uses it."
            ),
        ),
        (
            ",".join(f"x-{number}" for number in range(8)).encode(),
            (
                "'x-0', 'x-1', 'x-2', 'x-3', 'x-4', 'x-5', 'x-6', 'x-7' are not in allow_headers; "
                "add those that your API uses."
            ),
        ),
        (
            ",".join(f"x-{number}" for number in range(9)).encode(),
            (
                "'x-0', 'x-1', 'x-2', 'x-3', 'x-4', 'x-5', 'x-6', 'x-7' and 1 more are not in allow_headers; "
                "add those that your API uses."
            ),
        ),
        (
            ",".join(f"x-{number}" for number in range(10)).encode(),
            (
                "'x-0', 'x-1', 'x-2', 'x-3', 'x-4', 'x-5', 'x-6', 'x-7' and 2 more are not in allow_headers; "
                "add those that your API uses."
            ),
        ),
        (b"x a", "A requested header name is not a valid token, so no browser sent it."),
        (b"x" * 5000, "The requested header names are too long in total."),
        (b"," * 20, "The list of requested header names has too many empty elements."),
    ],
)
def test_headers_that_are_refused_have_their_words(headers: bytes | list[bytes], told: str) -> None:
    """Missing names are listed once, up to eight of them, and `*` is never suggested."""
    assert words(APP.encode(), b"GET", headers) == told


def test_all_that_refuses_is_reported() -> None:
    """One line has all refusals, so that one change is enough."""
    assert words(b"https://evil.example", b"PUT", b"x-a") == (
        f"{ADD.format('https://evil.example')} 'PUT' is not in allow_methods; add it if your API uses it. "
        "'x-a' is not in allow_headers; add it if your API uses it."
    )


def test_where_every_answer_is_the_same_two_things_change() -> None:
    """A second origin cannot be listed with constant_allow_origin, so both changes are named."""
    policy = Policy(allow_origins=[APP], constant_allow_origin=True)
    told = words(b"https://evil.example", b"GET", policy=policy)
    assert told == (
        'If you trust this origin, add "https://evil.example" to allow_origins, and remove constant_allow_origin, '
        "which works with one origin only."
    )


@pytest.mark.parametrize("reason", [reason for reason in Reason if not reason.allows and "absent" not in reason])
def test_every_refusal_has_words(reason: Reason) -> None:
    """Each reason that refuses has a sentence."""
    requests: dict[str, Any] = {
        "origin-repeated": ([b"null"] * 2,),
        "origin-too-long": (b"x" * 327,),
        "origin-malformed": (b"*",),
        "origin-null": (b"null",),
        "origin-not-listed": (b"https://a.example",),
        "method-repeated": (APP.encode(), [b"GET"] * 2),
        "method-too-long": (APP.encode(), b"A" * 300),
        "method-malformed": (APP.encode(), b"A B"),
        "method-not-listed": (APP.encode(), b"PUT"),
        "headers-too-long": (APP.encode(), b"GET", b"x" * 5000),
        "headers-too-many-empty-elements": (APP.encode(), b"GET", b"," * 20),
        "headers-malformed": (APP.encode(), b"GET", b"x a"),
        "headers-not-listed": (APP.encode(), b"GET", b"x-a"),
    }
    if reason is Reason.ORIGIN_NOT_LIVE:
        live = LiveOrigins(["https://shop.example"])
        lines = [b"http://shop.example"], list[bytes](), list[bytes]()
        decision = Plan(POLICY, live=live).decide_actual(lines[0])
        told = RefusalDescriber(POLICY, live).describe(decision, *lines)
        assert told == (
            "https://shop.example is allowed, but the request came from http://shop.example: the scheme differs. "
            "Serve the page over https."
        )
        return
    if reason is Reason.METHOD_NOT_SERVED:
        # No policy says so by itself: it is limited to what the path serves.
        lines = [APP.encode()], [b"PATCH"], list[bytes]()
        decision = Plan(POLICY).narrowed({"GET"}).decide_preflight(*lines)
        told = RefusalDescriber(POLICY).describe(decision, *lines)
        assert told.startswith("The method is in allow_methods, but no route at this path accepts it")
    else:
        told = words(*requests[reason])
    assert told.endswith(".")


@pytest.mark.parametrize("origin", ["http://app.example.com", "https://a.b", "tauri://localhost", "http://[::1]:8000"])
def test_the_origin_to_add_helps(origin: str) -> None:
    """The fix, pasted unchanged, allows the request."""
    (text,) = re.findall(r"add (\"[^\"]+\") to allow_origins", words(origin.encode()))
    policy = Policy(allow_origins=[APP, ast.literal_eval(text)])
    assert policy.decide("GET", origin=[origin.encode()]).allowed


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_what_is_shown_is_one_short_line_of_ascii(value: bytes | str) -> None:
    """Quoted, escaped and cut, whatever it is; and if it is short, it can be read back."""
    text = shown(value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= MAX_SHOWN
    if not text.endswith("..."):
        assert ast.literal_eval(text) == (value.decode("latin-1") if isinstance(value, bytes) else value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "''"),
        ("a" * 118, f"'{'a' * 118}'"),
        ("a" * 119, f"'{'a' * 116}..."),
        ("a" * 200, f"'{'a' * 116}..."),
        ("\u202e", r"'\u202e'"),
        (b"\x1b[2J\r\n\xff", r"'\x1b[2J\r\n\xff'"),
    ],
)
def test_what_is_shown_is_cut_at_its_limit(value: bytes | str, text: str) -> None:
    """Quotes and escapes count, and what was cut ends in dots."""
    assert shown(value) == text


def test_what_is_long_is_cut_before_it_is_read() -> None:
    """Of a megabyte, only the beginning is taken."""
    endless = Watched(bytes(10**6))
    assert len(shown(endless)) == MAX_SHOWN
    assert endless.done == []
