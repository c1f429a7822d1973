"""`Policy`: the frozen, validated value that users build, with the option names of FastAPI's documentation."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crossorigin.fetch.methods import normalize_method
from crossorigin.policy.argument_names import reports_unknown_names
from crossorigin.policy.check.validate import validate
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError
from crossorigin.policy.options import DEFAULTS, LIST_OPTIONS, Element, Options, options_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.explain.explanation import Explanation

# Header names are case-insensitive.
_WITHOUT_CASE = frozenset({"allow_headers", "expose_headers"})


@dataclass(frozen=True, kw_only=True, init=False, eq=False, repr=False)
class Policy:
    """A CORS policy: which other origins may use an API, and how.

    The defaults allow no origin, only `GET`, only the safelisted request headers, and no credentials. All options are
    validated together when the policy is built. A policy is immutable: it copies the lists that it is given.

    Args:
        allow_origins: The origins that may use the API: exact origins (`"https://app.example.com"`), patterns
            (`"https://*.example.com"`, `"http://localhost:*"`), `"null"`, or `"*"` for every origin. `"*"` and `"null"`
            cannot be combined with `allow_credentials=True`.
        allow_methods: The methods that pages may use, or `"*"` for all standard methods. Preflights for `GET`, `HEAD`
            and `POST` are refused too if the list does not contain the method.
        allow_headers: The request headers that pages may set, or `"*"` for all. Names are case-insensitive. `Accept`,
            `Accept-Language`, `Content-Language` and `Content-Type` are always allowed.
        allow_credentials: Whether pages may send cookies, HTTP authentication and client certificates.
        allow_origin_regex: A regular expression for allowed origins. It must match the whole origin.
        allow_private_network: Whether to allow requests with `Access-Control-Request-Private-Network`. Current browsers
            do not send this header.
        expose_headers: The response headers that pages may read in addition to the safelisted ones, or `"*"` for all.
        max_age: How many seconds a browser may cache the response to a preflight, from 0 to 2147483647. 0 disables
            caching, and None omits the header, which browsers treat as 5 seconds. Browsers cap the value: 7200 in
            Chromium, 86400 in Firefox, 600 in Safari.
        constant_allow_origin: Whether to send the one allowed origin in every actual response, regardless of the
            request. Such responses need no `Vary`, so caches can share one copy, but every client can see the allowed
            origin. It requires exactly one exact origin. Preflights are not affected.
        dangerously_allow_public_suffixes: Whether to accept, with credentials, patterns and regular expressions that
            allow hosts below a public suffix, for example `https://*.github.io`, where anyone can register a name.

    Raises:
        InvalidPolicyError: The policy would allow untrusted origins, or part of it can never match. The error lists
            all issues with their fixes.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> policy = Policy(allow_origins=["https://app.example.com"], allow_methods=["GET", "PUT"])
    >>> policy
    Policy(allow_origins=('https://app.example.com',), allow_methods=('GET', 'PUT'))
    """

    allow_origins: tuple[str, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    allow_credentials: bool
    allow_origin_regex: str | None
    allow_private_network: bool
    expose_headers: tuple[str, ...]
    max_age: int | None
    constant_allow_origin: bool
    dangerously_allow_public_suffixes: bool

    # Only the options are fields of the dataclass, so that pydantic and `dataclasses.asdict` see nothing else.
    __slots__ = (*DEFAULTS, "_matcher", "_plan")
    if TYPE_CHECKING:
        _matcher: OriginMatcher = field(init=False)
        _plan: Plan | None = field(init=False)

    @reports_unknown_names
    def __init__(
        self,
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
    ) -> None:
        """Validate the options and copy them."""
        self._initialize(options_in(locals()))

    def _initialize(self, given: Mapping[str, object]) -> None:
        options, errors, found_warnings = validate(given)
        if errors:
            raise InvalidPolicyError(errors)
        if found_warnings:
            warnings.warn(CrossOriginWarning(found_warnings), stacklevel=frames_to_caller())
        self._fill(options)

    def _fill(self, options: Options) -> None:
        for name in DEFAULTS:
            value = getattr(options, name)
            self._set(name, _unique(name, value) if name in LIST_OPTIONS else value)
        # Built here and not by a plan, because the first request must not wait for the index of a long list.
        self._set("_matcher", OriginMatcher(self.allow_origins, self.allow_origin_regex))
        self._set("_plan", None)

    def __init_subclass__(cls) -> None:
        """Reject subclasses: adapters read the options directly, so overridden methods would be ignored.

        Raises:
            TypeError: Always.
        """
        message = f"{cls.__name__} cannot be a subclass of Policy, which is a value; write a function that returns one."
        raise TypeError(message)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, options: Mapping[str, object]) -> Policy:
        """Build a policy from a mapping of its options, such as the result of `to_dict`.

        Raises:
            InvalidPolicyError: A name is not an option, or the policy is invalid.
            TypeError: `options` is not a mapping.

        >>> Policy.from_dict({"allow_origins": ["https://app.example.com"]}).max_age
        600
        """
        _check_mapping(options)
        policy = object.__new__(cls)
        policy._initialize(options)
        return policy

    def to_dict(self) -> dict[str, object]:
        """Return all options, in their order, as values that can be serialized as JSON.

        >>> Policy.from_dict(Policy(max_age=0).to_dict()) == Policy(max_age=0)
        True
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._options()}

    def decide(
        self,
        method: str,
        *,
        origin: Sequence[bytes] = (),
        request_method: Sequence[bytes] = (),
        request_headers: Sequence[bytes] = (),
        request_private_network: Sequence[bytes] = (),
        debug: bool = False,
    ) -> Decision:
        """Decide one HTTP request from its method and header fields.

        Args:
            method: The request method.
            origin: The values of all `Origin` lines: none, one or several.
            request_method: The values of all `Access-Control-Request-Method` lines.
            request_headers: The values of all `Access-Control-Request-Headers` lines.
            request_private_network: The values of all `Access-Control-Request-Private-Network` lines.
            debug: Whether to answer a refused preflight with 200 if browsers refuse the request in any case, so that
                their console names the refused method or header.

        Returns:
            A `PreflightDecision` with the complete response if the method is `OPTIONS` and `origin` and
            `request_method` are not empty. Otherwise an `ActualDecision` with the header changes of the response.

        Raises:
            TypeError: A field is a single value instead of a list.

        https://fetch.spec.whatwg.org/#http-requests

        >>> policy = Policy(allow_origins=["https://app.example.com"])
        >>> policy.decide("GET", origin=[b"https://evil.example"]).refusals
        (<Reason.ORIGIN_NOT_LISTED: 'origin-not-listed'>,)
        """
        _check_lines(origin, request_method, request_headers, request_private_network)
        plan = Plan(self, debug=True) if debug else self._ready()
        if method == "OPTIONS" and origin and request_method:
            return plan.decide_preflight(origin, request_method, request_headers, request_private_network)
        return plan.decide_actual(origin)

    def _ready(self) -> Plan:
        plan = self._plan
        if plan is None:
            plan = Plan(self)
            self._set("_plan", plan)
        return plan

    def explain(
        self, method: str, origin: str | None, request_headers: Iterable[str] = (), *, route: str | None = None
    ) -> Explanation:
        """Explain, step by step, whether a page's request is allowed, and what to change if it is refused.

        The explanation covers both the preflight and the request itself. It does not decide whether the browser sends
        a preflight.

        Args:
            method: The method that the page uses. It is converted to upper case where browsers do that.
            origin: The origin of the page, or None for a request without one.
            request_headers: The names of the headers that the page sets.
            route: The name of the route or router that has this policy, for the text. None means the policy of the app.

        Raises:
            TypeError: `request_headers` is one string.

        >>> policy = Policy(allow_origins=["https://app.example.com"])
        >>> policy.explain("GET", "https://app.example.com").allowed
        True
        """
        from crossorigin.policy.explain.explanation import explain

        return explain(self, self._ready(), method, origin, request_headers, route=route)

    @property
    def origin_matcher(self) -> OriginMatcher:
        """The compiled index of the allowed origins, which all middlewares with this policy share."""
        return self._matcher

    def _options(self) -> Iterator[tuple[str, tuple[str, ...] | str | int | None]]:
        return ((name, getattr(self, name)) for name in DEFAULTS)

    def _canonical(self) -> tuple[object, ...]:
        return tuple(frozenset(value) if isinstance(value, tuple) else value for _, value in self._options())

    def __eq__(self, other: object) -> bool:
        """Compare the options; the order of list elements does not matter."""
        return self._canonical() == other._canonical() if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash that is consistent with equality."""
        return hash(self._canonical())

    def __repr__(self) -> str:
        """Return the call that builds the policy, without defaults."""
        options = (f"{name}={value!r}" for name, value in self._options() if value != DEFAULTS[name])
        return f"Policy({', '.join(options)})"

    def __reduce__(self) -> tuple[Callable[[Mapping[str, object]], Policy], tuple[dict[str, object]]]:
        """Pickle and copy by the options, which are validated again without repeating the warnings."""
        return _restore, (self.to_dict(),)


def _check_mapping(options: object) -> None:
    if not isinstance(options, Mapping):
        message = f"expected a mapping of option names to values, got {options!r:.120}"
        raise TypeError(message)


def _check_lines(*fields: object) -> None:
    for lines in fields:
        if isinstance(lines, bytes | bytearray | str):
            message = f"each field must be a list of its lines; write [{lines!r:.120}]"
            raise TypeError(message)
        if not all(isinstance(line, bytes) for line in _iterate(lines)):
            message = f"the lines of a field must be bytes, got {lines!r:.120}"
            raise TypeError(message)


def _iterate(lines: Any) -> Iterator[object]:
    return iter(lines)


def _restore(given: Mapping[str, object]) -> Policy:
    options, errors, _ = validate(given)
    if errors:  # the policy was pickled by a less strict release
        raise InvalidPolicyError(errors)
    policy = object.__new__(Policy)
    policy._fill(options)  # pyright: ignore[reportPrivateUsage]  # this function is a second constructor
    return policy


def _unique(name: str, elements: Iterable[Element]) -> tuple[str, ...]:
    """Return the texts of an option without duplicates, keeping the first spelling of a name."""
    spelled: dict[str, str] = {}
    for element in elements:
        text = normalize_method(element.text) if name == "allow_methods" else element.text
        spelled.setdefault(text.lower() if name in _WITHOUT_CASE else text, text)
    return tuple(spelled.values())


def frames_to_caller() -> int:
    """Return the `stacklevel` of the first frame outside this package: the code that built the policy."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # `skip_file_prefixes` needs Python 3.12
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "crossorigin":
        level, frame = level + 1, frame.f_back
    return level
