"""Say why: a policy's judgement of one page's request, told step by step.

The judging is done by the plan, on the requests that a browser would send; this module only finds the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS, is_forbidden_request_header
from crossorigin.fetch.methods import STANDARD_METHODS, is_forbidden_method, is_token, normalize_method
from crossorigin.fetch.origin import MAX_ORIGIN, parse_origin
from crossorigin.policy.check.origin_repair import diagnose
from crossorigin.policy.decide.decisions import ActualDecision, PreflightDecision, Reason
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.explain.nearest import Nearest
from crossorigin.policy.fields import allowed_methods
from crossorigin.policy.literals import elements_literal, literal
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crossorigin.policy.decide.plan import Plan
    from crossorigin.policy.fields import PolicyFields

_SHOWN = 120
_LISTED = 8
_PASTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Hold one step of an explanation: the question, its outcome, why, and what to change where it refuses."""

    question: str
    reason: Reason
    why: str
    fix: str | None = None

    def __str__(self) -> str:
        """Tell the step in a line, and its fix in another."""
        told = f"{self.question}: {_verdict(self.reason)}. {self.why} [{self.reason}]"
        return told if self.fix is None else f"{told}\n   Fix: {self.fix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Hold what a policy says to a page's request.

    `str()` is for people, `steps` are for programs. `preflight` and `actual` are the decisions behind them:
    `preflight` on the request a browser sends first if it asks first, and None if the page sends no Origin.
    `method` and `request_headers` are as a browser sends them. `route` names what the policy stands on, if it is not
    the app's.
    """

    method: str
    origin: str | None
    request_headers: tuple[str, ...]
    preflight: PreflightDecision | None
    actual: ActualDecision
    steps: tuple[Step, ...]
    outcome: tuple[str, ...]
    route: str | None = None

    @property
    def allowed(self) -> bool:
        """Tell whether the page gets through, also if the browser asks first."""
        return self.actual.allowed and (self.preflight is None or self.preflight.allowed)

    def __str__(self) -> str:
        """Tell it to a person."""
        who = "a page that sends no Origin" if self.origin is None else _shown(self.origin)
        what = f" with {_listing(self.request_headers)}" if self.request_headers else ""
        steps = [f"{number}. {step}" for number, step in enumerate(self.steps, 1)]
        heading = f"{_shown(self.method)} from {who}{what}: {self._verdict()}."
        if self.route is not None:
            heading += f" By the policy of {self.route}."
        return "\n".join([heading, "", *steps, "", *self.outcome])

    def _verdict(self) -> str:
        if self.allowed or not self.actual.allowed:
            return _verdict(self.actual.origin)
        if self.preflight is not None and _is_never_sent(self.method, self.preflight):
            return "refused by the browser"
        return "refused if the browser asks first"


def explain(
    policy: PolicyFields,
    plan: Plan,
    method: str,
    origin: str | None,
    request_headers: Iterable[str],
    *,
    route: str | None = None,
) -> Explanation:
    """Judge the preflight a browser would send for a page's request, and the request itself, and tell why.

    Raises:
        TypeError: `request_headers` is one string.
    """
    if isinstance(request_headers, str):
        message = f"request_headers is a list of names, not one string: {[request_headers]!r:.120}"
        raise TypeError(message)
    given = tuple(request_headers)
    sent = normalize_method(method)
    # https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names: lower-case, sorted, each once. Forbidden names
    # are dropped before anything is asked.
    names = tuple(sorted({name.lower() for name in given if not is_forbidden_request_header(name)}))
    dropped = tuple(name for name in given if is_forbidden_request_header(name))
    lines = () if origin is None else (_bytes(origin),)
    actual = plan.decide_actual(lines)
    preflight = None
    steps = [_origin_step(policy, origin, actual.origin)]
    if origin is not None:
        preflight = plan.decide_preflight(lines, (_bytes(sent),), _asked(names))
        steps.append(_method_step(policy, sent, preflight.method))
    if preflight is not None and names:
        steps.append(_headers_step(plan, names, preflight.headers))
    return Explanation(
        method=sent,
        origin=origin,
        request_headers=names,
        preflight=preflight,
        actual=actual,
        steps=tuple(steps),
        outcome=tuple(_outcome(policy, sent, preflight, actual, dropped)),
        route=route,
    )


def _asked(names: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the `Access-Control-Request-Headers` lines that a browser sends for header names."""
    if all(map(is_token, names)):
        return (_bytes(",".join(names)),) if names else ()
    # No browser sends what is no name. Joined, it could be taken for several, so one bad name stands for all.
    return (b"()",)


def _origin_step(policy: PolicyFields, origin: str | None, reason: Reason) -> Step:
    shown = _shown(origin or "")
    fix = None
    match reason:
        case Reason.ANY_ORIGIN:
            why = 'allow_origins has "*": any origin, and none.'
        case Reason.ORIGIN_ABSENT:
            why = "There is no Origin header: the page is of the same origin, or no script of a page asked."
        case Reason.ORIGIN_LISTED:
            why = f"{shown} is listed in allow_origins."
        case Reason.ORIGIN_MATCHES_PATTERN:
            why = f"{shown} matches {_pattern_that_matches(policy, origin or '')} in allow_origins."
        case Reason.ORIGIN_MATCHES_REGEX:
            why = f"{shown} matches allow_origin_regex, {_shown(policy.allow_origin_regex or '')}."
        case Reason.ORIGIN_NULL:
            why = "null is what sandboxed frames, data: URLs and files send, and it is not listed in allow_origins."
            fix = "serve the page from an origin of its own over HTTP; listing null would let any site in."
        case Reason.ORIGIN_TOO_LONG:
            why = f"It has more than {MAX_ORIGIN} bytes, which no origin has."
            fix = "this was not sent by a browser; leave it refused."
        case Reason.ORIGIN_MALFORMED:
            why, fix = _malformed(origin or "")
        case _:
            why, fix = _not_listed(policy, origin or "")
    return Step(question="Origin", reason=reason, why=why, fix=fix)


def _malformed(origin: str) -> tuple[str, str]:
    diagnosis = diagnose(origin)
    why = f"{_shown(origin)} is no origin." if diagnosis is None else diagnosis.reason
    if diagnosis is None or not diagnosis.replacements:
        return why, "explain the origin that the page's Origin header has: scheme://host, or scheme://host:port."
    return why, f"a browser sends {elements_literal(diagnosis.replacements)} for it; explain that."


def _not_listed(policy: PolicyFields, origin: str) -> tuple[str, str]:
    parsed = parse_origin(origin)
    near = None if parsed is None else Nearest(policy).find(parsed)
    has = _listing(policy.allow_origins) if policy.allow_origins else "none"
    why = f"{_shown(origin)} is not in allow_origins, which has {has}"
    why += "." if policy.allow_origin_regex is None else "; and allow_origin_regex does not match it."
    if not can_be_listed(origin):
        return _malformed(origin)
    fix = f"if its pages are yours, add {literal(origin)} to allow_origins."
    if policy.constant_allow_origin:
        fix = f"{fix[:-1]}, and remove constant_allow_origin, which is for one origin alone."
    return (why if near is None else f"{why} Near it is {near[0]}: {near[1]}."), fix


def _pattern_that_matches(policy: PolicyFields, origin: str) -> str:
    """Return the listed pattern that lets `origin` in, by asking for each whether it alone would."""
    return next(text for text in policy.allow_origins if OriginMatcher([text]).allows(_bytes(origin)))


def _method_step(policy: PolicyFields, method: str, reason: Reason) -> Step:
    listed = _listing(allowed_methods(policy.allow_methods)) or "none"
    shown = _shown(method)
    fix = None
    if reason is Reason.METHOD_LISTED:
        why = f"{shown} is in allow_methods."
    elif reason is Reason.METHOD_NOT_SERVED:
        why = f"{shown} is in allow_methods, but no route of this path takes it."
        fix = "correct the page's method or its address."
    elif is_forbidden_method(method):
        why, fix = f"No browser lets a script send {shown}.", "use another method."
    elif reason is Reason.METHOD_TOO_LONG:
        why, fix = f"It has {len(method)} letters, which is more than is read.", "name a method in the page."
    elif reason is Reason.METHOD_MALFORMED:
        why = f"{shown} is not a method. The page's own call fails before anything is sent."
        fix = "use a method that is one word."
    elif method != method.upper() and method.upper() in STANDARD_METHODS:
        upper = method.upper()
        why = f"{method} is not {upper}: methods are compared letter by letter, and browsers do not change this one."
        fix = f'say method: "{upper}" in the page.'
        if upper not in allowed_methods(policy.allow_methods):
            fix = f"{fix[:-1]}, and add {literal(upper)} to allow_methods."
    else:
        why = f"{shown} is not in allow_methods, which allows {listed}."
        # `*` is a token, and a list that has it means all standard methods, never this one.
        fix = "name a method in the page." if method == WILDCARD else f"add {_pasted([method])} to allow_methods."
    return Step(question="Method, if the browser asks first", reason=reason, why=why, fix=fix)


def _headers_step(plan: Plan, names: tuple[str, ...], reason: Reason) -> Step:
    fix = None
    if reason is Reason.HEADERS_LISTED:
        why = f"{_listing(names)}: always allowed, or in allow_headers."
    elif reason is Reason.ANY_HEADERS:
        why = 'allow_headers has "*".'
    elif reason is Reason.HEADERS_NOT_LISTED:
        refused = [name for name in names if _refuses_name(plan, name)]
        why = f"{_listing(refused)}: not in allow_headers."
        misplaced = [name for name in refused if name in ALL_CORS_RESPONSE_HEADERS]
        missing = [name for name in refused if name not in ALL_CORS_RESPONSE_HEADERS]
        fixes = [
            f"remove {_listing(misplaced)} from the page's request: the server answers with it" if misplaced else "",
            f"add {_pasted(missing)} to allow_headers" if missing else "",
        ]
        fix = f"{'; '.join(filter(None, fixes))}."
    elif reason is Reason.HEADERS_MALFORMED:
        bad = [name for name in names if not is_token(name)]
        why = f"{_listing(bad)}: not a header name. The page's own call fails before anything is sent."
        fix = "correct the name in the page."
    else:
        why, fix = "The names are longer, all together, than what is read.", "send fewer headers."
    return Step(question="Headers, if the browser asks first", reason=reason, why=why, fix=fix)


def _refuses_name(plan: Plan, name: str) -> bool:
    return plan.decide_preflight((), (b"GET",), (_bytes(name),)).headers is Reason.HEADERS_NOT_LISTED


def _is_never_sent(method: str, preflight: PreflightDecision) -> bool:
    return (
        is_forbidden_method(method)
        or preflight.method is Reason.METHOD_MALFORMED
        or preflight.headers is Reason.HEADERS_MALFORMED
    )


def _outcome(
    policy: PolicyFields,
    method: str,
    preflight: PreflightDecision | None,
    actual: ActualDecision,
    dropped: tuple[str, ...],
) -> Iterator[str]:
    if dropped:
        yield f"Left out: {_listing(dropped)}; browsers set it themselves, and let no page do so."
    if actual.origin is Reason.ORIGIN_ABSENT:
        yield "The request reaches the app, and no browser checks the response."
        return
    if preflight is not None and _is_never_sent(method, preflight):
        yield "Nothing is sent: the page's own call fails."
        return
    if preflight is not None:
        answer = preflight.response
        then = "and the request follows" if preflight.allowed else "and the request is never sent"
        yield f'If the browser asks first, it is answered {answer.status} "{answer.body.decode()}", {then}.'
    if not actual.allowed:
        yield "If it does not ask, the request reaches the app all the same; the page may not read the response."
        return
    reads = "the page may read the response, which carries:"
    if preflight is None:
        yield reads.capitalize()
    else:
        yield f"Then {reads}" if preflight.allowed else f"If it does not ask, {reads}"
    yield from (f"   {name.decode()}: {value.decode()}" for name, value in actual.response.ready)
    if policy.allow_credentials:
        yield "Requests with credentials (cookies, HTTP authentication) are allowed."
    else:
        yield "A request with credentials would be refused by the browser: allow_credentials is False."


def _verdict(reason: Reason) -> str:
    if reason is Reason.ORIGIN_ABSENT:
        return "not a CORS request"
    return "allowed" if reason.allows else "refused"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shown(text: str) -> str:
    plain = text.isprintable() and text == text.strip() != ""
    escaped = text if plain else repr(text)
    return escaped if len(escaped) <= _SHOWN else f"{escaped[: _SHOWN - 1]}…"


def _listing(texts: Sequence[str]) -> str:
    more = len(texts) - _LISTED
    return ", ".join(map(_shown, texts[:_LISTED])) + (f" and {more} more" if more > 0 else "")


def _pasted(texts: Sequence[str]) -> str:
    whole = elements_literal(texts)
    return whole if len(whole) <= _PASTED else f"{len(texts)} names" if len(texts) > 1 else "it"
