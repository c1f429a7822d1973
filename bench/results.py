"""Hold the shape of what `make bench` measured, as it lies in results.json."""

from typing import TypedDict

from bench.routes import Routes
from bench.startup import Build, Import

# By case, or by framework, then by contender.
Counts = dict[str, dict[str, float]]
Times = dict[str, dict[str, dict[str, float]]]


class Results(TypedDict):
    """Everything that the tables and the picture are made of."""

    interpreter: str
    versions: dict[str, str]
    instructions: Counts
    microseconds: Times
    end_to_end: Counts
    routes: Routes
    imports: dict[str, Import]
    builds: dict[str, Build]
