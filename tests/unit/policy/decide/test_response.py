"""The edit of a response's headers: they are set and not appended, and the app's objects do not change."""

import copy
import dataclasses
import uuid
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import HeaderEdit, ResponseHeaders
from crossorigin.policy.decide import response as module
from tests.example_counts import ExampleCounts

Lines = list[tuple[bytes, bytes]]

ORIGIN = b"https://app.example.com"
GRANTED = ResponseHeaders(allow_origin=ORIGIN)
REFUSED = ResponseHeaders(allow_origin=None)
CREDENTIALS = ResponseHeaders(allow_origin=ORIGIN, allow_credentials=True, expose=(b"X-Id",))
EXPANDING = ResponseHeaders(allow_origin=ORIGIN, allow_credentials=True, expose=(b"X-Id",), expand=True)
CONSTANT = ResponseHeaders(allow_origin=b"*", expose=(b"X-Id",), vary=False)
ALL = [GRANTED, REFUSED, CREDENTIALS, EXPANDING, CONSTANT]

names = st.sampled_from(
    [
        b"access-control-allow-origin",
        b"access-control-allow-credentials",
        b"access-control-allow-methods",
        b"access-control-allow-headers",
        b"access-control-expose-headers",
        b"access-control-max-age",
        *[b"vary"] * 5,
        b"content-type",
        b"Content-Type",
        b"set-cookie",
        b"x-a",
        b"x b",
        b"X-\xe9",
        b"",
    ]
).flatmap(lambda name: st.sampled_from([name, name.title(), name.upper(), name.swapcase()]))
values = st.sampled_from(
    [
        b"",
        b"*",
        b"Origin",
        b"accept, origin",
        b"Accept",
        b"*, Origin",
        b"X-A, x-b",
        b"b@d, X-A",
        b" , ,",
        ORIGIN,
        b"true",
    ]
)
header_lists = st.lists(st.tuples(names, values), min_size=1, max_size=8)


def by_hand(edit: HeaderEdit, headers: Lines) -> Lines:
    """Apply an edit like an adapter that accesses headers by name only."""
    gone = {name for name, _ in edit.set} | set(edit.remove)
    return [*(header for header in headers if header[0].lower() not in gone), *edit.set]


def hold(law: Callable[[ResponseHeaders, Lines], None], *, among: Sequence[ResponseHeaders] = ALL) -> None:
    """Check a law for many responses. At least a fifth each have their own `Vary`, a CORS header, and are allowed."""
    counts = ExampleCounts()

    @given(st.sampled_from(among), header_lists)
    def counted(response: ResponseHeaders, headers: Lines) -> None:
        own = [name.lower() for name, _ in headers]
        cors = any(name.startswith(b"access-control-") for name in own)
        counts.count(vary=b"vary" in own, cors=cors, granted=response.allow_origin is not None)
        law(response, headers)

    counted()
    counts.require(vary=0.2, cors=0.2, granted=0.2)


def test_edit_and_apply_agree() -> None:
    """Both ways to change a response have the same result, in the same order of names."""

    def law(response: ResponseHeaders, headers: Lines) -> None:
        applied = [(bytes(name), bytes(value)) for name, value in response.apply(headers)]
        assert applied == by_hand(response.edit(headers), headers)

    hold(law)


def test_an_edit_never_sets_what_it_removes() -> None:
    """Names of an edit are in lower case and unique."""

    def law(response: ResponseHeaders, headers: Lines) -> None:
        edit = response.edit(headers)
        told = [*(name for name, _ in edit.set), *edit.remove]
        assert len(set(told)) == len(told)
        assert all(name == name.lower() for name in told)

    hold(law)


def test_what_was_given_is_never_changed() -> None:
    """The app may use its header list again."""

    def law(response: ResponseHeaders, headers: Lines) -> None:
        lists = [[name, value] for name, value in headers]
        before = copy.deepcopy(lists)
        result = response.apply(lists)
        result.append((b"x-later", b"1"))
        response.edit(lists)
        assert lists == before

    hold(law)


def test_the_headers_of_others_keep_their_order_and_their_bytes() -> None:
    """Only CORS headers and `Vary` change."""

    def others(lines: Iterable[Sequence[bytes]]) -> list[tuple[bytes, ...]]:
        return [tuple(line) for line in lines if not line[0].lower().startswith((b"access-control-", b"vary"))]

    def law(response: ResponseHeaders, headers: Lines) -> None:
        assert others(response.apply(headers)) == others(headers)

    hold(law)


def test_applying_twice_changes_nothing_more() -> None:
    """A second middleware with the same policy changes nothing."""

    def seen(lines: Iterable[Sequence[bytes]]) -> list[tuple[bytes, ...]]:
        return sorted((line[0].lower(), line[1]) for line in lines)

    def law(response: ResponseHeaders, headers: Lines) -> None:
        once = response.apply(headers)
        assert seen(response.apply(once)) == seen(once)

    # If names are expanded, the second pass also lists the `Vary` that the first pass added.
    hold(law, among=[response for response in ALL if not response.expand])


@pytest.mark.parametrize("response", ALL, ids=["granted", "refused", "credentials", "expanding", "constant"])
@pytest.mark.parametrize("make", [list, tuple, iter, lambda lines: (line for line in lines)])
def test_headers_come_in_any_iterable_and_are_read_once(
    response: ResponseHeaders, make: Callable[[Lines], Iterable[tuple[bytes, bytes]]]
) -> None:
    """A list, a tuple and a generator give the same."""
    headers = [(b"X-A", b"1"), (b"Access-Control-Expose-Headers", b"X-B, *"), (b"Vary", b"Accept")]
    assert response.apply(make(headers)) == response.apply(headers)
    assert response.edit(make(headers)) == response.edit(headers)
    assert response.apply(make([])) == response.apply([])


@pytest.mark.parametrize("change", [bytes.lower, bytes.upper, bytes.title, bytes.swapcase])
def test_headers_are_found_in_any_case(change: Callable[[bytes], bytes]) -> None:
    """The case of an app's header names does not matter."""
    own = [(change(b"access-control-allow-origin"), b"*"), (change(b"access-control-max-age"), b"5")]
    assert GRANTED.apply(own) == [(b"access-control-allow-origin", ORIGIN), (b"vary", b"Origin")]
    assert GRANTED.edit(own).remove == (b"access-control-max-age",)
    assert REFUSED.apply(own) == [(b"vary", b"Origin")]


def test_lines_may_be_lists() -> None:
    """A header line is any pair of bytes, and an unchanged line is passed on as the same object."""
    line = [b"x-a", b"1"]
    assert GRANTED.apply([line])[0] is line
    assert GRANTED.apply([line, [b"Vary", b"Accept"]])[0] is line


def test_a_response_without_headers_of_this_kind_gets_what_is_ready() -> None:
    """An empty response gets the prepared headers."""
    assert GRANTED.ready == ((b"access-control-allow-origin", ORIGIN), (b"vary", b"Origin"))
    assert REFUSED.ready == ((b"vary", b"Origin"),)
    assert CONSTANT.ready == ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"X-Id"))
    assert CREDENTIALS.ready == (
        (b"access-control-allow-origin", ORIGIN),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"X-Id"),
        (b"vary", b"Origin"),
    )
    for response in ALL:
        assert response.apply([]) == [*response.ready]
        assert response.edit([]) == HeaderEdit(set=response.ready)


def test_a_vary_that_says_so_already_is_not_touched() -> None:
    """Its lines keep their position and spelling."""
    own = [(b"Vary", b"Accept"), (b"x-a", b"1"), (b"VARY", b"ORIGIN")]
    assert GRANTED.apply(own) == [*own, (b"access-control-allow-origin", ORIGIN)]
    assert REFUSED.apply(own) == own
    assert REFUSED.edit(own) == HeaderEdit(set=())


def test_a_constant_answer_leaves_vary_alone() -> None:
    """The `Vary` of the app is not changed."""
    own = [(b"Vary", b"Accept"), (b"vary", b"Cookie")]
    assert CONSTANT.apply(own) == [*own, *CONSTANT.ready]


def test_expanding_names_each_header_as_the_app_spelled_it() -> None:
    """The names of the policy come first. Names that are always readable, and cookies, are omitted."""
    own = [(b"ETag", b"1"), (b"content-type", b"x"), (b"Set-Cookie", b"a"), (b"x-id", b"2"), (b"etag", b"3")]
    assert dict(EXPANDING.edit(own).set)[b"access-control-expose-headers"] == b"X-Id, ETag"


def test_of_what_the_app_exposes_only_names_that_can_be_are_reported() -> None:
    """CORS headers are omitted, and so is what is not a token, because it would invalidate the whole list."""
    own = [(b"Access-Control-Expose-Headers", b"b@d, X-A, x y, Access-Control-Max-Age, access-control-b, X-B")]
    for response in (GRANTED, CREDENTIALS):
        exposed = dict(response.edit(own).set)[b"access-control-expose-headers"]
        assert exposed.removeprefix(b"X-Id, ") == b"X-A, X-B"


def test_decisions_on_responses_are_frozen_values() -> None:
    """They can be compared and shared between requests."""
    assert ResponseHeaders(allow_origin=ORIGIN) == GRANTED
    with pytest.raises(dataclasses.FrozenInstanceError):
        GRANTED.allow_origin = b"*"  # type: ignore[misc]
    assert "ready" not in repr(GRANTED)


@pytest.mark.parametrize("length", [0, 300])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_vary_that_was_never_seen_is_merged_and_merged_alike_again(kind: type, length: int) -> None:
    """In the memory or not, and with any bytes that a server accepts, the same value has the same result."""
    value = f"X-{uuid.uuid4().hex}{'x' * length}".encode()
    for _ in range(2):
        assert GRANTED.apply([(b"vary", kind(value))])[-1] == (b"vary", value + b", Origin")
        own = [(b"vary", kind(value + b", origin"))]
        assert GRANTED.apply(own) == [*own, (b"access-control-allow-origin", ORIGIN)]


def test_few_values_of_vary_are_kept() -> None:
    """At the limit, the memory is cleared."""
    for number in range(3 * module._MAX_ENTRIES):
        GRANTED.apply([(b"vary", b"X-%d" % number)])
        assert len(module._merged_vary) <= module._MAX_ENTRIES


def test_few_lists_of_exposed_names_are_kept() -> None:
    """At the limit, the memory is cleared, and a long list is not kept."""
    for number in range(3 * module._MAX_ENTRIES):
        GRANTED.apply([(b"access-control-expose-headers", b"X-%d" % number)])
        assert len(module._exposed_headers) <= module._MAX_ENTRIES
    kept = dict(module._exposed_headers)
    long = b"X-" + b"a" * module._MAX_EXPOSED_BYTES
    for _ in range(2):
        applied = GRANTED.apply([(b"access-control-expose-headers", long)])
        assert (b"access-control-expose-headers", long) in applied
    assert module._exposed_headers == kept


def test_exposed_names_are_kept_apart_by_policy_and_by_app() -> None:
    """The lines of an app have another result with credentials, with other headers and with another policy."""
    wildcard = (b"access-control-expose-headers", b"*")
    with_credentials = ResponseHeaders(allow_origin=ORIGIN, allow_credentials=True)
    for _ in range(2):
        for response, names in ((GRANTED, b"*"), (with_credentials, b"X-A")):
            applied = dict(response.apply([(b"X-A", b"1"), wildcard]))
            assert applied[b"access-control-expose-headers"] == names
        assert dict(with_credentials.apply([(b"X-B", b"1"), wildcard]))[b"access-control-expose-headers"] == b"X-B"


def test_a_value_that_cannot_be_hashed_is_exposed_alike() -> None:
    """A `bytearray` violates ASGI, but some servers accept it."""
    name = b"access-control-expose-headers"
    assert CREDENTIALS.apply([(name, bytearray(b"X-Own"))]) == CREDENTIALS.apply([(name, b"X-Own")])
