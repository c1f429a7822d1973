"""The reasons: a closed list, each with its meaning and its fix."""

import pytest

from crossorigin.browser import BrowserReason, advice
from crossorigin.browser.reasons import ADVICE

# Chromium's names, as its binary lists them.
CORS_ERRORS = {
    "DisallowedByMode",
    "WildcardOriginNotAllowed",
    "MissingAllowOriginHeader",
    "MultipleAllowOriginValues",
    "InvalidAllowOriginValue",
    "AllowOriginMismatch",
    "InvalidAllowCredentials",
    "CorsDisabledScheme",
    "PreflightInvalidStatus",
    "PreflightDisallowedRedirect",
    "PreflightWildcardOriginNotAllowed",
    "PreflightMissingAllowOriginHeader",
    "PreflightMultipleAllowOriginValues",
    "PreflightInvalidAllowOriginValue",
    "PreflightAllowOriginMismatch",
    "PreflightInvalidAllowCredentials",
    "InvalidAllowMethodsPreflightResponse",
    "InvalidAllowHeadersPreflightResponse",
    "MethodDisallowedByPreflightResponse",
    "HeaderDisallowedByPreflightResponse",
    "RedirectContainsCredentials",
    "NoCorsRedirectModeNotFollow",
}
OTHERS = {
    "forbidden-method",
    "no-cors-method",
    "redirect-not-followed",
    "redirect-invalid",
    "redirect-of-stream",
    "too-many-redirects",
    "network-error",
}


def test_the_list_is_closed() -> None:
    """The list has Chromium's reasons under its names, and those of the standard without a name in Chromium."""
    assert {reason.cors_error for reason in BrowserReason} == {*CORS_ERRORS, None}
    assert {str(reason) for reason in BrowserReason if reason.cors_error is None} == OTHERS
    assert len(BrowserReason) == len(CORS_ERRORS) + len(OTHERS)


@pytest.mark.parametrize("reason", BrowserReason)
def test_every_reason_says_what_it_means_and_what_mends_it(reason: BrowserReason) -> None:
    """Each has whole sentences. Those of a preflight correspond to those of the request."""
    told = advice(reason)
    assert told is ADVICE[reason.for_request()]
    for text in (told.meaning, told.fix):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "  " not in text


def test_a_preflight_fails_as_the_request_does() -> None:
    """Six reasons exist for both, and the others for one of them."""
    pairs = [reason for reason in BrowserReason if reason.for_request() is not reason]
    assert len(pairs) == 6
    assert all(reason.for_request().for_preflight() is reason for reason in pairs)
    assert set(ADVICE) == set(BrowserReason) - set(pairs)
