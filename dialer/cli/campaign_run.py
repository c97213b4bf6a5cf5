"""`dialer campaign run`, `watch` and `hang-up`: seeing a campaign through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dialer.api.answers import CampaignOut, HangUpOut
from dialer.cli.connection import talks_to_api
from dialer.cli.describing import body_of, describes_campaign
from dialer.cli.forecasts import forecast_line, look_at_list
from dialer.cli.saving import save_file
from dialer.cli.screens import Screen, open_screen
from dialer.cli.sending import reading_options, report, send_list
from dialer.cli.watching import has_ended, is_hung_up, summary, watch
from dialer.client import AsyncDialer
from dialer.errors import DialerError
from dialer.model import MAIN
from dialer.settings import load_settings

_LIST = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


_UNREACHED = 3
_fail_option = click.option("--fail-unreached", is_flag=True, help="End with 3 where not everyone was reached.")


@click.command("run")
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
@_fail_option
async def run(  # noqa: PLR0913 - its options
    dialer: AsyncDialer,
    *,
    file: Path,
    wishes: dict[str, str],
    name: str | None,
    force: bool,
    dry_run: bool,
    output: Path | None,
    fail_unreached: bool,
    **description: Any,
) -> None:
    """Dial the list in FILE from beginning to end, and save what became of everyone.

    FILE is CSV with a header: a column `number`, perhaps `id`, and columns for the text's variables. Also a spreadsheet
    (.xlsx), NDJSON, JSON.
    """
    body = body_of(name or file.stem, **description)
    if dry_run:
        await look_at_list(dialer, file, {"campaign": body}, wishes)
        return
    created = await dialer.campaigns.create(body)
    with open_screen() as screen:
        await _fill(dialer, created, file, screen, wishes)
        screen.say(forecast_line(await dialer.campaigns.forecast(created.id)))
        await dialer.campaigns.start(created.id, force=force)
        ended = await _watch(dialer, created.id, screen)
    click.echo(summary(ended))
    saved = await save_file(dialer.campaigns.results(created.id, "csv"), output or file.with_suffix(".results.csv"))
    click.echo(f"Results: {saved}")
    _end_as(ended, fail_unreached=fail_unreached)


@click.command("watch")
@talks_to_api
@click.argument("campaign_id")
@_fail_option
async def watch_campaign(dialer: AsyncDialer, *, campaign_id: str, fail_unreached: bool) -> None:
    """Follow a campaign until it has ended; Ctrl-C leaves it running."""
    with open_screen() as screen:
        ended = await _watch(dialer, campaign_id, screen)
    click.echo(summary(ended))
    _end_as(ended, fail_unreached=fail_unreached)


@click.command("hang-up")
@talks_to_api
@click.argument("campaign_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
async def hang_up(dialer: AsyncDialer, *, campaign_id: str, yes: bool) -> None:
    """Hang up everything: pause a campaign and end all its calls that are up."""
    seen = await dialer.campaigns.preview_hang_up(campaign_id)
    question = f"This pauses campaign {campaign_id} and ends {_calls_text(seen)}. Go on?"
    if not yes and not click.confirm(question):
        raise DialerError("Nothing was done.")
    begun = await dialer.campaigns.hang_up(campaign_id)
    click.echo(f"Ending {_calls_text(begun)} ...")
    with open_screen() as screen:
        view = await _watch(dialer, campaign_id, screen, until=is_hung_up)
    click.echo(f"Everything is hung up. Campaign {view.id} is {view.state}.")


def _end_as(ended: CampaignOut, *, fail_unreached: bool) -> None:
    if fail_unreached and ended.succeeded < ended.total:
        click.echo(f"{ended.total - ended.succeeded} of {ended.total} were not reached.", err=True)
        raise SystemExit(_UNREACHED)


def _calls_text(told: HangUpOut) -> str:
    calls = told.calls
    return f"{calls} call{'' if calls == 1 else 's'}, in about {told.seconds} s" if calls else "no call: none is up"


async def _fill(dialer: AsyncDialer, created: CampaignOut, file: Path, screen: Screen, wishes: dict[str, str]) -> None:
    try:
        answer = await send_list(dialer, created.id, file, screen, wishes)
    except BaseException:
        screen.say(f"Campaign {created.id} stays a draft: nothing was dialed. See `dialer campaign show {created.id}`.")
        raise
    screen.say(f"Campaign {created.id}: {report(answer)}")
    if answer.accepted == 0:
        raise DialerError(f"No call was accepted, so campaign {created.id} was not started.")


async def _watch(
    dialer: AsyncDialer, campaign_id: str, screen: Screen, *, until: Callable[[CampaignOut], bool] = has_ended
) -> CampaignOut:
    try:
        budget = await _budget(dialer, campaign_id)
        return await watch(dialer, campaign_id, screen=screen, budget=budget, until=until)
    except asyncio.CancelledError:
        screen.say(
            f"Campaign {campaign_id} goes on without us; see it again with `dialer campaign watch {campaign_id}`."
        )
        raise


async def _budget(dialer: AsyncDialer, campaign_id: str) -> float:
    """Calls a second by all trunks of a campaign."""
    names = (await dialer.campaigns.get(campaign_id)).trunks
    if names == [MAIN]:
        return load_settings().calls_per_second
    return float(sum(one.calls_per_second for one in await dialer.trunks.all() if one.name in names))
