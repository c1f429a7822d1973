"""Every target passes with the corpus and with inputs of Hypothesis, and fails with faulty functions."""

# The class of a faulty middleware describes its error.

import contextlib
import re
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossorigin import CORSMiddleware, InvalidPolicyError, Policy
from crossorigin.fetch.fields import merge_vary, split_list, unique_names
from crossorigin.fetch.methods import is_token_bytes
from crossorigin.fetch.origin import Origin, parse_origin_bytes
from crossorigin.policy.pattern import OriginPattern, parse_pattern
from tests.cases.faulty_middlewares.middlewares import FAULTY_MIDDLEWARES, FaultyMiddleware
from tests.properties.fuzz.reading import Measured
from tests.properties.fuzz.targets import TARGETS, check_exchange, check_fields, check_origin, check_policy

CORPUS = Path(__file__).resolve().parent / "corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


def inputs(name: str) -> list[bytes]:
    """Return the corpus of a target."""
    return [path.read_bytes() for path in FILES if path.parent.name == name]


def test_the_corpus_is_small_and_is_of_the_targets() -> None:
    """Each target has a folder, and all files together are few and short."""
    assert {path.parent.name for path in FILES} == set(TARGETS)
    assert len(FILES) <= 100
    assert sum(path.stat().st_size for path in FILES) < 30_000
    assert all(re.fullmatch("[a-z0-9-]+", path.name) for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_corpus_holds(path: Path) -> None:
    """All inputs of the corpus pass."""
    TARGETS[path.parent.name](path.read_bytes())


@st.composite
def spoiled(draw: st.DrawFn, name: str) -> bytes:
    """Draw an input of the corpus with the end of another one or with a few additional bytes."""
    known = st.sampled_from(inputs(name))
    data = draw(known)
    place = draw(st.integers(0, len(data)))
    rest = data[place + draw(st.integers(0, 3)) :]
    return data[:place] + draw(st.one_of(st.just(b""), st.binary(max_size=6), known)) + rest


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_target_holds_for_what_is_drawn(name: str) -> None:
    """Variations of the corpus and random bytes pass."""

    @settings(max_examples=max(20, settings().max_examples // 4))
    @given(st.one_of(spoiled(name), st.binary(max_size=60)))
    @example(b"")
    def law(data: bytes) -> None:
        TARGETS[name](data)

    law()


def caught(check: Callable[[bytes], None], name: str) -> bool:
    """Return whether some input of the corpus fails."""
    return any(fails(check, data) for data in inputs(name))


def fails(check: Callable[[bytes], None], data: bytes) -> bool:
    """Return whether one input fails, by an assertion or by an exception of the tested function."""
    try:
        check(data)
    except Exception:  # The fuzzer would report any exception.
        return True
    return False


def stripped(data: bytes) -> Origin | None:
    """Ignore white space around an origin."""
    return parse_origin_bytes(data.strip())


def lowered(data: bytes) -> Origin | None:
    """Replace characters outside ASCII."""
    return parse_origin_bytes(data.decode("ascii", "ignore").encode())


def with_slash(data: bytes) -> Origin | None:
    """Accept a slash at the end."""
    return parse_origin_bytes(data.removesuffix(b"/"))


def with_default_port(data: bytes) -> Origin | None:
    """Accept a default port."""
    return parse_origin_bytes(data.removesuffix(b":443"))


def raising(data: bytes) -> Origin | None:
    """Decode any bytes."""
    return parse_origin_bytes(data.decode("utf-8").encode())


def refusing_ports(data: bytes) -> Origin | None:
    """Reject ports that browsers send."""
    origin = parse_origin_bytes(data)
    return None if origin is None or origin.port is not None else origin


def loose_pattern(text: str) -> OriginPattern | None:
    """Accept a wildcard anywhere."""
    parsed = parse_pattern(text.replace("*", "a"))
    return None if parsed is None else OriginPattern(parsed.scheme, parsed.host, None, subdomains=True)


def tight_pattern(text: str) -> OriginPattern | None:
    """Reject addresses."""
    return None if "[" in text else parse_pattern(text)


def splitting_at_spaces(lines: Any) -> tuple[list[bytes], int]:
    """Split at white space too."""
    return [name for line in lines for name in line.replace(b",", b" ").split()], 0


def first_vary(lines: Any, name: bytes) -> bytes | None:
    """Read only the first line."""
    return merge_vary(lines[:1], name)


def set_vary(lines: Any, name: bytes) -> bytes | None:
    """Drop the elements of the app."""
    return name


def last_spelling(names: Any) -> list[bytes]:
    """Keep the last spelling of each element."""
    return unique_names([*names][::-1])[::-1]


def token_by_dollar(value: bytes) -> bool:
    """Accept a line feed at the end."""
    return is_token_bytes(value.removesuffix(b"\n")) or is_token_bytes(value.removesuffix(b"\x00"))


def one_line(policy: Policy, method: str, **fields: Any) -> Any:
    """Check only the first line of names."""
    return policy.decide(method, **fields | {"request_headers": fields["request_headers"][:1]})


def first_of_two(policy: Policy, method: str, **fields: Any) -> Any:
    """Check only the first line of methods."""
    return policy.decide(method, **fields | {"request_method": fields["request_method"][:1]})


@pytest.mark.parametrize(
    "wrong",
    [
        *(partial(check_origin, parse=f) for f in (stripped, lowered, with_slash, with_default_port, raising)),
        *(partial(check_origin, parse=f) for f in (refusing_ports, lambda _: None)),
        *(partial(check_origin, pattern=f) for f in (loose_pattern, tight_pattern)),
    ],
)
def test_a_wrong_parser_is_caught(wrong: Callable[[bytes], None]) -> None:
    """The target for origins fails with each faulty parser."""
    assert caught(wrong, "origin")


@pytest.mark.parametrize(
    "wrong",
    [
        partial(check_fields, split=splitting_at_spaces),
        partial(check_fields, split=lambda lines: (split_list(lines)[0], 0)),
        *(partial(check_fields, merge=f) for f in (first_vary, set_vary)),
        partial(check_fields, unique=last_spelling),
        partial(check_fields, unique=list),
        partial(check_fields, is_token=token_by_dollar),
        *(partial(check_fields, decide=f) for f in (one_line, first_of_two)),
    ],
)
def test_a_wrong_reading_of_fields_is_caught(wrong: Callable[[bytes], None]) -> None:
    """The target for fields fails with each faulty function."""
    assert caught(wrong, "fields")


class Fussy(CORSMiddleware):
    """The base of the faulty middlewares below: the correct middleware, called in another way."""


class Raising(Fussy):
    """Raises an exception because of a request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for name, value in scope["headers"]:
            assert name != b"origin" or value.decode("utf-8", "strict")
        await super().__call__(scope, receive, send)


class Appending(Fussy):
    """Changes the app's own list."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        app = self.app

        async def inner(scope: Any, receive: Any, send: Any) -> None:
            async def appending(message: Any) -> None:
                if isinstance(message.get("headers"), list):
                    message["headers"].append((b"vary", b"Origin"))
                await send(message)

            await app(scope, receive, appending)

        self.app = inner
        await super().__call__(scope, receive, send)
        self.app = app


class Reading(Fussy):
    """Reads all of a long field before it checks its length."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for name, value in scope["headers"]:
            if name.startswith(b"access-control-request-"):
                value.lower().split(b",")
        await super().__call__(scope, receive, send)


class Swallowing(Fussy):
    """Hides the exception of the app."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(Exception):
            await super().__call__(scope, receive, send)


class Remembering(Fussy):
    """Answers the second request with the origin of the first."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = {**scope, "headers": [*scope["headers"], *vars(self).get("before", [])]}
        self.before = [(name, value) for name, value in scope["headers"] if name == b"origin"]
        await super().__call__(scope, receive, send)


class Handshaking(Fussy):
    """Handles the handshake of a WebSocket like a request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__({**scope, "type": "http"}, receive, send)


@pytest.mark.parametrize(
    "faulty", [*FAULTY_MIDDLEWARES, Raising, Appending, Reading, Swallowing, Remembering, Handshaking]
)
def test_a_faulty_middleware_is_caught(faulty: type) -> None:
    """The target for exchanges fails with each faulty middleware."""
    correct = FaultyMiddleware if issubclass(faulty, FaultyMiddleware) else Fussy
    judged = [data for data in inputs("exchange") if not fails(partial(check_exchange, middleware=correct), data)]
    assert judged
    assert any(fails(partial(check_exchange, middleware=faulty), data) for data in judged)


def complaining(options: Mapping[str, Any]) -> Policy:
    """Raise another error."""
    try:
        return Policy.from_dict(options)
    except InvalidPolicyError as error:
        raise TypeError(str(error)) from None


def wordless(options: Mapping[str, Any]) -> Policy:
    """Raise an error without issues."""
    try:
        return Policy.from_dict(options)
    except InvalidPolicyError:
        raise InvalidPolicyError([]) from None


def chattering(options: Mapping[str, Any]) -> Policy:
    """Issue another warning."""
    warnings.warn("old", DeprecationWarning, stacklevel=2)
    return Policy.from_dict(options)


def drifting(options: Mapping[str, Any]) -> Policy:
    """Change the given options."""
    policy = Policy.from_dict(options)
    return Policy.from_dict(policy.to_dict() | {"max_age": (policy.max_age or 0) + 1})


def open_to_null(options: Mapping[str, Any]) -> Policy:
    """Allow `null` with credentials."""
    policy = Policy.from_dict(options)
    opened = Policy.from_dict(policy.to_dict() | {"allow_credentials": False, "allow_origins": ["null"]})
    object.__setattr__(opened, "allow_credentials", policy.allow_credentials)
    return opened


@pytest.mark.parametrize("build", [complaining, wordless, chattering, drifting, open_to_null])
def test_a_wrong_construction_is_caught(build: Callable[[Mapping[str, Any]], Policy]) -> None:
    """The target for options fails with each faulty constructor."""
    assert caught(partial(check_policy, build=build), "policy")


def test_what_is_measured_is_what_is_read() -> None:
    """Bytes count each reading, also by the parts that they are split into."""
    value = Measured(b"a,bc")
    Measured.read = 0
    parts = value.split(b",")
    assert parts == [b"a", b"bc"]
    assert Measured.read == 4 + 1 + 2
    assert hash(parts[1].lower())
    assert value != b"longer"
    assert Measured.read == 7 + 2 + 2
