"""`dialer suppress ...`: numbers that are not called, by any campaign or by those that keep to a named list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click
from rich.table import Table

from dialer.api.suppressions import SuppressionOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.saving import save_file
from dialer.cli.screens import open_screen, plain_console
from dialer.cli.sending import report, send_numbers
from dialer.cli.showing import moment_text, shown
from dialer.client import AsyncDialer
from dialer.errors import DialerError

_ALL = "*"


@click.group("suppress")
def command() -> None:
    """Keep numbers from being called, by any campaign or by those that keep to a list."""


_on_list = click.option(
    "--list", "name", metavar="NAME", help="A named list.  [default: the one that all campaigns keep to]"
)


@command.command("add")
@talks_to_api
@click.argument("number")
@_on_list
async def add(dialer: AsyncDialer, *, number: str, name: str | None) -> None:
    """Let no campaign call NUMBER from now on, or none that keeps to the list; makes the list."""
    _tell(await dialer.suppressions.add(number, on=name))


@command.command("remove")
@talks_to_api
@click.argument("number")
@_on_list
async def remove(dialer: AsyncDialer, *, number: str, name: str | None) -> None:
    """Let campaigns call NUMBER again, whoever it was that asked them not to."""
    _tell(await dialer.suppressions.remove(number, on=name))


@command.command("check")
@talks_to_api
@click.argument("number")
@_on_list
@json_option
async def check(dialer: AsyncDialer, *, number: str, name: str | None, as_json: bool) -> None:
    """Say whether NUMBER is suppressed, and since when."""
    answer = await dialer.suppressions.check(number, on=name)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)


@command.command("list")
@talks_to_api
@_on_list
@click.option("--json", "as_json", is_flag=True, help="As the API says it, one a line.")
async def list_numbers(dialer: AsyncDialer, *, name: str | None, as_json: bool) -> None:
    """List all numbers of a list, longest ago first."""
    async for one in dialer.suppressions.all(on=name):
        if as_json:
            print_json(one, indent=None)
        else:
            click.echo(f"{shown(one.number)}  {moment_text(one.since)}")


@command.command("import")
@talks_to_api
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@_on_list
async def import_numbers(dialer: AsyncDialer, *, file: Path, name: str | None) -> None:
    """Put all numbers in FILE on a list; the same file twice changes nothing. Makes the list.

    FILE is CSV with a column `number`, NDJSON, JSON, or .txt with one number a line.
    """
    with open_screen() as screen:
        answer = await send_numbers(dialer, name, file, screen)
    click.echo(report(answer))


@command.command("export")
@talks_to_api
@_on_list
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: standard output]"
)
async def export(dialer: AsyncDialer, *, name: str | None, form: Literal["csv", "ndjson"], output: Path | None) -> None:
    """Print or save all numbers of a list, and since when."""
    chunks = dialer.suppressions.export(form, on=name)
    if output is not None:
        click.echo(f"Numbers: {await save_file(chunks, output)}")
        return
    async for chunk in chunks:
        sys.stdout.buffer.write(chunk)


@command.command("lists")
@talks_to_api
@json_option
async def lists(dialer: AsyncDialer, *, as_json: bool) -> None:
    """List the lists."""
    found = await dialer.suppressions.lists()
    if as_json:
        print_json(found)
        return
    table = Table("list", "numbers", "version", box=None, header_style="bold", pad_edge=False)
    for one in found:
        name = f"{_ALL} (all campaigns)" if one.name == _ALL else one.name
        table.add_row(name, str(one.size), str(one.version))
    plain_console().print(table)


@command.command("drop-list")
@talks_to_api
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
async def drop_list(dialer: AsyncDialer, *, name: str, yes: bool) -> None:
    """Forget the list NAME and all numbers on it; not while a campaign that is not over keeps to it."""
    size = next((one.size for one in await dialer.suppressions.lists() if one.name == name), None)
    question = f"This forgets the list {name} and the {size} numbers on it. Go on?"
    if size is not None and not yes and not click.confirm(question):
        raise DialerError("Nothing was done.")
    dropped = await dialer.suppressions.drop_list(name)
    click.echo(f"The list {name} is dropped, with the {dropped.size} numbers on it.")


def _tell(answer: SuppressionOut) -> None:
    on = "" if answer.list_ == _ALL else f" on {answer.list_}"
    stands = f"suppressed{on} since {moment_text(answer.since)}" if answer.suppressed else f"not suppressed{on}"
    before = "" if getattr(answer, "changed", True) else ", as it was before"
    click.echo(f"{shown(answer.number)} is {stands}{before}.")
