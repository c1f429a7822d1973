"""Which policy applies to a request of a Django project: of the method, the view, its class, its URLs or the app."""

import functools
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

import crossorigin
from crossorigin import InvalidPolicyError, Policy
from crossorigin.django import cors
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

COMMON = "django.middleware.common.CommonMiddleware"
OURS = "crossorigin.django.CORSMiddleware"
ALL = {"allow_methods": ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]}


def new() -> Any:
    """Return a new view."""
    return lambda _: HttpResponse("new")


def test_a_function_has_its_own_policy() -> None:
    """The decorator takes options, a policy or None."""
    views = {
        "options": cors(allow_origins=[PARTNER])(new()),
        "policy": cors(Policy(allow_origins=["*"]))(new()),
        "none": cors(None)(new()),
        "async": cors(allow_origins=[PARTNER])(functools.wraps(later)(lambda _: HttpResponse("later"))),
        "plain": feed,
    }
    with serving(views):
        assert readers("/options") == {PARTNER}
        assert readers("/policy") == {ORIGIN, PARTNER, OTHER}
        assert readers("/none") == set()
        assert readers("/async") == {PARTNER}
        assert readers("/plain") == {ORIGIN}
        assert get("/options").content == b"new"


def test_a_policy_in_the_urlconf_is_not_that_of_other_urls(caplog: pytest.LogCaptureFixture) -> None:
    """The same function can have two policies and none, and so can what `as_view` returns."""

    async def wait(_: Any) -> HttpResponse:
        return HttpResponse("waited")

    class Items(View):
        def get(self, _: Any) -> HttpResponse:
            return HttpResponse("items")

    for view in (csrf_exempt(new()), wait, Items.as_view()):
        partner, public = cors(allow_origins=[PARTNER])(view), cors(allow_origins=["*"])(view)
        views = {"partner": partner, "public": public, "plain": view}
        with serving(views):
            assert readers("/partner") == {PARTNER}
            assert readers("/public") == {ORIGIN, PARTNER, OTHER}
            assert readers("/plain") == {ORIGIN}
            assert get("/partner").content == get("/plain").content
        for name in ("csrf_exempt", "view_class"):
            assert getattr(partner, name, None) == getattr(view, name, None)
        assert (partner.__name__, partner.__wrapped__) == (view.__name__, view)
        assert iscoroutinefunction(partner) == iscoroutinefunction(view)
    assert f"by the policy of {__name__}.{Items.__qualname__}." in caplog.text


def test_other_decorators_keep_the_policy() -> None:
    """Django's own decorators use `functools.wraps`, and a partial function has the policy of its function."""
    own = cors(allow_origins=[PARTNER])
    views = {
        "exempt": csrf_exempt(own(new())),
        "methods": require_http_methods(["GET"])(own(new())),
        "partial": functools.partial(own(new())),
    }
    with serving(views):
        for name in views:
            assert readers(f"/{name}") == {PARTNER}


def test_a_class_and_its_methods_have_policies() -> None:
    """The method that serves the request is nearest, GET also serves HEAD, and subclasses inherit the policy."""

    @cors(allow_origins=[OTHER], **ALL)
    class Items(View):
        @cors(allow_origins=[PARTNER], **ALL)
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("get")

        def post(self, request: Any) -> HttpResponse:
            return HttpResponse("post")

    class Special(Items):
        pass

    views = {"items": Items.as_view(), "special": Special.as_view()}
    with serving(views, MIDDLEWARE=[OURS]):
        for name in ("/items", "/special"):
            assert readers(name) == {PARTNER}
            assert readers(name, "HEAD") == {PARTNER}
            assert readers(name, "POST") == {OTHER}
            # The class is found although it does not serve the method.
            assert readers(name, "DELETE") == {OTHER}
            assert get(name, method="DELETE").status_code == 405
            assert readers(name, "OPTIONS") == {OTHER}


def test_as_view_and_method_decorator_attach_a_policy() -> None:
    """The function in the URLconf is nearer than the class; a method can also be decorated by its name."""

    @cors(allow_origins=[OTHER])
    class Items(View):
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("get")

    @method_decorator(cors(allow_origins=[PARTNER]), name="get")
    class ByName(Items):
        pass

    @method_decorator(cors(allow_origins=[PARTNER]), name="dispatch")
    class ByDispatch(View):
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("get")

    views = {
        "function": cors(allow_origins=[PARTNER])(Items.as_view()),
        "name": ByName.as_view(),
        "dispatch": ByDispatch.as_view(),
    }
    with serving(views):
        for name in views:
            assert readers(f"/{name}") == {PARTNER}
            assert get(f"/{name}").content == b"get"


def test_a_preflight_does_not_speak_for_other_policies() -> None:
    """Browsers cache it by URL, so it allows only methods whose requests have the same policy, and is not cached."""

    class Mixed(View):
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("get")

        @cors(allow_origins=[ORIGIN], **ALL)
        def post(self, request: Any) -> HttpResponse:
            return HttpResponse("post")

    class Single(View):
        @cors(allow_origins=[ORIGIN], **ALL)
        def post(self, request: Any) -> HttpResponse:
            return HttpResponse("post")

    with serving({"mixed": Mixed.as_view(), "single": Single.as_view()}):
        mixed = preflight("/mixed", method="POST").headers
        assert (mixed["Access-Control-Allow-Methods"], mixed["Access-Control-Max-Age"]) == ("POST", "0")
        assert "POST" not in preflight("/mixed").headers["Access-Control-Allow-Methods"]
        # The response to OPTIONS only describes the one method that there is.
        single = preflight("/single", method="POST").headers
        assert (single["Access-Control-Allow-Methods"], single["Access-Control-Max-Age"]) == (
            "GET, HEAD, POST, OPTIONS, DELETE",
            "600",
        )


def test_only_served_methods_are_allowed_if_wanted() -> None:
    """`CORS_SERVED_METHODS_ONLY` knows the methods of classes, also those that `as_view` restricts."""

    class Items(View):
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("get")

        def post(self, request: Any) -> HttpResponse:
            return HttpResponse("post")

    views = {"items": Items.as_view(), "get": Items.as_view(http_method_names=["get"]), "function": feed}
    with serving(views, CORS_SERVED_METHODS_ONLY=True, CORS_ALLOW_METHODS=["GET", "POST", "PUT"]):
        methods = {name: preflight(f"/{name}").headers["Access-Control-Allow-Methods"] for name in views}
    assert methods == {"items": "GET, POST", "get": "GET", "function": "GET, POST, PUT"}


def test_include_gives_a_policy_to_its_views() -> None:
    """A policy nearer to a view wins, the included patterns do not change, and names and namespaces work."""

    async def asynchronous(request: Any) -> HttpResponse:
        return HttpResponse("later")

    class Items(View):
        @cors(allow_origins=[OTHER])
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("get")

        def post(self, request: Any) -> HttpResponse:
            return HttpResponse("post")

    class Callable:
        def __call__(self, request: Any) -> HttpResponse:
            return HttpResponse("called")

    @cors(None)
    class Closed(Callable):
        pass

    inner = [path("inner", new(), name="inner"), path("later", asynchronous)]
    patterns = [
        path("plain", new(), name="plain"),
        path("own", cors(allow_origins=["*"])(new())),
        path("items", Items.as_view()),
        path("callable", Callable()),
        path("closed", Closed()),
        path("deep/", include((inner, "inner"))),
        path("nearer/", cors(allow_origins=[OTHER])(include(inner))),
    ]
    urls = [
        path("partner/", cors(allow_origins=[PARTNER], **ALL)(include((patterns, "partner")))),
        path("again/", include((patterns, "again"))),
    ]
    from django.urls import reverse

    with serving(urls):
        assert reverse("partner:inner:inner") == "/partner/deep/inner"
        for name in ("plain", "callable", "deep/inner", "deep/later"):
            assert readers(f"/partner/{name}") == {PARTNER}
            assert readers(f"/again/{name}") == {ORIGIN}
        assert readers("/partner/own") == {ORIGIN, PARTNER, OTHER}
        assert readers("/partner/closed") == set()
        assert readers("/partner/items") == {OTHER}
        assert readers("/partner/items", "POST") == {PARTNER}
        assert readers("/partner/nearer/inner") == {OTHER}
        assert get("/partner/deep/later").content == b"later"
        assert get("/partner/callable").content == b"called"


def test_include_by_module_names_it() -> None:
    """The name of the module is in the log, so that the policy can be found."""
    with serving([path("i18n/", cors(None)(include("django.conf.urls.i18n")))]):
        assert readers("/i18n/setlang/") == set()


def test_a_redirect_to_a_slash_belongs_to_its_view() -> None:
    """Both the preflight, which is answered in place of the redirect, and the redirect itself."""
    with serving({"feed/": cors(allow_origins=[PARTNER])(new())}, MIDDLEWARE=[OURS, COMMON]):
        assert readers("/feed") == readers("/feed/") == {PARTNER}
        assert get("/feed").status_code == 301
    with serving({"feed/": cors(allow_origins=[PARTNER])(new())}, APPEND_SLASH=False):
        assert readers("/feed") == {ORIGIN}


def test_an_answer_before_the_view_has_the_policy_of_the_view() -> None:
    """A login page in place of a view belongs to it; a 404 belongs to the settings."""

    def authenticate(get_response: Any) -> Any:
        return lambda request: HttpResponseRedirect("/login") if request.path == "/feed" else get_response(request)

    globals()["authenticate"] = authenticate
    middleware = [OURS, f"{__name__}.authenticate"]
    with serving({"feed": cors(allow_origins=[PARTNER])(new())}, MIDDLEWARE=middleware):
        assert get("/feed").status_code == 302
        assert readers("/feed") == {PARTNER}
        assert get("/none").status_code == 404
        assert readers("/none") == {ORIGIN}


def test_a_language_in_the_path_is_known_before_it_is_active() -> None:
    """`i18n_patterns` match only while their language is active, which it is not yet for a preflight."""
    middleware = [OURS, "django.middleware.locale.LocaleMiddleware"]
    urls = i18n_patterns(path("feed", cors(allow_origins=[PARTNER])(new())))
    with serving(urls, MIDDLEWARE=middleware, USE_I18N=True):
        for name in ("/de/feed", "/en/feed"):
            assert readers(name) == {PARTNER}
        for name in ("/de/none", "/xx/feed", "/feed/feed"):
            assert allowed(preflight(name)) == ORIGIN
    with serving(urls, USE_I18N=False):
        assert allowed(preflight("/de/feed")) == ORIGIN


def test_a_converter_that_fails_does_no_harm() -> None:
    """Django answers the request with 500, and the preflight has the policy of the settings."""

    class Failing(StringConverter):
        def to_python(self, value: str) -> str:
            raise ZeroDivisionError

    register_converter(Failing, "failing")
    with serving([path("<failing:name>", feed)]):
        assert preflight("/a").status_code == 200
        assert (get("/a").status_code, allowed(get("/a"))) == (500, ORIGIN)


def test_a_request_can_have_its_own_urlconf() -> None:
    """As with packages that route by host, if their middleware is before this one."""

    def route(get_response: Any) -> Any:
        def call(request: Any) -> Any:
            request.urlconf = (path("feed", cors(allow_origins=[PARTNER])(feed_of)),)
            return get_response(request)

        return call

    def feed_of(request: Any) -> HttpResponse:
        return HttpResponse("host")

    globals()["route"] = functools.cache(route)
    globals()["route"] = lambda get_response: _once(feed_of, get_response)
    with serving({}, MIDDLEWARE=[f"{__name__}.route", OURS]):
        assert readers("/feed") == {PARTNER}


def _once(view: Any, get_response: Any) -> Any:
    urls = (path("feed", view if hasattr(view, "__crossorigin_django__") else cors(allow_origins=[PARTNER])(view)),)

    def call(request: Any) -> Any:
        request.urlconf = urls
        return get_response(request)

    return call


def test_views_can_be_made_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a bounded number of them is kept."""
    from crossorigin.adapters.django import routing

    monkeypatch.setattr(routing, "_MAX_VIEWS", 2)
    finder = routing.ViewFinder()
    kept = [new() for _ in range(5)]
    assert [finder.of_view(view).view for view in kept] == kept
    assert len(finder.by_view) == 1


def test_the_decorator_of_starlette_is_not_silently_ignored() -> None:
    """It has the same name, and would have no effect."""
    with serving({"feed": crossorigin.cors(allow_origins=[PARTNER])(new())}):
        client = Client()
        with pytest.raises(TypeError, match=r"cors\(\.\.\.\) of crossorigin on .* has no effect in Django"):
            client.get("/feed")


def test_a_variable_without_a_value_does_no_harm() -> None:
    """A method may use a variable that is set later."""

    class Items(View):
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse(later_set)

    with serving({"items": Items.as_view()}):
        assert preflight("/items").status_code == 200
        later_set = "set"
        assert get("/items").content == b"set"


@pytest.mark.parametrize(
    ("attach", "message"),
    [
        (lambda: cors(new()), "cors needs parentheses"),
        (lambda: cors(allow_origins=["*"])([path("", feed)]), r"a view or include\(\.\.\.\), got list"),
        (lambda: cors(allow_origins=["*"])((1, 2)), "got a tuple of 2"),
        (lambda: cors(None)(cors(None)(new())), "already has a policy"),
        (lambda: cors(None)(len), "its attributes cannot be set"),
    ],
)
def test_what_cannot_have_a_policy_is_refused(attach: Any, message: str) -> None:
    """The message says what to write."""
    with pytest.raises(TypeError, match=message):
        attach()


def test_an_invalid_policy_is_refused() -> None:
    """When the module of the view is imported."""
    with pytest.raises(InvalidPolicyError, match="origin-trailing-slash"):
        cors(allow_origins=["https://app.example.com/"])
