"""The types of an ASGI connection, for users who annotate code around a middleware."""

import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, get_type_hints

from crossorigin import Decision
from crossorigin.adapters.common import asgi_types


def test_the_names_stand_for_what_asgi_says() -> None:
    """Type checkers and code that evaluates annotations get the same type."""
    message = MutableMapping[str, Any]
    assert asgi_types.Scope == asgi_types.Message == message
    receive, send = Callable[[], Awaitable[message]], Callable[[message], Awaitable[None]]
    assert (asgi_types.Receive, asgi_types.Send) == (receive, send)
    assert asgi_types.ASGIApp == Callable[[message, receive, send], Awaitable[None]]
    assert asgi_types.Headers == Iterable[tuple[bytes, bytes]]


def test_the_hints_of_a_function_evaluate() -> None:
    """Names for type checkers are found in the modules that define them."""

    def on_decision(decision: Decision, scope: asgi_types.Scope) -> None: ...

    assert get_type_hints(on_decision)["scope"] == asgi_types.Scope
    assert "crossorigin.adapters.common.asgi_types" in sys.modules
