"""Every response of an ASGI framework has its CORS headers on every server, or the documentation says so."""

from functools import partial

import pytest

from tests.meta.docs.documents import ROOT, rows_of
from tests.real.wsgi.conftest import Running, ask
from tests.real.wsgi.matrix import NO, NONE, SITUATIONS, YES, outcome

ORIGIN, OTHER = "https://app.example.com", "https://other.example"
# How each column of the table is served. The server must make no difference.
COLUMNS = {
    "Quart": "quart_app",
    "Litestar": "litestar_app",
    "Litestar, middleware=": "litestar_middleware_app",
    "Falcon": "falcon_app",
    "BlackSheep": "blacksheep_app",
    "Sanic": "sanic_app",
}
PAGE = ROOT / "docs" / "asgi.md"


@pytest.mark.parametrize("server", ["uvicorn-h11", "hypercorn"])
@pytest.mark.parametrize("column", COLUMNS)
def test_the_table_is_true(column: str, server: str, running: Running) -> None:
    """Each cell is what a page of an allowed origin gets; a page of another origin never gets more."""
    process = running(server, f"tests.real.asgi.apps:{COLUMNS[column]}")
    found = {name: outcome(name, column, partial(ask, process), ORIGIN) for name in SITUATIONS}
    assert found == {row["Response"]: row[column] for row in rows_of(PAGE, "Response")}
    assert {*found.values()} <= {YES, NO, NONE}
    for situation in SITUATIONS.values():
        fields = {"Access-Control-Request-Method": situation.requested} if situation.requested else {}
        answer = ask(process, situation.method, situation.path, {"Origin": OTHER, **fields})
        assert answer.values(b"access-control-allow-origin") == []
