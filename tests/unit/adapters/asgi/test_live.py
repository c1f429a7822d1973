"""Live origins and live policies in the middleware: each kind of connection, copies, logs, and races."""

import copy
import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, LiveOrigins, LivePolicy, Policy
from crossorigin.live.changes import CHANGES
from crossorigin.starlette import cors, explain, install
from crossorigin.telemetry.refusal_log import MAX_LINES
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from tests.unit.adapters.asgi.scopes import (
    ORIGIN,
    OTHER,
    UNTRUSTED,
    Witness,
    answering,
    exchange,
    headers_of,
    http_scope,
    preflight_scope,
)

SHOP = "https://shop.customer.example"
POLICY = Policy(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])
SECOND = Policy(allow_origins=[OTHER], allow_methods=["GET", "PUT"], allow_credentials=True)


async def allows(app: Any, origin: str) -> bool:
    """Return whether a request of an origin and its preflight are allowed; both always agree."""
    actual = dict(await headers_of(app, http_scope("GET", ("origin", origin))))
    (start, _) = await exchange(app, preflight_scope(origin, "PUT"))
    allowed = actual.get(b"access-control-allow-origin") == origin.encode()
    assert (start["status"] == 200) == allowed
    return allowed


@pytest.fixture(
    params=[
        {},
        {"debug": True},
        {"on_decision": lambda *_: None},
        {"outermost": False},
        {"served_methods_only": True},
        {"allow_credentials": True},
        {"allow_origin_regex": r"https://pr-[0-9]+\.example\.com"},
    ],
    ids=lambda options: ", ".join(options) or "the fast path",
)
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return arguments that serve requests in different ways."""
    given: dict[str, Any] = request.param
    return given


async def test_a_change_applies_to_the_next_request(options: dict[str, Any]) -> None:
    """Whatever serves it, a request and its preflight follow the set."""
    origins = LiveOrigins()
    app = CORSMiddleware(answering(), allow_origins=[ORIGIN], allow_methods=["GET", "PUT"], origins=origins, **options)
    for _ in range(3):
        assert not await allows(app, SHOP)
        origins.add(SHOP)
        assert await allows(app, SHOP)
        origins.remove(SHOP)
    assert await allows(app, ORIGIN)


async def test_a_handshake_follows_the_set() -> None:
    """A WebSocket of a customer is accepted until the customer is removed."""
    origins, app = LiveOrigins([SHOP]), Witness()
    middleware = CORSMiddleware(app, policy=POLICY, origins=origins, check_websockets=True)
    scope = {**http_scope("GET", ("origin", SHOP), ("host", "api.example")), "type": "websocket"}
    assert await exchange(middleware, scope) == []
    assert len(app.calls) == 1
    origins.remove(SHOP)
    assert await exchange(middleware, scope) == [{"type": "websocket.close", "code": 1008, "reason": "origin-not-live"}]


async def test_blocking_follows_the_set() -> None:
    """A request of a removed customer does not reach the app."""
    origins = LiveOrigins([SHOP])
    middleware = CORSMiddleware(answering(), policy=POLICY, origins=origins, on_refused="block")
    scope = http_scope("GET", ("origin", SHOP), ("host", "api.example"))
    assert (await exchange(middleware, scope))[0]["status"] == 200
    origins.remove(SHOP)
    start, body = await exchange(middleware, scope)
    assert (start["status"], body["body"]) == (403, b"Disallowed CORS origin: origin-not-live")
    own_page = http_scope("POST", ("origin", SHOP), ("host", "shop.customer.example"))
    assert (await exchange(middleware, own_page))[0]["status"] == 200


async def test_the_hook_gets_the_reason() -> None:
    """It can count customers' requests."""
    reasons: list[str] = []
    origins = LiveOrigins([SHOP])
    app = CORSMiddleware(
        answering(), policy=POLICY, origins=origins, on_decision=lambda decision, _: reasons.append(decision.origin)
    )
    await allows(app, SHOP)
    origins.remove(SHOP)
    await allows(app, SHOP)
    assert reasons == ["origin-live"] * 2 + ["origin-not-live"] * 2


def routed() -> Starlette:
    """Return an app of which one route has its own policy for one of its methods."""

    async def hello(request: Any) -> PlainTextResponse:
        return PlainTextResponse("hello")

    own = cors(allow_origins=[OTHER], allow_methods=["PUT"])(lambda _: PlainTextResponse("own"))
    return Starlette(routes=[Route("/", hello, methods=["GET"]), Route("/", own, methods=["PUT"])])


def test_routes_without_a_policy_follow_the_set_and_others_have_their_own() -> None:
    """The preflights of a path with two policies come from plans that are made for it."""
    origins, app = LiveOrigins(), routed()
    app.add_middleware(CORSMiddleware, policy=POLICY, origins=origins)
    for _ in range(2):
        assert_browser_cannot(app, origin=SHOP, headers={"Accept": "a"})
        origins.add(SHOP)
        assert_browser_can(app, origin=SHOP, upload_listener=True)
        assert_browser_cannot(app, origin=SHOP, method="PUT")
        assert_browser_can(app, origin=OTHER, method="PUT")
        origins.remove(SHOP)
        assert_browser_cannot(app, origin=SHOP, upload_listener=True)


def test_explaining_names_the_set() -> None:
    """The explanation of an app says which of the two allows, and how to add an origin."""
    origins, app = LiveOrigins([SHOP]), routed()
    install(app, POLICY, origins=origins)
    assert "is in the live origins (in memory, revision 1). [origin-live]" in str(explain(app, "GET", "/", SHOP))
    told = str(explain(app, "GET", "/", UNTRUSTED))
    assert f'add it with origins.add("{UNTRUSTED}").' in told
    assert "[origin-not-live]" in told
    assert "live origins" not in str(explain(app, "PUT", "/", SHOP))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Return a function that returns the new lines of the log."""

    def take() -> list[str]:
        taken = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return taken

    with caplog.at_level(logging.INFO, "crossorigin"):
        yield take


async def test_an_origin_that_was_added_and_removed_is_logged_again(lines: Callable[[], list[str]]) -> None:
    """Its refusal is news. That of others, which were logged before, is not."""
    origins = LiveOrigins()
    app = CORSMiddleware(answering(), policy=POLICY, origins=origins)
    expected = f"refused (origin-not-live): GET '/' from '{SHOP}'. If you trust this origin, add it with origins.add"
    for scope in [http_scope("GET", ("origin", origin)) for origin in (SHOP, UNTRUSTED)] * 2:
        await exchange(app, scope)
    first, second = lines()
    assert first.startswith(expected)
    assert UNTRUSTED in second
    copied = copy.deepcopy(app)
    origins.add(SHOP)
    origins.remove(SHOP)
    for layer in (app, copied):
        for scope in [http_scope("GET", ("origin", origin)) for origin in (SHOP, UNTRUSTED)] * 2:
            await exchange(layer, scope)
        (again,) = lines()
        assert again.startswith(expected)


async def test_a_deep_copy_of_a_middleware_follows_the_set_and_the_policy() -> None:
    """The handles are the same, and everything else is a copy."""
    origins, live = LiveOrigins(), LivePolicy(POLICY)
    app = CORSMiddleware(answering(), policy=live, origins=origins)
    assert not await allows(app, SHOP)
    copied = copy.deepcopy(app)
    assert not await allows(copied, SHOP)
    origins.add(SHOP)
    assert await allows(copied, SHOP)
    live.replace(SECOND)
    for layer in (app, copied):
        assert layer.policy is SECOND
        assert [await allows(layer, origin) for origin in (SHOP, ORIGIN, OTHER)] == [True, False, True]


async def test_a_replaced_policy_applies_to_the_next_request(options: dict[str, Any]) -> None:
    """Whatever serves it."""
    names = {"allow_credentials", "allow_origin_regex"}
    live = LivePolicy(POLICY)
    arguments = {name: value for name, value in options.items() if name not in names}
    app = CORSMiddleware(answering(), policy=live, **arguments)
    for policy, allowed in [(SECOND, [False, True]), (POLICY, [True, False])] * 2:
        assert await allows(app, ORIGIN) != allowed[0]
        live.replace(policy)
        assert app.policy is policy
        assert [await allows(app, origin) for origin in (ORIGIN, OTHER)] == allowed


def test_a_replaced_policy_reaches_the_layer_that_moved_and_every_other_one() -> None:
    """The copy at the outermost position, the layer that it was, and a second app."""
    live = LivePolicy(POLICY)
    apps = [
        Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"))], middleware=[Middleware(Around), layer])
        for layer in (Middleware(CORSMiddleware, policy=live), Middleware(CORSMiddleware, policy=live, outermost=False))
    ]
    for app in apps:
        with TestClient(app):
            assert_browser_can(app, origin=ORIGIN)
    live.replace(SECOND)
    for app in apps:
        assert_browser_cannot(app, origin=ORIGIN)
        assert_browser_can(app, origin=OTHER, credentials="include")


class Around:
    """A middleware outside the one that moves."""

    def __init__(self, app: Any) -> None:
        """Wrap the app."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)


async def test_a_request_under_way_keeps_its_policy() -> None:
    """Headers of two policies are never mixed in one response."""
    live = LivePolicy(POLICY)

    async def replacing(scope: Any, receive: Any, send: Any) -> None:
        live.replace(SECOND)
        await answering()(scope, receive, send)

    for arguments in ({}, {"debug": True}):
        live.replace(POLICY)
        app = CORSMiddleware(replacing, policy=live, **arguments)  # type: ignore[arg-type]
        headers = dict(await headers_of(app, http_scope("GET", ("origin", ORIGIN))))
        assert headers == {b"access-control-allow-origin": ORIGIN.encode(), b"vary": b"Origin"}


async def test_a_plan_that_was_read_before_a_replacement_is_not_used_after_it() -> None:
    """A replacement waits while another thread stores the plan for the following requests."""
    live = LivePolicy(POLICY)
    replacing = threading.Thread(target=live.replace, args=(SECOND,))
    replaced_early: list[bool] = []

    class Racing(CORSMiddleware):
        """A middleware whose fast plan is stored by a thread that is interrupted by a replacement."""

        def __setattr__(self, name: str, value: object) -> None:
            if name == "_fast_plan" and value is not None and not replaced_early:
                replacing.start()
                replacing.join(0.1)
                replaced_early.append(live.current is SECOND)
            super().__setattr__(name, value)

    app = Racing(answering(), policy=live, outermost=False)
    await exchange(app, http_scope("GET", ("origin", ORIGIN)))
    replacing.join()
    assert replaced_early == [False]
    assert not await allows(app, ORIGIN)
    assert await allows(app, OTHER)


async def test_a_request_does_not_wait_for_a_replacement() -> None:
    """It is decided by the policy that applies until then, and the next one as well."""
    live = LivePolicy(POLICY)
    app = CORSMiddleware(answering(), policy=live)
    is_changing, proceed = threading.Event(), threading.Event()

    def change() -> None:
        with CHANGES:
            is_changing.set()
            proceed.wait()

    changing = threading.Thread(target=change)
    changing.start()
    is_changing.wait()
    try:
        for _ in range(2):
            assert await allows(app, ORIGIN)
    finally:
        proceed.set()
        changing.join()
    live.replace(SECOND)
    assert not await allows(app, ORIGIN)


async def test_a_policy_that_is_replaced_while_a_middleware_is_built_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the policy and subscribing, a change would be missed."""
    live = LivePolicy(POLICY)
    subscribe = LivePolicy.subscribe

    def late(handle: LivePolicy, user: Any) -> None:
        live.replace(SECOND)
        subscribe(handle, user)

    monkeypatch.setattr(LivePolicy, "subscribe", late)
    app = CORSMiddleware(answering(), policy=live)
    assert app.policy is SECOND
    assert await allows(app, OTHER)


@pytest.mark.parametrize(
    ("arguments", "policy"),
    [
        ({"check_websockets": True}, Policy(allow_origins=["*"])),
        ({"on_refused": "block"}, Policy(allow_origins=["*"])),
        ({"origins": LiveOrigins()}, Policy(allow_origins=["*"])),
        ({"origins": LiveOrigins()}, Policy(allow_origins=[OTHER], constant_allow_origin=True)),
    ],
    ids=repr,
)
async def test_a_policy_that_contradicts_the_arguments_changes_nothing(
    arguments: dict[str, Any], policy: Policy
) -> None:
    """It is refused before any middleware uses it."""
    live = LivePolicy(POLICY)
    before, after = CORSMiddleware(answering(), policy=live), CORSMiddleware(answering(), policy=live, **arguments)
    with pytest.raises(InvalidPolicyError):
        live.replace(policy)
    assert live.current is before.policy is after.policy is POLICY
    assert await allows(before, ORIGIN)


def test_a_replaced_policy_with_a_long_maximum_age_warns() -> None:
    """As it would have when the middleware was built."""
    live = LivePolicy(POLICY)
    app = CORSMiddleware(answering(), policy=live, origins=LiveOrigins())
    with pytest.warns(CrossOriginWarning, match="max-age-delays-revocation"):
        live.replace(Policy(allow_origins=[ORIGIN], max_age=3600))
    assert app.policy.max_age == 3600


async def test_old_policies_are_not_kept_alive() -> None:
    """Whatever a request made of them is gone with them."""
    live = LivePolicy(POLICY)
    app = CORSMiddleware(answering(), policy=live, served_methods_only=True)
    plans = []
    for number in range(3):
        live.replace(Policy(allow_origins=[f"https://replaced-{number}.example"], allow_methods=["GET", "PUT"]))
        assert await allows(app, f"https://replaced-{number}.example")
        assert not await allows(app, UNTRUSTED)
        plans.append(weakref.ref(app._plan))
    live.replace(POLICY)
    assert not await allows(app, UNTRUSTED)
    gc.collect()
    assert [plan() for plan in plans] == [None] * 3
    assert not any(
        # `isinstance` would evaluate the lazy objects of Django. A policy that another test has failed to build has
        # no attributes.
        type(thing) is Policy and "https://replaced-1.example" in getattr(thing, "allow_origins", ())
        for thing in gc.get_objects()
    )


async def test_the_limit_of_the_log_stays_when_a_policy_is_replaced(lines: Callable[[], list[str]]) -> None:
    """Each new policy is described anew, and replacing it is no way to fill the log."""
    live = LivePolicy(POLICY)
    app = CORSMiddleware(answering(), policy=live)
    await exchange(app, http_scope("GET", ("origin", "http://app.example.com")))
    (first,) = lines()
    assert f"{ORIGIN} is allowed, but" in first
    live.replace(SECOND)
    await exchange(app, http_scope("GET", ("origin", "http://app.example.com")))
    (second,) = lines()
    assert ORIGIN not in second
    for number in range(20):
        live.replace(POLICY if number % 2 else SECOND)
        await exchange(app, http_scope("GET", ("origin", UNTRUSTED)))
    assert len(lines()) == MAX_LINES - 2


async def test_a_hook_is_told_of_once_whatever_the_policy(lines: Callable[[], list[str]]) -> None:
    """What was logged about it is not logged again after a replacement."""

    async def hook(*_: object) -> None: ...

    live = LivePolicy(POLICY)
    app = CORSMiddleware(answering(), policy=live, on_decision=hook)
    for policy in (SECOND, POLICY):
        await exchange(app, http_scope("GET", ("origin", live.current.allow_origins[0])))
        live.replace(policy)
    assert len(lines()) == 1


async def test_polled_origins_are_loaded_when_the_app_starts() -> None:
    """The lifespan is the first connection, so the first request finds them, or the load is under way."""
    loads: list[str] = []

    def load() -> list[str]:
        loads.append(SHOP)
        return [SHOP]

    origins = LiveOrigins.polled(load, every=60)
    app = CORSMiddleware(Witness(), policy=POLICY, origins=origins, outermost=False)
    assert loads == []
    await exchange(app, {"type": "lifespan"})
    await origins.refresh()
    assert loads
    assert await allows(app, SHOP)


def test_a_live_policy_replaces_the_options() -> None:
    """It counts as a policy next to them."""
    with pytest.raises(InvalidPolicyError, match="policy-and-options"):
        CORSMiddleware(answering(), allow_origins=[ORIGIN], policy=LivePolicy(POLICY))
