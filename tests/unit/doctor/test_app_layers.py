"""The layers of an app in this process, from the outermost to the endpoint of a path."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Theirs
from starlette.routing import Mount, Route, Router

from crossorigin import CORSMiddleware as Ours
from crossorigin import Policy
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.servers import Server, recognize_app

PAGE = "https://app.example"


@pytest.mark.parametrize(("middleware", "server"), [(Ours, Server.CROSSORIGIN), (Theirs, Server.STARLETTE)])
def test_the_options_of_an_added_middleware_are_known(middleware: Any, server: Server) -> None:
    """As they were given to it, by name or by position."""
    app = FastAPI()
    app.add_middleware(middleware, [PAGE], allow_methods=["PUT"])
    found = recognize_app(read_app(app))
    assert found.server is server
    assert found.app is not None
    [layer] = found.app.layers
    assert (layer.options, layer.added_to) == ({"allow_origins": [PAGE], "allow_methods": ["PUT"]}, "app")


def test_a_middleware_that_wraps_an_app_is_known() -> None:
    """With the options of our policy, and with the options of Starlette's read back; a subclass too."""

    class Mine(Theirs):
        """A subclass."""

    [ours] = read_app(Ours(FastAPI(), policy=Policy(max_age=1))).layers
    assert (ours.added_to, ours.options) == (None, Policy(max_age=1).to_dict())
    theirs = read_app(Mine(FastAPI(), [PAGE], allow_origin_regex="a", expose_headers=["X-A", "X-B"])).layers[0]
    assert theirs.options["allow_origin_regex"] == "a"
    assert theirs.options["expose_headers"] == ["X-A", "X-B"]
    assert recognize_app(read_app(Mine(FastAPI()))).server is Server.STARLETTE


def test_other_middleware_is_named() -> None:
    """A function that was added with the decorator has the name of the function."""
    app = FastAPI()

    @app.middleware("http")
    async def auth(request: Any, call_next: Any) -> Any: ...

    assert [layer.name for layer in read_app(app).layers] == ["@app.middleware auth"]


def test_a_mounted_app_has_its_own_layers() -> None:
    """They follow those of the app around it, for the paths below the mount."""
    sub = Starlette()
    sub.add_middleware(Theirs, allow_origins=[PAGE])
    app = Starlette(routes=[Mount("/api", sub)])
    assert [layer.name for layer in read_app(app, path="/api/items").layers] == ["CORSMiddleware"]
    assert read_app(app, path="/apis").layers == ()


def test_the_target_is_found_by_its_name_in_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app may be inside a wrapper that has the name."""
    module = ModuleType("of_an_app")
    api = FastAPI()
    vars(module).update(api=api, app=Ours(api))
    monkeypatch.setitem(sys.modules, "of_an_app", module)
    facts = read_app(vars(module)["app"], name="of_an_app:app")
    assert (facts.target, facts.framework) == ("api", "starlette")


def test_an_app_without_middleware_is_an_app() -> None:
    """This holds for any framework. An app that contains itself is read once."""

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    class Loop:
        """Contains itself."""

        def __init__(self) -> None:
            self.app = self

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    assert recognize_app(read_app(app)).server is Server.ASGI
    assert recognize_app(read_app(FastAPI())).server is Server.FASTAPI
    assert recognize_app(read_app(Loop())).server is Server.ASGI


async def items(request: Any) -> Any:
    """Do nothing."""


def added(**options: Any) -> list[Middleware]:
    """Return the argument with which routes take Starlette's class."""
    return [Middleware(Theirs, **options)]


@pytest.mark.parametrize(
    ("app", "on", "methods"),
    [
        (
            Starlette(routes=[Route("/a", items), Route("/a/{id}", items, middleware=added(allow_origins=[PAGE]))]),
            'Route("/a/{id}")',
            ("GET", "HEAD"),
        ),
        (
            Starlette(routes=[Mount("/a", routes=[Route("/b", items)], middleware=added(allow_origins=[PAGE]))]),
            'Mount("/a")',
            None,
        ),
        (
            Starlette(routes=[Mount("/a", Router([Route("/b", items)], middleware=added(allow_origins=[PAGE])))]),
            "Router(...)",
            None,
        ),
        (Router([Route("/a/{id}", items)], middleware=added(allow_origins=[PAGE])), "Router(...)", None),
    ],
)
def test_the_middleware_of_a_route_a_mount_and_a_router_is_a_layer(app: Any, on: str, methods: Any) -> None:
    """Starlette wraps their apps in it. Other routes have no layers."""
    [layer] = read_app(app, path="/a/b").layers
    assert (layer.on, layer.methods, layer.options["allow_origins"]) == (on, methods, [PAGE])
    assert recognize_app(read_app(app, path="/a/b")).server is Server.STARLETTE
    if not isinstance(app, Router):
        assert read_app(app, path="/b").layers == ()


def test_the_method_selects_among_routes_with_one_path() -> None:
    """Without one for the method, the router uses the first."""
    puts = Route("/a", items, methods=["PUT"], middleware=added(allow_origins=[PAGE]))
    app = Starlette(routes=[Route("/a", items), puts])
    assert [read_app(app, path="/a", method=method).layers != () for method in ("GET", "PUT", "DELETE")] == [
        False,
        True,
        False,
    ]


def test_a_route_with_an_app_of_its_own_has_its_layers() -> None:
    """They follow those of the route, and the route accepts every method."""
    app = Starlette(routes=[Route("/a", Ours(FastAPI(), allow_origins=[PAGE]), middleware=added())])
    outer, inner = read_app(app, path="/a").layers
    assert (outer.on, outer.methods, inner.on) == ('Route("/a")', None, "")
    assert inner.options["allow_origins"] == [PAGE]


@pytest.mark.parametrize("ends", [True, False])
def test_a_module_that_may_run_the_app_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool) -> None:
    """Code at its end would only run when the server has stopped."""
    name = f"app_that_ends_{ends}".lower()
    last = 'if __name__ == "__main__":\n    run(app)\n' if ends else ""
    (tmp_path / f"{name}.py").write_text(f"from fastapi import FastAPI\napp = FastAPI()\n{last}", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    assert read_app(module.app, name=f"{name}:app").has_main is ends
