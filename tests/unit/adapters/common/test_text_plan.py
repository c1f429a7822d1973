"""The plan for text: it decides as the plan for bytes does, and its memory is bounded."""

from crossorigin import Policy, Reason
from crossorigin.adapters.common.text_plan import MAX_TEXTS, TextPlan
from crossorigin.policy.decide.plan import Plan

ORIGIN = "https://app.example.com"


def plan_of(**options: object) -> TextPlan:
    """Compile a policy."""
    return TextPlan(Plan(Policy.from_dict(options)))


def test_alisted_origin_is_converted_once() -> None:
    """The same headers serve every request of a listed origin."""
    plan = plan_of(allow_origins=[ORIGIN])
    assert plan.decide_actual(ORIGIN) is plan.decide_actual(ORIGIN)
    assert plan.decide_actual(ORIGIN).decision.origin is Reason.ORIGIN_LISTED
    assert plan.decide_actual(None) is plan.absent


def test_a_refusal_is_converted_once_for_each_reason() -> None:
    """A flood of refused origins costs no conversion and no memory."""
    plan = plan_of(allow_origins=[ORIGIN])
    first = plan.decide_actual("https://evil.example")
    assert all(plan.decide_actual(f"https://evil{number}.example") is first for number in range(2 * MAX_TEXTS))
    assert plan.decide_actual("null").decision.origin is Reason.ORIGIN_NULL
    assert plan.decide_actual(f"{ORIGIN}, {ORIGIN}").decision.origin is Reason.ORIGIN_REPEATED
    assert plan.decide_actual("https://" + "a" * 1_000_000).decision.origin is Reason.ORIGIN_TOO_LONG


def test_the_texts_of_matching_origins_have_a_bound() -> None:
    """Clients choose the origins that a pattern matches, so only the last ones are kept."""
    plan = plan_of(allow_origins=["https://*.example.com"])
    for number in range(3 * MAX_TEXTS):
        origin = f"https://a{number}.example.com"
        assert ("Access-Control-Allow-Origin", origin) in plan.decide_actual(origin).apply([])
    assert len(plan._headers) <= MAX_TEXTS
    assert len(plan._unlisted) <= MAX_TEXTS


def test_names_have_the_type_of_the_framework() -> None:
    """For every kind of response, also of a plan that is made from another."""
    plan = TextPlan(Plan(Policy(allow_origins=[ORIGIN])), name_type=str.upper).narrowed(["GET"])
    assert plan.decide_actual(ORIGIN).ready == (("ACCESS-CONTROL-ALLOW-ORIGIN", ORIGIN), ("VARY", "Origin"))
    assert all(name.isupper() for name, _ in plan.decide_preflight(ORIGIN, "GET").headers)
    expanding = plan_of(allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["*"])
    assert expanding.decide_actual(ORIGIN).ready is None


def test_a_usual_preflight_is_converted_once() -> None:
    """The second preflight of an origin needs no conversion; one with other fields does."""
    plan = plan_of(allow_origins=[ORIGIN], allow_headers=["X-Token"])
    plan.decide_preflight(ORIGIN, "GET", "x-token")
    kept = plan.decide_preflight(ORIGIN, "GET", "x-token")
    assert plan.decide_preflight(ORIGIN, "GET") is kept
    assert kept.decision.allowed
    assert plan.decide_preflight(ORIGIN, "GET", None, "true") is not kept
    assert plan.decide_preflight(ORIGIN, "GET, GET").decision.method is Reason.METHOD_REPEATED
    assert plan.decide_preflight(f"{ORIGIN},{ORIGIN}", "GET").decision.origin is Reason.ORIGIN_REPEATED


def test_the_texts_of_preflights_have_a_bound() -> None:
    """A policy with very many origins keeps the texts of the last ones."""
    origins = [f"https://a{number}.example" for number in range(MAX_TEXTS + 2)]
    plan = plan_of(allow_origins=origins)
    for origin in [*origins, *origins]:
        assert ("Access-Control-Allow-Origin", origin) in plan.decide_preflight(origin, "GET").headers
    assert len(plan._preflights) <= MAX_TEXTS


def test_a_narrowed_plan_allows_fewer_methods() -> None:
    """Only its preflights differ."""
    plan = plan_of(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"]).narrowed(["PUT"], uncached=True)
    refused = plan.decide_preflight(ORIGIN, "GET").decision
    assert refused.method is Reason.METHOD_NOT_SERVED
    assert ("Access-Control-Max-Age", "0") in plan.decide_preflight(ORIGIN, "PUT").headers
