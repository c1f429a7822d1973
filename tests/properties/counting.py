"""The cost of a call in interpreter steps and in operations on its bytes, counted and not timed."""

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

import crossorigin
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.explain.refusal import MAX_SHOWN

LIBRARY = str(Path(crossorigin.__file__).parent)


# A tool ID that neither debuggers nor coverage use.
_TOOL = 4


def steps_of(call: Callable[[], object], *, within: str = LIBRARY) -> int:
    """Count the instructions that the interpreter runs in files of this library."""
    with counting(within) as counted:
        call()
    return counted[0]


@contextmanager
def counting(within: str = "") -> Iterator[list[int]]:
    """Count the instructions that a block runs in some files, all by default, and put the number into a list."""
    counted: list[int] = []
    # A garbage collection during the block would be counted too, because Hypothesis has a callback for it.
    gc.disable()
    try:
        # Since Python 3.12, a trace function misses the instructions of code that runs for the first time.
        with (_traced if sys.version_info < (3, 12) else _monitored)(within) as steps:
            yield counted
        counted.append(steps[0])
    finally:
        gc.enable()


@contextmanager
def _monitored(within: str) -> Iterator[list[int]]:
    steps = [0]

    def count(code: CodeType, _: int) -> None:
        steps[0] += code.co_filename.startswith(within)

    monitoring: Any = vars(sys)["monitoring"]
    monitoring.use_tool_id(_TOOL, "counting")
    monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, count)
    monitoring.set_events(_TOOL, monitoring.events.INSTRUCTION)
    try:
        yield steps
    finally:
        monitoring.set_events(_TOOL, monitoring.events.NO_EVENTS)
        monitoring.free_tool_id(_TOOL)


@contextmanager
def _traced(within: str) -> Iterator[list[int]]:
    steps = [0]

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(within):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        steps[0] += event == "opcode"
        return trace

    # Restore the trace function of coverage.
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield steps
    finally:
        sys.settrace(before)


def peak_memory_of(call: Callable[[], object]) -> int:
    """Return the peak memory of a call in bytes: the least of three, because threads of other tests allocate as well.

    A server that runs for a whole test session reserves a buffer of 64 KiB or more whenever a connection is closed.
    """
    return min(_peak_memory_of(call) for _ in range(3))


def _peak_memory_of(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


class Watched(bytes):
    """Bytes that record every operation, apart from reading their length or as many bytes as an origin may have.

    A comparison with bytes of another length reads nothing, so it is not recorded. Code that uses the buffer directly,
    such as `join` and regular expressions, is not seen here; `peak_memory_of` sees its copies.
    """

    done: list[str]

    def __new__(cls, value: bytes) -> Self:
        """Start without records."""
        made = super().__new__(cls, value)
        made.done = []
        return made


# The part of an origin that the log compares and shows.
_BEGINNINGS = (slice(MAX_ORIGIN), slice(MAX_SHOWN))


def _noting(name: str) -> Callable[..., Any]:
    plain = getattr(bytes, name)

    def method(self: Watched, *arguments: Any, **options: Any) -> Any:
        unequal = name in {"__eq__", "__ne__"} and len(arguments[0]) != len(self)
        beginning = name == "__getitem__" and arguments[0] in _BEGINNINGS
        self.done.extend([] if unequal or beginning else [name])
        return plain(self, *arguments, **options)

    return method


_LEFT = {"__len__", "__new__", "__init__", "__class__", "__getattribute__", "__init_subclass__", "__subclasshook__"}
_LEFT |= {
    "__setattr__",
    "__delattr__",
    "__doc__",
    "__dir__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__buffer__",
}
for _name in set(dir(bytes)) - _LEFT:
    setattr(Watched, _name, _noting(_name))
