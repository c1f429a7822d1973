"""An option of a policy is the same everywhere: its name, default and type, in the same order.

Adding an option takes three places in the code (see CONTRIBUTING.md). If one is missing, its test fails.
"""

import ast
import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from crossorigin import CORSMiddleware, Policy
from crossorigin.policy import fields, options
from crossorigin.policy.check.types import READERS
from crossorigin.policy.options import DEFAULTS, Options
from crossorigin.settings.pydantic import PolicyField
from tests.meta.docs.documents import POLICY, ROOT, names_of, rows_of

PARAMETERS = inspect.signature(Policy).parameters


def _annotations_of(module: object, name: str) -> dict[str, str]:
    """The annotations of a class for type checkers, as they are written."""
    source = ast.parse(Path(str(inspect.getsourcefile(module))).read_text("utf-8"))  # type: ignore[arg-type]
    (found,) = [node for node in ast.walk(source) if isinstance(node, ast.ClassDef) and node.name == name]
    types: dict[str, str] = {}
    for node in found.body:
        if isinstance(node, ast.AnnAssign):
            types[ast.unparse(node.target)] = ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            types[node.name] = ast.unparse(node.returns)
    return types


def _middleware() -> dict[str, object]:
    """The defaults of the options in the signature of the middleware."""
    arguments = inspect.signature(CORSMiddleware).parameters
    return {name: argument.default for name, argument in arguments.items() if name in PARAMETERS}


def _schema() -> dict[str, object]:
    """The defaults in the JSON schema, in which a tuple is a list."""
    properties = TypeAdapter[Policy](PolicyField).json_schema()["properties"]
    defaults = {name: option["default"] for name, option in properties.items()}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in defaults.items()}


@pytest.mark.parametrize(
    "defaults_of",
    [
        lambda: dict(DEFAULTS),
        _middleware,
        _schema,
        lambda: {name: getattr(Policy(), name) for name in Policy().to_dict()},
    ],
    ids=["DEFAULTS", "CORSMiddleware", "JSON schema", "a policy's own"],
)
def test_the_defaults_are_those_of_the_policy(defaults_of: Callable[[], dict[str, object]]) -> None:
    """Each other place has the defaults of the signature of `Policy`."""
    expected = {name: parameter.default for name, parameter in PARAMETERS.items()}
    assert list(defaults_of().items()) == list(expected.items())
    assert {name: type(value) for name, value in defaults_of().items()} == {
        name: type(value) for name, value in expected.items()
    }


@pytest.mark.parametrize(
    "names_in",
    [
        lambda: [*READERS],
        lambda: [field.name for field in dataclasses.fields(Options) if field.name != "unlistable"],
        lambda: [field.name for field in dataclasses.fields(Policy) if not field.name.startswith("_")],
        lambda: names_of(rows_of(POLICY, "Option")),
        lambda: [
            name.removeprefix("CORS_").lower() for name in names_of(rows_of(ROOT / "docs" / "settings.md", "Variable"))
        ],
    ],
    ids=["READERS", "Options", "Policy's attributes", "docs/policy.md", "docs/settings.md"],
)
def test_the_names_are_those_of_the_policy(names_in: Callable[[], list[str]]) -> None:
    """Each place has every option in the same order, and no other one."""
    assert names_in() == [*PARAMETERS]


@pytest.mark.parametrize("parameters", [PARAMETERS, inspect.signature(CORSMiddleware).parameters])
def test_the_types_of_the_keyword_options_are_those_of_the_signatures(
    parameters: dict[str, inspect.Parameter],
) -> None:
    """`cors(...)` accepts the keywords of `Policy` and the middleware."""
    types = _annotations_of(options, "PolicyOptions")
    assert {name: parameters[name].annotation for name in types} == types
    assert list(types) == [*PARAMETERS]


def test_a_policy_is_read_by_the_types_of_its_attributes() -> None:
    """The class declares the attributes that the rest of the package reads."""
    declared = {field.name: field.type for field in dataclasses.fields(Policy) if not field.name.startswith("_")}
    read = _annotations_of(fields, "PolicyFields")
    # The index of the origins is compiled from the options.
    assert read.pop("origin_matcher") == "OriginMatcher"
    assert read.items() <= declared.items()


def test_every_option_of_a_policy_is_by_keyword_only() -> None:
    """Otherwise their order would be part of the interface."""
    assert {parameter.kind for parameter in PARAMETERS.values()} == {inspect.Parameter.KEYWORD_ONLY}
