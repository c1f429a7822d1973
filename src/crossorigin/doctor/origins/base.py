"""What all commands of `crossorigin origins` share: their options, and how their errors end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from crossorigin.doctor.origins import output
from crossorigin.doctor.origins.tasks import Target
from crossorigin.doctor.wording import clean
from crossorigin.live.origins import LIMIT, SCHEMES
from crossorigin.live.stores.address import read_address
from crossorigin.live.stores.errors import StoreError, has_password
from crossorigin.live.validation import OriginRules
from crossorigin.policy.errors import InvalidPolicyError

ENVIRONMENT = "CROSSORIGIN_STORE"
_WRONG_USAGE = 2
_UNAVAILABLE = 3


class StoreCommand(click.Command):
    """A command whose errors have their own exit codes, and with --json a document each."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InvalidPolicyError as error:
            message = "\n\n".join(map(str, error.issues))
            _fail(ctx, _WRONG_USAGE, message, output.error_document(message, error.issues))
        except (StoreError, ImportError) as error:
            _fail(ctx, _UNAVAILABLE, str(error), output.error_document(str(error)))
        except ValueError as error:
            if ctx.params["as_json"]:
                click.echo(output.to_json(output.error_document(str(error))))
            raise click.UsageError(str(error), ctx) from None


def _fail(ctx: click.Context, code: int, message: str, document: dict[str, Any]) -> None:
    if ctx.params["as_json"]:
        click.echo(output.to_json(document))
    click.echo("\n".join(map(clean, message.splitlines())), err=True)
    ctx.exit(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The options of the group. `is_typed` is False if the store comes from the environment."""

    store: str | None
    scope: str | None
    is_typed: bool


STORE = partial(
    click.option,
    "--store",
    metavar="URL",
    help=f"The database, by default the environment variable {ENVIRONMENT}. Leave the password out: see PGPASSWORD.",
)
SCOPE = partial(click.option, "--scope", metavar="NAME", help="The set, if several apps share a database.")


def target_of(
    ctx: click.Context,
    *,
    store: str | None,
    scope: str | None,
    timeout: float,
    schemes: tuple[str, ...] = SCHEMES,
    limit: int = LIMIT,
) -> Target:
    """Read the options of the command and of the group."""
    group: Group = ctx.obj
    url = store or group.store
    if not url:
        message = (
            f'No store is given. Set {ENVIRONMENT} or --store, for example --store "sqlite:////var/lib/app/cors.db".'
        )
        raise click.UsageError(message, ctx)
    address = read_address(url)
    if (store or group.is_typed) and has_password(address):
        message = (
            f"Other users of this machine can see the password in --store. Use PGPASSWORD or {ENVIRONMENT} instead."
        )
        click.echo(message, err=True)
    if address.engine == "postgresql":
        from crossorigin.live.stores.postgres import check_url

        check_url(address)
    return Target(
        address=address,
        scope=scope or group.scope or "",
        rules=OriginRules(schemes, limit),
        timeout=timeout,
    )
