"""The settings of django-cors-headers and our own: what they mean, and the messages about wrong ones."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crossorigin import CrossOriginWarning, InvalidPolicyError, LiveOrigins, LivePolicy, Policy
from crossorigin.adapters.django.options import DjangoOptions, read_options, warn_about
from crossorigin.django import default_headers, default_methods
from tests.unit.adapters.django.pages import ORIGIN, PARTNER, serving

A, B = r"^https://\w+\.example\.org$", r"(?i)https://b\.example"


def read(**overridden: Any) -> DjangoOptions:
    """Return the options in these settings only."""
    with serving(**{"CORS_POLICY": None, **overridden}):
        return read_options()


def issues_in(**overridden: Any) -> list[tuple[str, str, str]]:
    """Return the issues of these settings: the setting, the code and the fix."""
    with pytest.raises(InvalidPolicyError) as caught:
        read(**overridden)
    return [(issue.field, issue.code.value, issue.hint) for issue in caught.value.issues]


def test_the_defaults_are_those_of_django_cors_headers() -> None:
    """Its methods, headers and maximum age, and no origin."""
    from corsheaders import defaults

    assert (default_methods, default_headers) == (defaults.default_methods, defaults.default_headers)
    found = read()
    assert found.policy == Policy(allow_methods=default_methods, allow_headers=default_headers, max_age=86400)
    assert (found.urls, found.is_configured, found.warnings, found.old_names) == (None, False, (), {})


def test_each_setting_is_an_option_of_the_policy() -> None:
    """With its value, whatever its name is."""
    found = read(
        CORS_ALLOWED_ORIGINS=(ORIGIN,),
        CORS_ALLOW_METHODS=("GET", "PUT"),
        CORS_ALLOW_HEADERS=(*default_headers, "x-token"),
        CORS_ALLOW_CREDENTIALS=True,
        CORS_ALLOW_PRIVATE_NETWORK=True,
        CORS_EXPOSE_HEADERS=["X-Total"],
        CORS_PREFLIGHT_MAX_AGE=60,
        CORS_CONSTANT_ALLOW_ORIGIN=True,
        CORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES=True,
    )
    assert found.is_configured
    assert found.policy == Policy(
        allow_origins=[ORIGIN],
        allow_methods=["GET", "PUT"],
        allow_headers=[*default_headers, "x-token"],
        allow_credentials=True,
        allow_private_network=True,
        expose_headers=["X-Total"],
        max_age=60,
        constant_allow_origin=True,
        dangerously_allow_public_suffixes=True,
    )


def test_zero_seconds_send_no_max_age() -> None:
    """As in django-cors-headers."""
    assert read(CORS_PREFLIGHT_MAX_AGE=0).policy.max_age is None
    assert issues_in(CORS_PREFLIGHT_MAX_AGE=False)[0][:2] == ("CORS_PREFLIGHT_MAX_AGE", "max-age-not-an-int")


def test_all_origins_include_those_of_the_lists() -> None:
    """Settings for development often inherit the lists."""
    found = read(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOWED_ORIGIN_REGEXES=[A])
    assert found.policy.allow_origins == ("*",)
    assert read(CORS_ALLOW_ALL_ORIGINS=False, CORS_ALLOWED_ORIGINS=[ORIGIN]).policy.allow_origins == (ORIGIN,)


def test_old_names_work_with_a_warning() -> None:
    """The new name wins if both are set."""
    old = read(CORS_ORIGIN_WHITELIST=[ORIGIN], CORS_ORIGIN_REGEX_WHITELIST=[A])
    assert (old.policy.allow_origins, old.policy.allow_origin_regex) == ((ORIGIN,), A)
    assert read(CORS_ORIGIN_ALLOW_ALL=True).policy.allow_origins == ("*",)
    with serving(CORS_POLICY=None, CORS_ORIGIN_WHITELIST=[ORIGIN], CORS_ALLOWED_ORIGINS=[PARTNER]):
        both = read_options()
        assert both.policy.allow_origins == (PARTNER,)
        with pytest.warns(UserWarning, match="CORS_ORIGIN_WHITELIST has no effect, because CORS_ALLOWED_OR"):
            warn_about(both)
    with pytest.warns(UserWarning, match="CORS_ORIGIN_ALLOW_ALL is the old name of CORS_ALLOW_ALL_ORIGINS. Rename it"):
        warn_about(read(CORS_ORIGIN_ALLOW_ALL=True))
    assert issues_in(CORS_ORIGIN_WHITELIST=ORIGIN)[0][:2] == ("CORS_ORIGIN_WHITELIST", "bare-string")


def test_regexes_are_joined_and_match_whole_origins() -> None:
    """Their flags stay where they are, and one of them is taken as it is."""
    policy = read(CORS_ALLOWED_ORIGIN_REGEXES=[A, re.compile("https://C.example", re.IGNORECASE), B]).policy
    allowed = {"https://x.example.org", "https://c.example", "https://b.example"}
    for origin in (*allowed, "https://x.example.org.evil.example", "https://xexample.org", "https://c.example.evil"):
        assert policy.decide("GET", origin=[origin.encode()]).allowed == (origin in allowed)
    assert read(CORS_ALLOWED_ORIGIN_REGEXES=(A,)).policy.allow_origin_regex == A
    assert read(CORS_ALLOWED_ORIGIN_REGEXES=[re.compile(A)]).policy.allow_origin_regex == A
    assert read(CORS_ALLOWED_ORIGIN_REGEXES=[re.compile(B)]).policy.allow_origin_regex == r"(?i:https://b\.example)"
    assert read(CORS_ALLOWED_ORIGIN_REGEXES=[]).policy.allow_origin_regex is None


@pytest.mark.parametrize(
    ("regexes", "issues"),
    [
        ("https://a", [("CORS_ALLOWED_ORIGIN_REGEXES", "bare-string", '["https://a"]')]),
        (7, [("CORS_ALLOWED_ORIGIN_REGEXES", "not-a-collection", r'[r"https://[a-z]+\.example\.com"]')]),
        ([A, "("], [("CORS_ALLOWED_ORIGIN_REGEXES[1]", "regex-invalid", None)]),
        ([re.compile(b"a")], [("CORS_ALLOWED_ORIGIN_REGEXES[0]", "regex-not-a-string", None)]),
        (
            [A, r"https://.*example\.com"],
            [("CORS_ALLOWED_ORIGIN_REGEXES[1]", "regex-allows-untrusted-origins", None)],
        ),
    ],
)
def test_a_wrong_regex_is_reported_where_it_is(regexes: Any, issues: list[tuple[str, str, str | None]]) -> None:
    """With its index, and with a fix that can be pasted there."""
    found = issues_in(CORS_ALLOWED_ORIGIN_REGEXES=regexes, CORS_ALLOW_CREDENTIALS=True)
    assert [(field, code) for field, code, _ in found] == [(field, code) for field, code, _ in issues]
    for (_, _, hint), (_, _, expected) in zip(found, issues, strict=True):
        assert hint == expected if expected else hint
        assert "allow_origin_regex" not in hint


def test_a_warning_names_the_setting() -> None:
    """Also where several expressions were joined."""
    found = read(CORS_ALLOWED_ORIGINS=["http://app.example.com"], CORS_ALLOW_CREDENTIALS=True)
    assert [issue.field for issue in found.warnings] == ["CORS_ALLOWED_ORIGINS[0]"]
    with pytest.warns(CrossOriginWarning, match=r"CORS_ALLOWED_ORIGINS\[0\] = 'http://app.example.com'"):
        warn_about(found)


CUSTOMERS = LiveOrigins([ORIGIN])


def test_live_values_are_read() -> None:
    """The origins can be named by their path, and count as a setting that says which origins are allowed."""
    live = LivePolicy(Policy(max_age=5))
    found = read(CORS_POLICY=live, CORS_LIVE_ORIGINS=f"{__name__}.CUSTOMERS")
    assert (found.policy, found.middleware.live_policy, found.middleware.origins) == (live.current, live, CUSTOMERS)
    found = read(CORS_LIVE_ORIGINS=CUSTOMERS)
    assert (found.policy.allow_origins, found.middleware.origins, found.is_configured) == ((), CUSTOMERS, True)
    assert not read(CORS_LIVE_ORIGINS=None).is_configured


def test_a_removed_origin_is_not_kept_for_a_day() -> None:
    """The default of django-cors-headers would delay every removal, and its warning would name what nobody wrote."""
    found = read(CORS_LIVE_ORIGINS=CUSTOMERS)
    assert (found.policy.max_age, found.warnings) == (600, ())
    [warning] = read(CORS_LIVE_ORIGINS=CUSTOMERS, CORS_PREFLIGHT_MAX_AGE=3600).warnings
    assert (warning.field, warning.code, warning.hint) == (
        "CORS_PREFLIGHT_MAX_AGE",
        "max-age-delays-revocation",
        "600",
    )
    assert warning.reason.startswith("After an origin is removed from CORS_LIVE_ORIGINS, a browser")


@pytest.mark.parametrize(
    ("settings", "field", "reason", "hint"),
    [
        (
            {"CORS_LIVE_ORIGINS": [ORIGIN]},
            "CORS_LIVE_ORIGINS",
            "Expected LiveOrigins, got list.",
            (
                "rename it to CORS_ALLOWED_ORIGINS, unless the origins change while the server runs; then write "
                "CORS_LIVE_ORIGINS = LiveOrigins([...]), or the dotted path of such an object, as in "
                '"project.cors.customers".'
            ),
        ),
        (
            {"CORS_LIVE_ORIGINS": "project.nowhere.customers"},
            "CORS_LIVE_ORIGINS",
            "It cannot be imported: No module named 'project'.",
            'write the module and the name in it, for example "project.cors.customers".',
        ),
        (
            {"CORS_ALLOWED_ORIGINS": CUSTOMERS},
            "CORS_ALLOWED_ORIGINS",
            "Expected a list of origins, got LiveOrigins.",
            "set CORS_LIVE_ORIGINS to it; a policy copies its origins and does not follow changes.",
        ),
        (
            {"CORS_ALLOWED_ORIGINS": lambda: [ORIGIN]},
            "CORS_ALLOWED_ORIGINS",
            "Expected a list of origins, got function.",
            (
                "use a list: no function is called. For origins that change while the server runs, set "
                "CORS_LIVE_ORIGINS = LiveOrigins(): docs/policy.md#origins-that-change."
            ),
        ),
        (
            {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_LIVE_ORIGINS": CUSTOMERS},
            "CORS_LIVE_ORIGINS",
            'CORS_ALLOWED_ORIGINS contains "*", which allows every origin, so CORS_LIVE_ORIGINS would have no effect.',
            (
                'CORS_ALLOWED_ORIGINS = ["https://app.example.com"]  # instead of CORS_ALLOW_ALL_ORIGINS, if '
                "only your own pages may use the API\n# remove it if every site may use the API"
            ),
        ),
        (
            {
                "CORS_ALLOWED_ORIGINS": [ORIGIN],
                "CORS_CONSTANT_ALLOW_ORIGIN": True,
                "CORS_LIVE_ORIGINS": CUSTOMERS,
            },
            "CORS_CONSTANT_ALLOW_ORIGIN",
            "It needs exactly one allowed origin, but CORS_LIVE_ORIGINS can allow others.",
            "remove it.",
        ),
    ],
)
def test_errors_about_live_origins_name_the_settings(
    settings: dict[str, Any], field: str, reason: str, hint: str
) -> None:
    """No argument of a middleware is named, because nobody calls it."""
    with pytest.raises(InvalidPolicyError) as raised:
        read(**settings)
    [issue] = raised.value.issues
    assert (issue.field, issue.reason, issue.hint) == (field, reason, hint)


def test_a_policy_replaces_all_options() -> None:
    """The settings of the middleware still apply, and another option next to the policy is an error."""
    policy = Policy(allow_origins=[ORIGIN])
    found = read(CORS_POLICY=policy, CORS_ON_REFUSED="block", CORS_URLS_REGEX=re.compile("/api/"))
    assert (found.policy, found.middleware.blocks, found.is_configured) == (policy, True, True)
    assert found.urls is not None
    assert issues_in(CORS_POLICY=policy, CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOW_ALL_ORIGINS=True) == [
        ("CORS_ALLOWED_ORIGINS", "policy-and-options", "remove CORS_ALLOWED_ORIGINS, and set it in CORS_POLICY."),
        ("CORS_ALLOW_ALL_ORIGINS", "policy-and-options", "remove CORS_ALLOW_ALL_ORIGINS, and set it in CORS_POLICY."),
    ]
    assert issues_in(CORS_POLICY={"allow_origins": []})[0][:2] == ("CORS_POLICY", "not-a-policy")


def test_functions_can_be_named() -> None:
    """Settings cannot import most modules of a project."""
    found = read(CORS_ON_DECISION="builtins.print")
    assert found.middleware.on_decision is print
    assert read(CORS_ON_DECISION=print).middleware.on_decision is print
    assert issues_in(CORS_ON_DECISION="nothing.there")[0][:2] == ("CORS_ON_DECISION", "not-callable")


@pytest.mark.parametrize(
    ("setting", "value", "issue"),
    [
        ("CORS_ALLOW_ALL_ORIGINS", "false", ("CORS_ALLOW_ALL_ORIGINS", "not-a-bool")),
        ("CORS_ALLOWED_ORIGINS", "https://a.example", ("CORS_ALLOWED_ORIGINS", "bare-string")),
        ("CORS_ALLOW_METHODS", ["patch"], ("CORS_ALLOW_METHODS[0]", "method-wrong-case")),
        ("CORS_URLS_REGEX", "(", ("CORS_URLS_REGEX", "regex-invalid")),
        ("CORS_URLS_REGEX", 7, ("CORS_URLS_REGEX", "regex-invalid")),
        ("CORS_URLS_REGEX", re.compile(b"a"), ("CORS_URLS_REGEX", "regex-invalid")),
        ("CORS_ON_REFUSED", "deny", ("CORS_ON_REFUSED", "invalid-choice")),
        ("CORS_DEBUG", 1, ("CORS_DEBUG", "not-a-bool")),
        ("CORS_ANYTHING_AT_ALL", 1, ("CORS_ANYTHING_AT_ALL", "unknown-option")),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: Any, issue: tuple[str, str]) -> None:
    """The message names the setting, and not our option."""
    ((field, code, hint),) = issues_in(**{setting: value})
    assert (field, code) == issue
    assert not re.search(r"\b(allow|expose|max)_[a-z]+", hint)


_OWN = "remove it. If it is a setting of your own, give it a name that does not start with CORS_."


@pytest.mark.parametrize(
    ("setting", "fix"),
    [
        ("CORS_ALLOW_ORIGINS", "rename it to CORS_ALLOWED_ORIGINS."),
        ("CORS_ALLOWED_ORIGIN", "rename it to CORS_ALLOWED_ORIGINS."),
        ("CORS_ALLOW_ORIGIN_REGEX", "rename it to CORS_ALLOWED_ORIGIN_REGEXES."),
        ("CORS_MAX_AGE", "rename it to CORS_PREFLIGHT_MAX_AGE."),
        ("CORS_MODEL", "remove it."),
        ("CORS_REPLACE_HTTPS_REFERER", "remove it."),
        ("CORS_XYZ", _OWN),
        ("CORS_ORIGINS", "rename it to CORS_ALLOWED_ORIGINS."),
        ("CORS_WHITELIST", "rename it to CORS_ALLOWED_ORIGINS."),
        ("CORS_SUPPORTS_CREDENTIALS", "rename it to CORS_ALLOW_CREDENTIALS."),
        ("CORS_ORIGIN_REGEX", "rename it to CORS_ALLOWED_ORIGIN_REGEXES."),
        ("CORS_URL_REGEX", "rename it to CORS_URLS_REGEX."),
        ("CORS_LIVE_ORIGIN", "rename it to CORS_LIVE_ORIGINS."),
    ],
)
def test_an_unknown_setting_names_the_one_that_is_meant(setting: str, fix: str) -> None:
    """A misspelled setting would otherwise silently have no effect."""
    assert issues_in(**{setting: []}) == [(setting, "unknown-option", fix)]


def test_settings_for_each_environment_need_another_name() -> None:
    """The setting that is meant is set already, so this one may be a value for it."""
    found = issues_in(CORS_ALLOWED_ORIGINS=[], CORS_ALLOWED_ORIGINS_DEV=["http://localhost:3000"])
    ((field, code, hint),) = found
    assert (field, code) == ("CORS_ALLOWED_ORIGINS_DEV", "unknown-option")
    assert hint.startswith("rename it to CORS_ALLOWED_ORIGINS, unless it is a setting of your own; then give it a name")


def test_old_names_are_in_all_messages() -> None:
    """They are what the project has written."""
    for value, field in (("x", ""), (["("], "[0]")):
        ((found, _, _),) = issues_in(CORS_ORIGIN_REGEX_WHITELIST=value)
        assert found == f"CORS_ORIGIN_REGEX_WHITELIST{field}"
    found = issues_in(CORS_ORIGIN_ALLOW_ALL="yes", CORS_ALLOW_CREDENTIALS=True)
    assert [(field, code) for field, code, _ in found] == [
        ("CORS_ORIGIN_ALLOW_ALL", "wildcard-with-credentials"),
        ("CORS_ORIGIN_ALLOW_ALL", "not-a-bool"),
    ]
    assert found[1][2] == "True"


def test_fixes_are_lines_of_a_settings_module() -> None:
    """They can be pasted; several of them have comments that say when to choose which."""
    ((_, _, hint),) = issues_in(CORS_ALLOWED_ORIGINS=["*"], CORS_ALLOW_CREDENTIALS=True)
    assert hint.split("\n")[:2] == [
        "CORS_ALLOW_CREDENTIALS = False  # if no page sends cookies; tokens in headers still work",
        'CORS_ALLOWED_ORIGINS = ["https://app.example.com"]  # if pages send cookies; list their origins',
    ]
    ((field, _, hint),) = issues_in(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True)
    assert field == "CORS_ALLOW_ALL_ORIGINS"
    assert "  # instead of CORS_ALLOW_ALL_ORIGINS, if pages send cookies; list their origins" in hint
    ((_, _, hint),) = issues_in(CORS_ALLOWED_ORIGINS=["null"], CORS_ALLOW_CREDENTIALS=True)
    assert hint.startswith("# remove it if the page can be served from its own origin\n")
    ((_, _, hint),) = issues_in(CORS_ALLOWED_ORIGIN_REGEXES=[".*"], CORS_ALLOW_CREDENTIALS=True)
    assert hint.split("\n")[:2] == [
        "# remove CORS_ALLOW_CREDENTIALS if no page sends cookies; tokens in headers still work",
        r'r"https://(.+\.)?example\.com",  # the hosts of your own pages',
    ]
    assert [hint for *_, hint in issues_in(CORS_ALLOWED_ORIGIN_REGEXES=[A, ""])] == ["remove it."]
    (warning,) = read(CORS_ALLOWED_ORIGIN_REGEXES=[r"https://.*\.example.com"], CORS_ALLOW_CREDENTIALS=True).warnings
    assert warning.hint == r'[r"https://.*\.example\.com"]'
    ((_, _, hint),) = issues_in(CORS_ALLOW_ALL_ORIGINS=True, CORS_ON_REFUSED="block")
    assert "# remove it if every site may use the API" in hint
    assert [hint for *_, hint in issues_in(CORS_ALLOWED_ORIGINS=["https://a.example/"])] == ['"https://a.example"']
    assert [hint for *_, hint in issues_in(CORS_ALLOW_CREDENTIALS="false")] == ["False"]
    assert [hint for *_, hint in issues_in(CORS_ALLOW_METHODS=["TRACE"])] == ["remove it."]


def test_settings_can_import_this_package(tmp_path: Path) -> None:
    """For the default lists and for a policy, before the settings are configured."""
    (tmp_path / "project_settings.py").write_text(
        """
from crossorigin import Policy
from crossorigin.django import default_headers

SECRET_KEY = "secret"
INSTALLED_APPS = ["crossorigin.django"]
MIDDLEWARE = ["crossorigin.django.CORSMiddleware"]
CORS_POLICY = Policy(allow_origins=["https://app.example.com"], allow_headers=default_headers)
""",
        "utf-8",
    )
    command = [sys.executable, "-m", "django", "check", "--settings=project_settings", f"--pythonpath={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr
