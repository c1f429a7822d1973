"""A plan decides as its judge does, and its memory of requests is bounded."""

import pytest

from crossorigin import Policy, Reason
from crossorigin.policy.decide.plan import Plan

LISTED = ["https://app.example.com", "https://b.example.com", "null"]


def plan(**options: object) -> Plan:
    """Make a plan."""
    return Plan(Policy.from_dict(options))


def test_the_tables_of_listed_origins_have_only_listed_ones() -> None:
    """After any number of origins, these tables contain only what the policy lists."""
    ready = plan(
        allow_origins=[*LISTED, "https://*.example.com", "http://localhost:*"], allow_origin_regex="https://x.*"
    )
    for number in range(500):
        for lines in (
            [f"https://evil{number}.example".encode()],
            [f"https://a{number}.example.com".encode()],
            [f"http://localhost:{number + 1}".encode()],
            [f"https://x{number}.example".encode()],
            [b"x" * number],
            [LISTED[0].encode(), str(number).encode()],
        ):
            ready.decide_actual(lines)
            ready.decide_preflight(lines, [b"GET"], [f"x-{number}".encode()])
            ready.decide_preflight(lines, [b"GET"], [])
    for origin in LISTED * 3:
        ready.decide_actual([origin.encode()])
        ready.decide_preflight([origin.encode()], [b"GET"], [])
    listed = {origin.encode() for origin in LISTED}
    assert set(ready.listed) == listed
    assert set(ready._memory.listed_preflights) == listed


def test_a_listed_origin_is_decided_once() -> None:
    """The second decision is the same object as the first."""
    ready = plan(allow_origins=LISTED)
    first = ready.decide_actual([b"https://app.example.com"])
    assert ready.decide_actual([b"https://app.example.com"]) is first
    assert ready.decide_actual((b"https://app.example.com",)) is first


def test_two_lines_never_meet_the_table() -> None:
    """A duplicate origin is refused although one line alone was decided before."""
    ready = plan(allow_origins=LISTED)
    ready.decide_actual([b"https://app.example.com"])
    decision = ready.decide_actual([b"https://app.example.com", b"https://app.example.com"])
    assert decision.origin is Reason.ORIGIN_REPEATED
    assert decision.response.allow_origin is None


def test_a_request_without_origin_is_decided_beforehand() -> None:
    """The most frequent decision is built once."""
    ready = plan(allow_origins=LISTED)
    assert ready.decide_actual(()) is ready.absent
    assert ready.constant is None


def test_any_origin_is_decided_beforehand() -> None:
    """With `*` there is one decision for all origins."""
    ready = plan(allow_origins=["*"])
    assert ready.constant is ready.absent
    for lines in ((), [b"null"], [b"https://a.example"], [b"", b""]):
        assert ready.decide_actual(lines) is ready.constant
    assert ready.listed == {}
    preflight = ready.decide_preflight([b"null"], [b"GET"], [])
    assert ready.decide_usual_preflight(b"https://a.example", b"GET", None) is preflight


def test_a_known_preflight_is_the_one_that_was_decided() -> None:
    """What the policy lists is found up to every limit, and nothing else is."""
    longest = f"{'a' * 64}://{'.'.join(['b' * 63] * 3)}.{'c' * 61}:65535"
    long_method = "x" * 300
    ready = plan(allow_origins=[*LISTED, longest], allow_methods=["PUT", long_method], allow_headers=["X-A"])
    full = b",".join([b"x-a"] * 1019 + [b"accept"] * 3)
    assert (len(longest), len(full)) == (326, 4096)
    for origin in (LISTED[0].encode(), longest.encode()):
        decision = ready.decide_preflight([origin], [long_method.encode()], [b"X-A"])
        assert decision.allowed
        assert decision.response.headers[1] == (b"content-length", b"2")
        for method in (b"PUT", long_method.encode()):
            for names in (None, b"x-a", b"accept,x-a,x-a", full):
                assert ready.decide_usual_preflight(origin, method, names) is decision
        for method, names in (
            (b"put", None),
            (b"PUT" * 101, None),
            (b"PUT", b"x-b"),
            (b"PUT", b"x-a,x-b"),
            (b"PUT", b"x-a, accept"),
            (b"PUT", b"x-a,"),
            (b"PUT", b",".join([b"x-a"] * 1021 + [b"accept"] * 2)),
        ):
            assert ready.decide_usual_preflight(origin, method, names).response is not decision.response
        assert ready.decide_origin(origin) is ready.decide_origin(origin)
    assert not ready.decide_usual_preflight(b"https://evil.example", b"PUT", None).allowed


def test_any_origin_has_one_known_preflight() -> None:
    """The result is the same for origins of any length."""
    ready = plan(allow_origins=["*"])
    decision = ready.decide_preflight([b"null"], [b"GET"], [])
    assert ready.decide_usual_preflight(b"x" * 1000, b"GET", None) is decision


ASKED: dict[str, list[bytes]] = {
    "listed": [LISTED[0].encode()],
    "untrusted": [b"https://evil.example"],
    "null": [b"null"],
    "malformed": [b"https://app.example.com/"],
    "empty": [b""],
    "no text": [b"\xff"],
    "long": [b"x" * 4000],
    "doubled": [LISTED[0].encode()] * 2,
}


@pytest.mark.parametrize("lines", [[], *ASKED.values()], ids=["absent", *ASKED])
def test_a_constant_answer_is_the_same_whoever_asks(lines: list[bytes]) -> None:
    """It has the one origin, the credentials and the names, without `Vary`. The reason is that of the request."""
    options = {"allow_origins": LISTED[:1], "allow_credentials": True, "expose_headers": ["X-Id"]}
    ready, usual = plan(**options, constant_allow_origin=True), plan(**options)
    decision = ready.decide_actual(lines)
    assert ready.constant is not None
    assert decision.response == ready.constant.response
    assert decision.response.ready == (
        (b"access-control-allow-origin", LISTED[0].encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"X-Id"),
    )
    assert decision.reasons == usual.decide_actual(lines).reasons
    assert decision.allowed == (lines == [LISTED[0].encode()])


@pytest.mark.parametrize("lines", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("debug", [False, True])
def test_a_constant_answer_is_for_actual_requests_alone(lines: list[bytes], *, debug: bool) -> None:
    """A preflight is decided and answered as without the option."""
    constant, usual = (
        Plan(Policy(allow_origins=LISTED[:1], constant_allow_origin=switch), debug=debug) for switch in (True, False)
    )
    for asked in (b"GET", b"PUT"):
        assert constant.decide_preflight(lines, [asked], [b"x-a"]) == usual.decide_preflight(lines, [asked], [b"x-a"])
        assert constant.decide_preflight(lines, [asked], []) == usual.decide_preflight(lines, [asked], [])


def test_two_plans_of_a_policy_share_nothing() -> None:
    """Requests to one plan do not change the other."""
    policy = Policy(allow_origins=LISTED)
    one, other = Plan(policy), Plan(policy)
    one.decide_actual([b"null"])
    assert other.listed == {}


def test_the_names_of_a_preflight_do_not_reach_the_next_one() -> None:
    """With `*` in allow_headers, each response has the names of its own request only."""
    ready = plan(allow_origins=LISTED, allow_headers=["*"])
    answers = [
        ready.decide_preflight([b"null"], [b"GET"], [names]).response.headers for names in (b"x-a", b"x-b", b"x-a")
    ]
    assert answers[0] == answers[2]
    assert (b"access-control-allow-headers", b"x-b") in answers[1]


@pytest.mark.parametrize("debug", [False, True])
def test_every_preflight_says_what_it_depends_on(*, debug: bool) -> None:
    """Each response has the usual `Vary`."""
    ready = Plan(Policy(allow_origins=LISTED), debug=debug)
    names = ["Origin", *(f"Access-Control-Request-{name}" for name in ("Method", "Headers", "Private-Network"))]
    vary = (b"vary", ", ".join(names).encode())
    for origin, method, headers in ((b"null", b"GET", b""), (b"null", b"PUT", b"x-a"), (b"x", b"PUT", b"b@d")):
        assert ready.decide_preflight([origin], [method], [headers]).response.headers[-1] == vary


def test_a_star_among_exposed_names_is_expanded_only_with_credentials() -> None:
    """Without credentials, browsers support the wildcard, so it is sent."""
    without = plan(allow_origins=LISTED, expose_headers=["*"]).decide_actual([b"null"]).response
    assert without.expose == (b"*",)
    assert not without.expand
    ready = plan(allow_origins=LISTED[:2], expose_headers=["*", "X-Id"], allow_credentials=True)
    response = ready.decide_actual([LISTED[0].encode()]).response
    assert response.expose == (b"X-Id",)
    assert response.expand


def test_a_plan_of_a_list_says_that_its_responses_depend_on_the_origin() -> None:
    """This holds even if every origin is allowed. A plan whose responses depend on the origin anyway stays the same."""
    plan = Plan(Policy(allow_origins=["*"])).varying()
    assert plan.constant is None
    for decision in (plan.absent, plan.repeated, plan.decide_actual([b"https://app.example.com"])):
        assert decision.allowed
        assert decision.response.ready == ((b"access-control-allow-origin", b"*"), (b"vary", b"Origin"))
    listed = Plan(Policy(allow_origins=["https://app.example.com"]))
    assert listed.varying() is listed
