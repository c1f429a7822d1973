"""`LiveOrigins.writer`: one transaction, and this process reads its own writes."""

import pytest

from crossorigin import InvalidPolicyError, LiveOrigins, StoreError
from crossorigin.live.stores.address import StoreAddress
from crossorigin.live.stores.writer import check_actor, edit
from tests.unit.live.stores.stores import CAFE, LOG, RULES, SHOP, address, execute, insert, url

__all__ = ["address", "url"]


@pytest.fixture
def origins(url: str, address: StoreAddress) -> LiveOrigins:
    """The origins of a store, with comparisons that are too rare to apply a change."""
    assert address.text
    return LiveOrigins.open(url, poll=1000)


def test_a_block_is_applied_when_it_ends(origins: LiveOrigins, address: StoreAddress) -> None:
    """The writer returns what was changed, and the process has the new set at once."""
    with origins.writer(actor="ana@example.com") as writer:
        assert writer.add(SHOP) is True
        assert writer.add(SHOP) is False
        assert writer.add(CAFE) is True
    assert sorted(origins) == [CAFE, SHOP]
    with origins.writer() as writer:
        assert writer.remove(SHOP) is True
        assert writer.remove(SHOP) is False
    assert sorted(origins) == [CAFE]
    assert execute(address, "SELECT actor FROM cors_change WHERE rev = 1") == [("ana@example.com",)]
    assert origins.status().revision == 3


def test_an_exception_in_the_block_rolls_back(origins: LiveOrigins, address: StoreAddress) -> None:
    """It reaches the caller as it is."""
    with pytest.raises(ZeroDivisionError), origins.writer() as writer:
        assert 1 / (1 - writer.add(SHOP))
    assert execute(address, LOG) == []
    assert len(origins) == 0


def test_an_invalid_origin_rolls_back(origins: LiveOrigins, address: StoreAddress) -> None:
    """With the issue that a policy would have."""
    with pytest.raises(InvalidPolicyError, match="live-origin-not-exact"), origins.writer() as writer:
        assert [writer.add(SHOP), writer.add("https://*.customer.example")] == []
    assert execute(address, LOG) == []


def test_an_invalid_row_can_be_removed(origins: LiveOrigins, address: StoreAddress) -> None:
    """By its exact text."""
    execute(address, insert("shop.customer.example"))
    with origins.writer() as writer:
        assert writer.remove("shop.customer.example") is True
    assert execute(address, "SELECT * FROM cors_origin") == []


def test_a_scope_is_edited(url: str, address: StoreAddress) -> None:
    """The one of the set."""
    with LiveOrigins.open(url, scope="admin").writer() as writer:
        writer.add(SHOP)
    assert execute(address, "SELECT scope, origin FROM cors_origin") == [("admin", SHOP)]


def test_a_change_that_is_not_applied_yet_is_an_error(address: StoreAddress) -> None:
    """It says that the change is committed, because a caller may try again or report it."""

    def fail() -> None:
        message = "reading took longer than 5 s"
        raise TimeoutError(message)

    writing = edit(address, RULES, scope="", actor=None, deadline=10, apply=fail)
    with (
        pytest.raises(StoreError, match=r"The change is committed, but .* TimeoutError: reading took"),
        writing as writer,
    ):
        writer.add(SHOP)
    assert execute(address, "SELECT origin FROM cors_origin") == [(SHOP,)]


@pytest.mark.parametrize(
    ("actor", "message"),
    [
        ("", "must be a printable name"),
        (" ", "must be a printable name"),
        ("a\nb", "printable"),
        ("a" * 201, "at most 200"),
    ],
)
def test_a_name_that_nobody_can_read_is_refused(origins: LiveOrigins, actor: str, message: str) -> None:
    """Before anything is connected."""
    with pytest.raises(ValueError, match=message), origins.writer(actor=actor):
        pass


def test_a_name_is_text() -> None:
    """Not an object of an ORM."""
    with pytest.raises(TypeError, match="actor must be the name of a person or program"):
        check_actor(5)
