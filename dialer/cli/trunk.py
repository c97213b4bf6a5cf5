"""`dialer trunk ...`: the carrier accounts that calls leave by."""

from __future__ import annotations

import json

import click
from rich.table import Table

from dialer.cli.client import DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console


@click.group("trunk")
def command() -> None:
    """Show the carrier accounts that calls leave by."""


@command.command("list")
@talks_to_api
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def list_trunks(client: DialerClient, *, as_json: bool) -> None:
    """List all trunks: pace, what their carriers took and refused, and whether they let calls out now."""
    found = await client.trunks()
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        plain_console().print(_table(found))


def _table(found: list[Json]) -> Table:
    names = ("name", "from", "a second", "accepted", "refused", "margin", "gate", "up", "slots")
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for trunk in found:
        table.add_row(
            trunk["name"],
            trunk["from_number"] or "",
            f"{trunk['calls_per_second']:g}",
            str(trunk["accepted"]),
            str(trunk["refused"]),
            f"{trunk['margin']:.1%}",
            f"closed for {trunk['gate_s']:.0f} s" if trunk["gate_s"] else "open",
            "" if trunk["up"] is None else str(trunk["up"]),
            "any" if trunk["slots"] is None else str(trunk["slots"]),
        )
    return table
