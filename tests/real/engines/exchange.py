"""An exchange as data: what a page asks for, and the very bytes that it is answered with.

Values may name a place in braces: `{page}` is the page's own origin (a page of an opaque origin keeps its server's),
`{api}` and `{other}` are the origins of two more, `{next}` is the URL of the next hop, and `{after}` is that URL from
the host on.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# The servers; each is an origin of its own.
PLACES = ("page", "api", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The head of one response: the rest of its status line, and its lines as they are sent."""

    status: str = "200 OK"
    lines: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The status as a number."""
        return int(self.status.split(" ")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One URL on the way of a request: where it is, and what it answers."""

    at: str = "api"
    query: str = ""
    # To a CORS-preflight request, and to every other.
    preflight: Answer = Answer()
    actual: Answer = Answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a page does to have a request sent."""

    # fetch, xhr, worker (a fetch in one), beacon, events, image, script, module, style or font.
    initiator: str = "fetch"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    # Of an element: `omit` is no crossorigin attribute, `same-origin` is anonymous.
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
    """One request of a page, and the hops on its way; each names its answers."""

    ask: Ask = field(default_factory=Ask)
    hops: tuple[Hop, ...] = (Hop(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Steps that a page takes one after the other, with the same URLs for all of them."""

    group: str
    name: str
    steps: tuple[Step, ...]
    # The page: one of its server's origin, or of an opaque one.
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
        """Return the server, the exchange and the hop of a URL; None if it is no URL of ours."""
        origin, _, path = url.partition("/e/")
        place = next((place for place in PLACES if self.origin(place) == origin), None)
        numbers = re.fullmatch(r"(\d+)/(\d+)(?:\?.*)?", path)
        return (place, int(numbers[1]), int(numbers[2])) if place and numbers else None

    def names(self, text: str) -> str:
        """Put the names of the places where their origins stand, so that texts of two worlds can be compared."""
        for place in PLACES:
            text = text.replace(self.origin(place), "{" + place + "}")
        return text

    def fill(self, value: str, number: int, step: Step, hop: int) -> str:
        """Put the origins and the URL in the place of their names."""
        if "{" not in value:
            return value
        for place in PLACES:
            value = value.replace("{" + place + "}", self.origin(place))
        if hop + 1 < len(step.hops):
            url = self.url(number, step, hop + 1)
            value = value.replace("{next}", url).replace("{after}", url.removeprefix("http://"))
        return value

    def lines(self, number: int, step: Step, hop: int, answer: Answer) -> list[str]:
        """Return the lines of an answer, filled in."""
        return [self.fill(line, number, step, hop) for line in answer.lines]

    def asked(self, number: int, exchange: Exchange) -> dict[str, Any]:
        """Return what the page's script reads."""
        steps = [{**asdict(step.ask), "url": self.url(number, step, 0)} for step in exchange.steps]
        return {"number": number, "steps": steps}


def fields(lines: list[str]) -> list[tuple[str, str]]:
    """Read lines as HTTP does: a name, a colon, and a value without the spaces and tabs around it."""
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return [(name, value.strip(" \t")) for name, value in pairs]


def one(group: str, name: str, ask: Ask, *hops: Hop, opaque: bool = False) -> Exchange:
    """Return an exchange of one step."""
    return Exchange(group=group, name=name, steps=(Step(ask=ask, hops=hops),), opaque=opaque)


def answer(*lines: tuple[str, ...], status: str = "200 OK") -> Answer:
    """Return an answer with all those lines."""
    return Answer(status=status, lines=tuple(line for part in lines for line in part))


def lists(name: str, values: Iterable[str], needed: str = "") -> tuple[str, ...]:
    """Return a header's lines, with what is needed in its place."""
    return tuple(f"{name}: {value.replace('{}', needed)}" for value in values)
