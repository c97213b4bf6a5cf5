"""`dialer voices`: what the carrier can speak. The catalogue is in the package: no API, no Redis, no settings."""

from __future__ import annotations

from typing import get_args

import click
from rich.table import Table

from dialer.api.voices import VoicesOut
from dialer.cli.as_json import json_option
from dialer.cli.screens import plain_console
from dialer.voices import Generation, Voice, require_voices

_COLUMNS = ("language", "style", "gender", "name", "premium", "ssml", "in 2018", "generations", "")


@click.command("voices")
@click.argument("prefix", required=False)
@click.option("--generation", type=click.Choice(get_args(Generation)), help="Only those that it can speak with.")
@json_option
def command(*, prefix: str | None, generation: Generation | None, as_json: bool) -> None:
    """List languages and voices: all, or those of PREFIX such as `nl` or `en-GB`."""
    found = require_voices(prefix, generation)
    if as_json:
        click.echo(VoicesOut.of(found).model_dump_json(indent=2))
    else:
        plain_console().print(_table(found))


def _table(found: list[Voice]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name in _COLUMNS:
        table.add_column(name, no_wrap=bool(name))  # on a narrow screen only the language's name is folded
    for voice in found:
        table.add_row(
            voice.language,
            str(voice.style),
            voice.gender,
            voice.name,
            _premium(voice),
            "yes" if voice.ssml else "no",
            voice.name_2018 or "",
            ", ".join(sorted(voice.generations)),
            voice.language_name,
        )
    return table


def _premium(voice: Voice) -> str:
    if voice.standard_name is None:
        return "only"
    return "too" if voice.premium_name else "no"
