"""The two sides of the protocol agree: a browser allows what the policy decides to allow.

The policy decides one HTTP request at a time. The model of the browser sends requests through the middleware and
evaluates the responses. Neither uses the other, so each verifies the other.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any

import pytest
from hypothesis import settings

from crossorigin import ActualDecision, CORSMiddleware, Policy
from crossorigin.browser import BrowserReason, BrowserRequest, HttpRequest, HttpResponse, Verdict, run
from tests.cases.asgi import finish
from tests.notes import NOTES
from tests.properties.pairs import API, OTHER, Pair, options, pair, smallest
from tests.properties.test_policy_laws import build

# "nightly" runs ten times as many.
POLICIES = 850 * settings().max_examples // 100
PAIRS = 12
# The seed is printed in every run and can be set to repeat it. In CI it is always the same.
SEED = int(os.environ.get("CROSSORIGIN_SEED") or (1 if os.environ.get("CI") == "true" else time.time_ns() % 2**32))

# Reasons that responses of the middleware cannot cause: a second Access-Control-Allow-Origin, a wrong one in the
# response to a preflight, invalid lists, a redirected preflight. And a failed network.
UNREACHABLE = {
    BrowserReason.MULTIPLE_ALLOW_ORIGIN_VALUES,
    BrowserReason.INVALID_ALLOW_ORIGIN_VALUE,
    BrowserReason.PREFLIGHT_MULTIPLE_ALLOW_ORIGIN_VALUES,
    BrowserReason.PREFLIGHT_INVALID_ALLOW_ORIGIN_VALUE,
    BrowserReason.PREFLIGHT_ALLOW_ORIGIN_MISMATCH,
    BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT,
    BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE,
    BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE,
    BrowserReason.NETWORK_ERROR,
}
SAFELISTED = {"GET", "HEAD", "POST"}
STANDARD = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"}
NORMALIZED = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"}
ALWAYS = {"accept", "accept-language", "content-language", "content-type"}
# Each with the side that allows what the other refuses: the middleware, or the options as they are written.
DIFFERENCES = {
    "a list of methods binds GET, HEAD and POST": "written",
    "* matches the standard methods with credentials": "ours",
    "* matches no other method": "written",
    "the safelisted headers are always allowed": "ours",
    "* matches every header with credentials": "ours",
    "* matches Authorization": "ours",
    "no method at all, not even to an upload": "written",
}
READABLE = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}


@lru_cache(maxsize=4)
def _built(written: str) -> Policy:
    return build(json.loads(written))


def policy_of(given: Pair) -> Policy:
    """Build the policy of a pair, once for consecutive pairs with the same options."""
    return _built(json.dumps(given.options))


def browser_request(given: Pair) -> BrowserRequest:
    """Return the request of the page."""
    return BrowserRequest(**given.request, headers=tuple((name, value) for name, value, _ in given.headers))


def answer(given: Pair, path: str) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Return the response of the app: "/" redirects if the pair says so, and "/again" redirects to itself."""
    leads = given.location is not None and path in {"/", "/again"}
    more = [(b"location", (given.location or "").encode())] if leads else []
    return given.status if leads or given.location is None else 200, [*given.own, *more]


def through(wrap: Callable[[Any], Any], given: Pair) -> Callable[[HttpRequest], HttpResponse]:
    """Return a transport through an ASGI app."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        status, headers = answer(given, scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    middleware = wrap(app)

    def transport(request: HttpRequest) -> HttpResponse:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(name.lower(), value) for name, value in request.headers]
        path = request.url.partition("//")[2].partition("/")[2]
        finish(
            middleware({"type": "http", "method": request.method, "path": f"/{path}", "headers": headers}, None, send)
        )
        return HttpResponse(status=sent[0]["status"], headers=tuple(map(tuple, sent[0]["headers"])))

    return transport


def fetch(policy: Policy, given: Pair) -> Verdict:
    """Fetch through the middleware as a browser does."""
    transport = through(lambda app: CORSMiddleware(app, policy=policy, debug=given.debug), given)
    return run(browser_request(given), transport)


@dataclass(frozen=True)
class Hop:
    """One request of a page to one of the two hosts, by the test's own rules for redirects."""

    host: str
    origin: str
    method: str
    # The headers that need a preflight, in lower case.
    names: tuple[str, ...]
    tainting: str = "basic"


def expected(policy: Policy, given: Pair) -> tuple[str, list[str]]:
    """Return the type of the response and the readable names that follow from the policy's decisions."""
    hop = set_out(given)
    if refused_unsent(given, hop.method):
        return "error", []
    hop = replace(hop, tainting=judged(policy, given, hop))
    if hop.tainting != "error" and given.location is not None:
        if given.request.get("redirect") == "manual":
            return "opaqueredirect", []
        if not follows(given, hop):
            return "error", []
        hop = redirected(given, hop)
        hop = replace(hop, tainting=judged(policy, given, hop))
    return hop.tainting, readable(policy, given, hop)


def set_out(given: Pair) -> Hop:
    """Return the first request."""
    method = given.request.get("method", "GET")
    names = tuple(sorted(name.lower() for name, _, unsafe in given.headers if unsafe))
    method = method.upper() if method.upper() in NORMALIZED else method
    return Hop(host=API, origin=given.request["origin"], method=method, names=names)


def refused_unsent(given: Pair, method: str) -> bool:
    """Return whether the browser raises an error before it sends anything."""
    if method.upper() == "TRACE" or given.request["url"].startswith("file:"):
        return True
    return given.request.get("mode") == "no-cors" and method not in SAFELISTED


def judged(policy: Policy, given: Pair, hop: Hop) -> str:
    """Return how a page may read one response, by the policy if CORS applies."""
    mode = given.request.get("mode", "cors")
    if hop.tainting == "basic" and hop.host == given.request["origin"]:
        return "basic"
    if mode == "no-cors":
        return "opaque" if given.request.get("redirect", "follow") == "follow" else "error"
    return "cors" if mode == "cors" and allowed(policy, given, hop) else "error"


def allowed(policy: Policy, given: Pair, hop: Hop) -> bool:
    """Return whether the policy allows one request: its preflight, if there is one, and the request itself."""
    origin = [hop.origin.encode()]
    if given.request.get("credentials") == "include" and (not policy.allow_credentials or "*" in policy.allow_origins):
        # A server does not know whether a page sends credentials, so the headers of the policy decide.
        return False
    forced = given.request.get("upload_listener") or given.request.get("stream")
    if hop.method not in SAFELISTED or hop.names or forced:
        names = [",".join(hop.names).encode()] if hop.names else []
        asked = {"request_method": [hop.method.encode()], "request_headers": names, "debug": given.debug}
        if not policy.decide("OPTIONS", origin=origin, **asked).allowed:
            return False
    return policy.decide(hop.method, origin=origin).allowed


def follows(given: Pair, hop: Hop) -> bool:
    """Return whether a redirect can be followed."""
    place = given.location or ""
    if given.request.get("redirect") == "error" or place in {"/again", "https://"} or place.startswith("ftp:"):
        return False
    return not given.request.get("stream") and not ("@" in place and given.request.get("mode", "cors") == "cors")


def redirected(given: Pair, hop: Hop) -> Hop:
    """Return the next request after a redirect, to the other host or to the same one."""
    away = OTHER.partition("//")[2] in (given.location or "")
    names = [name for name in hop.names if not (away and name == "authorization")]
    method = hop.method
    if given.status == 302 and method == "POST":
        method = "GET"
        names = [name for name in names if name not in {"content-type", "content-language"}]
    # A redirect by the page's own server keeps the origin, and one by another server makes it opaque.
    origin = "null" if away and hop.tainting == "cors" else hop.origin
    return replace(hop, host=OTHER if away else API, origin=origin, method=method, names=tuple(names))


def readable(policy: Policy, given: Pair, hop: Hop) -> list[str]:
    """Return the names that a page can read, by the headers of the policy's decision."""
    if hop.tainting not in {"basic", "cors"}:
        return []
    # As the middleware gets it: without `Origin`, unless a browser sends one.
    sent = hop.tainting == "cors" or hop.method not in {"GET", "HEAD"}
    decision = policy.decide("GET", origin=[hop.origin.encode()] if sent else [])
    assert isinstance(decision, ActualDecision)
    headers = decision.response.apply(given.own)
    names = {bytes(name).decode().lower() for name, _ in headers} - {"set-cookie"}
    if hop.tainting == "basic":
        return sorted(names)
    lines = [bytes(value).decode() for name, value in headers if name.lower() == b"access-control-expose-headers"]
    listed = {element.strip().lower() for line in lines for element in line.split(",")}
    assert "b@d" not in listed, "one element that is not a token would void the list"
    wildcard = "*" in listed and given.request.get("credentials") != "include"
    return sorted(names if wildcard else names & {*listed, *READABLE})


def agree(given: Pair) -> bool:
    """Return whether both sides agree on a pair."""
    policy = policy_of(given)
    verdict = fetch(policy, given)
    return (verdict.type, list(verdict.exposed)) == expected(policy, given)


def broken(given: Pair, holds: Callable[[Pair], bool]) -> Pair:
    """Return the smallest pair that breaks the law as a given pair does."""

    def breaks(smaller: Pair) -> bool:
        try:
            return not holds(smaller)
        except (ValueError, KeyError):
            return False  # There is no such policy or request.

    return smallest(given, breaks)


def literally(given: Pair) -> Callable[[Any], Any]:
    """Return a middleware that sends the options as they are written, as many do.

    What is then allowed follows from the text of the standard.
    """
    origin, options = given.request["origin"], given.options
    allowed = policy_of(given).decide("GET", origin=[origin.encode()]).allowed
    words = {
        "access-control-allow-origin": "*" if "*" in options["allow_origins"] else origin if allowed else "",
        "access-control-allow-credentials": "true" if options["allow_credentials"] else "",
        "access-control-allow-methods": ", ".join(options["allow_methods"]),
        "access-control-allow-headers": ", ".join(options["allow_headers"]),
    }
    headers = [(name.encode(), value.encode()) for name, value in words.items() if value]

    def wrap(app: Any) -> Any:
        async def answering(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

        return answering

    return wrap


def meant(given: Pair, hop: Hop) -> set[str]:
    """Return the names of the intended differences from the options as written that apply to a pair."""
    methods, names = given.options["allow_methods"], {name.lower() for name in given.options["allow_headers"]}
    include = given.request.get("credentials") == "include"
    asked = {name for name in hop.names if name not in names}
    standard = "*" in methods and hop.method in STANDARD
    found = {
        "a list of methods binds GET, HEAD and POST": hop.method in SAFELISTED and not {hop.method, "*"} & {*methods},
        "* matches the standard methods with credentials": include and standard and hop.method not in SAFELISTED,
        "* matches no other method": "*" in methods and hop.method not in {*STANDARD, *methods},
        "the safelisted headers are always allowed": bool(asked & ALWAYS),
        "* matches every header with credentials": include and "*" in names and bool(asked),
        "* matches Authorization": "*" in names and "authorization" in asked,
        "no method at all, not even to an upload": not methods and bool(given.request.get("upload_listener")),
    }
    return {difference for difference, bears in found.items() if bears}


def test_what_differs_from_the_options_as_written_is_meant(pytestconfig: pytest.Config) -> None:
    """A policy allows what its options say literally, apart from the intended differences."""
    random = Random(SEED)  # The numbers are test data, not secrets.
    differences = Counter[str]()
    for _ in range(POLICIES):
        drawn = options(random)
        for _ in range(PAIRS // 2):
            given = plain(pair(random, drawn))
            if not holds_but_for_what_is_meant(given, differences):
                small = broken(given, lambda smaller: holds_but_for_what_is_meant(smaller, Counter()))
                pytest.fail(f"seed {SEED}: {small}")
    pytestconfig.stash[NOTES].append(f"seed {SEED}: {dict(differences)}")
    assert set(differences) == {*DIFFERENCES, "none"}
    assert min(differences.values()) >= 20


def plain(given: Pair) -> Pair:
    """Remove redirects and modes, which do not affect the meaning of a list of methods or names."""
    request = {name: given.request[name] for name in ("url", "origin", "method", "credentials", "upload_listener")}
    return replace(given, request={**request, "url": f"{API}/"}, location=None, status=200)


def holds_but_for_what_is_meant(given: Pair, differences: Counter[str]) -> bool:
    """Return whether both allow, both refuse, or differ as intended. Count each difference."""
    ours = fetch(policy_of(given), given)
    transport = through(literally(given), given)
    theirs = run(browser_request(given), transport)
    if ours.allowed == theirs.allowed:
        differences["none"] += 1
        return True
    allows = "ours" if ours.allowed else "written"
    bearing = {difference for difference in meant(given, set_out(given)) if DIFFERENCES[difference] == allows}
    differences.update(bearing)
    return bool(bearing)


def test_a_policy_decides_what_a_browser_lets_through(pytestconfig: pytest.Config) -> None:
    """For ten thousand pairs, the browser model allows or refuses as `decide` says, with the same readable names."""
    random = Random(SEED)  # The numbers are test data, not secrets.
    types, reasons = Counter[str](), Counter[str]()
    for _ in range(POLICIES):
        drawn = options(random)
        for _ in range(PAIRS):
            given = pair(random, drawn)
            policy = policy_of(given)
            verdict = fetch(policy, given)
            types[verdict.type] += 1
            if verdict.reason is not None:
                reasons[verdict.reason] += 1
            if (verdict.type, list(verdict.exposed)) != expected(policy, given):
                small = broken(given, agree)
                policy = policy_of(small)
                pytest.fail(f"seed {SEED}: {small}\n{fetch(policy, small)}\n{expected(policy, small)}")
    counts = {str(reason): count for reason, count in reasons.items()}
    pytestconfig.stash[NOTES].append(f"{sum(types.values())} pairs, seed {SEED}: {dict(types)}; {counts}")
    assert sum(types.values()) >= 10_000
    assert types["basic"] + types["cors"] >= 0.3 * sum(types.values())
    assert set(reasons) == set(BrowserReason) - UNREACHABLE
    assert min(reasons.values()) >= 20
