"""`setup`: which responses have headers, what it refuses when it is written wrong, and its arguments."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import aiohttp_cors
import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web_urldispatcher import Domain, MatchedSubAppResource

import crossorigin
from crossorigin import InvalidPolicyError, IssueCode, Policy, Reason
from crossorigin.aiohttp import cors, explain, setup
from tests.unit.adapters.aiohttp.apps import ORIGIN, OTHER, PARTNER, Client, allowed, create, ok, running


def issues_of(**arguments: Any) -> list[tuple[IssueCode, str, str]]:
    """Return the issues that `setup` raises."""
    with pytest.raises(InvalidPolicyError) as raised:
        setup(web.Application(), **arguments)
    return [(issue.code, issue.field, issue.hint) for issue in raised.value.issues]


async def stream(request: web.Request) -> web.StreamResponse:
    """Answer with a stream."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"one ")
    await response.write(b"two")
    return response


async def file(request: web.Request) -> web.StreamResponse:
    """Answer with a file."""
    return web.FileResponse(__file__)


async def forbidden(request: web.Request) -> web.StreamResponse:
    """Raise a response."""
    raise web.HTTPForbidden


async def away(request: web.Request) -> web.StreamResponse:
    """Raise a redirect."""
    raise web.HTTPFound("/")


async def crash(request: web.Request) -> web.StreamResponse:
    """Raise an exception that aiohttp answers with 500."""
    raise ZeroDivisionError


async def websocket(request: web.Request) -> web.StreamResponse:
    """Open a WebSocket and close it."""
    response = web.WebSocketResponse()
    await response.prepare(request)
    await response.close()
    return response


async def test_every_response_has_headers() -> None:
    """Errors, raised responses, redirects, streams, files, static files, sub-apps and refused expectations included."""
    routes = [web.get(f"/{view.__name__}", view) for view in (stream, file, forbidden, away, crash)]
    app = create(*routes, web.static("/static", Path(__file__).parent))
    mounted = web.Application()
    mounted.router.add_get("/ok", ok)
    app.add_subapp("/mounted/", mounted)
    statuses = {
        "/": 200,
        "/stream": 200,
        "/file": 200,
        f"/static/{Path(__file__).name}": 200,
        "/away": 302,
        "/forbidden": 403,
        "/none": 404,
        "/static/none": 404,
        "/crash": 500,
        "/mounted/ok": 200,
        "/mounted/none": 404,
    }
    async with running(app) as client:
        for path, status in statuses.items():
            response = await client.get(path)
            assert (path, response.status, allowed(response)) == (path, status, ORIGIN)
            response = await client.preflight(path)
            assert (path, response.status, allowed(response)) == (path, 200, ORIGIN)
        for method, path in (("POST", "/"), ("POST", "/mounted/ok"), ("OPTIONS", "/")):
            response = await client.get(path, method=method)
            assert (response.status, allowed(response)) == (405, ORIGIN)
        response = await client.get(Expect="nothing-known")
        assert (response.status, allowed(response)) == (417, ORIGIN)
        assert await client.readers("/mounted/ok") == {ORIGIN}


async def test_a_preflight_reaches_no_middleware_and_no_signal() -> None:
    """A preflight never has credentials, so an authentication that is added later must not refuse it."""
    seen: list[str] = []

    @web.middleware
    async def authenticate(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(request.method)
        raise web.HTTPUnauthorized

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        seen.append("signal")

    app = create()
    app.middlewares.insert(0, authenticate)
    app.on_response_prepare.append(note)
    async with running(app) as client:
        assert (await client.preflight()).status == 200
        assert seen == []
        response = await client.get()
        assert (response.status, allowed(response)) == (401, ORIGIN)
    assert seen == ["GET", "signal"]


async def test_a_preflight_can_be_logged() -> None:
    """An access log finds the app of the request, and `Expect` is handled by aiohttp."""
    seen: list[web.Application] = []

    class Log(AbstractAccessLogger):
        """A log that reads the app of a request."""

        def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
            assert isinstance(request, web.Request)
            seen.append(request.app)

    app = create()
    server = TestServer(app)
    await server.start_server(access_log_class=Log)
    async with TestClient(server) as client:
        response = await Client(client).get(
            method="OPTIONS", Access_Control_Request_Method="GET", Expect="100-continue"
        )
    assert (response.status, seen) == (200, [app])


async def test_headers_of_a_handler_are_replaced_and_vary_is_merged() -> None:
    """The app sends each CORS header once, and its own `Vary` stays."""

    async def own(request: web.Request) -> web.StreamResponse:
        headers = [("access-control-allow-origin", "*"), ("Vary", "Cookie"), ("vary", "Accept"), ("X-Own", "1")]
        return web.Response(headers=headers)

    async with running(create(web.get("/own", own))) as client:
        response = await client.get("/own")
        assert (allowed(response), response.headers["Vary"], response.headers["X-Own"]) == (
            ORIGIN,
            "Cookie, Accept, Origin",
            "1",
        )
        response = await client.get("/own", OTHER)
        assert (allowed(response), response.headers["Vary"]) == (None, "Cookie, Accept, Origin")


async def test_a_signal_of_the_app_cannot_change_the_headers() -> None:
    """The receiver is the last one, even if others are added after `setup`."""

    async def allow(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Access-Control-Allow-Origin"] = "*"

    app = create()
    app.on_response_prepare.append(allow)
    async with running(app) as client:
        assert await client.readers() == {ORIGIN}


async def test_aiohttp_cors_in_the_same_app_has_no_effect() -> None:
    """Each header is sent once, whatever is left of the other library."""
    app = web.Application()
    setup(app, allow_origins=[ORIGIN])
    peer = aiohttp_cors.setup(app, defaults={"*": aiohttp_cors.ResourceOptions(allow_credentials=True)})
    peer.add(app.router.add_get("/", ok))
    async with running(app) as client:
        assert await client.readers() == {ORIGIN}


async def test_aiohttp_cors_in_a_sub_app_stops_the_start() -> None:
    """It would close the connection of every allowed request."""
    app, mounted = create(), web.Application()
    aiohttp_cors.setup(mounted)
    app.add_subapp("/mounted", mounted)
    with pytest.raises(RuntimeError, match="A sub-app still uses aiohttp-cors"):
        await web.AppRunner(app).setup()


class Broken(web.Response):
    """A response whose headers cannot be read."""

    @property
    def headers(self) -> Any:
        raise ZeroDivisionError


async def broken(request: web.Request) -> web.StreamResponse:
    """Answer with such a response."""
    return Broken(text="broken")


@pytest.mark.parametrize("arguments", [{}, {"debug": True}], ids=["fast", "full"])
async def test_nothing_in_the_signal_raises(arguments: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """A failure is logged once, and the response is sent without CORS headers."""
    async with running(create(web.get("/broken", broken), **arguments)) as client:
        for _ in range(2):
            response = await client.get("/broken")
            assert (response.status, allowed(response)) == (200, None)
    (record,) = (record for record in caplog.records if record.name == "crossorigin")
    assert record.getMessage().startswith("The CORS headers of a response could not be set")
    assert record.exc_info


async def test_a_failing_log_does_not_harm_a_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter of the user may raise."""

    def fail(record: logging.LogRecord) -> bool:
        raise ZeroDivisionError

    logger = logging.getLogger("crossorigin")
    monkeypatch.setattr(logger, "filters", [fail])
    app, mounted = create(web.get("/broken", broken)), create()
    app.add_subapp("/mounted", mounted)
    async with running(app) as client:
        assert (await client.get("/broken")).status == 200


# Wrong calls.


async def test_an_app_that_has_started_gets_an_error_that_says_what_to_do() -> None:
    """Its signal is frozen, and its router would be in use."""
    app = web.Application()
    async with running(app):
        with pytest.raises(RuntimeError, match=r"before web\.run_app or AppRunner\.setup"):
            setup(app, allow_origins=[ORIGIN])


def test_an_app_that_is_part_of_another_gets_the_same_error() -> None:
    """`add_subapp` freezes the signals of the sub-app."""
    app, mounted = web.Application(), web.Application()
    app.add_subapp("/mounted", mounted)
    with pytest.raises(RuntimeError, match=r"before parent\.add_subapp"):
        setup(mounted, allow_origins=[ORIGIN])


def test_a_second_setup_is_an_error() -> None:
    """Policies are not merged."""
    app = create()
    with pytest.raises(RuntimeError, match=r"Remove one of the two calls"):
        setup(app, allow_origins=[ORIGIN])


def test_an_app_of_another_framework_is_an_error() -> None:
    """The message names what to use instead."""
    with pytest.raises(TypeError, match=r"setup\(\.\.\.\) needs an aiohttp app, got int\. For ASGI apps"):
        setup(5, allow_origins=[ORIGIN])  # type: ignore[arg-type]


def test_all_errors_are_reported_together(caplog: pytest.LogCaptureFixture) -> None:
    """Those of the options, of the arguments and of names that only other adapters have, also as CRITICAL."""
    found = issues_of(allow_origins=[f"{ORIGIN}/"], debug="yes", outermost=False, origin=[])
    assert found == [
        (IssueCode.ORIGIN_TRAILING_SLASH, "allow_origins[0]", f'"{ORIGIN}"'),
        (IssueCode.UNKNOWN_OPTION, "origin", "rename it to allow_origins."),
        (IssueCode.NOT_A_BOOL, "debug", "True"),
        (IssueCode.UNKNOWN_OPTION, "outermost", "remove it."),
    ]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


@pytest.mark.parametrize(
    ("policy", "field"),
    [([], "policy"), ([Policy(), "x"], "policy[1]"), ((5,), "policy[0]"), (5, "policy")],
    ids=["empty", "one of two", "tuple", "no list"],
)
def test_a_list_contains_only_policies(policy: Any, field: str) -> None:
    """The issue names the element."""
    ((code, found, _),) = issues_of(policy=policy)
    assert (code, found) == (IssueCode.NOT_A_POLICY, field)


def test_a_policy_and_options_are_an_error() -> None:
    """Only one of them could apply, also for a list."""
    ((code, field, _),) = issues_of(policy=[Policy(), Policy(max_age=5)], max_age=6)
    assert (code, field) == (IssueCode.POLICY_AND_OPTIONS, "max_age")


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([Policy(allow_origins=["*"]), Policy(allow_origins=[ORIGIN])], r"policy\[0\] allows every origin"),
        (
            [Policy(allow_origins=[ORIGIN]), Policy(allow_origins=[PARTNER], constant_allow_origin=True)],
            r"policy\[1\] has constant_allow_origin=True",
        ),
    ],
)
def test_a_policy_of_a_list_that_could_never_decide_is_an_error(policies: list[Policy], message: str) -> None:
    """The message says what to change."""
    with pytest.raises(ValueError, match=message):
        setup(web.Application(), policy=policies)


# Arguments.


async def test_the_first_policy_of_a_list_whose_origins_match_decides() -> None:
    """Every response depends on the origin then, even if the last policy allows all of them."""
    own = Policy(allow_origins=[ORIGIN], allow_credentials=True, allow_methods=["GET", "PUT"])
    async with running(create(policy=[own, Policy(allow_origins=["*"])])) as client:
        assert await client.readers() == {ORIGIN, PARTNER, OTHER}
        for origin, expected in ((ORIGIN, (ORIGIN, "true")), (OTHER, ("*", None)), (None, ("*", None))):
            response = await client.get(origin=origin)
            assert (allowed(response), response.headers.get("Access-Control-Allow-Credentials")) == expected
            assert response.headers["Vary"] == "Origin"
        assert (await client.preflight(method="PUT")).status == 200
        assert (await client.preflight(origin=OTHER, method="PUT")).status == 400
    async with running(create(policy=[own, Policy(allow_origins=[PARTNER])])) as client:
        assert await client.readers() == {ORIGIN, PARTNER}


@pytest.mark.parametrize(("checks", "status"), [(False, 101), (True, 403)])
async def test_a_handshake_of_another_origin_is_refused_if_asked_for(checks: bool, status: int) -> None:
    """A page of an allowed or of the server's own origin, and a client without an origin, may open a WebSocket."""
    app = create(web.get("/ws", websocket), check_websockets=checks)
    async with TestClient(TestServer(app)) as client:
        own = str(client.make_url("/")).rstrip("/")
        for origin in (ORIGIN, own, None):
            async with client.ws_connect("/ws", origin=origin) as connection:
                assert connection._response.status == 101
        if status == 101:
            async with client.ws_connect("/ws", origin=OTHER) as connection:
                assert allowed(connection._response) is None
            return
        with pytest.raises(WSServerHandshakeError) as raised:
            await client.ws_connect("/ws", origin=OTHER)
        assert raised.value.status == status
        assert (await Client(client).get("/", OTHER)).status == 200


async def test_blocking_refuses_requests_of_other_origins() -> None:
    """The handler does not run, and the response has no CORS headers but says what it depends on."""
    seen: list[str] = []

    async def post(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Origin", ""))
        return web.Response()

    async with running(create(web.post("/post", post), on_refused="block")) as client:
        for origin in (ORIGIN, None, OTHER):
            response = await client.get("/post", origin, "POST")
        assert (response.status, await response.text()) == (403, "Disallowed CORS origin: origin-not-listed")
        assert (allowed(response), response.headers["Vary"]) == (None, "Origin")
        assert (await client.get("/post", f"http://{response.url.authority}", "POST")).status == 200
    assert seen[:2] == [ORIGIN, ""]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(("site", "blocked"), [("cross-site", True), ("same-site", False)])
async def test_blocking_refuses_requests_of_another_site_without_an_origin(
    site: str, blocked: bool, inside: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that removes `Origin` is the cause, so its operator has to hear of it. It applies in a sub-app, too."""

    async def post(request: web.Request) -> web.StreamResponse:
        return web.Response()

    app = create(web.post("/post", post), on_refused="block")
    if inside:
        outer = create()
        outer.add_subapp("/sub", app)
        app = outer
    async with running(app) as client:
        path = "/sub/post" if inside else "/post"
        response = await client.get(path, None, "POST", Sec_Fetch_Site=site)
        assert response.status == (403 if blocked else 200)
    assert ("origin-absent-cross-site" in caplog.text) is blocked


async def test_a_hook_gets_each_decision_once() -> None:
    """It gets the request of aiohttp, also for preflights and blocked requests."""
    seen: list[tuple[str, str, tuple[Reason, ...]]] = []

    def note(decision: crossorigin.Decision, request: web.Request) -> None:
        seen.append((request.method, request.path, decision.reasons))

    async with running(create(on_decision=note)) as client:
        await client.get()
        await client.get("/none", OTHER)
        await client.preflight()
    assert seen == [
        ("GET", "/", (Reason.ORIGIN_LISTED,)),
        ("GET", "/none", (Reason.ORIGIN_NOT_LISTED,)),
        ("OPTIONS", "/", (Reason.ORIGIN_LISTED, Reason.METHOD_LISTED, Reason.HEADERS_LISTED)),
    ]


async def test_a_middleware_that_tries_other_paths_causes_no_further_decisions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The middleware for slashes routes clones of a request. The hook and the log describe one request."""
    seen: list[str] = []
    app = web.Application(middlewares=[web.normalize_path_middleware()])
    app.router.add_get("/items/", ok)
    setup(app, allow_origins=[ORIGIN], on_decision=lambda _, request: seen.append(request.path))
    async with running(app) as client:
        redirect = await client.get("/items")
        assert (redirect.status, allowed(redirect)) == (308, ORIGIN)
        assert seen == ["/items"]
        assert (await client.get("/none", OTHER)).status == 404
        assert seen == ["/items", "/none"]
        assert (await client.get("/items/", PARTNER)).status == 200
    assert "was not logged" not in caplog.text


async def test_a_request_that_a_middleware_sends_to_another_path_is_still_blocked() -> None:
    """The policy of the handler at the new path counts."""

    @web.middleware
    async def rewrite(request: web.Request, handler: Any) -> web.StreamResponse:
        clone = request.clone(rel_url="/own")
        match = await request.app.router.resolve(clone)
        return await match.handler(clone)

    app = web.Application(middlewares=[rewrite])
    app.router.add_get("/", ok)
    app.router.add_get("/own", cors(allow_origins=[PARTNER])(crash))
    setup(app, allow_origins=[ORIGIN], on_refused="block")
    async with running(app) as client:
        assert (await client.get("/", ORIGIN)).status == 403
        assert (await client.get("/", OTHER)).status == 403


class FasterRouter(web.UrlDispatcher):
    """A router of another package, which keeps the routes of the first one."""

    def __init__(self, first: web.UrlDispatcher) -> None:
        super().__init__()
        self._first = first

    async def resolve(self, request: web.Request) -> Any:
        """Route a request."""
        return await self._first.resolve(request)


async def test_a_router_that_is_replaced_after_setup_is_followed() -> None:
    """Otherwise preflights would get its 405."""
    app = create()
    app._router = FasterRouter(app.router)
    async with running(app) as client:
        assert await client.readers() == {ORIGIN}


async def test_refused_requests_are_logged_as_they_were_sent(caplog: pytest.LogCaptureFixture) -> None:
    """The server decodes UTF-8, and escapes other bytes."""
    async with TestClient(TestServer(create())) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: \xff\xc3\xbc\r\nConnection: close\r\n\r\n")
        assert b" 200 OK" in await reader.read()
        writer.close()
    assert r"from '\xff\xc3\xbc'" in caplog.text


async def test_refused_requests_are_logged_with_the_path(caplog: pytest.LogCaptureFixture) -> None:
    """The log is the same for every framework."""
    async with running(create()) as client:
        await client.get("/none", OTHER)
        await client.preflight("/none", OTHER)
    first, *others = (record.getMessage() for record in caplog.records if record.name == "crossorigin")
    assert first.startswith(f"refused (origin-not-listed): GET '/none' from '{OTHER}'")
    # The same refusal is only counted.
    assert others == []


async def test_served_methods_only_narrows_a_preflight() -> None:
    """A path allows only the methods that it serves: those of routes, of a view class, or of any route."""

    class Items(web.View):
        async def get(self) -> web.StreamResponse:
            return web.Response()

        async def delete(self) -> web.StreamResponse:
            return web.Response()

    app = create(
        web.put("/", ok),
        web.view("/items", Items),
        web.route("*", "/any", ok),
        allow_methods=["*"],
        served_methods_only=True,
    )
    async with running(app) as client:
        response = await client.preflight("/", method="PUT")
        assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, PUT"
        assert (await client.preflight("/", method="DELETE")).status == 400
        response = await client.preflight("/items", method="DELETE")
        assert response.headers["Access-Control-Allow-Methods"] == "DELETE, GET"
        assert "PATCH" in (await client.preflight("/any", method="PATCH")).headers["Access-Control-Allow-Methods"]
        # An unknown path serves nothing that could be narrowed.
        assert (await client.preflight("/none", method="PUT")).status == 200


async def test_a_response_that_is_the_same_for_everyone_needs_no_origin() -> None:
    """Whatever page asks, and if none does, the headers are constant."""
    async with running(create(policy=Policy(allow_origins=[ORIGIN], constant_allow_origin=True))) as client:
        for origin in (ORIGIN, OTHER, None):
            response = await client.get(origin=origin)
            assert (allowed(response), response.headers.get("Vary")) == (ORIGIN, None)


async def test_repeated_origins_are_refused() -> None:
    """Two lines are two values, even if both are allowed."""
    async with TestClient(TestServer(create())) as client:
        response = await client.get("/", headers=[("Origin", ORIGIN), ("Origin", ORIGIN)])
        assert (response.status, allowed(response), response.headers["Vary"]) == (200, None, "Origin")


def test_explain_uses_the_policy_of_the_handler() -> None:
    """No handler is called, and no server runs."""

    @cors(allow_origins=[PARTNER])
    async def partner(request: web.Request) -> web.StreamResponse:
        raise AssertionError

    app = create(web.get("/partner", partner))
    assert explain(app, "GET", "/", ORIGIN).allowed
    found = explain(app, "get", "/partner", PARTNER)
    assert found.allowed
    assert partner.__qualname__ in str(found)
    assert not explain(app, "GET", "/partner", ORIGIN).allowed
    with pytest.raises(ValueError, match="This app has no policy"):
        explain(web.Application(), "GET", "/", ORIGIN)


def test_explain_does_not_wait() -> None:
    """A rule of the user may need an event loop, which `explain` does not have."""

    class Waiting(Domain):
        async def match(self, request: web.Request) -> bool:
            await asyncio.sleep(0)
            return False

    app, mounted = web.Application(), web.Application()
    app.router.register_resource(MatchedSubAppResource(Waiting("x.example"), mounted))
    setup(app, allow_origins=[ORIGIN], served_methods_only=True)
    with pytest.raises(RuntimeError, match="waits for something"):
        explain(app, "GET", "/", ORIGIN)
