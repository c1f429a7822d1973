"""Random exchanges, which combine what the matrix contains separately."""

from random import Random

from tests.real.engines.exchange import Answer, Ask, Exchange, Hop, Step, answer, lists, one
from tests.real.engines.spellings import (
    ACAC,
    ACAH,
    ACAM,
    ACAO,
    ACEH,
    ACMA,
    AGES,
    ANYONE,
    CREDENTIALS_LINES,
    EXPOSED,
    HEADER_SETS,
    JSON,
    LISTS,
    METHODS,
    NULL,
    ORIGIN_LINES,
    STATUSES,
    VALUES,
    Lines,
)  # fmt: skip

_ELEMENTS = ("image", "script", "module", "style", "events")
_OWN = ("X-One: 1", "X-Two: 2", 'ETag: "e"', "Cache-Control: no-store")


class RandomExchanges:
    """A source of exchanges that are determined by its seed."""

    def __init__(self, seed: int) -> None:
        """Start with a seed."""
        self._random = Random(seed)  # The seed is for test data, not for a secret.

    def exchanges(self, count: int) -> list[Exchange]:
        """Return this number of exchanges."""
        return [self._exchange(number) for number in range(count)]

    def _rarely(self, share: float) -> bool:
        return self._random.random() < share

    def _exchange(self, number: int) -> Exchange:
        if self._rarely(0.1):
            return self._loaded(number)
        ask = self._ask()
        opaque = self._rarely(0.06) and ask.initiator != "worker"
        count = self._random.choice((1, 1, 1, 1, 2, 2, 3))
        places = [self._random.choice(("api", "api", "api", "other", "page")) for _ in range(count)]
        hops = [self._hop(ask, at, opaque=opaque, last=at_end) for at, at_end in zip(places, _ends(count), strict=True)]
        if count == 1 and not opaque and self._rarely(0.15):
            steps = tuple(Step(ask=again, hops=tuple(hops)) for again in (ask, self._again(ask), ask))
            return Exchange(group="random", name=str(number), steps=steps)
        return one("random", str(number), ask, *hops, opaque=opaque)

    def _loaded(self, number: int) -> Exchange:
        initiator = self._random.choice(_ELEMENTS)
        modes = ("same-origin", "include") if initiator == "events" else ("omit", "same-origin", "include")
        ask = Ask(initiator=initiator, credentials=self._random.choice(modes))
        hop = Hop(actual=answer(self._origin(opaque=False), self._credentials()))
        return one("random", str(number), ask, hop)

    def _ask(self) -> Ask:
        initiator = self._random.choices(("fetch", "xhr", "worker"), (75, 15, 10))[0]
        method = self._random.choices(
            ("GET", "HEAD", "POST", "PUT", "DELETE", self._random.choice(METHODS)), (40, 3, 17, 20, 8, 12)
        )[0]
        headers: tuple[tuple[str, str], ...] = ()
        if self._rarely(0.45):
            pools = ((("X-One", "1"),), (JSON,), (("Authorization", "a"),), (("X-One", "1"), ("X-Two", "2")))
            headers = self._random.choice((*pools, (self._random.choice(VALUES),), self._random.choice(HEADER_SETS)))
        body = "x" if method in {"POST", "PUT", "PATCH"} and self._rarely(0.5) else None
        return Ask(
            initiator=initiator,
            method=method,
            headers=headers,
            credentials=self._random.choices(("same-origin", "include", "omit"), (60, 30, 10))[0],
            mode=self._random.choices(("cors", "same-origin", "no-cors"), (94, 2, 4))[0]
            if initiator != "xhr"
            else "cors",
            body=body,
            upload_listener=initiator == "xhr" and body is not None and self._rarely(0.3),
        )

    def _again(self, ask: Ask) -> Ask:
        changes = ({"method": "DELETE", "body": None}, {"headers": (("X-Two", "2"),)}, {"credentials": "include"}, {})
        values = {name: getattr(ask, name) for name in Ask.__dataclass_fields__}
        return Ask(**{**values, "upload_listener": False, **self._random.choice(changes)})

    def _hop(self, ask: Ask, at: str, *, opaque: bool, last: bool) -> Hop:
        origin, more = self._origin(opaque=opaque), self._credentials()
        allowed = (*self._methods(ask), *self._headers(ask))
        age = lists(ACMA, self._random.choice(AGES)) if self._rarely(0.3) else ()
        status = self._random.choice(STATUSES) if self._rarely(0.06) else "200 OK"
        preflight = answer(origin, more, allowed, age, status=status)
        if self._rarely(0.25):
            origin, more = self._origin(opaque=opaque), self._credentials()
        exposed = lists(ACEH, self._random.choice(EXPOSED)) if self._rarely(0.4) else ()
        status = self._random.choice(STATUSES) if self._rarely(0.15) else "200 OK"
        actual = answer(origin, more, _OWN, exposed, status=status)
        if not last:
            status = self._random.choice(("301 M", "302 F", "303 S", "307 T", "307 T", "308 P"))
            actual = Answer(status=status, lines=(*actual.lines, "Location: {next}"))
        return Hop(at=at, preflight=preflight, actual=actual)

    def _origin(self, *, opaque: bool) -> Lines:
        if self._rarely(0.12):
            return self._random.choice(ORIGIN_LINES)
        right: Lines = NULL[:1] if opaque else (f"{ACAO}: {{page}}",)
        return self._random.choices((right, ANYONE, NULL[:1]), (70, 20, 10))[0]

    def _credentials(self) -> Lines:
        if self._rarely(0.12):
            return self._random.choice(CREDENTIALS_LINES)
        return (f"{ACAC}: true",) if self._rarely(0.7) else ()

    def _methods(self, ask: Ask) -> Lines:
        if self._rarely(0.15):
            return lists(ACAM, self._random.choice(LISTS), ask.method)
        return self._random.choice(
            ((f"{ACAM}: GET, PUT, DELETE, {ask.method}",), (f"{ACAM}: *",), (f"{ACAM}: PUT, PATCH",))
        )

    def _headers(self, ask: Ask) -> Lines:
        names = [name for name, _ in ask.headers]
        if self._rarely(0.15):
            return lists(ACAH, self._random.choice(LISTS), self._random.choice([*names, "x-one"]))
        listed = ", ".join([*names, "content-type", "range", "X-Two"])
        return self._random.choices(((f"{ACAH}: {listed}",), (f"{ACAH}: *",), (f"{ACAH}: x-one",)), (60, 20, 20))[0]


def _ends(count: int) -> list[bool]:
    return [False] * (count - 1) + [True]
