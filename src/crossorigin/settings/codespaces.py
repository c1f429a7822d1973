"""The origin of a page in GitHub Codespaces, as a fix for a policy that allows every codespace.

Everyone can create a codespace, so its host is safe with credentials only if it is written out. The environment of a
codespace has its name.

https://docs.github.com/en/codespaces/developing-in-a-codespace/default-environment-variables-for-your-codespace
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.fixes import Fix
from crossorigin.policy.pattern import can_be_listed

# The port of Vite's development server.
_DEFAULT_PORT = "5173"
_PORT = re.compile(r"-([1-9][0-9]{1,4})\.")
_MAX_TEXT = 4096


def codespace_origin(environ: Mapping[str, str | None], port: str = _DEFAULT_PORT) -> str | None:
    """Return the origin of this codespace's page on a port, or None if the environment names no codespace.

    >>> codespace_origin({"CODESPACE_NAME": "fuzzy-robot-7x9"}, port="3000")
    'https://fuzzy-robot-7x9-3000.app.github.dev'
    """
    name = environ.get("CODESPACE_NAME")
    if not name:
        return None
    origin = f"https://{name}-{port}.{_domain(environ)}"
    return origin if can_be_listed(origin) else None


def with_codespace_origin(issue: PolicyIssue, environ: Mapping[str, str | None]) -> PolicyIssue:
    """Return an issue about too many origins with one more fix: the origin of this codespace.

    It is the first fix if the value names the domain of the codespaces.
    """
    value = str(issue.value)[:_MAX_TEXT].replace("\\", "").lower()
    names_codespaces = _domain(environ) in value and issue.code in {
        IssueCode.ORIGIN_MISPLACED_WILDCARD,
        IssueCode.PUBLIC_SUFFIX_WITH_CREDENTIALS,
        IssueCode.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
    }
    if not names_codespaces and issue.code is not IssueCode.WILDCARD_WITH_CREDENTIALS:
        return issue
    found = _PORT.search(value)
    port = found[1] if found else _DEFAULT_PORT
    origin = codespace_origin(environ, port)
    if origin is None:
        return issue
    when = f"in this codespace, if the page is on port {port}"
    if not names_codespaces:
        return replace(issue, fixes=(*issue.fixes, Fix("allow_origins", (origin,), when)))
    if issue.field == "allow_origin_regex":
        return replace(issue, fixes=(Fix(issue.field, re.escape(origin).replace(r"\-", "-"), when), *issue.fixes))
    return replace(issue, fixes=(Fix(issue.field, origin, when),), instruction="")


def _domain(environ: Mapping[str, str | None]) -> str:
    return (environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN") or "app.github.dev").lower()
