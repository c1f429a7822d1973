"""The page on the architecture: its picture shows the contracts, and its tables show the real order of the modules."""

import importlib.util
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType, ModuleType

import pytest
from flask import Flask

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, Policy
from crossorigin.flask import CORS
from tests.meta.docs.documents import ROOT, prose_of, rows_of
from tests.meta.docs.exchange import send
from tests.meta.docs.test_starlette import PAGE, UNTRUSTED, answering

PAGE_PATH = ROOT / "docs" / "architecture.md"
POLICY_WAY, REQUEST_WAY = "How a policy is built", "How a request is served"
WSGI_WAY = "How a WSGI request is served"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that draws the picture."""
    spec = importlib.util.spec_from_file_location("draw_architecture", ROOT / "scripts" / "draw_architecture.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def steps_of(heading: str) -> list[str]:
    """The modules of a table, in order."""
    sections = prose_of(PAGE_PATH).split("\n## ")
    (section,) = (text for text in sections if text.startswith(f"{heading}\n"))
    return re.findall(r"^\| \d+ \| `([\w.]+)` ", section, flags=re.MULTILINE)


@contextmanager
def entered() -> Iterator[list[str]]:
    """The modules of the library, each once, in the order in which their functions are first called."""
    modules: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_globals.get("__name__", "")
        # Functions that an import calls are not counted.
        if event == "call" and name.startswith("crossorigin.") and "<module>" not in frame.f_code.co_qualname:
            module = name.removeprefix("crossorigin.")
            if module not in modules:
                modules.append(module)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(before)


def build_wrong() -> None:
    """Build a policy with an error that has a fix."""
    with suppress(InvalidPolicyError):
        Policy(allow_methods=["GET, PUT"])


def build_with_warning() -> None:
    """Build a policy with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        Policy(allow_origins=["http://app.example.com"], allow_credentials=True)


def test_the_picture_is_drawn_from_the_contracts(script: ModuleType) -> None:
    """If the layers change, the picture must be updated with `make diagram`."""
    drawn = script.draw(script.read_layers(ROOT / "pyproject.toml"))
    assert (ROOT / "docs" / "architecture.svg").read_text("utf-8") == drawn


def test_the_picture_shows_every_layer(script: ModuleType) -> None:
    """Each module of each contract has its box."""
    layers = script.read_layers(ROOT / "pyproject.toml")
    drawn = script.draw(layers)
    names = [name for rows in layers.values() for row in rows for name in row.split(" | ")]
    assert len(names) > 30
    assert drawn.count("<rect") == len(names)
    assert all(f">{name}</text>" in drawn for name in names)


@pytest.mark.parametrize(
    ("build", "other"),
    [(build_wrong, "policy.check.warnings"), (build_with_warning, "policy.check.suggestions")],
    ids=["error", "warning"],
)
def test_a_policy_is_built_in_the_order_of_the_page(build: Callable[[], None], other: str) -> None:
    """The modules are first entered in this order. With errors, the step of the warnings is skipped."""
    # Late imports are done before.
    build()
    with entered() as modules:
        build()
    steps = steps_of(POLICY_WAY)
    assert len(steps) == 6
    assert other in steps
    steps.remove(other)
    assert [module for module in modules if module in steps] == steps


def test_a_request_is_served_in_the_order_of_the_page() -> None:
    """A refused request with a hook takes every step, if its policy depends on the routes."""
    app = CORSMiddleware(answering(), allow_origins=[PAGE], on_decision=lambda *_: None, served_methods_only=True)
    send(app, "GET", [("origin", PAGE)])
    with entered() as modules:
        send(app, "GET", [("origin", UNTRUSTED)])
    steps = steps_of(REQUEST_WAY)
    assert len(steps) == 8
    assert [module for module in modules if module in steps] == steps


def test_a_wsgi_request_is_served_in_the_order_of_the_page() -> None:
    """A refused request to a Flask app with per-route policies takes every step."""
    app = Flask(__name__)
    CORS(app, allow_origins=[PAGE], resources={"/closed/*": None})
    client = app.test_client()
    # The text of a decision is made for the first request with it.
    client.get("/", headers={"Origin": UNTRUSTED})
    with entered() as modules:
        # Recent origins are remembered, so this needs another one.
        client.get("/", headers={"Origin": f"{UNTRUSTED}:8443"})
    steps = steps_of(WSGI_WAY)
    assert len(steps) == 8
    assert [module for module in modules if module in steps] == steps


def test_the_fast_path_enters_one_module_of_the_adapters() -> None:
    """A request of a listed origin needs no handler and no selection."""
    app = CORSMiddleware(answering(), allow_origins=[PAGE])
    send(app, "GET", [("origin", PAGE)])
    with entered() as modules:
        send(app, "GET", [("origin", PAGE)])
    assert [module for module in modules if module.startswith("adapters.")] == ["adapters.asgi.middleware"]


def test_the_modules_exist() -> None:
    """Every module and package that a table names can be imported."""
    places = [name for row in rows_of(PAGE_PATH, "Change") for name in row["Place"].split(", ")]
    steps = [row["Module"] for row in rows_of(PAGE_PATH, "Step")]
    assert len(places) > 6
    for name in {*places, *steps}:
        import_module(f"crossorigin.{name}")
