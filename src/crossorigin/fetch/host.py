"""The grammar of a host in a serialized origin: a domain, an IPv4 address or an IPv6 address.

https://url.spec.whatwg.org/#host-serializing. Browsers send each host in one form only. A host in any other form was
not sent by a browser and never equals one that a browser sends. Browsers send underscores, hyphens at the ends of a
label and a trailing dot, which the ABNF of the Fetch standard does not include, so those are accepted too.
"""

import re

# 253 without a final dot: RFC 1035, section 2.3.4, minus the length bytes of the first label and the root.
MAX_HOST = 253
MAX_LABEL = 63

_DOMAIN = re.compile(rf"(?=.{{1,{MAX_HOST}}}\.?\Z)[a-z0-9_-]{{1,{MAX_LABEL}}}(?:\.[a-z0-9_-]{{1,{MAX_LABEL}}})*\.?\Z")
# https://url.spec.whatwg.org/#ends-in-a-number-checker: such a host is either an IPv4 address or invalid.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?\Z")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}\Z")
_IPV6 = re.compile(r"[0-9a-f:]{2,39}\Z")
_ACE_PREFIX = "xn--"
# Characters that are removed from a domain: https://www.unicode.org/reports/tr46/#IDNA_Mapping_Table, "ignored".
_IGNORED = re.compile("[\u00ad\u200b\u2060\ufe00-\ufe0f\ufeff]")
# Unassigned, control, format, private use, surrogate and whitespace characters are never part of a label.
_NEVER_IN_A_LABEL = frozenset({"Cn", "Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def is_domain(host: str) -> bool:
    """Return whether `host` is a domain in the form that browsers serialize, for any scheme but http and https."""
    return _DOMAIN.match(host) is not None


def is_web_host(host: str) -> bool:
    """Return whether `host` is a domain or an IPv4 address that an http or https URL can have."""
    if not is_domain(host):
        return False
    if ends_in_a_number(host):
        return is_ipv4(host)
    if _ACE_PREFIX not in host:
        return True
    return all(is_ace_label(label) for label in host.split(".") if label.startswith(_ACE_PREFIX))


def ends_in_a_number(host: str) -> bool:
    """Return whether `host`, in lower case, must be an IPv4 address to be valid in an http or https URL."""
    return _ENDS_IN_A_NUMBER.match(host) is not None


def is_ipv4(host: str) -> bool:
    """Return whether `host` is an IPv4 address in its serialized form, four decimal numbers."""
    return _IPV4.match(host) is not None


def is_ipv6(host: str) -> bool:
    """Return whether `host`, without its brackets, is an IPv6 address in its serialized form."""
    return _IPV6.match(host) is not None and serialize_ipv6(host) == host


def serialize_ipv4(text: str) -> str | None:
    """Return an IPv4 address as browsers serialize it, or None if `text` is not an IPv4 address.

    Every spelling that a URL may contain is accepted: https://url.spec.whatwg.org/#concept-ipv4-parser
    """
    numbers = [_ipv4_number(label) for label in text.removesuffix(".").split(".")]
    *leading, last = [-1 if number is None else number for number in numbers]
    limit = 256 ** (4 - len(leading)) if len(leading) < 4 else 0  # an address has four bytes
    if not 0 <= last < limit or not all(0 <= number <= 255 for number in leading):  # one byte each
        return None
    tail = last.to_bytes(4 - len(leading))
    return ".".join(map(str, [*leading, *tail]))


def _ipv4_number(label: str) -> int | None:
    if _IPV4_NUMBER.fullmatch(label) is None:
        return None
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    try:
        return int(label, 8 if label.startswith("0") else 10)
    except ValueError:
        return None


def serialize_ipv6(text: str) -> str | None:
    """Return an IPv6 address as browsers serialize it, or None if `text` is not an IPv6 address.

    https://url.spec.whatwg.org/#concept-ipv6-serializer. An embedded IPv4 address is written in hexadecimal. The
    standard library does so only on some Python versions, so this function joins the pieces itself.
    """
    import ipaddress

    try:
        packed = ipaddress.IPv6Address(text).packed
    except ValueError:
        return None
    if "%" in text:  # a zone identifier, which URLs cannot contain
        return None
    pieces = [f"{packed[i] << 8 | packed[i + 1]:x}" for i in range(0, 16, 2)]
    start, length = _longest_run_of_zeros(pieces)
    if length < 2:  # a single zero piece is not compressed
        return ":".join(pieces)
    return f"{':'.join(pieces[:start])}::{':'.join(pieces[start + length :])}"


def _longest_run_of_zeros(pieces: list[str]) -> tuple[int, int]:
    best = (0, 0)
    start = None
    for index, piece in enumerate([*pieces, "end"]):
        if piece == "0":
            start = index if start is None else start
            continue
        if start is not None and index - start > best[1]:
            best = (start, index - start)
        start = None
    return best


def is_ace_label(label: str) -> bool:
    """Return whether `label`, which starts with `xn--`, is a label that a browser would have produced.

    Browsers refuse a URL whose Punycode does not decode, or that decodes to a label with another encoded form. The
    standard library does not include the full tables of UTS 46, so this function checks the round trip only.
    """
    try:
        decoded = label[len(_ACE_PREFIX) :].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return False
    return not decoded.isascii() and to_ace_label(decoded) == label


def to_ace_label(label: str) -> str | None:
    """Return a label as it appears in a URL: in lower case, and in Punycode if it is not ASCII.

    The result is None if no browser accepts the label. The `idna` codec is not used because it implements IDNA 2003,
    which turns `faß` into `fass`, a domain that may belong to someone else.
    """
    import unicodedata

    if len(label) > 8 * MAX_LABEL:  # no spelling is that much longer than the label itself
        return None
    # Each character is lowered by itself because `str.lower` gives a sigma at the end of a word another form.
    lowered = "".join(char.lower() for char in unicodedata.normalize("NFKC", _IGNORED.sub("", label)))
    mapped = unicodedata.normalize("NFKC", lowered)
    if "." in mapped:
        return None
    if mapped.isascii():
        return mapped if is_domain(mapped) else None
    if any(unicodedata.category(char) in _NEVER_IN_A_LABEL for char in mapped):
        return None
    if unicodedata.category(mapped[0]).startswith("M"):
        return None
    encoded = _ACE_PREFIX + mapped.encode("punycode").decode("ascii")
    return encoded if is_domain(encoded) else None
