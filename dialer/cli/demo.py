"""`dialer demo`: a whole campaign against the carrier stand-in, with nothing to set up and nothing left behind.

Everything is real but the carrier and the people: a private Redis, the API, a worker, a list with a spoilt row and a
duplicate, redials, doubled and swapped webhooks. In the end the stand-in's own log is asked whether the dialer kept
its promises; if it did not, the exit code says so.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dialer.api.answers import CampaignOut
from dialer.cli.account import ask_stand_in, people_table
from dialer.cli.connection import open_dialer
from dialer.cli.credentials import new_credentials
from dialer.cli.demo_people import invent, write_list
from dialer.cli.foreground import run_server
from dialer.cli.saving import save_file
from dialer.cli.screens import open_screen, plain_console
from dialer.cli.sending import report, send_list
from dialer.cli.stack import Plan, StandIn, completed, new_stand_in, start
from dialer.cli.watching import summary, watch
from dialer.client import AsyncDialer
from dialer.errors import DialerError
from dialer.processes.folder import make_private
from dialer.processes.supervisor import Supervisor
from dialer.settings import load_settings
from dialer.settings.redis import RedisSettings

_INTERRUPTED = 130
_SCRIPT = {
    "text": "Hello {{ name }}, this is a test of the emergency line. Nothing is wrong.",
    "language": "en-GB",
    "confirm_key": "1",
}
_REDIAL = {"busy": {"times": 1, "after_s": 5}}
_LOG_TAIL_LINES = 15
# A call takes a few seconds, a phone that nobody picks up eleven: about a minute for sixty people at 3 a second.
_STAND_IN = (
    *("--seed", "7", "--time-scale", "0.25", "--lifelike"),
    *("--webhook-fault", "doubled=0.05", "--webhook-fault", "swapped=0.05"),
)


@dataclass(frozen=True, slots=True)
class Show:
    """What to demonstrate."""

    people: int
    rate: float
    output: Path


@click.command("demo")
@click.option("--people", default=60, show_default=True, type=click.IntRange(2, 5000), help="How many to call.")
@click.option("--rate", default=3.0, show_default=True, type=click.FloatRange(0.1, 300), help="Calls per second.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the results go.  [default: demo-results.csv in DIALER_DATA_DIR]",
)
@click.pass_context
def command(ctx: click.Context, *, people: int, rate: float, output: Path | None) -> None:
    """Dial a whole campaign against the carrier stand-in, in about a minute.

    Starts a private Redis, the API, a worker and the stand-in in a temporary folder, and ends them all again.
    """
    show = Show(people, rate, output or _default_output())
    supervisor = Supervisor(_say)
    with tempfile.TemporaryDirectory(prefix="dialer-demo-", ignore_cleanup_errors=True) as folder:
        if run_server(_run(show, Path(folder), supervisor), force=supervisor.kill):
            click.echo("Interrupted; everything has been ended.", err=True)
            ctx.exit(_INTERRUPTED)


async def _run(show: Show, folder: Path, supervisor: Supervisor) -> None:
    stand_in = new_stand_in(show.rate, *_STAND_IN)
    plan = _plan(show, folder, stand_in)
    key = plan.settings.api_key.get_secret_value() if plan.settings.api_key else ""
    async with open_dialer(plan.url, key) as dialer, supervisor:
        try:
            click.echo("Starting a private Redis, the carrier stand-in, the API and a worker ...")
            await start(plan, supervisor, dialer, _say)
            await _dial(show, folder, dialer, stand_in)
        except DialerError:
            await asyncio.to_thread(_show_logs, folder)
            raise


async def _dial(show: Show, folder: Path, dialer: AsyncDialer, stand_in: StandIn) -> None:
    ended = await _campaign(show, folder, dialer)
    calls = [call async for call in dialer.campaigns.calls(ended.id)]
    account = await ask_stand_in(stand_in.origin)
    plain_console().print(people_table(calls, account))
    click.echo(summary(ended))
    click.echo(account.text(calls, show.rate))
    click.echo(f"Results: {await save_file(dialer.campaigns.results(ended.id, 'csv'), show.output)}")
    account.check(calls, show.rate)


async def _campaign(show: Show, folder: Path, dialer: AsyncDialer) -> CampaignOut:
    people = folder / "people.csv"
    write_list(invent(show.people), people)
    body = {"name": "Demonstration", "kind": "notification", "redial": _REDIAL}
    created = await dialer.campaigns.create(body | {"script": _SCRIPT})
    with open_screen() as screen:
        screen.say(f"List {people.name}: {report(await send_list(dialer, created.id, people, screen))}")
        await dialer.campaigns.start(created.id)
        return await watch(dialer, created.id, screen=screen, budget=show.rate)


def _plan(show: Show, folder: Path, stand_in: StandIn) -> Plan:
    # Whatever the environment says about a real carrier or a real Redis must not be touched.
    outside: dict[str, Any] = {name: field.default for name, field in RedisSettings.model_fields.items()}
    outside |= dict.fromkeys(("public_url", "api_key", "webhook_secret", "erasure_secret"))
    inside = {"data_dir": folder, "host": "127.0.0.1", "port": 0, "calls_per_second": show.rate, "burst": 1}
    inside |= {"allowed_destinations": "*"}  # its people live in two countries, and no phone rings
    settings = load_settings(**outside, **inside)
    return Plan(settings=completed(settings, new_credentials(), stand_in), workers=1, stand_in=stand_in, logs=folder)


def _default_output() -> Path:
    folder = load_settings().data_dir
    make_private(folder)
    return folder / "demo-results.csv"


def _show_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        click.echo("\n".join([f"--- the end of {log.name}", *tail]), err=True)


def _say(sentence: str) -> None:
    click.echo(f"dialer demo: {sentence}", err=True)
