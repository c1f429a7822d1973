"""What was committed before now minus the staleness is visible, whatever is edited and asked, and at little cost."""

import random
import time

import pytest

from tests.notes import NOTES
from tests.real.servers.process import Line
from tests.real.stores.conftest import BASE, PostgreSQLStage, Stage
from tests.real.stores.databases import edit, epoch, revision
from tests.real.stores.fleet import Load

_POOL = [f"https://shop-{number}.customer.example" for number in range(12)]
_EDITS = 80
_UNKNOWN = 20_000
_ON_ONE_CONNECTION = 250


def test_what_was_committed_before_the_comparison_is_visible(stage: Stage, request: pytest.FixtureRequest) -> None:
    """Random edits in random transactions, and random requests to all workers, each judged by what it reports."""
    seed = random.randrange(1 << 32)
    choices = random.Random(seed)
    store, fleet = stage.store, stage.fleet
    with Load(fleet, [BASE, *_POOL], pause=0.002, seed=seed) as load:
        for _ in range(_EDITS):
            origins = choices.sample(_POOL, choices.randint(1, 4))
            cut = choices.randint(0, len(origins))
            edit(store, added=origins[:cut], removed=origins[cut:])
            if choices.random() < 0.05:
                # The workers load everything.
                store.run(("UPDATE cors_head SET epoch = ?", [str(choices.random())]))
            if choices.random() < 0.05:
                store.run(("DELETE FROM cors_change", []))
            time.sleep(choices.choice([0, 0, 0.005, 0.02, 0.07]))
        expected = (epoch(store), revision(store))
        fleet.wait(lambda status: (status.epoch, status.revision) == expected, "has the last edit")
        assert fleet.allowed([BASE, *_POOL]) == store.history.present()
    requests = load.check(store.history)
    ages = [answer.received - answer.compared for answer in load.answers]
    request.config.stash[NOTES].append(
        f"{request.node.name}: seed {seed}, {_EDITS} edits, {requests} requests, 0 wrong answers; "
        f"staleness of at most {max(ages):.2f} s"
    )


def test_unknown_origins_do_not_reach_the_database(on_postgresql: PostgreSQLStage) -> None:
    """20,000 made-up origins cause no query and delay no edit."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    fleet.wait(lambda status: status.ready, "is ready")
    before, begun = store.transactions(), time.monotonic()
    with Load(fleet, [BASE, *_POOL], pause=0.02) as load:
        for first in range(0, _UNKNOWN, _ON_ONE_CONNECTION):
            asks: list[tuple[str, list[Line]]] = [
                ("GET", [("origin", f"https://unknown-{number}.example")])
                for number in range(first, first + _ON_ONE_CONNECTION)
            ]
            assert fleet.server.ask_all(asks) == [200] * len(asks)
            if first == _UNKNOWN // 2:
                edit(store, added=_POOL)
                fleet.wait(lambda status: status.count == len([BASE, *_POOL]), "has the origins")
                assert fleet.allowed(_POOL) == {*_POOL}
    load.check(store.history)
    # A comparison is at most a few transactions, and there are at most two followers with 20 comparisons in a second.
    comparisons = 2 * 20 * (time.monotonic() - begun) + 100
    assert store.transactions() - before < 3 * comparisons < _UNKNOWN
