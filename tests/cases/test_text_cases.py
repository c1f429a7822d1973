"""The shared table holds for every adapter whose protocol has text headers."""

import pytest

from tests.cases import aiohttp, django, flask, wsgi
from tests.cases.table import Case, cases
from tests.cases.text import BODY, ExchangeFunction

EXCHANGES: dict[str, ExchangeFunction] = {
    "aiohttp": aiohttp.exchange,
    "Django": django.exchange,
    "Django, ASGI": django.exchange_async,
    "Flask": flask.exchange,
    "WSGI": wsgi.exchange,
}
# Without the cases whose response a Django view cannot send.
PAIRS = [
    (protocol, case) for protocol in EXCHANGES for case in cases() if "Django" not in protocol or django.has_case(case)
]
# The separators of the server, or of the aiohttp adapter, make the value longer than the limit. They cannot be
# distinguished from those of the client.
TOO_LONG_WHEN_JOINED = "The bytes are counted over all lines: 4096 are read"


@pytest.mark.parametrize("separator", [",", ", "], ids=["comma", "comma and space"])
@pytest.mark.parametrize(
    ("protocol", "case"), PAIRS, ids=[f"{protocol}: {case.theme}: {case.name}" for protocol, case in PAIRS]
)
def test_a_text_adapter_answers_as_the_table_says(protocol: str, separator: str, case: Case) -> None:
    """The adapter sends the headers of the table, however the server joins repeated lines."""
    done = EXCHANGES[protocol](case.policy(), case.debug, case.request, case.response, separator)
    problems = case.problems(by=done.by, status=done.status, headers=done.headers, body=done.body)
    assert bool(problems) == (case.name == TOO_LONG_WHEN_JOINED), problems
    assert (done.body == BODY) == done.app_ran
