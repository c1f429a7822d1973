"""A run: all exchanges in one engine, next to the predictions of the model."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from crossorigin.browser import EngineName
from tests.real.engines.browsers import ENGINES
from tests.real.engines.differences import Difference, Model, differences_of
from tests.real.engines.exchange import Exchange, World
from tests.real.engines.server import Servers
from tests.real.engines.transcripts import Transcript, observed, predicted

# Ends a hang; nothing is measured.
_PATIENCE = 240


@dataclass(frozen=True)
class Run:
    """The observations in one engine."""

    engine: EngineName
    world: World
    exchanges: Sequence[Exchange]
    seen: Sequence[Transcript]

    @cached_property
    def said(self) -> Sequence[Transcript]:
        """Return the model's prediction for an exchange, without the known differences."""
        return [self._model(number)(exchange) for number, exchange in enumerate(self.exchanges)]

    def _model(self, number: int) -> Model:
        return lambda exchange: predicted(self.world, number, exchange, self.engine, self.seen[number].times)

    def summary(self) -> str:
        """Return a summary with the numbers of observations."""
        requests = sum(line.startswith("->") for transcript in self.seen for line in transcript.lines)
        blocked = sum("<- blocked" in transcript.lines for transcript in self.seen)
        told = sum(transcript.text is not None for transcript in self.seen)
        return f"{requests} requests, {blocked} exchanges blocked, {told} with the reason told"

    def problem(self, number: int) -> str | None:
        """Return both transcripts side by side if they differ, apart from the known differences."""
        exchange = self.exchanges[number]
        expected = self.said[number]
        for difference in differences_of(self.engine):
            expected = difference.adjusted(exchange, expected, self._model(number))
        return compared(self.engine, exchange, expected, self.seen[number])

    def applies(self, difference: Difference, number: int) -> bool:
        """Return whether a known difference is visible: the engine follows its rule, and the model alone does not."""
        told, seen = self.said[number], self.seen[number]
        adjusted = difference.adjusted(self.exchanges[number], told, self._model(number))
        return adjusted != told and compared(self.engine, self.exchanges[number], adjusted, seen) is None


def compared(engine: str, exchange: Exchange, expected: Transcript, seen: Transcript) -> str | None:
    """Return both transcripts side by side if they differ."""
    lines = list(difflib.ndiff(expected.told(seen), seen.told(seen)))
    if all(line.startswith("  ") for line in lines):
        return None
    return "\n".join(
        [f"{exchange.group}: {exchange.name}", f"    - the model for {engine}, + the engine"]
        + [f"    {line}" for line in lines if not line.startswith("? ")]
        + [f"    {step}" for step in exchange.steps]
    )


def run(engine: EngineName, exchanges: Sequence[Exchange]) -> Run:
    """Run all steps in an engine."""
    with Servers(exchanges) as servers, ENGINES[engine]() as browser:
        browser.open(servers.start)
        servers.wait(_PATIENCE)
        world = servers.world
        for number, exchange in enumerate(exchanges):
            if exchange.steps[0].ask.initiator == "beacon":
                expected = predicted(world, number, exchange, engine, [0.0])
                servers.wait_for(number, 0, sum(line.startswith("->") for line in expected.lines))
        browser.listen()
        seen = [
            observed(
                world,
                exchange,
                arrivals=[servers.arrivals[number, step] for step in range(len(exchange.steps))],
                results=servers.results[number],
                codes=browser.codes[number],
                texts=browser.texts[number],
            )
            for number, exchange in enumerate(exchanges)
        ]
    return Run(engine, world, exchanges, seen)
