"""The preflight: when it is sent, its exact bytes, and how its response is evaluated."""

from typing import Any

import pytest

from crossorigin.browser import BrowserReason
from tests.unit.browser.scripted_fetch import API, GRANT, PAGE, Lines, answer, fetch, methods, sent

ALLOWED = answer(**GRANT)
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
BAD_METHODS = BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE
BAD_HEADERS = BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE
NO_METHOD = BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE
NO_HEADER = BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE
STATUS = BrowserReason.PREFLIGHT_INVALID_STATUS


@pytest.mark.parametrize(
    ("fields", "asks"),
    [
        ({}, None),
        ({"method": "HEAD"}, None),
        ({"method": "post", "body": b"x", "content_type": "text/plain;charset=UTF-8"}, None),
        ({"headers": (("Accept", "text/html"), ("Range", "bytes=0-1"), ("Cookie", "a=b"))}, None),
        ({"method": "PUT"}, ("PUT", None)),
        ({"method": "put"}, ("PUT", None)),
        ({"method": "patch"}, ("patch", None)),
        ({"method": "foo!"}, ("foo!", None)),
        ({"method": "POST", "content_type": "application/json"}, ("POST", "content-type")),
        ({"method": "POST", "content_type": "x/y", "headers": (("content-type", "text/plain"),)}, None),
        ({"headers": (("X-Token", "t"),)}, ("GET", "x-token")),
        ({"headers": (("User-Agent", "x"),)}, ("GET", "user-agent")),
        (
            {"headers": (("X-Zed", ""), ("x-Alpha", "1"), ("Content-Type", "a/b"), ("X-Beta", "1"), ("Accept", "*/*"))},
            ("GET", "content-type,x-alpha,x-beta,x-zed"),
        ),
        ({"headers": (("X-A", "1"), ("x-a", "2"))}, ("GET", "x-a")),
        ({"method": "POST", "upload_listener": True}, ("POST", None)),
        ({"method": "POST", "stream": True}, ("POST", None)),
        ({"upload_listener": True}, ("GET", None)),
    ],
)
def test_what_is_not_safelisted_is_asked_for(fields: dict[str, Any], asks: tuple[str, str | None] | None) -> None:
    """A preflight has the method and the unsafe names, in lower case, sorted, without duplicates or spaces."""
    verdict = fetch(*([ALLOWED] if asks else []), ALLOWED, **fields)
    assert verdict.allowed
    assert len(verdict.exchanges) == (2 if asks else 1)
    if asks:
        method, names = asks
        more = {} if names is None else {"Access-Control-Request-Headers": names}
        asking = {"Accept": "*/*", "Access-Control-Request-Method": method, **more, "Origin": PAGE}
        assert sent(verdict)[0] == ("OPTIONS", asking)


def test_a_preflight_is_this_byte_for_byte() -> None:
    """It is sent to the URL without its fragment, without credentials and without a body."""
    verdict = fetch(
        answer(allow_origin=PAGE, allow_credentials="true", allow_methods="PUT", allow_headers="x-b, x-a"),
        answer(allow_origin=PAGE, allow_credentials="true"),
        url=f"{API}/a?b=c#d",
        method="PUT",
        headers=(("X-B", "1"), ("X-A", " 2 ")),
        credentials="include",
        body=b"{}",
        content_type="text/plain",
    )
    preflight, actual = (exchange.request for exchange in verdict.exchanges)
    assert (preflight.preflight, actual.preflight) == (True, False)
    assert (preflight.url, actual.url) == (f"{API}/a?b=c", f"{API}/a?b=c")
    assert (preflight.credentials, actual.credentials) == (False, True)
    assert (preflight.body, actual.body) == (None, b"{}")
    assert preflight.headers == (
        (b"Accept", b"*/*"),
        (b"Access-Control-Request-Method", b"PUT"),
        (b"Access-Control-Request-Headers", b"x-a,x-b"),
        (b"Origin", PAGE.encode()),
    )
    assert actual.headers == (
        (b"X-B", b"1"),
        (b"X-A", b"2"),
        (b"Content-Type", b"text/plain"),
        (b"Origin", PAGE.encode()),
    )
    assert verdict.allowed


@pytest.mark.parametrize(
    ("status", "ok"), [(200, True), (204, True), (299, True), (199, False), (300, False), (304, False), (500, False)]
)
def test_a_preflight_needs_an_ok_status(status: int, *, ok: bool) -> None:
    """Any status except 200 to 299 makes the preflight fail."""
    verdict = fetch(answer(status, **GRANT), *([ALLOWED] if ok else []), method="PUT")
    assert verdict.reason == (None if ok else STATUS)
    if not ok:
        assert verdict.culprit is not None
        told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.value, verdict.culprit.subject
        assert told == (0, ":status", str(status), "200 to 299")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_preflight_is_never_redirected(status: int) -> None:
    """This needs a `Location`. Otherwise the status is the reason."""
    verdict = fetch(answer(status, {"Location": "/x"}, **GRANT), method="PUT")
    assert verdict.reason is BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT
    assert verdict.culprit is not None
    told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
    assert told == (0, "Location", ("/x",), f"{API}/")
    assert fetch(answer(status, **GRANT), method="PUT").reason is STATUS
    assert fetch(answer(200, {"Location": "/x"}, **GRANT), ALLOWED, method="PUT").allowed


def test_the_status_comes_after_the_check() -> None:
    """If both the origin and the status are wrong, the reason is the origin. A redirect is always the reason."""
    assert fetch(answer(500), method="PUT").reason is BrowserReason.PREFLIGHT_MISSING_ALLOW_ORIGIN_HEADER
    redirected = fetch(answer(302, {"Location": "/x"}), method="PUT")
    assert redirected.reason is BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT


@pytest.mark.parametrize(
    ("method", "values", "reason"),
    [
        ("PUT", ["PUT"], None),
        ("PUT", ["GET", "PATCH,\tPUT"], None),
        ("PUT", [",PUT,,"], None),
        ("PUT", ["*"], None),
        ("put", ["PUT"], None),
        ("put", ["put"], NO_METHOD),
        ("patch", ["PATCH"], NO_METHOD),
        ("patch", ["patch"], None),
        ("PUT", [], NO_METHOD),
        ("PUT", [""], NO_METHOD),
        ("PUT", ["PUTS"], NO_METHOD),
        ("PUT", ["P*"], NO_METHOD),
        ("PUT", ["PUT, D ELETE"], BAD_METHODS),
        ("PUT", ["PUT;"], BAD_METHODS),
        ("PUT", ["PUT", "(x)"], BAD_METHODS),
    ],
)
def test_a_method_is_listed_as_it_is_sent(method: str, values: list[str], reason: BrowserReason | None) -> None:
    """The case matters, all lines count, and a wildcard matches.

    An element that is not a token makes the list invalid.
    """
    lines: Lines = [(METHODS, value) for value in values]
    verdict = fetch(answer(200, lines, allow_origin="*"), *([] if reason else [ALLOWED]), method=method)
    assert verdict.reason == reason
    if reason is not None:
        assert verdict.culprit is not None
        assert (verdict.culprit.header, verdict.culprit.lines) == (METHODS, tuple(values))
        bad = {"PUT, D ELETE": "D ELETE", "PUT;": "PUT;", "PUT": "(x)"}
        expected = method.upper() if method == "put" else method
        assert verdict.culprit.subject == (bad[values[0]] if reason is BAD_METHODS else expected)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("listed", [{}, {"allow_methods": "PUT"}, {"allow_methods": ""}])
def test_a_safelisted_method_needs_no_list(method: str, listed: dict[str, str]) -> None:
    """It is allowed by any valid list."""
    wanted = {"method": method, "headers": (("X-A", "1"),)}
    assert fetch(answer(allow_origin="*", allow_headers="x-a", **listed), ALLOWED, **wanted).allowed
    broken = fetch(answer(allow_origin="*", allow_headers="x-a", allow_methods="(x)"), **wanted)
    assert broken.reason is BAD_METHODS


@pytest.mark.parametrize(
    ("names", "values", "reason", "subject"),
    [
        (["X-A"], ["x-a"], None, ""),
        (["x-a"], ["X-A"], None, ""),
        (["X-A", "X-B"], ["x-b", ", x-a ,"], None, ""),
        (["X-A"], ["*"], None, ""),
        (["X-A", "X-B"], ["x-a"], NO_HEADER, "x-b"),
        (["X-B", "X-A"], [], NO_HEADER, "x-a"),
        (["X-A"], ["x-*"], NO_HEADER, "x-a"),
        (["X-A"], ["x-a, b d"], BAD_HEADERS, "b d"),
        (["X-A"], ["x-a", "x:"], BAD_HEADERS, "x:"),
        (["Authorization"], ["*"], NO_HEADER, "authorization"),
        (["Authorization", "X-A"], ["*, authorization"], None, ""),
    ],
)
def test_a_header_is_listed_by_its_name(
    names: list[str], values: list[str], reason: BrowserReason | None, subject: str
) -> None:
    """The case does not matter. A wildcard matches every name except Authorization."""
    lines: Lines = [(HEADERS, value) for value in values]
    headers = tuple((name, "1") for name in names)
    verdict = fetch(answer(200, lines, allow_origin="*"), *([] if reason else [ALLOWED]), headers=headers)
    assert verdict.reason == reason
    if reason is not None:
        assert verdict.culprit is not None
        told = verdict.culprit.exchange, verdict.culprit.header, verdict.culprit.lines, verdict.culprit.subject
        assert told == (0, HEADERS, tuple(values), subject)


@pytest.mark.parametrize(
    ("fields", "listed", "reason"),
    [
        ({"method": "PUT"}, {"allow_methods": "*"}, NO_METHOD),
        ({"method": "PUT"}, {"allow_methods": "*, PUT"}, None),
        ({"method": "*"}, {"allow_methods": "*"}, None),
        ({"headers": (("X-A", "1"),)}, {"allow_headers": "*"}, NO_HEADER),
        ({"headers": (("X-A", "1"),)}, {"allow_headers": "x-a"}, None),
        ({"headers": (("*", "1"),)}, {"allow_headers": "*"}, None),
        ({"headers": (("Authorization", "1"),)}, {"allow_headers": "Authorization"}, None),
    ],
)
def test_with_credentials_a_wildcard_is_a_name(
    fields: dict[str, Any], listed: dict[str, str], reason: BrowserReason | None
) -> None:
    """A wildcard matches only itself. The credentials mode is that of the request after the preflight."""
    granted = {"allow_origin": PAGE, "allow_credentials": "true"}
    rest = [] if reason else [answer(**granted)]
    verdict = fetch(answer(**granted, **listed), *rest, credentials="include", **fields)
    assert verdict.reason == reason


def test_lists_are_parsed_before_they_are_read() -> None:
    """Invalid lists are reported first, methods before headers. Then the method is checked, and then the headers."""
    wanted = {"method": "PUT", "headers": (("X-A", "1"),)}
    assert fetch(answer(allow_origin="*", allow_methods="()", allow_headers="()"), **wanted).reason is BAD_METHODS
    assert fetch(answer(allow_origin="*", allow_headers="()"), **wanted).reason is BAD_HEADERS
    assert fetch(answer(allow_origin="*"), **wanted).reason is NO_METHOD
    assert fetch(answer(allow_origin="*", allow_methods="PUT"), **wanted).reason is NO_HEADER


@pytest.mark.parametrize(
    ("listed", "reason"), [({}, None), ({"allow_methods": ""}, NO_METHOD), ({"allow_methods": "GET"}, NO_METHOD)]
)
@pytest.mark.parametrize("how", ["upload_listener", "stream"])
def test_an_upload_passes_where_no_methods_are_sent(
    how: str, listed: dict[str, str], reason: BrowserReason | None
) -> None:
    """If a preflight is only needed for an upload listener, a missing list allows the requested method."""
    rest = [] if reason else [ALLOWED]
    verdict = fetch(answer(allow_origin="*", **listed), *rest, **{"method": "PUT", how: True})
    assert verdict.reason == reason


def test_a_preflight_that_fails_ends_it() -> None:
    """The request itself is never sent, and a preflight without a response is a network error."""
    assert methods(fetch(answer(), method="PUT")) == ["OPTIONS"]
    lost = fetch(None, method="PUT")
    assert lost.reason is BrowserReason.NETWORK_ERROR
    assert methods(lost) == ["OPTIONS"]
