"""An adapter with text headers sends what the decision says, and a browser understands it so.

`test_adapter_laws` compares the decision itself with the reference implementation.
"""

import asyncio
import random
from operator import itemgetter
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import ActualDecision
from crossorigin.aiohttp import setup
from crossorigin.browser import aiohttp_transport, run, run_async, wsgi_transport
from crossorigin.wsgi import CORSMiddleware
from tests.cases.aiohttp import Unframed
from tests.cases.table import Line, Request, Response
from tests.cases.test_text_cases import EXCHANGES
from tests.example_counts import ExampleCounts
from tests.notes import NOTES
from tests.properties import reference
from tests.properties.pairs import Pair, options, pair
from tests.properties.serving import build
from tests.properties.strategies import ORIGIN_SPOILS, PREFLIGHT_SPOILS, answers, flip, policies, requests
from tests.properties.test_both_sides import SEED, answer, broken, browser_request, expected, policy_of

POLICIES, PAIRS = 120, 12


def in_order(protocol: str, lines: list[Line]) -> list[Line]:
    """Return lines in an order that can be compared. In a mapping, a replaced header keeps its position."""
    return sorted(lines, key=itemgetter(0)) if protocol == "aiohttp" else lines


# A Django response has a mapping of headers, so `test_django_laws.py` has a separate law for Django.
@pytest.mark.parametrize("protocol", [name for name in EXCHANGES if "Django" not in name])
def test_what_is_sent_is_what_the_decision_says(protocol: str) -> None:
    """For any request, every header, the status and the body of a preflight are equal.

    Names are compared without case.
    """
    counts = ExampleCounts()

    @given(policies(), flip(), st.sampled_from([",", ", "]), st.data())
    def law(
        drawn: dict[str, Any], debug: bool, separator: str, data: st.DataObject
    ) -> None:  # Hypothesis passes this argument.
        policy, said = build(drawn), data.draw(answers())
        spoil = data.draw(st.sampled_from(["", "preflight", *ORIGIN_SPOILS, *PREFLIGHT_SPOILS]))
        asked = data.draw(requests(drawn, spoil or None))
        request = Request(method=asked.method, headers=asked.headers)
        own = tuple(line for line in said.own if line[0].strip() and not set(line[0] + line[1]) & {10, 13})
        names = request.lines("access-control-request-headers")
        # A server joins the lines of the list, and the limit on its length includes the separators.
        joined = [separator.encode().join(names)] if names else []
        decision = policy.decide(
            asked.method,
            origin=request.lines("origin"),
            request_method=request.lines("access-control-request-method"),
            request_headers=joined,
            request_private_network=request.lines("access-control-request-private-network"),
            debug=debug,
        )
        done = EXCHANGES[protocol](policy, debug, request, Response(status=said.status, headers=own), separator)
        sent = [(name.lower(), value) for name, value in done.headers]
        counts.count(allowed=decision.allowed, refused=not decision.allowed, app=done.app_ran, own=not done.app_ran)
        if isinstance(decision, ActualDecision):
            assert done.app_ran
            expected_lines = [(bytes(name).lower(), value) for name, value in decision.response.apply(own)]
            assert in_order(protocol, sent) == in_order(protocol, expected_lines)
        else:
            response = decision.response
            assert (done.status, done.body, sent) == (response.status, response.body, list(response.headers))
        assert len(reference.lines_of(sent, "access-control-allow-origin")) <= 1

    law()
    counts.require(allowed=0.1, refused=0.1, app=0.1, own=0.1)


def agrees_by_aiohttp(drawn: Pair) -> bool:
    """Return whether the browser model has the verdict of the policy on an aiohttp app."""
    return asyncio.run(_agrees_by_aiohttp(drawn))


async def _agrees_by_aiohttp(drawn: Pair) -> bool:
    async def handler(request: web.Request) -> web.StreamResponse:
        status, headers = answer(drawn, request.path)
        pairs = [(name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in headers]
        response = Unframed(status=status)
        response.headers.extend(pairs)
        return response

    policy, app = policy_of(drawn), web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    setup(app, policy=policy, debug=drawn.debug)
    verdict = await run_async(browser_request(drawn), aiohttp_transport(app))
    return (verdict.type, list(verdict.exposed)) == expected(policy, drawn)


def agrees(drawn: Pair) -> bool:
    """Return whether the browser model has the verdict of the policy on the WSGI middleware."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        status, headers = answer(drawn, environ["PATH_INFO"])
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        start_response(f"{status} Status", pairs)
        return []

    policy = policy_of(drawn)
    verdict = run(browser_request(drawn), wsgi_transport(CORSMiddleware(app, policy=policy, debug=drawn.debug)))
    return (verdict.type, list(verdict.exposed)) == expected(policy, drawn)


BROWSERS = {"WSGI": agrees, "aiohttp": agrees_by_aiohttp}


@pytest.mark.parametrize("protocol", BROWSERS)
def test_a_policy_decides_what_a_browser_lets_through(protocol: str, pytestconfig: pytest.Config) -> None:
    """The browser model and the policy agree for other apps too, redirects included."""
    chance = random.Random(SEED)
    for _ in range(POLICIES):
        drawn_options = options(chance)
        for _ in range(PAIRS):
            drawn = pair(chance, drawn_options)
            if not BROWSERS[protocol](drawn):
                pytest.fail(f"seed {SEED}: {broken(drawn, BROWSERS[protocol])}")
    note = f"seed {SEED}: {POLICIES * PAIRS} pairs of policies and requests through {protocol}"
    pytestconfig.stash[NOTES].append(note)
