"""A subclass whose check would be ignored is refused; any other is welcome."""

from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware

from crossorigin import CORSMiddleware
from tests.unit.adapters.asgi.scopes import ORIGIN, answering, headers_of, http_scope

_THEIRS = ["is_allowed_origin", "preflight_response", "simple_response", "send"]


def own_method(self: Any, *arguments: Any) -> bool:
    """Stand for what people write."""
    return False


@pytest.mark.parametrize("name", _THEIRS)
def test_what_people_override_is_there_to_override(name: str) -> None:
    """Starlette's class has each of the methods, and ours has none of them."""
    assert callable(getattr(StarletteCORSMiddleware, name))
    assert not hasattr(CORSMiddleware, name)


@pytest.mark.parametrize("name", _THEIRS)
def test_an_override_of_starlettes_is_refused_with_what_to_write(name: str) -> None:
    """Ignored, a restricting override would let everyone in: the class cannot be defined."""
    with pytest.raises(TypeError) as caught:
        type("Mine", (CORSMiddleware,), {name: own_method})
    message = str(caught.value)
    assert f"Mine.{name} would never be called" in message
    assert "Use " in message


def test_each_refusal_says_what_says_the_same_here() -> None:
    """An origin check is a pattern or a regex; everything about answers is an option or an outer middleware."""
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
    """Where in the bases the method comes from makes no difference."""
    mixin = type("Mixin", (), {name: own_method})
    bases = (mixin, CORSMiddleware) if mixin_first else (CORSMiddleware, mixin)
    with pytest.raises(TypeError, match=rf"Mine\.{name}"):
        type("Mine", bases, {})


@pytest.mark.parametrize("value", [staticmethod(own_method), classmethod(own_method), property(own_method), None])
def test_an_override_of_any_kind_is_refused(value: Any) -> None:
    """A static method, a property or a plain attribute of that name says the same."""
    with pytest.raises(TypeError, match=r"Mine\.is_allowed_origin"):
        type("Mine", (CORSMiddleware,), {"is_allowed_origin": value})


def test_a_subclass_of_a_subclass_is_looked_at_too() -> None:
    """Depth hides nothing."""
    between = type("Between", (CORSMiddleware,), {})
    with pytest.raises(TypeError, match=r"Mine\.send"):
        type("Mine", (between,), {"send": own_method})


async def test_a_subclass_with_its_own_options_works() -> None:
    """People fix their options in a subclass, and may."""

    class Ours(CORSMiddleware):
        def __init__(self, app: Any) -> None:
            super().__init__(app, allow_origins=[ORIGIN])

    headers = await headers_of(Ours(answering()), http_scope("GET", ("origin", ORIGIN)))
    assert (b"access-control-allow-origin", ORIGIN.encode()) in headers


async def test_a_subclass_may_go_around_its_parent() -> None:
    """`__call__` is what ASGI calls, so overriding it does what it says."""

    class Ours(CORSMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await (self.app if scope["path"] == "/" else super().__call__)(scope, receive, send)

    middleware = Ours(answering(), allow_origins=[ORIGIN])
    asked = http_scope("GET", ("origin", ORIGIN))
    assert await headers_of(middleware, asked) == []
    assert (b"vary", b"Origin") in await headers_of(middleware, {**asked, "path": "/x"})


def test_the_other_classes_of_a_family_have_their_say() -> None:
    """A mixin with a hook of its own for subclasses is still asked."""
    defined: list[type] = []

    class Noting:
        def __init_subclass__(cls) -> None:
            super().__init_subclass__()
            defined.append(cls)

    mine = type("Mine", (CORSMiddleware, Noting), {})
    assert defined == [mine]
