"""Types of a WSGI request, for type checkers only. Nothing imports this module at run time.

https://peps.python.org/pep-3333/
"""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

Environ = dict[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
# `start_response(status, headers, exc_info=None)`, which returns the legacy `write`.
StartResponse = Callable[..., Callable[[bytes], object]]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]
