"""The mutants of a module: functions changed by mutmut, tables without one entry, and numbers off by one.

The name of a mutant contains the lines that it changes, not their numbers, so that it stays valid after other edits.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import PositionProvider
from mutmut.mutation.file_mutation import Mutation, create_mutations

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = "crossorigin"


@dataclass(frozen=True, slots=True)
class Mutant:
    """The source of a changed function, or of a changed module if `function` is empty.

    `lines` contains the line numbers of the changed statement.
    """

    module: str
    function: str
    change: str
    source: str
    lines: range = range(0)

    def __str__(self) -> str:
        """Return the name of the mutant in reports and in the list of survivors."""
        return f"{self.place}: {self.change}"

    @property
    def place(self) -> str:
        """The name of the changed function or module."""
        return f"{self.module}.{self.function}" if self.function else self.module


def path_of(module: str) -> Path:
    """Return the file of a module, whose name does not include the package."""
    return SOURCE / PACKAGE / f"{module.replace('.', '/')}.py"


def function_mutants(module: str) -> list[Mutant]:
    """Return the mutants of a module's functions and methods, including decorated ones."""
    path = path_of(module)
    # mutmut skips decorated functions because its own runner does not support them.
    source = cst.parse_module(path.read_text("utf-8")).visit(_WithoutDecorators()).code
    tree, mutations, _, _ = create_mutations(str(path), source)
    places = cst.MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider)
    holders = dict(_functions(tree))
    statements = _statements(ast.parse(source))
    return _named(
        _function_mutant(module, mutation, holders, statements[places[mutation.original_node].start.line])
        for mutation in mutations
        if mutation.contained_by_top_level_function in holders
    )


class _WithoutDecorators(cst.CSTTransformer):
    def leave_FunctionDef(  # noqa: N802  # libcst requires this name
        self,
        original_node: cst.FunctionDef,  # noqa: ARG002  # libcst requires this parameter
        updated_node: cst.FunctionDef,
    ) -> cst.FunctionDef:
        gone = [cst.EmptyLine()] * len(updated_node.decorators)  # blank lines keep the line numbers unchanged
        return updated_node.with_changes(decorators=(), leading_lines=[*updated_node.leading_lines, *gone])


def _functions(tree: cst.Module) -> Iterator[tuple[cst.FunctionDef, cst.ClassDef | None]]:
    for statement in tree.body:
        if isinstance(statement, cst.FunctionDef):
            yield statement, None
        elif isinstance(statement, cst.ClassDef):
            yield from ((member, statement) for member in statement.body.body if isinstance(member, cst.FunctionDef))


def _statements(tree: ast.Module) -> dict[int, range]:
    """Return, for each line, the lines of its innermost statement; the body of a compound statement is excluded."""
    found: dict[int, range] = {}
    for node in ast.walk(tree):  # outer statements come first
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", [])
            last = node.end_lineno or node.lineno
            lines = range(node.lineno, max(body[0].lineno, node.lineno + 1) if body else last + 1)
            found.update(dict.fromkeys(range(node.lineno, last + 1), lines))
    return found


def _function_mutant(
    module: str, mutation: Mutation, holders: dict[cst.FunctionDef, cst.ClassDef | None], lines: range
) -> Mutant:
    function = cst.ensure_type(mutation.contained_by_top_level_function, cst.FunctionDef)
    changed = cst.ensure_type(function.deep_replace(mutation.original_node, mutation.mutated_node), cst.FunctionDef)
    owner = holders[function]
    name = function.name.value if owner is None else f"{owner.name.value}.{function.name.value}"
    return Mutant(module, name, _change(_code(function), _code(changed)), _alone(changed, owner), lines)


def _alone(function: cst.FunctionDef, owner: cst.ClassDef | None) -> str:
    """Return the code of a function alone, or of a method in an otherwise empty class with the owner's name."""
    if owner is None:
        return _code(function)
    return _code(owner.with_changes(bases=(), keywords=(), decorators=(), body=cst.IndentedBlock([function])))


@cache
def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _change(before: str, after: str) -> str:
    """Return the lines in which two texts differ."""
    old, new = ([line.strip() for line in text.splitlines()] for text in (before, after))
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return f"{' '.join(old)} -> {' '.join(new)}"


def table_mutants(module: str) -> list[Mutant]:
    """Return the mutants of the tables and numbers in a module and its classes.

    One mutant leaves out each entry, and two mutants change each number by one.
    """
    tree = ast.parse(path_of(module).read_text("utf-8"))
    classes = [statement for statement in tree.body if isinstance(statement, ast.ClassDef)]
    return _named(
        Mutant(module, "", f"{ast.unparse(target)}: {change}", ast.unparse(tree))
        for body in (tree.body, *(owner.body for owner in classes))
        for target, value in _assigned(body)
        for change in _edits(value)
    )


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr]]:
    for statement in body:
        if isinstance(statement, ast.Assign):
            yield statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield statement.target, statement.value


def _edits(node: ast.AST) -> Iterator[str]:
    """Apply each possible edit to the tree and yield its description; an edit is undone before the next one."""
    match node:
        case ast.Subscript():  # part of a type
            return
        case ast.Set(elts=entries) | ast.List(elts=entries) | ast.Tuple(elts=entries):
            yield from _drops(entries)
        case ast.Dict(keys=keys, values=values):
            for change, _ in zip(_drops(keys), _drops(values), strict=True):
                yield change
        case ast.Call(func=ast.Name(id="frozenset"), args=[ast.Constant(value=str(text)) as argument]):
            for index, char in enumerate(text):
                argument.value = text[:index] + text[index + 1 :]
                yield f"without {char!r}"
            argument.value = text
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            for other in (number + 1, number - 1):
                node.value = other
                yield f"{number} -> {other}"
            node.value = number
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        yield from _edits(child)


def _drops(entries: list[Any]) -> Iterator[str]:
    for index, entry in enumerate(entries[:]):
        del entries[index]
        yield f"without {ast.unparse(entry)}"
        entries.insert(index, entry)


def _named(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Return the mutants without duplicates, and number those with the same name."""
    seen: Counter[str] = Counter()
    sources: set[tuple[str, str]] = set()
    named: list[Mutant] = []
    for mutant in mutants:
        if (mutant.function, mutant.source) in sources:
            continue
        sources.add((mutant.function, mutant.source))
        seen[str(mutant)] += 1
        count = seen[str(mutant)]
        named.append(replace(mutant, change=f"{mutant.change} ({count})") if count > 1 else mutant)
    return named
