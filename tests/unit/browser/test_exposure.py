"""The response headers that a page can read."""

import pytest

from tests.unit.browser.scripted_fetch import PAGE, answer, fetch

OWN = [("Content-Type", "a/b"), ("CACHE-CONTROL", "x"), ("ETag", "e"), ("X-Id", "1"), ("Set-Cookie", "a"),
       ("set-cookie2", "a"), ("x-id", "2")]  # fmt: skip
ALWAYS = ["cache-control", "content-type"]
ALL = ["access-control-allow-credentials", "access-control-allow-origin", "access-control-expose-headers",
       "cache-control", "content-type", "etag", "x-id"]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "credentials", "names"),
    [
        ([], "omit", ALWAYS),
        (["X-ID"], "omit", [*ALWAYS, "x-id"]),
        (["x-id", " etag ,, "], "omit", [*ALWAYS, "etag", "x-id"]),
        (["x-other, Set-Cookie"], "omit", ALWAYS),
        (["*"], "omit", ALL),
        (["x-id, *"], "same-origin", ALL),
        (["*"], "include", ALWAYS),
        (["*, etag"], "include", [*ALWAYS, "etag"]),
        (["etag, x id"], "omit", ALWAYS),
        (["etag", "@"], "omit", ALWAYS),
        (["*, @"], "omit", ALWAYS),
        ([""], "omit", ALWAYS),
    ],
)
def test_a_page_reads_what_is_exposed(lines: list[str], credentials: str, names: list[str]) -> None:
    """A page can read safelisted names and listed ones. Without credentials, a wildcard lists all names."""
    cors = [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Credentials", "true")]
    listed = [("Access-Control-Expose-Headers", line) for line in lines]
    verdict = fetch(answer(200, [*OWN, *cors, *listed]), credentials=credentials)
    assert list(verdict.exposed) == names


def test_every_safelisted_name_is_readable() -> None:
    """Seven of them, without being listed."""
    names = [
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    ]
    response = answer(200, [(name.title(), "x") for name in names], allow_origin="*")
    assert list(fetch(response).exposed) == names


def test_at_home_a_page_reads_everything_but_cookies() -> None:
    """No list is needed."""
    assert fetch(answer(200, OWN), origin="https://api.example").exposed == (
        "cache-control",
        "content-type",
        "etag",
        "x-id",
    )


def test_what_is_opaque_or_blocked_shows_nothing() -> None:
    """A page cannot read even the safelisted names."""
    assert fetch(answer(200, OWN), mode="no-cors").exposed == ()
    assert fetch(answer(200, OWN)).exposed == ()
