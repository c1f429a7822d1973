"""Listeners are held weakly, and changes of the list while it is read do no harm."""

import gc

from crossorigin.live.listeners import Listeners


class Listener:
    """Something that can be referred to weakly."""


def test_a_listener_lasts_as_long_as_something_else_holds_it() -> None:
    """The list keeps nothing alive, and drops what is gone when it is next read."""
    listeners: Listeners[Listener] = Listeners()
    kept, gone = Listener(), Listener()
    for listener in (gone, kept, gone):
        listeners.add(listener)
    del gone, listener
    listeners.add(kept)
    gc.collect()
    assert len(listeners) == 4
    assert list(listeners) == [kept, kept]
    assert len(listeners) == 2


def test_a_listener_may_add_another_one_when_it_is_called() -> None:
    """A plan that is made while others are told is told of the next change."""
    listeners: Listeners[Listener] = Listeners()
    first, second = Listener(), Listener()
    listeners.add(first)
    for _ in listeners:
        listeners.add(second)
    assert list(listeners) == [first, second]


def test_two_threads_may_drop_the_same_listener() -> None:
    """Of two that find a reference without its object, the second one finds it dropped already."""
    listeners: Listeners[Listener] = Listeners()
    kept = [Listener(), Listener(), Listener()]
    for listener in kept:
        listeners.add(listener)
    del listener
    outer = iter(listeners)
    assert next(outer) is kept[0]
    del kept[1:]
    gc.collect()
    assert list(listeners) == kept
    assert list(outer) == []
    assert len(listeners) == 1
