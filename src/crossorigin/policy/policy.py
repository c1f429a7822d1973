"""Hold the policy: the frozen, validated value that users build, in the words of FastAPI's documentation."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crossorigin.fetch.methods import normalize_method
from crossorigin.policy.check.validate import validate
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError
from crossorigin.policy.options import DEFAULTS, LIST_OPTIONS, Element, Options, options_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.policy.decide.decisions import Decision
    from crossorigin.policy.explain.explanation import Explanation

# Header names are compared without case.
_WITHOUT_CASE = frozenset({"allow_headers", "expose_headers"})


@dataclass(frozen=True, slots=True, kw_only=True, init=False, eq=False, repr=False)
class Policy:
    """Say which other origins may use an API, and how.

    Restrictive by default: no origin, only `GET`, no header beyond the safelisted ones, no credentials. Everything
    is checked here, all faults at once, and copied: later changes to a list that was given change nothing.

    Args:
        allow_origins: Serialized origins (`"https://app.example.com"`), patterns (`"https://*.example.com"`,
            `"http://localhost:*"`), `"null"`, or `"*"` for any origin, which excludes credentials.
        allow_methods: Methods a page may use, `"*"` for all standard ones. An explicit list binds preflights for
            `GET`, `HEAD` and `POST` too.
        allow_headers: Names of request headers a page may set, without case; `"*"` for all. `Accept`,
            `Accept-Language`, `Content-Language` and `Content-Type` are always allowed.
        allow_credentials: Whether requests may carry cookies, HTTP authentication and client certificates.
        allow_origin_regex: A regular expression that is matched against the whole of an origin.
        allow_private_network: Whether to answer `Access-Control-Request-Private-Network`, which no current browser
            sends.
        expose_headers: Names of response headers a page may read beyond the safelisted ones, `"*"` for all.
        max_age: Seconds for which a browser may keep a preflight's answer, at most 2147483647; 0 disables its
            cache, None leaves it to the browser (5 seconds). Browsers cap it: 7200 in Chromium, 86400 in Firefox,
            600 in Safari.
        constant_allow_origin: Whether every actual response names the one origin that is allowed, whoever asks. Then
            no response needs `Vary`, so caches keep one copy for all, and no actual request is looked at. The price:
            everyone is told that origin. Only with exactly one origin, written out; preflights are judged as ever.
        dangerously_allow_public_suffixes: Whether a wildcard may stand before a name below which strangers register
            theirs (`https://*.github.io`) although there are credentials.

    Raises:
        InvalidPolicyError: The policy would let strangers in, or could never match what browsers send. It holds
            every issue, with what to write instead.

    Warns:
        CrossOriginWarning: Something in the policy does not do what it looks like.

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
    _plan: Plan | None = field(init=False)

    def __init__(  # the names and the order that code in use relies on
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
        """Check the options and hold a copy of them."""
        self._start(options_in(locals()))

    def _start(self, given: Mapping[str, object]) -> None:
        options, errors, remarks = validate(given)
        if errors:
            raise InvalidPolicyError(errors)
        if remarks:
            warnings.warn(CrossOriginWarning(remarks), stacklevel=_frames_to_caller())
        self._fill(options)

    def _fill(self, options: Options) -> None:
        for name in DEFAULTS:
            value = getattr(options, name)
            self._hold(name, _unique(name, value) if name in LIST_OPTIONS else value)
        self._hold("_plan", None)

    def __init_subclass__(cls) -> None:
        """Refuse a subclass: adapters read the options, so whatever it overrides would be lost.

        Raises:
            TypeError: Always.
        """
        message = f"{cls.__name__} cannot be a subclass of Policy, which is a value; write a function that returns one."
        raise TypeError(message)

    def _hold(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, options: Mapping[str, object]) -> Policy:
        """Build a policy from a mapping of its options, as `to_dict` gives it.

        Raises:
            InvalidPolicyError: A name is no option, or a value is wrong.
            TypeError: `options` is no mapping.

        >>> Policy.from_dict({"allow_origins": ["https://app.example.com"]}).max_age
        600
        """
        _check_mapping(options)
        policy = object.__new__(cls)
        policy._start(options)
        return policy

    def to_dict(self) -> dict[str, object]:
        """Return the options as values that JSON can hold, all of them, in their order.

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
        """Judge one HTTP request from its wire facts.

        Args:
            method: The request's method.
            origin: The values of its `Origin` lines: none, one or several.
            request_method: Those of `Access-Control-Request-Method`.
            request_headers: Those of `Access-Control-Request-Headers`.
            request_private_network: Those of `Access-Control-Request-Private-Network`.
            debug: Whether a refused preflight may answer 200 where every browser still refuses it.

        Raises:
            TypeError: A field is given as one value instead of a list.

        It is a CORS-preflight request if the method is `OPTIONS` and the first two fields are there; the decision
        then holds the whole answer. Else it holds what becomes of the response's headers.

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
            self._hold("_plan", plan)
        return plan

    def explain(
        self, method: str, origin: str | None, request_headers: Iterable[str] = (), *, route: str | None = None
    ) -> Explanation:
        """Say, step by step, what becomes of a page's request, and what to change where it is refused.

        Args:
            method: The method the page names; put into upper case where browsers do that.
            origin: The page's origin, or None for a request without one.
            request_headers: Names of the headers the page sets.
            route: The name of what this policy stands on, if it is not the app's; it is told too.

        Raises:
            TypeError: `request_headers` is one string.

        Both the preflight and the request itself are judged; whether the browser asks first is not decided here.

        >>> policy = Policy(allow_origins=["https://app.example.com"])
        >>> policy.explain("GET", "https://app.example.com").allowed
        True
        """
        from crossorigin.policy.explain.explanation import explain

        return explain(self, self._ready(), method, origin, request_headers, route=route)

    def _options(self) -> Iterator[tuple[str, tuple[str, ...] | str | int | None]]:
        return ((name, getattr(self, name)) for name in DEFAULTS)

    def _canonical(self) -> tuple[object, ...]:
        return tuple(frozenset(value) if isinstance(value, tuple) else value for _, value in self._options())

    def __eq__(self, other: object) -> bool:
        """Compare what the policies allow; the order in which they list it does not count."""
        return self._canonical() == other._canonical() if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        """Hash what is compared."""
        return hash(self._canonical())

    def __repr__(self) -> str:
        """Write the policy as the call that makes it, defaults left out."""
        options = (f"{name}={value!r}" for name, value in self._options() if value != DEFAULTS[name])
        return f"Policy({', '.join(options)})"

    def __reduce__(self) -> tuple[Callable[[Mapping[str, object]], Policy], tuple[dict[str, object]]]:
        """Pickle and copy by the options, which are checked again but not remarked on again."""
        return _restore, (self.to_dict(),)


def _check_mapping(options: object) -> None:
    if not isinstance(options, Mapping):
        message = f"the options are a mapping of their names to their values, not {options!r:.120}"
        raise TypeError(message)


def _check_lines(*fields: object) -> None:
    for lines in fields:
        if isinstance(lines, bytes | bytearray | str):
            message = f"each field is given as a list of its lines, not as one value: [{lines!r:.120}]"
            raise TypeError(message)
        if not all(isinstance(line, bytes) for line in _iterate(lines)):
            message = f"the lines of a field are bytes, as they arrived: {lines!r:.120}"
            raise TypeError(message)


def _iterate(lines: Any) -> Iterator[object]:
    return iter(lines)


def _restore(given: Mapping[str, object]) -> Policy:
    options, errors, _ = validate(given)
    if errors:  # pickled by a release that was less strict
        raise InvalidPolicyError(errors)
    policy = object.__new__(Policy)
    policy._fill(options)  # pyright: ignore[reportPrivateUsage]  # this is its second constructor
    return policy


def _unique(name: str, elements: Iterable[Element]) -> tuple[str, ...]:
    """Return the texts of an option, each once: of several spellings of a name the first."""
    spelled: dict[str, str] = {}
    for element in elements:
        text = normalize_method(element.text) if name == "allow_methods" else element.text
        spelled.setdefault(text.lower() if name in _WITHOUT_CASE else text, text)
    return tuple(spelled.values())


def _frames_to_caller() -> int:
    """Return the `stacklevel` of the first frame outside this package, which is the one that wrote the policy."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # `skip_file_prefixes` needs Python 3.12
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "crossorigin":
        level, frame = level + 1, frame.f_back
    return level
