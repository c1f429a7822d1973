"""The URLs of stores: what they mean, what is wrong with them, and that no text shows a password."""

import shlex
from pathlib import Path

import pytest

from crossorigin.live.stores.address import read_address

CANARY = "canary"


def test_slashes_tell_a_relative_path_from_an_absolute_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The path is that of the moment, even if the process changes its folder later."""
    monkeypatch.chdir(tmp_path)
    relative = read_address("sqlite:///data/cors.db")
    assert (relative.engine, relative.path) == ("sqlite", str(tmp_path / "data" / "cors.db"))
    assert str(relative) == "sqlite:///data/cors.db"
    absolute = read_address("SQLITE:////var/lib/app/cors #1.db")
    assert absolute.path == "/var/lib/app/cors #1.db"
    assert str(absolute) == "sqlite:////var/lib/app/cors #1.db"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            f"postgres://app:{CANARY}@db.example:5433/app?sslmode=require",
            "postgresql://app@db.example:5433/app?sslmode=require",
        ),
        (
            f"postgresql:///app?host=db&port=5433&passfile=/a%20b&sslpassword={CANARY}&options=-csearch_path%3Dcors",
            "postgresql://db/app?port=5433&passfile=/a%20b&options=-csearch_path%3Dcors",
        ),
        (f"postgresql://a%40b:{CANARY}%2F@db/app", "postgresql://a%40b@db/app"),
        ("postgresql://first:5432,second:5433/app", "postgresql://first:5432,second:5433/app"),
        ("postgresql://[::1]:5432/app", "postgresql://[::1]:5432/app"),
        ("postgresql://[::1]/app", "postgresql://[::1]/app"),
        (f"postgresql:///?host=/run&dbname=app&user=ana&password={CANARY}", "postgresql://ana@/run/app"),
        ("postgresql://", "postgresql:///"),
    ],
)
def test_the_text_of_an_address_has_no_password(url: str, shown: str) -> None:
    """It names the server, the database, the user and what else decides where the URL leads."""
    address = read_address(url)
    assert address.engine == "postgresql"
    assert str(address).replace("%2Frun", "/run") == shown
    assert CANARY not in repr(address)
    assert address.conninfo.partition("://")[2] == url.partition("://")[2]


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://app:{CANARY}/x@db/app",
        f"postgresql://app:{CANARY}#x@db/app",
        f"postgresql://app:{CANARY}?x@db/app",
        f"postgresql://app:x@{CANARY}@db/app",
        f"postgresql://app:12/{CANARY}@db/app",
        f"postgresql://app:1234567{CANARY}/app",
        f"postgresql://app:[{CANARY}@db/app",
    ],
)
def test_a_password_that_must_be_encoded_is_not_shown(url: str) -> None:
    """Otherwise part of it would be taken for a port or a database, and printed."""
    with pytest.raises(ValueError, match=r"Percent-encode special characters .* PGPASSWORD") as raised:
        read_address(url)
    assert CANARY not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("cors.db", 'it has no scheme. Write "sqlite:'),
        ("mysql://a:canary@b/c", "it begins with 'mysql'"),
        ("postgresql+asyncpg://a:canary@b/c", "write postgresql:// instead of postgresql+asyncpg://"),
        ("sqlite+aiosqlite:///x", "write sqlite:// instead"),
        ("app:canary://b/c", "it has no scheme"),
        ("postgresql+app:canary://b/c", "it has no scheme"),
        ("sqlite://", "must name a file"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "use LiveOrigins()"),
        ("sqlite://cors.db", "three slashes"),
        ("sqlite:///cors.db?mode=ro", "has no parameters"),
    ],
)
def test_a_wrong_url_is_an_error_with_its_fix(url: str, message: str) -> None:
    """Nothing is opened to find that out."""
    with pytest.raises(ValueError, match="the URL of ") as raised:
        read_address(url)
    assert message in str(raised.value)
    assert CANARY not in str(raised.value)


def test_the_option_for_a_command_leads_to_the_same_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person pastes the command into a shell, in another folder than that of the app."""
    monkeypatch.chdir(tmp_path)
    for url in ["sqlite:///my data.db", "postgresql:///app?host=db&port=5433&options=-csearch_path%3Dcors"]:
        address = read_address(url)
        option, pasted = shlex.split(address.option)
        assert option == "--store"
        with monkeypatch.context() as patch:
            patch.chdir("/")
            again = read_address(pasted)
        assert again.path == address.path
        assert again.text == (f"sqlite:///{address.path}" if address.path else address.text)


def test_an_address_is_a_string() -> None:
    """A path object would be ambiguous."""
    with pytest.raises(TypeError, match=r"must be a URL such as .* got PosixPath"):
        read_address(Path("cors.db"))
