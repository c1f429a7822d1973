"""`LiveOrigins.open`: its arguments, what it says about itself, and that it opens nothing."""

import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from crossorigin import LiveOrigins, Policy
from crossorigin.live.stores import postgres
from crossorigin.live.stores.address import read_address
from crossorigin.live.stores.errors import StoreError

SHOP = "https://shop.customer.example"
FILE = "sqlite:////nowhere/cors.db"
DATABASE = "postgresql://app:canary@127.0.0.1:1/app"


@pytest.mark.parametrize(
    ("url", "options", "error", "message"),
    [
        (FILE, {"poll": "0.1"}, TypeError, "poll must be a number of seconds"),
        (FILE, {"poll": 0}, ValueError, "poll must be above 0 seconds"),
        (FILE, {"deadline": True}, TypeError, "deadline must be a number of seconds"),
        (FILE, {"deadline": -1}, ValueError, "deadline must be above 0"),
        (FILE, {"start_timeout": None}, TypeError, "start_timeout must be a number"),
        (FILE, {"max_stale": float("inf")}, ValueError, "max_stale must be above 0"),
        (FILE, {"max_stale": 0.1}, ValueError, "max_stale=0.1 must be above poll=0.1"),
        (DATABASE, {"max_stale": 0.5}, ValueError, "max_stale=0.5 must be above poll=0.5"),
        (FILE, {"listen": True}, ValueError, "listen=True needs PostgreSQL"),
        (FILE, {"listen": 1}, TypeError, "listen must be True or False"),
        (FILE, {"require": "yes"}, TypeError, "require must be True or False"),
        (FILE, {"scope": None}, TypeError, "scope must be a string"),
        (FILE, {"limit": 0}, ValueError, "limit must be at least 1"),
        (FILE, {"schemes": "https"}, TypeError, "schemes must be a list"),
        ("postgresql://app:canary@db/app?nonsense=1", {}, ValueError, "Check its parameters"),
    ],
)
def test_a_wrong_argument_is_an_error_at_once(
    url: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """The app does not start with it, and the message shows no password."""
    with pytest.raises(error) as raised:
        LiveOrigins.open(url, **options)
    assert message in str(raised.value)
    assert "canary" not in str(raised.value)


def test_nothing_is_opened_before_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The app can be imported on a machine that does not reach the database."""
    monkeypatch.setattr(socket, "socket", None)
    origins = LiveOrigins.open(DATABASE)
    file = tmp_path / "cors.db"
    stored = LiveOrigins.open(f"sqlite:///{file}")
    assert not file.exists()
    for origins_of, source in ((origins, "postgresql"), (stored, "sqlite")):
        status = origins_of.status()
        assert (status.source, status.ready, status.connected, status.epoch) == (source, False, None, None)
        assert (status.revision, status.count, status.staleness, status.error) == (0, 0, None, None)
        assert origins_of.describe() == f"the live origins ({source}, not loaded yet)"


def test_without_the_driver_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It appears when the origins are created, not when the first request arrives."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImportError, match=r"pip install 'crossorigin\[postgres\]'"):
        LiveOrigins.open(DATABASE)


@pytest.mark.parametrize(
    ("method", "arguments", "fix"),
    [
        ("add", [SHOP], "writer.add(...), or run: crossorigin origins add "),
        ("remove", [SHOP], "writer.remove(...), or run: crossorigin origins remove "),
        ("replace", [[SHOP]], "writer.add(...), or run: crossorigin origins add "),
    ],
)
def test_stored_origins_are_edited_in_the_database(method: str, arguments: list[Any], fix: str) -> None:
    """A change of this process only would be undone by the next full load."""
    with pytest.raises(TypeError, match="stored in a database") as raised:
        getattr(LiveOrigins.open(FILE), method)(*arguments)
    assert f"Write with origins.writer() as writer: {fix}" in str(raised.value)


def test_only_stored_origins_have_a_writer() -> None:
    """In memory, there is no transaction."""
    with pytest.raises(TypeError, match="use add, remove and replace"):
        LiveOrigins().writer()
    assert LiveOrigins().command("add", SHOP) is None


def test_the_advice_is_a_command_without_a_password() -> None:
    """It can be pasted into a shell, on a machine that has the password in its environment."""
    origins = LiveOrigins.open(DATABASE, scope="shop eu")
    assert origins.advise(SHOP) == (
        f"if you trust this origin, run `crossorigin origins add {SHOP} --store postgresql://app@127.0.0.1:1/app "
        "--scope 'shop eu'`"
    )
    assert origins.advise("http://shop.customer.example").startswith("serve the page over https")


def test_options_of_the_url_win_over_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keepalives notice a peer that has vanished, and pgbouncer accepts everything that is sent."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    calls: list[tuple[dict[str, Any], dict[str, Any]]] = []
    monkeypatch.setattr(
        psycopg, "connect", lambda conninfo, **options: calls.append((conninfo_to_dict(conninfo), options))
    )
    postgres.connect(read_address(f"{DATABASE}?keepalives_idle=60&application_name=api"), timeout=0.5)
    postgres.connect(read_address(f"{DATABASE}?connect_timeout=9"), timeout=7.9)
    (first, options), (second, _) = calls
    assert options == {"autocommit": True, "prepare_threshold": None}
    assert (first["keepalives_idle"], first["application_name"], first["connect_timeout"]) == ("60", "api", "2")
    assert (second["keepalives_idle"], second["connect_timeout"]) == ("15", "9")
    assert first["client_encoding"] == "utf8"
    assert first["host"] == "127.0.0.1"


def test_a_policy_refuses_stored_origins_as_a_list() -> None:
    """It would copy what they contain at that moment."""
    with pytest.raises(Exception, match="origins="):
        Policy(allow_origins=LiveOrigins.open(FILE))


def test_the_advice_names_a_store_that_was_never_reached(tmp_path: Path) -> None:
    """Adding an origin with the command would fail, too."""
    origins = LiveOrigins.open(f"sqlite:///{tmp_path}/cors.db")
    with pytest.raises(StoreError):
        origins.refresh_sync()
    store = f"sqlite:///{tmp_path}/cors.db"
    assert origins.advise(SHOP) == f"fix the connection to {store} first, because the live origins are not in use"
