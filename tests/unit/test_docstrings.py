"""The examples in docstrings. Running them imports every module of the library."""

import doctest
import pkgutil
from importlib import import_module

import crossorigin
from tests.cases.django_project import configure


def test_the_examples_in_docstrings_run() -> None:
    """Every `>>>` example in the library has the result that is shown."""
    # A doctest reads every name of a module, so the settings of Django must be configured.
    configure()
    attempted = 0
    for module in pkgutil.walk_packages(crossorigin.__path__, "crossorigin."):
        result = doctest.testmod(import_module(module.name))
        assert result.failed == 0, module.name
        attempted += result.attempted
    assert attempted
