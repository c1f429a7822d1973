"""The documented example is the documentation's."""

from importlib.resources import files
from pathlib import Path

from crossorigin import CORSMiddleware
from demo.api import app, documented_policy

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
