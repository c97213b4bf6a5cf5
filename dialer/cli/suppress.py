"""`dialer suppress ...`: numbers that are not called, by any campaign or by those that keep to a named list."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.table import Table

from dialer.cli.client import DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.saving import save_file
from dialer.cli.screens import open_screen, plain_console
from dialer.cli.sending import report, send_numbers
from dialer.cli.showing import shown
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
async def add(client: DialerClient, *, number: str, name: str | None) -> None:
    """Let no campaign call NUMBER from now on, or none that keeps to the list; makes the list."""
    _tell(await client.suppression("add", number, name))


@command.command("remove")
@talks_to_api
@click.argument("number")
@_on_list
async def remove(client: DialerClient, *, number: str, name: str | None) -> None:
    """Let campaigns call NUMBER again, whoever it was that asked them not to."""
    _tell(await client.suppression("remove", number, name))


@command.command("check")
@talks_to_api
@click.argument("number")
@_on_list
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def check(client: DialerClient, *, number: str, name: str | None, as_json: bool) -> None:
    """Say whether NUMBER is suppressed, and since when."""
    answer = await client.suppression("check", number, name)
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        _tell(answer)


@command.command("list")
@talks_to_api
@_on_list
@click.option("--json", "as_json", is_flag=True, help="As the API says it, one a line.")
async def list_numbers(client: DialerClient, *, name: str | None, as_json: bool) -> None:
    """List all numbers of a list, longest ago first."""
    async for one in client.suppressions(name):
        click.echo(json.dumps(one) if as_json else f"{shown(one['number'])}  {one['since']}")


@command.command("import")
@talks_to_api
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@_on_list
async def import_numbers(client: DialerClient, *, file: Path, name: str | None) -> None:
    """Put all numbers in FILE on a list; the same file twice changes nothing. Makes the list.

    FILE is CSV with a column `number`, NDJSON, JSON, or .txt with one number a line.
    """
    with open_screen() as screen:
        answer = await send_numbers(client, name, file, screen)
    click.echo(report(answer))


@command.command("export")
@talks_to_api
@_on_list
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: standard output]"
)
async def export(client: DialerClient, *, name: str | None, form: str, output: Path | None) -> None:
    """Print or save all numbers of a list, and since when."""
    chunks = client.export_suppressions(name, form)
    if output is not None:
        click.echo(f"Numbers: {await save_file(chunks, output)}")
        return
    async for chunk in chunks:
        sys.stdout.buffer.write(chunk)


@command.command("lists")
@talks_to_api
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def lists(client: DialerClient, *, as_json: bool) -> None:
    """List the lists."""
    found = await client.suppression_lists()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("list", "numbers", "version", box=None, header_style="bold", pad_edge=False)
    for one in found:
        name = f"{_ALL} (all campaigns)" if one["name"] == _ALL else one["name"]
        table.add_row(name, str(one["size"]), str(one["version"]))
    plain_console().print(table)


@command.command("drop-list")
@talks_to_api
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
async def drop_list(client: DialerClient, *, name: str, yes: bool) -> None:
    """Forget the list NAME and all numbers on it; not while a campaign that is not over keeps to it."""
    size = next((one["size"] for one in await client.suppression_lists() if one["name"] == name), None)
    question = f"This forgets the list {name} and the {size} numbers on it. Go on?"
    if size is not None and not yes and not click.confirm(question):
        raise DialerError("Nothing was done.")
    dropped = await client.drop_suppression_list(name)
    click.echo(f"The list {name} is dropped, with the {dropped['size']} numbers on it.")


def _tell(answer: Json) -> None:
    on = "" if answer["list"] == _ALL else f" on {answer['list']}"
    stands = f"suppressed{on} since {answer['since']}" if answer["suppressed"] else f"not suppressed{on}"
    before = "" if answer.get("changed", True) else ", as it was before"
    click.echo(f"{shown(answer['number'])} is {stands}{before}.")
