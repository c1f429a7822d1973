"""What every text protocol has in common when a case of the table goes through it: text, and one value for a field.

An adapter for a framework with text headers adds its exchange to `EXCHANGES` in `test_text_cases.py`. An exchange is a
function that takes what `wrap` is to be given (a policy and `debug`), a request and the app's response.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossorigin import Policy
from tests.cases.table import Line, Request, Response

BODY = b"the app's own"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextExchange:
    """The result of a request: whether the app ran, and the response."""

    app_ran: bool
    status: int
    headers: Sequence[Line]
    body: bytes

    @property
    def by(self) -> str:
        """Return who answered, in the words of the table."""
        return "app" if self.app_ran else "preflight"


# It takes a policy, `debug`, a request, the response of the app, and the separator between joined lines.
ExchangeFunction = Callable[[Policy, bool, Request, Response, str], TextExchange]


def joined(request: Request, separator: str) -> dict[str, str]:
    """Return the fields of a request as a server with text headers has them: names in lower case, and lines joined."""
    lines: dict[str, list[str]] = {}
    for name, value in request.headers:
        lines.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: separator.join(values) for name, values in lines.items()}


def text_pairs(response: Response) -> list[tuple[str, str]]:
    """Return the header lines of an app as text."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]


def byte_lines(pairs: Sequence[tuple[str, str]]) -> list[Line]:
    """Return the pairs that were sent as the bytes that a server writes."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
