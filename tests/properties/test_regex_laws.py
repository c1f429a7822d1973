"""Laws that hold for every regular expression. HYPOTHESIS_PROFILE=nightly uses twenty times as many."""

import os
import re
from functools import cache
from importlib import resources
from ipaddress import IPv4Address, IPv6Address
from random import Random

from publicsuffixlist import PublicSuffixList

from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import Origin, parse_origin
from crossorigin.policy.check.hosting_suffixes import HOSTING_SUFFIXES
from crossorigin.policy.check.regex.cause import REGEX
from crossorigin.policy.check.regex.claims import FEW
from crossorigin.policy.check.regex.dangers import explain_danger
from crossorigin.policy.check.regex.examination import Fixer
from crossorigin.policy.check.regex.verdict import Danger, Verdict, judge
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError, UnsupportedRegexError
from crossorigin.policy.regex.matcher import matcher_of
from tests.properties.random_hosts import AcceptedOrigins, random_host_regex
from tests.properties.random_regexes import random_regex, random_texts

IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SEED = int(os.environ.get("REGEX_SEED", "0"))
PAIRS = 1_000_000 if IS_NIGHTLY else 50_000
EXPRESSIONS = 4000 if IS_NIGHTLY else 500
DRAWS = 10_000 if IS_NIGHTLY else 300
_OWN_NAMES = ("localhost", "test", "internal", "home.arpa")


def test_the_automaton_matches_what_python_matches() -> None:
    """Matching is `re.fullmatch`, for expressions of the whole syntax and texts of which a fifth match."""
    random = Random(SEED)
    pairs = matching = 0
    while pairs < PAIRS:
        regex = random_regex(random)
        try:
            automaton = Automaton(regex.pattern, Budget())
        except (RegexTooLargeError, UnsupportedRegexError):
            continue
        matcher = matcher_of(automaton)
        for text in random_texts(random, automaton, 12):
            is_matched = regex.fullmatch(text) is not None
            assert matcher.matches(text.encode()) == is_matched, (SEED, regex.pattern, text)
            matching += is_matched
            pairs += 1
    assert matching / pairs > 0.2


@cache
def _oracle() -> tuple[PublicSuffixList, frozenset[str]]:
    """Return an independent reader of the public suffix list and our hosting suffixes, with the hosting rules."""
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    hosting = text.partition("===BEGIN PRIVATE DOMAINS===")[2].splitlines()
    return PublicSuffixList(source="\n".join([text, *HOSTING_SUFFIXES])), frozenset([*hosting, *HOSTING_SUFFIXES])


def owner_of(origin: Origin) -> str | None:
    """Return the domain or public address that controls an origin, or None if nobody can get it."""
    host = origin.host.removesuffix(".")
    if host.startswith("["):
        address = IPv6Address(host[1:-1])
        return host if address.packed[0] & 0xFE != 0xFC and address not in _LOCAL and int(address) > 1 else None
    if origin.scheme in {"http", "https"} and is_ipv4(host):
        first, second, *_ = IPv4Address(host).packed
        is_own = first in {0, 10, 127} or first >= 224 or (first, second) in _OWN_OCTETS
        return None if is_own else host
    if any(f".{host}".endswith(f".{name}") for name in _OWN_NAMES):
        return None
    suffixes, rules = _oracle()
    parent = host.partition(".")[2]
    if f"*.{parent}" in rules:
        return host  # Users can have names with one label there, and names below those.
    # A suffix nobody can register; a top-level name that the list does not know is judged by whether it is written.
    return suffixes.privatesuffix(host, accept_unknown=False)


class _Local:
    def __contains__(self, address: IPv6Address) -> bool:
        return address.packed[0] == 0xFE and address.packed[1] & 0xC0 == 0x80


_LOCAL = _Local()
_OWN_OCTETS = {
    *((100, second) for second in range(64, 128)),
    *((172, second) for second in range(16, 32)),
    (169, 254),
    (192, 168),
}


def _judged(text: str) -> tuple[Automaton, Verdict] | None:
    try:
        automaton = Automaton(text, Budget())
        return automaton, judge(text, automaton)
    except RegexTooLargeError:
        return None


def test_what_is_safe_is_pinned_and_what_is_named_is_untrusted() -> None:
    """Origins of a safe expression belong to its author, and the named untrusted origin can be registered.

    At least a fifth of the expressions are safe, at least a fifth are not, and few are too large.
    """
    random = Random(SEED)
    safe = refused = too_large = valid = 0
    for _ in range(EXPRESSIONS):
        text = random_host_regex(random)
        found = _judged(text)
        if found is None:
            too_large += 1
            continue
        automaton, verdict = found
        if verdict.danger is None:
            safe += 1
            valid += _hold_safe(random, text, automaton, verdict)
        else:
            refused += 1
            _hold_untrusted(text, verdict)
    assert min(safe, refused) > EXPRESSIONS / 5
    assert too_large < EXPRESSIONS / 20
    assert valid > DRAWS * safe / 10


def _hold_safe(random: Random, text: str, automaton: Automaton, verdict: Verdict) -> int:
    accepted = AcceptedOrigins(automaton)
    origins = [origin for _ in range(DRAWS) if (origin := parse_origin(accepted.draw(random))) is not None]
    owners = {owner for origin in origins if (owner := owner_of(origin)) is not None}
    assert len(verdict.domains) <= FEW + len(text), (SEED, text)
    addresses = {owner for owner in owners - verdict.domains if owner.startswith("[") or is_ipv4(owner)}
    assert owners - addresses <= verdict.domains, (SEED, text, owners - verdict.domains)
    assert len(addresses) <= FEW, (SEED, text, addresses)
    return len(origins)


def _hold_untrusted(text: str, verdict: Verdict) -> None:
    where = (SEED, text, verdict)
    assert re.fullmatch(text, verdict.origin), where
    if verdict.danger is Danger.NULL:
        assert verdict.origin == "null", where
        return
    origin = parse_origin(verdict.origin)
    assert origin is not None, where
    if verdict.danger is not Danger.EXTENSIONS:
        top = origin.host.removesuffix(".").rpartition(".")[2]
        assert owner_of(origin) is not None or top == verdict.suffix, where


def test_every_expression_that_is_offered_is_safe() -> None:
    """Fixes for refused expressions are valid and match something. At least a fifth of the refused ones have a fix."""
    random = Random(SEED)
    refused = offered = 0
    for _ in range(EXPRESSIONS // 4):
        text = random_host_regex(random)
        found = _judged(text)
        if found is None or found[1].danger is None:
            continue
        refused += 1
        cause = explain_danger(text, found[1], Fixer(has_credentials=True, lift_hosting=False), lists_origins=False)
        assert cause.fixes or cause.instruction
        for fix in cause.fixes:
            if fix.field == REGEX:
                assert isinstance(fix.value, str)
                fixed = _judged(fix.value)
                assert fixed is not None
                assert fixed[1].danger is None, (SEED, text, fix.value)
        offered += bool(cause.fixes)
    assert offered > refused / 5
