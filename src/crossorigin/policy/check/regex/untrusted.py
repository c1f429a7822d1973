"""Say whom a regular expression lets in that its author does not mean.

Every open part of the expression is filled with a fixed word, in every alternative, with and without each part that
may be left out. What comes out is tried on the expression itself; where it is accepted and the word reaches into the
part of the host that somebody can register, a stranger can register it too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice, product

from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import MAX_ORIGIN, OPAQUE_ORIGIN, Origin, parse_origin
from crossorigin.policy.check.public_suffix import is_private, public_suffix_of, registrable_domain, suffixes_with_end
from crossorigin.policy.check.regex.syntax import Chars, Choice, Look, Node, Repeat, Series

# An open part is filled with a word: letters for a host, digits for a port, and the start of an origin where the
# part can hold that too.
_HOST_WORDS = ("canary", "stranger", "-canary", "canary-", "42")
_URL_WORDS = ("https://canary", "s://canary", "://canary", "//canary", "/canary")
_SIGNS = ("-", ".", "//", "://", "/")
_ONE_CHAR = "c4-.:/"
_STRANGER = "canary.invalid"
_MAX_SAMPLES = 4096
_MAX_PAIRS = 4 * _MAX_SAMPLES
# More rounds than this are open too.
CLOSED_ROUNDS = 8

# A character of a sample, and whether an open part put it there.
_Sample = tuple[tuple[str, bool], ...]
_NOTHING: _Sample = ()


def sample_origins(text: str, tree: Node) -> Iterator[tuple[Origin, _Sample]]:
    """Yield the filled samples of an expression that it accepts and that are origins."""
    regex = re.compile(text)
    for sample in _fill(tree):
        filled = "".join(char for char, _ in sample)
        origin = parse_origin(filled)
        if origin is not None and regex.fullmatch(filled):
            yield origin, sample


def find_stranger(text: str, tree: Node, *, allow_public_suffixes: bool) -> tuple[str, str] | None:
    """Return an origin that the expression accepts and its author cannot mean, and why; None if none was found."""
    regex = re.compile(text)
    for stranger in (OPAQUE_ORIGIN, f"https://{_STRANGER}", f"http://{_STRANGER}"):
        if regex.fullmatch(stranger):
            return stranger, "which anyone can send"
    for origin, sample in sample_origins(text, tree):
        for host in _hosts_below_suffixes(origin, sample):
            stranger = str(Origin(origin.scheme, host, origin.port))
            if not allow_public_suffixes and regex.fullmatch(stranger):
                return stranger, "which anyone can register"
        behind = str(Origin(origin.scheme, f"{origin.host.removesuffix('.')}.{_STRANGER}", origin.port))
        for stranger in (behind, f"{origin}.{_STRANGER}"):
            if regex.fullmatch(stranger) and parse_origin(stranger) is not None:
                return stranger, "a host of anyone's, for the expression does not say where the host ends"
        if _can_be_registered(origin, sample, allow_public_suffixes=allow_public_suffixes):
            return str(origin), "which anyone can register"
    return None


def _opened(origin: Origin, sample: _Sample) -> list[int]:
    """Return where in the host an open part stands; nowhere in a host that nobody can register."""
    start = len(origin.scheme) + len("://")
    host = origin.host.removesuffix(".")
    if host.startswith("[") or is_ipv4(host) or is_private(host):
        return []
    return [index for index in range(len(host)) if sample[start + index][1]]


def _hosts_below_suffixes(origin: Origin, sample: _Sample) -> Iterator[str]:
    """Yield hosts below the public suffixes that an open part can hold the beginning of."""
    opened = _opened(origin, sample)
    host = origin.host.removesuffix(".")
    final_dot = origin.host[len(host) :]
    if opened and max(opened) < len(host) - len(registrable_domain(host)):
        # The word, what stands there, or one of its characters: the part may hold that one and not the word.
        first = host.partition(".")[0]
        labels = dict.fromkeys(("canary", first, *first))
        for suffix in suffixes_with_end(host[max(opened) + 1 :]):
            yield from (f"{label}.{suffix}{final_dot}" for label in labels)


def _can_be_registered(origin: Origin, sample: _Sample, *, allow_public_suffixes: bool) -> bool:
    host = origin.host.removesuffix(".")
    opened = _opened(origin, sample)
    suffix = public_suffix_of(host)
    own = len(host) - len(registrable_domain(host))
    before_suffix = len(host) - len(suffix) - 2
    if allow_public_suffixes and before_suffix in opened and max(opened) == before_suffix:
        return False
    return any(index >= own for index in opened)


def _fill(node: Node) -> list[_Sample]:
    match node:
        case Chars():
            return [tuple((char, node.is_open) for char in word) for word in _words(node, 1, 1)]
        case Series(parts=parts):
            return _combine([_fill(part) for part in parts])
        case Choice(branches=branches):
            return _some(sample for branch in branches for sample in _fill(branch))
        case Look():
            return [_NOTHING]
        case _:
            return _some(_fill_repeat(node))


def _fill_repeat(node: Repeat) -> Iterator[_Sample]:
    if node.least == 0:
        yield _NOTHING
    if node.most == 0:
        return
    body = node.body.parts[0] if isinstance(node.body, Series) and len(node.body.parts) == 1 else node.body
    if isinstance(body, Chars) and body.is_open:
        if node.least <= MAX_ORIGIN:
            yield from (tuple((char, True) for char in word) for word in _words(body, node.least, node.most))
        return
    rounds = max(node.least, 1)
    for sample in _fill(body):
        if len(sample) * rounds <= MAX_ORIGIN:
            yield sample * rounds
            if node.most is None or node.most > CLOSED_ROUNDS:
                # What can be repeated without end is open, whatever it is: nobody wrote out all of it.
                yield sample * rounds + tuple((char, True) for char, _ in sample)


def _words(part: Chars, least: int, most: int | None) -> Iterator[str]:
    """Yield what a part is filled with: each of its characters if it is closed, else words that fit."""
    if not part.is_open:
        yield from sorted(part.chars)
        return
    if most == 1:
        yield from [char for char in _ONE_CHAR if char in part.chars] or [min(part.chars)]
        return
    words = [word for word in _HOST_WORDS if part.chars.issuperset(word)]
    if not words:
        letters = sorted(char for char in part.chars if char.isalnum())
        words = (
            [letters[0] * len(_HOST_WORDS[0])] if letters else [sign for sign in _SIGNS if part.chars.issuperset(sign)]
        )
    for word in words:
        longest = len(word) if most is None else min(len(word), most)
        yield (word * max(least, 1))[: max(least, longest)]
    for word in _URL_WORDS:
        if part.chars.issuperset(word) and most is None and len(word) >= least:
            yield word


def _combine(parts: Sequence[list[_Sample]]) -> list[_Sample]:
    size = 1
    for samples in parts:
        size *= len(samples)
    if size <= _MAX_SAMPLES:
        return [sum(chosen, _NOTHING) for chosen in product(*parts)]
    # Too many to try all: each two samples of two parts at least once together, beside the first and the last of the
    # others. One at a time is not enough: `https?:.*example\.com:.*` needs a host in the one and a port in the other.
    chosen: dict[_Sample, None] = {}
    several = [index for index, samples in enumerate(parts) if len(samples) > 1]
    for base in (0, -1):
        row = [part[base] for part in parts]
        for one, other in combinations(several, 2):
            for pair in product(parts[one], parts[other]):
                filled = [*row]
                filled[one], filled[other] = pair
                chosen[sum(filled, _NOTHING)] = None
                if len(chosen) == _MAX_PAIRS:
                    return list(chosen)
    return list(chosen)


def _some(samples: Iterable[_Sample]) -> list[_Sample]:
    return list(islice(dict.fromkeys(samples), _MAX_SAMPLES))
