"""What Hypothesis draws: always valid, and close to what a test is about."""

import importlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import CORSMiddleware, Policy
from crossorigin.browser import BrowserRequest
from crossorigin.fetch.origin import parse_origin
from crossorigin.testing import Page, strategies
from tests.example_counts import ExampleCounts
from tests.unit.testing.test_assertions import api

LISTED = ["https://app.example.com", "http://localhost:8443"]


def test_origins_are_serialized() -> None:
    """Each parses, and those near the given ones are often drawn."""
    counts = ExampleCounts()

    @given(strategies.origins(near=LISTED), strategies.origins())
    def law(near: str, any_origin: str) -> None:
        assert parse_origin(near) is not None
        assert parse_origin(any_origin) is not None
        counts.count(listed=near in LISTED, like=any(host in near for host in ("app.example.com", "localhost")))

    law()
    counts.require(listed=0.1, like=0.3)


def test_policies_start_and_requests_are_possible() -> None:
    """The policy that was drawn with a request of a page allows or refuses it."""
    counts = ExampleCounts()

    @given(strategies.policies(), st.data())
    def law(policy: Policy, data: st.DataObject) -> None:
        listed = [origin for origin in policy.allow_origins if "*" not in origin]
        origin = data.draw(st.sampled_from(listed)) if listed else None
        request = data.draw(strategies.requests(url="http://testserver/items", origin=origin))
        assert isinstance(request, BrowserRequest)
        assert origin in {None, request.origin}
        page = Page(CORSMiddleware(api(), policy=policy), request.origin)
        asked = {"method": request.method, "headers": request.headers, "credentials": request.credentials}
        try:
            verdict = page.can("/items", **asked, content_type=request.content_type)
        except AssertionError:
            verdict = page.cannot("/items", **asked, content_type=request.content_type)
        counts.count(allowed=verdict.allowed, refused=not verdict.allowed, preflighted=len(verdict.exchanges) > 1)

    law()
    counts.require(allowed=0.1, refused=0.2, preflighted=0.03)


def test_missing_hypothesis_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what is needed, and how to install it."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "crossorigin.testing.strategies")
    with pytest.raises(ModuleNotFoundError, match="needs Hypothesis: pip install hypothesis"):
        importlib.import_module("crossorigin.testing.strategies")
