"""`dialer erase`: a person's number, calls and recordings, for good, with a proof."""

from __future__ import annotations

import asyncio
import json

import click

from dialer.cli.connection import talks_to_api
from dialer.cli.showing import shown
from dialer.client import AsyncDialer

_LOOK_S = 1.0


@click.command("erase")
@talks_to_api
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--suppress", is_flag=True, help="Nobody may call it after that: a keyed hash stays.")
@click.option("--hang-up", is_flag=True, help="End calls that are up; else their own end is waited for.")
@click.option("--by", metavar="NAME", help="Who asks, for the proof.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the proof.")
async def command(  # noqa: PLR0913 - its options
    dialer: AsyncDialer, *, number: str, yes: bool, suppress: bool, hang_up: bool, by: str | None, no_wait: bool
) -> None:
    """Erase the person of NUMBER from all calls, attempts and recordings; print the proof as JSON."""
    if not yes:
        found = await dialer.numbers.find(number, limit=1)
        click.confirm(f"Erase {shown(found.number)}, {found.total} calls, for good?", abort=True, err=True)
    erasure = await dialer.numbers.erase(number, suppress=suppress, hang_up=hang_up, by=by)
    click.echo(f"Erasure {erasure.id} has begun.", err=True)
    while not (no_wait or erasure.ended):
        await asyncio.sleep(_LOOK_S)
        erasure = await dialer.numbers.erasure(erasure.id)
    if erasure.proof:
        click.echo(json.dumps(erasure.proof, indent=2))
