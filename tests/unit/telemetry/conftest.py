"""A clock that tests move, and the lines that the library writes to its logger."""

import logging
from collections.abc import Iterator

import pytest


class Clock:
    """A clock that changes only when a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Written(logging.Handler):
    """The lines that are logged, with the time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.records: list[logging.LogRecord] = []
        self.times: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)
        self.times.append(self.clock.now)

    @property
    def lines(self) -> list[str]:
        """The messages, each with its level."""
        return [f"{record.levelname} {record.getMessage()}" for record in self.records]


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def written(clock: Clock) -> Iterator[Written]:
    """What the logger `crossorigin` writes, all of it."""
    logger = logging.getLogger("crossorigin")
    handler, level, propagate = Written(clock), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagate
