"""Live origins and live policies in aiohttp: lists of policies, WebSockets, sub-apps, `explain`, and threads."""

import gc
import weakref
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web

from crossorigin import InvalidPolicyError, LiveOrigins, LivePolicy, Policy
from crossorigin.adapters.aiohttp.layer import Layer
from crossorigin.adapters.aiohttp.registry import layer_key
from crossorigin.aiohttp import cors, explain, setup
from tests.unit.adapters.aiohttp.apps import ORIGIN, OTHER, PARTNER, Client, allowed, create, ok, running
from tests.unit.adapters.aiohttp.test_setup import issues_of, websocket

POLICY, SECOND = Policy(allow_origins=[ORIGIN]), Policy(allow_origins=[OTHER])
COOKIES = Policy(allow_origins=[ORIGIN], allow_credentials=True)
ANYONE = Policy(allow_origins=["*"])


async def test_the_live_origins_belong_to_the_first_policy_of_a_list() -> None:
    """A customer has its options; what is removed is an origin as any other."""
    origins = LiveOrigins()

    @cors([COOKIES, ANYONE])
    async def own(request: web.Request) -> web.StreamResponse:
        return web.Response()

    app = create(web.get("/own", own), policy=[COOKIES, ANYONE], origins=origins)
    async with running(app) as client:
        for change, expected in ((origins.add, (PARTNER, "true")), (origins.remove, ("*", None)), (origins.add, None)):
            change(PARTNER)
            for response in (await client.get(origin=PARTNER), await client.preflight(origin=PARTNER)):
                headers = response.headers
                assert headers["Vary"].startswith("Origin")
                found = allowed(response), headers.get("Access-Control-Allow-Credentials")
                assert found == (expected or (PARTNER, "true"))
        assert allowed(await client.get("/own", PARTNER)) == "*"
        assert allowed(await client.get("/own", ORIGIN)) == ORIGIN
    assert explain(app, "GET", "/", PARTNER).allowed


def test_the_arguments_must_fit_each_other() -> None:
    """Of a list, the first policy must fit the live origins, and the last one what refuses requests."""
    origins = LiveOrigins()
    setup(web.Application(), policy=[COOKIES, ANYONE], origins=origins)
    setup(web.Application(), policy=[COOKIES], origins=origins)
    setup(web.Application(), origins=origins)
    assert [(code, field) for code, field, _ in issues_of(policy=[ANYONE], origins=origins)] == [
        ("no-effect-with-wildcard", "origins")
    ]
    found = issues_of(policy=[COOKIES, ANYONE], origins=origins, on_refused="block")
    assert [(code, field) for code, field, _ in found] == [("no-effect-with-wildcard", "on_refused")]
    with pytest.warns(match="max-age-delays-revocation"):
        setup(web.Application(), policy=[Policy(max_age=3600), ANYONE], origins=origins)
    [(code, field, hint)] = issues_of(policy=[COOKIES, LivePolicy(SECOND)])
    assert (code, field) == ("not-a-policy", "policy[1]")
    assert hint == "pass it alone, without a list. The policies of a list cannot be replaced."


async def test_handshakes_are_checked_by_both() -> None:
    """With `check_websockets`, from the next handshake on."""
    live, origins = LivePolicy(POLICY), LiveOrigins()
    app = create(web.get("/socket", websocket), policy=live, origins=origins, check_websockets=True)

    async def opens(client: Client, origin: str) -> bool:
        try:
            async with client._client.ws_connect("/socket", origin=origin):
                return True
        except WSServerHandshakeError as error:
            return error.status != 403

    async with running(app) as client:
        assert not await opens(client, PARTNER)
        origins.add(PARTNER)
        assert await opens(client, PARTNER)
        origins.remove(PARTNER)
        assert [await opens(client, origin) for origin in (PARTNER, ORIGIN, OTHER)] == [False, True, False]
        live.replace(SECOND)
        assert [await opens(client, origin) for origin in (PARTNER, ORIGIN, OTHER)] == [False, False, True]
        with pytest.raises(InvalidPolicyError, match="check_websockets would have no effect"):
            live.replace(ANYONE)
        assert await opens(client, OTHER)


async def test_sub_apps_without_a_policy_have_those_of_the_app() -> None:
    """And one with its own policy has neither."""
    live, origins = LivePolicy(POLICY), LiveOrigins([PARTNER])
    plain, own, app = web.Application(), web.Application(), create(policy=live, origins=origins)
    for mounted in (plain, own):
        mounted.router.add_get("/", ok)
    cors(POLICY)(own)
    app.add_subapp("/plain", plain)
    app.add_subapp("/own", own)
    async with running(app) as client:
        assert await client.readers("/plain/") == {ORIGIN, PARTNER}
        assert await client.readers("/own/") == {ORIGIN}
        live.replace(SECOND)
        origins.remove(PARTNER)
        assert await client.readers("/plain/") == {OTHER}
        assert await client.readers("/own/") == {ORIGIN}


async def test_a_sub_app_with_setup_blocks_by_its_own_live_origins() -> None:
    """The app around it sets the headers. Its own store is followed too."""
    live, origins = LivePolicy(POLICY), LiveOrigins.polled(lambda: [PARTNER], every=60)
    app, mounted = create(policy=Policy(allow_origins=[ORIGIN, OTHER, PARTNER])), web.Application()
    mounted.router.add_get("/", ok)
    setup(mounted, policy=live, origins=origins, on_refused="block")
    app.add_subapp("/in", mounted)
    async with running(app) as client:
        assert origins._poller._started.locked()  # type: ignore[union-attr]
        await origins.refresh()

        async def statuses() -> list[int]:
            return [(await client.get("/in/", origin)).status for origin in (ORIGIN, OTHER, PARTNER)]

        assert await statuses() == [200, 403, 200]
        live.replace(SECOND)
        assert await statuses() == [403, 200, 200]


async def test_a_request_is_finished_by_one_policy() -> None:
    """A policy that is replaced while the handler runs is never combined with the one that routed the request."""
    live = LivePolicy(POLICY)

    async def replacing(request: web.Request) -> web.StreamResponse:
        live.replace(SECOND)
        return web.Response()

    async with running(create(web.get("/replace", replacing), policy=live, on_decision=lambda *_: None)) as client:
        for origin in (ORIGIN, OTHER):
            assert allowed(await client.get("/replace", origin)) == origin


def test_explain_follows_both_and_starts_nothing() -> None:
    """It runs outside a server."""
    live, origins = LivePolicy(POLICY), LiveOrigins.polled(lambda: [PARTNER], every=60)
    app = create(policy=live, origins=origins)
    assert "not loaded yet" in str(explain(app, "GET", "/", PARTNER))
    assert not origins._poller._started.locked()  # type: ignore[union-attr]
    origins.refresh_sync()
    live.replace(SECOND)
    assert [explain(app, "GET", "/", origin).allowed for origin in (PARTNER, ORIGIN, OTHER)] == [True, False, True]


class Interrupted(Layer):
    """A layer that runs a function when its fast plan is set."""

    then: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        """Run the function before or after the plan is stored."""
        if name == "_fast_plan" and value is not None and self.then is not None:
            then, self.then = self.then, None
            then()
        super().__setattr__(name, value)


def layer_of(policy: LivePolicy) -> tuple[web.Application, Any]:
    """Return an app, and its layer, which is not installed."""
    from crossorigin.adapters.aiohttp.arguments import attached_policy, read_setup

    app = web.Application()
    behavior = dict.fromkeys(("debug", "check_websockets", "served_methods_only"), False)
    policies, options = read_setup(policy, {}, {**behavior, "on_refused": "pass", "on_decision": None})
    layer = app[layer_key()] = Interrupted(app, attached_policy(policies, ""), options)
    return app, layer


def test_a_plan_that_was_read_before_a_replacement_is_not_used_for_good() -> None:
    """The first request looks again after it has stored the plan."""
    live = LivePolicy(POLICY)
    _, layer = layer_of(live)
    layer.then = lambda: live.replace(SECOND)
    layer._begin()
    assert live.current is SECOND
    assert layer._fast_plan is layer.routes.plan
    assert not layer._fast_plan.decide_actual(OTHER).is_refused


def test_a_layer_that_is_claimed_during_a_replacement_sets_no_headers() -> None:
    """The app around it claims it when it starts."""
    live = LivePolicy(POLICY)
    app, layer = layer_of(live)
    layer._begin()
    assert layer._fast_plan is not None
    outer = create()
    outer.add_subapp("/in", app)
    layer.then = outer[layer_key()]._begin
    live.replace(SECOND)
    assert layer._outer is outer[layer_key()]
    assert layer._fast_plan is None


async def test_old_policies_are_not_kept_alive() -> None:
    """Whatever a request made of them is gone with them."""
    live = LivePolicy(POLICY)
    app = create(policy=live)
    async with running(app) as client:
        assert await client.readers() == {ORIGIN}
        plan = weakref.ref(app[layer_key()].routes.plan)
        live.replace(SECOND)
        gc.collect()
        assert plan() is None
