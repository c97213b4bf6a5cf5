"""`dialer find`: in which calls a number stands, over all campaigns."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table

from dialer.api.numbers import FoundCallOut, FoundOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console
from dialer.cli.showing import moment_text, shown
from dialer.client import AsyncDialer


@click.command("find")
@talks_to_api
@click.argument("number")
@click.option(
    "--limit", default=1000, show_default=True, type=click.IntRange(1, 10_000), help="How many calls at most."
)
@json_option
async def command(dialer: AsyncDialer, *, number: str, limit: int, as_json: bool) -> None:
    """Find every call of NUMBER, in all campaigns and among single calls; say whether it is suppressed."""
    found = await dialer.numbers.find(number, limit=limit)
    if as_json:
        print_json(found)
        return
    calls = found.calls
    if calls:
        plain_console().print(_table(calls))
    click.echo(_sentence(found))


def _sentence(found: FoundOut) -> str:
    total, number = found.total, shown(found.number)
    where = f"stands in {total} {'call' if total == 1 else 'calls'}" if total else "stands in no call"
    cut = f" (the first {len(found.calls)} are shown)" if len(found.calls) < total else ""
    stands = f"suppressed since {moment_text(found.since)}" if found.suppressed else "not suppressed"
    return f"{number} {where}{cut} and is {stands}."


def _table(calls: Sequence[FoundCallOut]) -> Table:
    names = ("campaign", "name", "is", "call", "id", "state", "due", "tries")
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for call in calls:
        due = moment_text(call.due_at)
        state = call.disposition or call.state
        campaign = (call.campaign_id, shown(call.campaign_name), call.campaign_state)
        table.add_row(*campaign, call.call_id, shown(call.external_id or ""), state, due, str(call.tries))
    return table
