"""The doctor recognizes aiohttp apps in the same process, and writes its fixes for them."""

import aiohttp_cors
import pytest
from aiohttp import web

from crossorigin import LiveOrigins, LivePolicy, Policy
from crossorigin.aiohttp import setup
from crossorigin.doctor.answers import Answer
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.causes.cause import CauseCode
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.servers import Server, recognize_app
from tests.unit.browser.scripted_fetch import PAGE, answer, fetch
from tests.unit.doctor.causes.test_find import PUT, cause_of

LISTED = "https://app.example.com"


def with_setup(**options: object) -> web.Application:
    """Return an app with `setup` of crossorigin."""
    app = web.Application()
    setup(app, **options)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return app


def with_aiohttp_cors() -> web.Application:
    """Return an app with aiohttp-cors."""
    app = web.Application()
    aiohttp_cors.setup(app)
    return app


@pytest.mark.parametrize(
    ("app", "server"),
    [
        (with_setup(allow_origins=[LISTED]), Server.CROSSORIGIN_AIOHTTP),
        (with_aiohttp_cors(), Server.AIOHTTP),
        (web.Application(), Server.AIOHTTP_APP),
    ],
)
def test_what_sets_the_headers_of_an_app_is_known(app: web.Application, server: Server) -> None:
    """Whether it is ours, that of aiohttp-cors, or nothing."""
    assert recognize_app(read_app(app)).server is server


def test_the_options_of_our_setup_are_known() -> None:
    """Unless there are several policies, because the origin of the page then selects one."""
    policy = Policy(allow_origins=[LISTED], max_age=1)
    [layer] = read_app(with_setup(policy=policy)).layers
    assert (layer.is_read, layer.options) == (True, policy.to_dict())
    [layer] = read_app(with_setup(policy=[policy, Policy(allow_origins=["*"])])).layers
    assert (layer.is_read, layer.options) == (False, {})


def test_a_fix_names_only_the_options_of_setup_that_change() -> None:
    """The lists keep what they have."""
    cause = cause_of(fetch(answer(400), **PUT), with_setup(allow_origins=[LISTED], allow_methods=["PATCH"]))
    assert [edit.code for edit in cause.edits] == [
        f'allow_origins=["{LISTED}", "{PAGE}"],',
        'allow_methods=["PATCH", "PUT"],',
        'allow_headers=["X-Token"],',
    ]
    assert {edit.place for edit in cause.edits} == {"In setup(...), or in the Policy(...) that is passed to it, set:"}


def test_a_fix_adds_a_live_origin_or_changes_the_policy_that_applies_now() -> None:
    """A customer's origin is not for the policy."""
    live = LivePolicy(Policy())
    app = with_setup(policy=live, origins=LiveOrigins())
    live.replace(Policy(allow_origins=[LISTED], allow_methods=["PATCH"]))
    assert [(edit.within, edit.code) for edit in cause_of(fetch(answer(400), **PUT), app).edits] == [
        ("LiveOrigins", f'"{PAGE}",'),
        ("setup", 'allow_methods=["PATCH", "PUT"],'),
        ("setup", 'allow_headers=["X-Token"],'),
    ]


def test_a_fix_for_several_policies_adds_to_one_of_them() -> None:
    """It is not known which of them the page should have."""
    app = with_setup(policy=[Policy(allow_origins=[LISTED]), Policy(allow_origins=["https://b.example"])])
    [edit] = cause_of(fetch(answer(200)), app).edits
    assert (edit.kind, edit.place, edit.code) == ("add", "Add to allow_origins in setup(...):", f'"{PAGE}",')


@pytest.mark.parametrize(
    ("owner", "named", "call"),
    [
        ("main.items", "main.items", "@cors(...) on main.items"),
        # The name of an app is the name of its class.
        ("Application", "the sub-app", "cors(...)(subapp)"),
    ],
)
def test_a_fix_for_a_handler_or_a_sub_app_adds_to_its_policy(owner: str, named: str, call: str) -> None:
    """The place is the call of `cors` as it is written: a decorator for a handler, a plain call for a sub-app."""
    response = Answer(status=200, headers=(), policy_of=owner)
    app = recognize_app(read_app(with_setup(allow_origins=[LISTED])))
    fix = diagnose([fetch(response)], app=app).fix
    assert fix is not None
    assert f"the policy of {named}, which decides here" in fix.text
    [edit] = fix.edits
    assert (edit.place, edit.code) == (f"Add to allow_origins in {call}:", f'"{PAGE}",')


@pytest.mark.parametrize(
    ("is_made", "place"),
    [(False, "Before the app runs:"), (True, "In app() in main, on the app, before it is returned:")],
)
def test_an_app_without_cors_gets_our_setup(is_made: bool, place: str) -> None:
    """The code works in any place before the app runs."""
    cause = cause_of(fetch(answer(405), **PUT), web.Application(), is_made=is_made)
    assert cause.code is CauseCode.NO_OPTIONS_HANDLER
    [edit] = cause.edits
    assert edit.place == place
    app = web.Application()
    exec(edit.code, {"app": app})
    assert recognize_app(read_app(app)).server is Server.CROSSORIGIN_AIOHTTP
    assert edit.code.splitlines() == [
        "from crossorigin.aiohttp import setup",
        "",
        "setup(",
        "    app,",
        f'    allow_origins=["{PAGE}"],',
        '    allow_methods=["GET", "PUT"],',
        '    allow_headers=["X-Token"],',
        ")",
    ]


def test_the_fix_for_aiohttp_cors_is_not_code_that_sets_it_up_again() -> None:
    """Its options differ by route and are not known, so the lines that it must send are shown."""
    cause = cause_of(fetch(answer(200)), with_aiohttp_cors())
    assert cause.code is CauseCode.ORIGIN_NOT_LISTED
    assert cause.edits == ()
    assert f"Access-Control-Allow-Origin: {PAGE}" in cause.headers
