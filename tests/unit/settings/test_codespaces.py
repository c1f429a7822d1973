"""In a codespace, a message about too many origins has the one origin that is safe there."""

import pytest

from crossorigin import InvalidPolicyError
from crossorigin.policy.options import apply_fix
from crossorigin.settings import policy_from_env
from crossorigin.settings.codespaces import codespace_origin

CODESPACE = {"CODESPACE_NAME": "fuzzy-robot-7x9"}
EVERY_CODESPACE = {
    "misplaced": ("CORS_ALLOW_ORIGINS", "https://*-3000.app.github.dev", "3000"),
    "pattern": ("CORS_ALLOW_ORIGINS", "http://localhost:3000 https://*.app.github.dev", "5173"),
    "json": ("CORS_ALLOW_ORIGINS", '["https://*.app.github.dev"]', "5173"),
    "expression": ("CORS_ALLOW_ORIGIN_REGEX", r"https://.*-8080\.app\.github\.dev", "8080"),
    "bare dots": ("CORS_ALLOW_ORIGIN_REGEX", r"https://.*.app.github.dev", "5173"),
}


def refusal(environ: dict[str, str]) -> InvalidPolicyError:
    """Return the error of an environment with credentials."""
    with pytest.raises(InvalidPolicyError) as caught:
        policy_from_env(environ={"CORS_ALLOW_CREDENTIALS": "true", **environ})
    return caught.value


@pytest.mark.parametrize(("variable", "text", "port"), EVERY_CODESPACE.values(), ids=EVERY_CODESPACE)
def test_the_first_fix_is_the_origin_of_this_codespace(variable: str, text: str, port: str) -> None:
    """The fix has the port of the value, and the policy with it allows that origin and no other codespace."""
    (issue,) = refusal({**CODESPACE, variable: text}).issues
    fixed = apply_fix(
        {variable: text.split() if " " in text else [text] if "ORIGINS" in variable else text}, issue.fixes[0]
    )
    value = fixed[variable]
    environ = {variable: value if isinstance(value, str) else ",".join(value), "CORS_ALLOW_CREDENTIALS": "true"}
    policy = policy_from_env(environ=environ)
    origins = {name: f"https://{name}-{port}.app.github.dev".encode() for name in ("fuzzy-robot-7x9", "evil")}
    allowed = {name: policy.decide("GET", origin=[origin]).allowed for name, origin in origins.items()}
    assert allowed == {"fuzzy-robot-7x9": True, "evil": False}


def test_any_origin_with_credentials_has_it_as_the_last_fix() -> None:
    """The front end of a codespace does not run on localhost, so the usual fixes for development do not fit."""
    (issue,) = refusal({**CODESPACE, "CORS_ALLOW_ORIGINS": "*"}).issues
    assert issue.fixes[-1].value == ("https://fuzzy-robot-7x9-5173.app.github.dev",)
    assert issue.fixes[0].field == "CORS_ALLOW_CREDENTIALS"


def test_the_domain_comes_from_the_environment() -> None:
    """Enterprise installations have their own domain."""
    environ = {**CODESPACE, "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "App.Corp.example"}
    assert codespace_origin(environ, "80") == "https://fuzzy-robot-7x9-80.app.corp.example"


@pytest.mark.parametrize("environ", [{}, {"CODESPACE_NAME": ""}, {"CODESPACE_NAME": "not a name"}])
def test_without_a_valid_name_nothing_changes(environ: dict[str, str]) -> None:
    """The message outside a codespace is the ordinary one."""
    given = {"CORS_ALLOW_ORIGINS": "https://*.app.github.dev"}
    assert str(refusal({**environ, **given})) == str(refusal(given))
    assert codespace_origin(environ) is None


def test_other_errors_are_left_alone() -> None:
    """A wildcard below another suffix is not related to the codespace."""
    given = {"CORS_ALLOW_ORIGINS": "https://*.vercel.app"}
    assert str(refusal({**CODESPACE, **given})) == str(refusal(given))
