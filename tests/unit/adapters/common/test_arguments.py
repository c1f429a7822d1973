"""The middleware takes Starlette's options or a policy, and reports all errors in either when it is built."""

import inspect
import logging
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, IssueCode, LiveOrigins, Policy
from crossorigin.adapters.common.arguments import logs_invalid_arguments
from crossorigin.starlette import cors
from tests.unit.adapters.asgi.scopes import (
    ORIGIN,
    UNTRUSTED,
    answering,
    exchange,
    headers_of,
    http_scope,
    preflight_scope,
)

_APP = answering()
_OURS = [
    "constant_allow_origin",
    "dangerously_allow_public_suffixes",
    "policy",
    "debug",
    "outermost",
    "check_websockets",
    "served_methods_only",
    "on_refused",
    "on_decision",
    "origins",
]


def parameters(middleware: type) -> list[inspect.Parameter]:
    """Return the parameters of the constructor."""
    return list(inspect.signature(middleware).parameters.values())


def issues_of(*arguments: Any, **options: Any) -> list[tuple[str, str]]:
    """Return the fields and codes of the issues of the arguments."""
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(_APP, *arguments, **options)
    return [(issue.field, issue.code) for issue in caught.value.issues]


def test_the_options_are_those_of_starlettes_class() -> None:
    """Names, order, kinds and defaults are those of Starlette. Our additional arguments follow and are keyword-only."""
    theirs = parameters(StarletteCORSMiddleware)
    ours = parameters(CORSMiddleware)
    assert [(option.name, option.kind, option.default) for option in ours[: len(theirs)]] == [
        (option.name, option.kind, option.default) for option in theirs
    ]
    assert [option.name for option in ours[len(theirs) :]] == _OURS
    assert {option.kind for option in ours[len(theirs) :]} == {inspect.Parameter.KEYWORD_ONLY}


def test_the_middleware_holds_the_policy_that_its_options_make() -> None:
    """Each option of the policy has the value of the argument with its name."""
    options: dict[str, Any] = {
        "allow_origins": ["https://*.github.io"],
        "allow_methods": ["GET", "PUT"],
        "allow_headers": ["X-Token"],
        "allow_credentials": True,
        "allow_private_network": True,
        "expose_headers": ["ETag"],
        "max_age": None,
        "dangerously_allow_public_suffixes": True,
    }
    assert CORSMiddleware(_APP, **options).policy == Policy(**options)
    with_regex = {"allow_origin_regex": r"https://app\.example\.com"}
    assert CORSMiddleware(_APP, **with_regex).policy == Policy(**with_regex)
    constant: dict[str, Any] = {"allow_origins": [ORIGIN], "constant_allow_origin": True}
    assert CORSMiddleware(_APP, **constant).policy == Policy(**constant)


def test_options_may_be_given_by_position() -> None:
    """Each option has the same position as in Starlette's class."""
    given: list[Any] = [[ORIGIN], ["PUT"], ["X-Token"], False, r"https://b\.example", True, ["ETag"], 5]
    names = [option.name for option in parameters(StarletteCORSMiddleware)][1:]
    assert CORSMiddleware(_APP, *given).policy == Policy(**dict(zip(names, given, strict=True)))


def test_a_policy_takes_the_place_of_the_options() -> None:
    """The middleware uses the given policy object, not a copy."""
    policy = Policy(allow_origins=[ORIGIN])
    assert CORSMiddleware(_APP, policy=policy).policy is policy


@pytest.mark.parametrize("spelling", [tuple, list])
def test_default_values_next_to_a_policy_are_not_an_error(spelling: type) -> None:
    """An option with its default value next to a policy is not an error, as a tuple or as a list."""
    middleware = CORSMiddleware(
        _APP,
        allow_origins=spelling(),
        allow_methods=spelling(["GET"]),
        allow_headers=spelling(),
        allow_credentials=False,
        allow_origin_regex=None,
        allow_private_network=False,
        expose_headers=spelling(),
        max_age=600,
        constant_allow_origin=False,
        dangerously_allow_public_suffixes=False,
        policy=Policy(allow_origins=[ORIGIN], max_age=5),
    )
    assert middleware.policy.max_age == 5


def test_every_option_next_to_a_policy_is_named() -> None:
    """All options that would be ignored are reported together, each with its name and with policy=."""
    options: dict[str, Any] = {
        "allow_origins": ["*"],
        "allow_methods": ("PUT",),
        "allow_headers": {"X-Token"},
        "allow_credentials": True,
        "allow_origin_regex": "x",
        "allow_private_network": True,
        "expose_headers": ["ETag"],
        "max_age": None,
        "constant_allow_origin": True,
        "dangerously_allow_public_suffixes": True,
    }
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(_APP, policy=Policy(), **options)
    issues = caught.value.issues
    assert [(issue.field, issue.code) for issue in issues] == [(name, IssueCode.POLICY_AND_OPTIONS) for name in options]
    for issue in issues:
        assert "policy=" in issue.reason
        assert f"{issue.field}=" in issue.reason
        assert f"{issue.field}=" in issue.hint


@pytest.mark.parametrize(
    "policy",
    [{"allow_origins": ["*"]}, "*", 0, False, Policy, [], pytest.param(object(), id="an object")],
    ids=repr,
)
def test_what_is_no_policy_is_refused_with_its_type(policy: Any) -> None:
    """A mapping, a string, the class itself and false values are not policies."""
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(_APP, policy=policy)
    [issue] = caught.value.issues
    assert (issue.field, issue.code) == ("policy", IssueCode.NOT_A_POLICY)
    assert type(policy).__name__ in issue.reason
    assert "policy=Policy(" in issue.hint


@pytest.mark.parametrize("value", [1, 0, "false", "", None, []], ids=repr)
@pytest.mark.parametrize("switch", ["debug", "served_methods_only"])
def test_a_switch_is_a_bool(switch: str, value: Any) -> None:
    """Text such as "false", which is true, is an error."""
    assert issues_of(**{switch: value}) == [(switch, IssueCode.NOT_A_BOOL)]


def test_debug_and_an_option_next_to_a_policy_are_reported_at_once() -> None:
    """An invalid debug is reported together with the ignored options, and the errors of the policy come first."""
    assert issues_of(policy=Policy(), max_age=5, debug=1) == [
        ("max_age", IssueCode.POLICY_AND_OPTIONS),
        ("debug", IssueCode.NOT_A_BOOL),
    ]


def test_debug_and_wrong_options_are_reported_at_once() -> None:
    """An invalid debug is reported together with the errors of the options."""
    assert set(issues_of(allow_origins=["https://a.example/"], max_age=-1, debug=1)) == {
        ("debug", IssueCode.NOT_A_BOOL),
        ("allow_origins[0]", IssueCode.ORIGIN_TRAILING_SLASH),
        ("max_age", IssueCode.MAX_AGE_OUT_OF_RANGE),
    }


@pytest.mark.parametrize(
    "options",
    [
        {"allow_origins": ["*", "https://a.example/"], "allow_credentials": True, "max_age": -1},
        {"policy": Policy(), "max_age": 5},
        {"policy": 5},
        {"debug": "yes"},
    ],
    ids=["options", "beside", "no-policy", "debug"],
)
def test_the_whole_message_is_logged_as_critical_and_raised(
    options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """If a framework hides the exception, the log has the same message, once."""
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(_APP, **options)
    assert caplog.record_tuples == [("crossorigin", logging.CRITICAL, str(caught.value))]
    for issue in caught.value.issues:
        assert str(issue) in caplog.text


def test_a_value_that_looks_like_a_log_format_is_logged_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Percent signs in a value do not break the log."""
    with pytest.raises(InvalidPolicyError):
        CORSMiddleware(_APP, allow_origins=["https://%s%d.example"])
    assert "https://%s%d.example" in caplog.messages[0]


def test_a_right_policy_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged for a valid policy."""
    with caplog.at_level(logging.DEBUG):
        CORSMiddleware(_APP, allow_origins=[ORIGIN])
    assert caplog.records == []


def hints_of(build: Callable[..., object], **options: Any) -> dict[str, str]:
    """Return the hint for each field of the error."""
    with pytest.raises(InvalidPolicyError) as caught:
        build(**options)
    return {issue.field: issue.hint for issue in caught.value.issues}


@pytest.mark.parametrize("build", [Policy, partial(CORSMiddleware, _APP), cors, partial(cors, Policy())])
@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("allow_origin", [ORIGIN], "rename it to allow_origins."),
        ("allow_origins_regex", "https://a", "rename it to allow_origin_regex."),
        ("whitelist", [ORIGIN], "rename it to allow_origins."),
        ("CORS_ALLOWED_ORIGINS", [ORIGIN], "rename it to allow_origins."),
        ("supports_credentials", True, "rename it to allow_credentials."),
        ("exposed_headers", ["ETag"], "rename it to expose_headers."),
        (
            "allow_all_origins",
            True,
            'write allow_origins=["*"], without allow_credentials, if it is meant.',
        ),
        ("allow_all_origins", False, "remove it."),
        ("vary_header", True, "remove it."),
        ("colour", "blue", "remove it."),
    ],
)
def test_a_name_from_another_package_is_reported_with_ours(
    build: Callable[..., object], name: str, value: object, hint: str
) -> None:
    """The hint names our option for each name of another package, next to the other errors."""
    assert hints_of(build, **{name: value}) == {name: hint}


def test_an_unknown_name_is_reported_with_everything_else() -> None:
    """All errors are in one message, which is also logged, and those of the options come first."""
    hints = hints_of(partial(CORSMiddleware, _APP), on_refuse="block", origin=[], max_age="5", debug=1)
    assert list(hints) == ["max_age", "debug", "on_refuse", "origin"]
    assert hints["on_refuse"] == "rename it to on_refused."
    assert hints_of(Policy, debug=True) == {
        "debug": "give it to the middleware, as in CORSMiddleware(app, policy=policy, debug=...)."
    }


def test_the_signatures_stay() -> None:
    """Help and type checkers show the real arguments instead of `**options`."""
    for build in (Policy, CORSMiddleware):
        kinds = {parameter.kind for parameter in inspect.signature(build).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds


def test_an_unknown_name_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The message is logged, because a framework may hide the exception."""
    assert hints_of(partial(CORSMiddleware, _APP), origin=[]) != {}
    (record,) = caplog.records
    assert record.levelname == "CRITICAL"
    assert "rename it to allow_origins" in record.getMessage()


@pytest.mark.parametrize("build", [Policy, cors, partial(cors, Policy())])
def test_a_policy_has_no_live_origins(build: Callable[..., object]) -> None:
    """What another package calls origins is allow_origins here, because a policy never changes."""
    assert hints_of(build, origins=[ORIGIN]) == {"origins": "rename it to allow_origins."}


@pytest.mark.parametrize("origins", [[ORIGIN], ORIGIN, {}, 0, LiveOrigins], ids=repr)
def test_what_is_no_live_origins_is_refused_with_both_ways(origins: Any) -> None:
    """The hint has both ways: a list as allow_origins, and LiveOrigins."""
    hint = hints_of(partial(CORSMiddleware, _APP), origins=origins)["origins"]
    assert hint.startswith("rename it to allow_origins, unless the origins change while the server runs; ")


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ({"allow_origins": ["*"]}, IssueCode.NO_EFFECT_WITH_WILDCARD, "origins"),
        (
            {"allow_origins": [ORIGIN], "constant_allow_origin": True},
            IssueCode.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
            "constant_allow_origin",
        ),
    ],
)
def test_live_origins_need_a_policy_that_looks_at_the_origin(
    options: dict[str, Any], code: IssueCode, field: str
) -> None:
    """If every request gets the same headers, live origins would have no effect or contradict them."""
    for given in (options, {"policy": Policy(**options)}):
        with pytest.raises(InvalidPolicyError) as caught:
            CORSMiddleware(_APP, origins=LiveOrigins(), **given)
        assert [(issue.code, issue.field) for issue in caught.value.issues] == [(code, field)]


@pytest.mark.parametrize("max_age", [None, 0, 600])
def test_a_short_maximum_age_suits_live_origins(max_age: int | None) -> None:
    """Browsers cache such a preflight for at most ten minutes, so there is no warning."""
    CORSMiddleware(_APP, origins=LiveOrigins(), max_age=max_age)


def test_a_long_maximum_age_is_a_warning_at_the_code_that_wrote_it() -> None:
    """A browser caches the preflight of an origin that is removed later."""
    with pytest.warns(CrossOriginWarning, match="max-age-delays-revocation") as caught:
        CORSMiddleware(_APP, origins=LiveOrigins(), max_age=601)
    assert [warning.filename for warning in caught] == [__file__]


async def test_the_list_that_was_given_may_change_without_effect() -> None:
    """The middleware copies its options, so an origin that is appended later is not allowed."""
    origins = [ORIGIN]
    middleware = CORSMiddleware(_APP, allow_origins=origins)
    origins.append(UNTRUSTED)
    assert (b"vary", b"Origin") in await headers_of(middleware, http_scope("GET", ("origin", ORIGIN)))
    assert await headers_of(middleware, http_scope("GET", ("origin", UNTRUSTED))) == [(b"vary", b"Origin")]


async def test_options_may_be_read_only_once() -> None:
    """An iterator of origins works like a list."""
    middleware = CORSMiddleware(_APP, allow_origins=(origin for origin in [ORIGIN]))
    headers = await headers_of(middleware, http_scope("GET", ("origin", ORIGIN)))
    assert (b"access-control-allow-origin", ORIGIN.encode()) in headers


async def test_debug_lets_the_console_name_the_method() -> None:
    """With debug the refusal has an ok status and the real list. Without debug its status refuses."""
    scope = preflight_scope(ORIGIN, "DELETE")
    quiet = await exchange(CORSMiddleware(_APP, allow_origins=[ORIGIN]), scope)
    debug = await exchange(CORSMiddleware(_APP, allow_origins=[ORIGIN], debug=True), scope)
    assert (quiet[0]["status"], debug[0]["status"]) == (400, 200)
    assert quiet[1]["body"] == debug[1]["body"] == b"Disallowed CORS method"
    assert (b"access-control-allow-methods", b"GET") in debug[0]["headers"]
    assert b"access-control-allow-methods" not in dict(quiet[0]["headers"])


class Inherited(CORSMiddleware):
    """A subclass with its own constructor."""

    def __init__(self, app: Any) -> None:
        super().__init__(app, allow_origins=["http://a.example"], allow_credentials=True)


@pytest.mark.parametrize("how", ["by hand", "policy", "subclass"])
def test_a_warning_points_to_the_file_that_wrote_the_policy(how: str) -> None:
    """The warning has the file and the line of the user, not of this library."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if how == "by hand":
            CORSMiddleware(_APP, allow_origins=["http://a.example"], allow_credentials=True)
        elif how == "policy":
            CORSMiddleware(_APP, policy=Policy(allow_origins=["http://a.example"], allow_credentials=True))
        else:
            Inherited(_APP)
    [warning] = caught
    assert warning.category is CrossOriginWarning
    assert Path(warning.filename) == Path(__file__)
    line = Path(__file__).read_text("utf-8").splitlines()[warning.lineno - 1]
    assert '"http://a.example"' in line


def test_what_guards_nothing_can_be_fixed_where_the_origins_are() -> None:
    """The first fix is to list the origins. If they are in a policy, the fix cannot be an argument."""
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(_APP, allow_origins=["*"], check_websockets=True)
    assert [fix.field for fix in caught.value.issues[0].fixes] == ["allow_origins", "check_websockets"]
    with pytest.raises(InvalidPolicyError) as caught:
        CORSMiddleware(_APP, policy=Policy(allow_origins=["*"]), on_refused="block")
    assert [fix.field for fix in caught.value.issues[0].fixes] == ["on_refused"]
    assert caught.value.issues[0].hint == "remove it."


def test_a_constructor_that_raises_is_also_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The message is logged if a framework hides the exception."""

    @logs_invalid_arguments
    def build(*origins: str) -> None:
        Policy(allow_origins=origins)

    build(ORIGIN)
    assert caplog.records == []
    with pytest.raises(InvalidPolicyError) as caught:
        build("nonsense")
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.CRITICAL, str(caught.value))
    ]
