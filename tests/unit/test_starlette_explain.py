"""The explanation for a route of an app is what the app answers."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Route, Router
from starlette.testclient import TestClient

from crossorigin import Reason
from crossorigin.starlette import CORSMiddleware, cors, explain

PAGE, UNTRUSTED = "https://app.example.com", "https://stranger.example"
METHODS = ["GET", "PUT", "DELETE"]


def serving(*, served_methods_only: bool = False) -> Starlette:
    """Return an app whose paths have one policy, two, and two that are equal."""

    async def private(request: Request) -> PlainTextResponse:
        return PlainTextResponse("private")

    @cors(allow_origins=["*"], allow_methods=METHODS)
    async def public(request: Request) -> PlainTextResponse:
        return PlainTextResponse("public")

    @cors(allow_origins=["*"], allow_methods=reversed(METHODS))
    async def public_too(request: Request) -> PlainTextResponse:
        return PlainTextResponse("public")

    routes = [
        Route("/private", private),
        Route("/mixed", public, methods=["GET", "PUT"]),
        Route("/mixed", private, methods=["DELETE"]),
        Route("/equal", public, methods=["GET", "PUT"]),
        Route("/equal", public_too, methods=["DELETE"]),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(
        CORSMiddleware, allow_origins=[PAGE], allow_methods=METHODS, served_methods_only=served_methods_only
    )
    return app


@pytest.mark.parametrize("served_methods_only", [False, True])
@pytest.mark.parametrize("path", ["/private", "/mixed", "/equal", "/nowhere"])
@pytest.mark.parametrize("method", [*METHODS, "PATCH"])
@pytest.mark.parametrize("origin", [PAGE, UNTRUSTED])
def test_an_explanation_holds_the_preflight_that_is_answered(
    *, origin: str, method: str, path: str, served_methods_only: bool
) -> None:
    """It has the status, the body and the headers, also if the path limits what the policy allows."""
    app = serving(served_methods_only=served_methods_only)
    with TestClient(app) as client:
        answer = client.options(path, headers={"Origin": origin, "Access-Control-Request-Method": method})
    told = explain(app, method, path, origin).preflight
    assert told is not None
    response = told.response
    assert (response.status, response.body) == (answer.status_code, answer.content)
    assert [*response.headers] == answer.headers.raw


def test_a_method_that_the_path_does_not_take_is_explained() -> None:
    """The text says that the policy is right and that the page has to change."""
    explanation = explain(serving(served_methods_only=True), "DELETE", "/private", PAGE)
    step = explanation.steps[1]
    assert (step.reason, explanation.allowed) == (Reason.METHOD_NOT_SERVED, False)
    assert step.why == "DELETE is in allow_methods, but no route at this path accepts it."
    assert step.fix == "correct the method or the URL in the page."


def test_equal_policies_of_one_path_share_a_preflight() -> None:
    """Its answer is the same for all methods of the path, so a browser may keep it; two that differ have two."""
    with TestClient(serving()) as client:
        for path, methods, age in (("/equal", "GET, PUT, DELETE", "600"), ("/mixed", "GET, PUT", "0")):
            asking = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "PUT"}
            answer = client.options(path, headers=asking)
            assert answer.headers["access-control-allow-methods"] == methods
            assert answer.headers["access-control-max-age"] == age


def app_with_spaces() -> Starlette:
    """Return an app with a path that is encoded in a URL, and a path of one host only."""

    @cors(allow_origins=["*"])
    async def public(request: Request) -> PlainTextResponse:
        return PlainTextResponse("public")

    routes = [
        Route("/two words", public),
        Route("/", public),
        Host("api.example.com", Router([Route("/items", public)])),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE])
    return app


@pytest.mark.parametrize(
    ("target", "is_public"),
    [
        ("/two%20words", True),
        ("/two words", True),
        ("/two%20words?query=1", True),
        ("/two%20words#fragment", True),
        ("https://api.example.com/two%20words", True),
        ("https://api.example.com", True),
        ("https://api.example.com:8000/items?page=2", True),
        ("https://www.example.com/items", False),
        ("/items", False),
        ("//api.example.com/items", False),
    ],
)
def test_a_path_is_read_as_a_server_reads_it(target: str, *, is_public: bool) -> None:
    """It is decoded, and its query and its fragment are left out. The host of a URL selects the routes below `Host`."""
    app = app_with_spaces()
    assert explain(app, "GET", target, UNTRUSTED).allowed is is_public
    base, path = (target, "") if target.startswith("https:") else ("http://testserver", target.replace("//", "/.//"))
    with TestClient(app) as client:
        answer = client.get(f"{base}{path}", headers={"Origin": UNTRUSTED})
    assert ("Access-Control-Allow-Origin" in answer.headers) is is_public


@pytest.mark.parametrize("target", ["", "items", "items/1", "api.example.com/items", "localhost:8000/items"])
def test_what_is_neither_a_path_nor_a_url_is_an_error(target: str) -> None:
    """Without a slash at the start, no route would match, and the policy of the app would be explained."""
    with pytest.raises(ValueError, match=r"path must start with a slash, or be a URL with a host, got '"):
        explain(app_with_spaces(), "GET", target, PAGE)
