"""Live origins and live policies in every adapter, and in the text of a plan.

What only one adapter has is tested with it.
"""

import copy
import gc
import weakref
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from flask import Blueprint, Flask

from crossorigin import InvalidPolicyError, LiveOrigins, LivePolicy, Policy
from crossorigin.adapters.common import text_plan
from crossorigin.adapters.common.text_plan import TextPlan
from crossorigin.browser import wsgi_transport
from crossorigin.flask import CORS, explain
from crossorigin.policy.decide.plan import Plan
from crossorigin.wsgi import CORSMiddleware
from tests.cases.live_apps import ADAPTERS, Send, allows, request_of
from tests.cases.table import Case, live_cases
from tests.cases.wsgi import environ_of, serve

ORIGIN, OTHER, SHOP = "https://app.example.com", "https://other.example", "https://shop.customer.example"
POLICY = Policy(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])
SECOND = Policy(allow_origins=[OTHER], allow_methods=["GET", "PUT"], allow_credentials=True)
SETTINGS: list[dict[str, Any]] = [{}, {"on_refused": "block"}, {"on_decision": lambda *_: None}]
Build = Callable[..., Send]


@pytest.fixture(params=ADAPTERS)
def build(request: pytest.FixtureRequest) -> Generator[Build]:
    """Return a function that builds an app with an adapter."""
    with ExitStack() as stack:
        yield lambda **arguments: stack.enter_context(ADAPTERS[request.param](**arguments))


def bare(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer any request."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.mark.parametrize("settings", SETTINGS, ids=", ".join)
def test_a_change_applies_to_the_next_request(build: Build, settings: dict[str, Any]) -> None:
    """An origin that was kept as refused is allowed when it is added, and the other way around."""
    origins = LiveOrigins()
    app = build(policy=POLICY, origins=origins, **settings)
    for _ in range(3):
        assert not allows(app, SHOP)
        origins.add(SHOP)
        assert allows(app, SHOP)
        origins.remove(SHOP)
    assert allows(app, ORIGIN)


@pytest.mark.parametrize("settings", SETTINGS, ids=", ".join)
def test_a_replaced_policy_applies_to_the_next_request(build: Build, settings: dict[str, Any]) -> None:
    """Together with live origins, which stay."""
    live = LivePolicy(POLICY)
    app = build(policy=live, origins=LiveOrigins([SHOP]), **settings)
    # The first replacement comes before the first request.
    for policy, expected in [(SECOND, [False, True, True]), (POLICY, [True, False, True])] * 2:
        live.replace(policy)
        assert [allows(app, origin) for origin in (ORIGIN, OTHER, SHOP)] == expected


def test_a_policy_that_contradicts_the_arguments_changes_nothing(build: Build) -> None:
    """It is refused before it is used."""
    live = LivePolicy(POLICY)
    app = build(policy=live, origins=LiveOrigins())
    # FastAPI builds the middleware with the first request.
    assert allows(app, ORIGIN)
    with pytest.raises(InvalidPolicyError, match="no-effect-with-wildcard"):
        live.replace(Policy(allow_origins=["*"]))
    assert allows(app, ORIGIN)


def test_a_policy_that_is_replaced_while_an_app_is_built_applies(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the policy and subscribing, a change would be missed."""
    live, subscribe = LivePolicy(POLICY), LivePolicy.subscribe

    def late(handle: LivePolicy, user: Any) -> None:
        live.replace(SECOND)
        subscribe(handle, user)

    monkeypatch.setattr(LivePolicy, "subscribe", late)
    assert allows(build(policy=live), OTHER)


def test_a_policy_that_is_replaced_while_another_one_is_compiled_applies() -> None:
    """The thread that compiles looks again, because it could start to use the older of the two last."""
    live = LivePolicy(POLICY)

    class Interrupted:
        """A middleware that another thread gives a newer policy while it compiles one."""

        policy = SECOND

        def prepare_policy(self, policy: Policy) -> Callable[[], None]:
            """Compile a policy."""
            if policy is POLICY:
                live.replace(SECOND)
            return lambda: setattr(self, "policy", policy)

    follower = Interrupted()
    live.subscribe(follower)
    assert follower.policy is live.current is SECOND


def test_polled_origins_start_with_the_first_request(build: Build) -> None:
    """A server that imports the app and then forks loads nothing before."""
    loads: list[str] = []

    def load() -> list[str]:
        loads.append(SHOP)
        return [SHOP]

    origins = LiveOrigins.polled(load, every=60)
    app = build(policy=POLICY, origins=origins)
    assert loads == []
    app(request_of(""))
    assert origins._poller._started.locked()  # type: ignore[union-attr]
    origins.refresh_sync()
    assert allows(app, SHOP)


def test_what_was_logged_is_logged_again_after_a_change(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    """For an origin that was added and removed, and for each origin under a new policy."""
    live, origins = LivePolicy(POLICY), LiveOrigins()
    app = build(policy=live, origins=origins)
    for change in (lambda: None, lambda: origins.add(SHOP), lambda: live.replace(SECOND)):
        change()
        origins.remove(SHOP)
        caplog.clear()
        assert not allows(app, SHOP)
        (line,) = [record.getMessage() for record in caplog.records if record.name == "crossorigin"]
        assert line.startswith("refused (origin-not-live): GET '/' from")
        assert f"from '{SHOP}'. If you trust this origin, add it with origins.add(" in line


@pytest.mark.parametrize("name", [name for name in ADAPTERS if "routes" in name])
def test_a_route_with_its_own_policy_has_no_live_origins(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Policies are not merged, even if the policy of the route is equal to that of the app, and the log knows it."""
    origins = LiveOrigins([SHOP])
    with ADAPTERS[name](policy=POLICY, origins=origins) as app:
        assert [allows(app, origin) for origin in (ORIGIN, SHOP)] == [True, True]
        assert [allows(app, origin, "/own") for origin in (ORIGIN, SHOP)] == [True, False]
        assert not allows(app, OTHER)
    lines = [record.getMessage().partition(". If you trust this origin, ")[2] for record in caplog.records]
    assert [line.partition(" 1 more")[0] for line in lines] == [
        f'add "{SHOP}" to allow_origins.',
        f'add it with origins.add("{OTHER}").',
    ]


@pytest.mark.parametrize("case", live_cases(), ids=lambda case: case.name)
def test_every_adapter_answers_by_live_origins_as_the_table_says(build: Build, case: Case) -> None:
    """After the removal, and again, the answer is the table's."""
    origins, reasons = case.origins(), list[list[str]]()

    def note(decision: Any, _: Any) -> None:
        reasons.append(list(map(str, decision.reasons)))

    app = build(policy=case.policy(), origins=origins, on_decision=note)
    asked = request_of("", case.request.method)
    asked = replace(asked, headers=case.request.headers)
    for removed in [(), case.removed, ()]:
        for origin in removed:
            origins.remove(origin)
        response = app(asked)
    pairs = [(name.lower(), value) for name, value in response.headers]
    assert {name: value for name, value in pairs if name.startswith(b"access-control")} == case.expected.cors
    assert reasons[-1] == list(case.expected.reasons)
    if case.expected.by == "preflight":
        assert response.status == case.expected.status
        assert response.lines("Content-Length") == (str(len(case.expected.body or b"")).encode(),)


# WSGI and Flask.


def wsgi(**arguments: Any) -> Any:
    """Return a WSGI app with the middleware."""
    return CORSMiddleware(bare, **arguments)


def flask(**arguments: Any) -> Any:
    """Return the WSGI app of a Flask app with the extension."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", methods=["GET", "PUT"])
    CORS(app, **arguments)
    return app.wsgi_app


def test_a_policy_that_was_replaced_before_the_extension_is_initialized_applies() -> None:
    """An extension may be created long before its app."""
    live = LivePolicy(POLICY)
    extension = CORS(policy=live)
    live.replace(SECOND)
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")
    extension.init_app(app)
    assert allows(wsgi_transport(app), OTHER)
    assert "origin-listed" in str(explain(app, "GET", "/", OTHER))


def test_a_layer_that_was_read_before_a_replacement_is_not_used_for_good() -> None:
    """A thread that stores the layer of the first request checks it again."""
    live = LivePolicy(POLICY)

    class Racing(CORSMiddleware):
        """A middleware whose first layer is stored by a thread that was interrupted by a replacement."""

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "_serve" and getattr(value, "__name__", "") == "serve" and live.current is POLICY:
                live.replace(SECOND)
            super().__setattr__(name, value)

    app = Racing(bare, policy=live, origins=LiveOrigins())
    serve(app, environ_of("GET", {"Origin": ORIGIN}))
    assert live.current is SECOND
    assert [allows(wsgi_transport(app), origin) for origin in (ORIGIN, OTHER)] == [False, True]


def test_a_deep_copy_follows_both() -> None:
    """The handles are the same."""
    live, origins = LivePolicy(POLICY), LiveOrigins()
    app = CORSMiddleware(bare, policy=live, origins=origins)
    assert not allows(wsgi_transport(app), SHOP)
    copied = copy.deepcopy(app)
    origins.add(SHOP)
    live.replace(SECOND)
    for each in map(wsgi_transport, (app, copied)):
        assert [allows(each, origin) for origin in (SHOP, ORIGIN, OTHER)] == [True, False, True]
    origins.remove(SHOP)
    assert not allows(wsgi_transport(copied), SHOP)


def test_live_origins_are_enough_for_an_extension_and_too_much_for_a_blueprint() -> None:
    """An app whose origins are all live needs no policy, and a blueprint has only one."""
    assert allows(wsgi_transport(flask(origins=LiveOrigins([SHOP]))), SHOP)
    with pytest.raises(TypeError, match="and origins to CORS"):
        CORS(Blueprint("api", __name__), policy=POLICY, origins=LiveOrigins())


# The text of a plan.


class Interrupted(set[bytes]):
    """A set that runs a function once, between a look-up and its return."""

    def __init__(self, origins: set[bytes], then: Callable[[], object]) -> None:
        """Copy the origins."""
        super().__init__(origins)
        self.then: Callable[[], object] | None = then

    def __contains__(self, origin: object) -> bool:
        """Return whether the origin was in the set before the function ran."""
        found = super().__contains__(origin)
        then, self.then = self.then, None
        if then is not None:
            then()
        return found


def test_a_text_that_is_made_during_a_removal_is_not_kept() -> None:
    """The table that the request has read is replaced before the removal returns."""
    origins = LiveOrigins([SHOP])
    texts = TextPlan(Plan(POLICY, live=origins))
    narrowed = texts.narrowed({"GET"})
    assert not narrowed.decide_actual(SHOP).is_refused
    origins._table.origins = Interrupted(origins._table.origins, lambda: origins.remove(SHOP))
    assert not texts.decide_actual(SHOP).is_refused
    assert texts.decide_actual(SHOP).is_refused
    assert texts.decide_preflight(SHOP, "GET").is_refused
    assert narrowed.decide_actual(SHOP).is_refused


def test_texts_of_live_origins_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take up as much as the decisions."""
    monkeypatch.setattr(text_plan, "MAX_LIVE", 3)
    shops = [f"https://shop-{number}.example" for number in range(10)]
    texts = TextPlan(Plan(POLICY, live=LiveOrigins(shops)))
    for shop in shops:
        assert not texts.decide_actual(shop).is_refused
        assert len(texts.listed) <= 3


def test_old_policies_are_not_kept_alive() -> None:
    """All decisions about removed origins are dropped."""
    live = LivePolicy(POLICY)
    apps = [build(policy=live) for build in (wsgi, flask)]
    plans = [weakref.ref(apps[0]._layer.plan), weakref.ref(apps[1].__self__._layer.plan)]
    for app in apps:
        assert allows(wsgi_transport(app), ORIGIN)
        assert not allows(wsgi_transport(app), SHOP)
    live.replace(SECOND)
    gc.collect()
    assert [plan() for plan in plans] == [None, None]
