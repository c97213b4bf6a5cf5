"""Call control, from the API to the carrier stand-in and back: every order, every refusal, and what a crash leaves."""

from __future__ import annotations

import time
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from dialer import keys
from dialer.dispositions import Disposition, Fact
from dialer.providers.steering import Act
from dialer.redis.batch import Batch
from dialer.states import CallState
from dialer.steering import CallControl
from dialer.store import Store
from tests.fakes.switchboard import LONG_TEXT, Switchboard, open_switchboard
from tests.fakes.waiting import until

REDIAL = {"no_answer": {"times": 3, "after_s": 0}, "machine": {"times": 3, "after_s": 0}}
DESK = {"type": "phone", "number": "31201234567"}
SCRIPT = {"steps": [{"do": "say", "text": "Please hold the line."}]}


def counted(order: str, result: str) -> float:
    """How many orders of a kind ended so in this process."""
    return REGISTRY.get_sample_value("dialer_orders_total", {"order": order, "result": result}) or 0


def asked_for_answers() -> float:
    """How often the carrier asked what a call says."""
    return REGISTRY.get_sample_value("dialer_answer_webhook_seconds_count") or 0


@pytest.mark.parametrize(
    ("body", "controls"),
    [
        ({"do": "mute"}, ["mute"]),
        ({"do": "unmute"}, ["unmute"]),
        ({"do": "earmuff"}, ["earmuff"]),
        ({"do": "unearmuff"}, ["unearmuff"]),
        ({"do": "play", "url": "https://audio.example/x.mp3", "loop": 0, "level": 0.5}, ["stream"]),
        ({"do": "stop_play"}, ["stop stream"]),
        ({"do": "talk", "text": "One minute left.", "language": "en-GB", "style": 1, "loop": 2}, ["talk"]),
        ({"do": "talk", "text": "Nog een minuut."}, ["talk"]),
        ({"do": "stop_talk"}, ["stop talk"]),
        ({"do": "dtmf", "digits": "12p#"}, ["dtmf"]),
        ({"do": "transfer", "url": "https://ncco.example/x"}, ["transfer"]),
        ({"do": "transfer", "script": SCRIPT}, ["transfer"]),
        ({"do": "hang_up"}, ["hangup"]),
    ],
    ids=lambda value: str(value.get("do")) if isinstance(value, dict) else "",
)
async def test_order_reaches_the_carrier_once_and_is_told(
    board: Switchboard, body: dict[str, Any], controls: list[str]
) -> None:
    """Each order is carried out once, answered with what was done, counted, and kept in the attempt's history."""
    call_id = await board.up()
    before = counted(body["do"], "done")
    status, answer = await board.order(call_id, **body)

    assert (200, {"do": body["do"], "call_id": call_id, "attempt_id": f"{call_id}-1"}) == (status, answer)
    assert controls == board.leg().controls
    assert 1 == counted(body["do"], "done") - before
    events = (await board.attempt(call_id)).events
    assert [{"do": body["do"], "result": "done"}] == [event.payload for event in events if event.kind == "ordered"]


@pytest.mark.parametrize(
    ("body", "needs_launch"),
    [
        ({"do": "transfer", "script": {"steps": [{"do": "say", "text": LONG_TEXT}]}}, False),
        ({"do": "transfer", "script": {"steps": [{"do": "connect", "endpoint": DESK}]}}, True),
        ({"do": "transfer", "url": "https://ncco.example/x"}, True),
    ],
    ids=["says", "connects", "nobody knows"],
)
async def test_an_operator_makes_no_other_phone_ring(
    board: Switchboard, body: dict[str, Any], *, needs_launch: bool
) -> None:
    """A transfer that may connect to somebody asks for the role launch too, and is not done without it."""
    call_id = await board.up()
    found = {}
    for roles in (["operate"], ["operate", "launch"]):
        async with board.http.post("/v1/keys", json={"name": "Desk", "roles": roles}) as response:
            key = (await response.json())["key"]
        headers = {"Authorization": f"Bearer {key}"}
        async with board.http.post(f"/v1/calls/{call_id}/orders", json=body, headers=headers) as response:
            found[len(roles)] = response.status

    assert {1: 403 if needs_launch else 200, 2: 200} == found
    assert (1 if needs_launch else 2) == len(board.orders())


async def test_sounds_are_heard(board: Switchboard) -> None:
    """Text, audio and keys arrive as they were ordered, the text in the dialer's language where none is named."""
    call_id = await board.up()
    await board.order(call_id, do="talk", text="Nog een minuut.")
    await board.order(call_id, do="play", url="https://audio.example/x.mp3")
    await board.order(call_id, do="dtmf", digits="1p2")

    leg = board.leg()
    assert (True, ["https://audio.example/x.mp3"], "1p2") == ("Nog een minuut." in leg.heard, leg.streams, leg.received)


async def test_lists_show_who_is_muted(board: Switchboard) -> None:
    """What was done to a party stays visible until it is undone."""
    call_id = await board.up()
    await board.order(call_id, do="mute")
    await board.order(call_id, do="earmuff")
    first = (await board.get(f"/v1/calls/{call_id}"))["attempts"][0]
    await board.order(call_id, do="unmute")
    second = (await board.get(f"/v1/calls/{call_id}"))["attempts"][0]

    assert ((True, True), (False, True)) == tuple((a["muted"], a["earmuffed"]) for a in (first, second))


async def test_transfer_to_a_script_stores_it_and_has_it_fetched(board: Switchboard) -> None:
    """The new script belongs to the attempt before the carrier is told to ask again, its language filled in."""
    call_id = await board.up()
    await until(lambda: bool(board.leg().heard))
    asked = asked_for_answers()
    await board.order(call_id, do="transfer", script=SCRIPT)
    await until(lambda: asked_for_answers() == asked + 1)

    attempt = await board.attempt(call_id)
    assert attempt.script is not None
    assert ("nl-NL", "Please hold the line.") == (attempt.script["language"], attempt.script["steps"][0]["text"])


async def test_transfer_of_a_call_that_is_not_up_takes_no_tokens(board: Switchboard) -> None:
    """Whoever asks again and again, until somebody has picked up, leaves the budget to those who are dialed."""
    campaign_id = await board.campaign(["+31612345678"])
    connect = {"do": "connect", "endpoint": {"type": "phone", "number": "31201234567"}}
    status, _ = await board.order(f"{campaign_id}-1", do="transfer", script={"steps": [connect], "language": "en-GB"})

    assert 409 == status
    assert not await board.runtime.batch.command("EXISTS", keys.TRUNK)


async def test_refused_transfer_leaves_the_script(board: Switchboard) -> None:
    """Where nothing was transferred, the attempt says what it said before."""
    call_id = await board.up(status="answered")
    board.carrier.hang_up("+31612345678")
    status, _ = await board.order(call_id, do="transfer", script=SCRIPT)

    assert (409, None) == (status, (await board.attempt(call_id)).script)


async def test_taking_a_script_back_leaves_another_transfers(board: Switchboard) -> None:
    """A refused transfer does not undo one that came after it: only its own script is taken back."""
    call_id = await board.up(status="answered")
    mine, theirs = {**SCRIPT, "style": 1}, {**SCRIPT, "style": 2}
    attempt, runtime = await board.attempt(call_id), board.runtime
    control = CallControl(runtime.store, board.context.carrier, runtime.clock)
    for script in (mine, theirs):
        await runtime.store.override_script(attempt.id, script)
    await control._take_back(attempt, mine)
    kept = (await board.attempt(call_id)).script
    await control._take_back(attempt, theirs)

    assert (theirs, None) == (kept, (await board.attempt(call_id)).script)


async def test_first_two_seconds_are_waited_out(redis: Redis, redis_url: str) -> None:
    """The carrier's 400 to a call that is too young is not shown: the order is done two seconds later."""
    assert redis is not None
    async with open_switchboard(redis_url, control_grace_s=20.0) as board:
        call_id = await board.up()
        begun_s = time.monotonic()
        status, _ = await board.order(call_id, do="mute")

    assert (200, ["mute"], True) == (status, board.leg().controls, time.monotonic() - begun_s >= 2)


async def test_finished_call_is_a_clear_conflict(board: Switchboard) -> None:
    """A call that has ended, by our books or only by the carrier's, is told as over, and nothing is done."""
    call_id = await board.up()
    board.carrier.hang_up("+31612345678")
    ends = [await board.order(call_id, do="mute")]
    await board.call_is(call_id, lambda call: call.state is CallState.DONE)
    ends += [await board.order(call_id, do=do) for do in ("mute", "hang_up")]

    assert [(409, "/problems/call-over")] * 3 == [(status, answer["type"]) for status, answer in ends]
    assert Fact.HUNG_UP not in (await board.attempt(call_id)).facts


async def test_call_that_waits_is_not_placed_yet(board: Switchboard) -> None:
    """A call that was never placed has a conflict of its own, which says what to do instead."""
    campaign_id = await board.campaign(["+31612345678"])
    status, answer = await board.order(f"{campaign_id}-1", do="hang_up")

    assert (409, "/problems/call-not-placed", True) == (status, answer["type"], "pause or cancel" in answer["detail"])
    assert 1 == counted("hang_up", "not_placed")


async def test_ringing_call_cannot_be_spoken_into(board: Switchboard) -> None:
    """Who has not picked up hears nothing, which is told as such."""
    board.carrier.phone("+31612345678").answers(after_s=40)
    call_id = await board.up(status="ringing")
    status, answer = await board.order(call_id, do="talk", text="Hallo")

    assert (409, "/problems/call-not-answered") == (status, answer["type"])


async def test_unknown_call_is_not_found(board: Switchboard) -> None:
    """There is nothing to order where there is no call."""
    assert 404 == (await board.order("c1-1", do="mute"))[0]


async def test_carrier_that_refuses_is_told_as_such(board: Switchboard) -> None:
    """What the carrier does not do for reasons of its own is a bad gateway, never a success."""
    call_id = await board.up()
    board.carrier.revoke_tokens()
    board.carrier.token_server_up = False
    status, answer = await board.order(call_id, do="mute")

    assert (502, "/problems/carrier-failed") == (status, answer["type"])
    assert [] == board.leg().controls


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "do"),
        ({"do": "sing"}, "do"),
        ({"do": "mute", "digits": "1"}, "digits"),
        ({"do": "dtmf"}, "digits"),
        ({"do": "dtmf", "digits": "x"}, "digits"),
        ({"do": "play", "url": "http://audio.example/x.mp3"}, "url"),
        ({"do": "play", "url": "https://audio.example/x.mp3", "loop": -1}, "loop"),
        ({"do": "play", "url": "https://audio.example/x.mp3", "level": 2}, "level"),
        ({"do": "talk", "text": " "}, "text"),
        ({"do": "talk", "text": "Hello", "language": "xx-XX"}, "language"),
        ({"do": "talk", "text": "Hello", "language": "en-GB", "style": 999}, "style"),
        ({"do": "transfer"}, "script"),
        ({"do": "transfer", "url": "https://a.example/", "script": SCRIPT}, "script"),
        ({"do": "transfer", "url": "https://a.example/ü"}, "url"),
        ({"do": "transfer", "script": {"steps": [{"do": "sing"}]}}, "script.steps.0.do"),
        ({"do": "transfer", "script": {"steps": [{"do": "say", "text": "Hi", "language": "xx-XX"}]}},
         "script.steps.0.language"),
        ({"do": "transfer", "script": {"steps": [{"do": "say", "text": "Hello {{ name }}"}]}}, "script"),
    ],
)  # fmt: skip
async def test_wrong_order_names_its_field(board: Switchboard, body: dict[str, Any], field: str) -> None:
    """What cannot be ordered is refused with the field to mend, and the carrier is asked nothing."""
    call_id = await board.up()
    status, answer = await board.order(call_id, **body)

    assert (422, field, []) == (status, answer.get("field"), board.orders()), answer


async def test_ringing_call_that_is_hung_up_is_not_dialed_again(board: Switchboard) -> None:
    """Ended by us before anybody picked up, a call is cancelled, whatever the redial policy says."""
    board.carrier.phone("+31612345678").does_not_answer()
    call_id = await board.up(status="ringing", redial=REDIAL)
    await board.order(call_id, do="hang_up")
    call = await board.call_is(call_id, lambda call: call.state is CallState.DONE)

    assert (Disposition.CANCELLED, 1) == (call.disposition, call.attempts)
    assert call.ended_at is not None


async def test_machine_that_is_hung_up_on_is_not_dialed_again(board: Switchboard) -> None:
    """Whoever was hung up on is not called again, though a machine had answered and machines are dialed again."""
    call_id = await board.up(redial=REDIAL)
    machine = {"status": "machine", "uuid": (await board.attempt(call_id)).uuid}
    event = board.context.provider.parse_event(machine)
    await board.runtime.store.apply_event(f"{call_id}-1", event)
    await board.order(call_id, do="hang_up")
    call = await board.call_is(call_id, lambda call: call.state is CallState.DONE)

    assert (Disposition.MACHINE, 1) == (call.disposition, call.attempts)


async def test_crash_between_the_fact_and_the_request_never_redials(board: Switchboard) -> None:
    """Once it is written down that somebody is hung up on, no policy calls them again, though no request left."""
    board.carrier.phone("+31612345678").does_not_answer()
    call_id = await board.up(status="ringing", redial=REDIAL)

    class Killed(BaseException):
        """The process is gone."""

    class Dying:
        """A carrier that is never reached."""

        async def steer(self, *_: object) -> None:
            raise Killed

        def check_order(self, _: object) -> None:
            """Everything is taken."""

    control = CallControl(board.runtime.store, lambda _trunk: Dying(), board.runtime.clock)  # type: ignore[arg-type,return-value]
    with pytest.raises(Killed):
        await control.steer(call_id, Act.HANG_UP)
    assert (CallState.LIVE, []) == ((await board.call(call_id)).state, board.orders())
    call = await board.call_is(call_id, lambda call: call.state is CallState.DONE)

    assert (Disposition.CANCELLED, 1) == (call.disposition, call.attempts)


async def test_done_order_is_no_failure_though_it_could_not_be_noted(board: Switchboard) -> None:
    """What the carrier did is told as done, or keys would be pressed a second time for want of a note."""
    call_id = await board.up()
    attempt, runtime = await board.attempt(call_id), board.runtime
    async with Redis.from_url("unix:///nowhere/redis") as away:
        store = Store(Batch(away), runtime.clock, runtime.limits)
        done = await CallControl(store, board.context.carrier, runtime.clock)._give(attempt, Act.MUTE)

    assert ("mute", ["mute"]) == (done.do, board.leg().controls)


async def test_order_is_carried_out_once_under_a_key(board: Switchboard) -> None:
    """Whoever got no answer asks again and gets the first one; for another call or order the key is another's."""
    call_id = await board.up()
    found = []
    for body in ({"do": "talk", "text": "One."}, {"do": "talk", "text": "One."}, {"do": "talk", "text": "Two."}):
        headers = {"Idempotency-Key": "k"}
        async with board.http.post(f"/v1/calls/{call_id}/orders", json=body, headers=headers) as response:
            found.append((response.status, response.headers.get("Idempotency-Replayed")))

    assert [(200, None), (200, "true"), (422, None)] == found
    assert ["talk"] == board.leg().controls
