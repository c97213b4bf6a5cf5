"""`dialer suppress ...`: numbers that no campaign calls."""

from __future__ import annotations

import json

import click

from dialer.cli.client import DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.showing import shown


@click.group("suppress")
def command() -> None:
    """Keep numbers from being called, by any campaign: add, remove, check, list."""


@command.command("add")
@talks_to_api
@click.argument("number")
async def add(client: DialerClient, *, number: str) -> None:
    """Let no campaign call NUMBER from now on."""
    _tell(await client.suppression("add", number))


@command.command("remove")
@talks_to_api
@click.argument("number")
async def remove(client: DialerClient, *, number: str) -> None:
    """Let campaigns call NUMBER again, whoever it was that asked them not to."""
    _tell(await client.suppression("remove", number))


@command.command("check")
@talks_to_api
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def check(client: DialerClient, *, number: str, as_json: bool) -> None:
    """Say whether NUMBER is suppressed, and since when."""
    answer = await client.suppression("check", number)
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        _tell(answer)


@command.command("list")
@talks_to_api
@click.option("--json", "as_json", is_flag=True, help="As the API says it, one a line.")
async def list_numbers(client: DialerClient, *, as_json: bool) -> None:
    """List all of them, longest ago first."""
    async for one in client.suppressions():
        click.echo(json.dumps(one) if as_json else f"{shown(one['number'])}  {one['since']}")


def _tell(answer: Json) -> None:
    stands = f"suppressed since {answer['since']}" if answer["suppressed"] else "not suppressed"
    before = "" if answer.get("changed", True) else ", as it was before"
    click.echo(f"{shown(answer['number'])} is {stands}{before}.")
