"""A matcher that tries one way after another, as Python's own does, over the tree that the policy reads.

It counts: what a character is tried on, and each way that is gone back to. Python's own takes some short cuts and
never more steps.
"""

from dataclasses import dataclass, field

from crossorigin.policy.check.regex.syntax import Chars, Choice, Look, Node, Repeat, Series

_LONGEST_PROGRAM = 4_000


class TooManyStepsError(Exception):
    """The count went over its limit."""


class TooLongError(Exception):
    """Counted parts in counted parts, written out, are too long to run here."""


@dataclass(frozen=True)
class _Try:
    chars: frozenset[str]


@dataclass(frozen=True)
class _Fork:
    first: int
    second: int


@dataclass(frozen=True)
class _Enter:
    """Remember where a round of a loop began."""

    loop: int


@dataclass(frozen=True)
class _Again:
    """Go back to a loop's head, unless the round was empty: then go on."""

    loop: int
    head: int


@dataclass(frozen=True)
class _Enough:
    """Leave rounds that may be left out, if the last was empty."""

    loop: int
    out: int


@dataclass(frozen=True)
class _Jump:
    to: int


@dataclass(frozen=True)
class _Around:
    body: "Matcher"
    refuses: bool


_Step = _Try | _Fork | _Enter | _Again | _Enough | _Jump | _Around


@dataclass
class Matcher:
    """An expression as a program; running off its end is a match."""

    tree: Node
    _program: list[_Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the program."""
        self._write(self.tree)

    def matches(self, text: str, limit: int) -> bool:
        """Tell whether the whole of a text matches."""
        return self.run(text, limit)[0]

    def steps(self, text: str, limit: int) -> int:
        """Count the steps to an answer."""
        return self.run(text, limit)[1]

    def run(
        self, text: str, limit: int, start: int = 0, *, to_end: bool = True
    ) -> tuple[bool, int]:  # one loop is fast
        """Return whether the text matches from `start`, and the steps to know it.

        Raises:
            TooManyStepsError: There were more than `limit`.
        """
        steps = 0
        program, size, end = self._program, len(self._program), len(text)
        rounds: dict[int, int] = {}
        ways = [(0, start, rounds)]
        while ways:
            at, here, rounds = ways.pop()
            steps += 1
            while at < size:
                step = program[at]
                at += 1
                if isinstance(step, _Try):
                    steps += 1
                    if here == end or text[here] not in step.chars:
                        break
                    here += 1
                elif isinstance(step, _Fork):
                    ways.append((step.second, here, rounds))
                    at = step.first
                elif isinstance(step, _Enter):
                    rounds = {**rounds, step.loop: here}
                elif isinstance(step, _Again):
                    at = at if rounds[step.loop] == here else step.head
                elif isinstance(step, _Enough):
                    at = step.out if rounds[step.loop] == here else at
                elif isinstance(step, _Jump):
                    at = step.to
                else:
                    found, more = step.body.run(text, limit, here, to_end=False)
                    steps += more
                    if found == step.refuses:
                        break
            else:
                if here == end or not to_end:
                    return True, steps
            if steps > limit:
                raise TooManyStepsError
        return False, steps

    def _write(self, node: Node) -> None:
        program = self._program
        if len(program) > _LONGEST_PROGRAM:
            raise TooLongError
        match node:
            case Chars(chars=chars):
                program.append(_Try(chars))
            case Series(parts=parts):
                for part in parts:
                    self._write(part)
            case Choice(branches=branches):
                self._write_choice(branches)
            case Look(body=body, refuses=refuses):
                program.append(_Around(Matcher(body), refuses))
            case Repeat(least=least, most=most, body=body):
                for _ in range(least):
                    self._write(body)
                if most is None:
                    self._write_loop(body)
                else:
                    self._write_optional(body, most - least)

    def _write_choice(self, branches: tuple[Node, ...]) -> None:
        program = self._program
        ends = []
        for branch in branches[:-1]:
            fork = len(program)
            program.append(_Jump(0))
            self._write(branch)
            ends.append(len(program))
            program.append(_Jump(0))
            program[fork] = _Fork(fork + 1, len(program))
        self._write(branches[-1])
        for end in ends:
            program[end] = _Jump(len(program))

    def _write_loop(self, body: Node) -> None:
        program = self._program
        head = len(program)
        program += [_Jump(0), _Enter(head)]
        self._write(body)
        program.append(_Again(head, head))
        program[head] = _Fork(head + 1, len(program))

    def _write_optional(self, body: Node, rounds: int) -> None:
        program = self._program
        starts = []
        for _ in range(rounds):
            start = len(program)
            program += [_Jump(0), _Enter(start)]
            self._write(body)
            program.append(_Jump(0))
            starts.append((start, len(program) - 1))
        for start, end in starts:
            program[start] = _Fork(start + 1, len(program))
            program[end] = _Enough(start, len(program))
