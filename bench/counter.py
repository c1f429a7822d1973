"""A counter for the instructions between two points of a program that runs under callgrind.

A program sends requests to valgrind through its instruction stream: a few rotations that leave every register
unchanged. This module contains them as machine code because a new machine may have no compiler. Counting starts right
before the measured loop and stops right after it. The code that sets up the loop is not counted and runs much faster.

The module imports very little because the cost of imports is measured too.

https://valgrind.org/docs/manual/cl-manual.html#cl-manual.clientrequests
"""

import ctypes
import mmap
import os

# Each value is a function that takes the address of six words, sends them to valgrind and returns the result.
_REQUEST = {
    "x86_64": "4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3",
    "aarch64": "e40300aa 030080d2 8c0dcc93 8c35cc93 8ccdcc93 8cf5cc93 4a010aaa e00303aa c0035fd6",
}
_RUNNING_ON_VALGRIND = 0x1001
_CALLGRIND = ord("C") << 24 | ord("T") << 16
_ZERO, _DUMP_AT, _START, _STOP = _CALLGRIND + 1, _CALLGRIND + 3, _CALLGRIND + 4, _CALLGRIND + 5


class Counter:
    """A counter for the instructions between `start` and `stop`, in a process that bench.callgrind.count runs."""

    def __init__(self) -> None:
        """Check that valgrind runs this process.

        Raises:
            RuntimeError: This process does not run under valgrind.
        """
        code = bytes.fromhex(_REQUEST[os.uname().machine])
        self._page = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._page.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        self._function = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p)(address)
        if not self._ask(_RUNNING_ON_VALGRIND):
            raise RuntimeError("Counting requires valgrind: run this program with bench.callgrind.count.")

    def _ask(self, request: int, argument: int | None = None) -> int:
        words = (ctypes.c_size_t * 6)(request, argument or 0)
        return int(self._function(ctypes.addressof(words)))

    def start(self) -> None:
        """Start counting."""
        self._ask(_START)
        self._ask(_ZERO)

    def stop(self, name: str) -> None:
        """Stop counting and record the count under `name`."""
        text = ctypes.c_char_p(name.encode())
        self._ask(_DUMP_AT, ctypes.cast(text, ctypes.c_void_p).value)
        self._ask(_STOP)
