"""`dialer call`: one number, without a campaign of its own."""

from __future__ import annotations

from typing import Any

import click

from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.policies import script_options, terms_options
from dialer.client import AsyncDialer
from dialer.client.wire import Json
from dialer.model import Priority


@click.command("call")
@talks_to_api
@click.argument("number")
@script_options
@terms_options
@click.option("--priority", type=click.Choice([p.value for p in Priority]), help="Who goes first.  [default: normal]")
@click.option("--dtmf-answer", metavar="KEYS", help="Keys pressed towards the phone when it answers; p is a pause.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Told to a SIP address or websocket.")
@json_option
async def command(dialer: AsyncDialer, *, number: str, says: Json, terms: Json, as_json: bool, **chosen: Any) -> None:
    """Call NUMBER as soon as its turn comes, and print the call's id.

    NUMBER may also be a SIP address (sip:desk@pbx.example.com) or a websocket (wss://audio.example.com/in).
    """
    call = await dialer.calls.create({"number": number} | says | terms | _further(**chosen))
    if as_json:
        print_json(call)
    else:
        click.echo(call.id)


def _further(priority: str | None, dtmf_answer: str | None, headers: tuple[str, ...]) -> Json:
    pairs = [text.partition("=") for text in headers]
    wrong = next((name for name, sign, _ in pairs if not (name and sign)), None)
    if wrong is not None:
        raise click.UsageError(f"--header {wrong!r} is not written like NAME=VALUE.")
    told = {"dtmf_answer": dtmf_answer, "headers": {name: value for name, _, value in pairs} or None}
    endpoint = {name: value for name, value in told.items() if value}
    return {name: value for name, value in {"priority": priority, "endpoint": endpoint}.items() if value}
