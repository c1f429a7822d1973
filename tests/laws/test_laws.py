"""What holds for every policy, every request and every app, and not only for the cases that someone thought of."""

import pickle
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cases.asgi import exchange
from tests.cases.table import Request, Response
from tests.laws import reference
from tests.laws.strategies import (
    Exchanged,
    exchanges,
    name_lines,
    origin_allowed,
    origin_spoiled,
    own_headers,
    policies,
)
from tests.tally import Tally

from crossorigin import ActualDecision, CORSMiddleware, CrossOriginWarning, Decision, Policy, Reason

Line = tuple[bytes, bytes]

MANY = settings(max_examples=3 * settings().max_examples)
CORS = {f"access-control-{name}".encode() for name in reference.OWNED} | {b"access-control-allow-private-network"}


def build(options: dict[str, Any]) -> Policy:
    """Build a policy, whatever it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy(**options)


def decide(policy: Policy, given: Exchanged) -> Decision:
    """Judge a request without an adapter."""

    def lines(name: str) -> list[bytes]:
        return reference.lines_of(given.headers, name)

    return policy.decide(
        given.method,
        origin=lines("origin"),
        request_method=lines("access-control-request-method"),
        request_headers=lines("access-control-request-headers"),
        request_private_network=lines("access-control-request-private-network"),
        debug=given.debug,
    )


def send(policy: Policy, given: Exchanged) -> tuple[str, int, bytes, list[Line]]:
    """Send a request through the middleware; return who answered, the status, the body of a preflight, the headers."""
    done = exchange(
        lambda app: CORSMiddleware(app, policy=policy, debug=given.debug),
        Request(method=given.method, headers=given.headers),
        Response(status=given.status, headers=given.own),
    )
    headers = [(bytes(name), bytes(value)) for name, value in done.headers]
    return done.by, done.status, b"" if done.app_ran else done.body, headers


def seen(headers: list[Line]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return every CORS header there is, and the elements of Vary in their order."""
    cors = sorted((name.lower().decode(), value.decode()) for name, value in headers if name.lower() in CORS)
    return cors, reference.elements(reference.lines_of(headers, "vary"))


def test_the_middleware_and_the_decision_answer_as_the_rules_say() -> None:
    """Adapter, decision and a second reading of the rules send the same, of each kind at least a fifth allowed."""
    preflights, actuals = Tally(), Tally()

    @MANY
    @given(exchanges())
    def law(given: Exchanged) -> None:
        policy = build(given.options)
        expected = reference.answer(
            given.options, given.method, given.headers, given.status, given.own, debug=given.debug
        )
        by, status, body, headers = send(policy, given)
        assert (by, status, body) == (expected.by, expected.status, expected.body)
        assert seen(headers) == (sorted(expected.cors.items()), expected.vary)
        decision = decide(policy, given)
        if isinstance(decision, ActualDecision):
            assert by == "app"
            assert headers == list(decision.response.apply(given.own))
            actuals.count(allowed=decision.allowed)
        else:
            assert (by, status, body) == ("preflight", decision.response.status, decision.response.body)
            assert headers == list(decision.response.headers)
            assert decision.allowed == (body == b"OK")
            preflights.count(allowed=decision.allowed)

    law()
    preflights.demand(allowed=0.2)
    actuals.demand(allowed=0.2)


def test_a_table_that_has_been_used_answers_as_a_new_one() -> None:
    """What came before changes no answer: a policy may serve any requests in any order."""

    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        used = build(options)
        origins = data.draw(st.lists(st.one_of(origin_allowed(options), origin_spoiled(options)), max_size=8))
        for origin in [*origins, *origins]:
            assert used.decide("GET", origin=[origin]) == build(options).decide("GET", origin=[origin])

    law()


def test_an_origin_is_allowed_as_the_rules_say() -> None:
    """The matcher lets in exactly what looking at each listed pattern in turn lets in."""
    tally = Tally()

    @MANY
    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        good = data.draw(st.booleans())
        origin = data.draw(origin_allowed(options) if good else origin_spoiled(options))
        decision = build(options).decide("GET", origin=[origin])
        assert decision.allowed == reference.origin_is_allowed(options, [origin])
        tally.count(allowed=decision.allowed, refused=not decision.allowed)

    law()
    tally.demand(allowed=0.2, refused=0.1)


def test_the_check_of_the_names_is_set_inclusion_within_limits() -> None:
    """Order, repetition, case and white space never matter; within the limits only membership does."""
    tally = Tally()

    @MANY
    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        lines = data.draw(name_lines(options, spoil=data.draw(st.booleans())))
        decision = build(options).decide("OPTIONS", origin=[b"x"], request_method=[b"GET"], request_headers=lines)
        reason = decision.reasons[2]
        assert reason.allows == reference.names_are_allowed(options, lines)
        within = reference.within_limits(options, lines)
        assert within == (reason not in {Reason.HEADERS_TOO_LONG, Reason.HEADERS_TOO_SPARSE})
        tally.count(allowed=reason.allows, refused=not reason.allows)

    law()
    tally.demand(allowed=0.2, refused=0.1)


def test_vary_loses_nothing_and_gains_origin_alone() -> None:
    """Every element of the app's Vary stays, in its order; no byte of the request joins them."""
    tally = Tally()

    @MANY
    @given(policies(), own_headers(), st.data())
    def law(options: dict[str, Any], own: list[Line], data: st.DataObject) -> None:
        origin = data.draw(st.one_of(origin_allowed(options), origin_spoiled(options)))
        decision = build(options).decide("GET", origin=[origin])
        assert isinstance(decision, ActualDecision)
        before = reference.elements(reference.lines_of(own, "vary"))
        headers = [(bytes(name), bytes(value)) for name, value in decision.response.apply(own)]
        after = reference.elements(reference.lines_of(headers, "vary"))
        assert after[: len(before)] == before
        assert after[len(before) :] in ([], ["Origin"])
        if "*" not in options["allow_origins"]:
            assert {"*", "origin"} & {element.lower() for element in after}
        gained = len(after) > len(before)
        tally.count(gained=gained, kept=not gained, full=bool(before))

    law()
    tally.demand(gained=0.2, kept=0.2, full=0.2)


def test_a_response_never_has_a_doubled_cors_header() -> None:
    """Whatever the app set, each CORS header is there at most once, with one value that is ours to give."""
    tally = Tally()

    @MANY
    @given(exchanges())
    def law(given: Exchanged) -> None:
        by, _, _, headers = send(build(given.options), given)
        names = [name for name, _ in seen(headers)[0]]
        assert len(names) == len(set(names))
        own = [name.lower() for name, _ in given.own if name.lower() in CORS]
        if by == "app":
            tally.count(set_by_the_app=bool(own), sent=bool(names))

    law()
    tally.demand(set_by_the_app=0.2, sent=0.2)


# What a stranger writes, to be found again in an answer if anything repeats it.
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
    """Draw a request full of canaries, and most often a policy that repeats what it may."""
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
    return Exchanged(options=options, method=verb, headers=lines, status=200, own=(), debug=draw(st.booleans()))


def test_no_byte_of_a_request_is_repeated_unless_it_was_allowed() -> None:
    """Refused or malformed text never reaches a header or a body, whatever the policy and the mode."""
    tally = Tally()

    @MANY
    @given(canaries())
    def law(given: Exchanged) -> None:
        policy = build(given.options)
        _, _, body, headers = send(policy, given)
        sent = b"\n".join([body, *(name + b": " + value for name, value in headers)]).lower()
        reasons = decide(policy, given).reasons
        assert not {b"\r", b"\xff", b"<"} & {sent[place : place + 1] for place in range(len(sent))}
        # `*` is the constant answer: even then the origin itself is not repeated.
        if not reasons[0].allows or reasons[0] is Reason.ANY_ORIGIN:
            assert b"zzorigin" not in sent
        if Reason.ANY_HEADERS not in reasons:
            assert b"zzheader" not in sent
        assert b"zzmethod" not in sent
        assert b"zz method" not in sent
        repeated = b"zzheader" in sent
        tally.count(repeated=repeated, silent=not repeated)

    law()
    tally.demand(repeated=0.2, silent=0.2)


def test_a_policy_survives_every_round_trip() -> None:
    """A dictionary, a pickle and the repr make the policy again."""

    @given(policies())
    def law(options: dict[str, Any]) -> None:
        policy = build(options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossOriginWarning)
            again = [
                Policy.from_dict(policy.to_dict()),
                pickle.loads(pickle.dumps(policy)),  # noqa: S301  # pickled here
                eval(repr(policy), {"Policy": Policy}),  # noqa: S307  # that a repr can be evaluated is the promise
            ]
        for other in again:
            assert other == policy
            assert hash(other) == hash(policy)
            assert repr(other) == repr(policy)
            assert other.to_dict() == policy.to_dict()

    law()


def test_the_order_of_a_policy_never_changes_a_judgement() -> None:
    """Equal policies judge alike."""

    @given(exchanges(), st.data())
    def law(given: Exchanged, data: st.DataObject) -> None:
        turned = {
            name: data.draw(st.permutations(value)) if isinstance(value, list) else value
            for name, value in given.options.items()
        }
        policy, other = build(given.options), build(turned)
        assert policy == other
        assert decide(policy, given).reasons == decide(other, given).reasons

    law()


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
    """The reference knows an origin when it sees one: it is no mirror of the library."""
    assert (reference.split_origin(origin) is not None) == right
