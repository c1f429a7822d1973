"""Laws that hold for every policy, every request and every app."""

import pickle
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossorigin import ActualDecision, CrossOriginWarning, InvalidPolicyError, Policy, Reason
from tests.example_counts import ExampleCounts
from tests.properties import reference
from tests.properties.serving import MiddlewareInstance, build, decide
from tests.properties.strategies import (
    DEFAULTS,
    AppResponse,
    Exchanged,
    GeneratedRequest,
    long_lists,
    name_lines,
    origin_allowed,
    origin_spoiled,
    own_headers,
    policies,
    requests,
    sparse_lists,
)

Line = tuple[bytes, bytes]

MANY = settings(max_examples=3 * settings().max_examples)


def test_an_origin_is_allowed_as_the_rules_say() -> None:
    """The matcher allows exactly what a comparison with each listed pattern in turn allows."""
    counts = ExampleCounts()

    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        policy = build(options)
        for origins in (origin_allowed(options), origin_spoiled(options), origin_spoiled(options)):
            origin = data.draw(origins)
            decision = policy.decide("GET", origin=[origin])
            assert decision.allowed == reference.origin_is_allowed(options, [origin])
            counts.count(allowed=decision.allowed, refused=not decision.allowed)

    law()
    counts.require(allowed=0.2, refused=0.2)


def test_the_check_of_the_names_is_set_inclusion_within_limits() -> None:
    """Order, repetition, case and white space never matter; within the limits only membership does."""
    counts = ExampleCounts()

    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        policy = build(options)
        good, spoiled = name_lines(options, spoil=False), name_lines(options, spoil=True)
        for kind in (good, good, spoiled, long_lists(options), sparse_lists(options)):
            lines = data.draw(kind)
            decision = policy.decide("OPTIONS", origin=[b"x"], request_method=[b"GET"], request_headers=lines)
            reason = decision.reasons[2]
            assert reason.allows == reference.names_are_allowed(options, lines)
            within = reference.within_limits(options, lines)
            assert within == (reason not in {Reason.HEADERS_TOO_LONG, Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS})
            counts.count(allowed=reason.allows, refused=not reason.allows, beyond=not within)

    law()
    counts.require(allowed=0.2, refused=0.2, beyond=0.1)


def test_vary_loses_nothing_and_gains_origin_alone() -> None:
    """Every element of the app's `Vary` stays, in order, and no byte of the request is added."""
    counts = ExampleCounts()

    @MANY
    @given(policies(), own_headers(least=2), st.data())
    def law(options: dict[str, Any], own: list[Line], data: st.DataObject) -> None:
        origin = data.draw(st.one_of(origin_allowed(options), origin_spoiled(options)))
        decision = build(options).decide("GET", origin=[origin])
        assert isinstance(decision, ActualDecision)
        before = reference.elements(reference.lines_of(own, "vary"))
        headers = [(bytes(name), bytes(value)) for name, value in decision.response.apply(own)]
        after = reference.elements(reference.lines_of(headers, "vary"))
        assert after[: len(before)] == before
        assert after[len(before) :] in ([], ["Origin"])
        if "*" not in options["allow_origins"] and not options["constant_allow_origin"]:
            assert {"*", "origin"} & {element.lower() for element in after}
        gained = len(after) > len(before)
        counts.count(gained=gained, kept=not gained, full=bool(before))

    law()
    counts.require(gained=0.2, kept=0.2, full=0.2)


# Text from a client, which would be found in a response that repeats it.
_ORIGINS = [
    b"https://zzorigin.example",
    b"zzorigin",
    b"https://app.example.com/zzorigin",
    b"zzorigin\r\nset-cookie: a=b",
]
_METHODS = [b"ZZMETHOD", b"zzmethod", b"ZZ METHOD", b"ZZMETHOD\r\nset-cookie: a=b", b"GET,ZZMETHOD"]
_NAMES = [b"zz header", b"zzheader\r\nset-cookie: a=b", b"\xffzzheader", b"<zzheader>", b"zzheader," * 900]


@st.composite
def canaries(draw: st.DrawFn) -> Exchanged:
    """Draw a request full of canaries, usually with a policy that repeats what it may."""
    options = draw(policies())
    if draw(st.integers(0, 7)) > 0:
        options |= {"allow_methods": ["*"], "allow_headers": ["*"]}
    spoil = draw(st.sampled_from(["", "", "", "", "", "origin", "method", "names"]))
    origin = draw(st.sampled_from(_ORIGINS) if spoil == "origin" else origin_allowed(options))
    method = draw(st.sampled_from(_METHODS)) if spoil == "method" else b"GET"
    names = draw(st.sampled_from(_NAMES if spoil == "names" else [b"zzheader", b"accept, ZZheader"]))
    lines = (
        (b"origin", origin),
        (b"access-control-request-method", method),
        (b"access-control-request-headers", names),
    )
    verb = draw(st.sampled_from(["OPTIONS"] * 7 + ["GET"]))
    return Exchanged(options, draw(st.booleans()), GeneratedRequest(verb, lines, "list"), AppResponse(200, (), "list"))


def test_no_byte_of_a_request_is_repeated_unless_it_was_allowed() -> None:
    """Refused or malformed text never appears in a header or a body, whatever the policy and the mode are."""
    counts = ExampleCounts()

    @MANY
    @given(canaries())
    def law(given: Exchanged) -> None:
        policy = build(given.options)
        served = MiddlewareInstance(policy, debug=given.debug).serve(given.asked, given.said)
        sent = b"\n".join([served.body, *(name + b": " + value for name, value in served.headers)]).lower()
        reasons = decide(policy, given.asked, debug=given.debug).reasons
        assert not {b"\r", b"\xff", b"<"} & {sent[place : place + 1] for place in range(len(sent))}
        # With `*`, not even the origin is repeated.
        if not reasons[0].allows or reasons[0] is Reason.ANY_ORIGIN:
            assert b"zzorigin" not in sent
        if Reason.ANY_HEADERS not in reasons:
            assert b"zzheader" not in sent
        assert b"zzmethod" not in sent
        assert b"zz method" not in sent
        repeated = b"zzheader" in sent
        counts.count(repeated=repeated, silent=not repeated)

    law()
    counts.require(repeated=0.2, silent=0.2)


def test_a_policy_survives_every_round_trip() -> None:
    """A dictionary, a pickle and the repr make an equal policy. One changed option makes another policy."""
    counts = ExampleCounts()

    @given(policies(), policies(), st.sampled_from(sorted(DEFAULTS)))
    def law(options: dict[str, Any], others: dict[str, Any], changed: str) -> None:
        policy = build(options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossOriginWarning)
            again = [
                Policy.from_dict(policy.to_dict()),
                pickle.loads(pickle.dumps(policy)),  # The bytes come from this test.
                eval(repr(policy), {"Policy": Policy}),  # The test checks that the repr can be evaluated.
            ]
        for other in again:
            assert other == policy
            assert hash(other) == hash(policy)
            assert repr(other) == repr(policy)
            assert other.to_dict() == policy.to_dict()
        told = policy.to_dict() | {changed: build(others).to_dict()[changed]}
        try:
            near = build(told)
        except InvalidPolicyError:
            return
        alike = all(_as_set(told[name]) == _as_set(value) for name, value in policy.to_dict().items())
        assert (near == policy) is alike
        counts.count(other=not alike, wildcard=any("*" in text for text in options["allow_origins"]))

    law()
    counts.require(other=0.2, wildcard=0.2)


def _as_set(value: object) -> object:
    return frozenset(value) if isinstance(value, list) else value


def test_the_order_of_a_policy_never_changes_a_decision() -> None:
    """Equal policies decide equally."""
    counts = ExampleCounts()

    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        asked, debug = data.draw(requests(options)), data.draw(st.booleans())
        turned = {
            name: data.draw(st.permutations(value)) if isinstance(value, list) else value
            for name, value in options.items()
        }
        policy, other = build(options), build(turned)
        assert policy == other
        decision = decide(policy, asked, debug=debug)
        assert decision.reasons == decide(other, asked, debug=debug).reasons
        counts.count(turned=turned != options, allowed=decision.allowed)

    law()
    counts.require(turned=0.2, allowed=0.2)


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        ("https://app.example.com", True),
        ("https://app.example.com:443", False),
        ("http://[::1]", True),
        ("http://[0::1]", False),
        ("http://1.2.3.4", True),
        ("http://1.2.3", False),
        ("https://a..b", False),
        ("https://a.", True),
        ("ab+c://x_y:1", True),
    ],
)
def test_the_second_reading_can_read(origin: str, *, right: bool) -> None:
    """The reference parses origins itself and does not use the library."""
    assert (reference.split_origin(origin) is not None) == right
