"""What people hear, press and are asked, from a campaign's script to its result, over the whole dialer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.waiting import until
from tests.fakes.world import FROM_NUMBER, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "Hello {{ name }}, the water is off."
KEYS = {"text": TEXT, "language": "en-GB", "confirm_key": "1", "repeat_key": "2", "opt_out_key": "9"}
SECOND_NUMBER = "+31207654321"
OWN, SECOND = (number.removeprefix("+") for number in (FROM_NUMBER, SECOND_NUMBER))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for all of these tests."""
    async with open_world(settings={"CARRIER_EXTRAS": "advanced_detection,sip_headers"}) as opened:
        yield opened


async def test_a_confirmed_message_is_a_success(world: World) -> None:
    """Who presses the key hears that it was received; the campaign counts it, and says what was pressed."""
    (number,) = world.people(1)
    world.carrier.phone(number).answers().presses("1")
    run = await world.campaign(script=KEYS)
    await run.add_csv(f"number,name\n{number},Ann\n")
    await run.step("start")
    seen = await run.until_done()
    call = await run.call_of(number)

    assert ("confirmed", "1") == (call["disposition"], call["attempts"][0]["keys"])
    assert (["confirmed"], 1) == (seen["success"], seen["succeeded"])
    heard = world.carrier.heard(number)
    assert "Hello Ann, the water is off." in heard[0]
    assert "Thank you. Your confirmation has been received." in heard[-1]


async def test_the_message_is_said_again_and_wrong_keys_are_named(world: World) -> None:
    """A repeat key says it again; a key that means nothing asks again; at last it is confirmed."""
    (number,) = world.people(1)
    world.carrier.phone(number).answers().presses("2", "7", "1")
    run = await world.campaign(script=KEYS)
    await run.add_csv(f"number,name\n{number},Ann\n")
    await run.step("start")
    await run.until_done()
    heard = world.carrier.heard(number)

    assert 3 == sum("the water is off" in text for text in heard)
    assert any("cannot be chosen" in text for text in heard)
    assert "confirmed" == await run.disposition_of(number)


async def test_nobody_who_presses_nothing_has_confirmed(world: World) -> None:
    """Who hears it and presses nothing has answered, after the message was said twice; that is no success here."""
    (number,) = world.people(1)
    world.carrier.phone(number).answers()
    run = await world.campaign(script=KEYS)
    await run.add_csv(f"number,name\n{number},Ann\n")
    await run.step("start")
    seen = await run.until_done()

    assert ("answered", 0) == (await run.disposition_of(number), seen["succeeded"])
    assert 2 == sum("the water is off" in text for text in world.carrier.heard(number))


async def test_opting_out_ends_all_calls_of_every_campaign(world: World) -> None:
    """After the opt-out key the same number is called by no campaign that has it waiting."""
    (number,) = world.people(1)
    world.carrier.phone(number).answers().presses("9")
    others = [await world.campaign() for _ in range(3)]
    for other in others:
        await other.add([number])
    run = await world.campaign(script=KEYS)
    await run.add_csv(f"number,name\n{number},Ann\n")
    await run.step("start")
    await run.until_done()
    for other in others:
        await other.step("start")
        await other.until_done()

    assert ["opted_out", *["suppressed"] * 3] == [await each.disposition_of(number) for each in (run, *others)]
    assert 1 == world.carrier.rings(number) == len(world.placings(number))
    assert "Your number will not be called again." in world.carrier.heard(number)[-1]


async def test_a_machine_hears_its_own_text(world: World) -> None:
    """Where a machine picks up, the call goes over to the text for voicemails; a person hears the other."""
    machine, person = world.people(2)
    world.carrier.phone(machine).has_voicemail()
    world.carrier.phone(person).answers()
    # Long enough that the machine is found out before it is over.
    people = "This is for people. " * 60
    script = {"text": people, "voicemail_text": "For machines.", "machine_detection": "continue"}
    run = await world.dial([machine, person], script=script | {"language": "en-GB"})
    await run.until_done()

    assert ["machine", "answered"] == [await run.disposition_of(number) for number in (machine, person)]
    assert "For machines." == world.carrier.heard(machine)[-1]
    assert [people.strip()] == world.carrier.heard(person)


async def test_a_script_of_steps_branches_by_key(world: World) -> None:
    """A script that says, plays, asks and connects does so, and its further call takes a token of its own."""
    number, desk = world.people(2)
    world.carrier.phone(number).answers().presses("3")
    world.carrier.phone(desk).answers().drops_after(5)
    script: dict[str, Any] = {
        "language": "en-GB",
        "steps": [
            {"do": "say", "text": "Welcome."},
            {"do": "play", "url": "https://media.example.com/jingle.mp3"},
            {
                "do": "ask",
                "prompt": [{"do": "say", "text": "Press 3 for the desk."}],
                "keys": {
                    "3": [{"do": "connect", "endpoint": {"type": "phone", "number": desk.removeprefix("+")}}],
                    "4": [{"do": "say", "text": "Four."}],
                },
            },
        ],
    }
    run = await world.dial([number], kind="script", script=script, caller_ids=[SECOND_NUMBER])
    seen = await run.until_done()
    leg = world.carrier.leg(number)
    call = await run.call_of(number)

    assert ["Welcome.", "Press 3 for the desk."] == leg.heard
    assert ["https://media.example.com/jingle.mp3"] == leg.streams
    assert [desk.removeprefix("+")] == leg.connected
    assert (1, "answered", "3") == (seen["terms"]["connects"], call["disposition"], call["attempts"][0]["keys"])
    assert any(event["kind"].startswith("leg_") for event in call["attempts"][0]["events"])


async def test_caller_ids_are_used_in_turn(world: World) -> None:
    """A pool of caller ids is gone through; a campaign without one calls from the dialer's own."""
    people, (other,) = world.people(4), world.people(1)
    run = await world.dial(people, caller_ids=[FROM_NUMBER, SECOND_NUMBER])
    plain = await world.dial([other])
    await run.until_done()
    await plain.until_done()

    froms = [world.carrier.leg(number).caller_id for number in people]
    assert {OWN: 2, SECOND: 2} == {caller_id: froms.count(caller_id) for caller_id in froms}
    assert OWN == world.carrier.leg(other).caller_id


async def test_a_call_goes_to_a_sip_address_and_to_a_websocket(world: World) -> None:
    """SIP addresses and websockets are called like phones, from a list and alone, with headers where allowed."""
    call = await world.call("sip:desk@pbx.example.com", endpoint={"headers": {"queue": "north"}})
    run = await world.dial(["wss://audio.example.com/in"])
    await run.until_done()
    await until(lambda: bool(world.carrier.phone_log("sip:desk@pbx.example.com")), within_s=20)

    assert "sip:desk@pbx.example.com" == call["number"]
    assert {"queue": "north"} == world.carrier.leg("sip:desk@pbx.example.com").headers
    assert "answered" == await run.disposition_of("wss://audio.example.com/in")
