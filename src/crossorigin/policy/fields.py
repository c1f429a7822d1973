"""A policy as the rest of the package reads it, and the values that a `*` in it expands to."""

from collections.abc import Sequence

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import CORS_SAFELISTED_REQUEST_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from crossorigin.policy.decide.matcher import OriginMatcher

    class PolicyFields(Protocol):
        """The attributes of a policy, so that the rest of the package does not depend on the class `Policy`."""

        @property
        def allow_origins(self) -> tuple[str, ...]: ...
        @property
        def allow_methods(self) -> tuple[str, ...]: ...
        @property
        def allow_headers(self) -> tuple[str, ...]: ...
        @property
        def allow_credentials(self) -> bool: ...
        @property
        def allow_origin_regex(self) -> str | None: ...
        @property
        def allow_private_network(self) -> bool: ...
        @property
        def expose_headers(self) -> tuple[str, ...]: ...
        @property
        def max_age(self) -> int | None: ...
        @property
        def constant_allow_origin(self) -> bool: ...
        @property
        def dangerously_allow_public_suffixes(self) -> bool: ...
        @property
        def origin_matcher(self) -> OriginMatcher: ...


def allowed_methods(methods: Sequence[str]) -> tuple[str, ...]:
    """Return the methods that `allow_methods` allows. `*` adds all standard methods to those listed."""
    if WILDCARD not in methods:
        return tuple(methods)
    return tuple(dict.fromkeys([*STANDARD_METHODS, *(method for method in methods if method != WILDCARD)]))


def allowed_headers(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names in `allow_headers` except `*`, and the safelisted names, sorted and without duplicates."""
    spelled = {name.lower(): name for name in CORS_SAFELISTED_REQUEST_HEADERS}
    for name in names:
        if name != WILDCARD:
            spelled.setdefault(name.lower(), name)
    return tuple(spelled[name] for name in sorted(spelled))
