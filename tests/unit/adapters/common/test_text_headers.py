"""Decisions as text: the same headers as those of the decision, for lists and for mappings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import ActualDecision, Policy, PreflightDecision
from crossorigin.adapters.common import text_headers
from crossorigin.adapters.common.text_headers import TextHeaders, TextPreflight

ORIGIN = "https://app.example.com"
POLICIES = {
    "one origin": Policy(allow_origins=[ORIGIN]),
    "credentials": Policy(allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["X-Total"]),
    "every name exposed": Policy(allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["*"]),
    "constant": Policy(allow_origins=[ORIGIN], constant_allow_origin=True),
    "any origin": Policy(allow_origins=["*"]),
}
NAMES = [
    "Content-Type",
    "X-Total",
    "vary",
    "VARY",
    "Access-Control-Allow-Origin",
    "access-control-expose-headers",
    "Set-Cookie",
]
VALUES = ["", "*", "Origin", "Accept", "Accept, Cookie", "X-One, origin", "é", "€", "\udc80", "x" * 300]
any_headers = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=5)


def decide(policy: Policy, origin: str = ORIGIN) -> ActualDecision:
    """Decide a GET of a page."""
    decision = policy.decide("GET", origin=[origin.encode()])
    assert isinstance(decision, ActualDecision)
    return decision


def lowered(pairs: object) -> list[tuple[bytes, bytes]]:
    """Return pairs of text as lines whose names are in lower case."""
    return [(name.lower().encode(), value.encode("utf-8", "surrogatepass")) for name, value in pairs]  # type: ignore[attr-defined]


@given(st.sampled_from(list(POLICIES)), st.sampled_from([ORIGIN, "https://evil.example"]), any_headers)
def test_a_list_is_changed_as_the_decision_says(name: str, origin: str, own: list[tuple[str, str]]) -> None:
    """Every header of a text response is that of the same response in bytes, in the same order."""
    decision = decide(POLICIES[name], origin)
    expected = decision.response.apply([(key.encode(), value.encode("utf-8", "surrogatepass")) for key, value in own])
    before = [*own]
    assert lowered(TextHeaders(decision).apply(own)) == [(key.lower(), value) for key, value in expected]
    assert own == before


@given(st.sampled_from(list(POLICIES)), st.sampled_from([ORIGIN, "https://evil.example"]), any_headers)
def test_a_mapping_is_changed_as_the_decision_says(name: str, origin: str, own: list[tuple[str, str]]) -> None:
    """What is set and removed is what the decision sets and removes."""
    decision = decide(POLICIES[name], origin)
    expected = decision.response.edit([(key.encode(), value.encode("utf-8", "surrogatepass")) for key, value in own])
    pairs, removed = TextHeaders(decision).edit(own)
    assert lowered(pairs) == list(expected.set)
    assert removed == {key.decode() for key in expected.remove}


def test_names_are_in_title_case() -> None:
    """Names are written in their usual case."""
    pairs = TextHeaders(decide(POLICIES["credentials"])).apply([("Content-Type", "text/plain")])
    assert pairs == [
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", ORIGIN),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "X-Total"),
        ("Vary", "Origin"),
    ]


def test_headers_of_the_same_length_as_an_edited_one_are_kept() -> None:
    """Names are first compared by their lengths."""
    own = [("Host", "api.example.com"), ("Vary", "Cookie")]
    pairs = TextHeaders(decide(POLICIES["one origin"])).apply(own)
    assert pairs == [own[0], ("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Cookie, Origin")]


def test_few_values_of_vary_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an app repeats what clients send in `Vary`, the memory stays bounded and the responses stay correct."""
    remembered: dict[str, object] = {}
    monkeypatch.setattr(text_headers, "_merged_vary", remembered)
    headers = TextHeaders(decide(POLICIES["one origin"]))
    for number in range(1000):
        assert headers.apply([("Vary", f"X-{number}")])[-1] == ("Vary", f"X-{number}, Origin")
        assert len(remembered) <= 64
    long = "x" * 300
    assert headers.apply([("Vary", long)])[-1] == ("Vary", f"{long}, Origin")
    assert long not in remembered


@pytest.mark.parametrize(
    ("policy", "origin", "allowed", "refused"),
    [
        ("one origin", ORIGIN, True, False),
        ("one origin", "https://evil.example", False, True),
        ("any origin", "https://evil.example", True, False),
        ("constant", "https://evil.example", True, True),
    ],
)
def test_the_outcome_is_known_without_reading_the_reasons(
    policy: str, origin: str, allowed: bool, refused: bool
) -> None:
    """A refused origin is logged, and an allowed one may read even an error."""
    headers = TextHeaders(decide(POLICIES[policy], origin))
    assert (headers.is_allowed, headers.is_refused) == (allowed, refused)


def test_a_request_without_an_origin_was_not_refused() -> None:
    """Requests that are not cross-origin take the fast path."""
    decision = POLICIES["one origin"].decide("GET")
    assert isinstance(decision, ActualDecision)
    assert not TextHeaders(decision).is_refused


def test_a_response_of_the_app_to_a_preflight_gets_its_headers() -> None:
    """The app's body and `Vary` stay, and its own CORS headers are replaced."""
    decision = POLICIES["one origin"].decide("OPTIONS", origin=[ORIGIN.encode()], request_method=[b"GET"])
    assert isinstance(decision, PreflightDecision)
    own = [("Content-Length", "0"), ("Vary", "Cookie"), ("Access-Control-Allow-Private-Network", "true")]
    answer = TextPreflight(decision)
    headers = answer.apply(own)
    assert headers[:2] == own[:2]
    assert dict(answer.headers).items() - dict(headers[2:]).items() == {
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "2"),
    }
    assert "Access-Control-Allow-Private-Network" not in dict(headers)
