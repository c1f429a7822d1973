"""A private network in a list allows exactly its addresses, found by look-ups."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from crossorigin.fetch.origin import parse_origin
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.pattern import parse_pattern, patterns_of
from tests.example_counts import ExampleCounts

_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_OCTETS = st.sampled_from([0, 1, 9, 10, 16, 31, 32, 99, 168, 172, 192, 255])
_STARTS = st.sampled_from([[10], [10], [192, 168], [192, 168], [172, 16], [172, 31], [172, 32], [192]])
_PORTS = st.sampled_from(["", ":3000", ":8080"])
_ADDRESSES = st.builds(lambda start, rest: ".".join(map(str, [*start, *rest][:4])), _STARTS, st.tuples(*[_OCTETS] * 4))
_LISTED = st.tuples(_ADDRESSES, st.integers(1, 3), st.sampled_from(["", ":3000", ":*", ":*"]))


def network_of(address: str, count: int) -> str:
    """Return an address with its last octets replaced."""
    return ".".join([*address.split(".")[: 4 - count], *"*" * count])


def is_in(host: str, network: str) -> bool:
    """Compare octet by octet, without tables."""
    return all(wanted in {"*", octet} for octet, wanted in zip(host.split("."), network.split("."), strict=True))


def test_the_addresses_of_listed_networks_are_allowed_and_no_others() -> None:
    """The look-ups agree with a loop over the list that compares octets."""
    counts = ExampleCounts()

    @given(st.lists(_LISTED, min_size=1, max_size=4), _ADDRESSES, _PORTS, st.sampled_from([True, True, False]))
    def law(listed: list[tuple[str, int, str]], address: str, port: str, from_the_list: object) -> None:
        networks = [(network_of(base, count), allowed) for base, count, allowed in listed]
        patterns = [f"http://{network}{allowed}" for network, allowed in networks]
        valid = [pattern for pattern in patterns if parse_pattern(pattern) is not None]
        host = listed[0][0] if from_the_list else address
        expected = any(
            f"http://{network}{allowed}" in valid and is_in(host, network) and allowed in {port, ":*"}
            for network, allowed in networks
        )
        counts.count(positive=expected)
        assert OriginMatcher(valid).allows(f"http://{host}{port}".encode()) is expected
        assert not OriginMatcher(valid).allows(f"https://{host}{port}".encode())
        assert not OriginMatcher(valid).allows(f"http://{host}.example.com{port}".encode())

    law()
    counts.require(positive=0.1)


@given(_ADDRESSES, st.integers(1, 3))
def test_a_network_can_be_listed_if_all_of_it_is_private(address: str, count: int) -> None:
    """A network in a policy never contains a public address."""
    network = network_of(address, count)
    whole = ipaddress.ip_network(f"{network.replace('*', '0')}/{32 - 8 * count}", strict=False)
    is_private = any(whole.subnet_of(private) for private in _PRIVATE if isinstance(whole, ipaddress.IPv4Network))
    assert (parse_pattern(f"http://{network}") is not None) is is_private


@given(_ADDRESSES)
def test_an_address_has_a_bounded_number_of_patterns(address: str) -> None:
    """The number does not depend on the list, and no pattern is generated twice."""
    origin = parse_origin(f"http://{address}:3000")
    assert origin is not None
    patterns = list(patterns_of(origin))
    assert len(set(patterns)) == len(patterns) <= 8
