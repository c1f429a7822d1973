"""The structure of results.json, the results of `make bench`."""

from typing import TypedDict

# The keys are cases or frameworks, then contenders.
Counts = dict[str, dict[str, float]]
Times = dict[str, dict[str, dict[str, float]]]


class Import(TypedDict):
    """The cost of importing a module in a new interpreter with an existing bytecode cache."""

    module: str
    modules: int
    instructions: int


class Build(TypedDict):
    """The cost of a middleware for 100,000 origins; its memory does not include the list that it was given."""

    instructions: int
    seconds: float
    bytes_per_origin: float


class RouteResults(TypedDict):
    """The costs of whole requests in each case with per-route policies; the keys are cases, then targets."""

    instructions: dict[str, dict[str, float]]
    microseconds: dict[str, dict[str, dict[str, float]]]


class Results(TypedDict):
    """The data for the tables and the chart."""

    interpreter: str
    versions: dict[str, str]
    instructions: Counts
    microseconds: Times
    end_to_end: Counts
    routes: RouteResults
    flask: Counts
    long_policies: dict[str, float]
    django: Counts
    aiohttp: Counts
    imports: dict[str, Import]
    builds: dict[str, Build]
