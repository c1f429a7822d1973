"""The decorator `cors`, which gives a route, a router or a mounted app its own policy."""

from collections.abc import Callable, Iterable
from types import EllipsisType
from typing import TypeVar

from crossorigin.adapters.common.arguments import read_policy
from crossorigin.adapters.starlette.route_policy import announce, attach
from crossorigin.adapters.starlette.routes import carry
from crossorigin.policy.policy import Policy

_Served = TypeVar("_Served")


def cors(  # noqa: D417  # the rest is described once, by Policy
    policy: Policy | EllipsisType | None = ...,
    *,
    allow_origins: Iterable[str] = (),
    allow_methods: Iterable[str] = ("GET",),
    allow_headers: Iterable[str] = (),
    allow_credentials: bool = False,
    allow_origin_regex: str | None = None,
    allow_private_network: bool = False,
    expose_headers: Iterable[str] = (),
    max_age: int | None = 600,
    constant_allow_origin: bool = False,
    dangerously_allow_public_suffixes: bool = False,
) -> Callable[[_Served], _Served]:
    """Give an endpoint a policy of its own, in place of the app's; or a router, or an app that is mounted.

    Put it on a function or a class that serves a route of Starlette's or FastAPI's, above or below the decorator that
    routes it; or on one method of such a class. Call it with anything else: `cors(...)(router)`, before that is
    included, `cors(...)(app)`, `cors(...)(Mount(...))`. The policy nearest to the endpoint is the one that decides;
    policies do not merge. The app still needs the middleware, whose policy decides all the rest. On an endpoint that
    serves WebSockets, handshakes from other origins that the policy does not allow are refused.

    Args:
        policy: A `Policy`, in place of the options; or None, with which no page of another origin may read anything.

    The other arguments are those of `Policy`.

    Returns:
        A function that takes the endpoint, the router or the app, and returns that very object.

    Raises:
        InvalidPolicyError: The policy is wrong.
        TypeError: What it is put on can hold no policy, or has one already; or the parentheses are missing.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> @cors(allow_origins=["*"])
    ... def public(): ...
    """
    options: dict[str, object] = {
        "allow_origins": allow_origins,
        "allow_methods": allow_methods,
        "allow_headers": allow_headers,
        "allow_credentials": allow_credentials,
        "allow_origin_regex": allow_origin_regex,
        "allow_private_network": allow_private_network,
        "expose_headers": expose_headers,
        "max_age": max_age,
        "constant_allow_origin": constant_allow_origin,
        "dangerously_allow_public_suffixes": dangerously_allow_public_suffixes,
    }
    given: object = policy
    if callable(given) or hasattr(given, "matches"):
        message = "cors is put on something without its options: write @cors(allow_origins=[...]), with parentheses."
        raise TypeError(message)
    checked = read_policy(None if policy is ... else Policy() if policy is None else policy, options)

    def put_on(served: _Served) -> _Served:
        carry(served, attach(checked, served))
        announce()
        return served

    return put_on
