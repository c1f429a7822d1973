"""Configurations that people publish: each is valid, or its message says what to do."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crossorigin import CrossOriginWarning, InvalidPolicyError
from crossorigin.policy.options import apply_fix
from tests.unit.policy.check.faulty_policies import complaint_of

CONFIGURATIONS: list[dict[str, Any]] = [
    configuration
    for name in ("configurations.toml", "public_configurations.toml")
    for configuration in tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))["configuration"]
]
OUTCOMES = {"starts": type(None), "warns": CrossOriginWarning, "refused": InvalidPolicyError}


def follow(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options after the first fix of every issue."""
    for _ in range(20):
        complaint = complaint_of(options)
        issues = complaint.issues if isinstance(complaint, InvalidPolicyError) else ()
        fix = next((issue.fixes[0] for issue in issues if issue.fixes), None)
        if fix is None:
            return options
        options = apply_fix(options, fix)
    pytest.fail("the fixes do not come to an end")


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda configuration: configuration["name"])
def test_a_configuration_has_its_outcome(configuration: Mapping[str, Any]) -> None:
    """The message contains what its author needs, and the fixes lead to the intended policy."""
    options = configuration["options"]
    complaint = complaint_of(options)
    message = str(complaint)
    assert isinstance(complaint, OUTCOMES[configuration["outcome"]]), message
    assert [words for words in configuration.get("says", ()) if words not in message] == []
    assert [words for words in configuration.get("never", ()) if words in message] == []
    if "fixed" in configuration:
        fixed = follow(options)
        assert [*fixed.get("allow_origins", ())] == configuration["fixed"]
        assert fixed.get("allow_origin_regex") == configuration.get("fixed_regex")
        keeps_credentials = not configuration.get("fixed_without_credentials")
        assert bool(fixed.get("allow_credentials")) == (keeps_credentials and bool(options.get("allow_credentials")))
        assert not isinstance(complaint_of(fixed), InvalidPolicyError)
