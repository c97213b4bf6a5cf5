"""Conferences over the whole dialer: who is in, who is called again, who never is, and what ends it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from dialer.conferences.conference import room_of
from dialer.simulator import ConferenceState, ConferenceView, SimulatorConfig
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A minute of the carrier's takes 1.2 s; nobody gets tired of a conference.
CARRIER = SimulatorConfig(time_scale=0.02, calls_per_second=1000, talk_s=7200, hold_s=7200)
SOON = {"times": 2, "after_s": 1}
REDIAL = {"busy": SOON, "no_answer": SOON, "failed": SOON, "machine": {"times": 1, "after_s": 1}}


class Bridge:
    """A conference in a world, as its user and as the carrier see it."""

    def __init__(self, world: World, told: Json) -> None:
        self.world, self.id = world, str(told["id"])

    @property
    def room(self) -> ConferenceView:
        """The carrier's account of it."""
        return self.world.carrier.conference(room_of(self.id))

    async def look(self) -> Json:
        """The conference as the API tells it."""
        return await self.world.get(f"/v1/conferences/{self.id}")

    async def until(self, reached: Callable[[Json], bool], *, within_s: float = 20.0) -> Json:
        """Look until it is so."""
        seen: Json = {}
        try:
            async with asyncio.timeout(within_s):
                while not reached(seen := await self.look()):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {within_s} s: {states(seen)}\n{seen}") from None
        return seen

    async def until_states(self, wanted: dict[str, str], **within: float) -> Json:
        """Wait until these people stand so."""
        return await self.until(lambda seen: wanted.items() <= states(seen).items(), **within)

    async def do(self, what: str, body: Any = None) -> Json:
        """POST something about it."""
        return await self.world.post(f"/v1/conferences/{self.id}/{what}", body)

    async def steer(self, number: str, verb: str) -> Json:
        """Do something to a member."""
        call_id = next(m["call_id"] for m in (await self.look())["members"] if m["number"] == number)
        return await self.do(f"members/{call_id}/{verb}")


def states(seen: Json) -> dict[str, str]:
    """Each member's state, by number."""
    return {member["number"]: member["state"] for member in seen.get("members", [])}


def joins(bridge: Bridge) -> dict[str, int]:
    """How often each number joined, by the carrier's account."""
    return dict(Counter(f"+{line.number}" for line in bridge.room.log if line.what == "joined"))


async def recorded(world: World, bridge: Bridge) -> list[Json]:
    """What is stored of a conference's sound, once something is."""
    async with asyncio.timeout(20):
        while True:
            found: list[Json] = (await world.get(f"/v1/recordings?campaign_id={bridge.id}"))["recordings"]
            if found and all(recording["state"] == "stored" for recording in found):
                return found
            await asyncio.sleep(0.1)


async def judge_calls(bridge: Bridge) -> None:
    """No phone rang twice for one attempt, and the campaign behind it adds up and ends."""
    run = CampaignRun(bridge.world, bridge.id)
    await run.until(lambda seen: seen["state"] == "completed")
    await run.judge()


async def convene(world: World, people: list[str], **wishes: Any) -> Bridge:
    """A conference of these people, begun; the first is the moderator."""
    body = {
        "name": "Crisis team",
        "people": [{"number": number, "name": f"Person {nth}"} for nth, number in enumerate(people, 1)],
        "moderator": people[0],
        "text": "{{ name }}, the crisis team meets.",
        "language": "en-GB",
        "redial": REDIAL,
        "recall_after_s": 5,
    }
    return Bridge(world, await world.post("/v1/conferences", body | wishes))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for these tests, with two workers."""
    async with open_world(CARRIER, workers=2) as opened:
        yield opened


async def test_conference_of_twelve(world: World) -> None:
    """One has voicemail, one declines, one drops and is called again: the list is right, and one recording is there."""
    people = world.people(12)
    chair, machine, decliner, dropper = people[:4]
    for number in people:
        world.carrier.phone(number).answers().presses("1")
    world.carrier.phone(machine).has_voicemail()
    world.carrier.phone(decliner).rejects()
    world.carrier.phone(dropper).answers().presses("1").drops_after(100).then().answers().presses("1")
    bridge = await convene(world, people, join_key="1", record=True)
    inside = {number: "in" for number in people if number not in {machine, decliner}}

    seen = await bridge.until(lambda seen: seen["members"][3]["stays"] == 2 and seen["counts"]["in"] == 10)
    assert ("running", inside) == (seen["state"], {n: state for n, state in states(seen).items() if n in inside})

    world.carrier.hang_up(chair)
    seen = await bridge.until(lambda seen: seen["state"] == "over" and seen["counts"]["left"] == 10)
    expected = dict.fromkeys(inside, "left") | {machine: "voicemail", decliner: "declined"}
    assert ("the moderator left", expected) == (seen["reason"], states(seen))
    assert [1, 2, 1, 2, *[1] * 8] == [world.carrier.rings(number) for number in people]
    assert {dropper: 2} | {n: 1 for n in inside if n != dropper} == joins(bridge)
    (recording,) = await recorded(world, bridge)
    async with world.http.get(f"/v1/recordings/{recording['id']}/audio") as response:
        assert (200, recording["size_bytes"]) == (response.status, len(await response.read()))
    await judge_calls(bridge)


async def test_voicemail_never_joins(world: World) -> None:
    """A machine is hung up on before it joins where nobody is asked for a key, and presses none where it is."""
    chair, guest, machine, *keyed = world.people(6)
    for number in (machine, keyed[1]):
        world.carrier.phone(number).has_voicemail()
    for number in (keyed[0], keyed[2]):
        world.carrier.phone(number).answers().presses("1")
    text = "{{ name }}, the crisis team meets now, because the water is rising faster than we expected it to."
    plain = await convene(world, [chair, guest, machine], text=text, redial={})
    keys = await convene(world, keyed, text=text, redial={}, join_key="1")

    await plain.until_states({chair: "in", guest: "in", machine: "voicemail"})
    await keys.until_states({keyed[0]: "in", keyed[1]: "voicemail", keyed[2]: "in"})
    assert {chair, guest} == joins(plain).keys()
    assert {keyed[0], keyed[2]} == joins(keys).keys()
    for number in (chair, keyed[0]):
        world.carrier.hang_up(number)
    await asyncio.gather(judge_calls(plain), judge_calls(keys))


async def test_moderator_starts_and_ends_it(world: World) -> None:
    """Guests wait with music until the moderator comes; when he leaves all is over, and no late joiner is called."""
    chair, guest, late = world.people(3)
    world.carrier.phone(chair).is_busy().then().answers()
    world.carrier.phone(late).is_busy()
    music = "https://music.example/wait.mp3"
    bridge = await convene(
        world,
        [chair, guest, late],
        music_on_hold_url=music,
        redial={"busy": {"times": 20, "after_s": 3}},
    )
    seen = await bridge.until_states({guest: "in", chair: "waiting"})
    assert ("waiting", ConferenceState.WAITING) == (seen["state"], bridge.room.state)
    assert [music] == world.carrier.leg(guest).music
    await bridge.until(lambda seen: seen["state"] == "running" and seen["counts"]["in"] == 2)

    world.carrier.hang_up(chair)
    seen = await bridge.until_states({chair: "left", guest: "left", late: "not_reached"})
    assert ("over", "the moderator left") == (seen["state"], seen["reason"])
    rung = world.carrier.rings(late)
    await judge_calls(bridge)
    assert (rung, "expired") == (world.carrier.rings(late), await CampaignRun(world, bridge.id).disposition_of(late))


async def test_nobody_is_called_after_the_deadline(world: World) -> None:
    """When the deadline has passed, late joiners are not called any more, and who is in stays in."""
    chair, guest, late = world.people(3)
    world.carrier.phone(late).is_busy()
    expires_at = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    bridge = await convene(
        world, [chair, guest, late], expires_at=expires_at, redial={"busy": {"times": 99, "after_s": 1}}
    )
    seen = await bridge.until_states({late: "not_reached"})
    assert ("running", "in", "in") == (seen["state"], states(seen)[chair], states(seen)[guest])
    assert world.carrier.rings(late) > 1
    rung = world.carrier.rings(late)
    world.carrier.hang_up(chair)
    await judge_calls(bridge)
    assert (rung, {chair: 1, guest: 1}) == (world.carrier.rings(late), joins(bridge))


async def test_conference_without_moderator(world: World) -> None:
    """Anybody begins it, who drops is called again while others are in, and it is over when everybody has left."""
    ann, bob = world.people(2)
    world.carrier.phone(bob).answers().drops_after(50).then().answers()
    bridge = await convene(world, [ann, bob], moderator=None)
    await bridge.until(lambda seen: seen["members"][1]["stays"] == 2 and seen["counts"]["in"] == 2)
    world.carrier.hang_up(ann)
    world.carrier.hang_up(bob)
    seen = await bridge.until(lambda seen: seen["state"] == "over")
    assert ("everybody left", {ann: "left", bob: "left"}) == (seen["reason"], states(seen))
    await judge_calls(bridge)
    assert {ann: 1, bob: 2} == joins(bridge)


async def test_steering_a_conference(world: World) -> None:
    """Members are muted, dropped, called again and added while it runs; ending it hangs up on everyone."""
    chair, guest, other, added = world.people(4)
    bridge = await convene(world, [chair, guest, other])
    await bridge.until(lambda seen: seen["counts"]["in"] == 3)

    assert (await bridge.steer(guest, "mute"))["muted"]
    assert not bridge.room.hears(chair, guest)
    assert not (await bridge.steer(guest, "unmute"))["muted"]
    assert bridge.room.hears(chair, guest)
    await bridge.steer(other, "drop")
    await bridge.until_states({other: "left"})
    assert "waiting" == (await bridge.steer(other, "call-again"))["state"]
    assert (await bridge.do("members", {"number": added, "name": "Person 4"}))["state"] == "waiting"
    await bridge.until_states({other: "in", added: "in"})

    assert "over" == (await bridge.do("end"))["state"]
    seen = await bridge.until(lambda seen: seen["counts"]["left"] == 4)
    assert "ended by hand" == seen["reason"]
    await judge_calls(bridge)
    assert {chair: 1, guest: 1, other: 2, added: 1} == joins(bridge)
    assert [chair.removeprefix("+")] == [
        leg.number for leg in map(world.carrier.leg, (chair, guest, other, added)) if "hangup" in leg.controls
    ], "the moderator's end is everybody's"


async def test_fifty_are_in_and_nobody_more(world: World) -> None:
    """Fifty people talk to each other; a fifty-first is refused with the reason, and one request ends them all."""
    people = world.people(50)
    bridge = await convene(world, people)
    await bridge.until(lambda seen: seen["counts"]["in"] == 50)
    (more,) = world.people(1)
    path = f"/v1/conferences/{bridge.id}/members"
    async with world.http.post(path, json={"number": more, "name": "One more"}) as response:
        assert (409, True) == (response.status, "at most 50 members" in (await response.json())["detail"])
    assert bridge.room.hears(people[0], people[49])

    await bridge.do("end")
    await bridge.until(lambda seen: seen["counts"]["left"] == 50)
    await judge_calls(bridge)
    assert dict.fromkeys(people, 1) == joins(bridge)
    assert 1 == sum("hangup" in world.carrier.leg(number).controls for number in people)


async def test_conference_outlives_a_worker() -> None:
    """When the worker that placed the calls is killed, another calls again who dropped, and sees the end."""
    async with open_world(CARRIER, workers=1) as world:
        chair, dropper = world.people(2)
        world.carrier.phone(dropper).answers().drops_after(100).then().answers()
        bridge = await convene(world, [chair, dropper])
        await bridge.until_states({chair: "in", dropper: "in"})
        await world.workers[0].kill()
        await bridge.until_states({dropper: "left"})
        await world.start_workers(1)
        await bridge.until_states({chair: "in", dropper: "in"})
        world.carrier.hang_up(chair)
        await bridge.until(lambda seen: seen["state"] == "over" and seen["counts"]["left"] == 2)
        await judge_calls(bridge)
        assert {chair: 1, dropper: 2} == joins(bridge)
