"""The CORS layers of Flask apps: `CORS` of crossorigin.flask, and Flask-Cors. Flask is not imported for it.

The options of every layer are written with the names of `Policy`, whatever the package calls them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from crossorigin.doctor.layers import Layer, Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXTENSION = "crossorigin"
_FLASK_CORS = "flask_cors"
_CONFIG = "CORS_ALLOW_ORIGINS"


class FlaskFacts(NamedTuple):
    """The layers of a Flask app, and whether Flask-Cors is used anywhere in it, also on views and blueprints."""

    layers: tuple[Layer, ...]
    uses_flask_cors: bool


def is_flask_app(app: object) -> bool:
    """Return whether an app is one of Flask."""
    return any((base.__module__, base.__qualname__) == ("flask.app", "Flask") for base in type(app).__mro__)


def read_flask(app: Any, path: str) -> FlaskFacts:
    """Read the layers of a Flask app for a path: first those that decide."""
    functions = app.after_request_funcs
    views = [*app.view_functions.values()]
    everywhere = [function for found in functions.values() for function in found] + views
    layers = (*_own(app), *_on_views(app, path), *_of_flask_cors(functions.get(None, ()), path))
    return FlaskFacts(layers, any(map(_is_of_flask_cors, everywhere)))


def _own(app: Any) -> Iterator[Layer]:
    layer = app.extensions.get(_EXTENSION)
    if layer is not None:
        name = "CORS of crossorigin.flask"
        options = layer.policy.to_dict() | ({} if layer.origins is None else {"origins": layer.origins})
        yield Layer(owner=_owner(layer), name=name, options=options, in_config=_CONFIG in app.config)


def _on_views(app: Any, path: str) -> Iterator[Layer]:
    """Yield the layers of Flask-Cors on the views that serve a path, and on their blueprints.

    What they refuse stays refused: `CORS(app)` of Flask-Cors adds nothing to their responses.
    """
    for endpoint in sorted(_endpoints(app, path)):
        view = app.view_functions.get(endpoint)
        if _is_of_flask_cors(view):
            on = f"the view {endpoint}"
            yield Layer(owner="flask_cors.cross_origin", name="cross_origin of Flask-Cors", is_read=False, on=on)
        blueprint = endpoint.rpartition(".")[0]
        if any(map(_is_of_flask_cors, app.after_request_funcs.get(blueprint or None, ()))) and blueprint:
            on = f"the blueprint {blueprint}"
            yield Layer(owner="flask_cors.CORS", name="CORS of Flask-Cors", is_read=False, on=on)


def _endpoints(app: Any, path: str) -> set[str]:
    adapter = app.url_map.bind("")
    try:
        return {adapter.match(path, method=method)[0] for method in adapter.allowed_methods(path)}
    # A converter of the app runs, and may need more than a path.
    except Exception:  # noqa: BLE001
        return set()


def _owner(layer: object) -> str:
    return f"{type(layer).__module__}.{type(layer).__qualname__}"


def _of_flask_cors(functions: Any, path: str) -> Iterator[Layer]:
    for function in functions:
        if not _is_of_flask_cors(function):
            continue
        layer = Layer(owner="flask_cors.CORS", name="CORS of Flask-Cors", is_read=False)
        try:
            yield _read_back(layer, function, path)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield layer


def _is_of_flask_cors(function: Any) -> bool:
    # A decorated view has the name and the module of the view, but its code is in the package.
    module = str(getattr(function, "__globals__", {}).get("__name__", ""))
    return module.partition(".")[0] == _FLASK_CORS


def _read_back(layer: Layer, function: Any, path: str) -> Layer:
    """Return the layer with what Flask-Cors keeps for a path: the options, or the resource that they are given for.

    They are variables of the function that sets the headers. Another release may keep them in another way, which leads
    to one of several errors.
    """
    kept = dict(zip(function.__code__.co_freevars, function.__closure__, strict=True))
    resources = [*kept["resources"].cell_contents]
    patterns = tuple(getattr(pattern, "pattern", pattern) for pattern, _ in resources)
    if patterns == ("/*",):
        return replace(layer, options=_options_of(resources[0][1]), is_read=True)
    matched = [text for text, (pattern, _) in zip(patterns, resources, strict=True) if _matches(pattern, path)]
    if not matched:
        return replace(layer, limit=Limit("resources", patterns, path))
    return replace(layer, on=f'resources["{matched[0]}"]')


def _matches(pattern: Any, path: str) -> bool:
    # Text without special characters is not an expression for Flask-Cors.
    return pattern == path if isinstance(pattern, str) else bool(pattern.match(path))


def _options_of(kept: Any) -> dict[str, object]:
    """Return the options of a resource, which Flask-Cors keeps in other forms.

    Raises:
        TypeError: They are more than plain lists.
    """
    return {
        "allow_origins": ["*"] if kept.allow_all_origins else _plain(kept.origins),
        "allow_methods": kept.methods.split(", "),
        "allow_headers": _plain(kept.allow_headers),
        "allow_credentials": kept.supports_credentials is True,
    }


def _plain(values: list[Any]) -> list[str]:
    """Return a list of strings.

    Raises:
        TypeError: It has another regular expression than the one for everything.
    """
    if [getattr(value, "pattern", None) for value in values] == [".*"]:
        return ["*"]
    if not all(isinstance(value, str) for value in values):
        raise TypeError
    return values
