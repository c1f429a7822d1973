"""Values as Python source code, ready to be pasted in place of wrong ones."""

from collections.abc import Iterable


def literal(value: object) -> str:
    """Return a value as Python source code. Strings are in double quotes where possible."""
    if isinstance(value, str) and value.isprintable() and '"' not in value:
        return f'"{value}"' if "\\" not in value else _raw(value)
    return repr(value)


def list_literal(texts: Iterable[str]) -> str:
    """Return strings as a list, ready to be pasted in place of an option."""
    return f"[{elements_literal(texts)}]"


def _raw(text: str) -> str:
    return repr(text) if text.endswith("\\") else f'r"{text}"'


def elements_literal(texts: Iterable[str]) -> str:
    """Return strings as elements of a list, without brackets, ready to be pasted in place of one element."""
    return ", ".join(map(literal, texts))
