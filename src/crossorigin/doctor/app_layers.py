"""The layers of an app in the same process, from the outermost to the one that serves a path.

Nothing is imported for it: middleware is found by the attributes in which frameworks keep it, and classes by name.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where wrappers keep the app that they wrap.
_INSIDE = ("app", "other_asgi_app", "asgi_app", "application", "_app", "inner")
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One middleware, or the CORS configuration of a framework.

    `owner` is the qualified name of its class, `name` the one that a report uses. `added_to` is the name of the app
    whose `add_middleware` added it, or None if it wraps the app. `options` are its arguments as far as they are known.
    """

    owner: str
    name: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    added_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """What is known of an app: its name in its module, and its layers, the outermost first.

    `target` is the name of the innermost FastAPI or Starlette app that is not mounted, to which `add_middleware` can be
    applied; None if there is none. `is_made` is true if a factory makes the app. `serves_socketio` is true if
    Socket.IO serves the path.
    """

    name: str = "app"
    module: str = "main"
    layers: tuple[Layer, ...] = ()
    target: str | None = None
    is_made: bool = False
    kind: str = ""
    serves_socketio: bool = False

    @property
    def takes_middleware(self) -> bool:
        """Whether the app has `add_middleware`."""
        return self.target is not None


def read_app(app: object, *, path: str = "/", name: str = "main:app", is_made: bool = False) -> AppFacts:
    """Read the layers around whatever serves `path`."""
    module, _, attribute = name.partition(":")
    reader = _Reader(sys.modules.get(module), attribute or "app")
    layers = tuple(reader.read(app, path))
    return AppFacts(
        name=attribute or "app",
        module=module,
        layers=layers,
        target=reader.target,
        is_made=is_made,
        kind=reader.kind,
        serves_socketio=reader.serves_socketio,
    )


class _Reader:
    """One walk from the outside to the inside."""

    def __init__(self, module: object, name: str) -> None:
        self._module = module
        self._name = name
        self.target: str | None = None
        self.kind = ""
        self.serves_socketio = False

    def read(self, app: Any, path: str) -> Iterator[Layer]:
        for _ in range(_MOST):
            if app is None:
                return
            self.kind = _qualified(type(app))
            engine = getattr(app, "engineio_server", None)
            if engine is not None and path.startswith(_socket_path(app)):
                self.serves_socketio = True
                return
            added: Any = getattr(app, "user_middleware", None)
            if added is not None:
                yield from self._added(app, added)
                app, path = _mounted(app, path)
                continue
            config: Any = getattr(app, "cors_config", None)
            if config is not None:
                yield Layer(owner=_qualified(type(config)), name="CORSConfig", options=_attributes(config))
                return
            inside: Any = next((found for kept in _INSIDE if callable(found := getattr(app, kept, None))), None)
            if inside is None:
                return
            policy = getattr(app, "policy", None)
            options: dict[str, object] = {} if policy is None else {"policy": policy}
            if _base(type(app)).startswith("starlette.middleware.cors."):
                options = _read_back(app)
            yield Layer(owner=_base(type(app)), name=type(app).__qualname__, options=options)
            app = inside

    def _added(self, app: Any, added: Any) -> Iterator[Layer]:
        name = self._name_of(app)
        self.target = self.target or name
        for middleware in added:
            owner = middleware.cls
            arguments = getattr(middleware, "args", ())
            options = {**_positional(owner, arguments), **middleware.kwargs}
            dispatch: Any = options.get("dispatch")
            function: str | None = getattr(dispatch, "__name__", None)
            said = _plain_name(owner) if function is None else f"@{name}.middleware {function}"
            yield Layer(owner=_base(owner), name=said, options=options, added_to=name)

    def _name_of(self, app: object) -> str:
        if getattr(self._module, self._name, None) is app or self._module is None:
            return self._name
        named = (name for name, value in vars(self._module).items() if value is app)
        return next(named, self._name)


def _attributes(value: Any) -> dict[str, object]:
    return {**vars(value)}


def _plain_name(owner: object) -> str:
    return getattr(owner, "__qualname__", type(owner).__qualname__)


def _qualified(owner: Any) -> str:
    return f"{getattr(owner, '__module__', '')}.{getattr(owner, '__qualname__', '')}"


def _base(owner: Any) -> str:
    """Return the qualified name of a class, or of the CORS middleware that it is a subclass of."""
    names = [_qualified(base) for base in getattr(owner, "__mro__", (owner,))]
    return next((name for name in names if name.endswith(".CORSMiddleware")), names[0])


def _positional(owner: Any, arguments: tuple[object, ...]) -> dict[str, object]:
    if not arguments:
        return {}
    names = [*inspect.signature(owner).parameters][1:]
    return dict(zip(names, arguments, strict=False))


def _read_back(app: Any) -> dict[str, object]:
    """Return the options of Starlette's middleware, which it keeps in other forms."""
    regex = app.allow_origin_regex
    exposed = app.simple_headers.get("Access-Control-Expose-Headers", "")
    options: dict[str, object] = {
        "allow_origins": app.allow_origins,
        "allow_methods": app.allow_methods,
        "allow_headers": ["*"] if app.allow_all_headers else app.allow_headers,
        "allow_credentials": app.allow_credentials,
        "expose_headers": exposed.split(", ") if exposed else [],
    }
    return options | ({} if regex is None else {"allow_origin_regex": regex.pattern})


def _socket_path(app: Any) -> str:
    return f"/{str(getattr(app, 'engineio_path', 'socket.io')).strip('/')}"


def _mounted(app: Any, path: str) -> tuple[object, str]:
    """Return the app that is mounted at the start of `path`, and the rest of the path."""
    for route in cast("list[Any]", getattr(app, "routes", ())):
        prefix, inside = getattr(route, "path", None), getattr(route, "app", None)
        is_mount = hasattr(route, "routes") and isinstance(prefix, str) and inside is not None
        if is_mount and prefix and f"{path}/".startswith(f"{prefix}/"):
            return inside, path[len(prefix) :] or "/"
    return None, path
