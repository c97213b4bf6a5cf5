"""Escalations over the whole dialer: step follows step, and a key that is enough stops everything that rings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from dialer.simulator import SimulatorConfig
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A phone rings for nine seconds here, so that all of a step ring while somebody listens and presses the key.
CARRIER = SimulatorConfig(time_scale=0.2, calls_per_second=1000, other_requests_per_second=1000)
SETTINGS = {"OTHER_REQUESTS_PER_SECOND": "200"}
TEXT = "Pump three has stopped."


class Alarm:
    """An escalation in a world, as its user sees it."""

    def __init__(self, world: World, told: Json) -> None:
        self.world, self.id = world, str(told["id"])

    @classmethod
    async def raised(cls, world: World, *steps: list[str], wait_s: int = 60, **wishes: Any) -> Alarm:
        """One of these steps; waits as many seconds of ours."""
        body: Json = {
            "name": "Pump three",
            "text": TEXT,
            "language": "en-GB",
            "steps": [{"people": [{"number": number} for number in step], "wait_s": wait_s} for step in steps],
        }
        return cls(world, await world.post("/v1/escalations", body | wishes))

    async def look(self) -> Json:
        """The escalation as the API tells it."""
        return await self.world.get(f"/v1/escalations/{self.id}")

    async def until(self, reached: Callable[[Json], bool], *, within_s: float = 30.0) -> Json:
        """Look until it is so."""
        seen: Json = {}
        try:
            async with asyncio.timeout(within_s):
                while not reached(seen := await self.look()):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not within {within_s} s: {states(seen)}\n{seen}") from None
        return seen

    async def until_over(self) -> Json:
        """Look until it is over."""
        return await self.until(lambda seen: seen["state"] == "over")

    async def judge(self) -> None:
        """No phone rang twice for one attempt, and the campaign behind it adds up and ends."""
        run = CampaignRun(self.world, self.id)
        await run.until(lambda seen: seen["state"] == "completed")
        seen = await self.look()
        assert not [p for p in seen["people"] if self.world.carrier.rings(p["number"]) > p["tries"]], seen

    def hung_up_after_s(self, seen: Json, numbers: list[str]) -> list[float]:
        """So long after the confirmation the carrier was asked to end the calls to these."""
        pressed_s = datetime.fromisoformat(seen["confirmations"][0]["at"]).timestamp() - (
            time.time() - time.monotonic()
        )
        uuids = {self.world.carrier.leg(number).uuid for number in numbers}
        return [
            record.arrived_s - pressed_s
            for record in self.world.carrier.log
            if record.method == "PUT" and record.path.rpartition("/")[2] in uuids
        ]


def states(seen: Json) -> dict[str, str]:
    """Each person's state, by number."""
    return {person["number"]: person["state"] for person in seen.get("people", [])}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for these tests, with two workers."""
    async with open_world(CARRIER, workers=2, settings=SETTINGS) as opened:
        yield opened


async def test_three_steps_and_a_confirmation_in_the_second(world: World) -> None:
    """The first step is in vain, the second confirms: its other phones stop ringing, and nobody of the third rings."""
    people = world.people(9)
    first, second, third = people[:2], people[2:6], people[6:]
    world.carrier.phone(first[0]).rejects()
    world.carrier.phone(first[1]).is_busy()
    world.carrier.phone(second[0]).answers(after_s=15).presses("1")
    for number in second[1:]:
        world.carrier.phone(number).does_not_answer()
    alarm = await Alarm.raised(world, first, second, third, wait_s=4, redial={"busy": {"times": 9, "after_s": 1}})
    begun_s = time.monotonic()
    seen = await alarm.until_over()

    assert ("confirmed", 2, [second[0]]) == (
        seen["reason"], seen["step"], [one["number"] for one in seen["confirmations"]],
    )  # fmt: skip
    assert ("1", False) == tuple(seen["confirmations"][0][name] for name in ("key", "by_hand"))
    assert time.monotonic() - begun_s > 4, "the second step waited for the first"
    await alarm.judge()
    assert ["hangup"] * 3 == [control for n in second[1:] for control in world.carrier.leg(n).controls]
    assert "hangup" not in world.carrier.leg(second[0]).controls
    assert [0, 0, 0] == [world.carrier.rings(number) for number in third]
    assert [1, 1, 1, 1] == [world.carrier.rings(number) for number in second]
    assert ["cancelled"] * 3 == [await CampaignRun(world, alarm.id).disposition_of(number) for number in second[1:]]
    assert world.carrier.rings(first[1]) > 1, "the busy one was called again while the step lasted"
    seen = await alarm.look()
    assert ["declined", "not_reached", "confirmed"] == [states(seen)[n] for n in people[:3]]


async def test_from_the_key_to_the_last_ringing_phone(world: World) -> None:
    """Ten alarms at once: from each key until the carrier is asked to end the calls that ring; figures are shown."""
    alarms: list[tuple[Alarm, list[str]]] = []
    for _ in range(10):
        answering, *ringing = world.people(3)
        world.carrier.phone(answering).answers(after_s=13).presses("1")
        for number in ringing:
            world.carrier.phone(number).does_not_answer()
        alarms.append((await Alarm.raised(world, [answering, *ringing]), ringing))
    took: list[float] = []
    for alarm, ringing in alarms:
        seen = await alarm.until_over()
        await alarm.judge()
        assert "confirmed" == seen["reason"]
        took += alarm.hung_up_after_s(seen, ringing)
    assert 20 == len(took)
    # The carrier may be slow, and the machine; but it is the API that ends it, not some later look of a worker.
    assert max(took) < 3
    figures = f"median {sorted(took)[10]:.2f} s, worst {max(took):.2f} s"
    FIGURES.append(f"escalation: from the key to the hanging up of 20 phones: {figures}")


async def test_two_of_four_are_needed(world: World) -> None:
    """The first confirmation ends nothing; the second does, and who listens on is not cut off and confirms, too."""
    one, two, late, ringing = people = world.people(4)
    world.carrier.phone(one).answers(after_s=1).presses("1")
    world.carrier.phone(two).answers(after_s=10).presses("1")
    world.carrier.phone(late).answers(after_s=12).presses("1")
    world.carrier.phone(ringing).does_not_answer()
    alarm = await Alarm.raised(world, people, needed=2, settled_text="Two are on their way.")
    seen = await alarm.until(lambda seen: len(seen["confirmations"]) == 1)
    assert "running" == seen["state"]
    seen = await alarm.until_over()
    assert [one, two] == [each["number"] for each in seen["confirmations"]]
    seen = await alarm.until(lambda seen: len(seen["confirmations"]) == 3)
    assert (late, True) == (seen["confirmations"][2]["number"], seen["confirmations"][2]["late"])
    await alarm.judge()
    assert "Two are on their way." in world.carrier.leg(late).heard
    assert ["hangup"] == world.carrier.leg(ringing).controls


async def test_nobody_confirms(world: World) -> None:
    """Everybody is called in each round; then it is exhausted, without waiting for the clock."""
    one, two = world.people(2)
    for number in (one, two):
        world.carrier.phone(number).rejects().then().rejects()
    alarm = await Alarm.raised(world, [one], [two], repeat=2)
    seen = await alarm.until_over()
    assert ("exhausted", {one: "declined", two: "declined"}) == (seen["reason"], states(seen))
    await alarm.judge()
    assert [2, 2] == [world.carrier.rings(number) for number in (one, two)]


async def test_confirmed_and_ended_at_the_desk(world: World) -> None:
    """By hand it ends as by the key: what rings is hung up."""
    confirmed, ended = world.people(2)
    for number in (confirmed, ended):
        world.carrier.phone(number).does_not_answer()
    first, second = await Alarm.raised(world, [confirmed]), await Alarm.raised(world, [ended])
    await asyncio.gather(world.until_rung(confirmed), world.until_rung(ended))
    await world.post(f"/v1/escalations/{first.id}/confirm", {"person": confirmed, "by": "desk two"})
    await world.post(f"/v1/escalations/{second.id}/end")
    await asyncio.gather(first.judge(), second.judge())
    assert [["hangup"], ["hangup"]] == [world.carrier.leg(number).controls for number in (confirmed, ended)]
    assert ["confirmed", "ended by hand"] == [(await alarm.look())["reason"] for alarm in (first, second)]


async def test_escalation_outlives_its_workers() -> None:
    """When all workers are killed between two steps, those that come begin the next one, and nobody is called twice."""
    async with open_world(CARRIER, workers=2, settings=SETTINGS) as world:
        first, second = world.people(2)
        world.carrier.phone(first).does_not_answer()
        world.carrier.phone(second).answers(after_s=1).presses("1")
        alarm = await Alarm.raised(world, [first], [second], wait_s=2, redial={})
        await world.until_rung(first)
        await asyncio.gather(*(worker.kill() for worker in world.workers))
        await asyncio.sleep(2)
        assert 0 == world.carrier.rings(second)
        await world.start_workers(1)
        seen = await alarm.until_over()
        assert ("confirmed", [1, 1]) == (seen["reason"], [world.carrier.rings(number) for number in (first, second)])
        await alarm.judge()
