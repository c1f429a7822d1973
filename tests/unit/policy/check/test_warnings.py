"""A valid policy has at most one warning, which points to the line that built it."""

import copy
import pickle
import warnings
from typing import Any

import pytest

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, IssueCode, Policy
from crossorigin.policy.options import DEFAULTS
from tests.unit.policy.check.faulty_policies import FAULTY, Faulty, complaint_of
from tests.unit.policy.explain.explained_requests import DOCUMENTED

WITH_WARNINGS = {"allow_origins": ["http://a.example"], "allow_credentials": True, "max_age": 100000}


def warnings_of(options: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the code and the field of each warning on a policy."""
    complaint = complaint_of(options)
    assert complaint is None or isinstance(complaint, CrossOriginWarning)
    return [] if complaint is None else [(issue.code.value, issue.field) for issue in complaint.issues]


@pytest.mark.parametrize(
    ("origin", "warned"),
    [
        ("http://a.example", True),
        ("http://*.a.example:*", True),
        ("http://localhost.tiangolo.com", True),
        ("http://192.168.1.10:8080", True),
        ("http://128.0.0.1", True),
        ("http://127.example", True),
        ("http://[::2]", True),
        ("http://notlocalhost", True),
        ("http://localhost", False),
        ("http://localhost.", False),
        ("http://localhost:*", False),
        ("http://*.localhost:*", False),
        ("http://app.localhost:8080", False),
        ("http://127.0.0.1:8000", False),
        ("http://127.255.255.254:*", False),
        ("http://[::1]:*", False),
        ("http://0.0.0.0:3000", False),
        ("http://0.0.0.1:3000", True),
        ("http://192.168.*.*:*", True),
        ("https://a.example", False),
        ("capacitor://localhost", False),
        ("gopher://a.example", False),
    ],
)
def test_an_unencrypted_origin_beyond_this_machine_is_reported(origin: str, warned: object) -> None:
    """With credentials, http is only for loopback addresses. Without credentials, there is no warning."""
    options = {"allow_origins": [origin]}
    assert warnings_of(options) == []
    found = warnings_of({**options, "allow_credentials": True})
    assert found == ([("insecure-origin-with-credentials", "allow_origins[0]")] if warned else [])


def test_private_networks_have_one_warning_with_advice() -> None:
    """The advice is for local networks, and never suggests https for an address."""
    networks = ["http://192.168.*.*:*", "http://10.*.*.*", "http://a.example"]
    options = {"allow_origins": networks, "allow_credentials": True}
    assert warnings_of(options) == [("insecure-origin-with-credentials", f"allow_origins[{place}]") for place in (0, 2)]
    for origins in (networks, ["http://192.168.1.100:8080"]):
        message = str(complaint_of({**options, "allow_origins": origins}))
        assert "mkcert" in message
        assert "https://192.168" not in message


def test_the_documented_example_starts() -> None:
    """The list in FastAPI's documentation is valid, with a warning about one origin."""
    assert warnings_of(DOCUMENTED) == [("insecure-origin-with-credentials", "allow_origins[0]")]


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"allow_origins": ["*", "*"]}, ["allow_origins[1]"]),
        ({"allow_methods": ["GET", "get", "PATCH", "PATCH", "x", "X"]}, ["allow_methods[1]", "allow_methods[3]"]),
        ({"allow_headers": ["X-A", "x-a", "X-A"]}, ["allow_headers[1]", "allow_headers[2]"]),
        ({"expose_headers": ["ETag", "etag"]}, ["expose_headers[1]"]),
        ({"allow_headers": ["ETag"], "expose_headers": ["ETag"]}, []),
    ],
)
def test_what_is_listed_twice_is_reported(options: dict[str, Any], fields: list[str]) -> None:
    """Methods are compared as browsers send them, and names without case. Each list is checked separately."""
    assert warnings_of(options) == [("duplicate-entry", field) for field in fields]


def test_a_duplicate_names_the_first() -> None:
    """The warning names the first element, which the policy keeps."""
    with pytest.warns(CrossOriginWarning, match=r"duplicate of allow_headers\[0\]"):
        policy = Policy(allow_headers=["X-A", "X-B", "x-a"])
    assert policy.allow_headers == ("X-A", "X-B")


@pytest.mark.parametrize(
    ("options", "warnings"),
    [
        (
            {"allow_origins": ["https://a.example", "*", "null"], "allow_origin_regex": "https://x"},
            [
                ("redundant-with-wildcard", "allow_origins[0]"),
                ("redundant-with-wildcard", "allow_origins[2]"),
                ("redundant-with-wildcard", "allow_origin_regex"),
            ],
        ),
        ({"allow_origin_regex": "example"}, [("regex-never-matches", "allow_origin_regex")]),
        ({"allow_origin_regex": r"https://a\.example/"}, [("regex-never-matches", "allow_origin_regex")]),
        ({"allow_origin_regex": r"https://a\.example", "allow_credentials": True}, []),
        (
            {"allow_headers": ["Cookie", "HOST", "sec-x", "Proxy-A", "User-Agent", "*"]},
            [("request-header-without-effect", f"allow_headers[{index}]") for index in range(4)],
        ),
        (
            {"expose_headers": ["Set-Cookie", "set-cookie2", "PRAGMA", "ETag", "*"]},
            [("response-header-without-effect", f"expose_headers[{index}]") for index in range(3)],
        ),
        (
            {"expose_headers": ["ETag", "Set-Cookie"]},
            [("response-header-without-effect", "expose_headers[1]")],
        ),
        ({"max_age": 86401}, [("max-age-above-browser-limits", "max_age")]),
        ({"max_age": None}, []),
    ],
)
def test_what_never_matters_is_reported(options: dict[str, Any], warnings: list[tuple[str, str]]) -> None:
    """Each entry without effect is reported, and no other one."""
    assert warnings_of(options) == warnings


@pytest.mark.parametrize(
    "faulty",
    [entry for entry in FAULTY if entry.is_warning and entry.options.keys() <= DEFAULTS.keys()],
    ids=lambda faulty: faulty.name,
)
def test_there_are_no_warnings_next_to_errors(faulty: Faulty) -> None:
    """A policy with errors reports only its errors, without any warning."""
    options = {**faulty.options, "allow_private_network": "yes"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidPolicyError) as caught:
            Policy(**options)
    assert [issue.code for issue in caught.value.issues] == [IssueCode.NOT_A_BOOL]


def test_all_warnings_of_a_policy_are_one_warning_at_the_line_that_wrote_it() -> None:
    """Built by hand, from a mapping or inside the middleware, the warning points at the caller's file."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """An app that is never called."""

    for build in (
        lambda: Policy(**WITH_WARNINGS),
        lambda: Policy.from_dict(WITH_WARNINGS),
        lambda: CORSMiddleware(app, **WITH_WARNINGS),
    ):
        with pytest.warns(CrossOriginWarning) as caught:
            build()
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert caught[0].lineno == build.__code__.co_firstlineno
        assert isinstance(caught[0].message, CrossOriginWarning)
        assert [issue.code for issue in caught[0].message.issues] == [
            IssueCode.INSECURE_ORIGIN_WITH_CREDENTIALS,
            IssueCode.MAX_AGE_ABOVE_BROWSER_LIMITS,
        ]
        assert issubclass(caught[0].category, UserWarning)


def test_a_policy_with_warnings_is_unpickled_without_them() -> None:
    """Unpickling and copying make no second warning."""
    with pytest.warns(CrossOriginWarning):
        policy = Policy(**WITH_WARNINGS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pickle.loads(pickle.dumps(policy)) == policy
        assert copy.copy(policy) == policy
        assert copy.deepcopy(policy) == policy


def test_a_warning_can_be_made_an_error() -> None:
    """With the filter `error`, the exception has the whole message."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CrossOriginWarning)
        with pytest.raises(CrossOriginWarning, match="CORS policy: 2 warnings"):
            Policy(**WITH_WARNINGS)
