"""`dialer audit ...`: who did what, when, and whether anybody has changed the record of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from dialer.api.audit import AuditEntryOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.saving import save_file
from dialer.cli.screens import plain_console
from dialer.cli.showing import moment_text, shown
from dialer.client import AsyncDialer
from dialer.errors import DialerError


@click.group("audit")
def command() -> None:
    """Show who did what, check that the record is whole, export it."""


def _filtered(function: Any) -> Any:
    """Add the options that say which entries."""
    options = (
        click.option("--campaign", "campaign_id", metavar="ID", help="Only what was done to this campaign."),
        click.option("--action", help="Only this, such as campaign.cancelled."),
        click.option("--from", "from_", metavar="TIME", help="Not before this, such as 2026-12-01T00:00:00+01:00."),
        click.option("--to", metavar="TIME", help="Only before this."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command("list")
@talks_to_api
@_filtered
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many of the newest.")
@json_option
async def list_entries(
    dialer: AsyncDialer, *, limit: int, as_json: bool, from_: str | None, to: str | None, **filters: str | None
) -> None:
    """List what was done, newest first."""
    found = [one async for one in dialer.audit.all(limit=limit, since=from_, before=to, **filters)]
    if as_json:
        print_json(found)
    else:
        plain_console().print(_table(found))


@command.command("verify")
@talks_to_api
@json_option
async def verify(dialer: AsyncDialer, *, as_json: bool) -> None:
    """Check that no entry was changed, added or removed; exit code 1 where one was."""
    verdict = await dialer.audit.verify()
    if as_json:
        print_json(verdict)
    else:
        entries = verdict.entries
        click.echo(f"{entries} {'entry is' if entries == 1 else 'entries are'} in order; head {verdict.head}")
    if not verdict.intact:
        where = f" at {verdict.broken_at}" if verdict.broken_at else " at its newest end"
        raise DialerError(f"The audit log is broken{where}: {verdict.fault}.")


@command.command("export")
@talks_to_api
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_filtered
async def export(dialer: AsyncDialer, *, file: Path, from_: str | None, to: str | None, **filters: str | None) -> None:
    """Save all entries in FILE, as NDJSON, oldest first."""
    saved = await save_file(dialer.audit.export(since=from_, before=to, **filters), file)
    click.echo(f"Audit log: {saved}")


def _table(entries: list[AuditEntryOut]) -> Table:
    table = Table(
        "at", "who", "action", "outcome", "campaign", "details", box=None, header_style="bold", pad_edge=False
    )
    for entry in entries:
        who = (entry.actor or "") + (f" for {entry.on_behalf_of}" if entry.on_behalf_of else "")
        details = ", ".join(f"{name}={value}" for name, value in entry.details.items())
        told = (who, entry.action, entry.outcome, entry.campaign_id or "", details)
        table.add_row(moment_text(entry.at), *(Text(shown(str(text))) for text in told))
    return table
