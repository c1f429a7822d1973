"""List fields are read within limits, and `Vary` is merged without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin.fetch.fields import MAX_EMPTY_ELEMENTS, MAX_LIST_BYTES, list_size, merge_vary, split_list, unique_names
from tests.example_counts import ExampleCounts


def test_the_limits_are_the_stated_ones() -> None:
    """4096 bytes and 16 empty elements."""
    assert (MAX_LIST_BYTES, MAX_EMPTY_ELEMENTS) == (4096, 16)


@pytest.mark.parametrize(("lines", "size"), [([], 0), ([b""], 0), ([b"a, b"], 4), ([b"a", b"", b"bc"], 3)])
def test_a_list_is_measured_over_all_its_lines(lines: list[bytes], size: int) -> None:
    """The size is what the lines hold together."""
    assert list_size(lines) == size
    assert list_size(iter(lines)) == size


@pytest.mark.parametrize(
    ("lines", "elements", "empty"),
    [
        ([], [], 0),
        ([b""], [], 1),
        ([b"a"], [b"a"], 0),
        ([b"a,b"], [b"a", b"b"], 0),
        ([b" a ,\tb\t"], [b"a", b"b"], 0),
        ([b",a,,b,"], [b"a", b"b"], 3),
        ([b" , \t,"], [], 3),
        ([b"a", b"", b"b,c"], [b"a", b"b", b"c"], 1),
        ([b"a b"], [b"a b"], 0),
        ([b"a\n,\x0bb"], [b"a\n", b"\x0bb"], 0),
        ([b"a,A,a"], [b"a", b"A", b"a"], 0),
        ([b"," * 16 + b"a"], [b"a"], 16),
        ([b"," * 17 + b"a"], [b"a"], 17),
    ],
)
def test_a_list_is_split_at_its_commas(lines: list[bytes], elements: list[bytes], empty: int) -> None:
    """Spaces and tabs around an element go, nothing else does; empty elements are counted."""
    assert split_list(lines) == (elements, empty)


@pytest.mark.parametrize(
    ("lines", "merged"),
    [
        ([], b"Origin"),
        ([b""], b"Origin"),
        ([b"Accept"], b"Accept, Origin"),
        ([b"Accept,Accept-Language"], b"Accept, Accept-Language, Origin"),
        ([b"Accept", b"Cookie"], b"Accept, Cookie, Origin"),
        ([b"accept", b"Accept"], b"accept, Accept, Origin"),
        ([b"X-Origin"], b"X-Origin, Origin"),
        ([b"Origin-X, Original"], b"Origin-X, Original, Origin"),
        ([b"Origin"], None),
        ([b"origin"], None),
        ([b"Accept", b" ORIGIN "], None),
        ([b"Accept,,origin,"], None),
        ([b"*"], None),
        ([b"Accept, *"], None),
        ([b"Accept", b" * "], None),
        ([b"**"], b"**, Origin"),
    ],
)
def test_vary_gains_a_name_once(lines: list[bytes], merged: bytes | None) -> None:
    """The name is added after the others, unless it is there in any case, or the value is `*`."""
    assert merge_vary(lines, b"Origin") == merged


def test_merging_vary_loses_and_repeats_nothing() -> None:
    """Every element stays in its position, the name is added once if it is missing, and `*` stays as it is."""
    counts = ExampleCounts()
    element = st.sampled_from(
        [b"Accept", b"origin", b"ORIGIN", b"*", b"Cookie", b"X-Origin", b"", b" ", b"\t"]
    ) | st.binary(max_size=3)
    line = st.lists(element, max_size=4).map(b",".join)

    @given(st.lists(line, max_size=3))
    def law(lines: list[bytes]) -> None:
        before = [part.strip(b" \t") for part in b",".join(lines).split(b",") if part.strip(b" \t")]
        merged = merge_vary(lines, b"Origin")
        said = b"*" in before or b"origin" in [part.lower() for part in before]
        counts.count(positive=not said)
        assert (merged is None) is said
        if merged is not None:
            after = merged.split(b", ")
            assert after == [*before, b"Origin"]
            assert merge_vary([merged], b"origin") is None

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize(
    ("names", "unique"),
    [
        ([], []),
        ([b"X-A"], [b"X-A"]),
        ([b"X-A", b"x-a", b"X-B", b"X-a"], [b"X-A", b"X-B"]),
        ([b"b", b"a", b"B"], [b"b", b"a"]),
    ],
)
def test_a_name_is_kept_once_in_its_first_spelling(names: list[bytes], unique: list[bytes]) -> None:
    """Names are compared without case, and stay in their order."""
    assert unique_names(names) == unique
    assert unique_names(iter(names)) == unique


@given(st.lists(st.text("aAbB", min_size=1, max_size=2).map(str.encode)))
def test_no_name_is_lost_and_none_is_there_twice(names: list[bytes]) -> None:
    """The names kept are the given ones, compared without case, each once."""
    kept = unique_names(names)
    assert {name.lower() for name in kept} == {name.lower() for name in names}
    assert len({name.lower() for name in kept}) == len(kept)
    assert all(name in names for name in kept)
