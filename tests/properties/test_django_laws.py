"""What the Django adapter sends is what the policy decides, and what a page may do with it is the same under ASGI."""

import asyncio
import json
from random import Random
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import re_path
from hypothesis import given, settings
from hypothesis import strategies as st

from crossorigin import ActualDecision, CORSMiddleware
from crossorigin.adapters.common.text_encoding import lines_of_value
from crossorigin.browser import BrowserRequest, asgi_transport, run, run_async, wsgi_transport
from tests.cases.django import exchange, exchange_async
from tests.cases.django_project import project
from tests.cases.table import Request, Response
from tests.example_counts import ExampleCounts
from tests.properties.pairs import Pair, options, pair
from tests.properties.serving import build
from tests.properties.strategies import ORIGIN_SPOILS, PREFLIGHT_SPOILS, flip, policies, requests

FIELDS = ("origin", "access-control-request-method", "access-control-request-headers")
PAIRS = 150
"""The number of pairs of a request and a policy."""


@pytest.mark.parametrize("send", [exchange, exchange_async], ids=["WSGI", "ASGI"])
def test_the_adapter_answers_as_the_policy_decides(send: Any) -> None:
    """This holds for any policy and any request, with the lines of each field joined as servers do."""
    preflights, actuals = ExampleCounts(), ExampleCounts()

    @settings(max_examples=60)
    @given(policies(), flip(), st.data())
    def law(drawn: dict[str, Any], debug: bool, data: st.DataObject) -> None:  # Hypothesis passes this argument.
        policy = build(drawn)
        spoils = ["", "preflight", data.draw(st.sampled_from([*ORIGIN_SPOILS, *PREFLIGHT_SPOILS])), None]
        for spoil in spoils:
            asked = data.draw(requests(drawn, spoil))
            lines: dict[str, list[bytes]] = {}
            for name, value in asked.headers:
                lines.setdefault(name.decode("latin-1").lower(), []).append(value)
            origin, method, names = (lines.get(field, []) for field in FIELDS)
            private = lines.get("access-control-request-private-network", [])
            decision = policy.decide(
                asked.method,
                origin=_parts(origin),
                request_method=_parts(method),
                request_headers=[b",".join(names)] if names else [],
                request_private_network=[b",".join(private)] if private else [],
                debug=debug,
            )
            request = Request(method=asked.method, headers=asked.headers)
            done = send(policy, debug, request, Response(status=200, headers=()), ",")
            sent = {(name.lower(), value) for name, value in done.headers}
            if isinstance(decision, ActualDecision):
                assert done.app_ran
                assert sent == {*map(tuple, decision.response.apply([]))}
                actuals.count(allowed=decision.allowed, refused=not decision.allowed)
            else:
                assert (done.app_ran, done.status, done.body) == (
                    False,
                    decision.response.status,
                    decision.response.body,
                )
                assert sent == {*decision.response.headers}
                preflights.count(allowed=decision.allowed, refused=not decision.allowed)

    law()
    preflights.require(allowed=0.1, refused=0.1)
    actuals.require(allowed=0.1, refused=0.1)


def _parts(lines: list[bytes]) -> tuple[bytes, ...]:
    """Return the lines of a field as one value, which the server has joined."""
    return lines_of_value(b",".join(lines).decode("latin-1")) if lines else ()


def test_a_browser_sees_the_same_as_under_asgi() -> None:
    """The browser model has the same verdict, sync and async, as with the middleware for ASGI."""
    seen = ExampleCounts()
    random = Random(7)
    for _ in range(PAIRS):
        given_pair: Pair = pair(random, options(random))
        policy = build(given_pair.options)
        request = BrowserRequest(
            **given_pair.request, headers=tuple((name, value) for name, value, _ in given_pair.headers)
        )

        async def respond(_: Any) -> HttpResponse:
            return HttpResponse("ok")

        async def bare(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

        reference = asyncio.run(run_async(request, asgi_transport(CORSMiddleware(bare, policy=policy))))
        with project([re_path("", respond)], CORS_POLICY=policy):
            verdicts = [
                run(request, wsgi_transport(WSGIHandler())),
                asyncio.run(run_async(request, asgi_transport(ASGIHandler()))),
            ]
        assert [verdict.reason for verdict in verdicts] == [reference.reason] * 2, json.dumps(given_pair.options)
        seen.count(allowed=reference.allowed, refused=not reference.allowed)
    seen.require(allowed=0.1, refused=0.1)
