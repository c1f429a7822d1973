"""What the fixes say; that they mend is shown by pasting them into real apps."""

import re
from typing import Any

import pytest

from crossorigin import Policy
from crossorigin.browser import HttpResponse, Verdict
from crossorigin.doctor.answers import Answer
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.fixes import fix_of
from crossorigin.doctor.report import report
from crossorigin.doctor.servers import Recognized, Server
from tests.unit.browser.scripted_fetch import PAGE, answer, fetch, redirect

ALL = {"method": "PUT", "headers": (("X-Token", "1"),), "credentials": "include"}


def code(verdict: Verdict, server: Server, **options: object) -> str:
    """Return the code of a fix."""
    fix = fix_of(verdict, Recognized(server=server, sign="told", options=options))
    assert fix is not None
    assert fix.server is server
    assert fix.code is not None
    return fix.code


def refused(**asked: Any) -> Verdict:
    """Return the refusal of a server that says nothing of CORS."""
    return fetch(answer(400), **asked)


def options_of(written: str) -> dict[str, Any]:
    """Run what is to be pasted, with a middleware that keeps what it is given."""
    kept: dict[str, Any] = {}

    class App:
        """An app."""

        def add_middleware(self, _: object, **options: Any) -> None:
            """Keep them."""
            kept.update(options)

    lines = re.sub(r"^from .*$", "", written, flags=re.MULTILINE)
    exec(lines, {"app": App(), "CORSMiddleware": lambda _, **options: kept.update(options)})
    return kept


@pytest.mark.parametrize("server", [Server.CROSSORIGIN, Server.STARLETTE, Server.ASGI])
def test_what_the_page_asks_for_is_allowed_and_no_more(server: Server) -> None:
    """Its origin, its method beside GET, its unsafe headers, and credentials if it has them."""
    assert options_of(code(refused(**ALL), server)) == {
        "allow_origins": [PAGE],
        "allow_methods": ["GET", "PUT"],
        "allow_headers": ["X-Token"],
        "allow_credentials": True,
    }
    assert options_of(code(refused(), server)) == {"allow_origins": [PAGE], "allow_methods": ["GET"]}


def test_a_response_header_in_a_request_is_the_pages_error() -> None:
    """No server is told to allow it: the text says that the page should not send it, and the code leaves it out."""
    headers = (("X-Token", "1"), ("access-control-allow-Origin", "*"))
    fix = fix_of(refused(headers=headers), Recognized(server=Server.CROSSORIGIN, sign="told", options={}))
    assert fix is not None
    assert fix.text.startswith("Remove access-control-allow-Origin from the page's request: only responses have such")
    assert fix.code is not None
    assert options_of(fix.code)["allow_headers"] == ["X-Token"]
    alone = fetch(answer(200, allow_origin=PAGE), headers=headers[1:])
    fix = fix_of(alone, Recognized(server=Server.CROSSORIGIN, sign="told", options={}))
    assert fix is not None
    assert fix.code is None


def test_what_is_allowed_already_stays() -> None:
    """Whatever collection it stands in, and a max_age of 0 is no default."""
    known = {"allow_origins": ("https://a.example",), "allow_methods": {"PATCH"}, "max_age": 0, "allow_headers": ["*"]}
    assert options_of(code(refused(**ALL), Server.STARLETTE, **known)) == {
        "allow_origins": ["https://a.example", PAGE],
        "allow_methods": ["PATCH", "PUT"],
        "allow_headers": ["*"],
        "max_age": 0,
        "allow_credentials": True,
    }


def test_a_policy_is_written_out() -> None:
    """It is what is known of the options."""
    policy = Policy(allow_origins=["https://a.example"], expose_headers=["X-Total"])
    assert options_of(code(refused(), Server.CROSSORIGIN, policy=policy)) == {
        "allow_origins": ["https://a.example", PAGE],
        "allow_methods": ["GET"],
        "expose_headers": ["X-Total"],
        "max_age": 600,
    }


@pytest.mark.parametrize(
    ("known", "credentials", "origins"),
    [
        (["*"], "include", [PAGE]),
        (["*"], "omit", ["*"]),
        ([f"{PAGE}/"], "omit", [PAGE]),
        (["HTTPS://App.example"], "omit", [PAGE]),
        ("https://a.example", "omit", [PAGE]),
    ],
)
def test_an_entry_that_stands_for_nothing_goes(known: Any, credentials: str, origins: list[str]) -> None:
    """A `*` with credentials, the origin misspelled, and a string in place of a list."""
    written = code(refused(credentials=credentials), Server.STARLETTE, allow_origins=known)
    assert options_of(written)["allow_origins"] == origins


def test_what_cannot_be_written_is_left_as_it_is() -> None:
    """A function has no text that makes it."""
    written = code(refused(), Server.CROSSORIGIN, on_decision=print, allow_origin_regex=r"https://a\.example")
    assert "on_decision=...,  # as it is" in written
    assert options_of(written)["allow_origin_regex"] == r"https://a\.example"


@pytest.mark.parametrize(("server", "around"), [(Server.STARLETTE, True), (Server.CROSSORIGIN, False)])
def test_what_answers_a_crash_is_inside(server: Server, *, around: bool) -> None:
    """Starlette's middleware has to stand around the whole app; ours goes there by itself."""
    written = code(fetch(answer(500)), server)
    assert ("app = CORSMiddleware(" in written) is around
    assert ("app.add_middleware(" in written) is not around


@pytest.mark.parametrize("server", [Server.STARLETTE, Server.CROSSORIGIN])
def test_what_was_put_around_an_app_by_hand_is_put_there_again(server: Server) -> None:
    """With what its policy allowed: such an object may have no `add_middleware`."""
    known = {"policy": Policy(allow_origins=["https://other.example.com"])}
    fix = fix_of(refused(), Recognized(server=server, sign="told", options=known, wraps=True))
    assert fix is not None
    assert fix.code is not None
    assert "app = CORSMiddleware(" in fix.code
    assert options_of(fix.code)["allow_origins"] == ["https://other.example.com", PAGE]


@pytest.mark.parametrize(
    ("on", "opening", "closing"),
    [("main.public", "@cors(", ")"), ("APIRouter '/in'", "cors(", ")(...)  # APIRouter '/in'")],
)
def test_what_a_route_refused_is_mended_on_the_route(on: str, opening: str, closing: str) -> None:
    """The app's middleware has no say in it."""
    plain = answer(400)
    verdict = fetch(Answer(status=plain.status, headers=plain.headers, policy_of=on), method="PUT")
    fix = fix_of(verdict, Recognized(server=Server.CROSSORIGIN, sign="told", options={"allow_origins": ["*"]}))
    assert fix is not None
    assert fix.code is not None
    assert fix.code.splitlines() == [
        "from crossorigin.fastapi import cors",
        "",
        opening,
        f'    allow_origins=["{PAGE}"],',
        '    allow_methods=["GET", "PUT"],',
        closing,
    ]
    told = [
        line.text for line in report(diagnose([verdict], app=Recognized(server=Server.ASGI, sign="told")), width=99)
    ]
    assert f"   On {on}, whose own policy decided, together with what it allows already:" in told


@pytest.mark.parametrize("server", Server)
def test_every_server_has_its_words(server: Server) -> None:
    """With all that the page asks for, and without."""
    written = code(refused(**ALL), server)
    assert {PAGE, "PUT", "X-Token"} <= set(re.findall(r"[\w:/.-]+", written))
    assert re.search("credentials", written, re.IGNORECASE)
    assert not re.search("credentials|X-Token", code(refused(), server), re.IGNORECASE)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([], {"method": "TRACE"}),
        ([redirect("https://user:pass@b.example/")], {}),
        ([None], {}),
        ([answer(403)], {"origin": "null"}),
    ],
)
def test_what_no_server_can_mend_has_no_code(answers: list[HttpResponse | None], asked: dict[str, Any]) -> None:
    """What the page does wrong, a wrong address, a page that may be anybody's."""
    fix = fix_of(fetch(*answers, **asked), Recognized(server=Server.NGINX, sign="told"))
    assert fix is not None
    assert fix.text
    assert fix.code is None


def test_a_method_in_lower_case_is_the_pages_to_mend() -> None:
    """No server has a route for it."""
    fix = fix_of(refused(method="patch"), Recognized(server=Server.ASGI, sign="told"))
    assert fix is not None
    assert fix.text.startswith("The page has to say PATCH:")
    assert fix.code is None


def test_a_header_that_the_browser_sets_is_not_to_be_allowed() -> None:
    """No page can set it, so no preflight asks."""
    headers = (("Cookie", "a=b"), ("X-Token", "1"))
    assert options_of(code(refused(headers=headers), Server.ASGI))["allow_headers"] == ["X-Token"]


def test_the_type_of_a_body_is_to_be_allowed() -> None:
    """It is not safelisted, and nobody wrote it as a header."""
    verdict = refused(method="POST", body=b"{}", content_type="application/json")
    assert options_of(code(verdict, Server.ASGI))["allow_headers"] == ["Content-Type"]


def test_what_is_allowed_needs_no_fix() -> None:
    """There is nothing to mend."""
    assert fix_of(fetch(answer(allow_origin="*")), Recognized(server=Server.ASGI, sign="told")) is None
