"""Faulty middlewares: each answers incorrectly in one respect, as packages and hand-written ones do or did.

All of them wrap the correct middleware and change one thing: which requests they allow, or what they send.
"""

# A faulty middleware overrides a method of `FaultyMiddleware`, and need not use all of its arguments.

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from crossorigin import CORSMiddleware, Reason
from crossorigin.fetch.methods import is_token_bytes
from crossorigin.fetch.origin import parse_origin, parse_origin_bytes
from crossorigin.policy.decide.judge import Judge
from crossorigin.policy.decide.response import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_ORIGIN, VARY
from crossorigin.policy.fields import allowed_headers, allowed_methods

Headers = list[tuple[bytes, bytes]]

# The row of the browser's table that consists of several requests: see `cache_verdict`.
CACHE = "the HTTP cache"
_OWN = "the app's own headers"


class FaultyMiddleware:
    """The correct middleware, with methods that subclasses override to make one error."""

    # The rows of the browser's table, for one API, of which at least one detects it; or why none can.
    rows: tuple[str, ...] = ()
    unseen: str = ""

    def __init__(self, app: Any, **options: Any) -> None:
        self.app = app
        self.correct = CORSMiddleware(self._app, **options)
        self.policy = self.correct.policy
        self.judge = Judge(self.policy)
        self.correct._plan._judge = _FaultyJudge(self)
        self.exact = [origin for origin in self.policy.allow_origins if "*" not in origin]
        self.wildcards = [origin for origin in self.policy.allow_origins if "*" in origin and origin != "*"]
        self.regex = self.policy.allow_origin_regex or "(?!)"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer correctly, then change the response."""
        scope = {**scope, _OWN: None}

        async def answering(message: Any) -> None:
            if message["type"] == "http.response.start":
                status, headers = self.answer(scope, message["status"], list(message["headers"]), scope[_OWN])
                message = {**message, "status": status, "headers": headers}
            await send(message)

        await self.correct(scope, receive, answering)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                scope[_OWN] = message["headers"]
            await send(message)

        await self.app(scope, receive, noting)

    def lets_in(self, origin: str) -> bool:
        """Return whether a valid origin that must be refused is allowed."""
        return False

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        """Return whether Origin lines that must be refused are allowed, whatever they contain."""
        return len(lines) == 1 and parse_origin_bytes(lines[0]) is not None and self.lets_in(_text(lines[0]))

    def lets_method(self, method: str) -> bool:
        """Return whether a requested method that must be refused is allowed."""
        return False

    def lets_headers(self, names: set[bytes]) -> bool:
        """Return whether requested names that must be refused are allowed."""
        return False

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        """Return the status and headers to send. `own` has the headers of the app, or None if it did not run."""
        return status, headers if own is None else self.edit(headers, own)

    def edit(self, headers: Headers, own: Headers) -> Headers:
        """Return the headers of an actual response."""
        return headers


class _FaultyJudge(Judge):
    """Decide like the correct judge, then call the faulty middleware for what was refused."""

    def __init__(self, faulty: FaultyMiddleware) -> None:
        super().__init__(faulty.policy)
        self._faulty = faulty

    def judge_origin(self, lines: Sequence[bytes]) -> Reason:
        reason = super().judge_origin(lines)
        if lines and not reason.allows and self._faulty.lets_in_lines(lines):
            return Reason.ORIGIN_MATCHES_REGEX
        return reason

    def judge_method(self, lines: Sequence[bytes]) -> Reason:
        reason = super().judge_method(lines)
        if len(lines) == 1 and not reason.allows and self._faulty.lets_method(_text(lines[0])):
            return Reason.METHOD_LISTED
        return reason

    def judge_headers(self, lines: Sequence[bytes]) -> tuple[Reason, list[bytes]]:
        reason, names = super().judge_headers(lines)
        if not reason.allows:
            asked = [name.strip() for line in lines for name in line.split(b",") if name.strip()]
            if self._faulty.lets_headers({name.lower() for name in asked}):
                return Reason.ANY_HEADERS, asked
        return reason, names


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for given, value in headers if given.lower() == name]


def _replaced(headers: Headers, name: bytes, values: Iterable[bytes]) -> Headers:
    return [*(line for line in headers if line[0].lower() != name), *((name, value) for value in values)]


# Errors in which requests are allowed.


class AnyOrigin(FaultyMiddleware):
    """Echoes any origin, as hand-written middlewares do that return the request's Origin."""

    rows = ("GET, not listed",)

    def lets_in(self, origin: str) -> bool:
        return True


class RegexBySearch(FaultyMiddleware):
    """Searches for the regular expression anywhere in the origin, as with `re.search`."""

    rows = ("regex, only a part matches",)

    def lets_in(self, origin: str) -> bool:
        return re.search(self.regex, origin) is not None


class RegexByMatch(FaultyMiddleware):
    """Matches only the start of the origin, as Starlette did until 2020 and Flask-CORS does."""

    rows = ("regex, only a part matches, PUT",)

    def lets_in(self, origin: str) -> bool:
        return re.match(self.regex, origin) is not None


class RegexIgnoringCase(FaultyMiddleware):
    """Ignores case, as Flask-CORS does for values that look like a regular expression."""

    unseen = "a browser writes every origin in lower case"

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        origin = _text(lines[0])
        patterns = [self.regex, *map(re.escape, self.exact)]
        well_formed = len(lines) == 1 and parse_origin(origin.lower()) is not None
        return well_formed and any(re.fullmatch(pattern, origin, re.IGNORECASE) for pattern in patterns)


class UnescapedDot(FaultyMiddleware):
    """Uses a listed origin as a regular expression, so that its dots match any character."""

    rows = ("GET, a letter for a dot",)

    def lets_in(self, origin: str) -> bool:
        return any(re.fullmatch(listed, origin) for listed in self.exact)


class SuffixOfTheOrigin(FaultyMiddleware):
    """Compares the end of the origin with a listed host, as go-zero did (CVE-2024-27302)."""

    rows = ("GET, the listed host as a suffix",)

    def lets_in(self, origin: str) -> bool:
        return any(origin.endswith(listed.partition("://")[2] or listed) for listed in self.exact)


class PrefixOfTheOrigin(FaultyMiddleware):
    """Compares the start of the origin with a listed one."""

    rows = ("GET, listed without its port",)

    def lets_in(self, origin: str) -> bool:
        return any(origin.startswith(listed) for listed in self.exact)


class SubstringOfOneString(FaultyMiddleware):
    """Searches for the origin inside a string, as Starlette does if `allow_origins` is a string instead of a list."""

    rows = ("null, inside a listed host",)

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return len(lines) == 1 and any(_text(lines[0]) in listed for listed in self.exact)


class FileNamePattern(FaultyMiddleware):
    """Matches patterns like file names, across dots, as Cornice does. Litestar writes `.*` for each `*`."""

    unseen = "what `*` may wrongly cross, a slash, a user or a port, a browser's Origin never has inside its host"

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return len(lines) == 1 and any(fnmatch.fnmatchcase(_text(lines[0]), pattern) for pattern in self.wildcards)


class SuffixOfTheWildcard(FaultyMiddleware):
    """Compares the end of a host with the text after `*.`, without the dot."""

    rows = ("pattern, whole labels",)

    def lets_in(self, origin: str) -> bool:
        parts = [pattern.partition("*.") for pattern in self.wildcards]
        return any(dot and origin.startswith(scheme) and origin.endswith(base) for scheme, dot, base in parts)


class WildcardWithItsApex(FaultyMiddleware):
    """A wildcard also matches no label at all, as in the domain of a cookie."""

    rows = ("pattern, never its apex",)

    def lets_in(self, origin: str) -> bool:
        return origin in [pattern.replace("://*.", "://") for pattern in self.wildcards]


class HostAlone(FaultyMiddleware):
    """Compares hosts only, whatever the scheme and the port are, as with `urlsplit`."""

    rows = ("GET, listed with another scheme",)

    def lets_in(self, origin: str) -> bool:
        return urlsplit(origin).hostname in {urlsplit(listed).hostname for listed in self.exact}


class NullAlways(FaultyMiddleware):
    """Allows `null`, as some do for pages that are opened from a disk."""

    rows = ("null, not listed",)

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return list(lines) == [b"null"]


class EmptyOrigin(FaultyMiddleware):
    """Allows an empty Origin, as Starlette does with the `[""]` that results from splitting an empty setting."""

    unseen = "a browser never sends an empty Origin"

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return list(lines) == [b""]


class TrimmedOrigin(FaultyMiddleware):
    """Strips the Origin before it compares, and echoes it as it came."""

    unseen = "a browser sends no white space around an origin"

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return len(lines) == 1 and _text(lines[0]).strip() in self.exact


class RawEcho(FaultyMiddleware):
    """Matches the regular expression with bytes that are not an origin, and echoes them, as Starlette does."""

    unseen = "a browser's Origin is a serialized origin"

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return list(lines) != [b"null"] and len(lines) == 1 and bool(re.fullmatch(self.regex, _text(lines[0])))


class FirstOfTwoOrigins(FaultyMiddleware):
    """Reads the first of two Origin lines, as `headers.get` does in most frameworks."""

    unseen = "a browser sends one Origin line"

    def lets_in_lines(self, lines: Sequence[bytes]) -> bool:
        return len(lines) > 1 and self.judge.judge_origin(lines[:1]).allows


class MethodAsSubstring(FaultyMiddleware):
    """Looks for the method inside the joined list, as Flask-CORS does."""

    rows = ("PAT is not part of PATCH",)

    def lets_method(self, method: str) -> bool:
        return method in ", ".join(allowed_methods(self.policy.allow_methods))


class MethodWithoutCase(FaultyMiddleware):
    """Compares methods in upper case, as Flask-CORS does."""

    rows = ("patch is not PATCH",)

    def lets_method(self, method: str) -> bool:
        return method.upper() in allowed_methods(self.policy.allow_methods)


class UnboundedHeaders(FaultyMiddleware):
    """Accepts any number of requested names, as Starlette does."""

    rows = ("more names than are read",)

    def lets_headers(self, names: set[bytes]) -> bool:
        listed = {name.lower().encode() for name in allowed_headers(self.policy.allow_headers)}
        return names <= listed or ("*" in self.policy.allow_headers and all(map(is_token_bytes, names)))


class EchoedHeaders(FaultyMiddleware):
    """Allows all requested names, as Express's `cors` does by default."""

    rows = ("a header that is not listed",)

    def lets_headers(self, names: set[bytes]) -> bool:
        return True

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        requested = _values(scope["headers"], b"access-control-request-headers")
        if own is None and status == 200 and requested:
            headers = _replaced(headers, ALLOW_HEADERS, [b", ".join(requested)])
        return status, headers


# Errors in what is sent.


class NoVary(FaultyMiddleware):
    """Omits the origin from `Vary`, as Vapor's middleware did, and most hand-written ones do."""

    rows = (CACHE,)

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        return status, _replaced(headers, VARY, _values(own or [], VARY))


class VaryWhereAllowed(FaultyMiddleware):
    """Sends `Vary: Origin` only if the origin is allowed, as gorilla/handlers does."""

    rows = (CACHE,)

    def edit(self, headers: Headers, own: Headers) -> Headers:
        return headers if _values(headers, ALLOW_ORIGIN) else _replaced(headers, VARY, _values(own, VARY))


class VaryOverwritten(FaultyMiddleware):
    """Overwrites the `Vary` of the app, as hand-written code with `headers["Vary"] = "Origin"` does."""

    rows = (CACHE,)

    def edit(self, headers: Headers, own: Headers) -> Headers:
        return _replaced(headers, VARY, [b"Origin"]) if _values(headers, VARY) else headers


class VaryRepeated(FaultyMiddleware):
    """Adds Origin to a `Vary` that already contains it, as Starlette does."""

    unseen = "to a cache, a name that is repeated says the same"

    def edit(self, headers: Headers, own: Headers) -> Headers:
        varies = b"*" not in self.policy.allow_origins and _values(own, VARY)
        return _replaced(headers, VARY, [*_values(own, VARY), b"Origin"]) if varies else headers


class CredentialsForAll(FaultyMiddleware):
    """Sends Access-Control-Allow-Credentials to origins that are refused, as Starlette does."""

    unseen = "a browser reads Access-Control-Allow-Credentials only once the origin is allowed"

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        return status, _replaced(headers, ALLOW_CREDENTIALS, [b"true"] * self.policy.allow_credentials)


class OriginOfTheApp(FaultyMiddleware):
    """Keeps the app's own Access-Control-Allow-Origin if the origin is refused, as Starlette does."""

    rows = ("a route's own CORS, not listed",)

    def edit(self, headers: Headers, own: Headers) -> Headers:
        granted = _values(headers, ALLOW_ORIGIN)
        return headers if granted else [*headers, *((ALLOW_ORIGIN, value) for value in _values(own, ALLOW_ORIGIN))]


class OriginTwice(FaultyMiddleware):
    """Does not find header names with capitals, so that two lines of one header are sent, as Starlette does."""

    rows = ("a route's own CORS, listed",)

    def edit(self, headers: Headers, own: Headers) -> Headers:
        missed = [(name, value) for name, value in own if name != name.lower() == ALLOW_ORIGIN]
        return [*headers, *missed] if _values(headers, ALLOW_ORIGIN) else headers


class WildcardReflected(FaultyMiddleware):
    """Reflects every origin with credentials if `*` is listed, as Starlette does with both options."""

    rows = ("any origin, GET with credentials",)

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        origin = _values(scope["headers"], b"origin")[:1]
        if not origin or b"*" not in _values(headers, ALLOW_ORIGIN):
            return status, headers
        return status, _replaced(_replaced(headers, ALLOW_ORIGIN, origin), ALLOW_CREDENTIALS, [b"true"])


class ErrorsForNobody(FaultyMiddleware):
    """Sends errors without CORS headers, as nginx does with an `add_header` that lacks `always`."""

    rows = ("status 404",)

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        bare = [line for line in headers if not line[0].startswith(b"access-control-")]
        return status, headers if own is None or status < 400 else bare


class ListOfTheApp(FaultyMiddleware):
    """Changes the app's own list of headers, which an app may send again, as with `message["headers"]`."""

    unseen = "the next answer is set right again, whatever its list holds by then"

    def edit(self, headers: Headers, own: Headers) -> Headers:
        own[:] = headers
        return own


class OriginKept(FaultyMiddleware):
    """Keeps the origin of one request and uses it for the next response, as with a prepared dict of headers."""

    rows = ("GET, listed", "GET, not listed")
    kept: tuple[bytes, ...] = ()

    def edit(self, headers: Headers, own: Headers) -> Headers:
        granted = _values(headers, ALLOW_ORIGIN)
        self.kept = tuple(granted) or self.kept
        return headers if granted else _replaced(headers, ALLOW_ORIGIN, self.kept)


class RefusalWithAnOkStatus(FaultyMiddleware):
    """Answers every preflight with an ok status, as Express's `cors` does."""

    rows = ("DELETE, not listed",)

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        return 200 if own is None else status, headers


class RefusalWithAShorterList(FaultyMiddleware):
    """Refuses a method with an ok status and a list without it, so that browsers send GET, HEAD and POST anyway."""

    rows = ("GET with a header, GET not listed",)

    def answer(self, scope: Any, status: int, headers: Headers, own: Headers | None) -> tuple[int, Headers]:
        if own is not None or status == 200 or not _values(headers, ALLOW_ORIGIN):
            return status, headers
        lists = self.correct._plan._lists
        return 200, [*headers, *lists.methods, *lists._allowed_names([])]


FAULTY_MIDDLEWARES: list[type[FaultyMiddleware]] = FaultyMiddleware.__subclasses__()
Make = Callable[..., Any]
