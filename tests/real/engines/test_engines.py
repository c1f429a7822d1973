"""The model of the browser agrees with Chromium, Firefox and WebKitGTK, exchange by exchange and byte by byte.

The comparison includes the page's result and what it can read, every request that arrived with its CORS headers and
those of the page, and the reason if the engine reports one: the code of Chromium, and the text of all three.
"""

from collections import Counter

import pytest

from tests.meta.docs.documents import ROOT, rows_of
from tests.real.engines.browsers import ENGINES
from tests.real.engines.conftest import RunOf
from tests.real.engines.differences import DIFFERENCES, Difference
from tests.real.engines.matrix import WARM_UP, matrix

_MATRIX = matrix()
_GROUPS = sorted({exchange.group for exchange in _MATRIX} - {WARM_UP})
_SHOWN = 8
_EVIDENCE = ROOT / "docs" / "evidence.md"

every_engine = pytest.mark.parametrize("engine", ENGINES)


def _check(run_of: RunOf, engine: str, group: str) -> None:
    run = run_of(engine)
    numbers = [number for number, exchange in enumerate(run.exchanges) if exchange.group == group]
    problems = [problem for number in numbers if (problem := run.problem(number))]
    if problems:
        shown = "\n".join(problems[:_SHOWN])
        pytest.fail(f"{len(problems)} of {len(numbers)} exchanges went otherwise in {engine}:\n{shown}", pytrace=False)


@every_engine
@pytest.mark.parametrize("group", _GROUPS)
def test_the_model_tells_what_the_engine_does(run_of: RunOf, engine: str, group: str) -> None:
    """The verdict, the exposed names, the requests and the reason of each exchange of a theme are as predicted."""
    _check(run_of, engine, group)


@every_engine
def test_the_model_tells_what_the_engine_does_with_random_exchanges(run_of: RunOf, engine: str) -> None:
    """The same holds for random combinations of spellings."""
    _check(run_of, engine, "random")


@every_engine
def test_random_exchanges_are_of_every_kind(run_of: RunOf, engine: str) -> None:
    """Enough random exchanges are allowed, enough are blocked, and the reasons are of many kinds."""
    run = run_of(engine)
    transcripts = [
        transcript for transcript, exchange in zip(run.seen, run.exchanges, strict=True) if exchange.group == "random"
    ]
    blocked = sum("<- blocked" in transcript.lines for transcript in transcripts)
    preflighted = sum(any(line.startswith("-> OPTIONS") for line in transcript.lines) for transcript in transcripts)
    # With few exchanges, the shares are not meaningful.
    assert len(transcripts) < 200 or len(transcripts) / 4 <= blocked <= len(transcripts) * 3 / 4
    assert len(transcripts) < 200 or preflighted >= len(transcripts) / 4
    codes = Counter(transcript.code for transcript in run.said)
    assert len(codes) > 20, "fewer kinds of reasons than there are"


@every_engine
def test_the_engine_tells_its_reasons(run_of: RunOf, engine: str) -> None:
    """If the model knows the engine's message for a blocked fetch, the engine prints exactly this message."""
    run = run_of(engine)
    silent = [
        f"{exchange.group}: {exchange.name}: {said.text}"
        for exchange, said, seen in zip(run.exchanges, run.said, run.seen, strict=True)
        if said.text and not seen.text and exchange.steps[0].ask.initiator in {"fetch", "xhr"}
        if exchange.steps[0].ask.mode == "cors"
    ]
    assert silent == []


def test_the_matrix_is_as_large_as_promised() -> None:
    """There are at least 600 exchanges with unique names, of every theme and every initiator."""
    names = Counter((exchange.group, exchange.name) for exchange in _MATRIX)
    assert len(names) == len(_MATRIX) >= 600
    initiators = {step.ask.initiator for exchange in _MATRIX for step in exchange.steps}
    assert initiators == {
        "fetch", "xhr", "worker", "beacon", "events", "image", "script", "module", "style", "font",
    }  # fmt: skip


def test_few_differences_have_a_name() -> None:
    """At most twelve differences are outside the model, and the page on evidence lists them."""
    assert len(DIFFERENCES) <= 12
    rows = [(row["Difference"], row["Engine"]) for row in rows_of(_EVIDENCE, "Difference")]
    assert rows == [(difference.name, difference.engine) for difference in DIFFERENCES]


def test_the_size_of_the_matrix_is_the_documented_one() -> None:
    """The page on evidence has the actual numbers of exchanges."""
    size = sum(exchange.group != WARM_UP for exchange in _MATRIX)
    assert f"a matrix of {size} exchanges" in _EVIDENCE.read_text("utf-8")


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: f"{difference.engine}: {difference.name}")
def test_a_named_difference_is_still_there(run_of: RunOf, difference: Difference) -> None:
    """Each known difference is still visible in its exchange, where the model alone is wrong."""
    run = run_of(difference.engine)
    names = {(exchange.group, exchange.name): number for number, exchange in enumerate(run.exchanges)}
    assert run.applies(difference, names[difference.shown_by]), "it is gone: take it out of the table"
