"""The rules for `allow_origin_regex`: what is refused, what causes a warning, the messages, and the fixes."""

import ast
import re
import subprocess
import sys
import warnings
from typing import Any

import pytest

from crossorigin import CrossOriginWarning, InvalidPolicyError, IssueCode, Policy, PolicyIssue
from crossorigin.policy.check.regex import examination
from crossorigin.policy.check.regex.examination import Fixer
from crossorigin.policy.regex.limits import MAX_TEXT, Budget
from tests.unit.policy.check.faulty_policies import complaint_of
from tests.unit.policy.check.regex.configurations import CONFIGURATIONS
from tests.unit.policy.check.regex.regexes import NEVER, PINNED, TOO_LARGE, UNSUPPORTED, UNTRUSTED, WARNED


def issues_of(text: object, **options: bool) -> list[PolicyIssue]:
    """Return the issues of a policy with this expression."""
    complaint = complaint_of({"allow_origin_regex": text, **options})
    return [] if complaint is None else list(complaint.issues)


def codes_of(text: object, **options: bool) -> list[IssueCode]:
    """Return the codes of the issues."""
    return [issue.code for issue in issues_of(text, **options)]


@pytest.mark.parametrize("text", PINNED)
def test_what_is_pinned_starts_in_silence(text: str) -> None:
    """With and without credentials, there is neither an error nor a warning."""
    assert codes_of(text, allow_credentials=True) == []
    assert codes_of(text) == []


@pytest.mark.parametrize(("text", "codes"), WARNED.items())
def test_what_is_warned_of_starts(text: str, codes: list[str]) -> None:
    """The warnings are those of the table. Without credentials, only parts that are never sent cause one."""
    assert codes_of(text, allow_credentials=True) == codes
    assert codes_of(text) == []


@pytest.mark.parametrize(("text", "origin"), [(text, origin) for text, (_, origin) in UNTRUSTED.items()])
def test_untrusted_origins_are_refused_with_credentials_only(text: str, origin: str) -> None:
    """The message names such an origin. A suggested expression is valid and matches something."""
    assert set(codes_of(text)) <= {IssueCode.REGEX_NEVER_MATCHES}
    (issue,) = issues_of(text, allow_credentials=True)
    assert issue.code is IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS
    named = re.search(r" allows (\S+?)[.,] | as (\S+), so | matches (null),", issue.reason)
    assert named is not None
    (shown,) = filter(None, named.groups())
    assert re.fullmatch(text, shown)
    assert shown == origin or "unescaped" in issue.reason
    for fixed in re.findall(r"""^(?:allow_origin_regex=)?(r?"[^"]*")(?:,  #.*)?$""", issue.hint, flags=re.MULTILINE):
        assert IssueCode.REGEX_NEVER_MATCHES not in codes_of(ast.literal_eval(fixed), allow_credentials=True)
        complaint = complaint_of({"allow_origin_regex": ast.literal_eval(fixed), "allow_credentials": True})
        assert complaint is None or isinstance(complaint, CrossOriginWarning)


@pytest.mark.parametrize(("text", "part"), UNSUPPORTED.items())
@pytest.mark.parametrize("allow_credentials", [False, True])
def test_what_is_not_supported_is_refused(text: str, part: str, *, allow_credentials: bool) -> None:
    """The message names the part."""
    (issue,) = issues_of(text, allow_credentials=allow_credentials)
    assert issue.code is IssueCode.REGEX_UNSUPPORTED
    assert part in issue.reason


@pytest.mark.parametrize(("text", "why"), [*TOO_LARGE.items(), ("a" * (MAX_TEXT + 1), "longer than 8192 characters")])
@pytest.mark.parametrize("allow_credentials", [False, True])
def test_what_is_too_large_is_refused(text: str, why: str, *, allow_credentials: bool) -> None:
    """The message says which limit is exceeded."""
    (issue,) = issues_of(text, allow_credentials=allow_credentials)
    assert issue.code is IssueCode.REGEX_TOO_LARGE
    assert why in issue.reason
    assert "allow_origins" in issue.hint


@pytest.mark.parametrize("text", NEVER)
def test_what_can_never_match_is_warned_of(text: str) -> None:
    """It is a warning: the policy is valid, and allows no page."""
    complaint = complaint_of({"allow_origin_regex": text})
    assert isinstance(complaint, CrossOriginWarning)
    assert [issue.code for issue in complaint.issues] == [IssueCode.REGEX_NEVER_MATCHES]


@pytest.mark.parametrize("text", ["(", "[a", "a**", "(?P<1>a)", "(" * 500 + ")" * 500, "a{99999999999}", "[[a]]"])
def test_what_does_not_compile_is_reported_once(text: str) -> None:
    """The other rules report nothing about it, and it is an error of the policy."""
    complaint = complaint_of({"allow_origin_regex": text, "allow_credentials": True})
    assert isinstance(complaint, InvalidPolicyError)
    assert [issue.code for issue in complaint.issues] == [IssueCode.REGEX_INVALID]


@pytest.mark.parametrize(("kind", "options", "right", "says", "never"), CONFIGURATIONS)
def test_a_public_configuration_gets_what_fits_it(
    kind: str, options: dict[str, Any], right: str, says: list[str], never: list[str]
) -> None:
    """The table says whether it is valid, and what the message contains."""
    complaint = complaint_of(options)
    found = {type(None): "start", CrossOriginWarning: "warn", InvalidPolicyError: "refuse"}[type(complaint)]
    assert found == right, kind
    assert [words for words in says if words not in str(complaint)] == []
    assert [words for words in never if words in str(complaint)] == []


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        # Unescaped dots, an open end, no dot before the name, and two of these.
        (r"https://app.example.com", r"https://app\.example\.com"),
        (r"https://example\.com.*", r"https://example\.com"),
        (r"https://(app|admin)\.example\.com:?.*", r"https://(app|admin)\.example\.com(:\d+)?"),
        # What follows a host of this machine is a port.
        (r"https://localhost.*", r"https://localhost(:\d+)?"),
        (r"^https?://localhost.*$", r"^https?://localhost(:\d+)?$"),
        (r"http://(localhost|127\.0\.0\.1).*", r"http://(localhost|127\.0\.0\.1)(:\d+)?"),
        (r"http://localhost:?.*", r"http://localhost(:\d+)?"),
        # A part of a name is left of these, which nobody meant as a top-level name.
        (r".*example.*", None),
        (r"https://.*mycompany.*", None),
        # Wildcards of file names.
        (r"https://example\.com*", r"https://example\.com"),
        (r"https://app*.example.com", r"https://app.*\.example\.com"),
        (r"https://*.*.example.com", r"https://.*\.example\.com"),
        (r"https://my-app-*.vercel.app", r"https://your-app\.vercel\.app"),
        # Domains that are combined from parts.
        (r"https://example\.(com|net|org|io|de|fr|it|es|nl|pl|se)", None),
        (r"https://(app|admin)\.example\.com[^/]*", r"https://(app|admin)\.example\.com"),
        (r"https://.*example\.com", r"https://.*\.example\.com"),
        (r"https://(.*)example\.com", r"https://(.*\.)example\.com"),
        (r"https://.*\.?example\.com", r"https://.*\.example\.com"),
        (r"https://.*(example|other)\.com", r"https://.*\.(example|other)\.com"),
        (r"https://.*example.com", r"https://.*\.example\.com"),
        (r"https://[a-z]+\.com", None),
        # The open part is a label of the name, not what follows it.
        (r"https://(www\.)?example\.[^./]+", None),
        (r"https://app.example\.com:.*", r"https://app\.example\.com:.*"),
        # Null.
        (r"null|https://example\.com", r"https://example\.com"),
        (r"https://example\.com|null", r"https://example\.com"),
        (r"(https://example\.com)?(null)?", None),
        # Open addresses.
        (
            r"http://[0-9.]+:3000",
            r"http://(10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+):3000",
        ),
        (r"http://1[0-9.]+", None),
        (r"http://172\.\d+\.\d+\.\d+(:\d+)?", r"http://172\.(1[6-9]|2\d|3[01])\.\d+\.\d+(:\d+)?"),
        (r"http://192\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}:3000", r"http://192\.168\.\d+\.\d+:3000"),
        (r"http://100\.\d+\.\d+\.\d+", r"http://100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+"),
        # The beginning of a private network, and any text.
        (r"http://192\.168\..*", r"http://192\.168\.\d+\.\d+(:\d+)?"),
        (r"http://192.168.1.*", r"http://192\.168\.1\.\d+(:\d+)?"),
        (r"http://10.*", r"http://10\.\d+\.\d+\.\d+(:\d+)?"),
        (r"http://172\.(1[6-9]|2\d|3[01])\.[^/]+", r"http://172\.(1[6-9]|2\d|3[01])\.\d+\.\d+(:\d+)?"),
        (r"http://172\.16\..*:3000", r"http://172\.16\.\d+\.\d+:3000"),
        (r"^https?://(localhost|10\..*)(:\d+)?$", r"^https?://(localhost|10\.\d+\.\d+\.\d+)(:\d+)?$"),
        (r"^(http://10\..*)$", r"^(http://10\.\d+\.\d+\.\d+(:\d+)?)$"),
        (r"http://127\.0\.0\.1.*", r"http://127\.0\.0\.1(:\d+)?"),
    ],
)
def test_the_fix_is_what_was_meant(text: str, fix: str | None) -> None:
    """The fix is an expression if there is one, and otherwise an instruction."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert issue.code is IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS
    if fix is None:
        assert re.match(r"""r?["']""", issue.hint) is None
    else:
        assert ast.literal_eval(issue.hint) == fix


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (r"https://.*\\.example\\.com", r"https://.*\.example\.com"),
        (r"https://\\\(a\.example", None),
        (r"https://app\.example\.com/", r"https://app\.example\.com"),
        (r"https://app\.example\.com/.*", r"https://app\.example\.com"),
        (r"app\.example\.com", r"https://app\.example\.com"),
        (r"//app\.example\.com", r"https://app\.example\.com"),
        (r"HTTPS://App\.Example\.com", r"https://app\.example\.com"),
        (r"https://\D+\.Example\.com", r"https://\D+\.example\.com"),
        (r"https://a b", None),
        (r"https://app\.example\.com/login", r"https://app\.example\.com"),
        # On this machine it is http, and each alternative needs a scheme.
        (r"^localhost:\d+$", r"http://localhost:\d+$"),
        (r"(localhost|127\.0\.0\.1):\d+", r"http://(localhost|127\.0\.0\.1):\d+"),
        (r"www\.example\.com|example\.com", r"https://www\.example\.com|https://example\.com"),
        (r".", None),
        # What settings and other languages write around an expression.
        (r"https://app\.example\.com ", r"https://app\.example\.com"),
        (r"'https://app\.example\.com'", r"https://app\.example\.com"),
        (r'r"https://app\.example\.com"', r"https://app\.example\.com"),
        (r"/^https:\/\/app\.example\.com$/", r"^https://app\.example\.com$"),
        (r"/^https:\/\/App\.example\.com$/i", r"(?i:^https://App\.example\.com$)"),
        (r"https://a\.example\.com, https://b\.example\.com", r"https://a\.example\.com|https://b\.example\.com"),
        (r'["https://a\\.example", "https://b\\.example"]', r"https://a\.example|https://b\.example"),
        (r"['https://a\.example', 'https://b\.example']", r"https://a\.example|https://b\.example"),
        # Hosts beyond ASCII.
        (r"https://(.+\.)?bücher\.de", r"https://(.+\.)?xn--bcher-kva\.de"),
        (r"https://пример\.рф", r"https://xn--e1afmkfd\.xn--p1ai"),
        (r"https://[ä-ü]+\.example\.com", None),
        # The page of a WebSocket.
        (r"wss://app\.example\.com", r"https://app\.example\.com"),
        (r"^wss?:\/\/localhost:\d+", r"^https?:\/\/localhost:\d+"),
    ],
)
def test_what_never_matches_is_repaired(text: str, fix: str | None) -> None:
    """Doubled backslashes, a path, no scheme, upper case."""
    for allow_credentials in (False, True):
        (issue,) = issues_of(text, allow_credentials=allow_credentials)
        assert issue.code is IssueCode.REGEX_NEVER_MATCHES
        assert fix is None or ast.literal_eval(issue.hint) == fix
        assert fix is not None or issue.hint.startswith("write an expression")


@pytest.mark.parametrize("text", ["None", "undefined", " ", "\n"])
def test_a_missing_value_is_no_expression(text: str) -> None:
    """Templates and str() write such texts. The fix is to remove the option."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert (issue.code, issue.hint) == (IssueCode.REGEX_NEVER_MATCHES, "remove it.")


def test_null_may_be_a_missing_value() -> None:
    """With credentials, it is an error, and removing it is the fix."""
    (issue,) = issues_of("null", allow_credentials=True)
    assert issue.hint == "remove it."
    assert "missing value" in issue.reason


@pytest.mark.parametrize("text", ["file://.*", "^file:///.*$", "wss?://.*"])
def test_only_a_scheme_that_is_never_sent_is_named(text: str) -> None:
    """Such an expression can match texts of the form of an origin."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert issue.code is IssueCode.REGEX_NEVER_MATCHES
    assert issue.reason.startswith("No browser sends an origin that begins with")
    assert issue.hint == "remove that part of the expression."


def test_a_repair_that_allows_something_else_is_not_its_fix() -> None:
    """Without its end, the expression would allow a hosting service, which it does not."""
    (issue,) = issues_of(r"https://[a-z]+\.vercel\.app.{4,}", allow_credentials=True)
    assert issue.reason.startswith("It does not say where the host ends, so it allows")
    assert issue.fixes == ()


def test_the_cause_is_named_even_if_there_is_no_fix() -> None:
    """Without the quotes, the expression would allow any app of the service."""
    (issue,) = issues_of(r"'https://.*\.vercel\.app'", allow_credentials=True)
    assert issue.reason.endswith("Quotes around it are part of it.")
    assert issue.hint.startswith("write an expression")
    (issue,) = issues_of("${REGEX}", allow_credentials=True)
    assert issue.reason.endswith("It contains a variable that was not substituted.")
    assert issue.hint.startswith("write the expression")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (r"https://*example.com", r"https://(.+\.)?example\.com"),
        (r"http://localhost*", r"http://localhost(:\d+)?"),
        (r"http://127\.0\.0\.1*", r"http://127\.0\.0\.1(:\d+)?"),
        (r"http://localhost:3000*", "http://localhost:3000"),
        (r"https://my-app-*\.example\.com", r"https://my-app-.*\.example\.com"),
        (r"http://192\.168\.*\.*:3000", r"http://192\.168\.\d+\.\d+:3000"),
        (r"https://*-team.vercel.app", None),
        (r"https://*", None),
        (r"https://*:3000", None),
    ],
)
def test_a_wildcard_of_file_names_is_warned_of(text: str, fix: str | None) -> None:
    """With credentials, a wildcard that would be untrusted has no fix."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert issue.code is IssueCode.REGEX_NEVER_MATCHES
    assert issue.reason.startswith('In an expression, "*" repeats')
    assert [replacement.value for replacement in issue.fixes] == ([] if fix is None else [fix])


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (r"app://.*", r"app://\."),
        (r"^capacitor://.*|https://.*\.example\.com", r"capacitor://localhost|https://.*\.example\.com"),
        (r"obsidian://.+", "obsidian://your-app"),
        (r"(capacitor|ionic)://.*", None),
    ],
)
def test_any_host_of_an_app_is_refused_in_the_words_of_apps(text: str, fix: str | None) -> None:
    """No domain is registered for it."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert issue.code is IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS
    assert "Any app can use the scheme" in issue.reason
    assert [replacement.value for replacement in issue.fixes][:1] == ([] if fix is None else [fix])


@pytest.mark.parametrize("text", ["vscode-webview://.*", "vscode-webview://[0-9a-v]{52}", r"vscode-webview://\w+"])
def test_any_webview_is_refused_like_any_extension(text: str) -> None:
    """Anyone can publish an extension of VS Code."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert "VS Code gives each webview its own host" in issue.reason
    assert codes_of(text) == []


def test_any_scheme_of_extensions_gets_their_message() -> None:
    """The form of their ids does not matter."""
    (issue,) = issues_of("extension://.*", allow_credentials=True)
    assert "Anyone can publish an extension" in issue.reason


def test_safe_parts_of_a_group_stay_next_to_a_hosting_service() -> None:
    """Only the open names and the public addresses of the group are replaced."""
    (issue,) = issues_of(r"https?://([a-z-]+\.ts\.net|localhost|100\.\d+\.\d+\.\d+)(:\d+)?", allow_credentials=True)
    shared = r"100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+"
    assert issue.fixes[0].value == rf"https?://(your-app\.ts\.net|localhost|{shared})(:\d+)?"


def test_a_dot_that_is_meant_is_not_warned_of() -> None:
    """Escaped, the expression would match nothing. A dot with a count is intended."""
    assert codes_of(r"https://pr-.\.example\.com", allow_credentials=True) == []
    assert codes_of(r"https://.+\.example\.com", allow_credentials=True) == []
    assert codes_of(r"https://app.localhost", allow_credentials=True) == [IssueCode.REGEX_UNESCAPED_DOT]


def test_the_switch_lifts_hosting_suffixes_and_nothing_else() -> None:
    """The switch is the option of the policy."""
    code = IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS
    for text, switched in ((r"https://.*\.vercel\.app", []), (r"https://.*vercel\.app", [code])):
        assert codes_of(text, allow_credentials=True) == [code]
        assert codes_of(text, allow_credentials=True, dangerously_allow_public_suffixes=True) == switched


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (r"https://.*\.github\.io", ["allow_origin_regex", "dangerously_allow_public_suffixes"]),
        (r"https://.*\.github\.io|https://[a-z]+\.co\.uk", ["allow_origin_regex"]),
        (r"httpfile://.*|.*\.local", ["allow_origin_regex"]),
    ],
)
def test_the_switch_is_offered_only_where_it_is_enough(text: str, fields: list[str]) -> None:
    """Another part of the expression may allow something that no switch allows."""
    (issue,) = issues_of(text, allow_credentials=True)
    assert [fix.field for fix in issue.fixes] == fields


def test_several_mistakes_are_named_together() -> None:
    """This holds if only both repairs make it safe. If one is enough, dots are escaped in addition."""
    (issue,) = issues_of(r"https://.*example\.com.*", allow_credentials=True)
    assert issue.reason.startswith("It does not say where the host ends and there is no dot before the domain name")
    (issue,) = issues_of(r"https://.*example.com", allow_credentials=True)
    assert issue.reason.startswith("There is no dot before the domain name")


def test_what_is_left_after_a_repair_decides_the_message() -> None:
    """After the repair of the end, the expression still allows any extension, so there is no expression to paste."""
    (issue,) = issues_of(r"https?://localhost.*|chrome-extension://.*", allow_credentials=True)
    assert issue.reason.startswith("It does not say where the host ends, so it allows")
    assert issue.hint.startswith("write out the whole domain name")


def test_looking_for_a_fix_never_changes_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search has its own budget. If that is used up, there is an instruction instead of a fix."""
    assert issues_of(r"https://.*example\.com", allow_credentials=True)[0].hint.startswith('r"')
    monkeypatch.setattr(examination, "_FIX_STEPS", 10)
    (issue,) = issues_of(r"https://.*example\.com", allow_credentials=True)
    assert issue.code is IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS
    assert issue.hint.startswith("write out the whole domain name")


def test_a_repair_that_does_not_compile_is_not_offered() -> None:
    """Such a repair is not examined."""
    fixer = Fixer(has_credentials=True, lift_hosting=False)
    assert fixer.examine("(") is None
    assert fixer.is_fine(r"https://a\.example")


@pytest.mark.parametrize("text", [*list(UNTRUSTED)[:20], *TOO_LARGE])
def test_verdict_and_fixes_stay_within_their_budgets(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The total number of steps is bounded, however many repairs are tried."""
    budgets: list[Budget] = []
    original = Budget.__init__

    def remembered(self: Budget, steps: int = 600_000) -> None:
        original(self, steps)
        budgets.append(self)

    monkeypatch.setattr(Budget, "__init__", remembered)
    examination.examine.cache_clear()
    issues_of(text, allow_credentials=True)
    assert len(budgets) <= 3
    assert sum(budget.used for budget in budgets) < 1_000_000


def test_the_origin_of_an_electron_app_is_matched() -> None:
    """Its host is a dot. A list and an expression can contain it."""
    for policy in (Policy(allow_origin_regex=r"app://\."), Policy(allow_origins=["app://."], allow_credentials=True)):
        assert policy.decide("GET", origin=[b"app://."]).allowed
        assert not policy.decide("GET", origin=[b"app://.."]).allowed


LOADED = """
import sys
from crossorigin import CORSMiddleware, Policy
parts = ("crossorigin.policy.regex", "crossorigin.policy.check.regex.", "publicsuffixlist")
def loaded(): return sorted(name for name in sys.modules if name.startswith(parts))
policy = Policy(allow_origins=["https://a.example", "https://*.b.example"], allow_headers=["X-Token"])
policy.decide("GET", origin=[b"https://a.example"])
print(loaded() == ["crossorigin.policy.check.regex.rules"])
Policy(allow_origin_regex="https://a").decide("GET", origin=[b"https://a"])
print("publicsuffixlist" in loaded(), "crossorigin.policy.regex.matcher" in loaded())
"""


def test_nothing_is_loaded_for_a_policy_without_an_expression() -> None:
    """Each start imports the package, and the suffix list is only needed with credentials."""
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["True", "False", "True"]


def test_a_policy_that_was_unpickled_matches_the_same() -> None:
    """Its automaton is built again from the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        policy = Policy.from_dict(Policy(allow_origin_regex=r"https://[a-z]+\.example\.com").to_dict())
    assert policy.decide("GET", origin=[b"https://app.example.com"]).allowed
    assert not policy.decide("GET", origin=[b"https://app.example.com:8443"]).allowed
    assert not policy.decide("GET", origin=[b"null"]).allowed
