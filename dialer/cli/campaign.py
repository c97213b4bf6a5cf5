"""`dialer campaign ...`: a list of calls from file to result."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import click
from rich.table import Table
from rich.text import Text

from dialer.api.answers import CampaignOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.campaign_change import change, change_windows
from dialer.cli.campaign_run import hang_up, run, watch_campaign
from dialer.cli.connection import talks_to_api
from dialer.cli.describing import body_of, describes_campaign
from dialer.cli.explain import of_campaign
from dialer.cli.forecasts import check, start, wall
from dialer.cli.hours import hours_text
from dialer.cli.saving import save_file
from dialer.cli.screens import counts_text, open_screen, plain_console
from dialer.cli.sending import reading_options, rejected_csv, report, send_list
from dialer.cli.showing import shown
from dialer.client import AsyncDialer
from dialer.client.campaigns import AsyncCampaigns
from dialer.client.wire import Json
from dialer.dispositions import Disposition
from dialer.kinds import KINDS
from dialer.states import CallState, CampaignState

_LIST = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("campaign")
def command() -> None:
    """Create, import, start, watch and steer campaigns."""


@command.command("create")
@talks_to_api
@click.argument("name")
@describes_campaign
async def create(dialer: AsyncDialer, *, name: str, **description: Any) -> None:
    """Create a campaign without calls, and print its id."""
    click.echo((await dialer.campaigns.create(body_of(name, **description))).id)


@command.command("again")
@talks_to_api
@click.argument("campaign_id")
@click.option("--name", required=True, help="What to call the new one.")
@click.option(
    "--disposition", "dispositions", type=click.Choice([d.value for d in Disposition]), multiple=True,
    help="Who comes along.  [default: all who are done and were not reached]",
)  # fmt: skip
async def make_again(dialer: AsyncDialer, *, campaign_id: str, name: str, dispositions: tuple[str, ...]) -> None:
    """Make a draft from those whom a campaign did not reach, and print its id.

    Script, terms and policies are the same; who opted out never comes along.
    """
    body: Json = {"name": name} | ({"dispositions": list(dispositions)} if dispositions else {})
    click.echo((await dialer.campaigns.create_again(campaign_id, body)).id)


@command.command("import")
@talks_to_api
@click.argument("campaign_id")
@click.argument("file", type=_LIST)
@reading_options
@click.option("--dry-run", is_flag=True, help="Check all of it and add nobody.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows that are not taken there, as CSV: 100,000 at the most, of a dry run 1,000.",
)
async def import_list(  # noqa: PLR0913 - its options
    dialer: AsyncDialer,
    *,
    campaign_id: str,
    file: Path,
    wishes: dict[str, str],
    dry_run: bool,
    rejects: Path | None,
) -> None:
    """Add the list in FILE to a campaign; the same list twice adds nobody twice.

    FILE is CSV with a header, a spreadsheet (.xlsx), NDJSON or JSON. What breaks off is gone on with by itself, and
    after a kill when the same command is given again.
    """
    wishes |= {"dry_run": "true"} if dry_run else {}
    with open_screen() as screen:
        answer = await send_list(dialer, campaign_id, file, screen, wishes)
    click.echo(report(answer))
    if rejects:
        click.echo(f"Rejected rows: {await save_file(rejected_csv(answer.rejections), rejects)}")


@command.command("list")
@talks_to_api
@click.option("--state", type=click.Choice([state.value for state in CampaignState]), help="Only those.")
@click.option("--kind", type=click.Choice(sorted(KINDS)), help="Only those.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="How many of the newest.")
@json_option
async def list_campaigns(
    dialer: AsyncDialer, *, state: str | None, kind: str | None, limit: int, as_json: bool
) -> None:
    """List the newest campaigns."""
    views = [view async for view in dialer.campaigns.all(state=state, kind=kind, limit=limit)]
    if as_json:
        print_json(views)
    else:
        plain_console().print(_table(views))


@command.command("show")
@talks_to_api
@click.argument("campaign_id")
@json_option
async def show(dialer: AsyncDialer, *, campaign_id: str, as_json: bool) -> None:
    """Show how a campaign stands."""
    view = await dialer.campaigns.get(campaign_id)
    if as_json:
        print_json(view)
    else:
        click.echo(_description(view))


@command.command("explain")
@talks_to_api
@click.argument("campaign_id")
@json_option
async def explain(dialer: AsyncDialer, *, campaign_id: str, as_json: bool) -> None:
    """Tell why nothing of a campaign is being dialed now, for all its calls, and when that changes."""
    told = await dialer.campaigns.explain(campaign_id)
    if as_json:
        print_json(told)
    else:
        of_campaign(told)


@command.command("results")
@talks_to_api
@click.argument("campaign_id")
@click.option("--format", "form", type=click.Choice(["csv", "ndjson", "parquet"]), default="csv", show_default=True)
@click.option("--not-reached", is_flag=True, help="Only who is done and was not reached.")
@click.option("--disposition", type=click.Choice([d.value for d in Disposition]), help="Only who ended so.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: standard output]"
)
async def results(  # noqa: PLR0913 - its options
    dialer: AsyncDialer,
    *,
    campaign_id: str,
    form: Literal["csv", "ndjson", "parquet"],
    not_reached: bool,
    disposition: str | None,
    output: Path | None,
) -> None:
    """Print or save what became of everyone, so far."""
    chunks = dialer.campaigns.results(
        campaign_id, form, reached=False if not_reached else None, disposition=disposition
    )
    if output is not None:
        click.echo(f"Results: {await save_file(chunks, output)}")
        return
    async for chunk in chunks:
        sys.stdout.buffer.write(chunk)


def _add_step(verb: str, told: str, taken: Callable[[AsyncCampaigns, str], Awaitable[CampaignOut]]) -> None:
    @command.command(verb, help=told)
    @talks_to_api
    @click.argument("campaign_id")
    async def step(dialer: AsyncDialer, *, campaign_id: str) -> None:
        view = await taken(dialer.campaigns, campaign_id)
        click.echo(f"Campaign {view.id} is {view.state}.")


for _further in (run, check, start, watch_campaign, change, change_windows, hang_up):
    command.add_command(_further)
_add_step("pause", "Stop placing calls of a campaign at once; calls under way end by themselves.", AsyncCampaigns.pause)
_add_step("resume", "Go on with a paused campaign.", AsyncCampaigns.resume)
_add_step("cancel", "End a campaign for good; whatever has not gone out is cancelled.", AsyncCampaigns.cancel)


def _table(views: list[CampaignOut]) -> Table:
    table = Table("id", "name", "state", "calls", "done", "dispositions", box=None, header_style="bold", pad_edge=False)
    for view in views:
        done = str(view.counts[CallState.DONE])
        table.add_row(
            view.id, Text(shown(view.name)), view.state, str(view.total), done, counts_text(view.dispositions)
        )
    return table


def _description(view: CampaignOut) -> str:
    lines = {
        "campaign": f"{view.id} ({shown(view.name)})",
        "state": view.state + (f": {shown(view.reason)}" if view.reason else ""),
        "calls": f"{view.total}: {counts_text(view.counts) or 'none'}",
        "hours": hours_text(view),
        **({"done about": wall(view.finishes_at)} if view.finishes_at else {}),
        "dispositions": counts_text(view.dispositions) or "none yet",
        "success": f"{view.succeeded} ({', '.join(view.success) or 'nothing counts'})",
    }
    return "\n".join(f"{title:<13} {text}" for title, text in lines.items())
