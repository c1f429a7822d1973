"""Say why a policy refused a request, and what to change: the short words of the log.

The judging is done; this finds the words, for the few requests that are told of. Whatever a request brought is
measured, escaped to printable ASCII and cut, so that no stranger writes a line of his own into a log or speaks to a
terminal.
"""

from __future__ import annotations

from crossorigin.fetch.fields import WILDCARD, split_list
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS, is_forbidden_method
from crossorigin.fetch.origin import MAX_ORIGIN, parse_origin
from crossorigin.policy.check.origin_repair import diagnose
from crossorigin.policy.decide.decisions import Decision, PreflightDecision, Reason
from crossorigin.policy.errors import IssueCode
from crossorigin.policy.explain.nearest import Nearest
from crossorigin.policy.fields import allowed_headers, allowed_methods
from crossorigin.policy.literals import literal
from crossorigin.policy.pattern import can_be_listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crossorigin.policy.fields import PolicyFields

# Characters of one value of a request, its quotes and escapes among them.
MAX_SHOWN = 120
# Header names that are told of.
_MAX_NAMES = 8

_SEVERAL = "It holds several origins; a browser sends one."
_SENTENCES = {
    Reason.ORIGIN_REPEATED: "There are several Origin lines; a browser sends one.",
    Reason.ORIGIN_TOO_LONG: f"The Origin has more than {MAX_ORIGIN} bytes, which no origin has.",
    Reason.ORIGIN_NULL: "Sandboxed frames, data: URLs and files send null, and so does any page after a redirect from "
    "one foreign origin to another: serve the page from an origin of its own, or call the address it is sent to.",
    Reason.METHOD_REPEATED: "There are several Access-Control-Request-Method lines; a browser sends one.",
    Reason.METHOD_TOO_LONG: "The method is longer than what is read.",
    Reason.METHOD_MALFORMED: "The method is not a token, so no browser asks for it.",
    Reason.METHOD_NOT_SERVED: "allow_methods has the method, but no route of this path takes it: correct the page's "
    "method or its address.",
    Reason.HEADERS_TOO_LONG: "The header names are longer, all together, than what is read.",
    Reason.HEADERS_TOO_SPARSE: "The list of header names has more empty elements than what is read.",
    Reason.HEADERS_MALFORMED: "A header name is not a token, so no browser asks for it.",
}


def shown(value: str | bytes) -> str:
    r"""Write what a request brought as a quoted text of printable ASCII, cut to `MAX_SHOWN` characters.

    >>> shown(b"https://a.example\r\n")
    "'https://a.example\\r\\n'"
    """
    cut = value[:MAX_SHOWN]
    escaped = ascii(cut.decode("latin-1") if isinstance(cut, bytes) else cut)
    # With its quotes, what was cut is longer too.
    return escaped if len(escaped) <= MAX_SHOWN else f"{escaped[: MAX_SHOWN - 3]}..."


class RefusalWords:
    """Find the words for what one policy refuses."""

    __slots__ = ("_methods", "_names", "_nearest", "_policy")

    def __init__(self, policy: PolicyFields) -> None:
        """Make ready what is looked up."""
        self._policy = policy
        self._nearest = Nearest(policy)
        self._methods = frozenset(allowed_methods(policy.allow_methods))
        self._names = frozenset(map(str.lower, allowed_headers(policy.allow_headers)))

    def describe(
        self, decision: Decision, origin: Sequence[bytes], method: Sequence[bytes], headers: Sequence[bytes]
    ) -> str:
        """Say what refuses, the nearest thing that is allowed, and what to change, in a sentence or a few.

        The lines are those that were judged: of `Origin`, and of a preflight's request for a method and for headers.
        """
        told = [self._of(decision.origin, origin)]
        if isinstance(decision, PreflightDecision):
            told += [self._of(decision.method, method), self._of(decision.headers, headers)]
        return " ".join(filter(None, told))

    def _of(self, reason: Reason, lines: Sequence[bytes]) -> str | None:
        first = b"".join(lines[:1]).decode("latin-1")
        match reason:
            case Reason.ORIGIN_NOT_LISTED | Reason.ORIGIN_MALFORMED:
                return self._of_origin(first)
            case Reason.METHOD_NOT_LISTED:
                return self._of_method(first)
            case Reason.HEADERS_NOT_LISTED:
                return self._of_headers(name.decode("latin-1").lower() for name in split_list(lines)[0])
            case _:
                return _SENTENCES.get(reason)

    def _of_origin(self, text: str) -> str:
        origin = parse_origin(text)
        if origin is None or not can_be_listed(text):
            diagnosis = diagnose(text)
            if diagnosis is None:
                return "It is no origin."
            return _SEVERAL if diagnosis.code is IssueCode.ORIGIN_SEVERAL else diagnosis.reason
        near = self._nearest.find(origin)
        told = "" if near is None else f"{near[0]} is allowed; the request came from {text}: {near[1]}. "
        if near is not None and self._policy.allow_credentials and text == near[0].replace("https://", "http://"):
            # Listed, it would be warned of: whoever is on the network between could act as the user.
            return f"{told}Serve the page over https."
        alone = ", and remove constant_allow_origin, which is for one origin alone"
        also = alone if self._policy.constant_allow_origin else ""
        return f"{told}If its pages are yours, add {literal(text)} to allow_origins{also}."

    def _of_method(self, method: str) -> str:
        if is_forbidden_method(method):
            return f"No browser lets a script send {shown(method)}."
        if method == WILDCARD:
            return "A page has to name its method."
        upper = method.upper()
        if method == upper or upper not in STANDARD_METHODS:
            return f"allow_methods lacks {shown(method)}: add it if the API takes it."
        also = "" if upper in self._methods else ", and add it to allow_methods"
        return f"Methods are compared letter by letter: say {shown(upper)} in the page{also}."

    def _of_headers(self, requested: Iterable[str]) -> str:
        names = [name for name in dict.fromkeys(requested) if name not in self._names]
        # Never advise to list `*` because a request has a header of this name: it would stand for all.
        misplaced = [name for name in names if name in ALL_CORS_RESPONSE_HEADERS or name == WILDCARD]
        missing = [name for name in names if name not in misplaced]
        told = [
            f"Remove {_listing(misplaced)} from the page's request: it says nothing there." if misplaced else "",
            f"allow_headers lacks {_listing(missing)}: add what the API reads." if missing else "",
        ]
        return " ".join(filter(None, told))


def _listing(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMES
    return ", ".join(map(shown, names[:_MAX_NAMES])) + (f" and {more} more" if more > 0 else "")
