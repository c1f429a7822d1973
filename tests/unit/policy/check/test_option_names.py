"""A name that is not an option leads to the option that was meant, or to what to do instead."""

import pytest

from tests.unit.policy.check.faulty_policies import complaint_of


def hint_of(name: str, value: object = "x") -> str:
    """Return the hint for one name that is not an option."""
    complaint = complaint_of({name: value})
    assert complaint is not None
    (issue,) = complaint.issues
    assert (issue.code, issue.field) == ("unknown-option", name)
    return issue.hint


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("allow_orgins", "allow_origins"),
        ("allowOrigins", "allow_origins"),
        ("ALLOW_ORIGINS", "allow_origins"),
        ("allow-origins", "allow_origins"),
        ("CORS_ALLOWED_ORIGINS", "allow_origins"),
        ("Access-Control-Allow-Origin", "allow_origins"),
        ("allowedOriginPatterns", "allow_origins"),
        ("allow_hosts", "allow_origins"),
        ("allow_origin_func", "allow_origins"),
        ("defaults", "allow_origins"),
        ("CORS_ALLOWED_ORIGIN_REGEXES", "allow_origin_regex"),
        ("allow_cookies", "allow_credentials"),
        ("supports_credentials", "allow_credentials"),
        ("allowed_request_headers", "allow_headers"),
        ("exposedHeaders", "expose_headers"),
        ("max_age_seconds", "max_age"),
        ("access_control_max_age", "max_age"),
        ("CORS_ALLOW_PRIVATE_NETWORK", "allow_private_network"),
    ],
)
def test_the_name_of_another_package_is_renamed(name: str, option: str) -> None:
    """Spellings of settings, of JavaScript and of headers are understood."""
    assert hint_of(name) == f"rename it to {option}."


@pytest.mark.parametrize("name", ["allow_websockets", "vary_header", "send_origin_wildcard", "optionsSuccessStatus"])
def test_a_name_without_an_option_is_removed(name: str) -> None:
    """A name that is only a little similar to an option is not renamed to it."""
    assert hint_of(name) == "remove it."


@pytest.mark.parametrize("name", ["resources", "CORS_URLS_REGEX", "paths"])
def test_a_limit_to_paths_is_not_lost(name: str) -> None:
    """Without it, the policy would be for all paths."""
    assert hint_of(name, r"/api/.*").startswith("remove it if the policy is for all paths; otherwise give each router")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CORS_ALLOW_ALL_ORIGINS", 'write allow_origins=["*"], without allow_credentials, if it is meant.'),
        ("allow_all_methods", 'write allow_methods=["*"], if it is meant.'),
        ("allowAnyHeader", 'write allow_headers=["*"], if it is meant.'),
        ("expose_all_headers", 'write expose_headers=["*"], if it is meant.'),
    ],
)
def test_a_switch_for_all_is_a_wildcard(name: str, hint: str) -> None:
    """If it is off, it can be removed."""
    assert hint_of(name, value=True) == hint
    assert hint_of(name, value=False) == "remove it."
