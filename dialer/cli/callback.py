"""`dialer callback ...`: what the customer's own system did not take."""

from __future__ import annotations

import json

import click
from rich.table import Table

from dialer.cli.client import DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console
from dialer.cli.showing import shown


@click.group("callback")
def command() -> None:
    """List, retry and drop callbacks that your own system did not take."""


@command.command("list")
@talks_to_api
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many, oldest first.")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def list_callbacks(client: DialerClient, *, limit: int, as_json: bool) -> None:
    """List callbacks that were given up, longest ago first."""
    found = await client.dead_callbacks(limit)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found:
        plain_console().print(_table(found))
    else:
        click.echo("There are none: everything was delivered, or is still tried.")


@command.command("retry")
@talks_to_api
@click.argument("callback_ids", nargs=-1, required=True)
async def retry(client: DialerClient, *, callback_ids: tuple[str, ...]) -> None:
    """Send callbacks again that were given up."""
    for callback_id in callback_ids:
        await client.retry_callback(callback_id)
        click.echo(f"Callback {callback_id} is sent again.")


@command.command("drop")
@talks_to_api
@click.argument("callback_ids", nargs=-1, required=True)
async def drop(client: DialerClient, *, callback_ids: tuple[str, ...]) -> None:
    """Drop callbacks that were given up."""
    for callback_id in callback_ids:
        await client.drop_callback(callback_id)
        click.echo(f"Callback {callback_id} is dropped.")


def _table(found: list[Json]) -> Table:
    table = Table("id", "event", "happened", "tries", "error", box=None, header_style="bold", pad_edge=False)
    for callback in found:
        happened = callback["happened_at"][:19].replace("T", " ")
        error = shown(callback["error"] or "")
        table.add_row(callback["id"], callback["event"], happened, str(callback["tries"]), error)
    return table
