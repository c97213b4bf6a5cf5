"""Conferences: who is in them, when they begin and end, and what is told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from dialer.simulator import ConferenceState, ConferenceView, Happening, Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

CHAIR, ANN, BOB = "31600000001", "31600000002", "31600000003"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Until = Callable[[Callable[[], Any]], Awaitable[None]]
Told = list[dict[str, Any]]
Flows = dict[str, list[Any]]
Access = Callable[[Simulator], Awaitable[dict[str, str]]]


def join(**fields: Any) -> list[Any]:
    """A flow that joins the board."""
    return [{"action": "conversation", "name": "board", **fields}]


def _holds(board: ConferenceView, count: int) -> bool:
    return len(board.members) == count


@pytest.fixture
def moderated(flows: Flows) -> Flows:
    """The chair starts the board and ends it; the others wait."""
    flows[CHAIR] = join(startOnEnter="true", endOnExit=True)
    flows[ANN] = flows[BOB] = join(startOnEnter="false", musicOnHoldUrl=["https://example.com/music.mp3"])
    return flows


async def test_guests_wait_for_the_chair(start: Start, place: Place, until: Until, moderated: Flows) -> None:
    """Until somebody comes who may start it, everybody hears music and nobody else."""
    assert moderated
    sim = await start(hold_s=7200, talk_s=7200)
    board = sim.conference("board")
    before = board.state

    await place(sim, ANN)
    await until(lambda: board.members == [ANN])
    waiting = board.state
    await place(sim, CHAIR)
    await until(lambda: board.members == [ANN, CHAIR])

    assert [ConferenceState.EMPTY, ConferenceState.WAITING, ConferenceState.STARTED] == [before, waiting, board.state]
    assert board.started
    assert (["https://example.com/music.mp3"], []) == (sim.leg(ANN).music, sim.leg(CHAIR).music)
    assert board.hears(ANN, f"+{CHAIR}")


async def test_conference_ends_when_the_chair_leaves(
    start: Start, place: Place, until: Until, moderated: Flows, told: Told
) -> None:
    """Everybody's call ends, the chair's by his own doing, and the log has all of it."""
    assert moderated
    sim = await start(hold_s=7200, talk_s=7200)
    board = sim.conference("board")

    for nth, number in enumerate((ANN, CHAIR, BOB), start=1):
        await place(sim, number)
        await until(partial(_holds, board, nth))
    sim.hang_up(CHAIR)
    await sim.quiet()

    ends = {event["to"]: event["disconnected_by"] for event in told if event.get("status") == "completed"}
    assert {CHAIR: "user", ANN: "platform", BOB: "platform"} == ends
    assert [
        Happening(what="joined", number=ANN),
        Happening(what="joined", number=CHAIR),
        Happening(what="started"),
        Happening(what="joined", number=BOB),
        Happening(what="left", number=CHAIR),
        Happening(what="left", number=ANN),
        Happening(what="left", number=BOB),
        Happening(what="ended"),
    ] == sim.conference("board").log
    assert ConferenceState.ENDED is sim.conference("board").state


async def test_member_drops_and_is_called_again(start: Start, place: Place, until: Until, flows: Flows) -> None:
    """Somebody leaves, the others stay, and the same number can come back."""
    flows[ANN] = flows[BOB] = join()
    sim = await start(talk_s=7200)
    sim.phone(BOB).drops_after(5).then().answers()
    board = sim.conference("board")

    await place(sim, ANN)
    await place(sim, BOB)
    await until(lambda: Happening(what="left", number=BOB) in board.log)
    alone = board.members
    await place(sim, BOB)
    await until(lambda: board.members == [ANN, BOB])
    sim.hang_up(ANN)
    sim.hang_up(f"+{BOB}")
    await sim.quiet()

    assert ([ANN], []) == (alone, board.members)
    assert ["user", "user"] == [leg.ended_by for leg in sim.phone_log(BOB)]


async def test_joining_moves_the_leg(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """A transfer event names both conversations, and later events the new one."""
    sim = await start(webhook_connections=1)
    flow[:] = join()

    _, placed = await place(sim, ANN)
    await sim.quiet()

    moved = next(event for event in told if event.get("type") == "transfer")
    assert {"conversation_uuid_from", "conversation_uuid_to", "uuid", "type", "timestamp"} == set(moved)
    assert (placed["uuid"], placed["conversation_uuid"]) == (moved["uuid"], moved["conversation_uuid_from"])
    assert moved["conversation_uuid_to"] == told[-1]["conversation_uuid"] == sim.conference("board").conversation_uuid
    assert "completed" == told[-1]["status"]


async def test_name_means_something_else_in_another_application(
    start: Start, place: Place, until: Until, flow: list[Any], access: Access
) -> None:
    """Two applications have a board each."""
    sim = await start(talk_s=7200)
    flow[:] = join()
    headers = await access(sim)

    for number, application in ((ANN, "ours"), (BOB, "theirs")):
        await place(sim, number, headers=headers | {"ApplicationId": application})
    await until(lambda: sim.conference("board", "theirs").members)
    await until(lambda: sim.conference("board", "ours").members)

    assert ([ANN], [BOB]) == tuple(sim.conference("board", each).members for each in ("ours", "theirs"))
    assert ["board", "board"] == sim.conferences


async def test_recording_of_a_conference_is_one(
    start: Start, place: Place, until: Until, told: Told, flow: list[Any]
) -> None:
    """However many members ask for it, there is one recording, told when the last one has left."""
    sim = await start(talk_s=7200)
    flow[:] = join(record=True)

    for number in (ANN, BOB):
        await place(sim, number)
    await until(lambda: len(sim.conference("board").members) == 2)
    for number in (ANN, BOB):
        sim.hang_up(number)
    await sim.quiet()

    recorded = [event["conversation_uuid"] for event in told if "recording_url" in event]
    assert [sim.conference("board").conversation_uuid] == recorded
    assert [("board", True)] == [(recording.conference, recording.ended) for recording in sim.recordings]


async def test_fifty_are_enough(start: Start, place: Place, until: Until, told: Told, flow: list[Any]) -> None:
    """The fifty-first is told that it is full, and his call ends."""
    sim = await start(talk_s=7200, ring_s=0, ring_jitter_s=0, time_scale=0.01)
    flow[:] = join()
    for index in range(50):
        await place(sim, f"316100000{index:02}")
    await until(lambda: len(sim.conference("board").members) == 50)

    await place(sim, ANN)
    await until(lambda: sim.leg(ANN).status == "completed")
    await until(lambda: any("reason" in event for event in told))

    assert ["Conversation is full."] == [event["reason"] for event in told if "reason" in event]
    assert (50, None) == (len(sim.conference("board").members), sim.leg(ANN).conference)


@pytest.mark.parametrize(
    "audible",
    [
        {"fields": {}, "expected": (True, True)},
        {"fields": {"mute": True}, "expected": (True, False)},
        {"fields": {"canSpeak": []}, "expected": (True, False)},
        {"fields": {"canHear": []}, "expected": (False, True)},
    ],
)
async def test_who_hears_whom(audible: dict[str, Any], start: Start, place: Place, until: Until, side: Side) -> None:
    """Muted ones are not heard, and lists of legs say who hears and speaks."""
    side.flows.update({ANN: join(**audible["fields"]), BOB: join()})
    sim = await start(talk_s=7200)

    for number in (ANN, BOB):
        await place(sim, number)
    await until(lambda: len(sim.conference("board").members) == 2)

    board = sim.conference("board")
    assert audible["expected"] == (board.hears(ANN, BOB), board.hears(BOB, ANN))


async def test_patience_on_hold_ends(start: Start, place: Place, moderated: Flows) -> None:
    """Where nobody ever starts it, whoever waits hangs up."""
    assert moderated
    sim = await start(hold_s=30)

    await place(sim, ANN)
    await sim.quiet()

    assert ("user", False) == (sim.leg(ANN).ended_by, sim.conference("board").started)


async def test_member_is_sent_elsewhere(start: Start, place: Place, ask: Place, until: Until, side: Side) -> None:
    """A transfer takes somebody out of a conference, into a conversation of his own."""
    sim = await start(talk_s=7200, control_grace_s=0)
    side.flow[:] = join()
    _, placed = await place(sim, ANN)
    await until(lambda: sim.conference("board").members)

    elsewhere = {"type": "ncco", "ncco": [{"action": "talk", "text": "You were sent out."}]}
    await ask(sim, "PUT", f"/{placed['uuid']}", {"action": "transfer", "destination": elsewhere})
    await sim.quiet()

    assert ([], ["You were sent out."]) == (sim.conference("board").members, sim.heard(ANN))
    assert 2 == len([event for event in side.told if event.get("type") == "transfer"])


async def test_transfer_action_joins_by_conversation(
    start: Start, place: Place, until: Until, flows: Flows, told: Told
) -> None:
    """Somebody is sent into a conference by its conversation's id; an unknown one is an error event."""
    flows[ANN] = join()
    sim = await start(talk_s=7200)
    await place(sim, ANN)
    await until(lambda: sim.conference("board").members)

    flows[BOB] = [{"action": "transfer", "conversationId": sim.conference("board").conversation_uuid, "mute": True}]
    flows[CHAIR] = [{"action": "transfer", "conversationId": "CON-unknown"}]
    await place(sim, BOB)
    await place(sim, CHAIR)
    await until(lambda: sim.conference("board").members == [ANN, BOB])
    await until(lambda: any("reason" in event for event in told))

    assert sim.leg(BOB).muted
    assert ["Conversation not found."] == [event["reason"] for event in told if "reason" in event]


async def test_conferences_are_read_by_http(
    start: Start, place: Place, until: Until, flow: list[Any], http: aiohttp.ClientSession
) -> None:
    """Another process sees who is in, and can let a phone hang up."""
    sim = await start(talk_s=7200)
    flow[:] = join(record=True)
    await place(sim, ANN)
    await until(lambda: sim.conference("board").started)

    async with http.get(f"{sim.origin}/_simulator/conferences") as response:
        (board,) = await response.json()
    async with http.post(f"{sim.origin}/_simulator/phones/+{ANN}/hang_up") as response:
        assert 204 == response.status
    await sim.quiet()
    async with http.get(f"{sim.origin}/_simulator/recordings") as response:
        (recording,) = await response.json()

    assert ("board", "started", [ANN]) == (board["name"], board["state"], board["members"])
    assert ["joined", "started"] == [happening["what"] for happening in board["log"]]
    assert ("board", None, True) == (recording["conference"], recording["number"], recording["ended"])
