"""Policies by path: an exact path, or everything at or below a prefix. There are no regular expressions for paths.

A regular expression for paths is easily wrong: it matches a part of a path, or another path than the one that Flask
routes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from crossorigin.adapters.common.arguments import read_policy
from crossorigin.adapters.common.route_policies import AttachedPolicy
from crossorigin.adapters.flask.origins import has_origins
from crossorigin.policy.errors import InvalidPolicyError
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.errors import PolicyIssue

_BELOW = "/*"
# Characters that no path has, because a URL encodes them, and that regular expressions use.
_SPECIAL = frozenset("\\^$+?()[]{}|<>")


class Resources:
    """The policies by path of one `CORS` extension, of which the one with the longest path applies.

    `policies` has a policy for each path, of which one that ends in `/*` is a prefix.
    """

    __slots__ = ("_exact", "_prefixes")

    def __init__(self, policies: Mapping[str, AttachedPolicy]) -> None:
        """Sort the prefixes."""
        self._exact = {path: attached for path, attached in policies.items() if not path.endswith(_BELOW)}
        prefixes = [path.removesuffix(_BELOW) for path in policies if path.endswith(_BELOW)]
        self._prefixes = [(path, policies[path + _BELOW]) for path in sorted(prefixes, key=len, reverse=True)]

    def __bool__(self) -> bool:
        """Return whether any path has a policy."""
        return bool(self._exact or self._prefixes)

    def find(self, path: str) -> AttachedPolicy | None:
        """Return the policy for a path, or None."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        for prefix, attached in self._prefixes:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in {"", "/"}:
                return attached
        return None


def read_resources(given: object) -> Resources:
    """Return the policies by path. A value is a policy, its options as a mapping, or None to allow no origin.

    Raises:
        InvalidPolicyError: A policy is invalid. The error has the issues of all policies.
        TypeError: `given` is not a mapping.
        ValueError: A path is neither exact nor a prefix, or its options do not say which origins are allowed.
    """
    if given is None:
        return Resources({})
    if not isinstance(given, Mapping):
        raise TypeError(
            f"resources must be a mapping of paths to policies, got {type(given).__name__}. Write "
            'resources={"/api/*": policy}, or leave it out to use one policy for all paths.'
        )
    issues: list[PolicyIssue] = []
    policies: dict[str, AttachedPolicy] = {}
    for path, value in cast("Mapping[str, object]", given).items():
        _check_path(path)
        owner = f"resources[{path!r}]"
        try:
            policies[path] = AttachedPolicy(_read_value(value), owner)
        except InvalidPolicyError as error:
            issues += [_at(owner, issue) for issue in error.issues]
    if issues:
        raise InvalidPolicyError(issues)
    for path, value in cast("Mapping[str, object]", given).items():
        if isinstance(value, Mapping) and not has_origins(cast("Mapping[str, object]", value)):
            raise ValueError(
                f"resources[{path!r}] does not say which origins are allowed, and options of CORS(...) are not "
                'inherited. Add "allow_origins": ["https://app.example.com"], or write None instead of the options to '
                "allow no origin."
            )
    return Resources(policies)


def _read_value(value: object) -> Policy:
    if value is None:
        return Policy()
    if isinstance(value, Mapping):
        return Policy.from_dict(cast("Mapping[str, object]", value))
    return read_policy(value, {})


def _at(owner: str, issue: PolicyIssue) -> PolicyIssue:
    return replace(issue, field=owner if issue.field == "policy" else f"{owner}.{issue.field}")


def _check_path(path: object) -> None:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError(f"resources[{path!r}]: a path starts with a slash. Write for example '/api/*'.")
    literal = path.removesuffix(_BELOW)
    special = next((index for index, char in enumerate(literal) if char in _SPECIAL or char == "*"), None)
    if special is None:
        return
    # `/api/.*` is meant as a prefix; the dot is a part of the expression.
    prefix = literal[:special].removesuffix(".").rpartition("/")[0]
    raise ValueError(
        f"resources[{path!r}]: a path is exact or ends in /*, and is not a regular expression or a rule. Write "
        f"{prefix + _BELOW!r} for everything at or below {prefix or '/'!r}, or use cross_origin on the views."
    )
