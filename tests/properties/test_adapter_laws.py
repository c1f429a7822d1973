"""The adapter sends what the decision says, and both agree with the reference implementation.

Whatever an adapter keeps to be fast must not affect any response: not after other requests, not during them, and not
whatever the app does with its own messages.
"""

import itertools
import random
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from crossorigin import ActualDecision, CORSMiddleware, Decision, Policy, Reason
from crossorigin.policy.decide.memory import MAX_ENTRIES
from tests.example_counts import ExampleCounts
from tests.properties import reference
from tests.properties.serving import (
    CORS,
    Message,
    MiddlewareInstance,
    Served,
    build,
    decide,
    message,
    others,
    receive,
    say,
    scope_of,
    seen,
    served_by,
)
from tests.properties.strategies import (
    DEFAULTS,
    ORIGIN_SPOILS,
    PREFLIGHT_SPOILS,
    VARIES,
    AppResponse,
    Exchanged,
    GeneratedRequest,
    Line,
    answers,
    flip,
    own_headers,
    policies,
    requests,
)

LISTED = "https://app.example.com"


def judge(policy: Policy, given: Exchanged, served: Served) -> Decision:
    """Compare what was sent with the decision and with the rules. Return the decision."""
    asked, said = given.asked, given.said
    expected = reference.answer(given.options, asked.method, asked.headers, said.status, said.own, debug=given.debug)
    assert (served.by, served.status, served.body) == (expected.by, expected.status, expected.body)
    assert seen(served.headers) == (sorted(expected.cors.items()), expected.vary)
    decision = decide(policy, asked, debug=given.debug)
    if isinstance(decision, ActualDecision):
        assert served.by == "app"
        assert served.headers == list(decision.response.apply(said.own))
        assert others(served.headers) == others(said.own)
    else:
        answer = decision.response
        sent = ("preflight", answer.status, answer.body, list(answer.headers))
        assert (served.by, served.status, served.body, served.headers) == sent
        assert decision.allowed == (served.body == b"OK")
    return decision


def test_the_middleware_and_the_decision_answer_as_the_rules_say() -> None:
    """Adapter, decision and reference agree.

    At least a fifth of each kind is allowed and a fifth refused. No CORS header is duplicated, and all other headers
    keep their bytes and their order.
    """
    preflights, actuals = ExampleCounts(), ExampleCounts()

    @given(policies(), flip(), st.data())
    def law(options: dict[str, Any], debug: bool, data: st.DataObject) -> None:  # Hypothesis passes this argument.
        policy = build(options)
        spoils = [
            "",
            "preflight",
            data.draw(st.sampled_from(ORIGIN_SPOILS)),
            data.draw(st.sampled_from(PREFLIGHT_SPOILS)),
            None,
        ]
        asked, said = (
            [data.draw(requests(options, spoil)) for spoil in spoils],
            data.draw(st.tuples(answers(), answers())),
        )
        for one, answer in itertools.product(asked, said):
            served = MiddlewareInstance(policy, debug=debug).serve(one, answer)
            decision = judge(policy, Exchanged(options, debug, one, answer), served)
            kinds = {"allowed": decision.allowed, "refused": not decision.allowed}
            if isinstance(decision, ActualDecision):
                own = [name.lower() for name, _ in answer.own]
                actuals.count(**kinds, cors=bool(CORS.intersection(own)), vary=b"vary" in own)
            else:
                preflights.count(**kinds)

    law()
    preflights.require(allowed=0.2, refused=0.2)
    actuals.require(allowed=0.2, refused=0.2, cors=0.2, vary=0.1)


def variants(asked: GeneratedRequest) -> list[GeneratedRequest]:
    """Return requests of one origin that differ in one field."""
    name, wants, private = (
        f"access-control-request-{end}".encode() for end in ("headers", "method", "private-network")
    )
    plain = tuple(line for line in asked.headers if line[0] != private)
    headers = [
        plain,
        (*plain, (private, b"true")),
        tuple(line for line in plain if line[0] != name),
        (*plain, (name, b"x-evil")),
        tuple((field, b"DELETE" if field == wants else value) for field, value in plain),
        (*plain, next(line for line in plain if line[0] == b"origin")),
    ]
    return [replace(asked, headers=lines, method="OPTIONS") for lines in headers] + [replace(asked, method="GET")]


@st.composite
def days(draw: st.DrawFn) -> tuple[list[tuple[dict[str, Any], bool]], list[GeneratedRequest], list[AppResponse], int]:
    """Draw two policies, one of them also in debug mode, requests to both, responses of apps, and a seed."""
    options, other = draw(policies()), draw(policies())
    asked = [draw(requests(options, spoil)) for spoil in ("", "preflight", *ORIGIN_SPOILS, *PREFLIGHT_SPOILS)]
    asked += [*variants(draw(requests(options, "preflight"))), *(draw(requests(other)) for _ in range(2))]
    said = [draw(answers()) for _ in range(4)]
    return [(options, False), (options, True), (other, draw(flip()))], asked, said, draw(st.integers(0, 2**16))


def test_an_instance_that_has_served_many_requests_answers_as_a_new_one() -> None:
    """After any requests in any order, an instance answers like a new one. Every reason occurs."""
    counts = ExampleCounts()

    @settings(max_examples=settings().max_examples // 2)
    @given(days())
    def law(day: tuple[list[tuple[dict[str, Any], bool]], list[GeneratedRequest], list[AppResponse], int]) -> None:
        kinds, asked, said, seed = day
        built = [build(options) for options, _ in kinds]
        desks = [MiddlewareInstance(policy, debug=debug) for policy, (_, debug) in zip(built, kinds, strict=True)]
        fresh: dict[tuple[int, int, int], Served] = {}
        rng = random.Random(seed)  # It is drawn once, so that an example repeats.
        for _ in range(200):
            turn = rng.randrange(3), rng.randrange(len(asked)), rng.randrange(len(said))
            if turn not in fresh:
                middleware, (options, debug) = turn[0], kinds[turn[0]]
                fresh[turn] = MiddlewareInstance(built[middleware], debug=debug).serve(asked[turn[1]], said[turn[2]])
                decision = judge(
                    built[middleware], Exchanged(options, debug, asked[turn[1]], said[turn[2]]), fresh[turn]
                )
                reasons = {str(reason): True for reason in decision.reasons}
                counts.count(**reasons, allowed=decision.allowed, refused=not decision.allowed)
            assert desks[turn[0]].serve(asked[turn[1]], said[turn[2]]) == fresh[turn]

    law()
    counts.require(allowed=0.2, refused=0.2)
    # These reasons need routes, blocking or live origins.
    expected = set(Reason) - {
        Reason.METHOD_NOT_SERVED,
        Reason.ORIGIN_ABSENT_CROSS_SITE,
        Reason.ORIGIN_LIVE,
        Reason.ORIGIN_NOT_LIVE,
    }
    assert expected <= set(counts.by_kind), expected - set(counts.by_kind)


def edited(lines: list[Line], how: str, other: list[Line]) -> None:
    """Change a header list as an app may after sending it."""
    match how:
        case "append":
            lines.extend(other[:1])
        case "clear":
            lines.clear()
        case "replace":
            lines[:] = other
        case "last":
            lines[-1:] = other[-1:]
        case "turn":
            lines.reverse()


def test_an_app_may_send_one_message_for_ever_and_edit_its_list_in_between() -> None:
    """With one message and one header list for many origins, each response is correct and stays as it was sent."""
    counts = ExampleCounts()
    edits = st.sampled_from(["", "append", "clear", "replace", "last", "turn"])

    @given(policies(), own_headers(), st.data())
    def law(options: dict[str, Any], lines: list[Line], data: st.DataObject) -> None:
        middleware = MiddlewareInstance(build(options), debug=False)
        asked = [replace(data.draw(requests(options)), method="GET") for _ in range(3)]
        asked += [replace(asked[0], headers=headers) for headers in ((), ((b"origin", b"https://evil.example"),))]
        start: Message = {"type": "http.response.start", "status": 200, "trailers": True, "headers": lines}
        held: list[tuple[Message, list[Line]]] = []
        for _ in range(8):
            now, own = data.draw(st.sampled_from(asked)), tuple(lines)
            served, sent = middleware.exchange(now, start)
            given = Exchanged(options, debug=False, asked=now, said=AppResponse(200, own, "list"))
            decision = judge(middleware.middleware.policy, given, served)
            counts.count(allowed=decision.allowed, refused=not decision.allowed, own=bool(own))
            assert start["headers"] is lines
            assert lines == list(own)
            held.append((sent, served.headers))
            edited(lines, data.draw(edits), data.draw(own_headers()))
        assert [list(sent["headers"]) for sent, _ in held] == [headers for _, headers in held]

    law()
    counts.require(allowed=0.2, refused=0.2, own=0.2)


def test_requests_that_interleave_never_exchange_a_header() -> None:
    """However the requests of a task group wait for each other, each gets the response that it gets alone."""
    counts = ExampleCounts()
    pauses = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))

    @given(policies(), st.data())
    def law(options: dict[str, Any], data: st.DataObject) -> None:
        policy, debug = build(options), data.draw(flip())
        turns = [(data.draw(requests(options)), data.draw(answers()), data.draw(pauses)) for _ in range(4)]
        alone = [MiddlewareInstance(policy, debug=debug).serve(asked, said) for asked, said, _ in turns]
        # A new thread, because another test's event loop may be suspended in this one.
        assert thread.submit(anyio.run, together, policy, debug, turns).result() == alone
        counts.count(different=len({tuple(served.headers) for served in alone}) == len(alone))

    with ThreadPoolExecutor(max_workers=1) as thread:
        law()
    counts.require(different=0.2)


async def together(
    policy: Policy, debug: object, turns: list[tuple[GeneratedRequest, AppResponse, tuple[int, int, int]]]
) -> list[Served]:
    """Serve several requests concurrently with one instance. Each waits some turns before, in and after the app."""

    async def wait(count: int) -> None:
        for _ in range(count):
            await anyio.lowlevel.checkpoint()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wait(scope["pauses"][0])
        await say(scope, receive, send)
        await wait(scope["pauses"][1])

    middleware = CORSMiddleware(app, policy=policy, debug=bool(debug))
    served: dict[int, Served] = {}

    async def serve(place: int, asked: GeneratedRequest, said: AppResponse, pauses: tuple[int, int, int]) -> None:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)
            await wait(pauses[2])

        scope = {**scope_of(asked, message(said)), "pauses": pauses}
        await middleware(scope, receive, send)
        served[place] = served_by(scope, sent)

    async with anyio.create_task_group() as group:
        for place, turn in enumerate(turns):
            group.start_soon(serve, place, *turn)
    return [served[place] for place in range(len(turns))]


# More values than any bounded memory, including similar ones, in one line and in several lines.
_VALUES = [*dict.fromkeys(VARIES), *(f"X-{number}".encode() for number in range(3_000))]
_VALUES += [f"Accept-Encoding, X-{number}, Cookie".encode() for number in range(3_000)]
_LINES = [[one] for one in _VALUES] + [[one, other] for one in VARIES for other in VARIES]


def test_more_values_of_vary_than_can_be_kept_are_each_merged_right() -> None:
    """Thousands of values of an app, each several times and in between others, are merged correctly for each policy."""
    policies = [
        {**DEFAULTS, "allow_origins": [LISTED, "https://*.example.org"], "expose_headers": ["X-Id"]},
        {**DEFAULTS, "allow_origins": [LISTED], "expose_headers": ["*"], "allow_credentials": True},
        {**DEFAULTS, "allow_origins": ["*"]},
    ]
    desks = [MiddlewareInstance(build(options), debug=False) for options in policies]
    origins = (LISTED, "https://evil.example", "https://a.example.org")
    asked = [GeneratedRequest("GET", ((b"origin", origin.encode()),), "list") for origin in origins]
    rng = random.Random(0)  # The same in every run.
    for place, lines in enumerate(rng.sample(_LINES, len(_LINES)) + rng.choices(_LINES[:600], k=3_000)):
        name = (b"vary", b"Vary", b"VARY")[place // 3 % 3]
        said = AppResponse(200, tuple((name, line) for line in lines), "list")
        elements = reference.elements(lines)
        merged = [*elements, "Origin"] if not {"*", "origin"} & {text.lower() for text in elements} else elements
        turn = place % 3
        for middleware in (turn, (turn + 1) % 3):
            served = desks[middleware].serve(asked[turn], said)
            assert seen(served.headers)[1] == (elements if middleware == 2 else merged), lines
            if merged == elements or middleware == 2:
                assert [line for line in served.headers if line[0].lower() == b"vary"] == list(said.own)


def test_values_of_vary_take_up_bounded_room() -> None:
    """An app whose `Vary` is always different does not increase the memory of the middleware."""
    middleware = MiddlewareInstance(build({**DEFAULTS, "allow_origins": [LISTED]}), debug=False)
    asked = GeneratedRequest("GET", ((b"origin", LISTED.encode()),), "list")
    middleware.serve(asked, AppResponse(200, ((b"vary", b"Accept"),), "list"))
    tracemalloc.start()
    try:
        for number in range(10_000):
            middleware.serve(asked, AppResponse(200, ((b"vary", b"X-%d, " % number + b"X" * 50_000),), "list"))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


def flood(middleware: MiddlewareInstance, count: int, seed: int) -> None:
    """Send requests and preflights of `count` different origins."""
    for number in range(count):
        ending = ("example.com", "example.net", "example.org/")[number % 3]
        origin = (b"origin", f"https://flood-{seed}-{number}.{ending}".encode())
        wants = (b"access-control-request-method", b"GET")
        said = AppResponse(200, (), "list")
        middleware.serve(GeneratedRequest("GET", (origin,), "list"), said)
        middleware.serve(GeneratedRequest("OPTIONS", (origin, wants), "list"), said)


def test_every_state_of_the_memory_gives_the_same_answers() -> None:
    """A decision that is new, in the young generation, in the old one or dropped is sent in the same way."""
    counts = ExampleCounts()
    # No other requests, fewer than a generation, its size, more than that, and more than both.
    floods = st.sampled_from([0, 1, MAX_ENTRIES - 1, MAX_ENTRIES, MAX_ENTRIES + 1, 2 * MAX_ENTRIES + 1])

    @settings(max_examples=max(10, settings().max_examples // 10))
    @given(policies(), flip(), st.data())
    def law(options: dict[str, Any], debug: bool, data: st.DataObject) -> None:
        policy = build(options)
        spoils = ["", "preflight", *ORIGIN_SPOILS, *PREFLIGHT_SPOILS]
        asked = [data.draw(requests(options, spoil)) for spoil in spoils]
        asked += variants(data.draw(requests(options, "preflight")))
        said = data.draw(answers())
        served_often = MiddlewareInstance(policy, debug=debug)
        for seed in range(2):
            for one in asked:
                served = served_often.serve(one, said)
                decision = judge(policy, Exchanged(options, debug, one, said), served)
                counts.count(allowed=decision.allowed, refused=not decision.allowed)
                assert served == MiddlewareInstance(policy, debug=debug).serve(one, said)
            flood(served_often, data.draw(floods), seed)

    law()
    counts.require(allowed=0.2, refused=0.2)
