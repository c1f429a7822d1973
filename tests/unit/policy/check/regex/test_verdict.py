"""Who owns the origins that an expression accepts: the tables, and each rule."""

import gc
import re
import weakref

import pytest

from crossorigin import InvalidPolicyError, Policy
from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import parse_origin
from crossorigin.policy.check.regex.sendable import can_match
from crossorigin.policy.check.regex.verdict import Danger, Verdict, judge
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError
from tests.unit.policy.check.regex.regexes import NEVER, PINNED, UNTRUSTED, WARNED


def verdict_of(text: str, *, lift_hosting: bool = False) -> Verdict:
    """Return the verdict on an expression."""
    return judge(text, Automaton(text, Budget()), lift_hosting=lift_hosting)


def matches_something(text: str) -> bool:
    """Return whether an expression matches what a browser sends."""
    return can_match(Automaton(text, Budget()))


@pytest.mark.parametrize(("text", "domains"), PINNED.items())
def test_what_is_pinned_is_safe_and_accepts_its_domains_alone(text: str, domains: set[str]) -> None:
    """These expressions accept few names, or names that are written out."""
    verdict = verdict_of(text)
    assert (verdict.danger, verdict.domains) == (None, domains)
    assert matches_something(text)


@pytest.mark.parametrize("text", WARNED)
def test_what_is_warned_of_is_safe(text: str) -> None:
    """A warning is never about an untrusted origin."""
    assert verdict_of(text).danger is None


@pytest.mark.parametrize(("text", "danger", "origin"), [(text, *found) for text, found in UNTRUSTED.items()])
def test_an_untrusted_origin_is_named_that_is_really_allowed(text: str, danger: str, origin: str) -> None:
    """Python matches it, and a browser can send it."""
    verdict = verdict_of(text)
    assert (verdict.danger, verdict.origin) == (Danger[danger], origin)
    assert re.fullmatch(text, origin)
    assert parse_origin(origin) is not None or origin == "null"


@pytest.mark.parametrize("text", NEVER)
def test_what_no_browser_sends_is_matched_by_nothing(text: str) -> None:
    """A path, upper case, a default port and a host that is too long are never sent, so the language is empty."""
    assert not matches_something(text)


@pytest.mark.parametrize(
    ("text", "is_matched"),
    [
        ("https?://.*", True),
        (r"https://[0-9]+", False),
        (r"https://a\.[0-9]+", False),
        (r"https://0x[0-9a-f]*", False),
        (r"https://a\.0x1g", True),
        (r"https://00", False),
        (r"https://0a", True),
        (r"https://0xa\.?", False),
        (r"https://1\.2\.3\.4", True),
        (r"https://1\.2\.3\.256", False),
        (r"https://1\.2\.3\.04", False),
        (r"https://1\.2\.3\.4\.", False),
        (r"https://\[::1\]:1", True),
        (r"https://\[::0\]", False),
        (r"app://[0-9]+", True),
        (r"app://\.", True),
        (r"app://\.:1", True),
        (r"https://\.", False),
        (r"app://", False),
        (r"9app://a", False),
        (r"[a-z]{64}://a", True),
        (r"[a-z]{65}://a", False),
        (r"https://a{63}", True),
        (r"https://a{64}", False),
        (r"https://(a{63}\.){3}a{61}", True),
        (r"https://a:[0-9]{5}", True),
        (r"https://a:[0-9]{6}", False),
        (r"https://a:6553[6-9]", False),
        (r"https://a:(443|0|080)", False),
        (r"https://a:(4430|443)", True),
        (r"http://a:443", True),
        (r"https?://a:(80|443)", True),
        (r"https://-_-\.a_", True),
        (r"wss://a", False),
    ],
)
def test_the_grammar_of_origins_says_what_can_be_matched(text: str, *, is_matched: bool) -> None:
    """Hosts, ports and schemes at their limits, as `parse_origin` reads them."""
    assert matches_something(text) == is_matched


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (r"https://.*\.vercel\.app", r"https://shop-[^.]*-acme-projects\.vercel\.app"),
        (r"https://.*\.vercel\.app\.", r"https://myapp-.*\.vercel\.app\."),
        (r"https://.*\.netlify\.app", r"https://deploy-preview-\d+--mysite\.netlify\.app"),
        (r"https://.*\.amazonaws\.com", r"https://.*\.s3\.amazonaws\.com"),
        (r"https://.*\.devtunnels\.ms", r"https://[a-z0-9]+-3000\.euw\.devtunnels\.ms"),
        (r"https://.*\.corp", r"https://app-.*\.corp"),
        (r"https://.*\.corp[abc]*", r"https://app-.*\.corp[abc]+"),
        (r"https://.*\.compute-1\.amazonaws\.com", r"https://ec2-[0-9-]+\.compute-1\.amazonaws\.com"),
    ],
)
def test_the_switch_lifts_what_is_below_hosting_suffixes(wide: str, narrow: str) -> None:
    """A narrower expression never needs more than a wider one, and nothing else is lifted."""
    for text in (wide, narrow):
        assert verdict_of(text).danger is Danger.HOSTING
        assert verdict_of(text, lift_hosting=True).danger is None


@pytest.mark.parametrize(
    "text",
    [
        r"https://.*\.com",
        r"https://.*\.co\.uk",
        r"https://.*vercel\.app",
        r"https://.*com",
        r"https://.*",
        r"https://.*example\.com",
        r"http://\d+\.\d+\.\d+\.\d+",
        r"chrome-extension://.*",
        r"null",
    ],
)
def test_the_switch_lifts_nothing_else(text: str) -> None:
    """Anyone can buy a name below the suffix of a registry, so no switch allows it."""
    assert verdict_of(text, lift_hosting=True).danger is not None


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        # At most eight names that are not written out.
        (r"https://example[1-8]\.com", None),
        (r"https://example[0-8]\.com", Danger.DOMAINS),
        (r"https://example[1-4]\.(com|org)", None),
        (r"http://203\.0\.113\.[1-8]", None),
        (r"http://203\.0\.113\.[1-9]", Danger.ADDRESSES),
        # Literals, alternatives and classes of single characters count as written out.
        ("|".join(rf"https://site{number}\.com" for number in range(50)), None),
        (r"https://example[0123456789]\.com", Danger.DOMAINS),
        (r"https://(a|b|c)[xyz]\.com/?", None),
        ("|".join(rf"http://203\.0\.113\.{number}" for number in range(1, 60)), None),
        # Their combinations do not, because together they are longer than the expression.
        (r"https://(?:ex|am|pl){4}\.com", Danger.DOMAINS),
        (r"https://(?:app){1,9}\.com", Danger.DOMAINS),
        (r"https://[abc]{3}\.com", Danger.DOMAINS),
        # Hosts with one label, suffixes, and names that nobody can register do not count.
        (r"https://.*\.localhost|https://.*\.test|https://[a-z]+\.internal|https://.*\.home\.arpa", None),
        (r"https://(com|[a-z]{3})", None),
        # A top-level name that the list does not know counts if it is written out.
        (r"https://[a-z]+\.lan", Danger.HOSTING),
        (r"https://[a-z]+\.la.x", None),
        (r"https://_\.(?:ab)*", None),
        (r"https://[a-z]+\.[l]an[0-9]x", None),
        # Below an exception from a wildcard, and below the wildcard.
        (r"https://.*\.www\.ck", None),
        (r"https://.*\.app\.ck", Danger.DOMAINS),
        # The suffix and its wildcard are both rules.
        (r"https://.*\.gitpod\.io", Danger.HOSTING),
        (r"https://.*\.ws-eu45\.gitpod\.io", Danger.HOSTING),
        (r"https://ec2-[0-9-]+\.compute-1\.amazonaws\.com", Danger.HOSTING),
        (r"https://[a-z]+\.kobe\.jp", None),
        # A public suffix next to its own domain below which there are suffixes.
        (r"https://.*\.amazonaws\.com", Danger.HOSTING),
        (r"https://.*\.console\.aws\.amazon\.com", None),
        # Hosts that are too long do not exist.
        (rf"https://[a-z]{{61}}\.{'a' * 63}\.{'b' * 63}\.{'c' * 63}\.com", None),
        (r"https://(?:a\.){125}[a-z]+\.com", None),
        (r"https://(?:a\.){115}[a-z]{20,}\.com", None),
        # A similar host can be short enough: without labels before it, or with few but long labels.
        (r"https://(?:(?:x\.){125}a|b[a-z]{3})\.com", Danger.DOMAINS),
        (r"https://(?:(?:b{60}|c{62}\.c)d{10}|(?:a\.){129}a)\.example[a-z]+\.com", Danger.DOMAINS),
        # Extensions.
        ("chrome-extension://" + "a" * 31 + "[a-h]", None),
        ("chrome-extension://" + "a" * 31 + "[a-p]", Danger.EXTENSIONS),
        ("chrome-extension://[a-p]{31}", None),
        ("safari-web-extension://.*", Danger.EXTENSIONS),
        ("edge-extension://[a-z]*", None),
        # Other schemes follow the rule for domains.
        (r"capacitor://[a-z.]+", Danger.DOMAINS),
        (r"(?:tauri|ionic)://.*\.example\.com", None),
        (r"[a-z]+://localhost", None),
        # All three together: the most serious one is named.
        (r"null|https://.*|chrome-extension://.*", Danger.ANY_ORIGIN),
        (r"null|https://.*example\.com", Danger.NULL),
    ],
)
def test_few_names_or_written_ones_are_pinned(text: str, danger: Danger | None) -> None:
    """An expression that is not safe is refused for its reason."""
    assert verdict_of(text).danger is danger


@pytest.mark.parametrize(
    ("text", "insecure"),
    [
        (r"http://localhost(:\d+)?", None),
        (r"http://.*\.localhost", None),
        (r"http://127\.0\.0\.1", None),
        (r"http://192\.168\.\d+\.\d+", None),
        (r"http://\[::1\]:3000", None),
        (r"https://app\.example\.com", None),
        (r"https?://app\.example\.com", "http://app.example.com"),
        (r"https?://app\.example\.com:3000", "http://app.example.com:3000"),
        (r"https://a\.example|http://b\.example", "http://b.example"),
        (r"http://203\.0\.113\.7", "http://203.0.113.7"),
        (r"http://intranet", "http://intranet"),
        (r"http://(localhost|intranet)", "http://intranet"),
    ],
)
def test_an_origin_without_encryption_is_found(text: str, insecure: str | None) -> None:
    """This applies to http, except for this machine and private networks."""
    verdict = verdict_of(text)
    assert (verdict.danger, verdict.insecure) == (None, insecure)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("file://.*", "file"),
        ("wss?://localhost|https://localhost", None),
        ("ws://localhost", "ws"),
        ("wss://localhost", "wss"),
        ("[a-z]+://localhost", None),
    ],
)
def test_a_written_scheme_that_no_browser_sends_is_found(text: str, scheme: str | None) -> None:
    """This applies only if the scheme is written out."""
    assert verdict_of(text).never_sent == scheme


def test_the_budget_bounds_a_decision_and_its_end_is_never_safe() -> None:
    """If the budget is used up, the result is an error, whatever has been examined."""
    for steps in range(100, 3000, 500):
        text = r"https://.*\.example\.com"
        with pytest.raises(RegexTooLargeError):
            judge(text, Automaton(text, Budget(steps)))


def test_what_no_origin_can_be_shown_for_is_not_called_safe() -> None:
    """The first label is Punycode that cannot be decoded, so no browser sends such a host.

    Only the limit is reported.
    """
    with pytest.raises(RegexTooLargeError, match="to find a host that it matches"):
        verdict_of(r"https://xn--a\.[a-z]+\.com")


def test_a_name_that_is_hard_to_find_does_not_change_the_verdict() -> None:
    """If the budget ends during the search for a clearer origin, the first one is shown."""
    text = r"https://.*example\.com"
    automaton = Automaton(text, Budget())
    judge(text, automaton)
    for steps in range(automaton.budget.used, 1000, -200):
        try:
            verdict = judge(text, Automaton(text, Budget(steps)))
        except RegexTooLargeError:
            continue
        assert verdict.danger is Danger.DOMAINS
        assert re.fullmatch(text, verdict.origin)


def test_documentation_addresses_show_what_is_meant() -> None:
    """If they are accepted, the message names one, with the port."""
    for text, origin in (
        (r"http://[0-9.]+:8443", "http://203.0.113.7:8443"),
        (r"http://\[[0-9a-f:]+\]", "http://[2001:db8::1]"),
        (r"https://8\.8\.8\.\d+", "https://8.8.8.0"),
    ):
        assert verdict_of(text).origin == origin
    assert is_ipv4("203.0.113.7")


def test_a_decision_keeps_nothing_in_memory() -> None:
    """An automaton can have many megabytes, so it is freed immediately and not by the garbage collector."""
    gc.disable()
    try:
        text = r"https?://(app\.example\.com|\d+\.\d+\.\d+\.\d+)(:\d+)?"
        automaton = Automaton(text, Budget())
        assert judge(text, automaton).danger is Danger.ADDRESSES
        kept = weakref.ref(automaton)
        del automaton
        assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("regex", "allowed"),
    [
        (r"https://[a-z]+_[a-z]+\.storage\.googleapis\.com", "_"),
        (r"https://[a-z]{3}_x\.github\.io", "_x.github.io"),
    ],
)
def test_names_with_underscores_below_a_hosting_suffix_count(regex: str, allowed: str) -> None:
    """Hosting services give out such names, for example those of storage buckets; registries do not."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(allow_origin_regex=regex, allow_credentials=True)
    (issue,) = caught.value.issues
    assert issue.code == "regex-allows-untrusted-origins"
    assert allowed in issue.reason


def test_names_with_underscores_below_a_registry_cannot_be_registered() -> None:
    """Nobody can own such a domain, so no untrusted origin is allowed."""
    assert Policy(allow_origin_regex=r"https://[a-z]+_[a-z]+\.com", allow_credentials=True)
