"""`dialer up`: everything on this machine in one command, until Ctrl-C."""

from __future__ import annotations

import asyncio

import click

from dialer import __version__
from dialer.cli.connection import open_dialer
from dialer.cli.credentials import credentials_path, load_or_make_credentials
from dialer.cli.foreground import run_server
from dialer.cli.stack import Plan, completed, new_stand_in, start
from dialer.errors import InvalidInput
from dialer.processes.supervisor import Supervisor
from dialer.settings import CARRIER_FIELDS, Settings, load_settings

_MOST_WORKERS = 64


@click.command("up")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, _MOST_WORKERS), help="How many workers."
)
@click.option("--simulate", is_flag=True, help="Dial the built-in carrier stand-in: no phone rings.")
@click.option("--stand-in", "told", multiple=True, metavar="NAME=VALUE", help="As `dialer simulate --set`.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of the API; 0 takes any free one.  [default: DIALER_PORT]"
)
def command(*, workers: int, simulate: bool, told: tuple[str, ...], port: int | None) -> None:
    """Run API, workers and a private Redis on this machine, until Ctrl-C.

    With DIALER_REDIS_URL set, that Redis is used and none is started. Data and generated keys lie in DIALER_DATA_DIR;
    the next start goes on where this one ended, however it ended.
    """
    settings = load_settings() if port is None else load_settings(port=port)
    if not simulate:
        _require_carrier(settings)
    plan = _plan(settings, workers=workers, simulate=simulate, told=told)
    supervisor = Supervisor(_say)
    run_server(_run(plan, supervisor), force=supervisor.kill)
    click.echo("dialer has ended; nothing of it is running any more.")


async def _run(plan: Plan, supervisor: Supervisor) -> None:
    async with open_dialer(plan.url, "") as dialer, supervisor:
        await start(plan, supervisor, dialer, _say)
        click.echo(_banner(plan))
        try:
            await asyncio.Event().wait()
        finally:
            _say("Ending: calls being placed are finished first (again Ctrl-C: at once) ...")


def _plan(settings: Settings, *, workers: int, simulate: bool, told: tuple[str, ...]) -> Plan:
    options = [word for pair in told for word in ("--set", pair)]
    stand_in = new_stand_in(settings.calls_per_second, "--lifelike", *options) if simulate else None
    credentials = load_or_make_credentials(settings.data_dir)
    return Plan(settings=completed(settings, credentials, stand_in), workers=workers, stand_in=stand_in)


def _require_carrier(settings: Settings) -> None:
    try:
        settings.require(*CARRIER_FIELDS)
    except InvalidInput as error:
        raise InvalidInput(f"{error}\nOr try it without a carrier: dialer up --simulate", field=error.field) from None


def _banner(plan: Plan) -> str:
    settings = plan.settings
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    carrier = "the built-in stand-in, no phone rings" if plan.stand_in else settings.carrier_url
    return "\n".join(
        [
            f"dialer {__version__} is up; Ctrl-C ends it.",
            f"  API      {plan.url}",
            f"  page     {plan.url}/  (log in with the key)",
            f"  API key  {key}  (kept in {credentials_path(settings.data_dir)} unless DIALER_API_KEY is set)",
            f"  carrier  {carrier}, {settings.calls_per_second:g} calls a second",
            f"  webhooks {settings.public_url}",
            "Next, in another terminal:",
            '  dialer campaign run people.csv --text "Hello {{ name }}, ..." --language nl-NL',
        ]
    )


def _say(sentence: str) -> None:
    click.echo(f"dialer up: {sentence}", err=True)
