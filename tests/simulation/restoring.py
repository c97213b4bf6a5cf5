"""A backup of Redis is put back in the middle of a run, and a person deals with it as the runbook has it.

The runbook: deploy/README.md, "Backup and restore". `stopped` is its way: nobody dials before `dialer restored` has
settled what is missing. Else nobody stops: the processes live through it, or all of them die with Redis and are
started again at once, with nothing but what their disks have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from dialer.cli.restored import restored
from dialer.errors import DialerError, InvalidInput
from dialer.redis.seen import Seen
from tests.simulation import processes
from tests.simulation.told import Order, Restore
from tests.simulation.virtual_time import BEGIN_S, START_S, passed_s

if TYPE_CHECKING:
    from tests.simulation.plan import Event, PlannedCampaign
    from tests.simulation.world import World

_A_MINUTE = timedelta(minutes=1)
_AGAIN_S = 2.0


class Restoring:
    """One backup, from its taking until all is settled."""

    def __init__(self, world: World, event: Event, how: str) -> None:
        self._world, self._event, self._how = world, event, how

    async def run(self) -> None:
        """Take it, put it back `amount` seconds later, and settle that `lasts_s` after it."""
        world, machine = self._world, self._world.machine
        copy, self._copied_s = machine.copy(), passed_s()
        life, self._begun = machine.life()
        await asyncio.sleep(self._event.amount)
        if self._how == "restarted":
            while not self._is_on_a_disk(life):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
        for name in world.machines() if self._how else ():
            world.running[name].die()
        machine.put_back(copy)
        world.told.restores.append(Restore(self._copied_s, passed_s()))
        workers = [name for name in world.machines() if name != "api"]
        for name in {"": [], "restarted": ["api", *workers], "stopped": ["api"]}[self._how]:
            world.start(name)
        await asyncio.sleep(self._event.lasts_s)
        cancelled = await self._stop_again()
        await self._settle()
        for order in cancelled:
            await world.order(*order[1:])
        for name in workers if self._how == "stopped" else ():
            world.start(name)
        for campaign in world.plan.campaigns:
            await self._bring_in(campaign)
        for number in tuple(world.told.singles):
            await self._ask_again(number)

    def _is_on_a_disk(self, life: str) -> bool:
        """Whether one disk has what was begun since, if anything was: it is a second behind, as the manual says."""
        world = self._world
        if world.machine.life()[1] == self._begun:
            return True
        return any(Seen(world.machine.disks / name).read(life) > self._begun for name in world.machines())

    async def _stop_again(self) -> list[Order]:
        """Whatever was stopped or suppressed since, and is known to be no more; what was cancelled is paused first.

        Returns what is to be cancelled again, once it is settled who was called.
        """
        told = self._world.told
        since = [one for one in told.orders if self._copied_s <= one.at_s and one.verb != "resume"]
        cancelled = [one for one in since if one.verb == "cancel"]
        paused = [one._replace(verb="pause", path=one.path.replace("/cancel", "/pause")) for one in cancelled]
        for order in [*(one for one in since if one not in cancelled), *paused]:
            if not any(at > order.at_s for at, name in told.resumed if name == order.whom):
                await self._world.order(*order[1:])
        return cancelled

    async def _settle(self) -> None:
        """Run `dialer restored` until it is through, on a machine of its own."""
        since: datetime | None = None
        while True:
            person = processes.Process("person")
            self._world.all.append(person)
            settings = self._world.settings(person.name)
            person.start(restored(settings, "anna", since, by_hand=False, say=lambda _: None))
            assert person.main
            try:
                with suppress(RedisError, OSError, TimeoutError):
                    await person.main
                    return
            except InvalidInput:  # it asks for that
                since = datetime.fromtimestamp(START_S + self._copied_s, UTC) - _A_MINUTE
            except DialerError:
                pass  # it says why: the list could not be read, or Redis is away
            finally:
                person.die()
            await asyncio.sleep(_AGAIN_S)

    async def _bring_in(self, campaign: PlannedCampaign) -> None:
        """What of a list is gone, without those of the carrier's list; a campaign that was called off stays away."""
        world, told, name = self._world, self._world.told, campaign.name
        await asyncio.wait([world.dialing[name]])
        if name in told.missed:
            return
        campaign_id = told.campaigns[name]
        page = await world.found(f"/v1/campaigns/{campaign_id}/calls?limit=1000")
        there = {call["number"] for call in page["calls"]} if page else set()
        lacking = [person.number for person in campaign.people if person.number not in there]
        spared = told.spared.setdefault(name, set())
        spared.update(number for number in lacking if self._is_listed(number))
        lacking = [number for number in lacking if number not in spared]
        if page is None:
            told.former[told.campaigns.pop(name)] = name
            told.imported.pop(name, None)
            if not lacking or any(order.verb == "cancel" and order.whom == name for order in told.orders):
                told.missed.add(name)
                return
        await world.bring_in(campaign, lacking)

    async def _ask_again(self, number: str) -> None:
        """For a single call that is gone, unless its number is in the carrier's list."""
        world, singles = self._world, self._world.told.singles
        singles[number] = {one for one in singles[number] if await world.found(f"/v1/calls/{one}")}
        if not singles[number] and self._is_listed(number):
            del singles[number]
            world.told.spared[number] = {number}
        elif not singles[number]:
            await world.ask_for(number)

    def _is_listed(self, number: str) -> bool:
        """Whether the carrier's list has a call to the number since the backup."""
        legs = self._world.carrier._exchange.legs_of(number)
        return any(leg.created_s - BEGIN_S >= self._copied_s for leg in legs)
