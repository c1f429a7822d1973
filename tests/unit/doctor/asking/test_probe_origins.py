"""The origins that a probe tries, and what their being allowed shows."""

import pytest

from crossorigin.browser import HttpResponse
from crossorigin.doctor.asking.probe_origins import ProbeOrigin, findings_of, probe_origins, probe_request
from crossorigin.fetch.origin import parse_origin
from tests.unit.browser.scripted_fetch import answer, asked


def origins(page: str) -> list[str]:
    """Return whom a probe tries for a page."""
    return [stranger.origin for stranger in probe_origins(page)]


def test_those_are_tried_that_look_like_the_page() -> None:
    """An unrelated origin, null, a suffix, a prefix, a dot that matches any character, and another scheme."""
    assert origins("https://api.example.co.uk:8443") == [
        "https://crossorigin-probe.invalid",
        "null",
        "https://api.example.co.uk.crossorigin-probe.invalid:8443",
        "https://crossorigin-probeexample.co.uk:8443",
        "https://apixexample.co.uk:8443",
        "http://api.example.co.uk:8443",
    ]


@pytest.mark.parametrize(
    ("page", "likes"),
    [
        ("https://example.com", 3),
        ("http://example.com", 2),
        ("http://localhost:3000", 1),
        ("http://127.0.0.1:3000", 1),
        ("http://[::1]:3000", 0),
        ("app://.", 0),
    ],
)
def test_nobody_is_tried_whom_nobody_can_be(page: str, likes: int) -> None:
    """Names below an address, and names of this machine, cannot be registered."""
    assert len(origins(page)) == 2 + likes


def test_an_opaque_origin_looks_like_no_other() -> None:
    """It is what the page is, and there is nothing to be like."""
    assert origins("null") == ["https://crossorigin-probe.invalid"]


def test_every_origin_that_is_tried_is_one() -> None:
    """A browser could send it."""
    for page in ("https://app.example.com", "http://127.0.0.1:3000", "https://a.b.c.d.example:1"):
        assert all(origin == "null" or parse_origin(origin) for origin in origins(page))


UNTRUSTED = ProbeOrigin(
    origin="https://evil.example", code=next(probe_origins("null")).code, likeness="nobody's origin"
)


@pytest.mark.parametrize(
    ("method", "sent"), [("GET", "GET"), ("HEAD", "HEAD"), ("POST", "OPTIONS"), ("PUT", "OPTIONS")]
)
def test_a_probe_changes_nothing(method: str, sent: str) -> None:
    """If the method can change data, only preflights are sent."""
    request = probe_request(asked(method=method, redirect="error", mode="same-origin"), UNTRUSTED)
    assert request is not None
    assert (request.method, dict(request.headers)[b"Origin"]) == (sent, b"https://evil.example")


def test_what_no_page_can_send_is_not_tried() -> None:
    """A forbidden method stays in the browser."""
    assert probe_request(asked(method="TRACE"), UNTRUSTED) is None


def found(page: str, *allowed: str, credentials: bool = False) -> list[tuple[str, bool]]:
    """Return the codes of the findings at a server that allows those origins, with or without credentials."""

    def response(origin: str) -> HttpResponse:
        grants = {"allow_credentials": "true"} if credentials else {}
        return answer(allow_origin=origin, **grants) if origin in allowed else answer(allow_origin="*")

    findings = findings_of((stranger, response(stranger.origin)) for stranger in probe_origins(page))
    return [(str(finding.code), "with credentials" in finding.detail) for finding in findings]


def test_each_origin_that_is_allowed_is_reported() -> None:
    """The finding says whether credentials are allowed. `*` is not a finding."""
    page = "https://app.example.com"
    assert found(page) == []
    assert found(page, "null", credentials=True) == [("null-origin-allowed", True)]
    assert found(page, "http://app.example.com") == [("lookalike-origin-allowed", False)]


def test_where_everybody_is_let_in_nothing_more_is_said() -> None:
    """One finding covers all others."""
    assert found("https://app.example.com", *origins("https://app.example.com")) == [("any-origin-reflected", False)]
