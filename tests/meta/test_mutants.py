"""The guard that checks the unit tests works."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mutations(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that makes mutants."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("mutations")


@pytest.fixture
def guard(mutations: ModuleType) -> ModuleType:
    """The script that runs them."""
    return importlib.import_module("mutants")


@pytest.fixture
def module(mutations: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A module of the package that does not exist yet."""
    monkeypatch.setattr(mutations, "SOURCE", tmp_path)
    path = tmp_path / "crossorigin" / "fetch" / "a.py"
    path.parent.mkdir(parents=True)
    return path


def test_each_entry_is_left_out_and_each_number_shifted(mutations: ModuleType, module: Path) -> None:
    """There is a mutant for every entry of every table, and for every number."""
    module.write_text('A = frozenset({"x", "y"})\nB: dict[str, int] = {"z": 7}\nC = frozenset("ab")\n', "utf-8")
    made = {mutant.change: mutant.source for mutant in mutations.table_mutants("fetch.a")}
    assert made == {
        "A: without 'x'": "A = frozenset({'y'})\nB: dict[str, int] = {'z': 7}\nC = frozenset('ab')",
        "A: without 'y'": "A = frozenset({'x'})\nB: dict[str, int] = {'z': 7}\nC = frozenset('ab')",
        "B: without 'z'": "A = frozenset({'x', 'y'})\nB: dict[str, int] = {}\nC = frozenset('ab')",
        "B: 7 -> 8": "A = frozenset({'x', 'y'})\nB: dict[str, int] = {'z': 8}\nC = frozenset('ab')",
        "B: 7 -> 6": "A = frozenset({'x', 'y'})\nB: dict[str, int] = {'z': 6}\nC = frozenset('ab')",
        "C: without 'a'": "A = frozenset({'x', 'y'})\nB: dict[str, int] = {'z': 7}\nC = frozenset('b')",
        "C: without 'b'": "A = frozenset({'x', 'y'})\nB: dict[str, int] = {'z': 7}\nC = frozenset('a')",
    }


def test_functions_methods_and_properties_have_mutants(mutations: ModuleType, module: Path) -> None:
    """The name of a mutant is unique and has its function and the changed lines."""
    module.write_text(
        "def f(a):\n    return a + 1\n\nclass C:\n    @property\n    def p(self):\n        return [1, 1]\n", "utf-8"
    )
    names = [str(mutant) for mutant in mutations.function_mutants("fetch.a")]
    assert names == [
        "fetch.a.f: return a + 1 -> return a - 1",
        "fetch.a.f: return a + 1 -> return a + 2",
        "fetch.a.C.p: return [1, 1] -> return [2, 1]",
        "fetch.a.C.p: return [1, 1] -> return [1, 2]",
    ]


@pytest.mark.parametrize(
    ("result", "reasons", "problem"),
    [
        ("killed", {}, []),
        ("survived", {"fetch.a: X: 1 -> 2": "why"}, []),
        ("survived", {}, ["survives, without a reason: fetch.a: X: 1 -> 2"]),
        ("killed", {"fetch.a: X: 1 -> 2": "why"}, ["killed, with a reason to survive: fetch.a: X: 1 -> 2"]),
        ("killed", {"fetch.a: Y": "why"}, ["gone, with a reason to survive: fetch.a: Y"]),
        ("killed", {"fetch.b: Y": "why"}, []),
    ],
)
def test_survivors_and_reasons_answer_each_other(
    guard: ModuleType, mutations: ModuleType, result: str, reasons: dict[str, str], problem: list[str]
) -> None:
    """Each survivor has a reason and each reason a survivor, in the modules that were changed."""
    mutant = mutations.Mutant("fetch.a", "", "X: 1 -> 2", "")
    assert guard.compare({mutant: result}, reasons, ["fetch.a"]) == problem


def test_less_than_nineteen_in_twenty_is_too_few(guard: ModuleType, mutations: ModuleType) -> None:
    """At least 95 % of the mutants must be killed, whatever the reasons are."""
    mutants = [mutations.Mutant("fetch.a", "f", str(number), "") for number in range(20)]
    fates = ["survived", *["killed"] * 18, "timed out"]
    assert guard.score(dict(zip(mutants, fates, strict=True))) == []
    assert guard.score(dict(zip(mutants[1:], fates[:-1], strict=True))) == ["less than 95% are killed"]


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("fetch.methods", "tests/unit/fetch/test_methods.py"),
        ("policy.decide.plan", "tests/unit/policy/decide/test_plan.py"),
        ("policy.decide.without_tests", "tests/unit/policy/decide"),
    ],
)
def test_the_tests_of_a_module_lie_where_it_lies(guard: ModuleType, module: str, tests: str) -> None:
    """They run first. Without a test file, the tests of the package's folder run."""
    assert guard.own_tests(module) == tests


def test_modules_of_nested_packages_are_changed_too(guard: ModuleType) -> None:
    """Every module of the three packages is found, except `__init__`."""
    modules = guard.all_modules()
    assert {"fetch.methods", "policy.decide.plan", "browser.cache"} <= set(modules)
    assert not [module for module in modules if "__" in module]


def test_every_reason_is_about_a_mutant_that_can_be_made(guard: ModuleType) -> None:
    """The reasons name modules that exist."""
    modules = tuple(f"{module}{end}" for module in guard.all_modules() for end in ".:")
    assert [name for name in guard.read_reasons(guard.SURVIVORS) if not name.startswith(modules)] == []


def test_every_reason_is_a_sentence(guard: ModuleType) -> None:
    """Each reason explains why the survivor does not matter."""
    reasons = guard.read_reasons(guard.SURVIVORS)
    assert all(why.endswith(".") for why in reasons.values())
