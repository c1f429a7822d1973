"""The grammars of addresses and ports accept what the standard serializes, and distinguish public and private ones."""

import ipaddress
from random import Random
from typing import Any

import pytest

from crossorigin.fetch.host import is_ipv4, is_ipv6, serialize_ipv6
from crossorigin.policy.check.regex.addresses import ipv4_grammar, ipv6_grammar, port_grammar
from crossorigin.policy.check.regex.search import Grammar, find_texts
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.limits import Budget


def accepts(grammar: Grammar[Any], text: str) -> bool:
    """Return whether a grammar accepts a text."""
    state: Any = grammar.start
    for char in text:
        if state is None:
            return False
        state = grammar.step(state, char)
    return state is not None and grammar.is_end(state)


def random_ipv6(random: Random) -> str:
    """Return an address with many zeros, or a private one, in any spelling."""
    pieces = random.choices([0, 0, 0, 1, 0xA, 0xFC, 0xFD00, 0xFE80, 0xFEBF, 0xFEC0, 0xFF, 0x2001], k=8)
    address = ipaddress.IPv6Address(b"".join(piece.to_bytes(2) for piece in pieces))
    if random.random() < 0.5:
        return serialize_ipv6(str(address)) or ""
    texts = [f"{piece:x}" for piece in pieces]
    gap, length = random.randint(0, 8), random.randint(0, 4)
    return f"{':'.join(texts[:gap])}{'::' if length else ':'}{':'.join(texts[gap + length :])}"


def test_ipv6_addresses_are_accepted_in_their_one_form() -> None:
    """For many spellings, the grammar agrees with the parser of origins, and knows which addresses are public."""
    random = Random(0)
    every, public = ipv6_grammar(only_public=False), ipv6_grammar(only_public=True)
    own = [ipaddress.IPv6Network(network) for network in ("::/127", "fc00::/7", "fe80::/10")]
    counted = {True: 0, False: 0}
    for _ in range(20_000):
        text = random_ipv6(random)
        assert accepts(every, f"{text}]") == is_ipv6(text), text
        is_public = is_ipv6(text) and not any(ipaddress.IPv6Address(text) in network for network in own)
        assert accepts(public, f"{text}]") == is_public, text
        counted[is_ipv6(text)] += 1
    assert min(counted.values()) > 4000


@pytest.mark.parametrize(
    "text", ["", ":", ":::", "1::2::3", "12345::", "::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1:", "01::", "]"]
)
def test_what_is_no_ipv6_address_is_not_accepted(text: str) -> None:
    """Too few parts, too many parts, and delimiters in other positions."""
    assert not accepts(ipv6_grammar(only_public=False), f"{text}]")
    assert not accepts(ipv6_grammar(only_public=False), "::1]]")


def test_ipv4_addresses_are_accepted_in_their_one_form() -> None:
    """The private ranges, their boundaries, and one step beyond them."""
    random = Random(0)
    every, public = ipv4_grammar(only_public=False), ipv4_grammar(only_public=True)
    networks = ["0/8", "10/8", "100.64/10", "127/8", "169.254/16", "172.16/12", "192.168/16", "224/3"]
    own = [
        ipaddress.IPv4Network(f"{'.'.join([*start.split('.'), '0', '0', '0'][:4])}/{size}")
        for start, _, size in (network.partition("/") for network in networks)
    ]
    edges = [str(edge + step) for network in own for edge in (network[0], network[-1]) for step in (-1, 0, 1)
             if 0 <= int(edge) + step < 2**32]  # fmt: skip
    others = [
        ".".join(random.choices(["0", "1", "9", "10", "25", "172", "255", "256", "01", ""], k=4)) for _ in range(2000)
    ]
    for text in [*edges, *others, "1.2.3", "1.2.3.4.5", "1.2.3.4."]:
        assert accepts(every, text) == is_ipv4(text), text
        is_public = is_ipv4(text) and not any(ipaddress.IPv4Address(text) in network for network in own)
        assert accepts(public, text) == is_public, text


@pytest.mark.parametrize(("default", "left_out"), [("443", {443}), ("80", {80}), ("", set())])
def test_ports_are_numbers_that_an_origin_shows(default: str, left_out: set[int]) -> None:
    """From 1 to 65535, without leading zeros and without the default port."""
    grammar = port_grammar(default)
    accepted = {number for number in range(70_000) if accepts(grammar, str(number))}
    assert accepted == set(range(1, 65536)) - left_out
    assert not any(accepts(grammar, text) for text in ("", "01", "8a", "655350"))


def test_each_text_of_both_is_found_once() -> None:
    """The search returns all texts that both an expression and a grammar accept, once each."""
    automaton = Automaton("(80|443|8443|65536|0|7)x", Budget())
    target = automaton.walk(automaton.start, "7")
    found = [
        text for text, _ in find_texts(automaton, automaton.start, port_grammar("443"), lambda state: state == target)
    ]
    assert sorted(found) == ["7", "80", "8443"]
    assert list(find_texts(automaton, automaton.start, port_grammar(""), lambda _: False)) == []


def test_what_leads_nowhere_is_visited_once() -> None:
    """The steps of a search are bounded by the pairs of states, not by the number of texts."""
    budget = Budget()
    automaton = Automaton(r"(10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+)", budget)
    before = budget.used
    ends = automaton.ends
    assert list(find_texts(automaton, automaton.start, ipv4_grammar(only_public=True), ends.__getitem__)) == []
    assert budget.used - before < 1000
