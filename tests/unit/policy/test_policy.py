"""A policy is a value: frozen, comparable, hashable, readable, and its own copy of what it was given."""

import copy
import dataclasses
import json
import pickle
import warnings
from enum import StrEnum
from typing import Any

import pytest

from crossorigin import REMOVE, CrossOriginWarning, Fix, InvalidPolicyError, IssueCode, Policy, Reason
from crossorigin.policy.options import DEFAULTS

APP = "https://app.example.com"

FULL: dict[str, Any] = {
    "allow_origins": [APP, "https://*.example.net", "http://localhost:*"],
    "allow_methods": ["GET", "PUT", "LOCK"],
    "allow_headers": ["X-Token", "authorization"],
    "allow_credentials": True,
    "allow_origin_regex": None,
    "allow_private_network": True,
    "expose_headers": ["X-Id"],
    "max_age": 0,
    "constant_allow_origin": False,
    "dangerously_allow_public_suffixes": True,
}
POLICIES: list[dict[str, Any]] = [
    {},
    FULL,
    {"allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"], "expose_headers": ["*"], "max_age": None},
    {"allow_origin_regex": r"https://(a|b)\.example\.com", "max_age": 2},
    {"allow_origins": ["null"], "allow_methods": []},
    {"allow_origins": [APP], "constant_allow_origin": True},
]
every_policy = pytest.mark.parametrize("options", POLICIES, ids=["default", "full", "any", "regex", "null", "constant"])


def test_the_default_policy_allows_nothing() -> None:
    """No origin, only GET, no header, no credentials, ten minutes."""
    assert Policy().to_dict() == {
        "allow_origins": [],
        "allow_methods": ["GET"],
        "allow_headers": [],
        "allow_credentials": False,
        "allow_origin_regex": None,
        "allow_private_network": False,
        "expose_headers": [],
        "max_age": 600,
        "constant_allow_origin": False,
        "dangerously_allow_public_suffixes": False,
    }


@pytest.mark.parametrize("name", [*DEFAULTS, "_plan", "another"])
def test_a_policy_is_frozen(name: str) -> None:
    """No attribute is set or deleted, and none is added."""
    policy = Policy()
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        setattr(policy, name, ())
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        delattr(policy, name)
    assert policy == Policy()


def test_other_policies_have_other_hashes() -> None:
    """A thousand policies are found in a table as fast as one."""
    assert len({hash(Policy(max_age=age)) for age in range(1000)}) > 900


@every_policy
def test_equal_policies_have_equal_hashes(options: dict[str, Any]) -> None:
    """A policy is a key like any other value."""
    assert Policy(**options) == Policy(**options)
    assert hash(Policy(**options)) == hash(Policy(**options))
    assert len({Policy(**options), Policy(**options)}) == 1


def test_a_decision_does_not_change_what_a_policy_equals() -> None:
    """What is made ready on the first request is not part of the value."""
    used, unused = Policy(**FULL), Policy(**FULL)
    before = hash(used), repr(used)
    used.decide("GET", origin=[APP.encode()])
    assert used == unused
    assert (hash(used), repr(used)) == before


def test_equality_ignores_the_order_of_origins_methods_and_names() -> None:
    """Two policies that allow the same are the same."""
    turned = {name: value[::-1] if isinstance(value, list) else value for name, value in FULL.items()}
    assert Policy(**turned) == Policy(**FULL)
    assert hash(Policy(**turned)) == hash(Policy(**FULL))
    assert repr(Policy(**turned)) != repr(Policy(**FULL))


@pytest.mark.parametrize("name", list(DEFAULTS))
def test_a_difference_in_any_option_is_a_difference(name: str) -> None:
    """Each option counts."""
    base: dict[str, Any] = {"allow_origins": ["https://b.example"]}
    other: Any = {
        "allow_origins": [APP],
        "allow_methods": ["PUT"],
        "allow_headers": ["X-Token"],
        "allow_credentials": True,
        "allow_origin_regex": "https://a",
        "allow_private_network": True,
        "expose_headers": ["X-Id"],
        "max_age": None,
        "constant_allow_origin": True,
        "dangerously_allow_public_suffixes": True,
    }[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        assert Policy(**{**base, name: other}) != Policy(**base)


def test_a_policy_equals_no_other_thing() -> None:
    """Not its options, not its repr."""
    policy = Policy()
    assert policy != policy.to_dict()
    assert policy != repr(policy)
    assert policy.__eq__(object()) is NotImplemented


@every_policy
def test_the_repr_makes_the_same_policy(options: dict[str, Any]) -> None:
    """It is the call that was written, defaults left out."""
    policy = Policy(**options)
    again = eval(repr(policy), {"Policy": Policy})  # that a repr can be evaluated is the promise
    assert again == policy
    assert repr(again) == repr(policy)


def test_the_repr_is_canonical() -> None:
    """Defaults written out do not show, and options come in their order."""
    assert repr(Policy()) == "Policy()"
    assert repr(Policy(allow_methods=["GET"], max_age=600, allow_origin_regex=None)) == "Policy()"
    assert repr(Policy(max_age=None, allow_methods={"put", "GET"}, allow_origins=iter([APP]))) == (
        f"Policy(allow_origins=('{APP}',), allow_methods=('GET', 'PUT'), max_age=None)"
    )


@every_policy
def test_a_dictionary_makes_the_same_policy(options: dict[str, Any]) -> None:
    """A round trip through a dictionary, and through JSON, loses nothing."""
    policy = Policy(**options)
    given = policy.to_dict()
    assert list(given) == list(DEFAULTS)
    for again in (Policy.from_dict(given), Policy.from_dict(json.loads(json.dumps(given)))):
        assert again == policy
        assert repr(again) == repr(policy)


def test_a_dictionary_may_leave_options_out() -> None:
    """What is not named has its default."""
    assert Policy.from_dict({}) == Policy()
    assert Policy.from_dict({"max_age": 5}) == Policy(max_age=5)


def test_the_dictionary_is_a_copy() -> None:
    """Whoever changes it changes no policy."""
    policy = Policy(allow_origins=[APP])
    origins = policy.to_dict()["allow_origins"]
    assert isinstance(origins, list)
    origins.append("https://evil.example")
    assert policy == Policy(allow_origins=[APP])


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("allow_origin", "allow_origins."),
        ("allowed_origins", "allow_origins."),
        ("allow_header", "allow_headers."),
        ("expose_header", "expose_headers."),
        ("maxage", "max_age."),
        ("allow_origins_regex", "allow_origin_regex."),
        ("credentials", "allow_credentials."),
        ("allow_origins[]", "allow_origins."),
        ("allow_origins[x", "allow_origins."),
    ],
)
def test_an_unknown_option_is_named_with_the_nearest(name: str, near: str) -> None:
    """A name that is misspelt in a file is not lost in silence."""
    with pytest.raises(InvalidPolicyError) as raised:
        Policy.from_dict({name: []})
    (issue,) = raised.value.issues
    assert (issue.code, issue.field) == (IssueCode.UNKNOWN_OPTION, name)
    assert issue.hint.endswith(near)


def test_an_unknown_option_without_a_near_one_can_only_go() -> None:
    """Nothing that there is seems to be meant."""
    with pytest.raises(InvalidPolicyError) as raised:
        Policy.from_dict({"zzz": 1, "allow_origins": [], "qqq": 2})
    assert [issue.fixes for issue in raised.value.issues] == [(Fix("zzz", REMOVE),), (Fix("qqq", REMOVE),)]


def test_an_unknown_option_hides_no_other_fault() -> None:
    """All problems are reported together, whichever they are."""
    with pytest.raises(InvalidPolicyError) as raised:
        Policy.from_dict({"allow_origin": [], "allow_methods": ["patch"], "max_age": -1})
    assert {(issue.code.value, issue.field) for issue in raised.value.issues} == {
        ("unknown-option", "allow_origin"),
        ("method-wrong-case", "allow_methods[0]"),
        ("max-age-out-of-range", "max_age"),
    }


def test_a_policy_is_a_copy_of_the_lists_it_was_given() -> None:
    """Later changes to a caller's list change nothing."""
    origins, methods, headers, exposed = [APP], ["GET"], ["X-A"], ["X-B"]
    policy = Policy(allow_origins=origins, allow_methods=methods, allow_headers=headers, expose_headers=exposed)
    before = policy.to_dict()
    for given in (origins, methods, headers, exposed):
        given.append("https://evil.example")
    assert policy.to_dict() == before
    assert policy.decide("GET", origin=[b"https://evil.example"]).reasons == (Reason.ORIGIN_NOT_LISTED,)


def test_any_collection_will_do() -> None:
    """A tuple, a generator and a dictionary's keys are lists of strings too."""
    expected = Policy(allow_origins=[APP, "https://b.example"])
    for given in (
        (APP, "https://b.example"),
        iter([APP, "https://b.example"]),
        dict.fromkeys([APP, "https://b.example"]).keys(),
    ):
        assert Policy(allow_origins=given) == expected


def test_sets_are_sorted() -> None:
    """A policy of sets reads the same in every process."""
    names = {"X-C", "X-A", "X-B", "X-D"}
    policy = Policy(allow_headers=names, expose_headers=frozenset(names), allow_methods={"PUT", "DELETE", "GET"})
    assert policy.allow_headers == policy.expose_headers == ("X-A", "X-B", "X-C", "X-D")
    assert policy.allow_methods == ("DELETE", "GET", "PUT")


def test_the_given_order_is_kept_and_duplicates_are_dropped() -> None:
    """The first spelling of a name stays; methods are spelled as browsers send them."""
    with pytest.warns(CrossOriginWarning, match="It is a duplicate of"):
        policy = Policy(
            allow_origins=["https://z.example", APP, "https://z.example"],
            allow_methods=["put", "PUT", "get", "LOCK", "lock"],
            allow_headers=["X-b", "x-B", "A"],
            expose_headers=["X-d", "x-D", "C"],
        )
    assert policy.allow_origins == ("https://z.example", APP)
    assert policy.allow_methods == ("PUT", "GET", "LOCK", "lock")
    assert policy.allow_headers == ("X-b", "A")
    assert policy.expose_headers == ("X-d", "C")


def test_members_of_an_enum_are_taken_for_their_text() -> None:
    """Whatever a subclass of str is made for, a policy holds plain text."""

    class Verb(StrEnum):
        PUT = "PUT"

    policy = Policy(allow_methods=[Verb.PUT])
    assert type(policy.allow_methods[0]) is str
    assert repr(policy) == "Policy(allow_methods=('PUT',))"


@every_policy
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
@pytest.mark.parametrize(
    "again",
    [
        copy.copy,
        copy.deepcopy,
        *(
            lambda policy, protocol=protocol: pickle.loads(pickle.dumps(policy, protocol)) for protocol in (0, 2, 5)
        ),  # what was pickled two calls before
    ],
    ids=["copy", "deepcopy", "pickle 0", "pickle 2", "pickle 5"],
)
def test_a_copy_is_an_equal_policy_that_decides(again: Any, options: dict[str, Any], *, used: bool) -> None:
    """Copies and pickles are equal, warn of nothing, and judge alike."""
    policy = Policy(**options)
    if used:
        policy.decide("GET", origin=[b"null"])
    other = again(policy)
    assert other == policy
    assert repr(other) == repr(policy)
    assert other.decide("GET", origin=[b"null"]) == policy.decide("GET", origin=[b"null"])


def test_unpickling_does_not_warn_again() -> None:
    """The author of the policy has already seen the warnings."""
    with pytest.warns(CrossOriginWarning):
        policy = Policy(max_age=100_000)
    assert pickle.loads(pickle.dumps(policy)) == policy  # pickled here
    assert copy.deepcopy(policy) == policy


def test_unpickling_checks_again() -> None:
    """A pickle of a release that was less strict does not serve."""
    make, (options,) = Policy(allow_origins=[APP]).__reduce__()
    options["allow_origins"] = ["*"]
    options["allow_credentials"] = True
    with pytest.raises(InvalidPolicyError) as raised:
        make(options)
    assert [issue.code for issue in raised.value.issues] == [IssueCode.WILDCARD_WITH_CREDENTIALS]


def test_a_warning_points_at_the_line_that_wrote_the_policy() -> None:
    """Not at a line of this package, whichever way the policy was made."""
    makes = [
        lambda: Policy(max_age=100_000),
        lambda: Policy.from_dict({"max_age": 100_000}),
    ]
    for make in makes:
        with pytest.warns(CrossOriginWarning) as warned:
            make()
        assert [entry.filename for entry in warned] == [__file__]


def test_a_warning_has_a_place_even_where_nobody_outside_called() -> None:
    """Code that names itself part of this package, all the way up, is warned too."""
    with pytest.warns(CrossOriginWarning) as warned:
        exec(
            "Policy(max_age=100_000)", {"Policy": Policy, "__name__": "crossorigin.elsewhere"}
        )  # the frame's name is what counts
    assert len(warned) == 1


@pytest.mark.parametrize("field", ["origin", "request_method", "request_headers", "request_private_network"])
@pytest.mark.parametrize("value", [b"https://app.example.com", APP, b"", ""])
def test_a_field_given_as_one_value_is_a_type_error(field: str, value: str | bytes) -> None:
    """A field is the list of its lines, and the message shows the list to write."""
    with pytest.raises(TypeError) as raised:
        Policy().decide("OPTIONS", **{field: value})  # type: ignore[arg-type]
    assert f"[{value!r}]" in str(raised.value)


@pytest.mark.parametrize("lines", [["https://app.example.com"], [b"https://app.example.com", None], [bytearray(b"a")]])
def test_a_line_that_is_not_bytes_is_a_type_error(lines: list[Any]) -> None:
    """Lines are compared as the bytes that arrived, so text among them would never match."""
    with pytest.raises(TypeError, match="must be bytes"):
        Policy().decide("GET", origin=lines)


def test_a_long_value_is_cut_in_the_type_error() -> None:
    """A message is to be read."""
    with pytest.raises(TypeError) as raised:
        Policy().decide("GET", origin=b"x" * 100_000)  # type: ignore[arg-type]
    assert len(str(raised.value)) < 300


def test_a_preflight_needs_its_method_and_both_fields() -> None:
    """OPTIONS with Origin and Access-Control-Request-Method; everything else is an actual request."""
    policy = Policy(allow_origins=[APP])
    origin, method = [APP.encode()], [b"GET"]
    assert len(policy.decide("OPTIONS", origin=origin, request_method=method).reasons) == 3
    assert len(policy.decide("OPTIONS", origin=[b""], request_method=[b""]).reasons) == 3
    for verb, lines, asked in (
        ("OPTIONS", origin, []),
        ("OPTIONS", [], method),
        ("options", origin, method),
        ("GET", origin, method),
    ):
        assert len(policy.decide(verb, origin=lines, request_method=asked).reasons) == 1


def test_a_policy_is_made_ready_once() -> None:
    """The decision on an origin that it lists is kept for the next request."""
    policy = Policy(allow_origins=[APP])
    assert policy.decide("GET", origin=[APP.encode()]) is policy.decide("GET", origin=[APP.encode()])


def test_debugging_one_decision_leaves_the_others_alone() -> None:
    """Debug holds for the call that asks for it."""
    policy = Policy(allow_origins=[APP])
    asked = {"origin": [APP.encode()], "request_method": [b"PUT"]}
    statuses = [policy.decide("OPTIONS", **asked, debug=debug).response.status for debug in (False, True, False)]  # type: ignore[union-attr]
    assert statuses == [400, 200, 400]


def test_explain_takes_a_list_of_names() -> None:
    """One string would be read as its letters."""
    with pytest.raises(TypeError, match=r"\['x-token'\]"):
        Policy().explain("GET", APP, "x-token")


def test_a_subclass_is_refused_when_it_is_defined() -> None:
    """A restricting override would be ignored, and would allow every origin that it should refuse."""
    with pytest.raises(TypeError, match="Strict cannot be a subclass of Policy"):

        class Strict(Policy):
            pass


@pytest.mark.parametrize("options", [None, [], "allow_origins", [("max_age", 0)]])
def test_options_that_are_no_mapping_are_a_type_error(options: Any) -> None:
    """A value from the wrong place of a file is reported as such."""
    with pytest.raises(TypeError, match="expected a mapping"):
        Policy.from_dict(options)
