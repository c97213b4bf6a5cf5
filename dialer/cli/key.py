"""`dialer key ...`: API keys with roles, one for each system and person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from rich.table import Table
from rich.text import Text

from dialer.access import Role
from dialer.api.api_keys import KeyOut, OwnKeyOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.durations import DurationType
from dialer.cli.screens import plain_console
from dialer.cli.showing import shown
from dialer.client import AsyncDialer
from dialer.client.wire import Json
from dialer.errors import DialerError

_as_json = json_option


@click.group("key")
def command() -> None:
    """Make, list and revoke API keys, one for each system and person.

    Roles: `read` sees everything, personal data too; `operate` steers what is under way and suppresses numbers;
    `launch` makes phones ring and may stop that again; `admin` does everything, and all of this but `show`.
    """


@command.command("create")
@talks_to_api
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="May be repeated.",
)
@click.option("--expires", type=DurationType(), help="It is refused after so long, such as 90d.  [default: never]")
@_as_json
async def create(
    dialer: AsyncDialer, *, name: str, roles: tuple[str, ...], expires: timedelta | None, as_json: bool
) -> None:
    """Make a key for the system or person NAME. It is shown once: nobody can look it up later."""
    made = await dialer.keys.create(name=name, roles=list(roles), **_until(expires))
    if as_json:
        print_json(made)
        return
    click.echo(made.key)
    click.echo(f"This is shown once. {_sentence(made)} Revoke it by `dialer key revoke {made.id}`.", err=True)


@command.command("list")
@talks_to_api
@_as_json
async def list_keys(dialer: AsyncDialer, *, as_json: bool) -> None:
    """List all keys, oldest first; DIALER_API_KEY is a setting and not among them."""
    found = await dialer.keys.all()
    if as_json:
        print_json(found)
        return
    table = Table(
        "id", "name", "roles", "created", "expires", "last used", box=None, header_style="bold", pad_edge=False
    )
    for key in found:
        expires = "lapsed" if key.lapsed else _moment(key.expires_at, "never")
        dates = (_moment(key.created_at, ""), expires, _moment(key.used_at, "never"))
        table.add_row(key.id, Text(shown(key.name)), ", ".join(key.roles), *dates)
    plain_console().print(table)


@command.command("show")
@talks_to_api
@click.argument("key_id", required=False)
@_as_json
async def show(dialer: AsyncDialer, *, key_id: str | None, as_json: bool) -> None:
    """Show one key; without KEY_ID the one that this command itself uses."""
    found = await (dialer.keys.get(key_id) if key_id else dialer.keys.own())
    if as_json:
        print_json(found)
    else:
        click.echo(_sentence(found))


@command.command("revoke")
@talks_to_api
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
async def revoke(dialer: AsyncDialer, *, key_id: str, yes: bool) -> None:
    """Refuse the key KEY_ID from now on, for good."""
    found = await dialer.keys.get(key_id)
    if not yes and not click.confirm(f"{_sentence(found)} Whoever uses it is refused from now on. Go on?", err=True):
        raise DialerError("Nothing was done.")
    await dialer.keys.revoke(key_id)
    click.echo(f"Key {key_id} ({shown(found.name)}) is revoked.")


def _until(expires: timedelta | None) -> Json:
    return {} if expires is None else {"expires_at": datetime.now(UTC) + expires}


def _sentence(key: KeyOut | OwnKeyOut) -> str:
    until = "never lapses" if key.expires_at is None else f"lapses at {_moment(key.expires_at, '')}"
    if isinstance(key, KeyOut) and key.lapsed:
        until = f"lapsed at {_moment(key.expires_at, '')}"
    used = f", and was last used at {_moment(key.used_at, '')}" if isinstance(key, KeyOut) and key.used_at else ""
    return f"Key {key.id} ({shown(key.name)}) has {', '.join(key.roles)}, {until}{used}."


def _moment(moment: datetime | None, otherwise: str) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else otherwise
