"""`dialer callback ...`: what the customer's own system did not take."""

from __future__ import annotations

import click
from rich.table import Table

from dialer.api.callbacks import CallbackOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console
from dialer.cli.showing import moment_text, shown
from dialer.client import AsyncDialer


@click.group("callback")
def command() -> None:
    """List, retry and drop callbacks that your own system did not take."""


@command.command("list")
@talks_to_api
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many, oldest first.")
@json_option
async def list_callbacks(dialer: AsyncDialer, *, limit: int, as_json: bool) -> None:
    """List callbacks that were given up, longest ago first."""
    found = [one async for one in dialer.callbacks.all(limit=limit)]
    if as_json:
        print_json(found)
    elif found:
        plain_console().print(_table(found))
    else:
        click.echo("There are none: everything was delivered, or is still tried.")


@command.command("retry")
@talks_to_api
@click.argument("callback_ids", nargs=-1, required=True)
async def retry(dialer: AsyncDialer, *, callback_ids: tuple[str, ...]) -> None:
    """Send callbacks again that were given up."""
    for callback_id in callback_ids:
        await dialer.callbacks.retry(callback_id)
        click.echo(f"Callback {callback_id} is sent again.")


@command.command("drop")
@talks_to_api
@click.argument("callback_ids", nargs=-1, required=True)
async def drop(dialer: AsyncDialer, *, callback_ids: tuple[str, ...]) -> None:
    """Drop callbacks that were given up."""
    for callback_id in callback_ids:
        await dialer.callbacks.drop(callback_id)
        click.echo(f"Callback {callback_id} is dropped.")


def _table(found: list[CallbackOut]) -> Table:
    table = Table("id", "event", "happened", "tries", "error", box=None, header_style="bold", pad_edge=False)
    for callback in found:
        happened = moment_text(callback.happened_at)
        error = shown(callback.error or "")
        table.add_row(callback.id, callback.event, happened, str(callback.tries), error)
    return table
