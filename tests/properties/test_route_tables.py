"""Whatever routes an app has, and wherever policies are attached, a browser gets what the nearest policy says.

Hypothesis draws the route tables. A twin of the app, with the same routes but without policies and middleware, shows
where a request goes. `Policy.decide` of the nearest policy there gives the expected response, and the browser model
evaluates what the app sent. No look-up of the library is used.
"""

import asyncio
import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from crossorigin import CORSMiddleware, Policy, PreflightDecision
from crossorigin.adapters.starlette.route_policy import ATTACHED_METHODS
from crossorigin.adapters.starlette.route_state import REVISION
from crossorigin.browser import (
    ENGINES,
    BrowserRequest,
    Exchange,
    HttpRequest,
    HttpResponse,
    PreflightCache,
    Verdict,
    asgi_transport,
    run,
)
from crossorigin.policy.fields import allowed_methods
from crossorigin.starlette import cors, install
from tests.example_counts import ExampleCounts
from tests.properties.route_tables import (
    ALPHA,
    API,
    BETA,
    METHODS,
    NAMES,
    OTHER_API,
    POLICIES,
    UNTRUSTED,
    Builder,
    Leaf,
    Place,
    Table,
    addresses,
    crowded,
    tables,
)
from tests.unit.adapters.asgi.scopes import cors_of

SAFELISTED = ("GET", "HEAD", "POST")
STANDARD = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"}
READABLE = {b"cache-control", b"content-language", b"content-length", b"content-type", b"expires", b"last-modified"}
MAX_AGE, ALLOW_METHODS = "access-control-max-age", "access-control-allow-methods"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The way in which the app gets the middleware, and its arguments."""

    way: str
    policy: int
    blocks: bool
    limits: bool
    checks_websockets: bool
    # The root path that the server passes.
    root_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request of a page. `query` makes the app crash, or makes it refuse its parameters."""

    host: str
    path: str
    method: str
    origin: str
    names: tuple[str, ...]
    credentials: str
    query: str


def arguments(table: Table, setup: Setup) -> dict[str, Any]:
    """Return the arguments of the middleware."""
    return {
        "policy": table.policies[setup.policy],
        "on_refused": "block" if setup.blocks else "pass",
        "served_methods_only": setup.limits,
        "check_websockets": setup.checks_websockets,
    }


@dataclass(slots=True)
class World:
    """An app with its policies, and the twin that shows where requests go."""

    table: Table
    setup: Setup
    loop: asyncio.AbstractEventLoop
    real: Builder = field(init=False)
    app: Any = field(init=False)
    twin: Builder = field(init=False)
    _twin_app: Any = field(init=False)
    _places: dict[tuple[str, str, str], Place] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.real, self.twin = Builder(self.table, is_twin=False), Builder(self.table, is_twin=True)
        self.app, self._twin_app = self.real.build(), self.twin.build()
        if self.setup.way == "add":
            self.app.add_middleware(CORSMiddleware, **arguments(self.table, self.setup))
        elif self.setup.way == "install":
            install(self.app, **arguments(self.table, self.setup))
        else:
            self.app = CORSMiddleware(self.app, **arguments(self.table, self.setup))

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request to the app."""
        response: HttpResponse = self._finished(asgi_transport(self._mounted(self.app))(request))
        return response

    def _finished(self, coroutine: Any) -> Any:
        # The oldest Starlette runs functions in threads although they never wait.
        return self.loop.run_until_complete(coroutine)

    def _mounted(self, app: Any) -> Any:
        async def mounted(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "root_path": self.setup.root_path}, receive, send)

        return mounted

    def place(self, method: str, url: str) -> Place:
        """Return where a request without an origin goes. After a redirect, return its target."""
        place = self._place(method, url)
        return replace(self._place(method, place.location), location=place.location) if place.location else place

    def _place(self, method: str, url: str) -> Place:
        parts = urlsplit(url)
        key = method, parts.netloc, parts.path
        if key not in self._places:
            self.twin.notes.clear()
            request = HttpRequest(
                url=f"http://{parts.netloc}{parts.path}", method=method, headers=(), credentials=False
            )
            response = self._finished(asgi_transport(self._mounted(self._twin_app))(request))
            assert response.error is None
            place = self.twin.notes[-1] if self.twin.notes else Place()
            location = b"".join(response.lines("location")).decode()
            self._places[key] = replace(place, location=location)
        return self._places[key]

    def decider(self, place: Place) -> tuple[Policy, str]:
        """Return the policy that decides for a destination, and the kind of its level."""
        level = place.nearest
        if level is None or level.policy is None:
            return self.table.policies[self.setup.policy], "app"
        return self.table.policies[level.policy], level.kind

    def handshake(self, scope: dict[str, Any], *, is_twin: bool) -> tuple[Place | None, list[str]]:
        """Open a WebSocket. Return the endpoint that was reached, and the messages that were sent."""
        notes, app = (self.twin.notes, self._twin_app) if is_twin else (self.real.notes, self.app)
        notes.clear()
        sent: list[str] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        self._finished(self._mounted(app)(dict(scope), receive, send))
        return (notes[-1] if notes else None), sent


@contextmanager
def alone() -> Iterator[asyncio.AbstractEventLoop]:
    """Run one example in a new event loop, without policies of earlier examples."""
    REVISION.clear()
    ATTACHED_METHODS.clear()
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()


# The expected result, from the twin and the policies.


def is_asked(method: str, asked: Asked) -> bool:
    """Return whether a browser sends a preflight."""
    return method not in SAFELISTED or bool(asked.names)


def is_granted(world: World, url: str, asked: Asked) -> bool:
    """Return whether a preflight is allowed. A server does not know whether credentials will be sent."""
    place = world.place(asked.method, url)
    policy, _ = world.decider(place)
    names = [",".join(sorted(name.lower() for name in asked.names)).encode()] if asked.names else []
    decision = policy.decide(
        "OPTIONS", origin=[asked.origin.encode()], request_method=[asked.method.encode()], request_headers=names
    )
    if not place.served and is_limited(world, url):
        return False
    return decision.allowed


def takes_credentials(world: World, url: str, asked: Asked) -> bool:
    """Return whether the nearest policy allows credentials, if this request has them."""
    policy, _ = world.decider(world.place(asked.method, url))
    return asked.credentials != "include" or policy.allow_credentials


def is_limited(world: World, url: str) -> bool:
    """Return whether a preflight allows only the methods that its path serves and that some policy allows."""
    policies = [world.table.policies[index] for index in {world.setup.policy, *world.real.attached}]
    methods = STANDARD.union(*(allowed_methods(policy.allow_methods) for policy in policies))
    return world.setup.limits and any(world.place(method, url).served for method in methods)


def passes(world: World, url: str, asked: Asked) -> bool:
    """Return whether a page may read the response to the request itself."""
    policy, _ = world.decider(world.place(asked.method, url))
    allowed = policy.decide(asked.method, origin=[asked.origin.encode()]).allowed
    return allowed and takes_credentials(world, url, asked)


def url_of(world: World, asked: Asked) -> str:
    """Return the URL of the request."""
    query = f"?{asked.query}" if asked.query else ""
    return f"{asked.host}{world.setup.root_path}{asked.path}{query}"


def expected(world: World, asked: Asked, crashed: Container[str] = ()) -> tuple[str, list[tuple[bool, str]]]:
    """Return the expected result of a page's request: the type of its response, and each exchange.

    `crashed` has the URLs at which a middleware crashed, so that there was no redirect.
    """
    url, exchanges = url_of(world, asked), list[tuple[bool, str]]()
    while True:
        if is_asked(asked.method, asked):
            exchanges.append((True, url))
            if not (is_granted(world, url, asked) and takes_credentials(world, url, asked)):
                return "error", exchanges
        exchanges.append((False, url))
        if not passes(world, url, asked):
            return "error", exchanges
        location = world.place(asked.method, url).location
        if not location or url in crashed:
            return "cors", exchanges
        url = f"{location}?{asked.query}" if asked.query else location


# The comparison with what was sent.


def hold_preflight(world: World, exchange: Exchange, asked: Asked) -> None:
    """Assert that the response to a preflight is that of the nearest policy, and allows no method of another one."""
    url, response = exchange.request.url, exchange.response
    assert response is not None
    place = world.place(asked.method, url)
    policy, _ = world.decider(place)
    granted = b", ".join(response.lines(ALLOW_METHODS)).decode()
    listed = granted.split(", ") if granted else []
    everyones = {method: world.place(method, url) for method in METHODS}
    others = [(method, world.decider(other)[0]) for method, other in everyones.items() if other.served]
    others = [(method, other) for method, other in others if other != policy]
    # A browser caches no permission that no policy gives.
    mixed = any(method in {*SAFELISTED, *allowed_methods(other.allow_methods)} for method, other in others)
    for method in listed:
        other = everyones.get(method) or world.place(method, url)
        assert world.decider(other)[0] == policy or not other.served, method
        assert other.served or not is_limited(world, url), method
    if not is_granted(world, url, asked):
        assert (response.status, listed, response.lines(MAX_AGE)) == (400, [], ())
        return
    assert response.status == 200
    kept = () if policy.max_age is None else (str(policy.max_age).encode(),)
    if mixed or not others:
        assert response.lines(MAX_AGE) == ((b"0",) if mixed else kept)
    if not others and not world.setup.limits:
        assert listed == list(allowed_methods(policy.allow_methods))


def hold_actual(world: World, exchange: Exchange, asked: Asked) -> None:
    """Assert that the headers of any other response are those of the nearest policy."""
    response = exchange.response
    assert response is not None
    policy, _ = world.decider(world.place(asked.method, exchange.request.url))
    origin = asked.origin.encode()
    ours = cors_of(response.headers)
    own = [line for line in response.headers if line not in ours]
    assert ours == cors_of(policy.decide(asked.method, origin=[origin]).response.apply(own))


def hold_exposed(world: World, verdict: Verdict, asked: Asked) -> None:
    """Assert that a page can read the names that the nearest policy exposes."""
    last = verdict.exchanges[-1]
    assert last.response is not None
    policy, _ = world.decider(world.place(asked.method, last.request.url))
    exposed = {name.lower().encode() for name in policy.expose_headers}
    there = {name.lower() for name, _ in last.response.headers}
    readable = there & (READABLE | exposed)
    if b"*" in exposed:
        readable |= {name for name in there if name in {b"x-one", b"x-two", b"allow", b"location"}}
    assert set(verdict.exposed) == {name.decode() for name in readable}


def fetch(world: World, asked: Asked, engine: Any, cache: PreflightCache | None = None) -> Verdict:
    """Let a page fetch."""
    world.real.notes.clear()
    request = BrowserRequest(
        url=url_of(world, asked),
        origin=asked.origin,
        method=asked.method,
        headers=tuple((name, "t") for name in asked.names),
        credentials=asked.credentials,  # type: ignore[arg-type]
    )
    return run(request, world.send, engine=engine, cache=cache)


# The strategies.


def setups() -> st.SearchStrategy[Setup]:
    """Return how apps get the middleware. With `*`, checks that would have no effect are not used."""
    drawn = st.builds(
        Setup,
        way=st.sampled_from(["add", "install", "around"]),
        policy=st.sampled_from([0, 1, 1, 2, 3, 4, 5, 5, 6]),
        blocks=st.booleans(),
        limits=st.booleans(),
        checks_websockets=st.sampled_from([False, False, True]),
        root_path=st.sampled_from(["", "", "/base"]),
    )
    return drawn.map(
        lambda setup: (
            replace(setup, blocks=False, checks_websockets=False)
            if "*" in POLICIES[setup.policy].allow_origins
            else setup
        )
    )


@st.composite
def addressed(draw: st.DrawFn, places: list[tuple[str, str, Leaf]]) -> tuple[str, str, Leaf]:
    """Draw a URL that a table appears to serve, or a similar one."""
    host, template, leaf = draw(st.sampled_from(places))
    path = re.sub(r"\{[^}]*\}", lambda _: draw(st.sampled_from(["1", "1", "x"])), template)
    nearby = draw(st.sampled_from(["", "", "", "", "slash", "slash", "slash", "more"]))
    if nearby == "slash":
        path = path[:-1] if path.endswith("/") and path != "/" else f"{path}/"
    return draw(st.sampled_from([host, host, host, host, API, OTHER_API])), path + "/none" * (nearby == "more"), leaf


@st.composite
def requests(draw: st.DrawFn, places: list[tuple[str, str, Leaf]]) -> Asked:
    """Draw the request of a page."""
    host, path, leaf = draw(addressed(places))
    return Asked(
        host=host,
        path=path,
        method=draw(st.sampled_from([*leaf.methods, *leaf.methods, *leaf.methods, *METHODS[:4], draw(METHOD)])),
        origin=draw(ORIGIN),
        names=draw(st.sampled_from([(), (), NAMES[:1], NAMES[1:], NAMES])),
        credentials=draw(st.sampled_from(["omit", "omit", "include"])),
        query=draw(st.sampled_from(["", "", "", "", "", "size=x", "crash", "early", "inside"])),
    )


def suited(world: World, asked: Asked) -> Asked:
    """Return a request that the nearest policy probably allows, with its origin, names and credentials."""
    policy, _ = world.decider(world.place(asked.method, url_of(world, asked)))
    origins = {*policy.allow_origins} - {"*"}
    names = asked.names if "*" in policy.allow_headers else tuple({*asked.names} & {*policy.allow_headers})
    credentials = asked.credentials if policy.allow_credentials else "omit"
    origin = asked.origin if asked.origin in origins else min(origins, default=asked.origin)
    return replace(asked, origin=origin, names=names, credentials=credentials)


METHOD = st.sampled_from(METHODS)
ORIGIN = st.sampled_from([ALPHA, ALPHA, BETA, BETA, UNTRUSTED, "null"])
ENGINE = st.sampled_from(sorted(ENGINES))


# The laws.


def blocked(world: World, url: str, asked: Asked) -> bool:
    """Return whether a request must not reach the app."""
    policy, _ = world.decider(world.place(asked.method, url))
    return world.setup.blocks and not policy.decide(asked.method, origin=[asked.origin.encode()]).allowed


def hold(world: World, asked: Asked, engine: Any) -> tuple[Verdict, Place]:
    """Let a page fetch, compare everything with the expected result, and return where the request went."""
    verdict = fetch(world, asked, engine)
    crashes = asked.query in {"early", "inside"}
    kind, exchanges = expected(world, asked, [url for url, status in answered(verdict) if status == 500 and crashes])
    assert [(one.request.preflight, one.request.url) for one in verdict.exchanges] == exchanges
    assert verdict.type == kind, verdict.reason
    for exchange in verdict.exchanges:
        (hold_preflight if exchange.request.preflight else hold_actual)(world, exchange, asked)
    if verdict.allowed:
        hold_exposed(world, verdict, asked)
    last = verdict.exchanges[-1].request
    place = world.place(asked.method, last.url)
    reached = [note.endpoint for note in world.real.notes]
    if last.preflight or asked.query in {"crash", "early"} or not place.served or blocked(world, last.url, asked):
        assert reached == []
    elif not place.location:
        # In an app of Starlette, nothing answers the exception of a FastAPI route with 422.
        spoiled = {"size=x": (422, 500), "inside": (500,)}.get(asked.query, ())
        assert reached == [place.endpoint] or (reached == [] and verdict.status in spoiled)
    return verdict, place


def answered(verdict: Verdict) -> list[tuple[str, int]]:
    """Return the URL and the status of each response to the request itself."""
    exchanges = [(one.request, one.response) for one in verdict.exchanges]
    return [(asked.url, got.status) for asked, got in exchanges if got is not None and not asked.preflight]


def outcome(verdict: Verdict, place: Place, asked: Asked) -> dict[str, bool]:
    """Return the kinds of one example."""
    status = verdict.status
    asked_first = verdict.exchanges[0].request.preflight
    return {
        "allowed": verdict.allowed,
        "refused": not verdict.allowed,
        "preflighted": asked_first,
        "refused preflight": verdict.exchanges[-1].request.preflight,
        "not preflighted": not asked_first,
        "redirected": any(one.response is not None and one.response.status == 307 for one in verdict.exchanges),
        **{f"status {number}": status == number for number in (200, 403, 404, 405, 422, 500)},
        "in a mount": any(level.kind == "mount" for level in place.levels),
        "in a host": any(level.kind == "host" for level in place.levels),
        "included": any(level.kind == "included" for level in place.levels),
        "included twice over": sum(level.kind == "included" for level in place.levels) > 1,
        "in a mount, nothing found": bool(place.levels) and place.endpoint is None,
    }


def test_a_browser_gets_what_the_nearest_policy_says() -> None:
    """For any table, policies and request, the verdict, the headers and the served requests are as expected."""
    counts = ExampleCounts()

    @given(tables(), setups(), st.data())
    def law(table: Table, setup: Setup, data: st.DataObject) -> None:
        with alone() as loop:
            world = World(table, setup, loop)
            places = list(addresses(table))
            for _ in range(8):
                asked = data.draw(requests(places))
                asked = suited(world, asked) if data.draw(st.integers(0, 3)) else asked
                verdict, place = hold(world, asked, data.draw(ENGINE))
                level = place.nearest
                # Combinations such as "mounted starlette" are too many for one run.
                decided = "the middleware" if level is None else level.kind.split()[0]
                counts.count(**outcome(verdict, place, asked), **{f"decided by {decided}": True})

    law()
    counts.require(**dict.fromkeys(["allowed", "refused", "preflighted", "not preflighted"], 0.1))
    counts.require(**dict.fromkeys(["status 200", "status 404", "in a mount", "decided by endpoint"], 0.01))
    counts.require(**dict.fromkeys(["redirected", "status 405", "in a host", "included"], 0.001))
    # Not every level occurs in every run.
    if settings().derandomize:
        counts.require(**dict.fromkeys([f"decided by {level}" for level in DECIDERS], 0.002))


DECIDERS = ("the middleware", "endpoint", "route", "included", "mounted", "hosted")


def test_what_is_remembered_lets_no_request_pass_that_its_own_policy_refuses() -> None:
    """A page sends several requests to one URL, and its browser caches: only what each policy allows is sent.

    The cache also blocks nothing: a request that is allowed without it is allowed with it.
    """
    counts = ExampleCounts()

    @given(crowded(), setups(), ENGINE, st.data())
    def law(table: Table, setup: Setup, engine: Any, data: st.DataObject) -> None:
        with alone() as loop:
            policy = setup.policy % len(table.policies)
            world = World(table, replace(setup, blocks=False, policy=policy), loop)
            credentials = data.draw(CREDENTIALS)
            cache = PreflightCache()
            for asked in data.draw(turns(world, credentials)):
                verdict = fetch(world, asked, engine, cache)
                kind, exchanges = expected(world, asked)
                seen = [(one.request.preflight, one.request.url) for one in verdict.exchanges]
                passed = bool(world.real.notes) and is_asked(asked.method, asked)
                assert not passed or would_pass(world, asked)
                if kind == "cors":
                    assert verdict.type == kind
                policies = [world.decider(world.place(each, url_of(world, asked))) for each in offered(world, asked)]
                counts.count(
                    **{
                        "spared a preflight": len(seen) < len(exchanges),
                        "of several policies": len({policy for policy, _ in policies}) > 1,
                        "passed": passed,
                        "refused": kind == "error",
                    }
                )

    law()
    counts.require(**{"of several policies": 0.3, "passed": 0.3, "refused": 0.1, "spared a preflight": 0.001})


@st.composite
def turns(draw: st.DrawFn, world: World, credentials: str) -> list[Asked]:
    """Draw requests to one URL: before each that must be refused, some that are allowed.

    A failure clears the browser's cache, so that only a permission from before it could allow the next request.
    """
    first = Asked(host=API, path="/a", method="GET", origin=ALPHA, names=(), credentials=credentials, query="")
    every = [replace(first, method=method, names=names) for method in offered(world, first) for names in NAME_LISTS]
    granted = [asked for asked in every if expected(world, asked)[0] == "cors"]
    refused = [asked for asked in every if asked not in granted]
    chosen = draw(st.permutations(refused))[:4]
    return [asked for one in chosen for asked in (*draw(st.permutations(granted))[:6], one)]


def would_pass(world: World, asked: Asked) -> bool:
    """Return whether a preflight refuses nothing. A safelisted method is never refused by a browser."""
    policy, _ = world.decider(world.place(asked.method, url_of(world, asked)))
    names = [",".join(asked.names).encode()] if asked.names else []
    decision = policy.decide(
        "OPTIONS", origin=[asked.origin.encode()], request_method=[asked.method.encode()], request_headers=names
    )
    assert isinstance(decision, PreflightDecision)
    listed = decision.method.allows or asked.method in SAFELISTED
    credentials = asked.credentials != "include" or policy.allow_credentials
    return decision.origin.allows and listed and decision.headers.allows and credentials


def offered(world: World, asked: Asked) -> list[str]:
    """Return the methods that the path of a URL serves, or those that it does not."""
    url = url_of(world, asked)
    return [method for method in METHODS if world.place(method, url).served] or [*METHODS[:3]]


CREDENTIALS = st.sampled_from(["omit", "omit", "include"])
NAME_LISTS = ((), NAMES[:1], NAMES[1:], NAMES)


def test_a_handshake_is_guarded_by_the_nearest_policy() -> None:
    """The policy of the endpoint decides about a WebSocket; with `check_websockets`, the nearest one does."""
    counts = ExampleCounts()

    @given(tables(), setups(), st.data())
    def law(table: Table, setup: Setup, data: st.DataObject) -> None:
        sockets = [place for place in addresses(table) if place[2].is_socket]
        assume(sockets)
        with alone() as loop:
            world = World(table, setup, loop)
            for _ in range(8):
                host, path, _ = data.draw(addressed(sockets))
                origin = data.draw(st.sampled_from([None, ALPHA, ALPHA, BETA, BETA, UNTRUSTED, host]))
                scope = handshake_scope(host, setup.root_path + path, origin)
                there, sent = world.handshake(scope, is_twin=True)
                policy, decider = world.decider(there or Place())
                own = there is not None and there.endpoint is not None and there.levels[-1].policy is not None
                guards = own or setup.checks_websockets
                foreign = origin not in {None, host} and not policy.decide("GET", origin=[str(origin).encode()]).allowed
                reached, got = world.handshake(scope, is_twin=False)
                if guards and foreign:
                    assert (reached, got) == (None, ["websocket.close"])
                else:
                    assert got == sent
                    assert (reached and reached.endpoint) == (there and there.endpoint)
                served = there is not None and there.served
                counts.count(
                    **{
                        f"decided by {decider}": True,
                        "accepted": "websocket.accept" in got,
                        "refused": guards and foreign,
                        "refused by the endpoint alone": own and foreign and not setup.checks_websockets,
                        "foreign, not guarded": foreign and not guards and served,
                        "same-origin": origin == host,
                    }
                )

    law()
    counts.require(
        **{"accepted": 0.1, "refused": 0.02, "refused by the endpoint alone": 0.001, "foreign, not guarded": 0.001}
    )
    counts.require(**{"decided by app": 0.1, "decided by endpoint": 0.02, "same-origin": 0.01})


def handshake_scope(host: str, path: str, origin: str | None) -> dict[str, Any]:
    """Return the scope of a WebSocket handshake."""
    headers = [(b"host", urlsplit(host).netloc.encode())]
    headers += [] if origin is None else [(b"origin", origin.encode())]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "server": ("api.example", 80),
        "client": ("127.0.0.1", 1),
        "subprotocols": [],
    }


def test_a_redirect_has_the_policy_of_what_it_leads_to() -> None:
    """A mounted app redirects by its own routes.

    The page then requests the whole app, where another route comes first.
    """
    inner = Starlette(routes=[Route("/a", hello, methods=["GET"])])
    routes = [served(hello, "/in/a", "PUT", Policy(allow_origins=[ALPHA], allow_methods=["PUT"])), Mount("/in", inner)]
    app = Starlette(routes=routes)
    install(app, Policy())
    client = TestClient(app, follow_redirects=False)
    assert preflight(client, "/in/a/", "PUT").status_code == 200
    answer = client.put("/in/a/", headers={"origin": ALPHA})
    assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (307, ALPHA)


def served(endpoint: Any, path: str, method: str, policy: Policy) -> Route:
    """Return a route with its own policy."""
    route = Route(path, endpoint, methods=[method])
    return cors(policy)(route)


async def hello(request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("hello")


def preflight(client: TestClient, path: str, method: str) -> Any:
    """Send a preflight for a method."""
    return client.options(path, headers={"origin": ALPHA, "access-control-request-method": method})


def test_what_two_policies_grant_is_not_put_together_by_a_cache() -> None:
    """A cache would combine the header names of one policy with the methods of the other."""
    policies = {
        method: Policy(allow_origins=[ALPHA], allow_methods=[method], allow_headers=[name])
        for method, name in zip(("PUT", "DELETE"), NAMES, strict=True)
    }
    app = Starlette(routes=[served(hello, "/", method, policy) for method, policy in policies.items()])
    install(app, Policy())
    client = TestClient(app)
    assert [preflight(client, "/", method).headers[MAX_AGE] for method in policies] == ["0", "0"]


def test_equal_policies_on_one_path_are_one() -> None:
    """A browser may cache what they allow."""
    routes = [
        served(hello, "/", method, Policy(allow_origins=[ALPHA], allow_methods=["PUT", "DELETE"]))
        for method in ("PUT", "DELETE")
    ]
    app = Starlette(routes=routes)
    install(app, Policy())
    answer = preflight(TestClient(app), "/", "PUT")
    assert (answer.headers[MAX_AGE], answer.headers[ALLOW_METHODS]) == ("600", "PUT, DELETE")


class Unauthorized:
    """Answers 401 to every request."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        await PlainTextResponse("who?", 401)(scope, receive, send)


@pytest.mark.parametrize(("middleware", "status"), [([], 307), ([Middleware(Unauthorized)], 401)])
@pytest.mark.parametrize("on_app", [False, True])
def test_what_a_mounted_app_answers_by_itself_has_the_policy_of_the_route(
    middleware: list[Middleware],
    status: int,
    on_app: bool,  # This is a path parameter.
) -> None:
    """A redirect to the route and a refusal before it have the policy that also decided the preflight."""
    route = Route("/a/", cors(allow_origins=[ALPHA])(partial(hello)))
    inner = Starlette(routes=[route], middleware=middleware)
    app = Starlette(routes=[Mount("/in", cors(allow_origins=[BETA])(inner) if on_app else inner)])
    install(app, Policy())
    client = TestClient(app, follow_redirects=False)
    answer = client.get("/in/a", headers={"origin": ALPHA})
    assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (status, ALPHA)
