"""Hold the CORS-preflight cache: what earlier preflights have granted, and until when.

https://fetch.spec.whatwg.org/#cors-preflight-cache. The clock is an argument. One cache belongs to one engine and one
top-level site, for browsers keep those apart.
"""

from dataclasses import dataclass, field

from crossorigin.browser.engines import Engine
from crossorigin.browser.preflight import Grant, Question, is_safelisted, lists_method, missing_name
from crossorigin.browser.request import HttpResponse
from crossorigin.fetch.fields import WILDCARD_BYTES
from crossorigin.fetch.origin import OPAQUE_ORIGIN

_DEFAULT_MAX_AGE = 5
_LONGEST_NUMBER = 100
# Not a token, so no method: stands for having any result at all.
_ANY_RESULT = b""


@dataclass(frozen=True, slots=True)
class _Key:
    """Hold what an entry is for: a method, or a header name in lower case."""

    origin: str
    url: str
    credentials: bool
    of_method: bool
    value: bytes


@dataclass(slots=True)
class PreflightCache:
    """Remember what preflights granted; the same cache is handed to one request after the other."""

    _expires: dict[_Key, float] = field(default_factory=dict["_Key", float])

    def __len__(self) -> int:
        """Return how many methods and names are held, those included whose time is over."""
        return len(self._expires)

    def covers(self, question: Question, engine: Engine, now: float) -> bool:
        """Tell whether the request goes without a preflight, and drop what the engine drops if it does not."""
        known = [key for key, expires in self._expires.items() if expires > now and _serves(key, question, engine)]
        methods = {key.value for key in known if key.of_method}
        names = {key.value for key in known if not key.of_method}
        covered = _covers_method(methods, question, engine) and _covers_names(names, question, engine)
        if not covered and engine.keeps_one_result:
            self.forget(question.origin, question.url)
        return covered

    def store(self, question: Question, grant: Grant, max_age: int, engine: Engine, now: float) -> None:
        """Remember what a preflight's response grants, for `max_age` seconds."""
        if engine.keeps_one_result:
            self.forget(question.origin, question.url)
        if engine.max_kept_url is not None and len(question.url) > engine.max_kept_url:
            return
        if question.origin == OPAQUE_ORIGIN and not engine.remembers_null:
            return
        listed = grant.methods or frozenset[bytes]()
        if grant.methods is None and question.forced and engine.upload_needs_no_method:
            # https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7.4: where no list is sent, the method is it.
            listed = frozenset({question.method.encode()})
        methods = _kept(listed, question, engine)
        names = _kept(grant.names, question, engine)
        if engine.any_result_serves_forced:
            methods.add(_ANY_RESULT)
        for of_method, values in ((True, methods), (False, names)):
            for value in values:
                self._expires[_Key(question.origin, question.url, question.include, of_method, value)] = now + max_age

    def forget(self, origin: str, url: str) -> None:
        """Drop all that pages of an origin know of a URL."""
        for key in [key for key in self._expires if (key.origin, key.url) == (origin, url)]:
            del self._expires[key]


def _serves(key: _Key, question: Question, engine: Engine) -> bool:
    if (key.origin, key.url) != (question.origin, question.url):
        return False
    if engine.credentials_apart:
        return key.credentials == question.include
    return key.credentials or not question.include


def _covers_method(methods: set[bytes], question: Question, engine: Engine) -> bool:
    safelisted = is_safelisted(question.method) and not (engine.keeps_head_by_name and question.method == "HEAD")
    if safelisted and (not question.forced or _ANY_RESULT in methods):
        return True
    return lists_method(methods, question)


def _covers_names(names: set[bytes], question: Question, engine: Engine) -> bool:
    return missing_name(names, question, covers_authorization=engine.kept_wildcard_covers_authorization) is None


def _kept(values: frozenset[bytes], question: Question, engine: Engine) -> set[bytes]:
    keeps = engine.keeps_credentialed_wildcards if question.include else True
    return set(values if keeps and engine.keeps_wildcards else values - {WILDCARD_BYTES})


def max_age_of(response: HttpResponse, engine: Engine) -> int:
    """Return for how many seconds the engine remembers a preflight's response.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.8 to 7.10
    """
    value = b", ".join(response.lines("Access-Control-Max-Age"))
    if not value:
        return _DEFAULT_MAX_AGE
    if engine.max_age_form.match(value) is None:
        return engine.max_age_otherwise
    # However long the number is, reading it takes no time to speak of.
    seconds = int(value) if len(value) <= _LONGEST_NUMBER else 1 << 64
    if engine.max_age_bits is not None and seconds.bit_length() > engine.max_age_bits:
        return engine.max_age_otherwise
    return max(0, seconds if engine.max_age_cap is None else min(seconds, engine.max_age_cap))
