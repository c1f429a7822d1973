"""Live origins in the core: a change reaches every decision that was kept, also one that is being made."""

import copy
import gc
from collections.abc import Callable
from typing import Any

import pytest

from crossorigin import LiveOrigins, Policy, Reason
from crossorigin.fetch.origin import Origin
from crossorigin.policy.decide import memory, plan
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.explain.nearest import Nearest

APP, SHOP = b"https://app.example.com", b"https://shop.customer.example"
POLICY = Policy(allow_origins=[APP.decode()], allow_methods=["GET", "PUT"], allow_headers=["X-Token"])

Ask = Callable[[Plan, bytes], bool]


class Interrupted(set[bytes]):
    """A set that runs a function once, after it was looked into and before the caller knows the result."""

    def __init__(self, origins: set[bytes], then: Callable[[], object]) -> None:
        """Copy the origins."""
        super().__init__(origins)
        self.then: Callable[[], object] | None = then

    def __contains__(self, origin: object) -> bool:
        """Return whether the origin was there before the function ran."""
        found = super().__contains__(origin)
        then, self.then = self.then, None
        if then is not None:
            then()
        return found


def actual(decider: Plan, origin: bytes) -> bool:
    """Decide a request as the fast path does."""
    decision = decider.listed.get(origin) or decider.judge_origin(origin)
    assert (decision.response.allow_origin == origin) == decision.allowed
    return decision.allowed


def by_lines(decider: Plan, origin: bytes) -> bool:
    """Decide a request from its lines."""
    return decider.decide_actual([origin]).allowed


def usual_preflight(decider: Plan, origin: bytes) -> bool:
    """Decide the preflight that browsers send."""
    return decider.decide_usual_preflight(origin, b"PUT", b"x-token").allowed


def mirrored_preflight(decider: Plan, origin: bytes) -> bool:
    """Decide a preflight that is kept by all its parts, because of the space."""
    return decider.decide_usual_preflight(origin, b"PUT", b"x-token, accept").allowed


def rare_preflight(decider: Plan, origin: bytes) -> bool:
    """Decide a preflight with lines that browsers do not send today."""
    return decider.decide_preflight([origin], [b"PUT"], [b"x-token"], [b"true"]).allowed


every_way = pytest.mark.parametrize("ask", [actual, by_lines, usual_preflight, mirrored_preflight, rare_preflight])


@every_way
def test_each_change_applies_to_the_next_request(ask: Ask) -> None:
    """An origin that was refused and kept is allowed when it is added, and refused when it is removed."""
    origins = LiveOrigins()
    decider = Plan(POLICY, live=origins)
    for _ in range(3):
        assert [ask(decider, SHOP) for _ in range(3)] == [False] * 3
        origins.add(SHOP.decode())
        assert [ask(decider, SHOP) for _ in range(3)] == [True] * 3
        origins.remove(SHOP.decode())
    origins.replace([SHOP.decode()])
    assert ask(decider, SHOP)
    origins.replace([])
    assert not ask(decider, SHOP)
    assert ask(decider, APP)


@every_way
def test_what_is_decided_during_a_removal_is_not_kept(ask: Ask) -> None:
    """A request that looked into the set before a removal may be allowed, and the next one may not."""
    origins = LiveOrigins([SHOP.decode()])
    decider = Plan(POLICY, live=origins)
    table = Interrupted(origins._table.origins, lambda: origins.remove(SHOP.decode()))
    origins._table.origins = table
    assert ask(decider, SHOP)
    assert table.then is None
    for also in (actual, by_lines, usual_preflight, mirrored_preflight, rare_preflight, ask):
        assert not also(decider, SHOP)


@every_way
def test_what_is_decided_during_an_addition_is_not_kept(ask: Ask) -> None:
    """A customer who was refused at that moment is served by the next request."""
    origins = LiveOrigins()
    decider = Plan(POLICY, live=origins)
    origins._table.origins = Interrupted(set(), lambda: origins.add(SHOP.decode()))
    assert not ask(decider, SHOP)
    assert ask(decider, SHOP)


@every_way
def test_a_change_reaches_the_plans_of_paths(ask: Ask) -> None:
    """Each keeps its own preflights."""
    origins = LiveOrigins([SHOP.decode()])
    decider = Plan(POLICY, live=origins)
    assert ask(decider, SHOP)
    narrowed = [decider.narrowed({"GET", "PUT"}), decider.narrowed({"PUT"}, uncached=True)]
    assert all(ask(plan, SHOP) for plan in narrowed)
    origins.remove(SHOP.decode())
    assert not any(ask(plan, SHOP) for plan in (decider, *narrowed))


@every_way
def test_a_change_reaches_a_deep_copy(ask: Ask) -> None:
    """A copied app is another app with the same live origins."""
    origins = LiveOrigins([SHOP.decode()])
    decider = Plan(POLICY, live=origins)
    assert ask(decider, SHOP)
    copied = copy.deepcopy(decider)
    assert copied.live is origins
    assert ask(copied, SHOP)
    origins.remove(SHOP.decode())
    assert not ask(copied, SHOP)


def test_a_copy_starts_without_decisions() -> None:
    """Between copying and subscribing, a change would be missed."""
    origins = LiveOrigins([SHOP.decode()])
    decider = Plan(POLICY, live=origins)
    assert actual(decider, SHOP)
    assert copy.deepcopy(decider).listed == copy.copy(decider).listed == {}
    static = Plan(POLICY)
    assert actual(static, APP)
    assert copy.deepcopy(static).listed.keys() == {APP}


def test_the_reason_says_that_an_origin_is_live() -> None:
    """A listed origin stays listed, and a plan without live origins never speaks of them."""
    decider = Plan(POLICY, live=LiveOrigins([SHOP.decode(), APP.decode()]))
    reasons = [decider.decide_actual([origin]).origin for origin in (APP, SHOP, b"https://evil.example", b"null", b"x")]
    assert reasons == [
        Reason.ORIGIN_LISTED,
        Reason.ORIGIN_LIVE,
        Reason.ORIGIN_NOT_LIVE,
        Reason.ORIGIN_NULL,
        Reason.ORIGIN_MALFORMED,
    ]
    assert Plan(POLICY).decide_actual([SHOP]).origin is Reason.ORIGIN_NOT_LISTED


def test_an_origin_that_the_policy_allows_stays_allowed_when_it_is_removed() -> None:
    """The set is added to the policy; it takes nothing from it."""
    origins = LiveOrigins(["https://a.example.com"])
    policy = Policy(allow_origins=["https://*.example.com"])
    decider = Plan(policy, live=origins)
    assert decider.decide_actual([b"https://a.example.com"]).origin is Reason.ORIGIN_LIVE
    origins.remove("https://a.example.com")
    assert decider.decide_actual([b"https://a.example.com"]).origin is Reason.ORIGIN_MATCHES_PATTERN


def test_a_plan_that_is_dropped_is_not_kept_alive() -> None:
    """A set lives as long as the process, and apps come and go in tests."""
    origins = LiveOrigins()
    for _ in range(10):
        Plan(POLICY, live=origins).narrowed({"GET"})
    gc.collect()
    origins.add(SHOP.decode())
    assert len(origins._table._listeners) == 0


def test_decisions_on_live_origins_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand customers take up no more than a few thousand of them, next to those of the policy."""
    monkeypatch.setattr(plan, "MAX_LIVE", 4)
    texts = [f"https://shop-{number}.example" for number in range(20)]
    origins = LiveOrigins(texts)
    decider = Plan(POLICY, live=origins)
    for text in [APP.decode(), *texts]:
        assert actual(decider, text.encode())
        assert usual_preflight(decider, text.encode())
        kept: Any = decider._memory
        assert len(kept.listed) <= 5
        assert len(kept.listed_preflights) <= 5
    origins.replace([])
    assert not any(actual(decider, text.encode()) or usual_preflight(decider, text.encode()) for text in texts)
    assert memory.MAX_LIVE > 10_000


class Unread(set[bytes]):
    """A set that can be looked into, and not be read as a whole."""

    def __iter__(self) -> Any:
        """Refuse."""
        raise AssertionError("the whole set was read")


def test_the_closest_origin_is_found_without_a_table_of_live_origins() -> None:
    """A table would have to be made again after each change, while requests wait."""
    origins = LiveOrigins()
    nearest = Nearest(POLICY, origins)
    origins._table.origins = Unread([SHOP])
    host = "shop.customer.example"
    assert nearest.find(Origin("http", host)) == (SHOP.decode(), "the scheme differs")
    assert nearest.find(Origin("https", host, 8443)) == (SHOP.decode(), "the port differs")
    found, difference = nearest.find(Origin("https", f"new.{host}")) or ("", "")
    assert found == SHOP.decode()
    assert difference.startswith("a listed host does not cover its subdomains")
    assert nearest.find(Origin("https", "app.example.com", 1)) == (APP.decode(), "the port differs")
    assert nearest.find(Origin("https", "evil.example")) is None
