"""Diagnosis of texts that are not valid origins, with the origins that a browser would send instead.

The parser in `crossorigin.fetch.origin` only accepts or rejects, because it runs on every request. This module runs
when somebody has written an invalid origin: it reports every error and fixes all of them at once. A replacement is
always a valid pattern. Where there is none, an instruction says what to do.
"""

import re
from functools import lru_cache

from crossorigin.policy.check.origin_diagnosis import Diagnosis, diagnosis_of
from crossorigin.policy.check.scheme_repair import QUOTES, is_scheme, split_joined, split_scheme
from crossorigin.policy.check.url_repair import UrlRepair
from crossorigin.policy.errors import IssueCode
from crossorigin.policy.pattern import can_be_listed

_SEPARATORS = re.compile(r"(?:[\s,;|]|&&|(?<=\s)(?:and|or)(?=\s))+")
# Placeholders of shells, templates, Windows and f-strings. No origin contains them.
UNFILLED = re.compile(r"\$[\w{(]|\{\{|%\w+%|\{[A-Za-z_][\w.]*\}")
# What str() and template languages write for a missing value.
MISSING_VALUES = frozenset({"none", "undefined", "nan", "false", "true"})
# `10.0.0.*` is a misplaced wildcard rather than a regular expression, and `[::1` is an incomplete address.
_REGEX_MARKS = re.compile(r"[\\^$()|+{}]|(?:://|\A)\.\*|\[(?![^\]]*:)|\Ahttps\?://")
_REGEX_START = re.compile(r"(https?)://(?:\.[*+]|\(\.[*+]\)|\[\^\.\]\+|\[a-z0-9-\]\+|\\w\+)\\?\.")
_REGEX_PORT = re.compile(r"(?:\((?:\?:)?:(?:\\d|\[0-9\])[+*]\)\??|:(?:\\d|\[0-9\])[+*])\Z")
_FILE = "file:"
_WITHOUT_HOST = re.compile(r"\s*(?:about:(?:blank|srcdoc)\b|(?:data|javascript):(?![0-9]+\Z))", re.IGNORECASE)
_NETWORK = re.compile(r"(?:(https?)://)?((?:[0-9]{1,3}\.){3}[0-9]{1,3})(:[0-9]+|:\*)?/([0-9]|[12][0-9]|3[01])")
# Far longer than any origin, and short enough to be parsed quickly by any of these expressions.
MAX_URL = 2048


def diagnose(text: str) -> Diagnosis | None:
    """Return why `text` is not an origin, a pattern, `null` or `*`, or None if it is one of these."""
    return None if can_be_listed(text) else diagnose_faulty(text)


def diagnose_faulty(text: str) -> Diagnosis:
    """Return why a text that cannot be listed is not an origin."""
    # Several rules and the fixes ask about the same text. Longer ones are rare, and are not kept.
    return _diagnose_cached(text) if len(text) <= MAX_URL else _diagnose_text(text)


def _diagnose_text(text: str) -> Diagnosis:
    several = [part for part in _SEPARATORS.split(text.strip("[](){} \t\r\n")) if part]
    if len(several) > 1 and not _ends_in_a_scheme(several[0]) and _are_several(text, several):
        return diagnosis_of([IssueCode.MULTIPLE_ORIGINS], _repair_all(several))
    joined = split_joined(text)
    if len(joined) > 1:
        return diagnosis_of([IssueCode.MULTIPLE_ORIGINS], _repair_all(joined))
    return _diagnose_one(text)


_diagnose_cached = lru_cache(maxsize=1024)(_diagnose_text)


def _ends_in_a_scheme(part: str) -> bool:
    return is_scheme(part.rpartition("/")[2])


def _are_several(text: str, parts: list[str]) -> bool:
    return "," in text or ";" in text or all("://" in part for part in parts)


def _diagnose_one(text: str) -> Diagnosis:
    if not text.strip():
        return diagnosis_of([IssueCode.ORIGIN_EMPTY])
    if text.strip().lower().startswith(_FILE):
        return diagnosis_of([IssueCode.ORIGIN_FILE_SCHEME])
    if len(text) > MAX_URL:
        return diagnosis_of([IssueCode.ORIGIN_MALFORMED])
    other = _diagnose_other(text)
    if other is not None:
        return other
    # In `http:\\localhost` and `https:\/\/localhost` the backslashes are part of the damaged scheme.
    split = split_scheme(text)
    # At the end, browsers read a backslash as a slash.
    if _REGEX_MARKS.search((split[1] if split and split[2] else text).rstrip("\\")):
        return diagnosis_of([IssueCode.ORIGIN_LOOKS_LIKE_REGEX], _pattern_from_regex(text))
    return UrlRepair(text).diagnose()


def _diagnose_other(text: str) -> Diagnosis | None:
    """Return the diagnosis of a setting whose value is missing, or of a URL that has no host, or None."""
    if _WITHOUT_HOST.match(text):
        why = "No page with such a URL has an origin of this form: it has the origin null, or that of another page."
        instruction = "list the origin of the page that opens or contains it, or remove it."
        return Diagnosis(IssueCode.ORIGIN_MALFORMED, why, (), instruction)
    if UNFILLED.search(text):
        why = "It contains a variable that was not substituted."
        return Diagnosis(IssueCode.ORIGIN_MALFORMED, why, (), "write the text with the value of the variable.")
    if text.strip().lower() in MISSING_VALUES:
        why = f"It is not an origin, but what str() or a template writes for a missing value: {text.strip()}."
        return Diagnosis(IssueCode.ORIGIN_MISSING_SCHEME, why, (), "set the value, or remove it from the list.")
    network = _NETWORK.fullmatch(text.strip())
    return None if network is None else _diagnose_network(*network.groups(default=""))


def _diagnose_network(scheme: str, address: str, port: str, bits: str) -> Diagnosis:
    """Return the diagnosis of a network such as `192.168.1.0/24`, which is a pattern if whole octets are open."""
    why = 'It is a network in CIDR notation. An origin has one host, and a pattern has whole octets: "http://10.*.*.*".'
    fixed, rest = divmod(int(bits), 8)
    pattern = f"http://{'.'.join([*address.split('.')[:fixed], *['*'] * (4 - fixed)])}{port}"
    is_pattern = rest == 0 and scheme != "https" and can_be_listed(pattern)
    instruction = (
        r'list each origin, or match a private network with allow_origin_regex, as in r"http://192\.168\.1\.\d+".'
    )
    return Diagnosis(IssueCode.ORIGIN_PATH, why, (pattern,) if is_pattern else (), instruction)


def repair(text: str) -> tuple[str, ...]:
    """Return the origins or patterns to write instead of `text`, which is `text` itself if it is valid."""
    diagnosis = diagnose(text)
    return (text,) if diagnosis is None else diagnosis.replacements


def _repair_all(parts: list[str]) -> tuple[str, ...]:
    repaired: dict[str, None] = {}
    for part in dict.fromkeys(parts):
        origins = repair(part.strip(QUOTES))
        if not origins:
            return ()
        repaired.update(dict.fromkeys(origins))
    return tuple(repaired)


def _pattern_from_regex(text: str) -> tuple[str, ...]:
    r"""Return the origins or patterns with the meaning of a simple expression such as `https?://.*\.example\.com`."""
    bare = text.removeprefix("^").removesuffix("$")
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    bare = _REGEX_PORT.sub(":*", bare)
    optional, web = bare.startswith("https?://"), ("https://", "http://")
    texts = [f"{scheme}{bare.removeprefix('https?://')}" for scheme in web] if optional else [bare]
    found = tuple(_REGEX_START.sub(r"\1://*.", one).replace("\\.", ".") for one in texts)
    return found if all(map(can_be_listed, found)) else ()
