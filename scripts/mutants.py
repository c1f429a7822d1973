"""Check that the unit tests detect thousands of small changes to the packages fetch, policy and browser.

mutmut creates the mutants of functions but does not run them. It would call each mutant through an additional frame,
to which `warnings` would attribute warnings. It would also pass the names of up to four thousand tests to pytest for
each mutant, and some of these names change from run to run. This script collects the tests once and runs each mutant
in a fork, which replaces the code of the function and runs the tests that reach it until one fails. A changed table
takes effect when modules are imported, so the forks for tables import everything again.

A surviving mutant is an error unless `tests/survivors.toml` gives a reason for it. An entry in that file whose mutant
is killed is also an error.
"""

import argparse
import contextlib
import functools
import gc
import importlib
import os
import resource
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import coverage
import pytest
from mutations import PACKAGE, SOURCE, Mutant, function_mutants, path_of, table_mutants

ROOT = SOURCE.parent
SURVIVORS = ROOT / "tests" / "survivors.toml"
PACKAGES = ("fetch", "policy", "browser")
TESTS = ("tests/unit/fetch", "tests/unit/policy", "tests/unit/browser", "tests/cases/test_cases.py")
PYTEST = (
    "-pno:randomly",
    "-pno:cacheprovider",
    "-pno:terminal",
    "--assert=plain",
    "-oaddopts=--import-mode=importlib",
    "-x",
)
LEAST_KILLED = 0.95
# CPU seconds that a test may use in addition to ten times its usual time, so that a slow machine kills no mutants.
PATIENCE = 1
# CPU seconds of tests from other modules; all tests of the mutant's own module are run.
ENOUGH = 10
LONGEST_RUN = 120
MOST_MEMORY = 4 << 30

KILLED, SURVIVED, TIMED_OUT = "killed", "survived", "timed out"
Results = dict[Mutant, str]
CACHED = type(functools.cache(len))


class Forks:
    """A runner that executes mutants in parallel, each in a fork."""

    def __init__(self, jobs: int) -> None:
        """Run at most `jobs` mutants at a time."""
        self._jobs = jobs
        self._running: dict[int, tuple[Mutant, int]] = {}
        self.results: Results = {}
        self.killers: defaultdict[str, list[int]] = defaultdict(list)

    def run(self, mutant: Mutant, judge: Callable[[], int | None]) -> None:
        """Start a mutant as soon as a job is free; `judge` returns the number of the test that kills it, or None."""
        while len(self._running) >= self._jobs:
            self._reap()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be_alone()
            killer: int | None = -1
            # A mutant that raises any exception counts as killed.
            with contextlib.suppress(BaseException):
                killer = judge()
            if killer is not None:
                os.write(writing, str(killer).encode())
            os._exit(killer is not None)
        os.close(writing)
        self._running[pid] = mutant, reading

    def finish(self) -> None:
        """Wait for the remaining mutants."""
        while self._running:
            self._reap()

    def _reap(self) -> None:
        pid, status = os.wait()
        mutant, reading = self._running.pop(pid)
        killer = int(os.read(reading, 16) or b"-1")
        os.close(reading)
        code = os.waitstatus_to_exitcode(status)
        self.results[mutant] = TIMED_OUT if code < 0 else KILLED if code else SURVIVED
        if killer >= 0 and killer not in self.killers[mutant.place]:
            self.killers[mutant.place].insert(0, killer)
        if self.results[mutant] == SURVIVED or len(self.results) % 100 == 0:
            print(f"{len(self.results):5} {self.results[mutant]}  {mutant}", file=sys.stderr, flush=True)


def _be_alone() -> None:
    """Silence the output of a mutant, and limit its memory and its run time."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, 10 * LONGEST_RUN)


def survives_unchanged(mutant: Mutant, judge: Callable[[], int | None]) -> None:
    """Exit if an unchanged module is killed: an error in the run itself would kill every mutant."""
    control = Forks(1)
    control.run(mutant, judge)
    control.finish()
    if control.results[mutant] != SURVIVED:
        sys.exit("the tests fail without any mutant")


class Campaign:
    """A replacement for pytest's loop: it runs all tests once, then for each mutant those that reach it."""

    def __init__(self, mutants: Sequence[Mutant], forks: Forks) -> None:
        """Keep the mutants and the runner."""
        self._mutants = mutants
        self._forks = forks
        self._failed = False
        self._items: list[pytest.Item] = []
        self._spent: list[float] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a failure."""
        self._failed = self._failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests, then all mutants."""
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self._items = session.items
        reached = self._trace()
        gc.freeze()
        fastest = sorted(range(len(self._items)), key=lambda test: self._spent[test])
        same = replace(self._mutants[0], change="unchanged")
        survives_unchanged(same, functools.partial(self._judge, None, fastest[: len(fastest) // 10]))
        for mutant in self._mutants:
            order = self._order(mutant, reached)
            self._forks.run(mutant, functools.partial(self._judge, mutant, order))
        self._forks.finish()
        return True

    def _run(self, item: pytest.Item) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _trace(self) -> dict[str, dict[int, set[int]]]:
        """Run every test, and return for each file and line the tests that reach it."""
        tracer = coverage.Coverage(
            data_file=None, include=[str(SOURCE / PACKAGE / package / "*") for package in PACKAGES], config_file=False
        )
        tracer.start()
        for index, item in enumerate(self._items):
            tracer.switch_context(str(index))
            start = time.process_time()
            self._run(item)
            self._spent.append(time.process_time() - start)
            if self._failed:
                message = f"{item.nodeid} fails without any mutant"
                raise RuntimeError(message)
        tracer.stop()
        data = tracer.get_data()
        return {
            path: {line: set(map(int, filter(None, tests))) for line, tests in data.contexts_by_lineno(path).items()}
            for path in data.measured_files()
        }

    def _order(self, mutant: Mutant, reached: dict[str, dict[int, set[int]]]) -> list[int]:
        """Return the tests to run: those that reach the mutant, from its own module and some from the others.

        The fastest case of each test function comes first. Tests that killed another mutant of the same function come
        before all others.
        """
        lines = reached.get(str(path_of(mutant.module)), {})
        tests = set[int]().union(*(lines.get(line, ()) for line in mutant.lines))
        if not tests or isinstance(_live(mutant), CACHED):  # any test of the module may fill the cache
            tests = set[int]().union(*lines.values())
        own = ROOT / own_tests(mutant.module)
        places: list[tuple[bool, int, float, int]] = []
        cases: Counter[str] = Counter()
        for test in sorted(tests, key=self._spent.__getitem__):
            item = self._items[test]
            name = item.nodeid.partition("[")[0]
            places.append((item.path != own, cases[name], self._spent[test], test))
            cases[name] += 1
        chosen: list[int] = []
        spent = 0.0
        for other, _, duration, test in sorted(places):
            spent += duration
            if spent < ENOUGH or not other:
                chosen.append(test)
        killers = self._forks.killers[mutant.place]
        return sorted(chosen, key=lambda test: killers.index(test) if test in killers else len(killers))

    def _judge(self, mutant: Mutant | None, order: Iterable[int]) -> int | None:
        if mutant is not None:
            _replace(mutant)
        for test in order:
            signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE + 10 * self._spent[test])
            self._run(self._items[test])
            if self._failed:
                return test
        return None


def _live(mutant: Mutant) -> Any:
    """Return the function object that a mutant changes."""
    found: object = sys.modules[f"{PACKAGE}.{mutant.module}"]
    for name in mutant.function.split("."):
        members: dict[str, object] = vars(found)
        found = members[name]
    # Properties and class methods wrap the function.
    return getattr(found, "fget", getattr(found, "__func__", found))


def _replace(mutant: Mutant) -> None:
    found = _live(mutant)
    if isinstance(found, CACHED):
        found.cache_clear()
        found = found.__wrapped__
    names: dict[str, Any] = dict(vars(sys.modules[f"{PACKAGE}.{mutant.module}"]))
    exec(compile(mutant.source, str(path_of(mutant.module)), "exec"), names)  # noqa: S102  # a mutant is code to run
    owner, _, name = mutant.function.rpartition(".")
    made = getattr(names[owner], name) if owner else names[name]
    for part in ("__code__", "__defaults__", "__kwdefaults__"):
        setattr(found, part, getattr(made, part))


def run_functions(mutants: Sequence[Mutant], jobs: int) -> Results:
    """Run mutants of functions."""
    forks = Forks(jobs)
    if mutants and pytest.main([*PYTEST, *TESTS], plugins=[Campaign(mutants, forks)]):
        sys.exit("the tests fail without any mutant")
    return forks.results


def run_tables(mutants: Sequence[Mutant], jobs: int) -> Results:
    """Run mutants of tables; no module of the package may have been imported before."""
    # These imports are slow and do not import this package.
    for name in (
        "_hypothesis_pytestplugin",
        "ada_url",
        "anyio.pytest_plugin",
        "hypothesis.strategies",
        "publicsuffixlist",
    ):
        importlib.import_module(name)
    gc.freeze()
    if mutants:
        same = replace(mutants[0], change="unchanged", source=path_of(mutants[0].module).read_text("utf-8"))
        survives_unchanged(same, functools.partial(_judge_table, same))
    forks = Forks(jobs)
    for mutant in mutants:
        forks.run(mutant, functools.partial(_judge_table, mutant))
    forks.finish()
    return forks.results


def _judge_table(mutant: Mutant) -> int | None:
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_RUN)
    get_code = SourceFileLoader.get_code

    def changed(self: SourceFileLoader, fullname: str) -> CodeType | None:
        if fullname != f"{PACKAGE}.{mutant.module}":
            return get_code(self, fullname)
        return compile(mutant.source, self.path, "exec")

    SourceFileLoader.get_code = changed  # type: ignore[assignment, method-assign]
    return None if all(pytest.main([*PYTEST, *tests]) == 0 for tests in ([own_tests(mutant.module)], TESTS)) else -1


def own_tests(module: str) -> str:
    """Return the file that tests a module, or the closest folder that mirrors one of its packages."""
    path = Path("tests/unit", *module.split("."))
    file = path.with_name(f"test_{path.name}.py")
    places = [file, *path.parents]
    return str(next(place for place in places if (ROOT / place).exists()))


def score(results: Results) -> list[str]:
    """Print the score of each module, and return an error if the total score is too low."""
    for module in [*dict.fromkeys(mutant.module for mutant in results), ""]:
        counts = Counter(result for mutant, result in results.items() if module in {mutant.module, ""})
        print(f"{module or 'all':36}{_score(counts)}")
    counts = Counter(results.values())
    too_few = counts[SURVIVED] > (1 - LEAST_KILLED) * counts.total()
    return [f"less than {LEAST_KILLED:.0%} are killed"] if too_few else []


def compare(results: Results, reasons: Mapping[str, str], modules: Iterable[str]) -> list[str]:
    """Return the survivors without a reason, and the reasons without a survivor."""
    fates = {str(mutant): result for mutant, result in results.items()}
    ours = tuple(f"{module}{end}" for module in modules for end in ".:")
    survivors = {name for name, result in fates.items() if result == SURVIVED}
    excused = {name for name in reasons if name.startswith(ours)}
    return [
        *(f"survives, without a reason: {name}" for name in sorted(survivors - excused)),
        *(f"{fates.get(name, 'gone')}, with a reason to survive: {name}" for name in sorted(excused - survivors)),
    ]


def _score(counts: Counter[str]) -> str:
    share = 1 - counts[SURVIVED] / counts.total()
    return f"{share:7.1%}  " + ", ".join(f"{counts[result]} {result}" for result in (KILLED, TIMED_OUT, SURVIVED))


def read_reasons(path: Path) -> dict[str, str]:
    """Return the known survivors, each with its reason."""
    groups = tomllib.loads(path.read_text("utf-8"))["survivors"]
    return {name: group["why"] for group in groups for name in group["mutants"]}


def all_modules() -> list[str]:
    """Return the names of all modules that are changed, without the name of the package."""
    root = SOURCE / PACKAGE
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("[a-z]*.py"))]
    return [".".join(path.relative_to(root).with_suffix("").parts) for path in paths]


def main() -> int:
    """Run the mutants of tables and functions, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=all_modules(), help="for example fetch.host (default: all)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="mutants at a time")
    options = parser.parse_args()
    os.chdir(ROOT)
    start = time.monotonic()
    results: Results = {}
    problems: list[str] = []
    for kind, make, run in (("tables", table_mutants, run_tables), ("functions", function_mutants, run_functions)):
        made = [mutant for module in options.modules for mutant in make(module)]
        found = run(made, options.jobs)
        print(f"{len(made)} mutants of {kind}, after {(time.monotonic() - start) / 60:.0f} minutes")
        problems += score(found) if found else []
        results |= found
    problems += compare(results, read_reasons(SURVIVORS), options.modules)
    for problem in problems:
        print(problem, file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
