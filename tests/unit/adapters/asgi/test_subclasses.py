"""A subclass whose check would be ignored raises an error. Any other subclass works."""

from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware

from crossorigin import CORSMiddleware
from tests.unit.adapters.asgi.scopes import ORIGIN, answering, headers_of, http_scope

_THEIRS = ["is_allowed_origin", "preflight_response", "simple_response", "send"]


def own_method(self: Any, *arguments: Any) -> bool:
    """A method that users override."""
    return False


@pytest.mark.parametrize("name", _THEIRS)
def test_what_people_override_is_there_to_override(name: str) -> None:
    """Starlette's class has each of these methods, and ours has none of them."""
    assert callable(getattr(StarletteCORSMiddleware, name))
    assert not hasattr(CORSMiddleware, name)


@pytest.mark.parametrize("name", _THEIRS)
def test_an_override_of_starlettes_is_refused_with_what_to_write(name: str) -> None:
    """If a stricter override were ignored, every origin would be allowed, so the class cannot be defined."""
    with pytest.raises(TypeError) as caught:
        type("Mine", (CORSMiddleware,), {name: own_method})
    message = str(caught.value)
    assert f"Mine.{name} would never be called" in message
    assert "Use " in message


def test_each_refusal_says_what_says_the_same_here() -> None:
    """The hint names a pattern or a regex for an origin check, and an option or an outer middleware for the rest."""
    hints = {}
    for name in _THEIRS:
        with pytest.raises(TypeError) as caught:
            type("Mine", (CORSMiddleware,), {name: own_method})
        hints[name] = str(caught.value).partition("Use ")[2]
    assert "allow_origins" in hints["is_allowed_origin"]
    assert "allow_origin_regex" in hints["is_allowed_origin"]
    assert "docs/policy.md#origins-that-change" in hints["is_allowed_origin"]
    for name in ("preflight_response", "simple_response", "send"):
        assert "outside this one" in hints[name]


@pytest.mark.parametrize("name", _THEIRS)
@pytest.mark.parametrize("mixin_first", [True, False])
def test_an_override_that_comes_with_a_mixin_is_refused(name: str, *, mixin_first: bool) -> None:
    """A method of a mixin or of a base class is an error too."""
    mixin = type("Mixin", (), {name: own_method})
    bases = (mixin, CORSMiddleware) if mixin_first else (CORSMiddleware, mixin)
    with pytest.raises(TypeError, match=rf"Mine\.{name}"):
        type("Mine", bases, {})


@pytest.mark.parametrize("value", [staticmethod(own_method), classmethod(own_method), property(own_method), None])
def test_an_override_of_any_kind_is_refused(value: Any) -> None:
    """A static method, a property or another attribute with the name is an error too."""
    with pytest.raises(TypeError, match=r"Mine\.is_allowed_origin"):
        type("Mine", (CORSMiddleware,), {"is_allowed_origin": value})


def test_a_subclass_of_a_subclass_is_looked_at_too() -> None:
    """A subclass of a subclass is checked too."""
    between = type("Between", (CORSMiddleware,), {})
    with pytest.raises(TypeError, match=r"Mine\.send"):
        type("Mine", (between,), {"send": own_method})


async def test_a_subclass_with_its_own_options_works() -> None:
    """A subclass may set its options."""

    class Ours(CORSMiddleware):
        def __init__(self, app: Any) -> None:
            super().__init__(app, allow_origins=[ORIGIN])

    headers = await headers_of(Ours(answering()), http_scope("GET", ("origin", ORIGIN)))
    assert (b"access-control-allow-origin", ORIGIN.encode()) in headers


async def test_a_subclass_may_go_around_its_parent() -> None:
    """A subclass may override `__call__`."""

    class Ours(CORSMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await (self.app if scope["path"] == "/" else super().__call__)(scope, receive, send)

    middleware = Ours(answering(), allow_origins=[ORIGIN])
    asked = http_scope("GET", ("origin", ORIGIN))
    assert await headers_of(middleware, asked) == []
    assert (b"vary", b"Origin") in await headers_of(middleware, {**asked, "path": "/x"})


def test_the_other_classes_of_a_family_have_their_say() -> None:
    """`__init_subclass__` of a mixin is still called."""
    defined: list[type] = []

    class Noting:
        def __init_subclass__(cls) -> None:
            super().__init_subclass__()
            defined.append(cls)

    mine = type("Mine", (CORSMiddleware, Noting), {})
    assert defined == [mine]
