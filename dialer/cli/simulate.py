"""`dialer simulate`: the carrier stand-in in the foreground."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from dialer import log
from dialer.cli.foreground import keep_for_good, run_server
from dialer.errors import InvalidInput
from dialer.simulator.config import LIFELIKE, LIFELIKE_PRESSING, SimulatorConfig
from dialer.simulator.faults import Often
from dialer.simulator.routes import BASE, TOKEN_PATH
from dialer.simulator.serve import serve
from dialer.simulator.server import Simulator

_DEFAULT_PORT = 8090
_SHARES = ("busy", "no_answer", "voicemail", "rejected", "invalid", "unreachable")


@click.command("simulate")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; it asks for no password.")
@click.option("--port", default=_DEFAULT_PORT, show_default=True, help="Port to listen on; 0 takes any free one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same people again.")
@click.option("--time-scale", default=1.0, show_default=True, help="0.1 rings and talks ten times as fast.")
@click.option("--calls-per-second", default=3.0, show_default=True, help="Calls taken in any rolling second.")
@click.option("--share", multiple=True, metavar="HOW=PART", help=f"How people behave: {', '.join(_SHARES)}.")
@click.option("--lifelike", is_flag=True, help="Shares as a list of private numbers may have them.")
@click.option("--place-fault", multiple=True, metavar="FAULT=OFTEN", help="Such as lost_reply=0.05 or 503=1/20.")
@click.option("--webhook-fault", multiple=True, metavar="FAULT=OFTEN", help="Such as doubled=0.1 or lost=1/50.")
@click.option("--set", "further", multiple=True, metavar="NAME=VALUE", help="Any other field of SimulatorConfig.")
def command(*, lifelike: bool, further: tuple[str, ...], **options: Any) -> None:
    """Run the carrier stand-in: KPN's voice gateway without any phone ringing."""
    config = configure(dict(_pairs("--set", further)), lifelike=lifelike, **options)
    log.set_up()
    keep_for_good()
    run_server(serve(config, ready=_announce))


def configure(
    further: dict[str, str],
    *,
    lifelike: bool,
    share: tuple[str, ...],
    place_fault: tuple[str, ...],
    webhook_fault: tuple[str, ...],
    **plain: Any,
) -> SimulatorConfig:
    """The configuration that the options amount to. Raises InvalidInput naming what is wrong."""
    unknown = set(further) - {field.name for field in fields(SimulatorConfig)}
    if unknown:
        raise InvalidInput(f"--set: the stand-in knows no {', '.join(sorted(unknown))}", field="--set")
    shares = (asdict(LIFELIKE) if lifelike else {}) | dict(_pairs("--share", share))
    people = {"pressing": LIFELIKE_PRESSING} if lifelike else {}
    faults = {"place_faults": _faults("--place-fault", place_fault)}
    faults["webhook_faults"] = _faults("--webhook-fault", webhook_fault)
    try:
        return TypeAdapter(SimulatorConfig).validate_python({**plain, **people, **further, **faults, "shares": shares})
    except ValidationError as error:
        said = (f"{'.'.join(map(str, e['loc'])) or 'options'}: {e['msg']}" for e in error.errors(include_url=False))
        raise InvalidInput("\n".join(said)) from None


def _announce(simulator: Simulator) -> None:
    click.echo(f"The carrier stand-in listens on {simulator.origin}. Point a dialer at it:")
    for name, value in stand_in_environment(simulator.origin).items():
        click.echo(f"  export {name}={value}")


def stand_in_environment(origin: str) -> dict[str, str]:
    """The variables that make a dialer use a stand-in, which takes any credentials."""
    return {
        "DIALER_CARRIER_URL": origin + BASE,
        "DIALER_CARRIER_TOKEN_URL": origin + TOKEN_PATH,
        "DIALER_CARRIER_CLIENT_ID": "stand-in",
        "DIALER_CARRIER_CLIENT_SECRET": "stand-in",
        "DIALER_CARRIER_APPLICATION_ID": "stand-in",
        "DIALER_FROM_NUMBER": "+31201234567",
        "DIALER_RECORDING_ORIGINS": origin,
    }


def _faults(option: str, given: tuple[str, ...]) -> dict[str, Often]:
    try:
        return {name: Often.parse(often) for name, often in _pairs(option, given)}
    except ValueError as error:
        raise InvalidInput(f"{option}: {error}; write it like doubled=0.1 or doubled=1/20", field=option) from None


def _pairs(option: str, given: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given]
    for name, sign, value in pairs:
        if not (name and sign and value):
            raise InvalidInput(f"{option} {name!r} is not written like NAME=VALUE", field=option)
    return [(name, value) for name, _, value in pairs]
