"""The headers that a page sets, as they are sent."""

from typing import Any

import pytest

from crossorigin.browser import EngineName
from tests.unit.browser.scripted_fetch import GRANT, PAGE, answer, fetch, sent

ALLOWED = answer(**GRANT)


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"headers": (("X-A", "1"), ("accept", "text/html"), ("Range", "bytes=0-1"))}, {"accept": "text/html"}),
        ({"headers": (("Accept", "a"), ("accept", "b"))}, {"Accept": "a, b"}),
        ({"headers": (("Accept", "a" * 128), ("accept", "b"))}, {"Accept": "a" * 128}),
        ({"headers": (("Accept", "a" * 120), ("X-A", ""), ("accept", "b" * 7))}, {"Accept": "a" * 120}),
        ({"method": "POST", "content_type": "a/b"}, {"Origin": PAGE}),
        (
            {"method": "POST", "content_type": "text/plain", "headers": (("Content-Type", "a/b"),)},
            {"Content-Type": "text/plain", "Origin": PAGE},
        ),
    ],
)
def test_without_cors_a_page_sets_few_headers(fields: dict[str, Any], headers: dict[str, str]) -> None:
    """Headers that would need a preflight are dropped. Each value is checked together with the previous ones."""
    assert sent(fetch(answer(), mode="no-cors", **fields))[0][1] == headers


def test_forbidden_headers_are_left_out() -> None:
    """The result is the same as if the page had not set them."""
    verdict = fetch(ALLOWED, headers=(("Cookie", "a=b"), ("sec-x", "1"), ("X-HTTP-Method", "TRACE"), ("Origin", "x")))
    assert sent(verdict) == [("GET", {"Origin": PAGE})]


def test_headers_of_one_name_go_as_one() -> None:
    """The joined header has the first spelling and position."""
    verdict = fetch(ALLOWED, ALLOWED, headers=(("X-A", "1"), ("X-B", "2"), ("x-a", "3")))
    assert list(sent(verdict)[1][1].items()) == [("X-A", "1, 3"), ("X-B", "2"), ("Origin", PAGE)]


@pytest.mark.parametrize(
    ("engine", "initiator", "asks"),
    [
        ("standard", "fetch", False),
        ("standard", "xhr", True),
        ("chromium", "fetch", True),
        ("firefox", "fetch", False),
        ("firefox", "xhr", True),
        ("webkit", "fetch", True),
    ],
)
def test_values_that_are_joined_are_judged_as_one(engine: EngineName, initiator: str, *, asks: bool) -> None:
    """XMLHttpRequest always joins them, and some engines always do, so together they can be too long."""
    headers = (("Accept", "a" * 128), ("accept", "b"))
    verdict = fetch(*[ALLOWED] * (1 + asks), engine=engine, initiator=initiator, headers=headers)
    assert len(verdict.exchanges) == 1 + asks
