"""The arguments of the WSGI and Flask adapters."""

from __future__ import annotations

from crossorigin.adapters.common.arguments import read_arguments, unavailable_argument
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.policy.policy import Policy

# Arguments that other adapters have, and why this one does not.
_ONLY_ELSEWHERE = {
    "check_websockets": "WSGI has no WebSockets.",
    "outermost": "This middleware is always where it was put.",
    "served_methods_only": "A WSGI middleware does not know which methods the app serves.",
}


def read_wsgi_arguments(
    policy: object,
    options: Mapping[str, object],
    *,
    debug: object,
    on_refused: object,
    on_decision: object,
    served_methods_only: object = False,
    origins: object = None,
) -> tuple[Policy, MiddlewareOptions]:
    """Return the policy and the options of the middleware.

    Raises:
        InvalidPolicyError: An argument is invalid. The error has all issues.
    """
    elsewhere = [
        unavailable_argument(name, options[name], why) for name, why in _ONLY_ELSEWHERE.items() if name in options
    ]
    behavior: dict[str, object] = {
        "debug": debug,
        "outermost": False,
        "check_websockets": False,
        "served_methods_only": served_methods_only,
        "on_refused": on_refused,
        "on_decision": on_decision,
        "origins": origins,
    }
    known = {name: value for name, value in options.items() if name not in _ONLY_ELSEWHERE}
    try:
        read = read_arguments(policy, known, behavior)
    except InvalidPolicyError as error:
        raise InvalidPolicyError([*error.issues, *elsewhere]) from None
    if elsewhere:
        raise InvalidPolicyError(elsewhere)
    return read
