"""The architecture: no import cycle, few entries at the root, and no framework outside the module named after it.

The layers are contracts of import-linter, in `pyproject.toml`. These are the promises that no contract can state.
"""

import subprocess
import sys
from collections.abc import Iterable, Mapping

import grimp
import pytest

from tests.meta.docs.documents import ROOT

LIBRARY = ROOT / "src" / "crossorigin"
# The modules that users import have the name of a framework.
ROOT_ENTRIES = {
    "__init__.py",
    "__main__.py",
    "adapters",
    "aiohttp.py",
    "browser",
    "django",
    "doctor",
    "fastapi.py",
    "fetch",
    "flask.py",
    "live",
    "policy",
    "settings",
    "starlette.py",
    "telemetry",
    "testing",
    "wsgi.py",
}
# Optional distributions, each with the modules and packages that may import it.
FRAMEWORKS = {
    "aiohttp": {
        "crossorigin.aiohttp",
        "crossorigin.adapters.aiohttp",
        "crossorigin.browser.aiohttp",
        "crossorigin.doctor.asking.aiohttp",
    },
    "asgiref": {"crossorigin.adapters.django"},
    "django": {"crossorigin.adapters.django", "crossorigin.django.apps"},
    "fastapi": {"crossorigin.fastapi"},
    "flask": {"crossorigin.flask", "crossorigin.adapters.flask"},
    "litestar": set[str](),
    "quart": set[str](),
    "starlette": {"crossorigin.starlette", "crossorigin.fastapi"},
    "werkzeug": {"crossorigin.adapters.flask"},
}


def import_cycles(imports: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, found by Tarjan's algorithm."""
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        numbers[module] = lowest[module] = len(numbers)
        path.append(module)
        for imported in imports[module]:
            if imported not in numbers:
                visit(imported)
            if imported in path:
                lowest[module] = min(lowest[module], lowest[imported])
        if lowest[module] == numbers[module]:
            group = path[path.index(module) :]
            del path[path.index(module) :]
            if len(group) > 1 or module in imports[module]:
                found.append(sorted(group))

    for module in imports:
        if module not in numbers:
            visit(module)
    return found


@pytest.mark.parametrize(
    ("imports", "cycles"),
    [
        ({"a": ["b", "c"], "b": ["c"], "c": []}, []),
        ({"a": ["a"]}, [["a"]]),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, [["b", "c"]]),
        (
            {"a": ["b"], "b": ["c"], "c": ["d"], "d": ["a", "e"], "e": ["f"], "f": ["e"]},
            [["e", "f"], ["a", "b", "c", "d"]],
        ),
    ],
)
def test_cycles_are_found(imports: Mapping[str, list[str]], cycles: list[list[str]]) -> None:
    """The function finds each cycle once, and nothing else."""
    assert import_cycles(imports) == cycles


@pytest.mark.parametrize("package", ["crossorigin", "bench"])
def test_no_modules_import_each_other(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late imports and imports for type checkers count too, also between a package and its modules."""
    monkeypatch.syspath_prepend(str(ROOT))
    graph = grimp.build_graph(package, cache_dir=None)
    assert len(graph.modules) > 20
    imports = {name: sorted(graph.find_modules_directly_imported_by(name)) for name in sorted(graph.modules)}
    assert import_cycles(imports) == []


def test_the_root_of_the_package_has_few_entries() -> None:
    """A new module belongs in a package. The marker for type checkers does not count."""
    entries = {path.name for path in LIBRARY.iterdir()} - {"py.typed", "__pycache__"}
    assert entries == ROOT_ENTRIES
    assert len(entries) <= 17


def test_no_framework_is_imported_but_by_its_own_module() -> None:
    """Late imports and imports for type checkers count too."""
    graph = grimp.build_graph("crossorigin", include_external_packages=True, cache_dir=None)
    importers = {
        framework: graph.find_modules_that_directly_import(framework) if framework in graph.modules else set()
        for framework in FRAMEWORKS
    }
    wrong = {
        (framework, module)
        for framework, modules in importers.items()
        for module in modules
        if not FRAMEWORKS[framework] & {module, module.rpartition(".")[0]}
    }
    assert wrong == set()


def test_importing_the_package_does_not_load_typing() -> None:
    """It takes an eighth of the import time, so names for type checkers are imported only for type checkers."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); import crossorigin; print('typing' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout == "False\n"
