"""The package `crossorigin.settings` hands on the names that its users import."""

import pytest

import crossorigin.settings
from crossorigin.settings import env, pydantic


def test_the_types_for_pydantic_can_be_imported_from_the_package() -> None:
    """They are imported when they are first used, because pydantic is an extra."""
    assert crossorigin.settings.Origins is pydantic.Origins
    assert crossorigin.settings.policy_from_env is env.policy_from_env


def test_another_name_is_an_attribute_error() -> None:
    """As for every module."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = crossorigin.settings.Nothing  # type: ignore[attr-defined]
