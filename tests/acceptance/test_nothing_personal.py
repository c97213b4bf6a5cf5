"""What is kept beside the calls themselves tells no number: log lines of all processes, their traces, the audit log."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dialer.tokens import make_token
from tests.fakes.campaign import CampaignRun
from tests.fakes.collector import Collector
from tests.fakes.world import FROM_NUMBER, KEY, SECRET, World, open_world

_TELLING = 9
"""So many of its last digits tell a number, however it is written."""
_FAULTS = ("429", "500", "503", "lost_reply", "cut_reply", "reset", "html_placed")
_TEXT = "Your appointment is on Friday."


async def test_no_log_line_no_span_and_no_audit_entry_tells_a_number(collecting: Collector) -> None:
    """Whatever the phones, the carrier, the network and careless requests do; at the level that logs most."""
    async with open_world(settings={"LOG_LEVEL": "debug", "UNKNOWN_HOLD_S": "5", "TRACING": "true"}) as world:
        people = world.people(12)
        run = await _dial_all_kinds(world, people)
        single = await _give_orders(world)
        await _be_careless(world, people)
        seen = await run.until_done(within_s=60)
        assert len(people) == seen["counts"]["done"]
        async with world.http.get("/v1/audit/export") as response:
            entries = (await response.text()).splitlines()
        await collecting.until_named("attempt", len(people))
        logs = [file.read_text("utf-8", "replace") for file in world.folder.glob("*.log")]

    assert {"campaign.started", "calls.added", "suppression.added", "call.ordered", "number.found"} <= {
        json.loads(entry)["action"] for entry in entries
    }
    assert 2 <= len(logs)
    assert all("attempt.answered" in text or "request.answered" in text for text in logs)
    for number in (*people, single, FROM_NUMBER):
        assert [] == _lines_with(number, "\n".join(logs).splitlines())
        assert [] == _lines_with(number, entries)
        assert [] == _lines_with(number, _texts(collecting))
    assert [] == [secret for secret in _secrets(collecting) for text in _texts(collecting) if secret in text]


def _texts(collecting: Collector) -> list[str]:
    """All that was sent to the collector, names and values as they stand in it."""
    return [body.decode("latin-1") for body in collecting.bodies]


def _secrets(collecting: Collector) -> set[str]:
    """What would let somebody in, and what the calls said: proofs in callback addresses, the key, the text."""
    attempts = {one.attributes.get("dialer.attempt_id") for one in collecting.spans} - {None}
    assert len(attempts) > len(_FAULTS)
    return {make_token(SECRET, str(one)).rpartition(".")[2] for one in attempts} | {KEY, SECRET, _TEXT}


async def _dial_all_kinds(world: World, people: Sequence[str]) -> CampaignRun:
    phones = [world.carrier.phone(number) for number in people]
    phones[0].answers().presses("9")
    phones[1].is_busy()
    phones[2].rejects()
    phones[3].is_invalid()
    phones[4].fails()
    phones[5].has_voicemail()
    phones[6].does_not_answer()
    for fault in _FAULTS:
        world.carrier.faults.next_place(fault)
    script = {"text": _TEXT, "language": "en-GB", "opt_out_key": "9"}
    run = await world.dial(people, script=script, redial={"busy": {"times": 1, "after_s": 0}})
    # None is left for the call that gets orders: the phone of one in doubt rings late or never.
    await world.until_placings(len(_FAULTS), within_s=30)
    return run


async def _give_orders(world: World) -> str:
    (number,) = world.people(1)
    world.carrier.phone(number).answers().speaks_for(600)
    path = f"/v1/calls/{(await world.call(number, priority='urgent'))['id']}/orders"
    await world.until_rung(number)
    for order in ({"do": "mute"}, {"do": "talk", "text": number, "language": "en-GB"}, {"do": "hang_up"}):
        async with world.http.post(path, json=order) as response:  # whether it is up by now is all the same
            await response.read()
    return number


async def _be_careless(world: World, people: Sequence[str]) -> None:
    first, *_ = people
    bare = first.removeprefix("+")
    await world.post("/v1/suppressions/add", {"number": first})
    await world.post("/v1/numbers/find", {"number": first})
    requests = [
        ("POST", "/v1/calls", {"number": f"{first}0000000", "script": {"text": "Hi."}}),
        ("POST", "/v1/campaigns", {"name": first, "kind": "notification", "script": {"text": f"{{{{ {bare} }}}}"}}),
        ("POST", f"/v1/calls/{bare}/orders", {"do": "mute"}),
        ("GET", f"/v1/campaigns/{bare}", None),
        ("GET", f"/webhooks/{bare}/answer?from={bare}&to={bare}", None),
        ("POST", f"/webhooks/{bare}/event", {"to": bare, "status": first}),
    ]
    for method, path, body in requests:
        async with world.http.request(method, path, json=body, headers={"X-Request-Id": bare}) as response:
            await response.read()


def _lines_with(number: str, lines: Sequence[str]) -> list[str]:
    return [line for line in lines if number[-_TELLING:] in line]
