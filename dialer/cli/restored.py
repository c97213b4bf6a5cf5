"""`dialer restored`: settles what a restored Redis lacks, and lets dialing go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import click

from dialer.audit import DIALER, Action, Entry, Outcome
from dialer.cli.configuration import settings_beside_owner
from dialer.clock import moment, now_ms
from dialer.errors import InvalidInput
from dialer.processes.heartbeat import read_fleet
from dialer.providers.base import LISTED_WITHIN
from dialer.restoring import Found, Restoring
from dialer.runtime import Runtime, open_runtime
from dialer.settings import CARRIER_FIELDS, Settings

_SAYS_EVERY = 1_000  # calls of the list
_WORDS = {
    Found.STORED: "were known",
    Found.SETTLED: "were lost and are settled",
    Found.IN_DOUBT: "may be any of several that wait for the number, and a person must look",
    Found.STRANGE: "nobody here waited for",
}


@click.command("restored")
@click.option("--by", metavar="NAME", required=True, help="Who says so; it is written into the audit log.")
@click.option(
    "--since",
    metavar="TIME",
    help="Look through the carrier's list from then on, such as 2026-12-01T09:30:00+01:00; else from the last attempt "
    "that the data knows of.",
)
@click.option("--by-hand", is_flag=True, help="Do not ask the carrier: all were settled or suppressed by hand.")
def command(*, by: str, since: str | None, by_hand: bool) -> None:
    """Settle whoever was called since the backup by the carrier's list of calls, and let workers dial on.

    They hold after a backup was put back, or a replica without the latest changes took over: what Redis lacks of its
    past would be called a second time. What the list tells of a call that waits here becomes its attempt, with its
    outcome; where several wait for one number, all are left to a person. It may be ended and run again. Needs the
    carrier's settings, and DIALER_REDIS_URL or a `dialer up` running in the same data folder.
    """
    asyncio.run(restored(settings_beside_owner(dials=False), by, _moment(since), by_hand=by_hand))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise click.BadParameter(
            f"{text!r} is no moment with its offset, such as 2026-12-01T09:30:00+01:00.", param_hint="--since"
        )
    return read


async def restored(
    settings: Settings, by: str, since: datetime | None, *, by_hand: bool, say: Callable[[str], None] = click.echo
) -> None:
    """What the command does.

    Raises:
        InvalidInput: a setting of the carrier is missing, or `since` where the data does not tell it.
        CarrierError: its list could not be read; workers hold on.
        StoreUnavailable: Redis does not answer.
    """
    async with open_runtime(settings) as runtime:
        await runtime.life.hold()
        lacks = runtime.life.told.lacks if runtime.life.told else ""
        say("Workers hold.")
        found = Counter[Found]() if by_hand else await _settled(runtime, since or _last_known(runtime), say)
        entry = Entry(
            action=Action.DATA_RESTORED,
            actor=DIALER,
            outcome=Outcome.DONE,
            on_behalf_of=by,
            details={"lacked": lacks, **{str(what): count for what, count in found.items()}},
        )
        is_begun = await runtime.life.renew(entry, now_ms(runtime.clock))
        whose = (
            "A new life of the data has begun"
            if is_begun
            else "Somebody else has begun a new life of the data meanwhile"
        )
        say(f"{whose}: workers dial on within seconds.")


def _last_known(runtime: Runtime) -> datetime:
    """From when on attempts may be lost: all that began before the last one are there."""
    told = runtime.life.told
    if told is None or not told.at_ms:
        raise InvalidInput(
            "the data does not tell when its last attempt began: say when the backup was taken, less a minute, with "
            "--since TIME",
            field="since",
        )
    return moment(told.at_ms) - LISTED_WITHIN


async def _settled(runtime: Runtime, since: datetime, say: Callable[[str], None]) -> Counter[Found]:
    settings = runtime.settings
    settings.require(*CARRIER_FIELDS)
    under_way_s = max(_until_listed_s(settings.over(trunk)) for trunk in settings.trunk_names)
    say(f"Reading the carrier's list of calls in {under_way_s:.0f} s, when whatever is being requested now is in it.")
    await asyncio.sleep(under_way_s)
    fleet = await read_fleet(runtime.batch)
    share = settings.other_requests_per_second / (fleet.speakers + 1)
    for provider in runtime.providers.values():
        provider.set_share(share)
    longest = timedelta(seconds=settings.ringing_timer_s + settings.length_timer_s)
    restoring = Restoring(runtime.store, runtime.batch, runtime.clock, longest)
    async for found in restoring.settle(since, runtime.providers):
        if found.total() % _SAYS_EVERY == 0:
            say(f"{found.total():,} calls looked at, the list goes on.")
    say(f"The carrier's list since {since:%Y-%m-%d %H:%M:%S} UTC has {restoring.found.total():,} calls.")
    for what, words in _WORDS.items():
        if count := restoring.found[what]:
            say(f"{count:,} {words}.")
    return restoring.found


def _until_listed_s(settings: Settings) -> float:
    """Within how many seconds a request that is under way shows in the list, if it makes a phone ring."""
    return settings.carrier_timeout_s + settings.unavailable_settle_s
