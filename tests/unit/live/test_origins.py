"""`LiveOrigins` in memory: what may be added, what an error changes, and what a copy is."""

import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from crossorigin import CORSMiddleware, InvalidPolicyError, IssueCode, LiveOrigins, LiveStatus, Policy
from crossorigin.live.origin_table import OriginTable

SHOP, OTHER = "https://shop.customer.example", "https://other.customer.example"


class Listener:
    """Records every change that it is told of."""

    def __init__(self) -> None:
        """Start without changes."""
        self.added: list[frozenset[bytes]] = []

    def origins_changed(self, added: Any) -> None:
        """Record the added origins."""
        self.added.append(frozenset(added))


def code_of(change: Callable[[], object]) -> IssueCode:
    """Return the code of the only issue of a change that is refused."""
    with pytest.raises(InvalidPolicyError) as caught:
        change()
    (issue,) = caught.value.issues
    assert issue.reason
    assert issue.hint
    return issue.code


def test_an_origin_is_added_and_removed_once() -> None:
    """Both say whether they changed anything, and may be repeated."""
    origins = LiveOrigins()
    assert [origins.add(SHOP), origins.add(SHOP)] == [True, False]
    assert SHOP in origins
    assert [origins.remove(SHOP), origins.remove(SHOP)] == [True, False]
    assert SHOP not in origins
    assert len(origins) == 0


def test_a_set_may_start_with_origins_and_is_read_in_order() -> None:
    """It copies what it is given, drops repeats, and iterates over a sorted copy."""
    given = [SHOP, OTHER, SHOP]
    origins = LiveOrigins(given)
    given.clear()
    assert list(origins) == [OTHER, SHOP]
    for origin in origins:
        origins.remove(origin)
    assert list(origins) == []


def test_an_empty_set_counts_as_true() -> None:
    """Code that tests for the argument must not take an empty set for none."""
    assert LiveOrigins()


@pytest.mark.parametrize("thing", [None, 7, b"https://shop.customer.example", "\ud800", SHOP.upper()], ids=repr)
def test_what_is_not_there_is_not_contained(thing: object) -> None:
    """Any value may be looked up."""
    assert thing not in LiveOrigins([SHOP])


def test_replacing_changes_everything_at_once() -> None:
    """What is not among the new origins is gone, and they may come from a generator."""
    origins = LiveOrigins([SHOP])
    origins.replace(origin for origin in [OTHER])
    assert list(origins) == [OTHER]


def test_an_error_names_every_invalid_origin_and_changes_nothing() -> None:
    """All or nothing, with the place of each."""
    origins = LiveOrigins([SHOP])
    with pytest.raises(InvalidPolicyError) as caught:
        origins.replace([OTHER, "https://a.example/", "*", OTHER, "https://b.example:443"])
    assert [issue.field for issue in caught.value.issues] == ["origins[1]", "origins[2]", "origins[4]"]
    assert list(origins) == [SHOP]
    assert origins.status().revision == 1


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("*", IssueCode.LIVE_ORIGIN_NOT_EXACT),
        ("null", IssueCode.LIVE_ORIGIN_NOT_EXACT),
        ("https://*.example.com", IssueCode.LIVE_ORIGIN_NOT_EXACT),
        ("http://localhost:*", IssueCode.LIVE_ORIGIN_NOT_EXACT),
        ("http://shop.example", IssueCode.LIVE_ORIGIN_SCHEME_NOT_ALLOWED),
        ("http://192.168.0.1", IssueCode.LIVE_ORIGIN_SCHEME_NOT_ALLOWED),
        ("capacitor://localhost", IssueCode.LIVE_ORIGIN_SCHEME_NOT_ALLOWED),
        ("https://shop.example/", IssueCode.ORIGIN_TRAILING_SLASH),
        ("https://Shop.example", IssueCode.ORIGIN_UPPERCASE),
        ("https://*shop.example", IssueCode.ORIGIN_MISPLACED_WILDCARD),
        ("https://a.example,https://b.example", IssueCode.MULTIPLE_ORIGINS),
        ("file:///index.html", IssueCode.ORIGIN_FILE_SCHEME),
        ("htps://shop.example", IssueCode.ORIGIN_MISSPELLED_SCHEME),
        ("", IssueCode.ORIGIN_EMPTY),
        (None, IssueCode.NOT_A_STRING),
        (b"https://shop.example", IssueCode.NOT_A_STRING),
    ],
)
def test_an_invalid_origin_can_neither_be_added_nor_removed(origin: Any, code: IssueCode) -> None:
    """A misspelled revocation must not look like a successful one."""
    origins = LiveOrigins([SHOP])
    assert code_of(lambda: origins.add(origin)) == code_of(lambda: origins.remove(origin)) == code
    assert list(origins) == [SHOP]


def test_every_fix_of_a_refused_origin_can_be_added() -> None:
    """A fix is pasted without thinking, so it must be an exact origin too."""
    for origin in (
        "https://Shop.example/",
        "http://shop.example",
        "shop.example",
        "https://a.example https://*.b.example",
    ):
        with pytest.raises(InvalidPolicyError) as caught:
            LiveOrigins().add(origin)
        (issue,) = caught.value.issues
        assert issue.fixes or issue.instruction
        for fix in issue.fixes:
            assert isinstance(fix.value, str)
            assert LiveOrigins().add(fix.value)


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://127.0.0.1:3000", "http://[::1]:5173", "http://a.localhost"]
)
def test_http_is_accepted_on_this_machine(origin: str) -> None:
    """Nobody is on the path to it."""
    assert LiveOrigins().add(origin)


def test_other_schemes_are_accepted_if_they_are_named() -> None:
    """An app of your own has one, and http is a choice that someone made."""
    origins = LiveOrigins(schemes=["http", "capacitor"])
    assert origins.add("http://intranet")
    assert origins.add("capacitor://localhost")
    assert code_of(lambda: origins.add(SHOP)) is IssueCode.LIVE_ORIGIN_SCHEME_NOT_ALLOWED


def test_an_http_origin_whose_https_is_not_allowed_either_has_no_fix() -> None:
    """What cannot be pasted is an instruction."""
    with pytest.raises(InvalidPolicyError, match="add 'http' to schemes="):
        LiveOrigins(schemes=[]).add("http://shop.example")


@pytest.mark.parametrize(
    "origin",
    [
        r"https://.*\.customer\.example",
        "https://shop*.customer.example",
        "https://shop.customer.example:0",
        "chrome-extension://*",
        "https://a.example, https://b.example",
        "https://" + "a.*" * 1_000_000,
        "",
    ],
)
def test_no_error_advises_to_allow_more_than_one_origin(origin: str) -> None:
    """The text may come from a row that an attacker wrote, and the person who reads the log may be in a hurry."""
    with pytest.raises(InvalidPolicyError) as caught:
        LiveOrigins().add(origin)
    (issue,) = caught.value.issues
    assert not {"*", "allow_origin_regex"} & set(issue.hint.replace('"', " ").replace(":", " ").split())
    assert "regex" not in issue.hint


def test_there_is_a_limit() -> None:
    """A set that is full takes what it has, and refuses one more by any way."""
    origins = LiveOrigins([SHOP], limit=1)
    assert not origins.add(SHOP)
    assert code_of(lambda: origins.add(OTHER)) is IssueCode.TOO_MANY_LIVE_ORIGINS
    assert code_of(lambda: origins.replace([SHOP, OTHER])) is IssueCode.TOO_MANY_LIVE_ORIGINS
    assert list(origins) == [SHOP]
    origins.replace([OTHER, OTHER])
    assert list(origins) == [OTHER]


def test_two_threads_cannot_exceed_the_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one waits until the first one has added its origin."""
    origins = LiveOrigins(limit=1)
    refused: list[IssueCode] = []
    second = threading.Thread(target=lambda: refused.append(code_of(partial(origins.add, SHOP))))
    change = OriginTable.change

    def change_later(table: OriginTable, **edits: Any) -> int:
        monkeypatch.undo()
        second.start()
        second.join(0.05)
        return change(table, **edits)

    monkeypatch.setattr(OriginTable, "change", change_later)
    origins.add(OTHER)
    second.join()
    assert list(origins) == [OTHER]
    assert refused == [IssueCode.TOO_MANY_LIVE_ORIGINS]


def test_a_replacement_that_a_signal_handler_interrupts_reaches_every_listener() -> None:
    """The handler may leave the set with other origins of the same number."""
    table, listener = OriginTable(), Listener()
    table.replace({b"https://a.example"})
    table.subscribe(listener)

    class Interrupted(set[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            yield from super().__iter__()
            table.change(added=[b"https://b.example"], removed=[b"https://a.example"])

    table.replace(Interrupted({b"https://a.example"}))
    assert table.origins == {b"https://a.example"}
    assert len(listener.added) == 2


def test_issues_are_bounded() -> None:
    """A file of a wrong format has an error that can be read."""
    with pytest.raises(InvalidPolicyError) as caught:
        LiveOrigins(["x"] * 2000)
    assert len(caught.value.issues) == 1000


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"schemes": "https"}, TypeError, r"Write schemes=\['https'\]"),
        ({"schemes": ["https://"]}, ValueError, "is not the scheme of a page"),
        ({"schemes": ["file"]}, ValueError, "is not the scheme of a page"),
        ({"schemes": [None]}, ValueError, "is not the scheme of a page"),
        ({"limit": "5"}, TypeError, "limit=100_000"),
        ({"limit": True}, TypeError, "limit=100_000"),
        ({"limit": 0}, ValueError, "at least 1"),
        ({"origins": SHOP}, TypeError, r"Write \['https://shop"),
        ({"origins": 7}, TypeError, "must be a list of origins"),
    ],
)
def test_a_wrong_argument_is_an_error_with_its_name(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    """The message names the argument and what to write."""
    with pytest.raises(error, match=words) as caught:
        LiveOrigins(**arguments)
    assert next(iter(arguments)) in str(caught.value)


def test_listeners_are_told_after_each_change_and_of_nothing_else() -> None:
    """They learn what was added; a call that changes nothing is none."""
    origins, listener = LiveOrigins(), Listener()
    origins.subscribe(listener)
    origins.add(SHOP)
    origins.add(SHOP)
    origins.remove(OTHER)
    origins.replace([SHOP, OTHER])
    origins.replace([OTHER, SHOP])
    origins.remove(SHOP)
    assert listener.added == [{SHOP.encode()}, {OTHER.encode()}, frozenset()]
    assert origins.status().revision == 3


async def test_the_status_in_memory_is_always_ready() -> None:
    """There is nothing to load, to wait for or to fail."""
    origins = LiveOrigins([SHOP])
    await origins.refresh()
    origins.refresh_sync()
    origins.start()
    assert origins.status() == LiveStatus(
        source="memory", count=1, revision=1, ready=True, staleness=None, rejected=0, error=None
    )
    assert origins.describe() == "the live origins (in memory, revision 1)"
    assert repr(origins) == "<LiveOrigins: in memory, revision 1, 1 origins>"


def test_the_advice_fits_the_origin() -> None:
    """What it says to write is accepted where it is written."""
    origins = LiveOrigins([SHOP])
    assert origins.advise(OTHER) == f'if you trust this origin, add it with origins.add("{OTHER}")'
    assert origins.advise("http://shop.customer.example") == "serve the page over https"
    assert origins.advise("http://new.example") == "serve the page over https, and add its https origin"
    assert origins.advise("ionic://localhost") == 'if you trust this origin, add "ionic://localhost" to allow_origins'


def test_a_copy_is_the_same_set() -> None:
    """An app that is copied must see a removal, and a process that gets a pickle could not."""
    origins = LiveOrigins([SHOP])
    assert copy.copy(origins) is copy.deepcopy({"a": origins})["a"] is origins
    with pytest.raises(TypeError, match="in each process"):
        pickle.dumps(origins)


def test_threads_may_change_the_set_at_the_same_time() -> None:
    """No change is lost, and the revision counts each."""
    origins = LiveOrigins()
    begin = threading.Barrier(4)

    def change(number: int) -> None:
        begin.wait()
        for index in range(200):
            origins.add(f"https://t{number}-{index}.example")
            if index % 2:
                origins.remove(f"https://t{number}-{index}.example")

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(origins) == 400
    assert origins.status().revision == 4 * 300


def test_a_signal_handler_may_change_the_set_within_a_change() -> None:
    """The main thread that it interrupts holds the lock."""
    origins = LiveOrigins()

    class Interrupted(Listener):
        def origins_changed(self, added: Any) -> None:
            super().origins_changed(added)
            if len(self.added) == 1:
                origins.add(OTHER)

    listener = Interrupted()
    origins.subscribe(listener)
    origins.add(SHOP)
    assert list(origins) == [OTHER, SHOP]
    assert len(listener.added) == 2


@pytest.mark.parametrize("build", [Policy, partial(CORSMiddleware, None)], ids=["Policy", "CORSMiddleware"])
def test_a_policy_refuses_live_origins(build: Any) -> None:
    """It would copy them, and an origin that is removed later would stay allowed."""
    live = LiveOrigins()
    live.add("https://a.example")
    with pytest.raises(InvalidPolicyError) as caught:
        build(allow_origins=live)
    (issue,) = caught.value.issues
    assert (issue.code, issue.field) == (IssueCode.NOT_A_COLLECTION, "allow_origins")
    assert issue.hint.startswith("pass it to the middleware as origins=")
