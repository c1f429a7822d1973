"""What is known of an app in the same process: its CORS layers, and where its fix goes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# The owner of the settings of a Django project whose middleware is missing.
UNUSED_SETTINGS = "django.conf.settings"
# The option that limits aiohttp-cors: its routes are added one by one.
ADDED_ROUTES = "cors.add(...)"
# How CORS is added to an app: "asgi" and "wsgi" apps are wrapped, "flask-cors" is a Flask app that uses the
# package.
Framework = Literal["asgi", "starlette", "wsgi", "flask", "flask-cors", "django", "aiohttp"]


class Limit(NamedTuple):
    """An option that limits a layer to paths: its name, its expressions, and the path that none of them matches."""

    option: str
    patterns: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One middleware, or the CORS configuration of a framework.

    `owner` is the qualified name of its class, `name` the one that a report uses. `added_to` is the name of the app
    whose `add_middleware` added it, or None if it wraps the app. `options` are its arguments as far as they are known,
    with the names of `Policy`. `is_read` is false if nothing is known of them, and `in_config` is true if they are in
    the configuration of a Flask app. `on` is the view, blueprint, resource, route, mount or router that the layer is
    for, or empty if it is for the app. `methods` are those of the route with the layer, or None if all requests reach
    the layer. `limit` is the option that limits the layer to other paths than the one that was read, or None.
    `origins_name` is the old name of the setting with the origins, or empty if the setting has its usual name.
    """

    owner: str
    name: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    added_to: str | None = None
    is_read: bool = True
    in_config: bool = False
    on: str = ""
    methods: tuple[str, ...] | None = None
    limit: Limit | None = None
    origins_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """What is known of an app: its name in its module, and its layers, the outermost first.

    `framework` says how CORS is added to the app. `target` is the name of the app of FastAPI, Starlette, Flask or
    aiohttp to which it is added: the outermost one that is not mounted. It is None if there is none. `is_made` is true
    if a factory makes the app. `hosts` are those that the app serves, or None if it serves every host.
    `serves_socketio` is true if Socket.IO serves the path. `has_main` is true if the module may run the app at its end.
    """

    name: str = "app"
    module: str = "main"
    layers: tuple[Layer, ...] = ()
    framework: Framework = "asgi"
    target: str | None = None
    is_made: bool = False
    kind: str = ""
    hosts: tuple[str, ...] | None = None
    serves_socketio: bool = False
    has_main: bool = False
