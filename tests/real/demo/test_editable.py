"""The API whose policy can be edited serves one policy at a time, and refuses invalid ones as the library does."""

import asyncio
from typing import Any

import pytest

from crossorigin import InvalidPolicyError, LiveOrigins
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from demo.editable import EditableApi, code_of

LISTED, OTHER = "http://localhost:8080", "http://127.0.0.1:8080"

# The documented list names an http origin with credentials, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")


def edited(api: EditableApi, **options: Any) -> dict[str, Any]:
    """Return the options that apply now, with some of them changed."""
    return {**api.state()["options"], **options}


def codes(error: pytest.ExceptionInfo[InvalidPolicyError]) -> list[tuple[str, str]]:
    """Return the field and the code of each error."""
    return [(issue.field, issue.code) for issue in error.value.issues]


def test_it_starts_with_the_documented_policy(api: EditableApi) -> None:
    """Nothing is edited, and the documented origin is allowed."""
    state = api.state()
    assert (state["revision"], state["edited"], state["origins"]) == (0, False, [])
    assert state["options"] == state["documented"]
    assert_browser_can(api, origin=LISTED, url="/")
    assert_browser_cannot(api, origin=OTHER, url="/")


def test_an_edit_applies_to_the_next_request(api: EditableApi) -> None:
    """The edited policy decides, explains, and is shown."""
    assert api.edit({"allow_origins": [OTHER]}) == []
    assert_browser_can(api, origin=OTHER, url="/")
    assert_browser_cannot(api, origin=LISTED, url="/")
    assert asyncio.run(api.show_explanation("GET", OTHER, []))["originAllowed"] is True
    state = api.state()
    assert (state["revision"], state["edited"]) == (1, True)
    assert state["options"]["allow_origins"] == [OTHER]
    api.reset()
    assert (api.state()["edited"], api.state()["revision"]) == (False, 2)
    assert_browser_cannot(api, origin=OTHER, url="/")


def test_an_invalid_policy_changes_nothing(api: EditableApi) -> None:
    """The error names the field, and the state is the same, also that of the live origins."""
    before = api.state()
    with pytest.raises(InvalidPolicyError) as caught:
        api.edit(edited(api, allow_origins=[LISTED, f"{OTHER}/"], max_age="soon"))
    assert codes(caught) == [("allow_origins[1]", "origin-trailing-slash"), ("max_age", "max-age-not-an-int")]
    with pytest.raises(InvalidPolicyError) as caught:
        api.add_origin("http://shop.example")
    assert codes(caught) == [("origin", "live-origin-scheme-not-allowed")]
    assert api.state() == before


def test_each_warning_is_returned_once(api: EditableApi) -> None:
    """The policy is compiled for several middlewares, but the page shows its warning once."""
    api.add_origin(OTHER)
    found = api.edit(edited(api, allow_origins=["https://a.example"], max_age=86401))
    assert [(issue["field"], issue["code"]) for issue in found] == [
        ("max_age", "max-age-above-browser-limits"),
        ("max_age", "max-age-delays-revocation"),
    ]


def test_live_origins_are_added_to_the_policy(api: EditableApi) -> None:
    """They are allowed until they are removed, and an edit keeps them."""
    api.add_origin(OTHER)
    assert (api.state()["edited"], api.state()["origins"]) == (True, [OTHER])
    assert_browser_can(api, origin=OTHER, url="/")
    api.edit(edited(api, allow_methods=["GET"]))
    assert_browser_can(api, origin=OTHER, url="/")
    assert_browser_cannot(api, origin=OTHER, url="/", method="PUT")
    api.remove_origin(OTHER)
    assert_browser_cannot(api, origin=OTHER, url="/")
    assert_browser_can(api, origin=LISTED, url="/")
    assert_browser_cannot(api, origin=LISTED, url="/", method="PUT")


def test_the_wildcard_works_without_live_origins_only(api: EditableApi) -> None:
    """As in the library, `*` cannot be combined with live origins, in either order."""
    wildcard = edited(api, allow_origins=["*"], allow_credentials=False)
    api.edit(wildcard)
    assert_browser_can(api, origin="https://anything.example", url="/")
    conflict = [("origins", "no-effect-with-wildcard")]
    with pytest.raises(InvalidPolicyError) as caught:
        api.add_origin(OTHER)
    assert codes(caught) == conflict
    api.reset()
    api.add_origin(OTHER)
    with pytest.raises(InvalidPolicyError) as caught:
        api.edit(wildcard)
    assert codes(caught) == conflict
    assert_browser_cannot(api, origin="https://anything.example", url="/")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"allow_origins": [OTHER]},
        {"allow_origins": ["https://a.example", "https://b.example"], "allow_credentials": True, "max_age": None},
        {"allow_origin_regex": r"https://[a-z]+\.a\.example", "expose_headers": ["X-Total"], "allow_methods": []},
    ],
)
def test_the_code_builds_the_policy(api: EditableApi, options: dict[str, Any]) -> None:
    """What the page shows as code can be pasted."""
    from crossorigin import Policy

    policy, origins = Policy(**options), LiveOrigins([OTHER, "https://c.example"])
    built: dict[str, Any] = {"Policy": Policy, "LiveOrigins": LiveOrigins}
    exec(code_of(policy, origins), built)
    assert built["policy"] == policy
    assert [*built["origins"]] == [*origins]
    assert "LiveOrigins" not in code_of(policy, [])
