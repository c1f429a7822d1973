"""Say what keeps a text from being an origin, and which origin a browser would send for it.

The parser in `crossorigin.fetch.origin` says only yes or no, as it must on every request. This module is for the
one moment when a person has written something else: it names each fault and mends all of them at once. Whatever it
offers was parsed as a pattern; where nothing can be offered it says what to do.
"""

import re
from dataclasses import dataclass, replace

from crossorigin.fetch.host import ends_in_a_number, is_ipv4, serialize_ipv4, serialize_ipv6, to_ace_label
from crossorigin.fetch.origin import DEFAULT_PORTS, OPAQUE_ORIGIN
from crossorigin.policy.errors import IssueCode
from crossorigin.policy.pattern import can_be_listed, parse_pattern

_SENTENCES = {
    IssueCode.ORIGIN_EMPTY: "It is empty; no browser sends an empty origin.",
    IssueCode.ORIGIN_SEVERAL: "It holds several origins in one string; each is an element of its own.",
    IssueCode.ORIGIN_LOOKS_LIKE_REGEX: "It looks like a regular expression; the origins listed here are compared as "
    "they stand, so it would never match.",
    IssueCode.ORIGIN_WHITESPACE: "It has white space or an invisible character, which an origin never has.",
    IssueCode.ORIGIN_MISSING_SCHEME: "It has no scheme; an origin starts with one, as in https://.",
    IssueCode.ORIGIN_FILE: "Pages from files have no origin of their own: browsers send null for them, as for any "
    "sandboxed page on the web.",
    IssueCode.ORIGIN_WEBSOCKET_SCHEME: "No page comes from a ws: or wss: address; a WebSocket handshake carries the "
    "origin of its page, which is http: or https:.",
    IssueCode.ORIGIN_USERINFO: "It has a user name or password, which browsers leave out of an origin.",
    IssueCode.ORIGIN_TRAILING_SLASH: "It ends with a slash; browsers send an origin without one, so it would never "
    "match.",
    IssueCode.ORIGIN_PATH: "It has a path; an origin ends behind the host and port, so it would never match.",
    IssueCode.ORIGIN_QUERY: "It has a query or a fragment; an origin ends behind the host and port, so it would "
    "never match.",
    IssueCode.ORIGIN_UPPER_CASE: "It has upper-case letters; browsers send origins in lower case, and they are "
    "compared byte for byte.",
    IssueCode.ORIGIN_NON_ASCII: "Its host is not ASCII; browsers send such a host in Punycode, and refuse "
    "some characters altogether.",
    IssueCode.ORIGIN_IP_ADDRESS: "It has no IP address in the one form that browsers send.",
    IssueCode.ORIGIN_DEFAULT_PORT: "It names the default port of its scheme, which browsers leave out.",
    IssueCode.ORIGIN_PORT: "Its port is not a number from 1 to 65535, written without leading zeros.",
    IssueCode.ORIGIN_WILDCARD: 'A "*" stands only for whole leading labels ("https://*.example.com") or for any port '
    '("http://localhost:*").',
    IssueCode.ORIGIN_WILDCARD_BEFORE_IP: 'An IP address has no names below it, so "*." before it matches nothing.',
    IssueCode.ORIGIN_MALFORMED: "It is not an origin, so no browser can send it.",
}

_INSTRUCTIONS = {
    IssueCode.ORIGIN_SEVERAL: "one element for each origin, each as browsers send it: scheme://host, or "
    "scheme://host:port.",
    IssueCode.ORIGIN_EMPTY: "remove it; an empty list allows no origin.",
    IssueCode.ORIGIN_USERINFO: "the origin that is meant, without anything before an @: a browser goes to the host "
    "behind it.",
    IssueCode.ORIGIN_FILE: "serve the page over HTTP while developing, and list where it is served from, for example "
    '"http://localhost:8080".',
    IssueCode.ORIGIN_LOOKS_LIKE_REGEX: "move it to allow_origin_regex, which is matched against the whole origin, "
    "with each dot of the host escaped.",
    IssueCode.ORIGIN_PORT: "the port the page is served from, or none for the default one, or :* for any.",
    IssueCode.ORIGIN_WILDCARD: "list the origins one by one, or describe them in allow_origin_regex; or, without "
    'credentials, "*" alone for any origin.',
}
_INSTRUCTION = "the origin as browsers send it: scheme://host, or scheme://host:port."

_SEPARATORS = re.compile(r"[\s,;]+")
# `10.0.0.*` is a misplaced wildcard rather than a regular expression, and `[::1` a broken address.
_REGEX_MARKS = re.compile(r"[\\^$()|+{}]|(?:://|\A)\.\*|\[(?![^\]]*:)")
# Browsers drop these wherever they stand: https://url.spec.whatwg.org/#concept-basic-url-parser, and UTS 46.
_INVISIBLE = re.compile("[\\t\\n\\r\u00ad\u200b\u2060\ufeff]")
_SCHEME = re.compile(r"([A-Za-z*][A-Za-z0-9+.*-]*)://[/\\]*(.*)\Z", re.DOTALL)
_SCHEME_WITHOUT_SLASHES = re.compile(r"(https?|wss?):/?(?![0-9]+(?:[/?#]|\Z))([^/].*)\Z", re.DOTALL | re.IGNORECASE)
_SLASHES = re.compile(r":?//+")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LOOPBACK = re.compile(r"(?:[^/?#]*\.)?localhost\.?|127(?:\.[0-9]+){3}|\[::1\]", re.IGNORECASE)
_REGEX_START = re.compile(r"\^?(https?)\??://(?:\.[*+]|\(\.[*+]\)|\[\^\.\]\+|\[a-z0-9-\]\+|\\w\+)\\?\.")
_WEB_SCHEME_OF = {"ws": "http", "wss": "https"}
_FILE = "file:"
# Far longer than any origin, and short enough to be taken apart in any way.
MAX_URL = 2048
_MAX_PORT_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Hold what is wrong with a text that should be an origin: the first fault's code, all faults told, the fix.

    `replacements` are the origins or patterns to write instead, empty where there is none; `instruction` then says
    what to do.
    """

    code: IssueCode
    reason: str
    replacements: tuple[str, ...]
    instruction: str


def diagnose(text: str) -> Diagnosis | None:
    """Say what keeps `text` from being an origin, a pattern, `null` or `*`; None if nothing does."""
    if can_be_listed(text):
        return None
    several = [part for part in _SEPARATORS.split(text.strip("[] \t\r\n")) if part]
    if len(several) > 1 and ("," in text or ";" in text or all("://" in part for part in several)):
        return _diagnosis([IssueCode.ORIGIN_SEVERAL], _repair_all(several))
    return _diagnose_one(text)


def _diagnose_one(text: str) -> Diagnosis:
    if not text.strip():
        return _diagnosis([IssueCode.ORIGIN_EMPTY])
    if text.strip().lower().startswith(_FILE):
        return _diagnosis([IssueCode.ORIGIN_FILE])
    if len(text) > MAX_URL:
        return _diagnosis([IssueCode.ORIGIN_MALFORMED])
    if _REGEX_MARKS.search(text):
        return _diagnosis([IssueCode.ORIGIN_LOOKS_LIKE_REGEX], _from_regex(text))
    return _Repair(text).diagnose()


def repair(text: str) -> tuple[str, ...]:
    """Return the origins or patterns to write for `text`: itself if it is one already, none if there is none."""
    diagnosis = diagnose(text)
    return (text,) if diagnosis is None else diagnosis.replacements


def _repair_all(parts: list[str]) -> tuple[str, ...]:
    repaired = [repair(part.strip("\"'")) for part in parts]
    return tuple(dict.fromkeys(text for texts in repaired for text in texts)) if all(repaired) else ()


def _diagnosis(codes: list[IssueCode], replacements: tuple[str, ...] = ()) -> Diagnosis:
    codes = codes or [IssueCode.ORIGIN_MALFORMED]
    instruction = next((_INSTRUCTIONS[code] for code in codes if code in _INSTRUCTIONS), _INSTRUCTION)
    return Diagnosis(codes[0], " ".join(_SENTENCES[code] for code in codes), replacements, instruction)


def _from_regex(text: str) -> tuple[str, ...]:
    r"""Return the pattern that says what a plain `https://.*\.example\.com` says."""
    start = _REGEX_START.match(text)
    if start is None:
        return ()
    wildcard = f"{start[1]}://*.{text[start.end() :].removesuffix('$')}".replace("\\.", ".")
    return (wildcard,) if can_be_listed(wildcard) else ()


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.port}"


class _Repair:
    """Take a text apart as a browser takes a URL apart, noting each thing that has to change."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._codes: list[IssueCode] = []
        self._is_trap = False

    def _note(self, code: IssueCode) -> None:
        if code not in self._codes:
            self._codes.append(code)

    def diagnose(self) -> Diagnosis:
        text = _INVISIBLE.sub("", self._text.strip()).strip()
        if text != self._text or len(text.split()) > 1:
            self._note(IssueCode.ORIGIN_WHITESPACE)
        text = text.strip("\"'")
        if text == "*":
            return _diagnosis(self._codes, ("*",))
        if text.lower() == OPAQUE_ORIGIN:
            if text != OPAQUE_ORIGIN:
                self._note(IssueCode.ORIGIN_UPPER_CASE)
            return _diagnosis(self._codes, (OPAQUE_ORIGIN,))
        scheme, rest = self._split_scheme(text)
        parts = self._repair_scheme(self._split_authority(scheme, rest))
        if "*" in _without_wildcards(parts):
            self._note(IssueCode.ORIGIN_WILDCARD)
            return _diagnosis(self._codes, _spell_out_wildcard(parts))
        repaired = self._repair_port(self._repair_host(parts))
        fits = repaired is not None and not self._is_trap and can_be_listed(str(repaired))
        replacements = (str(repaired),) if fits else ()
        return _diagnosis(self._codes, replacements)

    def _split_scheme(self, text: str) -> tuple[str, str]:
        whole = _SCHEME.match(text)
        if whole is not None:
            return whole[1], whole[2]
        slashless = _SCHEME_WITHOUT_SLASHES.match(text)
        if slashless is not None:
            self._note(IssueCode.ORIGIN_MALFORMED)
            return slashless[1], slashless[2]
        self._note(IssueCode.ORIGIN_MISSING_SCHEME)
        rest = f"[{text}]" if serialize_ipv6(text) else _SLASHES.sub("", text)
        host, port = _split_port(_AUTHORITY_END.split(rest)[0].rpartition("@")[2])
        loopback = _LOOPBACK.fullmatch(host) is not None
        # A word alone, such as `none` or `self`, is no host that was meant.
        if not (loopback or host.startswith("[") or "." in host.strip(".") or (host.strip(".") and port[1:])):
            return "", rest
        return ("http" if loopback else "https"), rest

    def _split_authority(self, scheme: str, rest: str) -> _Parts:
        end = _AUTHORITY_END.search(rest)
        authority, tail = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
        if "@" in authority:
            self._note(IssueCode.ORIGIN_USERINFO)
            user, _, authority = authority.rpartition("@")
            # `https://app.example.com@evil.example` is a trap that was pasted: which of the two was meant?
            self._is_trap = "." in user
        if tail:
            self._note(_code_of_tail(tail))
        host, port = _split_port(authority)
        return _Parts(scheme, host, port)

    def _repair_scheme(self, parts: _Parts) -> _Parts:
        scheme = parts.scheme.lower()
        if scheme != parts.scheme:
            self._note(IssueCode.ORIGIN_UPPER_CASE)
        if scheme in _WEB_SCHEME_OF:
            self._note(IssueCode.ORIGIN_WEBSOCKET_SCHEME)
        return replace(parts, scheme=_WEB_SCHEME_OF.get(scheme, scheme))

    def _repair_host(self, parts: _Parts) -> _Parts | None:
        host = parts.host.removeprefix("*.")
        wildcard = parts.host[: len(parts.host) - len(host)]
        if host.startswith("["):
            address = serialize_ipv6(host.strip("[]"))
            fixed = None if address is None else f"[{address}]"
        else:
            fixed = _serialize_domain(host)
            if not host.isascii():
                self._note(IssueCode.ORIGIN_NON_ASCII)
            if parts.scheme in DEFAULT_PORTS and fixed is not None and ends_in_a_number(fixed):
                fixed = serialize_ipv4(fixed)
        if fixed is None:
            self._note(IssueCode.ORIGIN_IP_ADDRESS if _may_be_an_address(host) else IssueCode.ORIGIN_MALFORMED)
            return None
        if host.isascii() and host != fixed:
            same = host.lower() == fixed
            self._note(IssueCode.ORIGIN_UPPER_CASE if same and "[" not in host else _code_of_host(fixed))
        if wildcard and _code_of_host(fixed) is IssueCode.ORIGIN_IP_ADDRESS:
            self._note(IssueCode.ORIGIN_WILDCARD_BEFORE_IP)
            wildcard = ""
        return replace(parts, host=wildcard + fixed)

    def _repair_port(self, parts: _Parts | None) -> _Parts | None:
        if parts is None or parts.port in {"", ":*"}:
            return parts
        digits = parts.port[1:].lstrip("0")
        if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_PORT_DIGITS:
            self._note(IssueCode.ORIGIN_PORT)
            return replace(parts, port="") if parts.port == ":" else None
        if int(digits) == DEFAULT_PORTS.get(parts.scheme):
            self._note(IssueCode.ORIGIN_DEFAULT_PORT)
            return replace(parts, port="")
        repaired = replace(parts, port=f":{digits}")
        if repaired != parts or parse_pattern(str(repaired)) is None:
            self._note(IssueCode.ORIGIN_PORT)
        return repaired


def _split_port(authority: str) -> tuple[str, str]:
    host, colon, port = authority.rpartition(":")
    return (authority, "") if not colon or "]" in port else (host, f":{port}")


def _code_of_tail(tail: str) -> IssueCode:
    if not tail.strip("/\\"):
        return IssueCode.ORIGIN_TRAILING_SLASH
    return IssueCode.ORIGIN_QUERY if tail.strip("/\\")[0] in "?#" else IssueCode.ORIGIN_PATH


def _code_of_host(host: str) -> IssueCode:
    address = host.startswith("[") or is_ipv4(host.removesuffix("."))
    return IssueCode.ORIGIN_IP_ADDRESS if address else IssueCode.ORIGIN_MALFORMED


def _may_be_an_address(host: str) -> bool:
    return host.startswith("[") or ends_in_a_number(host)


def _without_wildcards(parts: _Parts) -> str:
    return parts.scheme + parts.host.removeprefix("*.") + ("" if parts.port == ":*" else parts.port)


def _spell_out_wildcard(parts: _Parts) -> tuple[str, ...]:
    """Return what `https://*example.com` and `*://example.com` are likely to mean, in patterns."""
    if parts.scheme in {"*", "http*"}:
        meant = [replace(parts, scheme="https"), replace(parts, scheme="http")]
    elif parts.host.startswith("*") and parts.host[1:2].isalnum():
        meant = [replace(parts, host=parts.host[1:]), replace(parts, host=f"*.{parts.host[1:]}")]
    else:
        return ()
    texts = tuple(map(str, meant))
    return texts if all(map(can_be_listed, texts)) else ()


def _serialize_domain(host: str) -> str | None:
    labels = [to_ace_label(label) if label else "" for label in _DOTS.split(host)]
    serialized = [label for label in labels if label is not None]
    return ".".join(serialized) if len(serialized) == len(labels) else None
