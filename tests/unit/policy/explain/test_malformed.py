"""What is wrong with the `Origin` of a request that is not an origin."""

import pytest

from crossorigin.policy.explain.malformed import describe_malformed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "The Origin header is empty; browsers send an origin, or null, or no Origin header."),
        ("https://*.example.com", "It is a pattern, and browsers send the exact origin of a page."),
        ("*.example.com", "It is a pattern, and browsers send the exact origin of a page."),
        ("https://(a|b).example", "It is a pattern, and browsers send the exact origin of a page."),
        ("https://a.example:99999", "Its port is not a number from 1 to 65535 without leading zeros."),
    ],
)
def test_the_text_is_about_a_request(text: str, why: str) -> None:
    """No text is about a setting, a list or the place of a wildcard, and no pattern is offered as an origin."""
    assert describe_malformed(text) == (why, ())


def test_a_repaired_origin_is_offered() -> None:
    """It is the one that a browser would send."""
    assert describe_malformed("https://App.Example.com/items")[1] == ("https://app.example.com",)


def test_several_origins_are_offered_one_by_one() -> None:
    """The reason is about the header, not about the elements of a list."""
    why, origins = describe_malformed("https://a.example https://b.example")
    assert why == "The Origin header contains several origins; browsers send exactly one."
    assert origins == ("https://a.example", "https://b.example")
