"""Issues of options that are given as text, with the names and the syntax of the place where the text is written."""

import json
from collections.abc import Mapping
from dataclasses import replace

from crossorigin.policy.errors import PolicyIssue
from crossorigin.policy.fixes import REMOVE, FixValue


def in_text(issue: PolicyIssue, texts: Mapping[str, str], names: Mapping[str, str] | None) -> PolicyIssue:
    """Return an issue with the names of the variables, and with the hint as text instead of Python source."""
    option = issue.field.partition("[")[0]
    if option not in texts:
        return issue
    named = names or {}
    hint = _write_fixes(issue, named, as_json="[" in issue.field and texts[option].startswith("["))
    return replace(
        issue,
        field=_rename_field(issue.field, named),
        reason=_rename(issue.reason, named),
        fixes=tuple(replace(fix, field=_rename_field(fix.field, named)) for fix in issue.fixes),
        # Raw strings exist only in Python.
        instruction=hint or _rename(issue.instruction, named).replace(' r"', ' "'),
    )


def _rename(text: str, names: Mapping[str, str]) -> str:
    for option, name in names.items():
        text = text.replace(option, name)
    return text.replace("=True", "=true")


def _rename_field(field: str, names: Mapping[str, str]) -> str:
    option, bracket, index = field.partition("[")
    return names.get(option, option) + bracket + index


def _write_fixes(issue: PolicyIssue, names: Mapping[str, str], *, as_json: bool) -> str:
    """Return the fixes of an issue as lines of an environment file.

    Comments are on separate lines, because most of these files treat a comment after a value as part of the value.
    """
    if len(issue.fixes) == 1 and issue.fixes[0].field == issue.field:
        return _write_value(issue.fixes[0].value, as_json=as_json)
    lines: list[str] = []
    for fix in issue.fixes:
        own = fix.field == issue.field
        if fix.value is REMOVE:
            lines.append(f"# remove {'it' if own else _rename_field(fix.field, names)} {fix.when}".rstrip())
            continue
        if fix.when:
            lines.append(f"# {fix.when}")
        if own and "[" in fix.field:
            lines.append(_write_value(fix.value, as_json=as_json))
        else:
            lines.append(f"{_rename_field(fix.field, names)}={_write_value(fix.value, as_json=False)}")
    return "\n".join(lines)


def _write_value(value: FixValue, *, as_json: bool) -> str:
    if value is REMOVE or value is None:
        return "remove it."
    if isinstance(value, int):
        return str(value).lower()
    texts = value if isinstance(value, tuple) else (value,)
    return ", ".join(map(json.dumps, texts)) if as_json else ",".join(texts)
