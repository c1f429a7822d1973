"""An exchange as data: the request of a page, and the exact bytes of the responses.

Values may name a place in braces: `{page}` is the page's own origin (a page of an opaque origin uses its server's),
`{api}` and `{other}` are the origins of two more servers, `{next}` is the URL of the next hop, and `{after}` is that
URL without its scheme.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# The servers. Each one is a separate origin.
PLACES = ("page", "api", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The start of one response: the rest of its status line, and its header lines as they are sent."""

    status: str = "200 OK"
    lines: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The status as a number."""
        return int(self.status.split(" ")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One URL of a chain of redirects: its server, and its responses."""

    at: str = "api"
    query: str = ""
    # The response to a CORS-preflight request, and the response to every other request.
    preflight: Answer = Answer()
    actual: Answer = Answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The action of a page that causes a request."""

    # fetch, xhr, worker (a fetch in one), beacon, events, image, script, module, style or font.
    initiator: str = "fetch"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    # For an element, `omit` means no crossorigin attribute, and `same-origin` means anonymous.
    credentials: str = "same-origin"
    mode: str = "cors"
    redirect: str = "follow"
    referrer_policy: str = ""
    body: str | None = None
    # The body is sent as a Blob of this type.
    body_type: str | None = None
    upload_listener: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a page, and its hops with their responses."""

    ask: Ask = field(default_factory=Ask)
    hops: tuple[Hop, ...] = (Hop(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Consecutive steps of a page, which use the same URLs."""

    group: str
    name: str
    steps: tuple[Step, ...]
    # Whether the page has the origin of its server or an opaque one.
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """The ports that the servers listen on."""

    ports: Mapping[str, int]

    def origin(self, place: str) -> str:
        """Return the origin of a server."""
        return f"http://127.0.0.1:{self.ports[place]}"

    def url(self, number: int, step: Step, hop: int) -> str:
        """Return the URL of a hop."""
        return f"{self.origin(step.hops[hop].at)}/e/{number}/{hop}{step.hops[hop].query}"

    def place(self, url: str) -> tuple[str, int, int] | None:
        """Return the server, the exchange and the hop of a URL, or None if it is not a URL of these servers."""
        origin, _, path = url.partition("/e/")
        place = next((place for place in PLACES if self.origin(place) == origin), None)
        numbers = re.fullmatch(r"(\d+)/(\d+)(?:\?.*)?", path)
        return (place, int(numbers[1]), int(numbers[2])) if place and numbers else None

    def names(self, text: str) -> str:
        """Replace origins by the names of their servers, so that texts of two runs can be compared."""
        for place in PLACES:
            text = text.replace(self.origin(place), "{" + place + "}")
        return text

    def fill(self, value: str, number: int, step: Step, hop: int) -> str:
        """Replace the names of servers and of the next hop by their origins and URL."""
        if "{" not in value:
            return value
        for place in PLACES:
            value = value.replace("{" + place + "}", self.origin(place))
        if hop + 1 < len(step.hops):
            url = self.url(number, step, hop + 1)
            value = value.replace("{next}", url).replace("{after}", url.removeprefix("http://"))
        return value

    def lines(self, number: int, step: Step, hop: int, answer: Answer) -> list[str]:
        """Return the lines of a response with the names replaced."""
        return [self.fill(line, number, step, hop) for line in answer.lines]

    def asked(self, number: int, exchange: Exchange) -> dict[str, Any]:
        """Return the arguments of the page's script."""
        steps = [{**asdict(step.ask), "url": self.url(number, step, 0)} for step in exchange.steps]
        return {"number": number, "steps": steps}


def fields(lines: list[str]) -> list[tuple[str, str]]:
    """Read lines as HTTP does: a name, a colon, and a value without the surrounding spaces and tabs."""
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return [(name, value.strip(" \t")) for name, value in pairs]


def one(group: str, name: str, ask: Ask, *hops: Hop, opaque: bool = False) -> Exchange:
    """Return an exchange with one step."""
    return Exchange(group=group, name=name, steps=(Step(ask=ask, hops=hops),), opaque=opaque)


def answer(*lines: tuple[str, ...], status: str = "200 OK") -> Answer:
    """Return a response with the given lines."""
    return Answer(status=status, lines=tuple(line for part in lines for line in part))


def lists(name: str, values: Iterable[str], needed: str = "") -> tuple[str, ...]:
    """Return the lines of a header with the required value inserted."""
    return tuple(f"{name}: {value.replace('{}', needed)}" for value in values)
