"""The layers of an app in the same process, from the outermost to the one that serves a path.

Nothing is imported for it: middleware is found by the attributes in which frameworks keep it, and classes by name.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crossorigin.browser import is_aiohttp_app, is_wsgi_app
from crossorigin.doctor.aiohttp_layers import read_aiohttp
from crossorigin.doctor.django_layers import allowed_hosts, is_django_app, read_django
from crossorigin.doctor.flask_layers import is_flask_app, read_flask
from crossorigin.doctor.hidden_layers import hidden_layer
from crossorigin.doctor.layers import AppFacts, Framework, Layer
from crossorigin.doctor.route_layers import Step, is_router, step_of, wrappers
from crossorigin.live import LiveOrigins
from crossorigin.policy.options import is_list_like, members_of
from crossorigin.policy.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where wrappers keep the app that they wrap.
_INSIDE = ("app", "other_asgi_app", "asgi_app", "application", "_app", "inner")
_MOST = 50


def read_app(
    app: object, *, path: str = "/", method: str = "GET", name: str = "main:app", is_made: bool = False
) -> AppFacts:
    """Read the layers around whatever serves `path`. The method selects among several routes with this path."""
    module, _, attribute = name.partition(":")
    reader = _Reader(sys.modules.get(module), attribute or "app", "wsgi" if is_wsgi_app(app) else "asgi", method)
    layers = tuple(reader.read(app, path))
    return AppFacts(
        name=attribute or "app",
        module=module,
        layers=layers,
        framework=reader.framework,
        target=reader.target,
        is_made=is_made,
        kind=reader.kind,
        hosts=allowed_hosts() if reader.framework == "django" else _trusted_hosts(layers),
        serves_socketio=reader.serves_socketio,
        has_main=_has_main(sys.modules.get(module)),
    )


def _has_main(module: Any) -> bool:
    """Return whether a module has code for the case that it is run, which usually does not return."""
    try:
        return "__main__" in inspect.getsource(module)
    except (OSError, TypeError):
        return False


def _trusted_hosts(layers: tuple[Layer, ...]) -> tuple[str, ...] | None:
    found = (layer.options.get("allowed_hosts") for layer in layers if layer.name == "TrustedHostMiddleware")
    hosts = next(found, None)
    return None if not is_list_like(hosts) else tuple(host for host in members_of(hosts) if isinstance(host, str))


class _Reader:
    """One walk from the outside to the inside."""

    def __init__(self, module: object, name: str, framework: Framework, method: str) -> None:
        self._module = module
        self._method = method
        self._name = name
        self.framework: Framework = framework
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
                yield from _socketio(engine)
                return
            added: Any = getattr(app, "user_middleware", None)
            if added is not None:
                yield from self._added(app, added)
                app = getattr(app, "router", None)
                continue
            if is_router(app):
                step = step_of(app, path, self._method)
                yield from _of_router(app, step)
                app, path = (None, path) if step is None else (step.app, step.path)
                continue
            layers = self._of_framework(app, path)
            if layers is not None:
                yield from layers
                return
            config: Any = getattr(app, "cors_config", None)
            if config is not None:
                yield Layer(owner=_qualified(type(config)), name="CORSConfig", options=_attributes(config))
                return
            hidden = hidden_layer(app)
            if hidden is not None:
                yield hidden
            inside: Any = next((found for kept in _INSIDE if callable(found := getattr(app, kept, None))), None)
            if inside is None:
                return
            yield _wrapper(app)
            app = inside

    def _of_framework(self, app: Any, path: str) -> Iterator[Layer] | None:
        """Return the layers of an app of aiohttp, Django or Flask, or None for any other app."""
        if is_aiohttp_app(app):
            self._add_to("aiohttp", self._name_of(app) or self._name)
            return read_aiohttp(app, path)
        if is_django_app(app):
            self._add_to("django", self._name)
            return read_django(path)
        return self._of_flask(app, path) if is_flask_app(app) else None

    def _added(self, app: Any, added: Any) -> Iterator[Layer]:
        name = self._name_of(app) or self._name
        self._add_to("starlette", name)
        for middleware in added:
            owner = middleware.cls
            arguments = getattr(middleware, "args", ())
            options = {**_positional(owner, arguments), **middleware.kwargs}
            dispatch: Any = options.get("dispatch")
            function: str | None = getattr(dispatch, "__name__", None)
            said = _plain_name(owner) if function is None else f"@{name}.middleware {function}"
            yield Layer(owner=_base(owner), name=said, options=options, added_to=name)

    def _of_flask(self, app: Any, path: str) -> Iterator[Layer]:
        facts, name = read_flask(app, path), self._name_of(app)
        # Without a name in the module, code at its end cannot reach the app, so it wraps what has a name.
        if name is not None:
            self._add_to("flask-cors" if facts.uses_flask_cors else "flask", name)
        yield from self._around_flask(app)
        yield from facts.layers

    def _around_flask(self, app: Any) -> Iterator[Layer]:
        """Yield the layers that replaced `wsgi_app`. That of `CORS` is read from the app."""
        serve = app.wsgi_app
        for _ in range(_MOST):
            inside = getattr(serve, "app", None)
            if inside is None or serve is app:
                return
            yield _wrapper(serve)
            serve = inside

    def _add_to(self, framework: Framework, name: str) -> None:
        if self.target is None:
            self.framework, self.target = framework, name

    def _name_of(self, app: object) -> str | None:
        if getattr(self._module, self._name, None) is app or self._module is None:
            return self._name
        return next((name for name, value in vars(self._module).items() if value is app), None)


def _of_router(router: Any, step: Step | None) -> Iterator[Layer]:
    """Yield the middleware of a router, and that of the route or the mount in it that serves the path."""
    for app in wrappers(getattr(router, "middleware_stack", None), router):
        yield replace(_wrapper(app), on="Router(...)")
    if step is not None:
        for app in wrappers(step.outside, step.app):
            yield replace(_wrapper(app), on=step.on, methods=step.methods)


def _wrapper(app: Any) -> Layer:
    policy: Any = getattr(app, "policy", None)
    # A middleware keeps only its policy, whether it was given options or a policy.
    options: dict[str, object] = policy.to_dict() if isinstance(policy, Policy) else {}
    origins: Any = getattr(app, "origins", None)
    if isinstance(origins, LiveOrigins):
        options["origins"] = origins
    if _base(type(app)).startswith("starlette.middleware.cors."):
        options = _read_back(app)
    return Layer(owner=_base(type(app)), name=type(app).__qualname__, options=options)


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


def _socketio(engine: Any) -> Iterator[Layer]:
    """Yield the layer of Socket.IO. With an empty list, it sets no headers."""
    engine = getattr(engine, "eio", engine)
    allowed: Any = getattr(engine, "cors_allowed_origins", [])
    if allowed == []:
        return
    layer = Layer(owner="engineio.Server", name="Socket.IO", is_read=False)
    if isinstance(allowed, str):
        allowed = [allowed]
    # By default, Socket.IO allows its own origin, and a function decides whatever it does.
    if not isinstance(allowed, list | tuple):
        yield layer
        return
    options: dict[str, object] = {
        "allow_origins": allowed,
        "allow_methods": ["*"],
        "allow_headers": ["*"],
        "allow_credentials": engine.cors_credentials is True,
    }
    yield replace(layer, options=options, is_read=True)


def _socket_path(app: Any) -> str:
    return f"/{str(getattr(app, 'engineio_path', 'socket.io')).strip('/')}"
