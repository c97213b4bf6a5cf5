"""`dialer control CALL_ID ...`: orders to a call that is up.

Where the dialer is stands before the call (`dialer control --url ... CALL_ID mute`), because `transfer --url` means an
address that the carrier asks.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import IO, Any

import click

from dialer.cli.connection import find_address, key_option, url_option, with_client
from dialer.client import AsyncDialer
from dialer.client.wire import Json
from dialer.errors import InvalidInput
from dialer.providers.steering import Act

_SOUND = (
    click.option("--loop", default=1, show_default=True, type=click.IntRange(0), help="How often; 0 for ever."),
    click.option("--level", type=click.FloatRange(-1, 1), help="Loudness.  [default: the carrier's]"),
)
_ABOUT = {
    Act.HANG_UP: "End the call; nobody who was hung up on is dialed again.",
    Act.MUTE: "Let the others not hear this party.",
    Act.UNMUTE: "Let the others hear this party again.",
    Act.EARMUFF: "Let this party not hear the others.",
    Act.UNEARMUFF: "Let this party hear the others again.",
    Act.STOP_STREAM: "Stop what `play` began.",
    Act.STOP_TALK: "Stop what `talk` began.",
}


@dataclass(frozen=True, slots=True)
class _Target:
    """Which call, at which dialer."""

    call_id: str
    url: str | None
    api_key: str | None

    def order(self, **body: Any) -> None:
        """Have it done, and say so."""
        told = {name: value for name, value in body.items() if value is not None}
        asyncio.run(with_client(self._ordered, find_address(self.url, self.api_key), told))

    async def _ordered(self, dialer: AsyncDialer, body: Json) -> None:
        done = await dialer.calls.order(self.call_id, body)
        click.echo(f"Call {done.call_id}: {done.do.replace('_', ' ')} is done.")


@click.group("control", subcommand_metavar="ORDER [ARGS]...")
@url_option
@key_option
@click.argument("call_id")
@click.pass_context
def command(context: click.Context, call_id: str, url: str | None, api_key: str | None) -> None:
    """Steer a call that is up, at once."""
    context.obj = _Target(call_id, url, api_key)


def _with_sound(function: Any) -> Any:
    for option in reversed(_SOUND):
        function = option(function)
    return function


def _add_act(act: Act) -> None:
    @command.command(act.replace("_", "-"), help=_ABOUT[act])
    @click.pass_obj
    def give(target: _Target) -> None:
        target.order(do=act)


for _act in Act:
    _add_act(_act)


@command.command("transfer")
@click.option("--script", type=click.File(encoding="utf-8"), help="A call script, as JSON; - for standard input.")
@click.option("--url", help="Where the carrier finds an NCCO (https).")
@click.pass_obj
def transfer(target: _Target, script: IO[str] | None, url: str | None) -> None:
    """Let the call go on with another script: give --script or --url."""
    if (script is None) == (url is None):
        raise click.UsageError("Give either --script FILE or --url URL.")
    target.order(do="transfer", script=None if script is None else _read(script), url=url)


@command.command("play")
@click.argument("url")
@_with_sound
@click.pass_obj
def play(target: _Target, url: str, loop: int, level: float | None) -> None:
    """Play the audio file at URL (https) to this party."""
    target.order(do="play", url=url, loop=loop, level=level)


@command.command("talk")
@click.argument("text")
@click.option("--language", help="Such as nl-NL.  [default: the dialer's DIALER_DEFAULT_LANGUAGE]")
@click.option("--style", type=int, help="Number of the voice among those of the language.")
@click.option("--premium", is_flag=True, default=None, help="The better, dearer voice.")
@_with_sound
@click.pass_obj
def talk(target: _Target, /, text: str, **chosen: Any) -> None:
    """Speak TEXT to this party."""
    target.order(do="talk", text=text, **chosen)


@command.command("dtmf")
@click.argument("digits")
@click.pass_obj
def dtmf(target: _Target, digits: str) -> None:
    """Press DIGITS towards this party: 0-9, *, #, and p for half a second of pause."""
    target.order(do="dtmf", digits=digits)


def _read(script: IO[str]) -> Json:
    try:
        read = json.load(script)
    except ValueError as error:
        raise InvalidInput(f"{script.name} is not JSON: {error}.", field="--script") from None
    if not isinstance(read, dict):
        raise InvalidInput(f"{script.name} must be a JSON object with `steps`.", field="--script")
    return read
