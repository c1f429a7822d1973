"""Count the instructions between two lines of a program that runs under callgrind.

Valgrind reads requests out of its client's instruction stream: a few rotations that leave every register as it
was. They are spelled here as machine code, because a fresh machine has no compiler. So counting begins right before
the measured loop and ends right behind it, and what sets the loop up runs uncounted, and a good deal faster.

It imports next to nothing, for the cost of imports is counted too.

https://valgrind.org/docs/manual/cl-manual.html#cl-manual.clientrequests
"""

import ctypes
import mmap
import os

# Each: a function of one argument, the address of six words, that asks valgrind and returns its answer.
_REQUEST = {
    "x86_64": "4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3",
    "aarch64": "e40300aa 030080d2 8c0dcc93 8c35cc93 8ccdcc93 8cf5cc93 4a010aaa e00303aa c0035fd6",
}
_RUNNING_ON_VALGRIND = 0x1001
_CALLGRIND = ord("C") << 24 | ord("T") << 16
_ZERO, _DUMP_AT, _START, _STOP = _CALLGRIND + 1, _CALLGRIND + 3, _CALLGRIND + 4, _CALLGRIND + 5


class Counter:
    """Count the instructions between `start` and `stop`, in a process that `count` runs."""

    def __init__(self) -> None:
        """Find valgrind.

        Raises:
            RuntimeError: This process does not run under valgrind.
        """
        code = bytes.fromhex(_REQUEST[os.uname().machine])
        self._page = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._page.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        self._function = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p)(address)
        if not self._ask(_RUNNING_ON_VALGRIND):
            raise RuntimeError("This counts under valgrind only: run it by bench.callgrind.count.")

    def _ask(self, request: int, argument: int | None = None) -> int:
        words = (ctypes.c_size_t * 6)(request, argument or 0)
        return int(self._function(ctypes.addressof(words)))

    def start(self) -> None:
        """Count from here."""
        self._ask(_START)
        self._ask(_ZERO)

    def stop(self, name: str) -> None:
        """Count no further, and write down what was counted as `name`."""
        text = ctypes.c_char_p(name.encode())
        self._ask(_DUMP_AT, ctypes.cast(text, ctypes.c_void_p).value)
        self._ask(_STOP)
