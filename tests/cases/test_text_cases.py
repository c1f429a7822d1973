"""The shared table holds for every adapter whose protocol has text headers."""

import pytest

from tests.cases import aiohttp, flask, wsgi
from tests.cases.table import Case, cases
from tests.cases.text import BODY, ExchangeFunction

EXCHANGES: dict[str, ExchangeFunction] = {
    "aiohttp": aiohttp.exchange,
    "Flask": flask.exchange,
    "WSGI": wsgi.exchange,
}
# The separators of the server, or of the aiohttp adapter, make the value longer than the limit, and nothing tells them
# from those of the client.
TOO_LONG_WHEN_JOINED = "The bytes are counted over all lines: 4096 are read"


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.theme}: {case.name}")
@pytest.mark.parametrize("separator", [",", ", "], ids=["comma", "comma and space"])
@pytest.mark.parametrize("protocol", EXCHANGES)
def test_a_text_adapter_answers_as_the_table_says(protocol: str, separator: str, case: Case) -> None:
    """What the adapter sends is the table's answer, header for header, however the server joins repeated lines."""
    done = EXCHANGES[protocol](case.policy(), case.debug, case.request, case.response, separator)
    problems = case.problems(by=done.by, status=done.status, headers=done.headers, body=done.body)
    assert bool(problems) == (case.name == TOO_LONG_WHEN_JOINED), problems
    assert (done.body == BODY) == done.app_ran
