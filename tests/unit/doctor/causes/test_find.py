"""The cause of a refusal, and the fix that follows from it; real stacks are in tests/real/doctor/broken."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware as Theirs
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from crossorigin import CORSMiddleware as Ours
from crossorigin import LiveOrigins, LivePolicy, Policy
from crossorigin.browser import HttpResponse, Verdict
from crossorigin.doctor.answers import Answer
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.causes.find import find_cause
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.evidence import Evidence, Situation
from crossorigin.doctor.servers import recognize, recognize_app
from tests.unit.browser.scripted_fetch import API, OTHER, PAGE, answer, fetch, redirect

PUT = {"method": "PUT", "headers": (("X-Token", "1"),)}


def cause_of(verdict: Verdict, app: object = None, *, is_made: bool = False, **evidence: Any) -> Cause:
    """Return the cause of a refusal."""
    assert verdict.reason is not None
    found = recognize(verdict.exchanges) if app is None else recognize_app(read_app(app, is_made=is_made))
    situation = Situation(verdict=verdict, reason=verdict.reason, recognized=found, evidence=Evidence(**evidence))
    cause = find_cause(situation)
    assert cause is not None
    return cause


def with_middleware(middleware: Any, **options: Any) -> FastAPI:
    """Return an app with a middleware."""
    app = FastAPI()
    app.add_middleware(middleware, **options)
    return app


@pytest.mark.parametrize("middleware", [Ours, Theirs])
def test_a_fix_names_only_the_options_that_change(middleware: Any) -> None:
    """This holds for any collection, and whatever the other options are."""
    app = with_middleware(middleware, allow_origins=("https://a.example",), allow_methods={"PATCH"}, max_age=0)
    cause = cause_of(fetch(answer(400), **PUT), app)
    assert [edit.code for edit in cause.edits] == [
        f'allow_origins=["https://a.example", "{PAGE}"],',
        'allow_methods=["PATCH", "PUT"],',
        'allow_headers=["X-Token"],',
    ]
    assert {edit.place for edit in cause.edits} == {"In app.add_middleware(CORSMiddleware, ...), set:"}


def test_the_options_of_a_policy_change_in_the_policy() -> None:
    """It is passed to the middleware as a whole."""
    app = with_middleware(Ours, policy=Policy(allow_origins=["https://*.a.example"], allow_methods=["GET", "PUT"]))
    cause = cause_of(fetch(answer(400), method="PUT"), app)
    assert [(edit.place, edit.code) for edit in cause.edits] == [
        ("In Policy(...), set:", f'allow_origins=["https://*.a.example", "{PAGE}"],')
    ]


def test_an_origin_is_added_to_the_live_origins_if_they_can_contain_it() -> None:
    """The policy stays as it is. What a load returns is for its owner to change."""
    policy = LivePolicy(Policy(allow_origins=["https://a.example"], allow_methods=["GET", "PUT"]))

    def edits(origins: LiveOrigins) -> list[tuple[str, str, str]]:
        cause = cause_of(fetch(answer(400), method="PUT"), with_middleware(Ours, policy=policy, origins=origins))
        return [(edit.within, edit.place, edit.code) for edit in cause.edits]

    assert edits(LiveOrigins()) == [
        ("LiveOrigins", "Add to LiveOrigins([...]), or call origins.add(...) with it:", f'"{PAGE}",')
    ]
    assert edits(LiveOrigins.polled(list[str])) == [
        (
            "LiveOrigins.polled",
            "Add to the data that the load function of LiveOrigins.polled(...) returns:",
            f'"{PAGE}"',
        )
    ]
    assert edits(LiveOrigins.open("sqlite:////srv/cors.db", scope="eu")) == [
        (
            "LiveOrigins.open",
            "Run:",
            f"crossorigin origins add {PAGE} --store sqlite:////srv/cors.db --scope eu",
        )
    ]
    assert edits(LiveOrigins(schemes=["app"])) == [
        ("Policy", "In Policy(...), set:", f'allow_origins=["https://a.example", "{PAGE}"],')
    ]


def test_a_live_origin_is_not_added_again() -> None:
    """The live origins of a wrapper are known as well, and they allow the page, so the cause is elsewhere."""
    app = Ours(FastAPI(), origins=LiveOrigins([PAGE]))
    cause = cause_of(fetch(answer(400)), app)
    assert (cause.code, cause.edits) == (CauseCode.ANSWERED_ELSEWHERE, ())


@pytest.mark.parametrize(
    "options",
    [
        {"allow_origins": [PAGE]},
        {"allow_origins": ["*"]},
        {"allow_origin_regex": r"https://app\.exam.*"},
    ],
)
def test_a_fix_never_repeats_what_is_there(options: dict[str, Any]) -> None:
    """The cause is elsewhere, and no code is shown unless it moves the middleware."""
    cause = cause_of(fetch(answer(200)), with_middleware(Theirs, **options))
    assert cause.code is CauseCode.ANSWERED_ELSEWHERE
    assert [edit.kind for edit in cause.edits] == ["replace"]
    assert cause_of(fetch(answer(200)), with_middleware(Ours, **options)).edits == ()


@pytest.mark.parametrize("in_process", [False, True])
def test_a_header_that_is_always_allowed_is_not_added(*, in_process: bool) -> None:
    """`Content-Type` needs a preflight for JSON, but every policy of crossorigin allows it."""
    refused = answer(
        400,
        {
            "Access-Control-Allow-Origin": PAGE,
            "Content-Type": "text/plain; charset=utf-8",
            "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
            "Access-Control-Request-Private-Network",
        },
    )
    app = with_middleware(Ours, allow_origins=[PAGE]) if in_process else None
    cause = cause_of(fetch(refused, method="PUT", headers=(("Content-Type", "application/json"),)), app)
    assert cause.code is CauseCode.NOT_LISTED
    assert cause.text == "The origin is allowed, but not the method PUT."
    assert [edit.name for edit in cause.edits] == ["allow_methods"]


def test_a_pattern_of_ours_allows_an_origin() -> None:
    """It is not listed again."""
    app = with_middleware(Ours, allow_origins=["https://*.example"])
    assert cause_of(fetch(answer(200)), app).code is CauseCode.ANSWERED_ELSEWHERE


def test_options_that_our_class_refuses_are_not_moved_to_it() -> None:
    """The app would not start."""
    cause = cause_of(fetch(answer(500)), with_middleware(Theirs, allow_origins=[PAGE, f"{PAGE}/"]))
    assert (cause.code, cause.edits) == (CauseCode.CRASH, ())
    assert "Add it after all other middleware" in cause.fix


def test_the_middleware_outside_is_named() -> None:
    """It is what answered."""
    app = with_middleware(Theirs, allow_origins=[PAGE])
    app.add_middleware(HTTPSRedirectMiddleware)
    assert "outside HTTPSRedirectMiddleware" in cause_of(fetch(answer(401)), app).fix


def test_a_host_that_an_app_does_not_serve_is_a_matter_of_the_command() -> None:
    """The host is testserver, unless the command has a URL."""
    app = with_middleware(Theirs, allow_origins=[PAGE])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["*.shop.example", "localhost"])
    refused = answer(400, {"Content-Length": "19", "Content-Type": "text/plain; charset=utf-8"})
    cause = cause_of(fetch(refused), app)
    assert cause.code is CauseCode.UNKNOWN_HOST
    assert cause.fix.endswith(": crossorigin check main:app https://shop.example/")
    app.user_middleware[0].kwargs["allowed_hosts"] = ["api.example"]
    assert cause_of(fetch(refused), app).code is CauseCode.ANSWERED_ELSEWHERE


@pytest.mark.parametrize(
    ("length", "kind", "setting"),
    [("19", "text/plain", "allowed_hosts of TrustedHostMiddleware"), ("143", "text/html", "ALLOWED_HOSTS in settings")],
)
def test_a_host_that_a_server_does_not_serve_is_named_without_its_port(length: str, kind: str, setting: str) -> None:
    """Neither Starlette nor Django compares the port."""
    refused = answer(400, {"Content-Length": length, "Content-Type": f"{kind}; charset=utf-8"})
    cause = cause_of(fetch(refused, url="http://localhost:8000/"))
    assert cause.code is CauseCode.UNKNOWN_HOST
    assert cause.fix.startswith(f"Add localhost to {setting}")


def test_the_class_of_starlette_has_no_patterns() -> None:
    """A wildcard in its list allows nobody. The pattern stays, because it does no harm."""
    app = with_middleware(Theirs, allow_origins=["https://*.example"])
    cause = cause_of(fetch(answer(200, {"Vary": "Origin"})), app)
    assert cause.code is CauseCode.ORIGIN_NOT_LISTED
    assert "it is a pattern, and this package compares whole origins" in cause.text
    assert [edit.code for edit in cause.edits] == [f'allow_origins=["https://*.example", "{PAGE}"],']


@pytest.mark.parametrize(
    ("location", "code"),
    [
        (f"{API}/items/", CauseCode.REDIRECT_TO_OTHER_URL),
        (f"{API}//", CauseCode.REDIRECT_TO_SLASH),
        ("http://api.example/", CauseCode.REDIRECT_LEAVES_HTTPS),
        ("https://other.example/login", CauseCode.AUTHENTICATION),
    ],
)
def test_a_redirect_is_its_own_cause(location: str, code: CauseCode) -> None:
    """Of a preflight and of the request itself; a URL is only shown as code if the request works there."""
    plain = HttpResponse(status=307, headers=((b"Location", location.encode()),))
    for asked in ({}, PUT):
        cause = cause_of(fetch(plain, **asked))
        assert (cause.code, cause.edits) == (code, ())
    if code is CauseCode.REDIRECT_TO_SLASH:
        assert [edit.code for edit in cause_of(fetch(plain), works_at=location).edits] == [location]


def test_a_redirect_from_http_to_https_names_the_right_url() -> None:
    """The page has to use it."""
    plain = HttpResponse(status=308, headers=((b"Location", b"https://api.example/"),))
    assert cause_of(fetch(plain, url="http://api.example/")).code is CauseCode.REDIRECT_TO_HTTPS


def test_a_followed_redirect_is_not_the_cause() -> None:
    """Its target is."""
    assert cause_of(fetch(redirect(f"{API}/2"), answer(200))).code is CauseCode.ANSWERED_ELSEWHERE
    # What another host allows says nothing about the target.
    assert cause_of(fetch(redirect("https://b.example/"), answer(200))).code is CauseCode.NO_CORS


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("http://app.example", "its scheme is http, not https"),
        ("https://b.example", "It seems to send the same origin to every page."),
        ("null", "any site can make such pages"),
    ],
)
def test_a_constant_origin_is_named_with_the_difference(sent: str, words: str) -> None:
    """And the lines that the server must send."""
    cause = cause_of(fetch(answer(200, allow_origin=sent)))
    assert cause.code is CauseCode.CONSTANT_ORIGIN
    assert words in cause.text
    assert f"Access-Control-Allow-Origin: {PAGE}" in cause.headers


def test_the_code_for_a_factory_goes_into_the_factory() -> None:
    """There is no app in the module."""
    [edit] = cause_of(fetch(answer(200)), FastAPI(), is_made=True).edits
    assert edit.place == "In app() in main, on the app, before it is returned:"
    assert "app.add_middleware(" in edit.code


@pytest.mark.parametrize(
    ("app", "opening"), [(Starlette(), "app.add_middleware("), (object(), "app = CORSMiddleware(")]
)
def test_an_app_without_cors_gets_all_that_the_page_needs(app: object, opening: str) -> None:
    """The code allows nothing else."""
    [edit] = cause_of(fetch(answer(405), **PUT, credentials="include"), app).edits
    assert opening in edit.code
    for option in ("allow_origins=", 'allow_methods=["GET", "PUT"]', 'allow_headers=["X-Token"]', "allow_credentials"):
        assert option in edit.code
    [edit] = cause_of(fetch(answer(200)), app).edits
    assert "allow_methods" not in edit.code


@pytest.mark.parametrize(
    ("on", "place"),
    [
        ("main.public", "Add to allow_origins in @cors(...) on main.public:"),
        ("APIRouter '/in'", "Add to allow_origins in cors(...) on APIRouter '/in':"),
    ],
)
def test_what_a_route_refused_is_fixed_on_the_route(on: str, place: str) -> None:
    """The middleware of the app does not decide there."""
    plain = answer(400)
    verdict = fetch(Answer(status=plain.status, headers=plain.headers, policy_of=on), method="PUT")
    found = diagnose([verdict], app=recognize_app(read_app(with_middleware(Ours, allow_origins=["https://a.example"]))))
    assert found.fix is not None
    assert found.fix.on == on
    assert [edit.place for edit in found.fix.edits][:1] == [place]
    assert on in found.fix.text


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([], {"method": "TRACE"}),
        ([redirect("https://user:pass@b.example/")], {}),
        ([None], {}),
        ([answer(403)], {"origin": "null"}),
        ([answer(400)], {"method": "patch"}),
        ([answer(400)], {"headers": (("Access-Control-Allow-Origin", "*"),)}),
    ],
)
def test_what_no_server_can_fix_has_no_code(answers: list[HttpResponse | None], asked: dict[str, Any]) -> None:
    """Errors of the page, a wrong address, a page that may be anyone's."""
    fix = diagnose([fetch(*answers, **asked)]).fix
    assert fix is not None
    assert fix.text
    assert (fix.code, fix.headers) == (None, ())


def test_what_is_allowed_has_no_cause() -> None:
    """There is nothing to fix."""
    found = diagnose([fetch(answer(allow_origin="*"))])
    assert (found.cause, found.fix) == (None, None)


def test_answers_that_allow_everything_lead_to_no_code() -> None:
    """An invalid list makes the preflight fail, whatever it contains."""
    refused = answer(204, {"Server": "Werkzeug"}, allow_origin=PAGE, allow_methods="PUT, A B", allow_headers="X-Token")
    cause = cause_of(fetch(refused, **PUT))
    assert cause.edits == ()
    assert "No code is shown" in cause.fix


def test_a_wildcard_is_not_the_cause_if_the_answer_names_the_origin() -> None:
    """Starlette does that with credentials. Here, only the header is missing."""
    app = with_middleware(
        Theirs, allow_origins=["*"], allow_credentials=True, allow_methods=["*"], allow_headers=["X-A"]
    )
    refused = answer(400, allow_origin=PAGE, allow_credentials="true", allow_methods="PUT", allow_headers="X-A")
    cause = cause_of(fetch(refused, **PUT, credentials="include"), app)
    assert cause.code is CauseCode.NOT_LISTED
    assert [edit.code for edit in cause.edits] == ['allow_headers=["X-A", "X-Token"],']


@pytest.mark.parametrize(
    ("status", "headers", "app"),
    [(405, {}, FastAPI()), (405, {"Content-Type": "application/json", "Content-Length": "31"}, None)],
)
def test_headers_that_code_sets_are_not_options_of_a_middleware(status: int, headers: Any, app: Any) -> None:
    """Nothing in the app answers preflights. The same holds for a header that an Express app sets itself."""
    cause = cause_of(fetch(answer(status, headers, allow_origin="*", allow_headers="X-Token, X-B"), **PUT), app)
    by_express = {"X-Powered-By": "Express", "Allow": "GET,HEAD,PUT"}
    express = cause_of(fetch(answer(200, by_express, allow_origin="*", allow_headers="X-Token, X-B"), **PUT))
    for found in (cause, express):
        assert "not a CORS package" in found.text or "The code of the app sets the headers itself" in found.text
        assert found.edits == ()
        assert "Access-Control-Allow-Methods: PUT" in found.headers


def test_header_lines_keep_what_is_allowed() -> None:
    """Pages of other origins, other methods and other headers still work after it."""
    refused = answer(204, allow_origin="*", allow_methods="GET, DELETE", allow_headers="x-token, X-B")
    cause = cause_of(fetch(refused, **PUT))
    assert cause.headers == (
        "# In the answer to OPTIONS, with status 204:",
        "Access-Control-Allow-Origin: *",
        "Access-Control-Allow-Methods: DELETE, GET, PUT",
        "Access-Control-Allow-Headers: X-B, x-token",
        "# In every answer to PUT, errors too:",
        "Access-Control-Allow-Origin: *",
    )


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (502, CauseCode.APP_UNREACHABLE, "the proxy could not reach the app"),
        (503, CauseCode.APP_UNREACHABLE, "closed for maintenance"),
        (504, CauseCode.APP_UNREACHABLE, "could not reach the app in time"),
        (522, CauseCode.APP_UNREACHABLE, "the proxy could not reach the app"),
        (429, CauseCode.RATE_LIMITED, "limits the rate of requests"),
    ],
)
@pytest.mark.parametrize("asked", [{}, PUT])
def test_without_an_answer_of_the_app_there_is_no_code(
    status: int, code: CauseCode, words: str, asked: dict[str, Any]
) -> None:
    """What the app allows is not known then, and code could take that from other pages."""
    cause = cause_of(fetch(answer(status, {"Server": "nginx"}), **asked))
    assert cause.code is code
    assert words in cause.text
    assert (cause.edits, cause.headers) == ((), ())
    here = cause_of(fetch(answer(status), **asked), FastAPI())
    assert here.code is CauseCode.NO_CORS


def test_a_preflight_that_fails_shows_nothing_of_what_is_allowed() -> None:
    """The error comes first. In an app without a CORS layer, it hides nothing."""
    cause = cause_of(fetch(answer(500, {"Server": "uvicorn"}), **PUT))
    assert (cause.code, cause.edits, cause.headers) == (CauseCode.CRASH, (), ())
    assert cause_of(fetch(answer(500), **PUT), FastAPI()).edits


@pytest.mark.parametrize("server", ["Werkzeug/3", "WSGIServer/0.2"])
def test_without_a_list_in_any_preflight_code_sets_the_headers(server: str) -> None:
    """Flask-Cors lists methods in a preflight for GET, and django-cors-headers in each."""
    refused = answer(200, {"Server": server}, allow_origin="*")
    bare = fetch(refused, answer(allow_origin="*"), upload_listener=True).exchanges[:1]
    cause = cause_of(fetch(refused, **PUT), preflights=bare)
    assert cause.code is CauseCode.NOT_LISTED
    assert (cause.edits, "not a CORS package" in cause.text) == ((), True)
    listing = answer(200, {"Server": server}, allow_origin="*", allow_methods="GET")
    packaged = fetch(listing, answer(allow_origin="*"), upload_listener=True).exchanges[:1]
    assert cause_of(fetch(refused, **PUT), preflights=packaged).edits


@pytest.mark.parametrize("method", ["GET, PUT", None])
def test_in_an_app_without_a_package_no_option_is_named(method: str | None) -> None:
    """No call in the app has one."""
    lists = {} if method is None else {"allow_methods": method}
    cause = cause_of(fetch(answer(200, {"Vary": "Origin"}, **lists), **PUT), FastAPI())
    assert cause.code is CauseCode.ORIGIN_NOT_LISTED
    assert (cause.edits, "The code of the app sets the headers itself" in cause.text) == ((), True)


@pytest.mark.parametrize(("allowed", "words"), [("*", "what sets them does not"), (OTHER, "does not allow")])
@pytest.mark.parametrize("status", [404, 405, 200])
def test_headers_that_only_answers_to_get_have_lead_to_no_code(status: int, allowed: str, words: str) -> None:
    """Such as those of a middleware behind a proxy that answers OPTIONS: code would replace what it allows."""
    simple = fetch(answer(200, {"Vary": "Origin"}, allow_origin=allowed)).exchanges[0]
    cause = cause_of(fetch(answer(status, {"Server": "nginx"}), **PUT), simple=simple)
    assert cause.code is CauseCode.PREFLIGHT_NOT_COVERED
    assert words in cause.text
    assert f"answered with {status} and without them" in cause.text
    assert cause.edits == ()
    assert "Access-Control-Allow-Methods: PUT" in cause.headers
    failed = cause_of(fetch(answer(500, {"Server": "nginx"}), **PUT), simple=simple)
    assert failed.code is CauseCode.CRASH


def test_of_several_middlewares_the_fix_is_for_the_outermost() -> None:
    """It answers the preflights, and the report says which call that is."""
    app = with_middleware(Theirs, allow_origins=[PAGE])
    app.add_middleware(Theirs, allow_origins=[OTHER])
    [edit] = cause_of(fetch(answer(200, {"Vary": "Origin"})), app).edits
    assert edit.code == f'allow_origins=["{OTHER}", "{PAGE}"],'
    assert "the outermost one (the last such call, or the first in a list)" in edit.place


def test_a_method_that_no_route_accepts_is_not_missing_in_the_options() -> None:
    """Only `served_methods_only` makes our middleware refuse what its options allow. By URL, that is not certain."""
    app = with_middleware(Ours, allow_origins=[PAGE], allow_methods=["*"], served_methods_only=True)
    refused = answer(400, allow_origin=PAGE)
    cause = cause_of(fetch(refused, method="PUT"), app)
    assert (cause.code, cause.edits) == (CauseCode.METHOD_NOT_SERVED, ())
    assert "no route of the app accepts PUT at this path" in cause.text
    vary = {"Vary": "Origin, Access-Control-Request-Private-Network", "Content-Type": "text/plain; charset=utf-8"}
    by_url = cause_of(fetch(answer(400, vary, allow_origin=PAGE), method="PUT"))
    assert by_url.edits
    assert "If PUT is listed already, served_methods_only is on" in by_url.fix


def test_the_argument_that_keeps_the_middleware_inside_is_named() -> None:
    """Without it, the middleware moves outside."""
    app = with_middleware(Ours, allow_origins=[PAGE], outermost=False)
    app.add_middleware(HTTPSRedirectMiddleware)
    cause = cause_of(fetch(answer(401), method="GET", headers=(("Authorization", "x"),)), app)
    assert "Without outermost=False, it goes there by itself." in cause.fix


def test_a_pattern_that_allows_nobody_does_not_get_a_class_in_which_it_allows() -> None:
    """The list of Starlette's class compares whole origins."""
    app = with_middleware(Theirs, allow_origins=[PAGE, "https://*.example"])
    assert cause_of(fetch(answer(401)), app).edits == ()


@pytest.mark.parametrize(("headers", "words"), [({}, "a firewall"), ({"WWW-Authenticate": "Basic"}, "authenticates")])
def test_a_forbidden_preflight_need_not_be_a_matter_of_authentication(headers: dict[str, str], words: str) -> None:
    """Without a challenge, anything may forbid it."""
    cause = cause_of(fetch(answer(403, headers), **PUT))
    assert cause.code is CauseCode.AUTHENTICATION
    assert words in cause.text


@pytest.mark.parametrize(("status", "words"), [(413, "client_max_body_size"), (404, "add_header Vary.")])
def test_what_nginx_answers_itself_is_named(status: int, words: str) -> None:
    """Whether nginx or the app behind it sets the headers is not known."""
    allowed = fetch(answer(204, allow_origin=PAGE), answer(allow_origin=PAGE), upload_listener=True).exchanges[:1]
    cause = cause_of(fetch(answer(status, {"Server": "nginx"})), preflights=allowed)
    assert cause.code is CauseCode.NGINX_WITHOUT_ALWAYS
    assert words in cause.fix


def test_code_goes_above_what_runs_the_app() -> None:
    """What follows it is only run when the server has stopped."""
    [edit] = cause_of(fetch(answer(405, {"Server": "uvicorn"}), **PUT)).edits
    assert edit.place == 'As the last line of the module, above any if __name__ == "__main__":'
    found = recognize_app(replace(read_app(FastAPI()), has_main=True))
    cause = diagnose([fetch(answer(200))], app=found).cause
    assert cause is not None
    assert cause.edits[0].place == 'As the last line of main.py, above any if __name__ == "__main__":'
