"""Names of arguments that do not exist: reported like any other error, with the name that was meant."""

from __future__ import annotations

from functools import wraps

from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    _Arguments = ParamSpec("_Arguments")


def reports_unknown_names(init: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Wrap a constructor so that unknown keywords are issues of its `InvalidPolicyError`, and no `TypeError`.

    Its signature stays, so type checkers reject the keywords. They would reject `add_middleware` altogether if the
    signature had `**unknown: Never`.
    """
    code = init.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @wraps(init)
    def build(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        given: dict[str, object] = kwargs
        unknown = {name: given.pop(name) for name in [*given] if name not in names}
        if not unknown:
            init(*args, **kwargs)
            return
        from crossorigin.policy.check.option_names import unknown_options

        issues = unknown_options(unknown, names)
        try:
            init(*args, **kwargs)
        except InvalidPolicyError as error:
            issues = [*error.issues, *issues]
        raise InvalidPolicyError(issues)

    return build
