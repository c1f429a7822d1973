"""Descriptions of refused requests for the log: why a policy refused, and what to change.

This module decides nothing, and runs only for the few requests that are logged. Values from a request are escaped to
printable ASCII and truncated, so that clients can neither forge log lines nor send control characters to a terminal.
"""

from __future__ import annotations

from crossorigin.fetch.fields import WILDCARD, split_list
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS, is_forbidden_method
from crossorigin.fetch.origin import MAX_ORIGIN, parse_origin
from crossorigin.policy.decide.decisions import Decision, PreflightDecision, Reason
from crossorigin.policy.explain.malformed import describe_malformed
from crossorigin.policy.explain.nearest import Nearest
from crossorigin.policy.fields import allowed_headers, allowed_methods
from crossorigin.policy.literals import literal
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crossorigin.policy.fields import PolicyFields
    from crossorigin.policy.origin_source import OriginSource

# The length of one value from a request in a log line, including its quotes and escapes.
MAX_SHOWN = 120
# The number of header names in a log line.
_MAX_NAMES = 8

_SENTENCES = {
    Reason.ORIGIN_ABSENT_CROSS_SITE: "Sec-Fetch-Site says that a page of another site sent the request, but it has no "
    "Origin header. Browsers send Origin with this method, so check whether a proxy removes it.",
    Reason.ORIGIN_REPEATED: "The request has several Origin headers; browsers send exactly one.",
    Reason.ORIGIN_TOO_LONG: f"The Origin header is longer than {MAX_ORIGIN} bytes; no real origin is that long.",
    Reason.ORIGIN_NULL: "Sandboxed frames, data: URLs and files send null. So do requests that a third origin "
    "redirects to this one. Serve the page from its own origin, or request the target of the redirect directly.",
    Reason.METHOD_REPEATED: "The request has several Access-Control-Request-Method headers; browsers send exactly one.",
    Reason.METHOD_TOO_LONG: "The requested method is over the length limit.",
    Reason.METHOD_MALFORMED: "The requested method is not a valid token, so no browser sent it.",
    Reason.METHOD_NOT_SERVED: "The method is in allow_methods, but no route at this path accepts it. Correct the "
    "method or the URL in the page.",
    Reason.HEADERS_TOO_LONG: "The requested header names are too long in total.",
    Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS: "The list of requested header names has too many empty elements.",
    Reason.HEADERS_MALFORMED: "A requested header name is not a valid token, so no browser sent it.",
}


def shown(value: str | bytes) -> str:
    r"""Return a value from a request as quoted printable ASCII, cut to `MAX_SHOWN` characters.

    >>> shown(b"https://a.example\r\n")
    "'https://a.example\\r\\n'"
    """
    cut = value[:MAX_SHOWN]
    escaped = ascii(cut.decode("latin-1") if isinstance(cut, bytes) else cut)
    # The quotes make a value that was cut longer than `MAX_SHOWN` too, so that it gets the dots.
    return escaped if len(escaped) <= MAX_SHOWN else f"{escaped[: MAX_SHOWN - 3]}..."


class RefusalDescriber:
    """Descriptions of the requests that one policy refuses, together with the live origins next to it."""

    __slots__ = ("_live", "_methods", "_names", "_nearest", "_policy")

    def __init__(self, policy: PolicyFields, live: OriginSource | None = None) -> None:
        """Build the tables that the descriptions need."""
        self._policy = policy
        self._live = live
        self._nearest = Nearest(policy, live)
        self._methods = frozenset(allowed_methods(policy.allow_methods))
        self._names = frozenset(map(str.lower, allowed_headers(policy.allow_headers)))

    def describe(
        self, decision: Decision, origin: Sequence[bytes], method: Sequence[bytes], headers: Sequence[bytes]
    ) -> str:
        """Return in a few sentences what was refused, what is allowed instead, and what to change.

        The lines are those that the decision was made from: of `Origin`, and for a preflight of
        `Access-Control-Request-Method` and `Access-Control-Request-Headers`.
        """
        sentences = [self._describe_one(decision.origin, origin)]
        if isinstance(decision, PreflightDecision):
            sentences += [self._describe_one(decision.method, method), self._describe_one(decision.headers, headers)]
        return " ".join(filter(None, sentences))

    def _describe_one(self, reason: Reason, lines: Sequence[bytes]) -> str | None:
        first = b"".join(lines[:1]).decode("latin-1")
        match reason:
            case Reason.ORIGIN_NOT_LISTED | Reason.ORIGIN_NOT_LIVE | Reason.ORIGIN_MALFORMED:
                return self._describe_origin(first)
            case Reason.METHOD_NOT_LISTED:
                return self._describe_method(first)
            case Reason.HEADERS_NOT_LISTED:
                return self._describe_headers(name.decode("latin-1").lower() for name in split_list(lines)[0])
            case _:
                return _SENTENCES.get(reason)

    def _describe_origin(self, text: str) -> str:
        origin = parse_origin(text)
        if origin is None or not can_be_listed(text):
            return describe_malformed(text)[0]
        closest = self._nearest.find(origin)
        advice = f"If you trust this origin, add {literal(text)} to allow_origins"
        if not self._policy.allow_origins and self._policy.allow_origin_regex is None:
            # The likely cause is a setting that is empty in this environment.
            advice = f"allow_origins is empty, so no other origin is allowed. {advice}"
        if self._live is not None:
            advice = self._live.advise(text)
            advice = advice[0].upper() + advice[1:]
        if self._policy.constant_allow_origin:
            advice += ", and remove constant_allow_origin, which works with one origin only"
        if closest is None:
            return f"{advice}."
        allowed, difference = closest
        if self._policy.allow_credentials and text == allowed.replace("https://", "http://"):
            # Listing the http origin would cause a warning: an attacker on the network path could act as the user.
            advice = "Serve the page over https"
        return f"{allowed} is allowed, but the request came from {text}: {difference}. {advice}."

    def _describe_method(self, method: str) -> str:
        if is_forbidden_method(method):
            return f"Browsers do not let scripts send {shown(method)}."
        if method == WILDCARD:
            return "'*' is not a method. Use the name of a method in the page."
        upper = method.upper()
        if method == upper or upper not in STANDARD_METHODS:
            return f"{shown(method)} is not in allow_methods; add it if your API uses it."
        also = "" if upper in self._methods else ", and add it to allow_methods"
        return f"Methods are case-sensitive: write {shown(upper)} in the page{also}."

    def _describe_headers(self, requested: Iterable[str]) -> str:
        names = [name for name in dict.fromkeys(requested) if name not in self._names]
        # A request header with the name `*` must not lead to the advice to list `*`, which would allow all headers.
        misplaced = [name for name in names if name in ALL_CORS_RESPONSE_HEADERS or name == WILDCARD]
        missing = [name for name in names if name not in misplaced]
        sentences: list[str] = []
        if misplaced:
            has = "it has" if len(misplaced) == 1 else "they have"
            sentences.append(f"Remove {_listing(misplaced)} from the page's request; {has} no effect there.")
        if missing:
            are, which = ("is", "it if your API uses it") if len(missing) == 1 else ("are", "those that your API uses")
            sentences.append(f"{_listing(missing)} {are} not in allow_headers; add {which}.")
        return " ".join(sentences)


def _listing(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMES
    return ", ".join(map(shown, names[:_MAX_NAMES])) + (f" and {more} more" if more > 0 else "")
