"""The types of a WSGI request: importable by users who annotate their code, and not loaded otherwise."""

import subprocess
import sys
from typing import Any

from crossorigin.adapters.common import wsgi_types
from tests.meta.docs.documents import ROOT


def test_the_names_mean_what_wsgi_says() -> None:
    """An environ is a plain dict: PEP 3333 requires it."""
    assert wsgi_types.Environ == dict[str, Any]
    assert wsgi_types.WSGIApp.__args__[0] == wsgi_types.Environ  # type: ignore[attr-defined]


def test_the_types_are_not_loaded() -> None:
    """Names for type checkers cost no import."""
    module = "crossorigin.adapters.common.wsgi_types"
    path = str(ROOT / "src")
    program = f"import sys; sys.path.insert(0, {path!r}); import crossorigin.wsgi; print({module!r} in sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "False\n"
