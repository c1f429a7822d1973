"""Types for pydantic models and pydantic-settings: origins, methods, header names, and a whole policy.

Values are read by `crossorigin.settings.env` and validated by `crossorigin.policy`. This module reports each issue as
a separate pydantic error. It requires the extra `settings`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

try:
    from pydantic import AnyUrl, BeforeValidator
    from pydantic_core import InitErrorDetails, PydanticCustomError, Url, ValidationError, core_schema
    from pydantic_settings import NoDecode
except ImportError as error:
    raise ImportError(
        "crossorigin.settings.pydantic needs pydantic and pydantic-settings: pip install 'crossorigin[settings]'"
    ) from error

from crossorigin.policy.errors import IssueCode, IssueValue, PolicyIssue, keep_value, text_of
from crossorigin.policy.options import is_list_like
from crossorigin.policy.policy import Policy
from crossorigin.settings.env import read_options

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = ["Methods", "Origins", "PolicyField", "RequestHeaders", "ResponseHeaders"]

_URLS = (AnyUrl, Url)

_Place = tuple[str | int, ...]


def _list_of(name: str) -> Callable[[object], tuple[str, ...]]:
    """Return the validator for the elements of an option."""

    def read(value: object) -> tuple[str, ...]:
        if isinstance(value, str) and not value.strip():
            return ()  # not the default of the option: the pydantic field has a separate default
        options, issues, _ = read_options({name: _without_slashes(value)})
        if issues:
            raise _refusal([(_place(issue)[1:], issue) for issue in issues])
        return tuple(cast("Iterable[str]", options[name]))

    return read


Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list_of("allow_origins"))]
"""The type of a field for `allow_origins`: a list, or a string with commas, white space or JSON."""

Methods = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list_of("allow_methods"))]
"""The type of a field for `allow_methods`, read like `Origins`."""

RequestHeaders = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list_of("allow_headers"))]
"""The type of a field for `allow_headers`, read like `Origins`."""

ResponseHeaders = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list_of("expose_headers"))]
"""The type of a field for `expose_headers`, read like `Origins`."""


class _PolicySchema:
    """The pydantic schema of a policy: validation, serialization and JSON schema."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_policy, serialization=core_schema.plain_serializer_function_ser_schema(Policy.to_dict)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        properties = {name: {**_json_type(value), "default": value} for name, value in Policy().to_dict().items()}
        return {"type": "object", "title": "Policy", "properties": properties, "additionalProperties": False}


def _json_type(default: object) -> dict[str, object]:
    match default:
        case list():
            return {"type": "array", "items": {"type": "string"}}
        case bool():
            return {"type": "boolean"}
        case int():
            return {"anyOf": [{"type": "integer"}, {"type": "null"}]}
        case _:
            return {"anyOf": [{"type": "string"}, {"type": "null"}]}


# Unlike the lists, pydantic-settings decodes this one, so that variables of single options override the whole policy.
PolicyField = Annotated[Policy, _PolicySchema()]
"""The type of a field for a whole policy: a `Policy`, or its options as a mapping or a JSON object.

The options may be strings, as in environment variables. The field is serialized like `Policy.to_dict`.
"""


def _read_policy(value: object) -> Policy:
    if isinstance(value, Policy):
        return value
    given = _parse(value) if isinstance(value, str) else value
    if not isinstance(given, Mapping):
        raise _refusal([((), _not_a_policy(value))])
    members = cast("Mapping[str, object]", given)
    options, issues, _ = read_options({name: _without_slashes(member) for name, member in members.items()})
    if issues:
        raise _refusal([(_place(issue), issue) for issue in issues])
    return Policy.from_dict(options)


def _parse(text: str) -> object:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without_slashes(value: object) -> object:
    """Return a list with pydantic URLs as origins, without the slash that pydantic adds."""
    if not is_list_like(value):
        return value
    members = [_without_slash(member) for member in cast("Iterable[object]", value)]
    return sorted(members, key=text_of) if isinstance(value, AbstractSet) else members


def _without_slash(member: object) -> object:
    if not isinstance(member, _URLS):
        return member
    bare = member.path == "/" and member.query is None and member.fragment is None
    return str(member).removesuffix("/") if bare else str(member)


def _not_a_policy(value: object) -> PolicyIssue:
    return PolicyIssue(
        code=IssueCode.NOT_A_POLICY,
        field="policy",
        value=keep_value(value),
        reason="Expected a Policy, or its options as a mapping or a JSON object.",
        instruction='the options, for example {"allow_origins": ["https://app.example.com"]}.',
    )


def _place(issue: PolicyIssue) -> _Place:
    name, _, index = issue.field.partition("[")
    if issue.code is IssueCode.UNKNOWN_OPTION or not index:
        return (issue.field,)
    return (name, int(index[:-1]))


def _refusal(issues: Iterable[tuple[_Place, PolicyIssue]]) -> ValidationError:
    """Return an error with one entry per issue; pydantic prefixes their locations with the name of the field."""
    details = [InitErrorDetails(type=_error_of(issue), loc=place, input=_shown(issue)) for place, issue in issues]
    return ValidationError.from_exception_data("Policy", details)


def _shown(issue: PolicyIssue) -> IssueValue:
    """Return the value, or its masked form if the text of the issue hides a password, because pydantic logs it."""
    shown = str(replace(issue, field="")).partition("\n")[0].removeprefix(" = ")
    return issue.value if shown == repr(issue.value) else shown.strip("'\"")


def _error_of(issue: PolicyIssue) -> PydanticCustomError:
    # The text of the issue has passwords masked and control characters escaped.
    _, reason, *hint, _ = (line.strip() for line in str(issue).split("\n"))
    context = {"reason": reason, "hint": "\n".join(hint).removeprefix("Fix: ")}
    return PydanticCustomError(str(issue.code), "{reason} Fix: {hint}", context)  # pyright: ignore[reportArgumentType]  # codes are a closed list
