"""A URL that was written instead of an origin, parsed in the way a browser parses it, and serialized as an origin."""

import re
import unicodedata
from dataclasses import dataclass, replace

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.host import ends_in_a_number, is_ipv4, serialize_ipv4, serialize_ipv6, to_ace_label
from crossorigin.fetch.origin import DEFAULT_PORTS, OPAQUE_ORIGIN
from crossorigin.policy.check.origin_diagnosis import Diagnosis, diagnosis_of, instruction_for
from crossorigin.policy.check.scheme_repair import begins_like_a_scheme, is_scheme, split_scheme, strip_around
from crossorigin.policy.errors import IssueCode
from crossorigin.policy.pattern import can_be_listed, near_web_scheme, parse_pattern

# Browsers remove these at any position: https://url.spec.whatwg.org/#concept-basic-url-parser, and UTS 46.
_INVISIBLE = re.compile("[\\t\\n\\r\u00ad\u200b\u2060\ufeff]")
_LEADING_SLASHES = re.compile(r":?//+")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
# Languages use these inside words: the middle dots, geresh and gershayim.
_PUNCTUATION_OF_NAMES = "\u00b7\u05f3\u05f4\u30fb"
_LOOPBACK = re.compile(r"(?:[^/?#]*\.)?localhost\.?|0\.0\.0\.0|127(?:\.[0-9]+){3}|\[::1\]", re.IGNORECASE)
_DOUBLED_WILDCARD = re.compile(r"^\*{2,}\.")
_AROUND = "It is not a valid origin, because the quotes or other characters around it are part of the text."
_DOUBLED_PORT = re.compile(r"(.*?)(:[0-9]+)\2\Z")
_WEB_SCHEME_OF = {"ws": "http", "wss": "https"}
_MAX_PORT_DIGITS = 5
_OCTETS = 4


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.port}"


class UrlRepair:
    """One text, and the codes of the errors that were found in it."""

    def __init__(self, text: str) -> None:
        """Store the text."""
        self._text = text
        self._codes: list[IssueCode] = []
        self._is_ambiguous = False
        self._has_more = False

    def _add_code(self, code: IssueCode) -> None:
        if code not in self._codes:
            self._codes.append(code)

    def diagnose(self) -> Diagnosis:
        """Return the errors of the text, and the origins or patterns to write instead of it."""
        text = _INVISIBLE.sub("", self._text.strip()).strip()
        if text != self._text or len(text.split()) > 1:
            self._add_code(IssueCode.ORIGIN_WHITESPACE)
        bare = strip_around(text)
        self._has_more, text = bare != text, bare
        if text == "*":
            return self._diagnosis(("*",))
        if text.lower() == OPAQUE_ORIGIN:
            if text != OPAQUE_ORIGIN:
                self._add_code(IssueCode.ORIGIN_UPPERCASE)
            return self._diagnosis((OPAQUE_ORIGIN,))
        scheme, rest = self._split_scheme(text)
        parts = self._repair_scheme(self._split_authority(scheme, rest))
        # In `https://http/app.example.com` the host is a part of a damaged scheme.
        self._is_ambiguous = self._is_ambiguous or is_scheme(parts.host)
        network = _private_network(parts)
        if network is not None:
            if network.host != parts.host:
                self._add_code(IssueCode.ORIGIN_MISPLACED_WILDCARD)
            return diagnosis_of(self._codes, (str(network),))
        if "*" in _without_wildcards(parts):
            self._add_code(IssueCode.ORIGIN_MISPLACED_WILDCARD)
            return diagnosis_of(self._codes, _replace_wildcard(parts), instruction_for(parts.scheme))
        repaired = self._repair_port(self._repair_host(parts))
        is_valid = repaired is not None and not self._is_ambiguous and can_be_listed(str(repaired))
        replacements = (str(repaired),) if is_valid else ()
        return self._diagnosis(replacements, instruction_for(parts.scheme))

    def _diagnosis(self, replacements: tuple[str, ...], instruction: str = "") -> Diagnosis:
        diagnosis = diagnosis_of(self._codes, replacements, instruction)
        # Without a code, the characters around the origin are the only error.
        is_only_error = self._has_more and replacements and not self._codes
        return replace(diagnosis, reason=_AROUND) if is_only_error else diagnosis

    def _split_scheme(self, text: str) -> tuple[str, str]:
        split = split_scheme(text)
        if split is not None:
            scheme, rest, is_damaged = split
            if is_damaged:
                is_web = is_scheme(scheme)
                self._add_code(IssueCode.ORIGIN_MISSPELLED_SCHEME if is_web else IssueCode.ORIGIN_MALFORMED)
            return scheme, rest
        self._add_code(IssueCode.ORIGIN_MISSING_SCHEME)
        rest = f"[{text}]" if serialize_ipv6(text) else _LEADING_SLASHES.sub("", text, count=1)
        if begins_like_a_scheme(rest):
            return "", rest
        host, port = _split_port(_AUTHORITY_END.split(rest)[0].rpartition("@")[2])
        loopback = _LOOPBACK.fullmatch(host) is not None
        # A single word such as `none` or `self` is unlikely to be the host that the author has in mind.
        if not (loopback or host.startswith("[") or "." in host.strip(".") or (host.strip(".") and port[1:])):
            return "", rest
        return ("http" if loopback or host.endswith(".*") else "https"), rest

    def _split_authority(self, scheme: str, rest: str) -> _Parts:
        end = _AUTHORITY_END.search(rest)
        authority, tail = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
        if "@" in authority:
            self._add_code(IssueCode.ORIGIN_USERINFO)
            user, _, authority = authority.rpartition("@")
            # In `https://app.example.com@evil.example`, either host may be the intended one.
            self._is_ambiguous = "." in user
        if tail:
            self._add_code(_tail_code(tail))
        doubled = _DOUBLED_PORT.match(authority)
        if doubled is not None:
            self._add_code(IssueCode.ORIGIN_INVALID_PORT)
            authority = doubled[1] + doubled[2]
        host, port = _split_port(authority)
        return _Parts(scheme, host, port)

    def _repair_scheme(self, parts: _Parts) -> _Parts:
        scheme = parts.scheme.lower()
        if scheme != parts.scheme:
            self._add_code(IssueCode.ORIGIN_UPPERCASE)
        if scheme in _WEB_SCHEME_OF:
            self._add_code(IssueCode.ORIGIN_WEBSOCKET_SCHEME)
        near = None if WILDCARD in scheme else near_web_scheme(scheme)
        if near is not None:
            self._add_code(IssueCode.ORIGIN_MISSPELLED_SCHEME)
        return replace(parts, scheme=near or _WEB_SCHEME_OF.get(scheme, scheme))

    def _repair_host(self, parts: _Parts) -> _Parts | None:
        host = parts.host.removeprefix("*.")
        wildcard = parts.host[: len(parts.host) - len(host)]
        if host.startswith("["):
            address = serialize_ipv6(host.strip("[]"))
            fixed = None if address is None else f"[{address}]"
        else:
            fixed = _serialize_domain(host)
            if not host.isascii():
                self._add_code(IssueCode.ORIGIN_NON_ASCII)
                # It is a separator, a quote or a dash of a text editor rather than a part of the host that is meant.
                self._is_ambiguous = self._is_ambiguous or any(map(_is_punctuation, host))
            if parts.scheme in DEFAULT_PORTS and fixed is not None and ends_in_a_number(fixed):
                fixed = serialize_ipv4(fixed)
        if fixed is None:
            self._add_code(IssueCode.ORIGIN_NONCANONICAL_IP if _may_be_an_address(host) else IssueCode.ORIGIN_MALFORMED)
            return None
        if host.isascii() and host != fixed:
            same = host.lower() == fixed
            self._add_code(IssueCode.ORIGIN_UPPERCASE if same and "[" not in host else _host_code(fixed))
        if wildcard and _host_code(fixed) is IssueCode.ORIGIN_NONCANONICAL_IP:
            if host.count(".") < _OCTETS - 1 and not host.startswith("["):
                # In `*.168.1.1` the wildcard is an octet. Without it, the rest is the address of somebody else.
                self._codes = [IssueCode.ORIGIN_MISPLACED_WILDCARD]
                self._is_ambiguous = True
                return None
            self._add_code(IssueCode.ORIGIN_WILDCARD_BEFORE_IP)
            wildcard = ""
        return replace(parts, host=wildcard + fixed)

    def _repair_port(self, parts: _Parts | None) -> _Parts | None:
        if parts is None or parts.port in {"", ":*"}:
            return parts
        digits = parts.port[1:].lstrip("0")
        if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_PORT_DIGITS:
            self._add_code(IssueCode.ORIGIN_INVALID_PORT)
            return replace(parts, port="") if parts.port == ":" else None
        if int(digits) == DEFAULT_PORTS.get(parts.scheme):
            self._add_code(IssueCode.ORIGIN_DEFAULT_PORT)
            return replace(parts, port="")
        repaired = replace(parts, port=f":{digits}")
        if repaired != parts or parse_pattern(str(repaired)) is None:
            self._add_code(IssueCode.ORIGIN_INVALID_PORT)
        return repaired


def _split_port(authority: str) -> tuple[str, str]:
    host, colon, port = authority.rpartition(":")
    return (authority, "") if not colon or "]" in port else (host, f":{port}")


def _tail_code(tail: str) -> IssueCode:
    if not tail.strip("/\\"):
        return IssueCode.ORIGIN_TRAILING_SLASH
    return IssueCode.ORIGIN_QUERY if tail.strip("/\\")[0] in "?#" else IssueCode.ORIGIN_PATH


def _host_code(host: str) -> IssueCode:
    address = host.startswith("[") or is_ipv4(host.removesuffix("."))
    return IssueCode.ORIGIN_NONCANONICAL_IP if address else IssueCode.ORIGIN_MALFORMED


def _may_be_an_address(host: str) -> bool:
    return host.startswith("[") or ends_in_a_number(host)


def _private_network(parts: _Parts) -> _Parts | None:
    """Return the pattern of a private network that is meant by `http://192.168.*`."""
    name = parts.host.rstrip(".*")
    octets = name.count(".") + 1
    if parts.host == name or not name or octets >= _OCTETS:
        return None
    network = replace(parts, host=name + ".*" * (_OCTETS - octets))
    return network if can_be_listed(str(network)) else None


def _without_wildcards(parts: _Parts) -> str:
    return parts.scheme + parts.host.removeprefix("*.") + ("" if parts.port == ":*" else parts.port)


def _replace_wildcard(parts: _Parts) -> tuple[str, ...]:
    """Return the patterns that are probably intended by `https://*example.com` and `*://example.com`."""
    if parts.scheme in {"*", "http*"}:
        candidates = [replace(parts, scheme="https"), replace(parts, scheme="http")]
    elif parts.host.startswith("*") and parts.host[1:2].isalnum():
        candidates = [replace(parts, host=parts.host[1:]), replace(parts, host=f"*.{parts.host[1:]}")]
    else:
        candidates = [_without_extra_wildcards(parts)]
    texts = tuple(map(str, candidates))
    return texts if all(map(can_be_listed, texts)) else ()


def _without_extra_wildcards(parts: _Parts) -> _Parts:
    """Return the pattern that is meant by `https://**.example.com`, `http://localhost*` or `http://localhost:**`."""
    host = _DOUBLED_WILDCARD.sub("*.", parts.host)
    port = parts.port if parts.port.strip(":*") else parts.port[:2]
    if host.endswith("*") and host[-2:-1].isalnum() and (_LOOPBACK.fullmatch(host[:-1]) or "." in host[:-1]):
        host = host[:-1]
        port = port or (":*" if _LOOPBACK.fullmatch(host) else "")
    return replace(parts, host=host, port=port)


def _is_punctuation(character: str) -> bool:
    is_ascii = character.isascii() or character in _PUNCTUATION_OF_NAMES or _DOTS.match(character)
    return not is_ascii and unicodedata.category(character)[0] in "PZ"


def _serialize_domain(host: str) -> str | None:
    labels = [to_ace_label(label) if label else "" for label in _DOTS.split(host)]
    serialized = [label for label in labels if label is not None]
    return ".".join(serialized) if len(serialized) == len(labels) else None
