"""Live origins and live policies in Django: the settings, views, paths, the signal, and `override_settings`."""

import gc
import weakref
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from crossorigin import InvalidPolicyError, LiveOrigins, LivePolicy, Policy
from crossorigin.adapters.django.middleware import _Settings
from crossorigin.browser import wsgi_transport
from crossorigin.django import CORSMiddleware, check_request_enabled, cors, explain
from tests.cases.django_project import project
from tests.cases.live_apps import allows, request_of
from tests.unit.adapters.django.pages import ORIGIN, OTHER, PARTNER, feed, serving

POLICY, SECOND = Policy(allow_origins=[ORIGIN]), Policy(allow_origins=[OTHER])


def test_other_settings_use_other_handles() -> None:
    """A test that overrides a setting sees its own, and later changes of the other ones do nothing."""
    first, second, inner = LivePolicy(POLICY), LivePolicy(POLICY), LiveOrigins([PARTNER])
    with serving(CORS_POLICY=first, CORS_LIVE_ORIGINS=LiveOrigins()):
        app = wsgi_transport(WSGIHandler())
        assert [allows(app, origin) for origin in (ORIGIN, PARTNER)] == [True, False]
        with override_settings(CORS_POLICY=second, CORS_LIVE_ORIGINS=inner):
            assert [allows(app, origin) for origin in (ORIGIN, PARTNER)] == [True, True]
            first.replace(SECOND)
            assert [allows(app, origin) for origin in (ORIGIN, OTHER)] == [True, False]
            second.replace(SECOND)
            assert [allows(app, origin) for origin in (ORIGIN, OTHER)] == [False, True]
        assert [allows(app, origin) for origin in (ORIGIN, OTHER, PARTNER)] == [False, True, False]


def test_paths_outside_the_urls_have_no_live_origins() -> None:
    """There, no other origin is allowed, even if the policy of the settings is as empty as theirs."""
    with serving(CORS_POLICY=Policy(), CORS_LIVE_ORIGINS=LiveOrigins([ORIGIN]), CORS_URLS_REGEX="^/api/"):
        app = wsgi_transport(WSGIHandler())
        assert [allows(app, ORIGIN, path) for path in ("/", "/api/items")] == [False, True]


def test_the_signal_is_sent_for_an_origin_that_is_not_live() -> None:
    """And not for one that is."""
    asked: list[str] = []

    def receive(*, request: Any, **_: Any) -> bool:
        asked.append(request.headers["Origin"])
        return True

    origins = LiveOrigins([PARTNER])
    check_request_enabled.connect(receive)
    try:
        with serving(CORS_POLICY=POLICY, CORS_LIVE_ORIGINS=origins):
            app = wsgi_transport(WSGIHandler())
            assert all(allows(app, origin) for origin in (PARTNER, ORIGIN, OTHER))
    finally:
        check_request_enabled.disconnect(receive)
    assert {*asked} == {OTHER}


def test_explain_follows_both() -> None:
    """A view with its own policy has neither."""
    live, origins = LivePolicy(POLICY), LiveOrigins([PARTNER])
    views = {"own": cors(POLICY)(lambda _: HttpResponse()), "": feed}
    with project(views, CORS_POLICY=live, CORS_LIVE_ORIGINS=origins):
        assert "is in the live origins (in memory, revision 1)" in str(explain("GET", "/", PARTNER))
        assert not explain("GET", "/own", PARTNER).allowed
        origins.remove(PARTNER)
        live.replace(SECOND)
        assert [explain("GET", "/", origin).allowed for origin in (PARTNER, ORIGIN, OTHER)] == [False, False, True]


def test_a_policy_that_contradicts_the_settings_is_refused() -> None:
    """The project serves by the policy that it had."""
    live = LivePolicy(POLICY)
    with serving(CORS_POLICY=live, CORS_ON_REFUSED="block"):
        app = wsgi_transport(WSGIHandler())
        with pytest.raises(InvalidPolicyError, match="no-effect-with-wildcard"):
            live.replace(Policy(allow_origins=["*"]))
        assert allows(app, ORIGIN)


def test_a_handler_that_was_read_before_a_replacement_is_not_used_for_good() -> None:
    """A thread that stores the handler of the first request looks again."""
    live = LivePolicy(POLICY)

    class Racing(CORSMiddleware):
        """A middleware whose first handler is stored by a thread that was interrupted by a replacement."""

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "_handler" and value is not None and live.current is POLICY:
                live.replace(SECOND)
            super().__setattr__(name, value)

    with serving(CORS_POLICY=live):
        middleware: Any = Racing(feed)
        found = [middleware(RequestFactory().get("/", headers={"Origin": OTHER})) for _ in range(3)]
    assert live.current is SECOND
    assert [response.headers.get("Access-Control-Allow-Origin") for response in found] == [None, OTHER, OTHER]


def test_old_policies_and_settings_are_not_kept_alive() -> None:
    """Whatever a request made of them is gone with them."""
    live = LivePolicy(POLICY)
    with serving(CORS_POLICY=live):
        middleware = CORSMiddleware(feed)
        plan = weakref.ref(middleware._start().plans.app.plan)
        live.replace(SECOND)
        gc.collect()
        assert plan() is None
        settings = middleware._settings
        assert isinstance(settings, _Settings)
        of_settings = weakref.ref(settings)
        del settings
        with override_settings(CORS_DEBUG=True):
            assert of_settings() is None


def test_a_request_is_finished_by_the_policy_that_started_it() -> None:
    """A policy that is replaced while the view runs applies to the next request."""
    live = LivePolicy(POLICY)

    def replacing(_: Any) -> HttpResponse:
        live.replace(SECOND)
        return HttpResponse()

    with project({"": replacing}, CORS_POLICY=live, CORS_ON_DECISION=lambda *_: None):
        app = wsgi_transport(WSGIHandler())
        for origin in (ORIGIN, OTHER):
            assert app(request_of(origin)).lines("Access-Control-Allow-Origin") == (origin.encode(),)


def test_the_log_names_the_setting_and_keeps_the_origin(caplog: pytest.LogCaptureFixture) -> None:
    """The name of an argument that is also a word can be part of an origin."""
    with serving(CORS_LIVE_ORIGINS=LiveOrigins()):
        assert not allows(wsgi_transport(WSGIHandler()), "https://origins.add.example")
    assert 'add it with CORS_LIVE_ORIGINS.add("https://origins.add.example").' in caplog.text
