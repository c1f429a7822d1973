"""`LivePolicy`: the handle itself. What middlewares do with it is tested in `adapters/asgi/test_live.py`."""

import copy
import gc
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from crossorigin import InvalidPolicyError, LivePolicy, Policy

FIRST, SECOND = Policy(allow_origins=["https://a.example"]), Policy(allow_origins=["https://b.example"])


class User:
    """A middleware that records what it uses, and may refuse a policy."""

    def __init__(self, refused: Policy | None = None) -> None:
        """Start without a policy."""
        self.refused = refused
        self.used: list[Policy] = []
        self.policy = FIRST

    def prepare_policy(self, policy: Policy) -> Callable[[], None]:
        """Refuse the policy, or return what uses it."""
        if policy is self.refused:
            raise InvalidPolicyError([])

        def use() -> None:
            self.policy = policy
            self.used.append(policy)

        return use


def test_a_policy_is_replaced_for_every_user() -> None:
    """The old one is returned, so that it can be put back."""
    live, users = LivePolicy(FIRST), [User(), User()]
    for user in users:
        live.subscribe(user)
    assert live.replace(SECOND) is FIRST
    assert live.current is SECOND
    assert live.replace(FIRST) is SECOND
    assert [user.used for user in users] == [[SECOND, FIRST]] * 2


def test_a_policy_that_one_user_refuses_changes_none() -> None:
    """All or nothing."""
    live, users = LivePolicy(FIRST), [User(), User(refused=SECOND)]
    for user in users:
        live.subscribe(user)
    with pytest.raises(InvalidPolicyError):
        live.replace(SECOND)
    assert live.current is FIRST
    assert [user.used for user in users] == [[], []]


def test_a_user_that_subscribes_late_catches_up() -> None:
    """It has read the policy before it was replaced."""
    live, user = LivePolicy(FIRST), User()
    live.replace(SECOND)
    live.subscribe(user)
    assert user.used == [SECOND]


def test_a_user_that_is_gone_is_not_kept_alive() -> None:
    """The handle lives as long as the process."""
    live = LivePolicy(FIRST)
    for _ in range(5):
        live.subscribe(User())
    gc.collect()
    live.replace(SECOND)
    assert len(live._users) == 0


@pytest.mark.parametrize("policy", [None, {}, Policy, "*", LivePolicy(FIRST)], ids=repr)
def test_what_is_no_policy_is_refused(policy: Any) -> None:
    """Options that were not validated never get this far."""
    with pytest.raises(TypeError, match="expected a Policy"):
        LivePolicy(policy)
    live = LivePolicy(FIRST)
    with pytest.raises(TypeError, match="expected a Policy"):
        live.replace(policy)
    assert live.current is FIRST


def test_a_copy_is_the_same_handle() -> None:
    """An app that is copied must learn of a new policy, and a process that gets a pickle could not."""
    live = LivePolicy(FIRST)
    assert copy.copy(live) is copy.deepcopy([live])[0] is live
    with pytest.raises(TypeError, match="in each process"):
        pickle.dumps(live)
    assert repr(live) == f"LivePolicy({FIRST!r})"
