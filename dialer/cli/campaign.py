"""`dialer campaign ...`: a list of calls from file to result."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from dialer.cli.client import CampaignView, DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.describing import body_of, describes_campaign, redial_options
from dialer.cli.explain import of_campaign
from dialer.cli.forecasts import check, forecast_line, look_at_list, start, wall
from dialer.cli.hours import hours_text, window_options
from dialer.cli.policies import other_script_options
from dialer.cli.saving import save_file
from dialer.cli.screens import Screen, counts_text, open_screen, plain_console
from dialer.cli.sending import reading_options, report, send_list
from dialer.cli.shares import share_options
from dialer.cli.showing import shown
from dialer.cli.watching import has_ended, is_hung_up, summary, watch
from dialer.dispositions import Disposition
from dialer.errors import DialerError
from dialer.model import MAIN
from dialer.settings import load_settings

_LIST = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("campaign")
def command() -> None:
    """Create, import, start, watch and steer campaigns."""


@command.command("run")
@talks_to_api
@click.argument("file", type=_LIST)
@reading_options
@describes_campaign
@click.option("--name", help="What to call it.  [default: the file's name]")
@click.option("--force", is_flag=True, help="Start it although not everybody can be called in time.")
@click.option("--dry-run", is_flag=True, help="Check the list and look ahead; nothing is stored and nobody is called.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The results.  [default: FILE's name with .results.csv]",
)
async def run(  # noqa: PLR0913 - its options
    client: DialerClient,
    *,
    file: Path,
    wishes: dict[str, str],
    name: str | None,
    force: bool,
    dry_run: bool,
    output: Path | None,
    **description: Any,
) -> None:
    """Dial the list in FILE from beginning to end, and save what became of everyone.

    FILE is CSV with a header: a column `number`, perhaps `id`, and columns for the text's variables. Also a spreadsheet
    (.xlsx), NDJSON, JSON.
    """
    body = body_of(name or file.stem, **description)
    if dry_run:
        await look_at_list(client, file, {"campaign": body}, wishes)
        return
    created = await client.create_campaign(body)
    with open_screen() as screen:
        await _fill(client, created, file, screen, wishes)
        screen.say(forecast_line(await client.forecast(created.id)))
        await client.start(created.id, force=force)
        ended = await _watch(client, created.id, screen)
    click.echo(summary(ended))
    saved = await save_file(client.results(created.id, "csv"), output or file.with_suffix(".results.csv"))
    click.echo(f"Results: {saved}")


@command.command("create")
@talks_to_api
@click.argument("name")
@describes_campaign
async def create(client: DialerClient, *, name: str, **description: Any) -> None:
    """Create a campaign without calls, and print its id."""
    click.echo((await client.create_campaign(body_of(name, **description))).id)


@command.command("again")
@talks_to_api
@click.argument("campaign_id")
@click.option("--name", required=True, help="What to call the new one.")
@click.option(
    "--disposition", "dispositions", type=click.Choice([d.value for d in Disposition]), multiple=True,
    help="Who comes along.  [default: all who are done and were not reached]",
)  # fmt: skip
async def make_again(client: DialerClient, *, campaign_id: str, name: str, dispositions: tuple[str, ...]) -> None:
    """Make a draft from those whom a campaign did not reach, and print its id.

    Script, terms and policies are the same; who opted out never comes along.
    """
    body: Json = {"name": name} | ({"dispositions": list(dispositions)} if dispositions else {})
    click.echo((await client.campaign_again(campaign_id, body)).id)


@command.command("import")
@talks_to_api
@click.argument("campaign_id")
@click.argument("file", type=_LIST)
@reading_options
@click.option("--dry-run", is_flag=True, help="Check all of it and add nobody.")
async def import_list(
    client: DialerClient, *, campaign_id: str, file: Path, wishes: dict[str, str], dry_run: bool
) -> None:
    """Add the list in FILE to a campaign; the same list twice adds nobody twice.

    FILE is CSV with a header, a spreadsheet (.xlsx), NDJSON or JSON.
    """
    wishes |= {"dry_run": "true"} if dry_run else {}
    with open_screen() as screen:
        answer = await send_list(client, campaign_id, file, screen, wishes)
    click.echo(report(answer))


@command.command("list")
@talks_to_api
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def list_campaigns(client: DialerClient, *, limit: int, as_json: bool) -> None:
    """List the newest campaigns."""
    views = await client.campaigns(limit)
    if as_json:
        click.echo(json.dumps([view.raw for view in views], indent=2))
    else:
        plain_console().print(_table(views))


@command.command("show")
@talks_to_api
@click.argument("campaign_id")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def show(client: DialerClient, *, campaign_id: str, as_json: bool) -> None:
    """Show how a campaign stands."""
    view = await client.campaign(campaign_id)
    click.echo(json.dumps(view.raw, indent=2) if as_json else _description(view))


@command.command("explain")
@talks_to_api
@click.argument("campaign_id")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def explain(client: DialerClient, *, campaign_id: str, as_json: bool) -> None:
    """Tell why nothing of a campaign is being dialed now, for all its calls, and when that changes."""
    told = await client.explain_campaign(campaign_id)
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        of_campaign(told)


@command.command("watch")
@talks_to_api
@click.argument("campaign_id")
async def watch_campaign(client: DialerClient, *, campaign_id: str) -> None:
    """Follow a campaign until it has ended; Ctrl-C leaves it running."""
    with open_screen() as screen:
        ended = await _watch(client, campaign_id, screen)
    click.echo(summary(ended))


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
    client: DialerClient,
    *,
    campaign_id: str,
    form: str,
    not_reached: bool,
    disposition: str | None,
    output: Path | None,
) -> None:
    """Print or save what became of everyone, so far."""
    filters = {"reached": "false" if not_reached else None, "disposition": disposition}
    chunks = client.results(campaign_id, form, **filters)
    if output is not None:
        click.echo(f"Results: {await save_file(chunks, output)}")
        return
    async for chunk in chunks:
        sys.stdout.buffer.write(chunk)


def _add_step(verb: str, told: str) -> None:
    @command.command(verb, help=told)
    @talks_to_api
    @click.argument("campaign_id")
    async def step(client: DialerClient, *, campaign_id: str) -> None:
        view = await client.step(campaign_id, verb)
        click.echo(f"Campaign {view.id} is {view.state}.")


command.add_command(check)
command.add_command(start)
_add_step("pause", "Stop placing calls of a campaign at once; calls under way end by themselves.")
_add_step("resume", "Go on with a paused campaign.")
_add_step("cancel", "End a campaign for good; whatever has not gone out is cancelled.")


@command.command("change")
@talks_to_api
@click.argument("campaign_id")
@redial_options
@other_script_options
@share_options
async def change(  # noqa: PLR0913 - what can be changed
    client: DialerClient,
    *,
    campaign_id: str,
    says: Json,
    share: Json,
    redial: tuple[tuple[str, Json], ...],
    max_tries: Json,
) -> None:
    """Change a campaign, also while it runs: its share, caps, lists, redials, and what calls say from now on.

    What is not given stays as it is; `none` takes a limit away. Of a notification's script only what is given changes.
    """
    before = await client.campaign(campaign_id)
    body = share | max_tries | ({"redial": dict(redial)} if redial else {})
    if says:
        _same_kind(says, before)
        body["script"] = (before.raw["script"] if says["kind"] == "notification" else {}) | says["script"]
    view = await client.change_campaign(campaign_id, body)
    click.echo(f"Campaign {view.id} is changed: {', '.join(sorted(body))}.")


def _same_kind(says: Json, before: CampaignView) -> None:
    kind = before.raw["kind"]
    if says["kind"] != kind:
        raise DialerError(f"Campaign {before.id} is a {kind}; its script cannot become that of a {says['kind']}.")


@command.command("windows")
@talks_to_api
@click.argument("campaign_id")
@window_options
async def change_windows(client: DialerClient, *, campaign_id: str, windows: Json) -> None:
    """Give a campaign other hours, also while it runs; without options those of DIALER_WINDOWS."""
    view = await client.change_windows(campaign_id, windows)
    click.echo(f"Campaign {view.id}: {hours_text(view)}")


@command.command("hang-up")
@talks_to_api
@click.argument("campaign_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
async def hang_up(client: DialerClient, *, campaign_id: str, yes: bool) -> None:
    """Hang up everything: pause a campaign and end all its calls that are up."""
    seen = await client.hang_up_preview(campaign_id)
    question = f"This pauses campaign {campaign_id} and ends {_calls_text(seen)}. Go on?"
    if not yes and not click.confirm(question):
        raise DialerError("Nothing was done.")
    begun = await client.hang_up(campaign_id)
    click.echo(f"Ending {_calls_text(begun)} ...")
    with open_screen() as screen:
        view = await _watch(client, campaign_id, screen, until=is_hung_up)
    click.echo(f"Everything is hung up. Campaign {view.id} is {view.state}.")


def _calls_text(told: Json) -> str:
    calls = told["calls"]
    return f"{calls} call{'' if calls == 1 else 's'}, in about {told['seconds']} s" if calls else "no call: none is up"


async def _fill(
    client: DialerClient, created: CampaignView, file: Path, screen: Screen, wishes: dict[str, str]
) -> None:
    try:
        answer = await send_list(client, created.id, file, screen, wishes)
    except BaseException:
        screen.say(f"Campaign {created.id} stays a draft: nothing was dialed. See `dialer campaign show {created.id}`.")
        raise
    screen.say(f"Campaign {created.id}: {report(answer)}")
    if answer["accepted"] == 0:
        raise DialerError(f"No call was accepted, so campaign {created.id} was not started.")


async def _watch(
    client: DialerClient, campaign_id: str, screen: Screen, *, until: Callable[[CampaignView], bool] = has_ended
) -> CampaignView:
    try:
        budget = await _budget(client, campaign_id)
        return await watch(client, campaign_id, screen=screen, budget=budget, until=until)
    except asyncio.CancelledError:
        screen.say(
            f"Campaign {campaign_id} goes on without us; see it again with `dialer campaign watch {campaign_id}`."
        )
        raise


async def _budget(client: DialerClient, campaign_id: str) -> float:
    """Calls a second by all trunks of a campaign."""
    names = (await client.campaign(campaign_id)).raw.get("trunks", [MAIN])
    if names == [MAIN]:
        return load_settings().calls_per_second
    return float(sum(one["calls_per_second"] for one in await client.trunks() if one["name"] in names))


def _table(views: list[CampaignView]) -> Table:
    table = Table("id", "name", "state", "calls", "done", "dispositions", box=None, header_style="bold", pad_edge=False)
    for view in views:
        done = str(view.counts["done"])
        table.add_row(
            view.id, Text(shown(view.name)), view.state, str(view.total), done, counts_text(view.dispositions)
        )
    return table


def _description(view: CampaignView) -> str:
    lines = {
        "campaign": f"{view.id} ({shown(view.name)})",
        "state": view.state + (f": {shown(view.reason)}" if view.reason else ""),
        "calls": f"{view.total}: {counts_text(view.counts) or 'none'}",
        "hours": hours_text(view),
        **({"done about": wall(view.raw["finishes_at"])} if view.raw.get("finishes_at") else {}),
        "dispositions": counts_text(view.dispositions) or "none yet",
        "success": f"{view.raw['succeeded']} ({', '.join(view.raw['success']) or 'nothing counts'})",
    }
    return "\n".join(f"{title:<13} {text}" for title, text in lines.items())
