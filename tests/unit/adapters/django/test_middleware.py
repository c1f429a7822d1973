"""The Django middleware, sync and async: headers, blocking, hooks, the signal, nesting, and changed settings."""

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings

from crossorigin import CORSMiddleware as ASGIMiddleware
from crossorigin import InvalidPolicyError, Policy, Reason
from crossorigin.django import CORSMiddleware, check_request_enabled, cors, explain
from crossorigin.wsgi import CORSMiddleware as WSGIMiddleware
from tests.cases.django import serve_asgi
from tests.cases.django_project import OURS
from tests.cases.wsgi import environ_of, serve
from tests.unit.adapters.django.pages import (
    ORIGIN,
    OTHER,
    PARTNER,
    allowed,
    feed,
    get,
    later,
    preflight,
    readers,
    serving,
)


def get_async(origin: str = ORIGIN, method: str = "GET", **fields: str) -> Any:
    """Send a request of a page under ASGI."""
    client = AsyncClient(raise_request_exception=False)
    return asyncio.run(client.generic(method, "/", headers={"Origin": origin, **fields}))


@contextmanager
def receiving(receiver: Any) -> Generator[None]:
    """Connect a receiver to the signal."""
    check_request_enabled.connect(receiver)
    try:
        yield
    finally:
        check_request_enabled.disconnect(receiver)


def test_it_is_async_where_django_is() -> None:
    """Under ASGI, Django awaits it, and a synchronous view still runs."""
    with serving():
        assert not iscoroutinefunction(CORSMiddleware(feed))
        assert iscoroutinefunction(CORSMiddleware(later))
        assert allowed(get_async()) == ORIGIN
        assert allowed(get_async(OTHER)) is None
        answer = get_async(ORIGIN, "OPTIONS", **{"Access-Control-Request-Method": "GET"})
        assert (answer.status_code, answer.content) == (200, b"OK")
    with serving({"": later}):
        assert get_async().content == b"later"


def test_it_replaces_headers_of_the_view() -> None:
    """One Access-Control-Allow-Origin and one Vary, whatever the view or another middleware set."""

    def view(request: Any) -> HttpResponse:
        headers = {"access-control-allow-origin": "*", "Access-Control-Max-Age": "5", "vary": "Cookie", "X-A": "b"}
        return HttpResponse("", headers=headers)

    with serving({"": view}):
        answer = get()
        assert (allowed(answer), answer.headers["Vary"]) == (ORIGIN, "Cookie, Origin")
        assert "Access-Control-Max-Age" not in answer.headers
        assert answer.headers["X-A"] == "b"
        assert allowed(get(origin=OTHER)) is None


def test_it_keeps_vary_of_the_view() -> None:
    """It is merged, and only once."""
    views = {
        "cookie": lambda _: HttpResponse("", headers={"Vary": "Cookie"}),
        "origin": lambda _: HttpResponse("", headers={"Vary": "origin, Cookie"}),
        # A name that is as long as "Vary".
        "stream": lambda _: StreamingHttpResponse([b"a"], headers={"X-Ab": "a"}),
    }
    with serving(views):
        assert [get(f"/{name}").headers["Vary"] for name in views] == ["Cookie, Origin", "origin, Cookie", "Origin"]


def test_all_names_are_exposed_with_credentials() -> None:
    """With credentials, `*` is not a wildcard for browsers, so each response lists its own names."""
    with serving(
        {"": lambda _: HttpResponse("", headers={"X-A": "b"})},
        CORS_ALLOW_CREDENTIALS=True,
        CORS_EXPOSE_HEADERS=["*"],
    ):
        assert get().headers["Access-Control-Expose-Headers"] == "X-A"


def test_a_method_in_lower_case_is_not_a_preflight() -> None:
    """Methods are case-sensitive, but Django writes them in upper case."""
    with serving({"": feed}):
        fields = {"origin": ORIGIN, "access-control-request-method": "GET"}
        assert serve(WSGIHandler(), environ_of("options", fields))[2] == b"feed"
        headers = [(name.encode(), value.encode()) for name, value in fields.items()]
        for method, body in (("options", b"feed"), ("OPTIONS", b"OK")):
            sent = asyncio.run(serve_asgi(ASGIHandler(), method, headers))
            assert sent[1]["body"] == body


def test_a_wrong_setting_raises_before_the_first_request() -> None:
    """In what the server calls, sync and async. The message names the setting."""
    with serving(CORS_ALLOWED_ORIGINS=["https://app.example.com/"]):
        for create in (get_wsgi_application, get_asgi_application):
            with pytest.raises(InvalidPolicyError, match=r"CORS_ALLOWED_ORIGINS\[0\] = 'https://app.example.com/'"):
                create()


def test_overridden_settings_apply_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """A test can change them after the first request of its client, and an error reaches the test."""
    from django.test import Client

    with serving():
        client = Client()

        def read() -> str | None:
            return allowed(client.get("/", headers={"Origin": PARTNER}))

        assert read() is None
        with override_settings(CORS_ALLOWED_ORIGINS=[PARTNER]):
            assert read() == PARTNER
        assert read() is None
        with override_settings(USE_TZ=False):
            assert read() is None
        with override_settings(CORS_ALLOWED_ORIGINS="wrong"), pytest.raises(InvalidPolicyError, match="bare-string"):
            read()
        assert read() is None


def test_on_refused_blocks_requests_of_other_origins() -> None:
    """Not those of the own origin, those without one, and those that a view allows."""
    ran: list[str] = []

    def view(request: Any) -> HttpResponse:
        ran.append(request.path)
        return HttpResponse("")

    @cors(allow_origins=[PARTNER])
    def partner(request: Any) -> HttpResponse:
        return view(request)

    views = {"": view, "partner": partner}
    with serving(views, CORS_ON_REFUSED="block"):
        answer = get(origin=OTHER)
        assert (answer.status_code, answer.content) == (403, b"Disallowed CORS origin: origin-not-listed")
        assert (answer.headers["Vary"], allowed(answer)) == ("Origin", None)
        assert get("/partner", OTHER).status_code == 403
        assert ran == []
        assert get("/partner", PARTNER).status_code == get(origin=ORIGIN).status_code == 200
        assert get(origin="http://testserver", Host="testserver").status_code == 200
        assert get_async(OTHER).status_code == 403


def test_blocking_refuses_a_request_of_another_site_that_lost_its_origin(caplog: pytest.LogCaptureFixture) -> None:
    """Browsers send `Origin` with a POST, so a proxy has removed it, and the log says so."""
    client = Client()
    with serving(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ON_REFUSED="block"):
        answer = client.post("/", headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.content) == (403, b"Disallowed CORS origin: origin-absent-cross-site")
        assert client.post("/", headers={"Sec-Fetch-Site": "same-site"}).status_code == 200
    assert "origin-absent-cross-site" in caplog.text


def test_the_hook_gets_each_decision_once() -> None:
    """With Django's request, in which the decision is before the view runs."""
    seen: list[Any] = []
    inside: list[Any] = []

    def view(request: Any) -> HttpResponse:
        inside.append((request.META["crossorigin"].allowed, request.META.get("crossorigin.route")))
        return HttpResponse("")

    @cors(allow_origins=[PARTNER])
    def partner(request: Any) -> HttpResponse:
        return view(request)

    def hook(decision: Any, request: Any) -> None:
        seen.append((decision.allowed, request.method, request.path))

    with serving({"": view, "partner": partner}, CORS_ON_DECISION=hook):
        get()
        get("/partner", PARTNER)
        preflight(origin=OTHER)
    assert seen == [(True, "GET", "/"), (True, "GET", "/partner"), (False, "OPTIONS", "/")]
    assert [allowed for allowed, _ in inside] == [True, True]
    assert inside[0][1] is None
    assert "test_the_hook" in inside[1][1]


def test_a_late_urlconf_is_reported_again() -> None:
    """If the view that answers is another one than was expected, both decisions are reported."""
    seen: list[bool] = []

    class Late:
        def __init__(self, get_response: Any) -> None:
            self.get_response = get_response

        def __call__(self, request: Any) -> Any:
            from django.urls import path

            request.urlconf = (path("", late),)
            return self.get_response(request)

    late = cors(allow_origins=[PARTNER])(lambda _: HttpResponse("late"))
    globals()["Late"] = Late
    with serving(
        CORS_ON_DECISION=lambda decision, _: seen.append(decision.allowed), MIDDLEWARE=[OURS, f"{__name__}.Late"]
    ):
        assert allowed(get()) is None
    assert seen == [True, False]


def test_debug_logs_allowed_requests(caplog: pytest.LogCaptureFixture) -> None:
    """And answers a preflight so that the console of a browser names the method."""
    with serving(CORS_DEBUG=True, CORS_ALLOW_METHODS=["PUT"]), caplog.at_level(logging.DEBUG, "crossorigin"):
        get()
        assert "allowed (origin-listed): GET '/'" in caplog.text
        assert preflight(method="DELETE").status_code == 200


def test_refusals_are_logged_with_the_view(caplog: pytest.LogCaptureFixture) -> None:
    """The log says what to change."""
    with serving({"partner": cors(allow_origins=[PARTNER])(lambda _: HttpResponse(""))}):
        get("/partner", OTHER)
        preflight("/partner", PARTNER, "DELETE")
    with serving():
        get(origin="https://first.example")
    with serving(CORS_POLICY=Policy(allow_origins=[ORIGIN])):
        get(origin="https://second.example")
    assert "Bad Request" not in caplog.text
    assert 'add "https://first.example" to CORS_ALLOWED_ORIGINS.' in caplog.text
    assert 'add "https://second.example" to allow_origins.' in caplog.text
    assert "GET '/partner' from 'https://other.example', by the policy of" in caplog.text
    assert "'DELETE' is not in allow_methods" in caplog.text


def test_paths_that_the_setting_does_not_match_allow_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """As in django-cors-headers, `CORS_URLS_REGEX` is matched from the start of the path. The log says why."""
    views = {"api/items": feed, "other": feed, "partner": cors(allow_origins=[PARTNER])(lambda _: HttpResponse(""))}
    with serving(views, CORS_URLS_REGEX=r"^/api/"):
        assert readers("/api/items") == {ORIGIN}
        assert readers("/other") == set()
        assert readers("/partner") == {PARTNER}
        assert get("/other").headers["Vary"] == "Origin"
        assert explain("GET", "/other", ORIGIN).route == "CORS_URLS_REGEX"
        assert (
            f"GET '/other' from '{ORIGIN}', by the policy of CORS_URLS_REGEX. It does not match the path" in caplog.text
        )


def test_the_signal_may_allow_one_more_origin(caplog: pytest.LogCaptureFixture) -> None:
    """It is sent once for a request that the settings refuse, and never for what is not an origin."""
    asked: list[str] = []

    def allow_partner(sender: Any, request: Any, **_: Any) -> bool:
        asked.append(request.META["HTTP_ORIGIN"])
        return request.META["HTTP_ORIGIN"] in {PARTNER, "null", "partner"}

    with receiving(allow_partner), serving({"": feed, "own": cors(None)(lambda _: HttpResponse(""))}):
        assert readers("/") == {ORIGIN, PARTNER}
        assert readers("/own") == set()
        assert asked.count(PARTNER) == 4
        asked.clear()
        assert allowed(get(origin=ORIGIN)) == ORIGIN
        assert (
            allowed(get(origin="null")) is allowed(get(origin="partner")) is allowed(get(origin=f"{PARTNER},a")) is None
        )
        assert asked == []
        assert preflight(origin=PARTNER).headers["Access-Control-Max-Age"] == "86400"
        assert allowed(get_async(PARTNER)) == PARTNER
        assert allowed(get_async(OTHER)) is None


def test_the_signal_and_urls_and_blocking() -> None:
    """It also allows a request at a path that `CORS_URLS_REGEX` excludes, and one that would be blocked."""
    with receiving(_allow), serving({"other": feed}, CORS_URLS_REGEX="^/api/", CORS_ON_REFUSED="block"):
        assert allowed(get("/other", PARTNER)) == PARTNER
    with serving({"other": feed}, CORS_URLS_REGEX="^/api/"):
        assert allowed(get("/other", PARTNER)) is None


def _allow(sender: Any, request: Any, **_: Any) -> bool:
    return True


def test_receivers_may_query_the_database_under_asgi() -> None:
    """They run outside the event loop, in which Django forbids that."""
    seen: list[bool] = []

    def receiver(sender: Any, request: Any, **_: Any) -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            seen.append(True)
        return True

    with receiving(receiver), serving():
        assert allowed(get_async(PARTNER)) == PARTNER
    assert seen == [True]


def test_a_receiver_that_raises_allows_nothing() -> None:
    """Django logs the exception, and the request is answered."""

    def receiver(sender: Any, request: Any, **_: Any) -> bool:
        raise ZeroDivisionError

    with receiving(receiver), serving():
        answer = get(origin=PARTNER)
        assert (answer.status_code, allowed(answer)) == (200, None)


@pytest.mark.parametrize("answer", [True, False], ids=["allows", "refuses"])
def test_a_receiver_may_be_async(answer: bool) -> None:
    """Its result counts. Before Django 5.0, the answer of an async receiver is a coroutine, which is always true."""

    async def receive() -> bool:
        return answer

    async def receiver(sender: Any, request: Any, **_: Any) -> bool:
        return await receive()

    expected = PARTNER if answer else None
    for each in (receiver, lambda sender, request, **_: receive()):
        with receiving(each), serving():
            assert allowed(get(origin=PARTNER)) == expected
            assert allowed(get_async(PARTNER)) == expected


def test_an_async_receiver_that_raises_allows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The exception is logged, and the request is answered."""

    async def fail() -> bool:
        raise ZeroDivisionError

    def receiver(sender: Any, request: Any, **_: Any) -> Any:
        return fail()

    with receiving(receiver), serving():
        answer = get(origin=PARTNER)
    assert (answer.status_code, allowed(answer)) == (200, None)
    assert "A receiver of check_request_enabled failed" in caplog.text


def test_origins_that_the_signal_allowed_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of them can be allowed."""
    from crossorigin.adapters.django import signals

    monkeypatch.setattr(signals, "_MAX_PLANS", 2)
    plans = signals.SignalPlans(Policy(allow_credentials=True), debug=False)
    for index in range(5):
        origin = f"https://{index}.example"
        assert plans.select(origin) is plans.select(origin)
    assert len(plans._by_origin) == 1


@pytest.mark.parametrize("blocks", [True, False])
def test_another_middleware_around_django_owns_the_headers(blocks: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Whether it wraps the WSGI or the ASGI app. The inner one only blocks, and says so once."""
    both = [ORIGIN, PARTNER]
    with serving(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ON_REFUSED="block" if blocks else "pass"):
        wsgi = WSGIMiddleware(WSGIHandler(), allow_origins=both)
        asgi = ASGIMiddleware(ASGIHandler(), allow_origins=both)
        for origin, expected in ((ORIGIN, "200"), (PARTNER, "403" if blocks else "200")):
            status, headers, _ = serve(wsgi, environ_of("GET", {"origin": origin}))
            assert status.startswith(expected)
            assert dict(headers)["Access-Control-Allow-Origin"] == origin
            start = asyncio.run(serve_asgi(asgi, "GET", [(b"origin", origin.encode())]))[0]
            assert start["status"] == int(expected)
            assert dict(start["headers"])[b"access-control-allow-origin"] == origin.encode()
    assert caplog.text.count("CORSMiddleware of crossorigin.django does not set CORS headers") == 2


def test_the_first_of_two_has_an_effect(caplog: pytest.LogCaptureFixture) -> None:
    """The second one sees the mark of the first."""
    with serving(MIDDLEWARE=[OURS, OURS]):
        assert allowed(get()) == ORIGIN
    assert "is inside another CORSMiddleware" in caplog.text


def test_a_failing_logging_filter_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning about two middlewares is lost, and the request is answered."""
    monkeypatch.setattr(logging.getLogger("crossorigin"), "warning", lambda *_: 1 / 0)
    with serving(MIDDLEWARE=[OURS, OURS]):
        assert allowed(get()) == ORIGIN


def test_django_cors_headers_next_to_it_changes_nothing() -> None:
    """One Access-Control-Allow-Origin and one Vary, in both orders."""
    theirs = "corsheaders.middleware.CorsMiddleware"
    for middleware in ([OURS, theirs], [theirs, OURS]):
        with serving(MIDDLEWARE=middleware):
            _, headers, _ = serve(WSGIHandler(), environ_of("GET", {"origin": ORIGIN}))
            names = [name.lower() for name, _ in headers]
            assert names.count("access-control-allow-origin") == names.count("vary") == 1
            assert allowed(get()) == ORIGIN


def test_a_view_can_be_called_without_the_middleware() -> None:
    """Unit tests of views do that."""
    request = RequestFactory().get("/")
    assert cors(allow_origins=["*"])(lambda _: HttpResponse("called"))(request).content == b"called"


def test_explain_uses_the_policy_of_the_view() -> None:
    """And the urlconf that it is given."""
    with serving({"": feed, "partner": cors(allow_origins=[PARTNER])(lambda _: HttpResponse(""))}):
        assert explain("GET", "/", ORIGIN).allowed
        explained = explain("get", "/partner", ORIGIN)
        assert not explained.allowed
        assert "test_explain" in str(explained.route)
        assert explain("GET", "/partner", ORIGIN, urlconf="tests.unit.adapters.django.empty_urls").allowed


def test_a_csrf_check_refuses_an_allowed_origin_until_it_is_trusted() -> None:
    """CORS lets the page read the response, and Django's own protection decides about the request."""
    csrf = "django.middleware.csrf.CsrfViewMiddleware"
    from django.test import Client

    with serving(MIDDLEWARE=[OURS, csrf], CORS_ALLOW_CREDENTIALS=True):
        client = Client(enforce_csrf_checks=True)
        answer = client.post("/", headers={"Origin": ORIGIN})
        assert (answer.status_code, allowed(answer)) == (403, ORIGIN)
        assert b"Origin checking failed" in answer.content or not settings.DEBUG
        with override_settings(CSRF_TRUSTED_ORIGINS=[ORIGIN]):
            client = Client(enforce_csrf_checks=True)
            token = "a" * 32
            client.cookies["csrftoken"] = token
            answer = client.post("/", headers={"Origin": ORIGIN, "X-CSRFToken": token})
            assert (answer.status_code, allowed(answer)) == (200, ORIGIN)


def test_reasons_are_those_of_the_table() -> None:
    """A repeated Origin, which servers join, is refused."""
    seen: list[Any] = []
    with serving(CORS_ON_DECISION=lambda decision, _: seen.append(decision.origin)):
        get(origin=f"{ORIGIN},{ORIGIN}")
    assert seen == [Reason.ORIGIN_REPEATED]
