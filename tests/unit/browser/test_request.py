"""The requests that a page can make, and the values that follow from them."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from crossorigin.browser import BrowserRequest, Culprit, HttpResponse
from tests.unit.browser.scripted_fetch import API, PAGE, answer, asked, fetch


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"origin": f"{PAGE}/"}, "Invalid origin 'https://app.example/': expected scheme://host"),
        ({"origin": ""}, "Invalid origin '': expected scheme://host"),
        ({"url": "/items"}, "Invalid URL '/items': not absolute"),
        ({"url": "https://a b/"}, "Invalid URL 'https://a b/': browsers cannot fetch it"),
        (
            {"url": "https://me:pw@api.example/"},
            "Invalid URL 'https://me:pw@api.example/': fetch rejects URLs with a user name or password",
        ),
        ({"method": "PU T"}, "Invalid method 'PU T': not a token"),
        ({"method": ""}, "Invalid method '': not a token"),
        ({"headers": (("X Token", "t"),)}, "Invalid header name 'X Token': not a token"),
        ({"headers": (("X-A", "1"), ("X-Token", "a\nb"))}, "Invalid value 'a\\nb' of X-Token: contains NUL"),
        ({"headers": (("X-Token", "a\0"),)}, "Invalid value 'a\\x00' of X-Token: contains NUL"),
        (
            {"headers": (("X-Token", "€"),)},
            "Invalid value '€' of X-Token: contains NUL, a line break or a character beyond",
        ),
        ({"headers": (("X-Token", "a\u2003"),)}, "Invalid value 'a\\u2003' of X-Token: contains NUL"),
        ({"body": b""}, "A GET request cannot have a body"),
        ({"method": "get", "content_type": "text/plain"}, "A get request cannot have a body"),
        ({"method": "HEAD", "stream": True}, "A HEAD request cannot have a body"),
        ({"method": "POST", "stream": True, "mode": "no-cors"}, "A streamed body requires mode cors or same-origin"),
        (
            {"method": "POST", "content_type": "a/b\r\nX: 1"},
            "Invalid value 'a/b\\r\\nX: 1' of Content-Type: contains NUL",
        ),
        ({"method": "POST", "content_type": "€"}, "Invalid value '€' of Content-Type: contains NUL"),
        ({"mode": "nocors"}, "Invalid mode 'nocors': expected one of cors, no-cors, same-origin"),
        ({"credentials": "Include"}, "Invalid credentials 'Include': expected one of omit, same-origin, include"),
        ({"redirect": "none"}, "Invalid redirect 'none': expected one of follow, error, manual"),
        ({"referrer_policy": "never"}, "Invalid referrer_policy 'never': expected one of no-referrer, "),
        ({"initiator": "iframe"}, "Invalid initiator 'iframe': expected one of fetch, xhr, "),
        ({"url": "data:,x"}, "Invalid URL 'data:,x': browsers load data URLs themselves and send no request"),
        ({"url": "BLOB:x"}, "Invalid URL 'BLOB:x': browsers load blob URLs themselves"),
        ({"url": "about:blank"}, "Invalid URL 'about:blank': browsers load about URLs themselves"),
    ],
)
def test_what_no_page_can_ask_for_is_refused(fields: dict[str, Any], message: str) -> None:
    """The message names the field and its value."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        asked(**fields)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "null"},
        {"url": "file:///etc/hosts"},
        {"method": "x-get", "body": b""},
        {"headers": (("X-Token", "\n é\xff \r"),)},
        {"method": "POST", "stream": True, "mode": "same-origin"},
    ],
)
def test_the_rest_can_be_asked_for(fields: dict[str, Any]) -> None:
    """An opaque origin, another scheme, any token, and bytes with surrounding white space are allowed."""
    assert asked(**fields)


def test_values_go_out_without_http_whitespace_around_them() -> None:
    """This holds for headers and for the type of a body. Other white space is kept."""
    headers = (("X-A", "\n\t\x0ba\xa0\r "),)
    verdict = fetch(answer(), method="POST", headers=headers, content_type="\n text/plain;x=\xe9\x0b\t", origin=API)
    sent = verdict.exchanges[0].request.headers
    assert sent[:2] == ((b"X-A", b"\x0ba\xa0"), (b"Content-Type", b"text/plain;x=\xe9\x0b"))


def test_an_engine_is_one_of_four() -> None:
    """The message names them."""
    with pytest.raises(
        ValueError, match="Invalid engine 'safari': expected one of standard, chromium, firefox, webkit"
    ):
        fetch(engine="safari")  # type: ignore[arg-type]  # what is tested


def test_values_are_frozen_and_compared() -> None:
    """Two requests for the same are one."""
    request = BrowserRequest(url=API, origin=PAGE)
    assert request == BrowserRequest(url=API, origin=PAGE)
    assert hash(request) == hash(BrowserRequest(url=API, origin=PAGE))
    with pytest.raises(FrozenInstanceError):
        request.url = ""  # type: ignore[misc]


@pytest.mark.parametrize(("credentials", "include"), [("omit", False), ("same-origin", False), ("include", True)])
def test_only_include_includes(credentials: str, *, include: bool) -> None:
    """It takes the meaning from every wildcard."""
    assert asked(credentials=credentials).includes_credentials is include


def test_a_response_gives_the_lines_of_a_header() -> None:
    """In any case, in order, without spaces and tabs around them, and nothing else stripped."""
    response = HttpResponse(
        status=200, headers=((b"X-A", b"\t 1 "), (b"y", b"0"), (b"x-a", b""), (b"X-a", b"\x0b2\xa0"))
    )
    assert response.lines("x-A") == (b"1", b"", b"\x0b2\xa0")
    assert response.lines("z") == ()


@pytest.mark.parametrize(("lines", "value"), [((), None), (("",), ""), (("a", "b"), "a, b")])
def test_a_culprit_tells_its_value(lines: tuple[str, ...], value: str | None) -> None:
    """All lines joined, as browsers read them; None where there is none."""
    assert Culprit(exchange=0, header="Vary", lines=lines, subject="").value == value


def test_a_verdict_says_what_the_page_gets() -> None:
    """Whether there is a response, and whether it can be read."""
    read = fetch(answer(allow_origin="*"))
    assert (read.allowed, read.readable, read.type, read.reason, read.culprit) == (True, True, "cors", None, None)
    own = fetch(answer(), origin=API)
    assert (own.allowed, own.readable, own.type) == (True, True, "basic")
    opaque = fetch(answer(), mode="no-cors")
    assert (opaque.allowed, opaque.readable, opaque.type) == (True, False, "opaque")
    assert (read.status, fetch(None).status, fetch(method="TRACE").status) == (200, None, None)
    blocked = fetch(answer())
    assert (blocked.allowed, blocked.readable, blocked.type) == (False, False, "error")
    assert (blocked.engine, blocked.request, blocked.url) == ("standard", asked(), f"{API}/")
