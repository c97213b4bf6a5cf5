"""`dialer trunk ...`: the carrier accounts that calls leave by."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table

from dialer.api.trunks import TrunkOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console
from dialer.client import AsyncDialer
from dialer.explaining.reasons import shown_moment


@click.group("trunk")
def command() -> None:
    """Show the carrier accounts that calls leave by."""


@command.command("list")
@talks_to_api
@json_option
async def list_trunks(dialer: AsyncDialer, *, as_json: bool) -> None:
    """List all trunks: pace, what their carriers took and refused, and whether they let calls out now."""
    found = await dialer.trunks.all()
    if as_json:
        print_json(found)
    else:
        plain_console().print(_table(found))


def _table(found: Sequence[TrunkOut]) -> Table:
    names = ("name", "from", "a second", "accepted", "refused", "margin", "gate", "breaker", "up", "slots")
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for trunk in found:
        table.add_row(
            trunk.name,
            trunk.from_number or "",
            f"{trunk.calls_per_second:g}",
            str(trunk.accepted),
            str(trunk.refused),
            f"{trunk.margin:.1%}",
            f"closed for {trunk.gate_s:.0f} s" if trunk.gate_s else "open",
            f"open until {shown_moment(trunk.stopped_until)} ({trunk.seen})" if trunk.stopped_until else "closed",
            "" if trunk.up is None else str(trunk.up),
            "any" if trunk.slots is None else str(trunk.slots),
        )
    return table
