"""Write values as Python source, to be pasted in place of what was wrong."""

from collections.abc import Iterable


def literal(value: object) -> str:
    """Write a value as Python source, strings in the way most code spells them."""
    if isinstance(value, str) and value.isprintable() and '"' not in value:
        return f'"{value}"' if "\\" not in value else _raw(value)
    return repr(value)


def list_literal(texts: Iterable[str]) -> str:
    """Write strings as a list, to be pasted in place of an option."""
    return f"[{elements_literal(texts)}]"


def _raw(text: str) -> str:
    return repr(text) if text.endswith("\\") else f'r"{text}"'


def elements_literal(texts: Iterable[str]) -> str:
    """Write strings as they stand inside a list, to be pasted in place of one element."""
    return ", ".join(map(literal, texts))
