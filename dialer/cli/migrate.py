"""`dialer migrate`: brings the data in Redis to the version that this release writes, while everything runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import click
from rich.progress import BarColumn, Progress, TextColumn

from dialer.cli.configuration import settings_beside_owner
from dialer.cli.screens import plain_console
from dialer.migrations import MIGRATIONS, Migration
from dialer.runtime import open_runtime
from dialer.schema import WRITES
from dialer.settings import Settings
from dialer.store import Migrated, Store

_EVERY_S = 3.0


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Look at everything, tell what would change, and change nothing.")
def command(*, dry_run: bool) -> None:
    """Bring the data in Redis to the version that this release writes.

    Run it once every process is of this release; calls go on meanwhile. It may be ended at any moment and run again,
    and goes on where it was. Needs DIALER_REDIS_URL, or a `dialer up` running in the same data folder.
    """
    try:
        asyncio.run(_migrate(settings_beside_owner(dials=False), dry_run=dry_run))
    except KeyboardInterrupt:
        click.echo("Ended. `dialer migrate` goes on from here.", err=True)
        raise


async def _migrate(settings: Settings, *, dry_run: bool) -> None:
    async with open_runtime(settings) as runtime:
        store = runtime.store
        version = (await store.stamp()).version
        wanted = [migration for migration in MIGRATIONS if migration.version > version]
        if not wanted:
            click.echo(f"The data is of version {version}, and this release writes {WRITES}: nothing to do.")
        for migration in wanted:
            click.echo(f"From version {migration.version - 1} to {migration.version}: {migration.about}.")
            await _one(store, migration, dry_run=dry_run)


async def _one(store: Store, migration: Migration, *, dry_run: bool) -> None:
    steps = store.rehearse(migration) if dry_run else store.migrate(migration)
    done = await _shown(steps, await store.campaign_count())
    click.echo(f"{done.campaigns:,} campaigns and {done.calls:,} calls looked at.")
    click.echo(
        f"{done.changed:,} texts would change; nothing was written."
        if dry_run
        else f"{done.changed:,} texts changed. The data is of version {migration.version} now."
    )


async def _shown(steps: AsyncIterator[Migrated], campaigns: int) -> Migrated:
    """Show how far it is, as a bar on a terminal and as a line now and then elsewhere; returns the end."""
    console, said_at, done = plain_console(), time.monotonic(), Migrated()
    columns = (BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=max(1, campaigns))
        async for done in steps:
            progress.update(bar, completed=done.campaigns, description=_line(done, campaigns))
            if not console.is_terminal and time.monotonic() - said_at >= _EVERY_S:
                said_at = time.monotonic()
                click.echo(_line(done, campaigns))
    return done


def _line(done: Migrated, campaigns: int) -> str:
    return f"{done.campaigns:,} of {campaigns:,} campaigns, {done.calls:,} calls, {done.changed:,} changes"
