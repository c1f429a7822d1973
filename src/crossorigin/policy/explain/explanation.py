"""Step-by-step explanation of a policy's decision on one request of a page.

The plan decides the requests that a browser would send. This module only describes its decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS, is_forbidden_request_header
from crossorigin.fetch.methods import STANDARD_METHODS, is_forbidden_method, is_token, normalize_method
from crossorigin.fetch.origin import MAX_ORIGIN, parse_origin
from crossorigin.policy.decide.cross_site import SAFE_METHODS
from crossorigin.policy.decide.decisions import ActualDecision, PreflightDecision, Reason
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.explain.malformed import describe_malformed
from crossorigin.policy.explain.nearest import Nearest
from crossorigin.policy.fields import allowed_methods
from crossorigin.policy.literals import elements_literal, literal
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crossorigin.policy.decide.plan import Plan
    from crossorigin.policy.fields import PolicyFields
    from crossorigin.policy.origin_source import OriginSource

_MAX_SHOWN = 120
_MAX_LISTED = 8
_MAX_LITERALS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an explanation: what was checked, the outcome, why, and what to change if it was refused."""

    question: str
    reason: Reason
    why: str
    fix: str | None = None

    def __str__(self) -> str:
        """Return the step in one line, and its fix in another."""
        line = f"{self.question}: {_verdict(self.reason)}. {self.why} [{self.reason}]"
        return line if self.fix is None else f"{line}\n   Fix: {self.fix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A policy's decision on a request of a page, with its reasons.

    `str()` is for people, `steps` are for programs. Both describe two decisions: `actual` on the request itself, and
    `preflight` on the OPTIONS request that a browser may send first. `preflight` is None if the page sends no Origin.
    `method` and `request_headers` have the form in which a browser sends them. `route` names the route, router or app
    that the policy is attached to, unless it is the policy of the outermost app.
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
        """Whether the request succeeds with and without a preflight."""
        return self.actual.allowed and (self.preflight is None or self.preflight.allowed)

    def __str__(self) -> str:
        """Return the explanation as text for people."""
        who = "a page that sends no Origin header" if self.origin is None else _shown(self.origin)
        what = f" with {_listing(self.request_headers)}" if self.request_headers else ""
        steps = [f"{number}. {step}" for number, step in enumerate(self.steps, 1)]
        heading = f"{_shown(self.method)} from {who}{what}: {self._verdict()}."
        if self.route is not None:
            heading += f" Decided by the policy of {self.route}."
        return "\n".join([heading, "", *steps, "", *self.outcome])

    def _verdict(self) -> str:
        if self.allowed or not self.actual.allowed:
            return _verdict(self.actual.origin)
        if self.preflight is not None and _is_never_sent(self.method, self.preflight):
            return "refused by the browser"
        return "refused if the browser sends a preflight"


def explain(
    policy: PolicyFields,
    plan: Plan,
    method: str,
    origin: str | None,
    request_headers: Iterable[str],
    *,
    route: str | None = None,
) -> Explanation:
    """Decide a page's request and the preflight that a browser would send for it, and explain both decisions.

    Raises:
        TypeError: `request_headers` is one string.
    """
    if isinstance(request_headers, str):
        message = f"request_headers is a list of names, not one string: {[request_headers]!r:.120}"
        raise TypeError(message)
    given = tuple(request_headers)
    sent = normalize_method(method)
    # https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names: lower-case, sorted, without duplicates. Browsers
    # drop forbidden names before they send a preflight.
    names = tuple(sorted({name.lower() for name in given if not is_forbidden_request_header(name)}))
    dropped = tuple(name for name in given if is_forbidden_request_header(name))
    lines = () if origin is None else (_bytes(origin),)
    actual = plan.decide_actual(lines)
    preflight = None
    steps = [_origin_step(policy, plan.live, origin, actual.origin)]
    if origin is not None:
        preflight = plan.decide_preflight(lines, (_bytes(sent),), _request_header_lines(names))
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


def _request_header_lines(names: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the `Access-Control-Request-Headers` lines that a browser sends for header names."""
    if all(map(is_token, names)):
        return (_bytes(",".join(names)),) if names else ()
    # Browsers never send an invalid name. In a list it could be read as several names, so a single one is used.
    return (b"()",)


def _origin_step(policy: PolicyFields, live: OriginSource | None, origin: str | None, reason: Reason) -> Step:
    shown = _shown(origin or "")
    fix = None
    match reason:
        case Reason.ANY_ORIGIN:
            why = 'allow_origins contains "*", which allows every request, with or without an Origin header.'
        case Reason.ORIGIN_ABSENT:
            why = "There is no Origin header. The page has the server's own origin, or no page sent the request."
        case Reason.ORIGIN_LISTED:
            why = f"{shown} is listed in allow_origins."
        case Reason.ORIGIN_MATCHES_PATTERN:
            why = f"{shown} matches {_pattern_that_matches(policy, origin or '')} in allow_origins."
        case Reason.ORIGIN_MATCHES_REGEX:
            why = f"{shown} matches allow_origin_regex, {_shown(policy.allow_origin_regex or '')}."
        case Reason.ORIGIN_LIVE if live is not None:
            why = f"{shown} is in {live.describe()}."
        case Reason.ORIGIN_NULL:
            why = "Sandboxed frames, data: URLs and files send null, which is not listed in allow_origins."
            fix = "serve the page over HTTP, so that it has its own origin. Listing null would allow any site."
        case Reason.ORIGIN_TOO_LONG:
            why = f"The origin is longer than {MAX_ORIGIN} bytes; no real origin is that long."
            fix = "none needed, because no browser sends this."
        case Reason.ORIGIN_MALFORMED:
            why, fix = _explain_malformed(origin or "")
        case _:
            why, fix = _explain_not_listed(policy, live, origin or "")
    return Step(question="Origin", reason=reason, why=why, fix=fix)


def _explain_malformed(origin: str) -> tuple[str, str]:
    why, replacements = describe_malformed(origin)
    if not replacements:
        return why, "use the value of the page's Origin header, which has the form scheme://host or scheme://host:port."
    return why, f"use {elements_literal(replacements)}, the form that browsers send."


def _explain_not_listed(policy: PolicyFields, live: OriginSource | None, origin: str) -> tuple[str, str]:
    parsed = parse_origin(origin)
    closest = None if parsed is None else Nearest(policy, live).find(parsed)
    content = f"contains {_listing(policy.allow_origins)}" if policy.allow_origins else "is empty"
    why = f"{_shown(origin)} is not in allow_origins, which {content}"
    why += "." if policy.allow_origin_regex is None else ", and allow_origin_regex does not match it."
    if live is not None:
        why += f" It is not in {live.describe()} either."
    if not can_be_listed(origin):
        return _explain_malformed(origin)
    fix = f"if you trust this origin, add {literal(origin)} to allow_origins."
    if live is not None:
        fix = f"{live.advise(origin)}."
    elif policy.constant_allow_origin:
        fix = f"{fix[:-1]}, and remove constant_allow_origin, which works with one origin only."
    return (why if closest is None else f"{why} The closest allowed origin is {closest[0]}: {closest[1]}."), fix


def _pattern_that_matches(policy: PolicyFields, origin: str) -> str:
    """Return the first listed pattern that allows `origin`."""
    return next(text for text in policy.allow_origins if OriginMatcher([text]).allows(_bytes(origin)))


def _method_step(policy: PolicyFields, method: str, reason: Reason) -> Step:
    listed = _listing(allowed_methods(policy.allow_methods))
    content = f"allows {listed}" if listed else "is empty"
    shown = _shown(method)
    fix = None
    if reason is Reason.METHOD_LISTED:
        why = f"{shown} is in allow_methods."
    elif reason is Reason.METHOD_NOT_SERVED:
        why = f"{shown} is in allow_methods, but no route at this path accepts it."
        fix = "correct the method or the URL in the page."
    elif is_forbidden_method(method):
        why, fix = f"Browsers do not let scripts send {shown}.", "use another method."
    elif reason is Reason.METHOD_TOO_LONG:
        why, fix = f"The method is {len(method)} characters long, which is over the limit.", "use a valid method."
    elif reason is Reason.METHOD_MALFORMED:
        why = f"{shown} is not a valid method, so the page's call fails and nothing is sent."
        fix = "use a method that is a single word."
    elif method != method.upper() and method.upper() in STANDARD_METHODS:
        upper = method.upper()
        why = f"{method} is not {upper}: methods are case-sensitive, and browsers do not change the case of this one."
        fix = f'write method: "{upper}" in the page.'
        if upper not in allowed_methods(policy.allow_methods):
            fix = f"{fix[:-1]}, and add {literal(upper)} to allow_methods."
    else:
        why = f"{shown} is not in allow_methods, which {content}."
        # `*` is a valid token, but in allow_methods it means all standard methods.
        fix = "use a valid method." if method == WILDCARD else f"add {_literals([method])} to allow_methods."
    return Step(question="Preflight method", reason=reason, why=why, fix=fix)


def _headers_step(plan: Plan, names: tuple[str, ...], reason: Reason) -> Step:
    fix = None
    if reason is Reason.HEADERS_LISTED:
        why = f"Listed in allow_headers, or always allowed: {_listing(names)}."
    elif reason is Reason.ANY_HEADERS:
        why = 'allow_headers contains "*".'
    elif reason is Reason.HEADERS_NOT_LISTED:
        refused = [name for name in names if _refuses_name(plan, name)]
        why = f"Not in allow_headers: {_listing(refused)}."
        misplaced = [name for name in refused if name in ALL_CORS_RESPONSE_HEADERS]
        missing = [name for name in refused if name not in ALL_CORS_RESPONSE_HEADERS]
        fixes = [
            f"remove {_listing(misplaced)} from the page's request, because only responses have such headers"
            if misplaced
            else "",
            f"add {_literals(missing)} to allow_headers" if missing else "",
        ]
        fix = f"{'; '.join(filter(None, fixes))}."
    elif reason is Reason.HEADERS_MALFORMED:
        bad = [name for name in names if not is_token(name)]
        why = f"Invalid header name: {_listing(bad)}. The page's call fails and nothing is sent."
        fix = "correct the name in the page."
    else:
        why, fix = "The header names are too long in total.", "send fewer headers."
    return Step(question="Preflight headers", reason=reason, why=why, fix=fix)


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
        yield f"Ignored: {_listing(dropped)}. Only browsers can set such headers."
    if actual.origin is Reason.ORIGIN_ABSENT:
        yield "The request reaches the app, and browsers do not apply CORS to the response."
        if method not in SAFE_METHODS:
            yield (
                'With on_refused="block", it is refused if it has "Sec-Fetch-Site: cross-site" '
                f"[{Reason.ORIGIN_ABSENT_CROSS_SITE}]."
            )
        return
    if preflight is not None and _is_never_sent(method, preflight):
        yield "The page's call fails and nothing is sent."
        return
    if preflight is not None:
        answer = preflight.response
        sends = "sends" if preflight.allowed else "does not send"
        answers = f'the server answers {answer.status} "{answer.body.decode()}"'
        condition = "If the browser first sends a preflight (an OPTIONS request)"
        yield f"{condition}, {answers}, and the browser {sends} the request."
    if not actual.allowed:
        yield "Without a preflight, the request still reaches the app, but the page cannot read the response."
        return
    page = "The page" if preflight is None or preflight.allowed else "Without a preflight, the page"
    yield f"{page} can read the response, which has these headers:"
    yield from (f"   {name.decode()}: {value.decode()}" for name, value in actual.response.ready)
    if policy.allow_credentials:
        yield "Requests with credentials (cookies, HTTP authentication) are allowed."
    else:
        yield "Requests with credentials (cookies, HTTP authentication) fail, because allow_credentials is False."


def _verdict(reason: Reason) -> str:
    if reason is Reason.ORIGIN_ABSENT:
        return "not a CORS request"
    return "allowed" if reason.allows else "refused"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shown(text: str) -> str:
    plain = text.isprintable() and text == text.strip() != ""
    escaped = text if plain else repr(text)
    return escaped if len(escaped) <= _MAX_SHOWN else f"{escaped[: _MAX_SHOWN - 1]}…"


def _listing(texts: Sequence[str]) -> str:
    more = len(texts) - _MAX_LISTED
    return ", ".join(map(_shown, texts[:_MAX_LISTED])) + (f" and {more} more" if more > 0 else "")


def _literals(texts: Sequence[str]) -> str:
    whole = elements_literal(texts)
    return whole if len(whole) <= _MAX_LITERALS else f"{len(texts)} names" if len(texts) > 1 else "it"
