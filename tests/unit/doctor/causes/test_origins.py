"""The differences between two origins, in words."""

import pytest

from crossorigin.doctor.causes.origins import difference, near_origins


@pytest.mark.parametrize(
    ("listed", "origin", "words"),
    [
        (
            "http://localhost:5173/",
            "http://localhost:5173",
            "it has a trailing slash, and browsers send origins without one",
        ),
        (
            "https://App.example",
            "https://app.example",
            "it has upper-case letters, and browsers send origins in lower case",
        ),
        ("https://app.example:443", "https://app.example", "it has the default port, and browsers leave that out"),
        ("https://app.example/app", "https://app.example", "it has a path, and an origin ends after the host and port"),
        ("app.example", "https://app.example", "it has no scheme"),
        ("https://app.example", "http://app.example", "its scheme is https, not http"),
        ("http://localhost:3000", "http://localhost:5173", "its port is 3000, not 5173"),
        ("http://localhost", "http://localhost:5173", "its port is 80 (the default), not 5173"),
        ("https://a.example:1", "http://a.example:2", "its scheme is https, not http and its port is 1, not 2"),
        ("http://127.0.0.1:5173", "http://localhost:5173", "browsers treat localhost and 127.0.0.1 as different hosts"),
        ("https://www.app.example", "https://app.example", "with and without www. are different hosts"),
        ("https://b.example", "https://a.example", None),
        ("https://localhost:1", "http://127.0.0.1:2", None),
        ("https://a.example", "https://a.example", None),
        ("https://*.b.example", "https://a.example", None),
        (
            "https://b.example, https://a.example",
            "https://a.example",
            "it is several origins in one string, and each needs its own",
        ),
        ("*", "https://a.example", None),
        ("https://a.example", "null", None),
    ],
)
def test_a_difference_is_named(listed: str, origin: str, words: str | None) -> None:
    """The text is only for origins that a person could have confused."""
    assert difference(listed, origin) == words


@pytest.mark.parametrize(
    ("origin", "near"),
    [
        ("https://www.a.example", ["https://a.example", "https://www.a.example/", "http://www.a.example"]),
        ("https://a.example", ["https://www.a.example", "https://a.example/", "http://a.example"]),
        ("http://10.0.0.1", ["http://10.0.0.1/", "https://10.0.0.1"]),
        ("app://x", []),
        ("null", []),
    ],
)
def test_near_origins_are_those_that_servers_often_list_instead(origin: str, near: list[str]) -> None:
    """There are none for an origin with another scheme than http and https."""
    assert list(near_origins(origin)) == near
