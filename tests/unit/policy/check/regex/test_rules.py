"""The rules for `allow_origin_regex`: what is told, in which words, and what is not run."""

import re

import pytest

from crossorigin import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from tests.unit.policy.check.faulty_policies import complaint_of
from tests.unit.policy.check.regex.regexes import CATASTROPHIC, MEANT, NEVER, NOT_JUDGED, STRANGE, STRICT


def issues_of(text: object, **options: bool) -> list[PolicyIssue]:
    """Return what is said of a policy with this expression."""
    complaint = complaint_of({"allow_origin_regex": text, **options})
    return [] if complaint is None else list(complaint.issues)


def codes_of(text: object, **options: bool) -> list[IssueCode]:
    """Return the codes of what is said."""
    return [issue.code for issue in issues_of(text, **options)]


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant_starts_in_silence(text: str) -> None:
    """With credentials and without, there is neither an error nor a warning."""
    assert codes_of(text, allow_credentials=True) == []
    assert codes_of(text) == []


@pytest.mark.parametrize("text", STRANGE)
def test_a_stranger_is_refused_with_credentials_only(text: str) -> None:
    """The message names an origin that the expression matches."""
    assert codes_of(text) == []
    (issue,) = issues_of(text, allow_credentials=True)
    assert issue.code is IssueCode.REGEX_LETS_STRANGERS_IN
    named = re.match(r"It lets in ([^ ,]+), ", issue.reason)
    assert named is not None
    assert re.fullmatch(text, named[1])


@pytest.mark.parametrize(
    ("text", "part"), [*((text, part) for text, (part, *_) in CATASTROPHIC.items()), *STRICT.items()]
)
@pytest.mark.parametrize("allow_credentials", [False, True])
def test_a_catastrophe_is_told_once(text: str, part: str, *, allow_credentials: bool) -> None:
    """The message names the part, and nothing is run on samples to say more."""
    (issue,) = issues_of(text, allow_credentials=allow_credentials)
    assert issue.code is IssueCode.REGEX_CATASTROPHIC
    assert part in issue.reason


@pytest.mark.parametrize(("text", "part"), NOT_JUDGED.items())
@pytest.mark.parametrize("allow_credentials", [False, True])
def test_what_cannot_be_judged_is_refused(text: str, part: str, *, allow_credentials: bool) -> None:
    """The message names what is to blame."""
    (issue,) = issues_of(text, allow_credentials=allow_credentials)
    assert issue.code is IssueCode.REGEX_NOT_JUDGED
    assert part in issue.reason


@pytest.mark.parametrize("text", [r"https://(?=app)[a-z]+\.example\.com", r"https://.*(?<=-app)\.example\.com"])
def test_a_look_around_that_demands_is_refused_with_credentials(text: str) -> None:
    """No sample says what it may let in; without credentials it starts, and is not said never to match."""
    assert codes_of(text, allow_credentials=True) == [IssueCode.REGEX_NOT_JUDGED]
    assert codes_of(text) == []


@pytest.mark.parametrize("text", NEVER)
def test_what_can_never_match_is_warned_of(text: str) -> None:
    """It is a warning: the policy serves, and refuses everybody."""
    complaint = complaint_of({"allow_origin_regex": text})
    assert isinstance(complaint, CrossOriginWarning)
    assert [issue.code for issue in complaint.issues] == [IssueCode.REGEX_NEVER_MATCHES]


@pytest.mark.parametrize("text", ["(", "[a", "a**", "(?P<1>a)", "(" * 500 + ")" * 500, "a{99999999999}", "[[a]]"])
def test_what_does_not_compile_is_told_once(text: str) -> None:
    """The other rules keep silent about it, and it is an error of the policy."""
    complaint = complaint_of({"allow_origin_regex": text, "allow_credentials": True})
    assert isinstance(complaint, InvalidPolicyError)
    assert [issue.code for issue in complaint.issues] == [IssueCode.REGEX_INVALID]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"https://[a-z]*[a-z]*[a-z]*", "[a-z]* competes with itself for"),
        (r"https://[a-z]*[a-y]*[a-z]*", "[a-z]* and [a-y]* compete for"),
        (r"https://[a-z]*[a-y]*[a-x]*", "[a-z]* and [a-y]* and [a-x]* compete for"),
    ],
)
def test_parts_that_compete_are_each_named_once(text: str, words: str) -> None:
    """One is said to compete with itself, several with one another."""
    (issue,) = issues_of(text)
    assert issue.reason.startswith(words)


def test_the_switch_lifts_what_stands_before_a_public_suffix_and_nothing_else() -> None:
    """It is the policy's own option that does."""
    code = IssueCode.REGEX_LETS_STRANGERS_IN
    for text, switched in ((r"https://.*\.vercel\.app", []), (r"https://.*vercel\.app", [code])):
        assert codes_of(text, allow_credentials=True) == [code]
        assert codes_of(text, allow_credentials=True, dangerously_allow_public_suffixes=True) == switched


def test_an_empty_expression_is_told_once() -> None:
    """It compiles, and matches no origin."""
    assert codes_of("", allow_credentials=True) == [IssueCode.REGEX_EMPTY]
