"""`dialer status`: what runs, how fast, and what needs a person, in one glance."""

from __future__ import annotations

import click
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dialer.api.answers import CampaignOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.glance import Glance, glance
from dialer.cli.screens import counts_text, plain_console
from dialer.cli.showing import shown
from dialer.client import AsyncDialer
from dialer.states import CallState

_BAR = 20


@click.command("status")
@talks_to_api
@json_option
async def command(dialer: AsyncDialer, *, as_json: bool) -> None:
    """Show in one glance what runs, how fast, and what needs a person; urgent campaigns on top.

    Ends with 1 where the dialer does not answer. That something needs a person is no failure: `needs_a_person` tells.
    """
    seen = await glance(dialer)
    if as_json:
        print_json(told(seen))
    else:
        console = plain_console()
        console.print(picture(seen, dialer.url, bars=console.is_terminal))


def told(seen: Glance) -> dict[str, object]:
    """The glance for programs: campaigns and pace as the API says them."""
    return {
        "campaigns": seen.campaigns,
        "pace": seen.pace,
        "calls_per_second": seen.budget,
        "placed_per_second": seen.placed_per_second,
        "needs_a_person": seen.wants,
    }


def picture(seen: Glance, url: str, *, bars: bool) -> RenderableType:
    """The glance for people; nothing in it is cut off on a narrow terminal."""
    pace = seen.pace
    workers = f"{pace.workers} worker{'' if pace.workers == 1 else 's'}"
    rate = f"{seen.placed_per_second:.1f} of {seen.budget:g} calls/s"
    head = Text(f"{url}: {workers}, {rate}, {pace.live} up, {pace.due} due", style="bold")
    wants = [Text(f"! {shown(want)}", style="yellow") for want in seen.wants] or [Text("Nothing needs a person.")]
    campaigns = [_campaign(one, bars=bars) for one in seen.campaigns] or [Text("No campaign runs or is paused.")]
    return Group(head, *wants, *campaigns)


def _campaign(one: CampaignOut, *, bars: bool) -> RenderableType:
    urgent = ", urgent" if one.priority == "urgent" else ""
    head = Text.assemble("\n", (shown(one.name), "bold"), f"  {one.id}  ", (f"{one.state}{urgent}", "cyan"))
    done = one.counts[CallState.DONE]
    finish = f"done about {one.finishes_at.astimezone():%a %H:%M}" if one.finishes_at else ""
    figures = [f"{done} of {one.total} done", finish, counts_text(one.dispositions)]
    told_of_it = "  ".join(part for part in figures if part)
    if not bars:
        return Group(head, Text(told_of_it))
    line = Table.grid(padding=(0, 1))
    line.add_row(ProgressBar(total=max(one.total, 1), completed=done, width=_BAR), told_of_it)
    return Group(head, line)
