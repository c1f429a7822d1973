"""The CORS-preflight cache: what earlier preflights allowed, and until when.

https://fetch.spec.whatwg.org/#cors-preflight-cache. The current time is an argument. One cache belongs to one engine
and one top-level site, because browsers partition their caches by site.
"""

from dataclasses import dataclass, field

from crossorigin.browser.engines import Engine
from crossorigin.browser.preflight import AllowedLists, Question, is_safelisted, lists_method, missing_name
from crossorigin.browser.request import HttpResponse
from crossorigin.fetch.fields import WILDCARD_BYTES
from crossorigin.fetch.origin import OPAQUE_ORIGIN

_DEFAULT_MAX_AGE = 5
_LONGEST_NUMBER = 100
# A cache entry for "there is some result". An empty string is not a token, so it cannot be a method.
_ANY_RESULT = b""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a cache entry covers: a method, or a header name in lower case."""

    origin: str
    url: str
    credentials: bool
    of_method: bool
    value: bytes


@dataclass(slots=True)
class PreflightCache:
    """The CORS-preflight cache of one browser; pass the same cache to each request in turn."""

    _expires: dict[_Key, float] = field(default_factory=dict["_Key", float])

    def __len__(self) -> int:
        """Return the number of cached methods and names, including expired ones."""
        return len(self._expires)

    def covers(self, question: Question, engine: Engine, now: float) -> bool:
        """Return whether the request needs no preflight; if it needs one, drop the entries that the engine drops."""
        known = [key for key, expires in self._expires.items() if expires > now and _applies(key, question, engine)]
        methods = {key.value for key in known if key.of_method}
        names = {key.value for key in known if not key.of_method}
        covered = _covers_method(methods, question, engine) and _covers_names(names, question, engine)
        if not covered and engine.caches_one_result:
            self.forget(question.origin, question.url)
        return covered

    def store(self, question: Question, lists: AllowedLists, max_age: int, engine: Engine, now: float) -> None:
        """Cache what the response to a preflight allows, for `max_age` seconds."""
        if engine.caches_one_result:
            self.forget(question.origin, question.url)
        if engine.max_cached_url is not None and len(question.url) > engine.max_cached_url:
            return
        if question.origin == OPAQUE_ORIGIN and not engine.caches_opaque_origins:
            return
        listed = lists.methods or frozenset[bytes]()
        if lists.methods is None and question.forced and engine.absent_methods_allow_forced:
            # https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7.4: an absent list counts as this method.
            listed = frozenset({question.method.encode()})
        methods = _cacheable(listed, question, engine)
        names = _cacheable(lists.names, question, engine)
        if engine.any_cached_result_covers_forced:
            methods.add(_ANY_RESULT)
        for of_method, values in ((True, methods), (False, names)):
            for value in values:
                self._expires[_Key(question.origin, question.url, question.includes_credentials, of_method, value)] = (
                    now + max_age
                )

    def forget(self, origin: str, url: str) -> None:
        """Drop every entry of an origin for a URL."""
        for key in [key for key in self._expires if (key.origin, key.url) == (origin, url)]:
            del self._expires[key]


def _applies(key: _Key, question: Question, engine: Engine) -> bool:
    if (key.origin, key.url) != (question.origin, question.url):
        return False
    if engine.caches_by_credentials:
        return key.credentials == question.includes_credentials
    return key.credentials or not question.includes_credentials


def _covers_method(methods: set[bytes], question: Question, engine: Engine) -> bool:
    safelisted = is_safelisted(question.method) and not (engine.head_needs_cached_method and question.method == "HEAD")
    if safelisted and (not question.forced or _ANY_RESULT in methods):
        return True
    return lists_method(methods, question)


def _covers_names(names: set[bytes], question: Question, engine: Engine) -> bool:
    return missing_name(names, question, covers_authorization=engine.cached_wildcard_covers_authorization) is None


def _cacheable(values: frozenset[bytes], question: Question, engine: Engine) -> set[bytes]:
    keeps = engine.caches_credentialed_wildcards if question.includes_credentials else True
    return set(values if keeps and engine.caches_wildcards else values - {WILDCARD_BYTES})


def max_age_of(response: HttpResponse, engine: Engine) -> int:
    """Return for how many seconds the engine caches the response to a preflight.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.8 to 7.10
    """
    value = b", ".join(response.lines("Access-Control-Max-Age"))
    if not value:
        return _DEFAULT_MAX_AGE
    if engine.max_age_pattern.match(value) is None:
        return engine.max_age_if_invalid
    # Parsing a very long number would be slow, and any number of that length exceeds every limit.
    seconds = int(value) if len(value) <= _LONGEST_NUMBER else 1 << 64
    if engine.max_age_max_bits is not None and seconds.bit_length() > engine.max_age_max_bits:
        return engine.max_age_if_invalid
    return max(0, seconds if engine.max_age_cap is None else min(seconds, engine.max_age_cap))
