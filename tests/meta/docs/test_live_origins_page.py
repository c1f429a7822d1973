"""The Django view of the page on live origins edits the set that the project uses."""

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from crossorigin.browser import wsgi_transport
from tests.cases.django_project import project
from tests.cases.live_apps import allows
from tests.meta.docs.documents import ROOT
from tests.meta.docs.test_examples import SYBIL
from tests.unit.adapters.django.pages import feed

SHOP = "https://shop.customer.example"


def test_the_django_view_edits_the_set_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the settings of the page: a wrong origin is answered with its fix, and others apply to the next request."""
    document = SYBIL.parse(ROOT / "docs" / "live-origins.md")
    # Flask looks up the module of an app.
    document.namespace["__name__"] = "main"
    monkeypatch.setitem(sys.modules, "main", ModuleType("main"))
    for example in document.examples():
        example.evaluate()
    names = document.namespace
    view: Any = names["edit_from_django"]

    def edit(method: str, origin: str, *, is_permitted: bool = True) -> Any:
        request: Any = RequestFactory().generic(method, f"/?origin={origin}")
        request.user = SimpleNamespace(has_perms=lambda _: is_permitted)
        return view(request)

    with project({"": feed}, **{name: value for name, value in names.items() if name.startswith("CORS_")}):
        app = wsgi_transport(WSGIHandler())
        response = edit("PUT", "shop.customer.example")
        assert (response.status_code, json.loads(response.content)) == (422, {"fixes": [f'"{SHOP}"']})
        for method, expected in (("PUT", True), ("DELETE", False)):
            assert edit(method, SHOP).status_code == 204
            assert allows(app, SHOP) is expected
