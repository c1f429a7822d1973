"""The CORS check: which responses a page can read, and what is wrong with the others."""

import pytest

from crossorigin.browser import BrowserReason, Verdict
from tests.unit.browser.scripted_fetch import PAGE, Lines, answer, asked, fetch

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"

MISSING = BrowserReason.MISSING_ALLOW_ORIGIN_HEADER
MULTIPLE = BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES
INVALID = BrowserReason.INVALID_ALLOW_ORIGIN_VALUE
MISMATCH = BrowserReason.ALLOW_ORIGIN_MISMATCH
WILDCARD = BrowserReason.WILDCARD_ORIGIN_NOT_ALLOWED
UNCREDENTIALED = BrowserReason.INVALID_ALLOW_CREDENTIALS

ORIGINS = [
    (["*"], None),
    ([PAGE], None),
    ([f" \t{PAGE}\t "], None),
    ([], MISSING),
    ([""], INVALID),
    (["*", "*"], MULTIPLE),
    ([PAGE, PAGE], MULTIPLE),
    ([f"{PAGE}, {PAGE}"], MULTIPLE),
    ([f"{PAGE},"], MULTIPLE),
    ([f"{PAGE} https://b.example"], MULTIPLE),
    (["", PAGE], MULTIPLE),
    (["null"], MISMATCH),
    (["NULL"], INVALID),
    (["**"], INVALID),
    ([f"'{PAGE}'"], INVALID),
    ([f"{PAGE}/"], MISMATCH),
    ([f"{PAGE}:443"], MISMATCH),
    ([PAGE.upper()], MISMATCH),
    (["https://*.example"], MISMATCH),
    (["http://app.example"], MISMATCH),
    (["app.example"], INVALID),
    (["https://b\xfccher.example"], INVALID),
    (["https://b\xc3\xbccher.example"], MISMATCH),
]


@pytest.mark.parametrize(("values", "reason"), ORIGINS)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_origin_is_one_value_and_equal_byte_for_byte(
    values: list[str], reason: BrowserReason | None, method: str
) -> None:
    """Any other value is refused with its reason; for a preflight, with the reason of the preflight."""
    lines: Lines = [(ORIGIN, value) for value in values]
    first = answer(200, lines, allow_methods="PUT")
    rest = [answer(allow_origin="*")] if method == "PUT" and reason is None else []
    verdict = fetch(first, *rest, method=method)
    assert verdict.reason == (reason and (reason.for_preflight() if method == "PUT" else reason))
    if reason is not None:
        told = told_by(verdict)
        assert told == (0, ORIGIN, tuple(value.strip(" \t") for value in values), PAGE)


def told_by(verdict: Verdict) -> tuple[int, str, tuple[str, ...], str]:
    """Return the parts of the culprit."""
    culprit = verdict.culprit
    assert culprit is not None
    return culprit.exchange, culprit.header, culprit.lines, culprit.subject


@pytest.mark.parametrize(
    ("origin", "values", "reason"),
    [
        (PAGE, ["true"], None),
        (PAGE, [" true\t"], None),
        (PAGE, [], UNCREDENTIALED),
        (PAGE, [""], UNCREDENTIALED),
        (PAGE, ["True"], UNCREDENTIALED),
        (PAGE, ['"true"'], UNCREDENTIALED),
        (PAGE, ["1"], UNCREDENTIALED),
        (PAGE, ["true, true"], UNCREDENTIALED),
        (PAGE, ["true", "true"], UNCREDENTIALED),
        (PAGE, ["", "true"], UNCREDENTIALED),
        ("*", ["true"], WILDCARD),
        ("*", [], WILDCARD),
        ("https://b.example", ["true"], MISMATCH),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_credentials_need_the_origin_and_exactly_true(
    origin: str, values: list[str], reason: BrowserReason | None, method: str
) -> None:
    """This holds for `include` only, also for a preflight. The value is exactly `true` in lower case."""
    lines: Lines = [(ORIGIN, origin), *((CREDENTIALS, value) for value in values)]
    first = answer(200, lines, allow_methods="PUT")
    rest = [answer(200, lines)] if method == "PUT" and reason is None else []
    verdict = fetch(first, *rest, method=method, credentials="include")
    assert verdict.reason == (reason and (reason.for_preflight() if method == "PUT" else reason))
    if reason is UNCREDENTIALED:
        assert told_by(verdict) == (0, CREDENTIALS, tuple(value.strip(" \t") for value in values), "true")
    for credentials in ("omit", "same-origin"):
        if origin in {PAGE, "*"}:
            assert fetch(answer(200, lines), credentials=credentials).allowed


@pytest.mark.parametrize(("value", "reason"), [("null", None), ("*", None), (PAGE, MISMATCH)])
def test_an_opaque_origin_is_null(value: str, reason: BrowserReason | None) -> None:
    """`null` allows every sandboxed frame."""
    assert fetch(answer(allow_origin=value), origin="null").reason == reason
    assert asked(origin="null").origin == "null"


@pytest.mark.parametrize("status", [200, 204, 304, 401, 404, 500, 503, 300, 301])
def test_a_response_of_any_status_can_be_read(status: int) -> None:
    """The CORS check ignores the status, and a redirect status without `Location` is an ordinary response."""
    verdict = fetch(answer(status, allow_origin=PAGE))
    assert verdict.type == "cors"


def test_nothing_is_checked_at_home_or_unread() -> None:
    """A page can read its own server without the check, and cannot read anything with `no-cors`."""
    assert fetch(answer(), origin="https://api.example", method="PUT").readable
    assert fetch(answer(), mode="no-cors").allowed
