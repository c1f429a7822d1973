"""The types for pydantic: valid values, invalid values, and a separate error for each issue."""

import importlib
import json
import re
import sys
import warnings
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from pydantic import AnyHttpUrl, AnyUrl, BaseModel, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from crossorigin import CrossOriginWarning, Policy
from crossorigin.settings.pydantic import Methods, Origins, PolicyField, RequestHeaders, ResponseHeaders
from crossorigin.testing.strategies import policies
from tests.meta.docs.documents import ROOT

A, B = "https://a.example", "https://b.example"

READ: TypeAdapter[Policy] = TypeAdapter(PolicyField)
READ_ORIGINS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Origins)


class Settings(BaseSettings):
    """What users write."""

    model_config = SettingsConfigDict(env_nested_delimiter="__")

    cors_origins: Origins = ()
    cors_methods: Methods = ("GET", "POST")
    cors_headers: RequestHeaders = ()
    cors_exposed: ResponseHeaders = ()
    admin_origins: Origins | None = None
    api: PolicyField = Policy()
    optional: PolicyField | None = None


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the settings in an environment of these variables."""

    def read(**environ: str) -> Settings:
        for name, text in environ.items():
            monkeypatch.setenv(name, text)
        return Settings()

    return read


def refused(validate: Any, *args: Any, **options: Any) -> list[tuple[str, tuple[str | int, ...], str]]:
    """The type, the place and the message of each error."""
    with pytest.raises(ValidationError) as caught:
        validate(*args, **options)
    return [(error["type"], error["loc"], error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize("text", [f"{A},{B}", f"{A} {B}", json.dumps([A, B]), f" {A},\n{B} "])
def test_a_variable_is_a_list_with_commas_white_space_or_json(settings: Any, text: str) -> None:
    """pydantic-settings alone would accept JSON only. An optional field is read in the same way."""
    read = settings(CORS_ORIGINS=text, ADMIN_ORIGINS=text)
    assert (read.cors_origins, read.admin_origins) == ((A, B), (A, B))


def test_methods_and_header_names_are_lists_too(settings: Any) -> None:
    """Each list of a policy has its type; an empty variable is an empty list."""
    read = settings(CORS_METHODS="", CORS_HEADERS="X-Token X-Other", CORS_EXPOSED='["ETag"]')
    assert (read.cors_methods, read.cors_headers, read.cors_exposed) == ((), ("X-Token", "X-Other"), ("ETag",))
    assert Settings.model_validate({"cors_methods": ["PUT"]}).cors_methods == ("PUT",)


def test_every_issue_is_an_error_at_its_place(settings: Any) -> None:
    """Its type is the issue's code, and its message the reason and what to write."""
    errors = refused(settings, CORS_ORIGINS=f"{A}/ {B} {B}/x", CORS_METHODS='["patch"]', API__MAX_AGE="-1")
    assert errors == [
        (
            "origin-trailing-slash",
            ("cors_origins", 0),
            "It ends with a slash. Browsers send origins without one, so it would never match. Fix: https://a.example",
        ),
        (
            "origin-path",
            ("cors_origins", 2),
            (
                "It has a path. An origin ends after the host and port, so it would never match. https://b.example is "
                "already in the list. Fix: remove it."
            ),
        ),
        (
            "method-wrong-case",
            ("cors_methods", 0),
            (
                "Methods are case-sensitive, and browsers do not change the case of PATCH: the page must also use "
                'method: "PATCH". Fix: "PATCH"'
            ),
        ),
        (
            "max-age-out-of-range",
            ("api", "max_age"),
            "It must not be negative; 0 disables the preflight cache. Fix: 0",
        ),
    ]


def test_an_error_holds_reason_and_hint_for_programs() -> None:
    """They are apart in its context, and the wrong value is its input."""
    with pytest.raises(ValidationError) as caught:
        READ_ORIGINS.validate_python([A, f"{B}/", 5])
    first, second = caught.value.errors()
    assert (first["loc"], first["input"], first["ctx"]["hint"]) == ((1,), f"{B}/", f'"{B}"')
    assert first["ctx"]["reason"].startswith("It ends with a slash")
    assert second["input"] == 5


@pytest.mark.parametrize("padding", ["", "x" * 200])
@pytest.mark.parametrize("form", [str, str.encode])
def test_no_error_holds_a_password(form: Any, padding: str) -> None:
    """Messages are logged, together with the input that pydantic adds."""
    url = form(f"https://{padding}user:secret@b.example")
    with pytest.raises(ValidationError) as caught:
        READ_ORIGINS.validate_python([A, url])
    (error,) = caught.value.errors()
    assert error["input"] in {"https://***@b.example", "b'https://***@b.example"}
    assert "secret" not in f"{caught.value} {caught.value.json()} {caught.value.errors()}"
    with pytest.raises(ValidationError) as caught:
        READ.validate_python(f'{{"allow_origins": [{"1, " * 99}"{url!r}"')
    assert "secret" not in f"{caught.value} {caught.value.json()} {caught.value.errors()}"


def test_a_whole_value_that_is_no_list_is_one_error() -> None:
    """Its place is the field itself."""
    assert [(code, place) for code, place, _ in refused(READ_ORIGINS.validate_python, None)] == [
        ("not-a-collection", ())
    ]
    assert [(code, place) for code, place, _ in refused(READ_ORIGINS.validate_python, 5)] == [("not-a-collection", ())]
    assert [(code, place) for code, place, _ in refused(READ_ORIGINS.validate_python, "[x")] == [
        ("not-a-collection", ())
    ]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (AnyHttpUrl(A), A),
        (AnyHttpUrl(f"{A}/"), A),
        (AnyHttpUrl("HTTPS://A.example:443"), A),
        (AnyHttpUrl("http://localhost:3000"), "http://localhost:3000"),
        (AnyHttpUrl("http://[::1]:3000/"), "http://[::1]:3000"),
        (AnyUrl("capacitor://localhost"), "capacitor://localhost"),
    ],
)
def test_a_url_is_the_origin_that_it_names(url: object, origin: str) -> None:
    """The slash that pydantic adds to each URL is removed in a list, a set and an option."""
    assert READ_ORIGINS.validate_python([url, B]) == (origin, B)
    assert READ_ORIGINS.validate_python({url}) == (origin,)
    assert READ.validate_python({"allow_origins": (url,)}) == Policy(allow_origins=[origin])


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{A}/app", "origin-path"),
        (f"{A}/app/", "origin-path"),
        (f"{A}/?q", "origin-query"),
        (f"{A}/#f", "origin-query"),
        ("https://user@a.example", "origin-userinfo"),
    ],
)
def test_a_url_that_names_more_than_an_origin_is_refused(url: str, code: str) -> None:
    """The rest of the URL would be lost silently."""
    ((told, place, _),) = refused(READ_ORIGINS.validate_python, [AnyHttpUrl(url)])
    assert (told, place) == (code, (0,))


def test_a_set_has_an_order() -> None:
    """The order is that of a policy, for any elements."""
    assert READ_ORIGINS.validate_python({AnyHttpUrl(B), A}) == (A, B)


def test_a_policy_is_taken_as_it_is_or_by_its_options(settings: Any) -> None:
    """As a `Policy`, a mapping, one variable with JSON, or a variable for each option."""
    policy = Policy(allow_origins=[A], max_age=None)
    assert READ.validate_python(policy) is policy
    assert READ.validate_python({"allow_origins": f"{A}", "max_age": "none"}) == policy
    assert READ.validate_python({"allow_origins": [A], "max_age": None}) == policy
    assert READ.validate_python(" ") == Policy()
    assert settings(API=json.dumps(policy.to_dict())).api == policy


def test_each_option_may_have_a_variable(settings: Any) -> None:
    """pydantic-settings' nested names, in the texts of `policy_from_env`."""
    read = settings(API__ALLOW_ORIGINS=f"{A},{B}", API__ALLOW_CREDENTIALS="on")
    assert read.api == Policy(allow_origins=[A, B], allow_credentials=True)


def test_the_variable_of_an_option_goes_before_the_whole_one(settings: Any) -> None:
    """As in any model of pydantic-settings, the variable of an option is merged with the JSON."""
    read = settings(API='{"allow_origins": ["*"], "max_age": 5}', API__ALLOW_ORIGINS=A)
    assert read.api == Policy(allow_origins=[A], max_age=5)
    assert settings(OPTIONAL="{}", OPTIONAL__ALLOW_ORIGINS=f"{A},{B}").optional == Policy(allow_origins=[A, B])


@pytest.mark.parametrize("text", ["", "{", '["https://a.example"'])
def test_a_whole_variable_that_is_no_json_stops_the_program(settings: Any, text: str) -> None:
    """Otherwise it would hide the variables of the options."""
    with pytest.raises(SettingsError):
        settings(API=text, API__ALLOW_ORIGINS=A)


def test_an_empty_whole_variable_can_be_passed_over(settings: Any) -> None:
    """pydantic-settings ignores it if configured to, as for any field."""

    class Lenient(Settings):
        model_config = SettingsConfigDict(env_ignore_empty=True)

    with pytest.raises(SettingsError):
        settings(API="", API__ALLOW_ORIGINS=A)
    assert Lenient().api == Policy(allow_origins=[A])


def test_what_is_wrong_between_options_is_reported(settings: Any) -> None:
    """A misspelled name, also one with brackets, and errors that concern several options are reported."""
    errors = refused(settings, API__ALLOW_ORIGINS=f"{A} *", API__ALLOW_CREDENTIALS="yes", API__ALLOWED_METHODS="PUT")
    assert [(code, place) for code, place, _ in errors] == [
        ("wildcard-with-credentials", ("api", "allow_origins", 1)),
        ("unknown-option", ("api", "allowed_methods")),
    ]
    assert errors[0][2].endswith(
        'With allow_credentials=true, "*" would let every website act as your user. Browsers reject it for '
        "requests with credentials, and reflecting the Origin header instead would be just as unsafe. Fix: "
        "# remove it if only the pages of the other origins send cookies\n"
        "# if no page sends cookies; tokens in headers still work\nallow_credentials=false"
    )
    assert refused(READ.validate_python, {"max_age[0]": 5})[0][:2] == ("unknown-option", ("max_age[0]",))


@pytest.mark.parametrize("value", [None, 5, [A], A, "[]", "{", "[" * 100_000])
def test_what_is_no_policy_is_refused(value: object) -> None:
    """Neither a policy nor its options, as a mapping or in JSON."""
    ((code, place, message),) = refused(READ.validate_python, value)
    assert (code, place) == ("not-a-policy", ())
    assert message.endswith('Fix: the options, for example {"allow_origins": ["https://app.example.com"]}.')


def test_a_policy_in_a_model_is_reported_as_usual() -> None:
    """It starts, with the warning."""
    with pytest.warns(CrossOriginWarning, match="It is a duplicate of"):
        READ.validate_python({"allow_headers": ["X-Token", "x-token"]})


def test_what_is_dumped_is_read() -> None:
    """A policy in a model survives its JSON."""

    class Stored(BaseModel):
        cors: PolicyField

    @given(policies())
    def law(policy: Policy) -> None:
        stored = Stored(cors=policy)
        assert stored.model_dump() == {"cors": policy.to_dict()}
        with warnings.catch_warnings():
            # The warning about http with credentials, as when the policy was drawn.
            warnings.simplefilter("ignore", CrossOriginWarning)
            assert Stored.model_validate_json(stored.model_dump_json()) == stored

    law()


def test_the_json_schema_says_what_is_taken() -> None:
    """The schema has every option with its type and default, and no other one."""
    schema = READ.json_schema()
    assert {name: option["default"] for name, option in schema["properties"].items()} == Policy().to_dict()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["max_age"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    assert schema["properties"]["allow_origin_regex"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert schema["properties"]["allow_credentials"]["type"] == "boolean"
    assert schema["properties"]["allow_methods"]["items"] == {"type": "string"}
    assert READ_ORIGINS.json_schema() == {"type": "array", "items": {"type": "string"}}
    assert READ.json_schema(mode="serialization") == schema
    assert Settings.model_json_schema()["properties"]["api"]["title"] == "Policy"


def test_fastapi_describes_them() -> None:
    """A route that takes and gives them has its OpenAPI document."""

    class Stored(BaseModel):
        cors: PolicyField
        origins: Origins

    app = FastAPI()

    @app.put("/cors")
    def put_cors(stored: Stored) -> Stored:
        return stored

    schemas = app.openapi()["components"]["schemas"]
    assert schemas["Stored"]["properties"]["cors"]["title"] == "Policy"
    assert schemas["Stored"]["properties"]["origins"]["items"] == {"type": "string"}


def test_the_page_names_the_oldest_that_is_tested() -> None:
    """It is the version in the lock file of the oldest releases, and the minimum of the extra."""
    lock = (ROOT / "requirements" / "oldest.txt").read_text("utf-8")
    assert dict(re.findall(r"^(pydantic[a-z-]*)==(2\.7)\.", lock, re.MULTILINE)) == {
        "pydantic": "2.7",
        "pydantic-settings": "2.7",
    }
    assert '["pydantic>=2.7", "pydantic-settings>=2.7"]' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert "Both are supported from version 2.7" in (ROOT / "docs" / "settings.md").read_text("utf-8")


@pytest.mark.parametrize("missing", ["pydantic", "pydantic_settings"])
def test_missing_pydantic_is_reported(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """The message says what is needed, and how to install it."""
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "crossorigin.settings.pydantic")
    with pytest.raises(ImportError, match=r"pip install 'crossorigin\[settings\]'"):
        importlib.import_module("crossorigin.settings.pydantic")
