"""`dialer restored`: says that what a restored Redis lacks was dealt with, so that dialing goes on."""

from __future__ import annotations

import asyncio

import click

from dialer.audit import DIALER, Action, Entry, Outcome
from dialer.cli.configuration import settings_beside_owner
from dialer.clock import now_ms
from dialer.runtime import Runtime, open_runtime


@click.command("restored")
@click.option("--by", metavar="NAME", required=True, help="Who says so; it is written into the audit log.")
@click.confirmation_option(
    prompt="Has everybody who was called since the backup been settled or suppressed, in each campaign?",
    help="Do not ask whether all were settled.",
)
def command(by: str) -> None:
    """Say that whoever was called since the backup has been dealt with, so that workers dial on.

    They hold after a backup was put back, or a replica without the latest changes took over: what Redis lacks of its
    past would be called a second time. deploy/README.md, "Backup and restore", says how to settle it. Needs
    DIALER_REDIS_URL, or a `dialer up` running in the same data folder.
    """
    asyncio.run(_restored(by))


async def _restored(by: str) -> None:
    async with open_runtime(settings_beside_owner(dials=False)) as runtime:
        told = runtime.life.told
        if told is not None and told.known:
            click.echo(f"The data lacks {told.lacks}.")
        else:
            click.echo("No process has seen newer data than this.")
        await _go_on(runtime, by)
        click.echo("A new life of the data has begun: workers dial on within seconds.")


async def _go_on(runtime: Runtime, by: str) -> None:
    told = runtime.life.told
    lacks = told.lacks if told and told.known else ""
    entry = Entry(
        action=Action.DATA_RESTORED,
        actor=DIALER,
        outcome=Outcome.DONE,
        on_behalf_of=by,
        details={"lacked": lacks} if lacks else {},
    )
    await runtime.life.renew(entry, now_ms(runtime.clock))
