"""The recorder keeps what the page shows, bounded, and no secret."""

from typing import Any

from demo.recorder import Message, Receive, Recorder, Send

_Headers = list[tuple[bytes, bytes]]


def scope(query: bytes = b"demo=one", headers: _Headers | None = None) -> dict[str, Any]:
    """Return the scope of a GET."""
    return {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": query,
        "headers": headers or [],
    }


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer 204 with a few headers."""
    headers = [(b"vary", b"Origin"), (b"Access-Control-Max-Age", b"1"), (b"x-other", b"1")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def receive() -> Message:
    """Return an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Message) -> None:
    """Drop what is sent."""


async def test_an_exchange_holds_what_was_sent_and_what_was_answered() -> None:
    """The page finds method, path, the CORS lines of both sides, the status and Vary."""
    recorder = Recorder(app)
    sent = [(b"Origin", b"https://a.example"), (b"user-agent", b"x"), (b"x-demo", b"hello")]
    await recorder(scope(headers=sent), receive, send)
    assert recorder.exchanges("one") == [
        {
            "id": "one",
            "method": "GET",
            "path": "/",
            "sent": [["origin", "https://a.example"], ["x-demo", "hello"]],
            "status": 204,
            "answered": [["vary", "Origin"], ["access-control-max-age", "1"]],
        }
    ]


async def test_the_answer_is_recorded_before_it_is_sent() -> None:
    """Whoever has the answer finds it in the record."""
    seen: list[int] = []

    async def look(message: Message) -> None:
        seen.append(recorder.exchanges("one")[0]["status"])

    recorder = Recorder(app)
    await recorder(scope(), receive, look)
    assert seen == [204, 204]


async def test_a_cookie_is_noted_and_its_value_is_not_kept() -> None:
    """Other programs' cookies for localhost are no business of the page."""
    recorder = Recorder(app)
    await recorder(scope(headers=[(b"cookie", b"session=secret")]), receive, send)
    assert recorder.exchanges("one")[0]["sent"] == [["cookie", "(present)"]]


async def test_only_the_latest_exchanges_are_kept() -> None:
    """The record does not grow: the oldest exchange goes when the limit is reached."""
    recorder = Recorder(app, limit=3)
    for number in range(5):
        await recorder(scope(query=b"demo=%d" % number), receive, send)
    kept = [number for number in range(5) if recorder.exchanges(str(number))]
    assert kept == [2, 3, 4]


async def test_one_exchange_is_bounded_too() -> None:
    """Endless header lines and values are cut."""
    recorder = Recorder(app)
    flood = [(b"access-control-" + b"n" * 10_000, b"v" * 10_000)] * 1_000
    await recorder(scope(headers=flood), receive, send)
    [exchange] = recorder.exchanges("one")
    assert len(str(exchange)) < 20_000


async def test_a_request_without_one_short_id_is_served_and_not_kept() -> None:
    """What the page cannot ask for is not kept, and answered all the same."""
    recorder = Recorder(app)
    answers: list[Message] = []

    async def keep(message: Message) -> None:
        answers.append(message)

    for query in (b"", b"demo=", b"demo=one&demo=two", b"demo=" + b"x" * 65):
        await recorder(scope(query=query), receive, keep)
    assert [m["status"] for m in answers if m["type"] == "http.response.start"] == [204] * 4
    assert [*map(recorder.exchanges, ("", "one", "two", "x" * 65))] == [[]] * 4


async def test_what_is_not_http_passes_through() -> None:
    """Lifespan and websocket scopes reach the app untouched."""
    seen: list[Message] = []

    async def inner(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope)

    scopes: list[dict[str, Any]] = [{"type": "lifespan"}, {"type": "websocket"}]
    for other in scopes:
        await Recorder(inner)(other, receive, send)
    assert seen == scopes
