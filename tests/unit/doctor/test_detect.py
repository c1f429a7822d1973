"""The findings in exchanges, apart from the reason for a refusal."""

import pytest

from crossorigin.browser import HttpResponse, Verdict
from crossorigin.doctor.detect import detect, needs_second_opinion
from crossorigin.doctor.findings import FINDINGS, FindingCode
from tests.unit.browser.scripted_fetch import API, PAGE, answer, fetch

ALLOWED = {"allow_origin": PAGE, "allow_methods": "PUT"}


def codes(verdict: Verdict) -> list[str]:
    """Return the codes of the findings."""
    return [str(finding.code) for finding in detect(verdict)]


def put(preflight: HttpResponse, *after: HttpResponse, credentials: str = "same-origin") -> Verdict:
    """Ask with PUT, so that a preflight goes before."""
    return fetch(preflight, *after, method="PUT", credentials=credentials)


def test_nothing_is_noticed_where_all_is_well() -> None:
    """Lists on several lines, a max-age of five minutes and a `Vary` are no findings."""
    grant = answer(204, [("Access-Control-Allow-Methods", "GET"), ("Vary", "Origin")], **ALLOWED, max_age="300")
    verdict = put(grant, answer(**ALLOWED))
    assert verdict.allowed
    assert codes(verdict) == []


@pytest.mark.parametrize(
    ("name", "lines", "found"),
    [
        ("Access-Control-Allow-Origin", [PAGE, PAGE], True),
        ("Access-Control-Allow-Credentials", ["true", "true"], True),
        ("Access-Control-Expose-Headers", ["X-A", "X-A"], True),
        ("Access-Control-Expose-Headers", ["X-A", "X-B"], False),
        ("Vary", ["Origin", "Origin"], False),
    ],
)
def test_a_header_that_was_set_twice_is_noticed(name: str, lines: list[str], *, found: bool) -> None:
    """A list may have several lines and a single value may not. The same line twice is a finding too."""
    [finding] = [*detect(fetch(answer(200, [(name, line) for line in lines])))] or [None]
    assert (finding is not None and finding.code is FindingCode.DUPLICATE_HEADER and finding.header == name) is found


@pytest.mark.parametrize(("status", "challenge"), [(401, False), (407, False), (403, True), (401, True)])
def test_a_preflight_that_has_to_authenticate_itself_is_noticed(status: int, *, challenge: bool) -> None:
    """The sign is the status or a challenge."""
    headers = {"WWW-Authenticate": "Basic"} if challenge else {}
    assert codes(put(answer(status, headers))) == ["preflight-needs-authentication"]


def test_a_preflight_that_is_merely_refused_is_not_said_to_need_authentication() -> None:
    """A 403 alone can have any cause."""
    assert codes(put(answer(403))) == []


def test_what_the_lists_of_an_error_do_not_allow_is_noticed() -> None:
    """The browser reports only that the status is not ok."""
    refused = answer(400, allow_origin=PAGE, allow_methods="GET", allow_headers="X-One")
    asked = {"method": "PUT", "headers": (("X-One", "1"), ("X-Two", "2"))}
    assert [finding.detail for finding in detect(fetch(refused, **asked))] == [
        "Access-Control-Allow-Methods does not allow PUT.",
        "Access-Control-Allow-Headers does not allow x-two.",
    ]
    assert codes(put(refused)) == ["preflight-refused-by-lists"]
    assert codes(fetch(refused, headers=(("X-One", "1"),))) == []


def test_lists_that_are_not_there_tell_nothing() -> None:
    """This also holds for lists in a response with an ok status, because the browser names what they lack."""
    assert codes(put(answer(400, allow_origin=PAGE))) == []
    assert codes(put(answer(200, allow_origin=PAGE, allow_methods="GET"))) == []
    assert codes(put(answer(400, allow_origin=PAGE, allow_methods="GET PUT"))) == []


def test_a_preflight_that_is_redirected_is_noticed_with_its_target() -> None:
    """Where it leads is often all there is to know."""
    [finding] = detect(put(answer(307, {"Location": f"{API}/items/"})))
    assert finding.code is FindingCode.PREFLIGHT_REDIRECTED
    assert finding.detail == f"OPTIONS is answered with 307 to {API}/items/."


def test_a_redirect_status_that_leads_nowhere_is_no_redirect() -> None:
    """Without a Location it is a status like any other."""
    assert codes(put(answer(304))) == []


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_error_without_headers_is_noticed(status: int) -> None:
    """The page sees CORS in place of the status."""
    assert codes(fetch(answer(status))) == ["error-without-cors-headers"]


def test_an_error_that_the_page_can_read_is_none_of_ours() -> None:
    """There is no finding with the header, for the page's own server, or if the page does not read the response."""
    assert codes(fetch(answer(403, allow_origin="*"))) == []
    assert codes(fetch(answer(403), url=f"{PAGE}/", method="POST")) == []
    assert codes(fetch(answer(403), mode="no-cors")) == []


@pytest.mark.parametrize(("status", "found"), [(404, True), (410, True), (500, True), (403, False), (200, False)])
def test_an_error_status_that_a_page_can_read_is_an_error(status: int, *, found: bool) -> None:
    """A wrong path in a check would otherwise look like success."""
    findings = [*detect(fetch(answer(status, allow_origin="*")))]
    assert [(str(finding.code), finding.severity) for finding in findings] == (
        [("error-status", "error")] if found else []
    )


def test_a_header_that_pages_usually_read_is_a_warning_if_it_is_not_exposed() -> None:
    """For others it is information, and an exposed one is fine."""
    headers = {"Content-Disposition": "attachment", "ETag": "1", "X-Total-Count": "3"}
    findings = [*detect(fetch(answer(200, headers, allow_origin="*", expose_headers="X-Total-Count")))]
    assert [(finding.header, finding.severity) for finding in findings] == [
        ("Content-Disposition", "warning"),
        ("ETag", "info"),
    ]
    assert codes(fetch(answer(200, headers), url=f"{PAGE}/")) == []


def test_a_required_header_that_the_page_cannot_read_is_an_error() -> None:
    """Whether it is missing or not exposed; the names are compared without case."""
    verdict = fetch(answer(200, {"X-One": "1", "X-Two": "2"}, allow_origin="*", expose_headers="x-one"))
    findings = [*detect(verdict, exposes=["X-One", "X-Two", "X-Three"])]
    assert [(finding.detail, finding.severity) for finding in findings] == [
        ("X-Two is required, and the page cannot read it.", "error"),
        ("X-Three is required, and the response does not have it.", "error"),
    ]


@pytest.mark.parametrize(
    ("value", "found"), [("86400", False), ("86401", True), ("1h", True), ("-1", False), ("1.5", True)]
)
def test_a_max_age_that_nobody_follows_is_noticed(value: str, *, found: bool) -> None:
    """A max-age above the limit of Firefox, or one that is not a whole number."""
    verdict = put(answer(204, max_age=value, **ALLOWED), answer(**ALLOWED))
    assert codes(verdict) == (["max-age-capped"] if found else [])


@pytest.mark.parametrize(("credentials", "found"), [("include", True), ("omit", False)])
def test_a_wildcard_that_exposes_nothing_is_noticed(credentials: str, *, found: bool) -> None:
    """It is a name like any other with credentials."""
    told = answer(200, {"Vary": "Origin"}, allow_origin=PAGE, allow_credentials="true", expose_headers="*")
    assert codes(fetch(told, credentials=credentials)) == (["wildcard-ignored-with-credentials"] if found else [])


def test_what_an_app_raised_is_noticed() -> None:
    """Where it runs in process, it is known."""
    raised = HttpResponse(status=500, headers=((b"access-control-allow-origin", b"*"),), error=KeyError("id"))
    [finding] = detect(fetch(raised))
    assert (finding.code, finding.detail) == (FindingCode.APP_EXCEPTION, "KeyError: 'id'")


def test_a_request_without_an_answer_shows_nothing() -> None:
    """The network failed, and that is all."""
    assert codes(fetch(None)) == []


def test_a_missing_vary_is_noticed_once_another_origin_was_answered_otherwise() -> None:
    """One response alone does not show that `Vary` is missing."""
    verdict = fetch(answer(allow_origin=PAGE))
    assert codes(verdict) == []
    [finding] = detect(verdict, answers_differ=True)
    assert (finding.code, finding.exchange, finding.header) == (FindingCode.MISSING_VARY, 0, "Vary")


@pytest.mark.parametrize(
    ("headers", "method", "needed"),
    [
        ({"Access-Control-Allow-Origin": PAGE}, "GET", True),
        ({"Access-Control-Allow-Origin": PAGE}, "HEAD", True),
        ({"Access-Control-Allow-Origin": PAGE}, "POST", False),
        ({"Access-Control-Allow-Origin": PAGE, "Vary": "Accept, origin"}, "GET", False),
        ({"Access-Control-Allow-Origin": PAGE, "Vary": "*"}, "GET", False),
        ({"Access-Control-Allow-Origin": "*"}, "GET", False),
        ({}, "GET", False),
    ],
)
def test_another_origin_is_asked_for_only_where_that_tells(
    headers: dict[str, str], method: str, *, needed: bool
) -> None:
    """A cache may keep a response with an origin and without `Vary`."""
    assert needs_second_opinion(fetch(answer(200, headers), method=method)) is needed


def test_no_answer_needs_no_second_one() -> None:
    """Nothing was sent, or nothing came."""
    assert not needs_second_opinion(fetch(method="TRACE"))
    assert not needs_second_opinion(fetch(None))


def test_every_finding_has_its_words() -> None:
    """The texts are in the order of the enum."""
    assert list(FINDINGS) == list(FindingCode)
