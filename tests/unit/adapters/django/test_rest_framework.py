"""Views, viewsets and actions of Django REST Framework have policies as Django's own views have."""

from collections.abc import Generator
from typing import Any

import pytest
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from crossorigin.django import cors
from tests.unit.adapters.django.pages import ORIGIN, OTHER, PARTNER, get, preflight, readers, serving

ALL = {"allow_methods": ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]}


@cors(allow_origins=[PARTNER])
@api_view(["GET"])
def above(request: Any) -> Response:
    """Answer with the decorator above."""
    return Response("above")


@api_view(["GET"])
@cors(allow_origins=[PARTNER])
def below(request: Any) -> Response:
    """Answer with the decorator below, of which `api_view` copies no attribute."""
    return Response("below")


@cors(allow_origins=[PARTNER], **ALL)
class Items(ViewSet):
    """A viewset with its own policy, and one action with another."""

    def list(self, request: Any) -> Response:
        """Answer GET at the list."""
        return Response("list")

    def create(self, request: Any) -> Response:
        """Answer POST at the list."""
        return Response("create")

    @cors(allow_origins=[ORIGIN], **ALL)
    def destroy(self, request: Any, pk: str) -> Response:
        """Answer DELETE of one item."""
        return Response("destroy")

    def retrieve(self, request: Any, pk: str) -> Response:
        """Answer GET of one item."""
        return Response("retrieve")

    @action(detail=False)
    @cors(allow_origins=[OTHER])
    def recent(self, request: Any) -> Response:
        """Answer an extra action."""
        return Response("recent")

    @cors(allow_origins=[OTHER], **ALL)
    @action(detail=False, methods=["post"])
    def rate(self, request: Any) -> Response:
        """Answer another extra action."""
        return Response("rate")


class Plain(APIView):
    """A view whose method has a policy."""

    def get(self, request: Any) -> Response:
        """Answer GET."""
        return Response("get")

    @cors(allow_origins=[PARTNER], **ALL)
    def post(self, request: Any) -> Response:
        """Answer POST."""
        return Response("post")


@pytest.fixture(autouse=True)
def _served() -> Generator[None]:
    router = SimpleRouter()
    router.register("items", Items, basename="item")
    from django.urls import path

    urls = [path("above", above), path("below", below), path("plain", Plain.as_view()), *router.urls]
    with serving(urls, INSTALLED_APPS=["rest_framework"]):
        yield


def test_a_function_view_has_its_policy_on_both_sides_of_api_view() -> None:
    """Neither order is silently without effect."""
    assert readers("/above") == readers("/below") == {PARTNER}
    assert get("/below", PARTNER).data == "below"


def test_a_method_of_a_view_has_its_policy() -> None:
    """The other methods have that of the settings."""
    assert readers("/plain") == {ORIGIN}
    assert readers("/plain", "POST") == {PARTNER}
    assert preflight("/plain", PARTNER, "POST").headers["Access-Control-Max-Age"] == "0"


def test_a_viewset_and_its_actions_have_policies() -> None:
    """The methods of a URL are found by the names of its actions."""
    assert readers("/items/") == readers("/items/", "POST") == {PARTNER}
    assert readers("/items/7/") == {PARTNER}
    assert readers("/items/7/", "DELETE") == {ORIGIN}
    assert readers("/items/recent/") == {OTHER}
    assert readers("/items/rate/", "POST") == {OTHER}
    assert get("/items/7/", ORIGIN, "DELETE").data == "destroy"


def test_a_preflight_is_not_answered_by_the_framework() -> None:
    """It describes a view in response to OPTIONS, which does not answer a preflight."""
    assert preflight("/plain").content == b"OK"
    assert b"renders" in get("/plain", method="OPTIONS").content
