"""The console messages of the engines, as they were printed."""

from typing import Any

import pytest

from crossorigin.browser import HttpResponse, Verdict, console_text, firefox_category
from tests.unit.browser.scripted_fetch import API, GRANT, OTHER, PAGE, answer, fetch, redirect

ALLOWED = answer(**GRANT)
CHROMIUM = f"Access to fetch at '{API}/' from origin '{PAGE}' has been blocked by CORS policy: "
PREFLIGHT = "Response to preflight request doesn't pass access control check: "
TAIL = " Have the server send the header with a valid value."
XHR = (
    " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the withCredentials attribute."
)
FIREFOX = (
    f"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {API}/. (Reason: "
)
FAILED = "CORS request did not succeed). Status code: (null)."
NO_ORIGIN = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
WEBKIT_ORIGIN = f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: "
PUT = {"method": "PUT"}
TOKEN = {"headers": (("X-Token", "t"),)}
INCLUDE = {"credentials": "include"}
LOCATION = {"Location": f"{OTHER}/b"}


def of_redirect(place: str) -> str:
    """Return the beginning of WebKit's message about a redirect."""
    return f"Cross-origin redirection to {place} denied by Cross-Origin Resource Sharing policy: "


CASES: list[tuple[list[HttpResponse | None], dict[str, Any], str | None, str | None, str | None, str | None]] = [
    ([answer(404)], {}, CHROMIUM + NO_ORIGIN,
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 404.", "CORSMissingAllowOrigin2",
     f"{WEBKIT_ORIGIN}404"),
    ([answer(200)], PUT, CHROMIUM + PREFLIGHT + NO_ORIGIN,
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.", "CORSMissingAllowOrigin2",
     f"{WEBKIT_ORIGIN}200"),
    ([answer(allow_origin="a b")], {},
     CHROMIUM
     + f"The 'Access-Control-Allow-Origin' header contains multiple values 'a b', but only one is allowed.{TAIL}",
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘a b’).", "CORSAllowOriginNotMatchingOrigin",
     f"{WEBKIT_ORIGIN}200"),
    ([answer(allow_origin="*, *")], {"initiator": "xhr"},
     f"{CHROMIUM}The 'Access-Control-Allow-Origin' header contains multiple values '*, *', but only one is allowed."
     .replace("fetch", "XMLHttpRequest"),
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘*, *’).", "CORSAllowOriginNotMatchingOrigin",
     "Access-Control-Allow-Origin cannot contain more than one origin."),
    ([answer(200, [("Access-Control-Allow-Origin", "*")] * 2)], {"initiator": "image"},
     f"{CHROMIUM}The 'Access-Control-Allow-Origin' header contains multiple values '*, *', but only one is allowed."
     .replace("fetch", "image"),
     f"{FIREFOX}Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed).", "CORSMultipleAllowOriginNotAllowed",
     "Access-Control-Allow-Origin cannot contain more than one origin."),
    ([answer(allow_origin="**")], PUT,
     f"{CHROMIUM}{PREFLIGHT}The 'Access-Control-Allow-Origin' header contains the invalid value '**'.{TAIL}",
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘**’).", "CORSAllowOriginNotMatchingOrigin",
     f"{WEBKIT_ORIGIN}200"),
    ([answer(allow_origin="null")], {"initiator": "beacon"},
     f"{CHROMIUM}The 'Access-Control-Allow-Origin' header has a value 'null' that is not equal to the supplied origin."
     .replace("fetch", "resource"),
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘null’).", "CORSAllowOriginNotMatchingOrigin",
     f"{WEBKIT_ORIGIN}200"),
    ([answer(allow_origin="*")], INCLUDE,
     f"{CHROMIUM}The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'"
     " when the request's credentials mode is 'include'.",
     FIREFOX.replace(f"{API}/", f"‘{API}/’")
     + "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’).",
     "CORSNotSupportingCredentials",
     "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."),
    ([answer(allow_origin=PAGE, allow_credentials="True")], {**INCLUDE, "initiator": "xhr"},
     f"{CHROMIUM}The value of the 'Access-Control-Allow-Credentials' header in the response is 'True' which must be"
     f" 'true' when the request's credentials mode is 'include'.{XHR}".replace("to fetch", "to XMLHttpRequest"),
     f"{FIREFOX}expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’).", "CORSMissingAllowCredentials",
     'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".'),
    ([answer(403, allow_origin="*")], PUT, f"{CHROMIUM}{PREFLIGHT}It does not have HTTP ok status.",
     f"{FIREFOX}CORS preflight response did not succeed). Status code: 403.", "CORSPreflightDidNotSucceed3",
     "Preflight response is not successful. Status code: 403"),
    ([redirect("/b", 302)], PUT, f"{CHROMIUM}{PREFLIGHT}Redirect is not allowed for a preflight request.",
     f"{FIREFOX}CORS request external redirect not allowed).", "CORSExternalRedirectNotAllowed",
     "Preflight response is not successful. Status code: 302"),
    ([answer(allow_origin="*", allow_methods="PUT, ()")], PUT,
     f"{CHROMIUM}Cannot parse Access-Control-Allow-Methods response header field in preflight response.",
     f"{FIREFOX}invalid token ‘()’ in CORS header ‘Access-Control-Allow-Methods’).", "CORSInvalidAllowMethod",
     "Header Access-Control-Allow-Methods has an invalid value: PUT, ()"),
    ([answer(allow_origin="*", allow_headers="x y")], TOKEN,
     f"{CHROMIUM}Cannot parse Access-Control-Allow-Headers response header field in preflight response.",
     f"{FIREFOX}invalid token ‘x y’ in CORS header ‘Access-Control-Allow-Headers’).", "CORSInvalidAllowHeader",
     "Header Access-Control-Allow-Headers has an invalid value: x y"),
    ([answer(allow_origin="*")], PUT,
     f"{CHROMIUM}Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.",
     f"{FIREFOX}Did not find method in CORS header ‘Access-Control-Allow-Methods’).", "CORSMethodNotFound",
     "Method PUT is not allowed by Access-Control-Allow-Methods."),
    ([answer(allow_origin="*")], TOKEN,
     f"{CHROMIUM}Request header field x-token is not allowed by Access-Control-Allow-Headers in preflight response.",
     f"{FIREFOX}header ‘x-token’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight"
     " response).", "CORSMissingAllowHeaderFromPreflight2",
     "Request header field x-token is not allowed by Access-Control-Allow-Headers."),
    ([redirect("https://me:pw@other.example/")], {},
     f"{CHROMIUM}Redirect location '' contains a username and password, which is disallowed for cross-origin requests.",
     FIREFOX + FAILED, "CORSDidNotSucceed2",
     of_redirect("https://other.example/") + "redirection URL https://me:pw@other.example/ has credentials"),
    ([redirect("ftp://other.example/")], {},
     f"{CHROMIUM}Cross origin requests are only supported for protocol schemes: chrome,"
     " chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, isolated-app."
     .replace(f"at '{API}/'", f"at 'ftp://other.example/' (redirected from '{API}/')"),
     FIREFOX + FAILED, "CORSDidNotSucceed2",
     of_redirect("ftp://other.example/")
     + "not allowed to follow a cross-origin CORS redirection with non CORS scheme"),
    ([answer(302, LOCATION, allow_origin="null")], {},
     f"{CHROMIUM}The 'Access-Control-Allow-Origin' header has a value 'null' that is not equal to the supplied"
     f" origin.{TAIL}",
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘null’).", "CORSAllowOriginNotMatchingOrigin",
     of_redirect(f"{OTHER}/b") + WEBKIT_ORIGIN + "302"),
    ([answer(302, {"Location": "/b"}, allow_origin=PAGE)], INCLUDE,
     f"{CHROMIUM}The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be"
     " 'true' when the request's credentials mode is 'include'.",
     f"{FIREFOX}expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’).", "CORSMissingAllowCredentials",
     of_redirect(f"{API}/b") + 'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".'),
    ([redirect(f"{OTHER}/b"), answer(200, allow_origin=PAGE)], {},
     f"{CHROMIUM}The 'Access-Control-Allow-Origin' header has a value '{PAGE}' that is not equal to the supplied"
     f" origin.{TAIL}".replace(f"at '{API}/'", f"at '{OTHER}/b' (redirected from '{API}/')"),
     f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘{PAGE}’).".replace(f"{API}/", f"{OTHER}/b"),
     "CORSAllowOriginNotMatchingOrigin",
     "Origin null is not allowed by Access-Control-Allow-Origin. Status code: 200"),
    ([], {"mode": "same-origin"},
     f"Fetch API cannot load {API}/. Request mode is \"same-origin\" but the URL's origin is not same as the request"
     f" origin {PAGE}.", None, None, None),
    ([], {"mode": "same-origin", "initiator": "script"},
     f"{CHROMIUM}Cross origin requests are not allowed by request mode.".replace("fetch", "script"), None, None, None),
    ([redirect("https://")], {}, None, FIREFOX + FAILED, "CORSDidNotSucceed2",
     of_redirect("https://") + "not allowed to follow a cross-origin CORS redirection with non CORS scheme"),
    ([redirect("https://")], {"mode": "no-cors"}, None, FIREFOX + FAILED, "CORSDidNotSucceed2", None),
    ([redirect(f"{OTHER}/")], {"mode": "same-origin", "url": f"{PAGE}/"},
     f'Fetch API cannot load {OTHER}/. Request mode is "same-origin" but the URL\'s origin is not same as the request'
     f" origin {PAGE}.", None, None,
     f"Unsafe attempt to load URL {OTHER}/ from origin {PAGE}. Domains, protocols and ports must match."),
    ([redirect("/b")] * 21, {"url": f"{API}/b"}, None, FIREFOX.replace(f"{API}/", f"{API}/b") + FAILED,
     "CORSDidNotSucceed2", "Load cannot follow more than 20 redirections"),
    ([redirect("/b")], {"redirect": "error"}, None, None, None,
     f"Not allowed to follow a redirection while loading {API}/"),
    ([None], {}, None, FIREFOX + FAILED, "CORSDidNotSucceed2", None),
    ([], {"method": "TRACE"}, None, None, None, None),
    ([ALLOWED], {}, None, None, None, None),
]  # fmt: skip

SCHEMES = (
    "Cross origin requests are only supported for protocol schemes: chrome, chrome-experimental-site-token-provider,"
    " chrome-extension, chrome-untrusted, data, http, https, isolated-app."
)
NOT_HTTP = "(Reason: CORS request not http)."
ONLY_HTTP = "Cross origin requests are only supported for HTTP."


@pytest.mark.parametrize(
    ("url", "fields", "chromium", "firefox", "webkit"),
    [
        ("localhost:8000/a#b", {}, 'URL scheme "localhost" is not supported.', True, True),
        ("ftp://other.example/", {"mode": "no-cors"}, 'URL scheme "ftp" is not supported.', False, False),
        ("localhost:8000/a#b", {"initiator": "xhr"}, SCHEMES, True, True),
        ("localhost:8000/a#b", {"initiator": "image"}, SCHEMES, True, False),
        ("localhost:8000/a#b", {"initiator": "image", "mode": "no-cors"}, None, False, False),
        ("file:///etc/hosts", {}, "Not allowed to load local resource: file:///etc/hosts", False, True),
        ("file:///etc/hosts", {"origin": "null"}, SCHEMES, True, True),
        ("localhost:8000/a#b", {"mode": "same-origin"}, f"the request origin {PAGE}.", False, False),
    ],
)
def test_a_page_without_a_server_gets_other_messages_than_a_redirect(
    url: str, fields: dict[str, Any], chromium: str | None, *, firefox: bool, webkit: bool
) -> None:
    """The messages of all three depend on the initiator and the scheme.

    Firefox has another one for files from their page.
    """
    verdict = fetch(url=url, **fields)
    said = console_text(verdict, "chromium")
    assert (said or "").endswith(chromium or "?") is (chromium is not None)
    assert "redirected" not in (said or "")
    blocked = f"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. "
    assert console_text(verdict, "firefox") == (blocked + NOT_HTTP if firefox else None)
    assert firefox_category(verdict) == ("CORSRequestNotHttp" if firefox else None)
    assert console_text(verdict, "webkit") == (ONLY_HTTP if webkit else None)


@pytest.mark.parametrize(("answers", "fields", "chromium", "firefox", "category", "webkit"), CASES)
def test_a_verdict_has_the_message_of_each_engine(
    answers: list[HttpResponse | None],
    fields: dict[str, Any],
    chromium: str | None,
    firefox: str | None,
    category: str | None,
    webkit: str | None,
) -> None:
    """The messages are exact, with Firefox's category. There is none if the engine does not mention CORS."""
    verdict = fetch(*answers, **fields)
    assert console_text(verdict, "chromium") == chromium
    assert console_text(verdict, "firefox") == firefox
    assert firefox_category(verdict) == category
    assert console_text(verdict, "webkit") == webkit


@pytest.mark.parametrize(
    ("initiator", "kind"),
    [
        ("fetch", "fetch"),
        ("xhr", "XMLHttpRequest"),
        ("script", "script"),
        ("image", "image"),
        ("stylesheet", "CSS stylesheet"),
        ("font", "font"),
        ("video", "video"),
        ("eventsource", "resource"),
        ("beacon", "resource"),
    ],
)
def test_chromium_says_what_was_loaded(initiator: str, kind: str) -> None:
    """Chromium has a word for each initiator."""
    assert console_text(fetch(answer(), engine="chromium", initiator=initiator)) == (
        CHROMIUM.replace("fetch", kind) + NO_ORIGIN
    )


def test_a_fragment_makes_no_redirect() -> None:
    """Chromium names the first URL only if the last requested one is different."""
    text = console_text(fetch(answer(), engine="chromium", url=f"{API}/#here"))
    assert text is not None
    assert "redirected from" not in text


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (answer(201, LOCATION), {"method": "POST"}),
        (answer(302), {}),
        # Only Firefox checks such a preflight.
        (answer(302, LOCATION), {**PUT, "engine": "firefox"}),
    ],
)
def test_webkit_speaks_of_a_redirect_only_where_there_is_one(given: HttpResponse, fields: dict[str, Any]) -> None:
    """It does not mention one for the Location of a 201, for a status without Location, or for a preflight."""
    assert console_text(fetch(given, **fields), "webkit") == f"{WEBKIT_ORIGIN}{given.status}"


def test_chromium_says_once_where_locations_that_are_alike_lead() -> None:
    """Chromium treats equal lines as one."""
    given = answer(302, [("Location", "ftp://other.example/")] * 2, allow_origin="*")
    text = console_text(fetch(given, engine="chromium"))
    assert text is not None
    assert text.startswith(f"Access to fetch at 'ftp://other.example/' (redirected from '{API}/') from")


def test_webkit_says_where_several_locations_lead() -> None:
    """WebKit joins them, as when it follows them."""
    several = answer(302, [("Location", "/b"), ("Location", "/c")], allow_origin="null")
    said = console_text(fetch(several, engine="webkit"))
    assert said == of_redirect(f"{API}/b,%20/c") + WEBKIT_ORIGIN + "302"


def test_chromium_says_nothing_of_a_user_name_at_home() -> None:
    """It refuses the redirect, but reports this only if another origin is involved."""
    home = {"engine": "chromium", "url": f"{PAGE}/"}
    assert console_text(fetch(redirect("https://me@app.example/"), **home)) is None
    assert console_text(fetch(redirect("https://me@api.example/"), **home)) is not None
    back = fetch(redirect("https://me@app.example/"), engine="chromium")
    assert console_text(back) is not None


def test_webkit_says_nothing_of_an_empty_location() -> None:
    """It is an error without a message."""
    assert console_text(fetch(redirect(""), engine="webkit")) is None


def test_the_engine_is_that_of_the_verdict() -> None:
    """The default is the engine of the verdict. The standard has no messages."""

    def told(engine: Any) -> str | None:
        verdict: Verdict = fetch(answer(), engine=engine)
        return console_text(verdict)

    assert told("standard") is None
    assert told("chromium") == CHROMIUM + NO_ORIGIN
    assert told("webkit") == f"{WEBKIT_ORIGIN}200"
