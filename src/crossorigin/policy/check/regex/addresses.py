"""The grammars of IPv4 addresses, IPv6 addresses and ports in origins.

Addresses have exactly one serialized form (https://url.spec.whatwg.org/#host-serializing). Anyone can rent a machine
with a public address. Private, loopback and link-local addresses, addresses of a provider's network (100.64.0.0/10)
and 0.0.0.0/8 belong to the operator's networks. Addresses from 224.0.0.0 on are not hosts. This module has its own
table, because that of `ipaddress` differs between versions of Python.
"""

from __future__ import annotations

from typing import NamedTuple

from crossorigin.policy.check.regex.search import Grammar

_OWN_FIRST_OCTETS = frozenset({0, 10, 127, *range(224, 256)})
# First octet -> the second octets that make the address private: RFC 6598, RFC 3927, RFC 1918.
_OWN_SECOND_OCTETS = {100: range(64, 128), 169: range(254, 255), 172: range(16, 32), 192: range(168, 169)}
_DIGITS = "0123456789"
_HEX = frozenset(f"{_DIGITS}abcdef")
_PIECES = 8
_HIGHEST_PORT = "65535"


class _Octets(NamedTuple):
    """The current number, the count of numbers before it, and the first one if the second one is needed to decide."""

    last: str = ""
    before: int = 0
    first: int | None = None


def ipv4_grammar(*, only_public: bool) -> Grammar[_Octets]:
    """Return the grammar of all IPv4 addresses, or only of public ones, which anyone can have."""

    def step(state: _Octets, char: str) -> _Octets | None:
        if char.isdigit():
            last = state.last + char
            return state._replace(last=last) if state.last != "0" and int(last) <= 255 else None
        if char != "." or not state.last or state.before == 3:
            return None
        number = int(state.last)
        if not only_public:
            return _Octets("", state.before + 1)
        if state.before == 0:
            first = number if number in _OWN_SECOND_OCTETS else None
            return None if number in _OWN_FIRST_OCTETS else _Octets("", 1, first)
        is_own = state.first is not None and number in _OWN_SECOND_OCTETS[state.first]
        return None if is_own else _Octets("", state.before + 1)

    return Grammar(f"{_DIGITS}.", _Octets(), step, lambda state: state.before == 3 and state.last != "")


class _Pieces(NamedTuple):
    """The state after a part of an IPv6 address.

    `last` is the current piece, or the colons before it, and `pieces` is the number of pieces before that. Adjacent
    zeros are counted, because exactly the longest run of them is written as `::`: `run` is the length of the current
    run, and `before` and `after` are the lengths of the longest runs before and after `::`. `head` is the text read so
    far, as long as it is needed to decide whether the address is private.
    """

    last: str = ""
    pieces: int = 0
    has_gap: bool = False
    run: int = 0
    before: int = 0
    after: int = 0
    head: str | None = ""


_END = _Pieces(last="]")
# Replaces the digits of an unfinished piece, because only their number matters.
_DIGIT = "f"
# The beginnings of addresses that may be loopback, fc00::/7 (RFC 4193) or fe80::/10 (RFC 4291). The last two have four
# digits in their first piece, so `fc::1` is a public address.
_UNDECIDED = frozenset({":", "::", "::1", "f", "fc", "fd", "fe", "fe8", "fe9", "fea", "feb"})
_UNIQUE_LOCAL = "fc-"
_LINK_LOCAL = frozenset({"fe8", "fe9", "fea", "feb"})
_OWN = "own"


def ipv6_grammar(*, only_public: bool) -> Grammar[_Pieces]:
    """Return the grammar of IPv6 addresses with their closing bracket: of all, or only of public ones."""

    def step(state: _Pieces, char: str) -> _Pieces | None:
        head = _read_head(state.head, char) if only_public else None
        if state == _END or head == _OWN:
            return None
        if char == "]":
            return _END if _is_ipv6(state) and state.head not in {"::", "::1"} else None
        return _read(state._replace(head=head), char)

    return Grammar(f"{_DIGITS}abcdef:]", _Pieces(head="" if only_public else None), step, lambda state: state == _END)


def _read(state: _Pieces, char: str) -> _Pieces | None:
    is_piece = state.last[:1] in _HEX
    if char in _HEX:
        return _read_digit(state) if is_piece else _begin_piece(state, char)
    if char != ":":
        return None
    if is_piece:
        return _end_piece(state)._replace(last=":")
    if not state.last:
        return state._replace(last=":")
    # Two colons. A zero next to them would have to be part of `::`.
    return state._replace(last="::", has_gap=True) if not state.has_gap and not state.run else None


def _read_digit(state: _Pieces) -> _Pieces | None:
    fits = state.last != "0" and len(state.last) < 4
    return state._replace(last=state.last + _DIGIT) if fits else None


def _begin_piece(state: _Pieces, char: str) -> _Pieces | None:
    most = _PIECES - 2 if state.has_gap else _PIECES
    is_one_colon_at_the_start = state.last == ":" and state.pieces == 0 and not state.has_gap
    is_zero_next_to_the_gap = state.last == "::" and char == "0"
    if state.pieces >= most or is_one_colon_at_the_start or is_zero_next_to_the_gap:
        return None
    return state._replace(last="0" if char == "0" else _DIGIT)


def _end_piece(state: _Pieces) -> _Pieces:
    run = state.run + 1 if state.last == "0" else 0
    ended = state._replace(pieces=state.pieces + 1, run=run)
    if state.has_gap:
        return ended._replace(after=max(state.after, run))
    return ended._replace(before=max(state.before, run))


def _is_ipv6(state: _Pieces) -> bool:
    if state.last[:1] in _HEX:
        state = _end_piece(state)
    elif state.last != "::":
        return False
    missing = _PIECES - state.pieces
    if not state.has_gap:
        return missing == 0 and state.before < 2
    # `::` replaces the first of the longest runs, and never a single zero.
    return missing >= 2 and state.before < missing and state.after <= missing


def _read_head(head: str | None, char: str) -> str | None:
    """Return the new `head` after a character, or None if the address is public."""
    if head is None:
        return None
    if char in _HEX and (head == _UNIQUE_LOCAL or head in _LINK_LOCAL):
        return _OWN
    if char in _HEX and head in {"fc", "fd"}:
        return _UNIQUE_LOCAL
    return head + char if head + char in _UNDECIDED else None


class _Digits(NamedTuple):
    """The number of digits, their comparison with the highest port, and whether they are a prefix of the default."""

    digits: int
    compared: int
    is_default: bool


def port_grammar(default: str) -> Grammar[_Digits]:
    """Return the grammar of the ports in an origin: all except the default one, which browsers omit."""

    def step(state: _Digits, char: str) -> _Digits | None:
        digits = state.digits
        if not char.isdigit() or digits == len(_HIGHEST_PORT) or (digits == 0 and char == "0"):
            return None
        highest = _HIGHEST_PORT[digits]
        compared = state.compared or (char > highest) - (char < highest)
        if digits == len(_HIGHEST_PORT) - 1 and compared > 0:
            return None
        return _Digits(digits + 1, compared, state.is_default and default[digits : digits + 1] == char)

    return Grammar(
        _DIGITS,
        _Digits(0, 0, is_default=True),
        step,
        lambda state: state.digits > 0 and not (state.is_default and state.digits == len(default)),
    )
