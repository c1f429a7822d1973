"""The selection of an app with one policy."""

from crossorigin import Policy
from crossorigin.adapters.starlette.selection import OnePolicy
from crossorigin.policy.decide.plan import Plan


def test_one_policy_is_selected_for_every_preflight() -> None:
    """The method does not matter, and the request itself has the same policy."""
    policy = Policy(allow_origins=["https://app.example.com"])
    plan = Plan(policy)
    one = OnePolicy(policy, plan)
    assert one.preflight(b"PUT") == (one.ahead("PUT"), plan)
