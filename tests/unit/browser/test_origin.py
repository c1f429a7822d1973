"""The origin that a request names, if any."""

from typing import Any

import pytest

from tests.unit.browser.scripted_fetch import GRANT, OTHER, PAGE, answer, fetch, redirect, sent

ALLOWED = answer(**GRANT)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, PAGE),
        ({"url": f"{PAGE}/"}, None),
        ({"url": f"{PAGE}/", "method": "HEAD"}, None),
        ({"url": f"{PAGE}/", "method": "POST"}, PAGE),
        ({"url": f"{PAGE}/", "method": "PUT", "referrer_policy": "no-referrer"}, PAGE),
        ({"mode": "no-cors"}, None),
        ({"mode": "no-cors", "method": "HEAD"}, None),
        ({"mode": "no-cors", "method": "POST"}, PAGE),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "no-referrer"}, "null"),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "same-origin"}, "null"),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "origin"}, PAGE),
        ({"mode": "no-cors", "method": "POST", "referrer_policy": "unsafe-url", "url": "http://api.example/"}, PAGE),
        *(
            ({"mode": "no-cors", "method": "POST", "referrer_policy": policy, "url": "http://api.example/"}, "null")
            for policy in ("no-referrer-when-downgrade", "strict-origin", "strict-origin-when-cross-origin")
        ),
        ({"mode": "no-cors", "method": "POST", "url": "http://api.example/", "origin": "http://a.example"},
         "http://a.example"),
        ({"mode": "same-origin", "method": "POST", "url": f"{PAGE}/", "referrer_policy": "same-origin"}, PAGE),
        ({"mode": "same-origin", "method": "POST", "url": f"{PAGE}/", "referrer_policy": "no-referrer"}, "null"),
        ({"mode": "same-origin", "method": "POST", "url": f"{PAGE}/", "referrer_policy": "strict-origin"}, PAGE),
        ({"referrer_policy": "no-referrer", "method": "POST"}, PAGE),
    ],
)  # fmt: skip
def test_origin_is_named_with_cors_and_with_what_changes_something(fields: dict[str, Any], named: str | None) -> None:
    """Outside CORS, the referrer policy can hide the origin."""
    assert sent(fetch(ALLOWED, **fields))[-1][1].get("Origin") == named


def test_without_cors_a_tainted_origin_is_null() -> None:
    """A POST that was redirected by another origin does not name the page's origin."""
    verdict = fetch(redirect(f"{OTHER}/"), answer(), mode="no-cors", method="POST")
    assert [headers["Origin"] for _, headers in sent(verdict)] == [PAGE, "null"]
