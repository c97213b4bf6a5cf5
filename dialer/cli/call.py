"""`dialer call`: one number, without a campaign of its own."""

from __future__ import annotations

import json
from typing import Any

import click

from dialer.cli.client import DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.policies import script_options
from dialer.model import Priority


@click.command("call")
@talks_to_api
@click.argument("number")
@script_options
@click.option("--priority", type=click.Choice([p.value for p in Priority]), help="Who goes first.  [default: normal]")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def command(client: DialerClient, *, number: str, script: Json, priority: str | None, as_json: bool) -> None:
    """Call NUMBER as soon as its turn comes, and print the call's id."""
    body: dict[str, Any] = {"number": number, "script": script} | ({"priority": priority} if priority else {})
    call = await client.add_call(body)
    click.echo(json.dumps(call, indent=2) if as_json else call["id"])
