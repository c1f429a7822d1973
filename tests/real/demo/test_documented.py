"""The documented example is the documentation's."""

from importlib.resources import files
from pathlib import Path

import pytest

from crossorigin import CORSMiddleware, LivePolicy
from demo.api import create_api, documented_policy, routes
from demo.check import run_check
from demo.documented import app

# The documented list names an http origin with credentials, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")

_DOCUMENTED = Path(__file__).with_name("documented_example.txt").read_text(encoding="utf-8")
_THEIR_IMPORT = "from fastapi.middleware.cors import CORSMiddleware"
_OUR_IMPORT = "from crossorigin import CORSMiddleware"


def test_one_import_line_is_all_that_differs_from_the_documentation() -> None:
    """The module ends with the documentation's code, one import line replaced."""
    module = (files("demo") / "documented.py").read_text(encoding="utf-8")
    code = module[module.index("from fastapi import FastAPI") :]
    assert _DOCUMENTED.count(_THEIR_IMPORT) == 1
    assert code == _DOCUMENTED.replace(_THEIR_IMPORT, _OUR_IMPORT)


def test_the_documented_app_is_served_by_our_middleware() -> None:
    """The middleware of the documented app is ours, and the only one."""
    assert [middleware.cls for middleware in app.user_middleware] == [CORSMiddleware]


def test_the_explained_policy_is_the_documented_one() -> None:
    """What the page explains allows the documented origin and refuses its neighbor."""
    policy = documented_policy()
    assert policy.explain(method="PUT", origin="http://localhost:8080").allowed
    assert not policy.explain(method="PUT", origin="http://127.0.0.1:8080").allowed


async def test_the_documented_app_itself_gives_the_expected_verdicts(
    page_port: int, chromium: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The app of the documentation, with the two routes of the page mounted into it, passes without live handles."""
    kept = [*app.router.routes]
    app.include_router(routes)
    try:
        assert await run_check(port=0, api=app) == 0
    finally:
        app.router.routes[:] = kept
    assert capsys.readouterr().out.endswith("\n12 of 12 verdicts are as expected.\n")


def test_the_served_api_has_the_documented_route() -> None:
    """The API that can be edited has the route of the documented app, and two more for the page."""
    served = create_api(LivePolicy(documented_policy()), None).openapi()["paths"]
    documented = app.openapi()["paths"]
    assert [*documented] == [*served] == ["/"]
    assert [*documented["/"]] == ["get"]
    assert {*served["/"]} == {"get", "post", "put"}
    assert served["/"]["get"] == documented["/"]["get"]
