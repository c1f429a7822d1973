"""The CORS packages of other frameworks are found by their names."""

from typing import Any

import pytest

from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.hidden_layers import hidden_layer
from crossorigin.doctor.servers import Server, recognize_app


class CORSPolicy:
    """An object of a package."""


def add_cors_headers(response: Any) -> Any:
    """Do nothing."""
    return response


class App:
    """An ASGI app that keeps something, in its dict or in a slot."""

    __slots__ = ("__dict__", "slot")

    def __init__(self, kept: object, slot: object = None) -> None:
        self.kept, self.slot = kept, slot

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("app", "name"),
    [
        (App({None: [add_cors_headers]}), "add_cors_headers"),
        (App(None, ((), (CORSPolicy(),))), "CORSPolicy"),
        (App(["cors", 1, None, b"cors"]), None),
        (App([None] * 5000 + [CORSPolicy()]), None),
        (App([[[[[[CORSPolicy()]]]]]]), None),
    ],
)
def test_a_package_is_found_by_the_name_of_what_an_app_keeps(app: App, name: str | None) -> None:
    """In collections, too. What is kept too deep, or far behind, is not found."""
    layer = hidden_layer(app)
    assert (None if layer is None else layer.name) == name
    found = recognize_app(read_app(app))
    assert found.server is (Server.ASGI if name is None else Server.UNKNOWN)
