"""The API page documents every public name of every public module, once."""

import pkgutil
import re
from importlib import import_module
from typing import Any

import pytest

import crossorigin
from tests.meta.docs.documents import ROOT

PAGE = ROOT / "docs" / "api.md"
# The modules that users may import from; those without `__all__` have their public names here.
MODULES: dict[str, list[str]] = {
    "crossorigin": [],
    "crossorigin.aiohttp": [],
    "crossorigin.browser": [],
    "crossorigin.django": [],
    "crossorigin.fastapi": [],
    "crossorigin.flask": [],
    "crossorigin.settings": [],
    "crossorigin.settings.pydantic": [],
    "crossorigin.starlette": [],
    "crossorigin.telemetry.hook": ["takes_request_facts"],
    "crossorigin.telemetry.otel": ["counting", "on_decision"],
    "crossorigin.testing": [],
    "crossorigin.testing.plugin": [],
    "crossorigin.testing.strategies": [],
    "crossorigin.wsgi": [],
}


# `__main__` is the command line. CONTRIBUTING.md calls the others internal.
INTERNAL = {"__main__", "adapters", "doctor", "fetch", "live", "policy"}


def documented() -> list[str]:
    """Return the dotted names that the page documents."""
    return re.findall(r"^::: (\S+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)


def value_of(name: str) -> Any:
    """Return the object with a dotted name."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module: str) -> None:
    """Each name is on the page, under this module or under another one that has the same object."""
    names = MODULES[module] or import_module(module).__all__
    found = [(name.rpartition(".")[2], value_of(name)) for name in documented()]
    missing = [
        name for name in names if not any(name == own and value_of(f"{module}.{name}") is value for own, value in found)
    ]
    assert missing == []


def test_no_name_is_documented_twice() -> None:
    """Each name of the page is listed once and exists."""
    names = documented()
    assert len(names) == len(set(names))
    assert all(value_of(name) is not None for name in names)


def test_every_module_is_public_or_internal() -> None:
    """A new module of the package has to be documented, or to be called internal."""
    public = {name.split(".")[1] for name in MODULES if "." in name}
    assert {module.name for module in pkgutil.iter_modules(crossorigin.__path__)} == public | INTERNAL


def test_every_public_module_of_the_guide_is_covered() -> None:
    """The modules that the guide for contributors calls public are those of this test, and so are the internal ones."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    sentence = re.search(r"^Users may import from (.+?\.)(?: |$)", guide, flags=re.MULTILINE)
    assert sentence
    named = set(re.findall(r"`(crossorigin[\w.]*)`", sentence[1]))
    assert named == {module for module in MODULES if not module.startswith("crossorigin.testing.")}
    internal = re.search(r"^.+\. (.+?) are internal", guide, flags=re.MULTILINE)
    assert internal
    assert set(re.findall(r"`(\w+)`", internal[1])) == INTERNAL - {"__main__"}
