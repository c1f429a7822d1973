"""The group of commands `crossorigin origins`.

Exit codes: 0 done or yes, 1 the answer is no or invalid rows were found, 2 wrong usage or an invalid origin, 3 the
store cannot be used.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from crossorigin.doctor.origins import output, tasks
from crossorigin.doctor.origins.base import ENVIRONMENT, SCOPE, STORE, Group, StoreCommand, target_of
from crossorigin.doctor.wording import clean
from crossorigin.live.origins import LIMIT, SCHEMES
from crossorigin.live.stores.errors import StoreError
from crossorigin.live.stores.schema import VERSION, script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO = 1
_INTERRUPTED = 130
_STDIN = "-"


@click.group("origins")
@STORE(envvar=ENVIRONMENT)
@SCOPE()
@click.pass_context
def origins(ctx: click.Context, /, *, store: str | None, scope: str | None) -> None:
    """Edit and inspect live origins that are stored in SQLite or PostgreSQL.

    The URL of the store is sqlite:///relative.db, sqlite:////absolute/path.db or postgresql://user@host/database. The
    password comes from PGPASSWORD or ~/.pgpass.

    Exit codes: 0 done or yes, 1 no or invalid rows, 2 wrong usage or an invalid origin, 3 the store cannot be used.
    """
    is_typed = ctx.get_parameter_source("store") is ParameterSource.COMMANDLINE
    ctx.obj = Group(store=store, scope=scope, is_typed=is_typed)


def _command(*, validates: bool = False) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator that makes a command with the options that all commands have."""

    def decorate(function: Callable[..., None]) -> click.Command:
        if validates:
            function = click.option(
                "--scheme",
                "schemes",
                multiple=True,
                default=SCHEMES,
                help="A scheme that the app accepts, as in schemes=.",
            )(function)
        function = click.option(
            "--timeout", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, metavar="SECONDS"
        )(function)
        function = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)
        function = SCOPE()(STORE()(function))
        name = function.__name__.removeprefix("_")
        return origins.command(name, cls=StoreCommand)(click.pass_context(function))

    return decorate


_ACTOR = click.option("--actor", help="Who makes the change, for the log. By default your login name.")
_LIMIT = click.option(
    "--limit",
    type=click.IntRange(1),
    default=LIMIT,
    show_default=True,
    help="The most origins, as in limit= of the app.",
)
_ORIGINS = click.argument("given", nargs=-1, required=True, metavar="ORIGIN... | -")


@_command()
@click.option("--print", "only_print", is_flag=True, help="Print the SQL instead of running it, for a migration.")
def _init(ctx: click.Context, /, *, only_print: bool, as_json: bool, **options: Any) -> None:
    """Create the tables and triggers. It changes nothing that is there already."""
    target = target_of(ctx, **options)
    if only_print:
        click.echo(script(target.address.engine), nl=False)
        return
    head = tasks.init(target)
    _print(
        as_json, output.init_document(target.address, head, VERSION), output.init_text(target.address, head, VERSION)
    )


@_command(validates=True)
@_ORIGINS
@_ACTOR
@_LIMIT
def _add(ctx: click.Context, /, *, given: tuple[str, ...], actor: str | None, as_json: bool, **options: Any) -> None:
    """Add origins, all of them or none. With -, read them from standard input, one on each line."""
    edited = tasks.add(target_of(ctx, **options), _read(given), _actor(actor))
    _print(
        as_json, output.edited_document(edited), output.edited_text(edited, changed="Added", unchanged="Already stored")
    )


@_command(validates=True)
@_ORIGINS
@_ACTOR
def _remove(ctx: click.Context, /, *, given: tuple[str, ...], actor: str | None, as_json: bool, **options: Any) -> None:
    """Remove origins, all of them or none. An invalid row can be removed with its exact text."""
    edited = tasks.remove(target_of(ctx, **options), _read(given), _actor(actor))
    _print(
        as_json, output.edited_document(edited), output.edited_text(edited, changed="Removed", unchanged="Not stored")
    )


@_command()
def _list(ctx: click.Context, /, *, as_json: bool, **options: Any) -> None:
    """Print all origins, one on each line."""
    found = tasks.list_origins(target_of(ctx, **options))
    if as_json:
        click.echo(output.to_json({"origins": list(found)}))
    for origin in () if as_json else found:
        click.echo(clean(origin))


@_command(validates=True)
@_ORIGINS
def _check(ctx: click.Context, /, *, given: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Print whether origins are stored. The exit code is 1 if one is not. The policy of the app may allow others."""
    found = tasks.check(target_of(ctx, **options), _read(given))
    _print(as_json, output.checked_document(found), output.checked_text(found))
    ctx.exit(0 if all(found.values()) else _NO)


@_command()
@click.argument("origin", required=False)
@click.option(
    "--last", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="The newest N changes."
)
def _history(ctx: click.Context, /, *, origin: str | None, last: int, as_json: bool, **options: Any) -> None:
    """Print who added and removed what, and when, the newest change last."""
    changes = tasks.history(target_of(ctx, **options), origin, last)
    if as_json:
        click.echo(output.to_json({"changes": [output.change_document(change) for change in changes]}))
    for line in () if as_json else output.change_lines(changes):
        click.echo(line)


@_command()
def _status(ctx: click.Context, /, *, as_json: bool, **options: Any) -> None:
    """Print the revision and the number of origins. The exit code is 1 if triggers are missing."""
    target = target_of(ctx, **options)
    found = tasks.status(target)
    document = output.status_document(target.address, target.scope, found, VERSION)
    _print(as_json, document, output.status_text(target.address, target.scope, found, VERSION))
    ctx.exit(_NO if found.missing_triggers else 0)


@_command(validates=True)
@_LIMIT
def _verify(ctx: click.Context, /, *, as_json: bool, **options: Any) -> None:
    """Look for invalid rows, which apps skip, and for missing triggers. The exit code is 1 if there are any."""
    found = tasks.verify(target_of(ctx, **options))
    _print(as_json, output.verified_document(found), output.verified_text(found))
    ctx.exit(0 if found.is_good else _NO)


@_command()
@click.option("--every", type=click.FloatRange(0, min_open=True), default=0.5, show_default=True, metavar="SECONDS")
def _watch(ctx: click.Context, /, *, every: float, as_json: bool, **options: Any) -> None:
    """Print changes when they are committed, until you press Ctrl+C. With --json, each change is a document."""
    target = target_of(ctx, **options)
    head = tasks.news(target, None).head
    click.echo(f"Watching {clean(str(target.address))} from revision {head.revision} on.", err=True)
    failure = ""
    try:
        while True:
            time.sleep(every)
            try:
                found = tasks.news(target, head)
            except StoreError as error:
                # The same failure is printed once.
                if str(error) != failure:
                    click.echo(clean(str(error)), err=True)
                failure = str(error)
                continue
            head, failure = found.head, ""
            if not found.is_continuous:
                click.echo(f"The store was replaced or restored. It is at revision {head.revision} now.", err=True)
            for change, line in zip(found.changes, output.change_lines(found.changes), strict=True):
                click.echo(output.to_json(output.change_document(change)) if as_json else line)
    except KeyboardInterrupt:
        ctx.exit(_INTERRUPTED)


def _actor(given: str | None) -> str | None:
    return tasks.login_name() if given is None else given


def _read(given: Sequence[str]) -> list[str]:
    """Return the origins of the command line, or those on standard input."""
    if list(given) != [_STDIN]:
        return list(given)
    lines = [line.strip() for line in sys.stdin]
    read = [line for line in lines if line and not line.startswith("#")]
    if not read:
        message = "There is no origin on standard input. Write one on each line."
        raise click.UsageError(message)
    return read


def _print(as_json: bool, document: dict[str, object], text: str) -> None:  # noqa: FBT001  # passed by every command
    click.echo(output.to_json(document) if as_json else text)
