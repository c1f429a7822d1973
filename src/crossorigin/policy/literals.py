"""Values and fixes as Python source code, ready to paste in place of invalid values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crossorigin.policy.fixes import Fix


def literal(value: object) -> str:
    """Return a value as Python source code. Strings are in double quotes where possible."""
    if isinstance(value, str) and value.isprintable() and '"' not in value:
        return f'"{value}"' if "\\" not in value else _raw(value)
    return repr(value)


def list_literal(texts: Iterable[str]) -> str:
    """Return strings as a list, ready to paste in place of the value of an option."""
    return f"[{elements_literal(texts)}]"


def _raw(text: str) -> str:
    return repr(text) if text.endswith("\\") else f'r"{text}"'


def elements_literal(texts: Iterable[str]) -> str:
    """Return strings as list elements without brackets, ready to paste in place of one element."""
    return ", ".join(map(literal, texts))


def fixes_source(field: str, fixes: Sequence[Fix]) -> str:
    """Return the fixes of an issue about `field` as Python source code.

    A single fix of the field itself is a bare value. Each of several fixes is a line that can be pasted into the call
    or the list. The advice to remove something is a comment.
    """
    from crossorigin.policy.fixes import REMOVE

    lines: list[str] = []
    for fix in fixes:
        own = fix.field == field
        if fix.value is REMOVE:
            lines.append("remove it" if own else f"remove {fix.field}")
        elif own and (len(fixes) == 1 or "[" in field):
            lines.append(_value_source(fix))
        else:
            lines.append(f"{fix.field}={_value_source(fix)}")
    if len(fixes) == 1:
        return lines[0] if fixes[0].value is not REMOVE else f"{lines[0]}."
    return "\n".join(
        f"# {line} {fix.when}" if fix.value is REMOVE else f"{line},  # {fix.when}"
        for line, fix in zip(lines, fixes, strict=True)
    )


def _value_source(fix: Fix) -> str:
    if not isinstance(fix.value, tuple):
        return literal(fix.value)
    return elements_literal(fix.value) if "[" in fix.field else list_literal(fix.value)
